//! A device that starts again and again: a cell that breaks down when it sends, a plug that sparks, a bad image.
//!
//! Each boot has a name that never comes back, so every frame tells whether its device has started since the last. A few
//! starts an hour are a fitter's; more are one fault, which ends a day after the last. Not here: starts of home boxes,
//! which the server counts.

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::{BootId, DeviceId};
use proto::unit::Mono;

use crate::detect::often::Often;
use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::policy::noise::{BOOTS_LONG, BOOTS_SHORT, TOLD_AGAIN};
use crate::roster::Member;
use crate::triage::{Triage, Word};

/// Most devices whose starts are counted at a time; the one that started longest ago makes room.
const MOST: usize = 32;

/// A device that has started lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Start {
    #[n(0)]
    device: DeviceId,
    #[n(1)]
    often: Often,
    /// A person has looked: nothing is told before.
    #[n(2)]
    quiet: Option<Mono>,
}

/// The devices that have started lately.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Starts {
    #[cbor(n(0), with = "crate::list", default)]
    all: Vec<Start, MOST>,
}

impl Starts {
    /// A device has spoken in a boot, at `at`.
    pub(crate) fn heard(
        &mut self,
        member: &mut Member,
        boot: BootId,
        at: Mono,
        triage: &mut Triage<'_>,
    ) {
        if !member.begins(boot) {
            return;
        }
        triage.firm = true;
        let device = member.device;
        let start = self.start(device);
        start.often.happens(at);
        let Some(times) = start.often.beyond(BOOTS_SHORT, BOOTS_LONG) else { return };
        if start.quiet.is_none_or(|until| until <= triage.now) && !triage.is_full() {
            tell(device, times, at, triage);
        }
    }

    /// When a device will not have started for long enough.
    pub(crate) fn rests(&self, device: DeviceId) -> Mono {
        let own = self.all.iter().find(|start| start.device == device);
        own.map_or(Mono::default(), |start| start.often.rests())
    }

    /// A person has looked and closed it: it is counted anew.
    pub(crate) fn looked(&mut self, device: DeviceId, now: Mono) {
        if let Some(start) = self.all.iter_mut().find(|start| start.device == device) {
            start.often.forget();
            start.quiet = Some(now.after(TOLD_AGAIN));
        }
    }

    /// The device has left.
    pub(crate) fn release(&mut self, device: DeviceId) {
        self.all.retain(|start| start.device != device);
    }

    fn start(&mut self, device: DeviceId) -> &mut Start {
        let known = self.all.iter().position(|start| start.device == device);
        let place = known.unwrap_or_else(|| {
            if self.all.is_full() {
                let oldest = (0..MOST).min_by_key(|n| self.all[*n].often.rests());
                self.all.remove(oldest.unwrap_or(0));
            }
            let (often, quiet) = (Often::default(), None);
            // There is room now.
            let _ = self.all.push(Start { device, often, quiet });
            self.all.len() - 1
        });
        &mut self.all[place]
    }
}

/// One that is told as unsteady is told why.
fn tell(device: DeviceId, times: u16, at: Mono, triage: &mut Triage<'_>) {
    let evidence = [Evidence { what: Seen::Booted, supports: true, at, value: f32::from(times) }];
    match triage.book.held_of(device).map(|held| (held.number, held.kind)) {
        Some((_, Kind::Boots)) => {}
        Some((number, _)) => triage.hold(number, Kind::Boots, &evidence),
        None => {
            let (kind, severity, device) = (Kind::Boots, Severity::Fault, Some(device));
            let word = Word { kind, severity, activation: None, device, at, evidence: &evidence };
            triage.raise(None, &word);
        }
    }
}
