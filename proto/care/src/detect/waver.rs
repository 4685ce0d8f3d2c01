//! What comes and goes: a device at the edge of range, a loose plug, a cell at its limit. One fault, not one each time.
//!
//! What has passed once is remembered for [`STEADY`]; what passes again within it stays told, as *unsteady*, until nothing
//! of it has been seen for that long. Meanwhile the same row says what is so now: silent, or heard again. Not here: when
//! a device is silent (`silence`), what a cell tells (`fault`).

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::Mono;

use crate::detect::often::minute;
use crate::detect::starts::Starts;
use crate::fault_bits::BATTERY;
use crate::finding::{Evidence, Kind, Seen};
use crate::policy::noise::STEADY;
use crate::roster::{Mark, Member, Roster};
use crate::triage::{Book, Triage};

/// Most that are remembered; the one that has been well for longest makes room.
const MOST: usize = 32;
const MINUTE_MS: u64 = 60_000;

/// What comes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum What {
    /// Its word.
    #[n(0)]
    Word,
    /// Its mains.
    #[n(1)]
    Mains,
    /// The charge of its cell.
    #[n(2)]
    Charge,
}

/// One that has come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Waver {
    #[n(0)]
    device: DeviceId,
    #[n(1)]
    what: What,
    /// When it came back, minutes of the caller's clock; 0 = it is gone again.
    #[n(2)]
    back: u32,
    /// How often in a row.
    #[n(3)]
    times: u16,
}

/// All that have come back lately.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Wavers {
    #[cbor(n(0), with = "crate::list", default)]
    all: Vec<Waver, MOST>,
}

impl Wavers {
    /// It is well again: how often that has been so in a row, if not for the first time.
    pub(crate) fn back(&mut self, device: DeviceId, what: What, now: Mono) -> Option<u16> {
        let new = Waver { device, what, back: 0, times: 0 };
        let place = self.place(device, what).unwrap_or_else(|| self.add(new));
        let waver = &mut self.all[place];
        if well(waver, now) {
            waver.times = 0;
        }
        waver.times = waver.times.saturating_add(1);
        waver.back = minute(now).max(1);
        (waver.times > 1).then_some(waver.times)
    }

    /// It is gone again: nothing of it ends by time.
    pub(crate) fn gone(&mut self, device: DeviceId, what: What, now: Mono) {
        if let Some(place) = self.place(device, what) {
            if well(&self.all[place], now) {
                self.all.remove(place);
            } else {
                self.all[place].back = 0;
            }
        }
    }

    /// Whether it is back, and since when is remembered.
    pub(crate) fn is_back(&self, device: DeviceId, what: What) -> bool {
        self.place(device, what).is_some_and(|place| self.all[place].back != 0)
    }

    /// The device has left, or a person has looked.
    pub(crate) fn forget(&mut self, device: DeviceId) {
        self.all.retain(|waver| waver.device != device);
    }

    fn place(&self, device: DeviceId, what: What) -> Option<usize> {
        self.all.iter().position(|waver| (waver.device, waver.what) == (device, what))
    }

    fn add(&mut self, new: Waver) -> usize {
        if self.all.is_full() {
            let oldest = (0..MOST).min_by_key(|n| match self.all[*n].back {
                0 => u32::MAX,
                back => back,
            });
            self.all.remove(oldest.unwrap_or(0));
        }
        // There is room now.
        let _ = self.all.push(new);
        self.all.len() - 1
    }

    /// When a device has been well for long enough; none while something of it is gone.
    fn steady(&self, device: DeviceId) -> Option<Mono> {
        let own = self.all.iter().filter(|w| w.device == device && w.what != What::Charge);
        let all: Option<Vec<Mono, 2>> = own.map(until).collect();
        all.map(|all| all.into_iter().max().unwrap_or_default())
    }
}

/// When it will have been well for long enough; none while it is not well.
fn until(waver: &Waver) -> Option<Mono> {
    let back = Mono::from_millis(u64::from(waver.back) * MINUTE_MS);
    (waver.back != 0).then(|| back.after(STEADY))
}

fn well(waver: &Waver, now: Mono) -> bool {
    waver.times > 0 && until(waver).is_some_and(|until| until <= now)
}

/// How often it came back, as a reason.
pub(crate) fn wavered(times: u16, at: Mono) -> Evidence {
    Evidence { what: Seen::Wavered, supports: true, at, value: f32::from(times) }
}

/// What is unsteady, and when it has been well for long enough.
fn ends(
    wavers: &Wavers,
    starts: &Starts,
    roster: &Roster,
    book: &Book,
) -> impl Iterator<Item = (Kind, DeviceId, Mono)> {
    book.held().filter_map(|incident| {
        let device = incident.device?;
        let gone = |m: &Member| m.is(Mark::Silent) || m.is(Mark::Dark);
        let well = !roster.get(device).is_some_and(gone);
        let steady = wavers.steady(device).filter(|_| well)?;
        Some((incident.kind, device, steady.max(starts.rests(device))))
    })
}

/// Ends what has been well for long enough, as far as there is room in this step.
pub(crate) fn tick(wavers: &mut Wavers, starts: &Starts, roster: &Roster, triage: &mut Triage<'_>) {
    let now = triage.now;
    while !triage.is_full() {
        let due = ends(wavers, starts, roster, triage.book).find(|(.., due)| *due <= now);
        let Some((kind, device, _)) = due else { break };
        wavers.forget(device);
        triage.ease(kind, Some(device));
    }
    while !triage.is_full() {
        let charged = |w: &&Waver| w.what == What::Charge && well(w, now);
        let Some(device) = wavers.all.iter().find(charged).map(|w| w.device) else { break };
        wavers.all.retain(|w| (w.device, w.what) != (device, What::Charge));
        triage.firm = true;
        triage.sound(device, BATTERY);
    }
}

/// When the next of it has been well for long enough.
pub(crate) fn next_deadline(
    wavers: &Wavers,
    starts: &Starts,
    roster: &Roster,
    book: &Book,
) -> Option<Mono> {
    let held = ends(wavers, starts, roster, book).map(|(.., due)| due).min();
    let charge = wavers.all.iter().filter(|w| w.what == What::Charge).filter_map(until).min();
    [held, charge].into_iter().flatten().min()
}
