//! The judgement of one home: its contract. Inputs in order, outputs as one transaction.
//!
//! Time never goes back and comes from the caller; same inputs give the same outputs. Nothing here is
//! unbounded, and the state is a CBOR map with integer keys, so that an older or newer build reads it.
//! Not here: how each detector thinks (`detect`), and what an incident is (`triage`).

mod hear;
mod life;
mod time;
mod watch;

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::Mono;

use crate::alert::Outcome;
use crate::contract::{Change, Input, OUTPUTS_MAX, Output};
use crate::detect::bed::Beds;
use crate::detect::dwell::Dwell;
use crate::detect::help::Help;
use crate::detect::rates::Rates;
use crate::detect::restless::{Nights, OTHERS_MAX, Restless};
use crate::detect::starts::Starts;
use crate::detect::stillness::Stillness;
use crate::detect::vitals::Vitals;
use crate::detect::wander::Wander;
use crate::detect::waver::Wavers;
use crate::detect::{LocalTime, fault};
use crate::finding::bare;
use crate::finding::{Kind, Seen, Severity, Trust};
use crate::policy::{Rules, Usual};
use crate::roster::{Mark, Roster};
use crate::run::{Company, Run};
use crate::triage::{Book, Incident, Triage, Word};

/// What can be wrong with one device.
const EQUIPMENT: [Kind; 5] = [Kind::Silence, Kind::Fault, Kind::Unsteady, Kind::Boots, Kind::Stuck];

/// Whether somebody listens to the home without a gap, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Link {
    #[n(0)]
    up: bool,
    #[n(1)]
    since: Mono,
}

impl Default for Link {
    fn default() -> Self {
        Self { up: true, since: Mono::default() }
    }
}

/// The judgement of one home.
///
/// How to call it: one owner a home, inputs in the order in which they became durable, `now` never going back.
/// After each step perform the outputs and store the state as [`Change`] says, in one transaction with the event
/// that caused it and with [`Home::next_deadline`]. After a start from the store say [`Input::Resumed`], then
/// [`Input::Clock`] and whether the gateway is up. Only what is heard and [`Input::Tick`] judge
/// what time has done; other
/// inputs answer for themselves alone, and what they make due is due at once. A deadline that comes
/// early, late or twice does no harm. The encoded
/// state of six devices has about 520 bytes, of [`crate::DEVICES_MAX`] about 2,100, 17 more for each that has come back
/// from silence within a day, and 90 more for each bed that
/// measures breath or heart.
#[derive(Debug, Clone, PartialEq, Default, Encode, Decode)]
#[cbor(map)]
pub struct Home {
    #[cbor(n(0), default)]
    book: Book,
    #[cbor(n(1), default)]
    roster: Roster,
    #[cbor(n(2), default)]
    link: Link,
    #[n(3)]
    clock: Option<LocalTime>,
    /// None = the policy's own.
    #[n(4)]
    rules: Option<Rules>,
    #[cbor(n(5), default)]
    help: Help,
    #[cbor(n(6), default)]
    beds: Beds,
    #[cbor(n(7), default)]
    stillness: Stillness,
    #[cbor(n(8), default)]
    dwell: Dwell,
    #[cbor(n(20), default)]
    vitals: Vitals,
    #[cbor(n(21), default)]
    restless: Restless,
    /// The nights of other beds than the first.
    #[cbor(n(22), with = "crate::list", default)]
    more_nights: Vec<Restless, OTHERS_MAX>,
    /// What the beds measure, as far as it is believed.
    #[cbor(n(23), default)]
    rates: Rates,
    /// How life is told by who is on no roster.
    #[cbor(n(24), default)]
    strangers: Run,
    /// Who was believed lately.
    #[cbor(n(25), default)]
    company: Company,
    /// What comes and goes.
    #[cbor(n(26), default)]
    wavers: Wavers,
    /// Who starts again and again.
    #[cbor(n(27), default)]
    starts: Starts,
    /// Who is out by a door at night.
    #[cbor(n(28), default)]
    wander: Wander,
    /// When somebody was last seen up and about: the long-lie clock runs from here.
    #[n(16)]
    upright: Option<Mono>,
    /// The last hour with life in it, in hours of the caller's clock.
    #[cbor(n(17), default)]
    hour: u32,
}

impl Home {
    /// A home of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A new home that begins with habits other than the policy's, such as those of its area.
    pub fn with_usual(usual: &Usual) -> Self {
        Self { stillness: Stillness::with_usual(usual), ..Self::default() }
    }

    /// Takes one input and says what follows. `now` never goes back; `out` is cleared first.
    pub fn step(
        &mut self,
        now: Mono,
        input: Input<'_>,
        out: &mut Vec<Output, OUTPUTS_MAX>,
    ) -> Change {
        out.clear();
        let before = self.next_deadline();
        let mut book = core::mem::take(&mut self.book);
        let ask = self.rules.unwrap_or_default().ask;
        let upright = self.upright;
        let mut triage = Triage { now, book: &mut book, out, firm: false, ask, upright };
        let judges = matches!(input, Input::Heard { .. } | Input::Unreadable { .. } | Input::Tick);
        let mut change = self.take(input, &mut triage);
        if judges {
            self.check(&mut triage);
        }
        if triage.firm {
            change = Change::Firm;
        }
        self.book = book;
        // A deadline that is later than the stored one costs an idle tick; an earlier one must be stored.
        match (before, self.next_deadline()) {
            (Some(before), Some(after)) if after < before => Change::Firm,
            (None, Some(_)) => Change::Firm,
            (before, after) if before != after => change.max(Change::Soft),
            (Some(_) | None, _) => change,
        }
    }

    /// Whether a device's silence is told and has not passed.
    pub fn is_silent(&self, device: DeviceId) -> bool {
        self.roster.get(device).is_some_and(|member| member.is(Mark::Silent))
    }

    /// The caller knows of incidents up to this number: what opens from now on is above it. Says whether that was new.
    pub fn count_from(&mut self, number: u32) -> bool {
        self.book.count_from(number)
    }

    /// Who belongs to the home.
    pub fn members(&self) -> impl Iterator<Item = DeviceId> {
        self.roster.watched().map(|member| member.device)
    }

    /// How many devices belong to the home.
    pub fn devices(&self) -> usize {
        self.roster.len()
    }

    fn take(&mut self, input: Input<'_>, triage: &mut Triage<'_>) -> Change {
        match input {
            Input::Heard { id, at, trust, up } => {
                if trust == Trust::Verified {
                    // Whoever is heard is not cut off, whatever was said of the gateway.
                    self.link(true, triage);
                }
                self.hear(id, at.min(triage.now), trust, up, triage);
                return Change::Soft;
            }
            Input::Unreadable { device } => self.unreadable(device, triage),
            Input::Enrolled { device, role } => {
                triage.firm |= self.roster.enrol(device, role, triage.now);
            }
            Input::Released { device } => {
                self.roster.release(device);
                self.beds.release(device);
                self.nights().release(device);
                self.rates.release(device);
                self.wander.release(device);
                self.leaves(device, triage);
            }
            Input::Gateway { up } => self.link(up, triage),
            Input::Closed { incident, outcome } => self.closed(incident, outcome, triage),
            Input::Tick => {}
            Input::Clock { minute_of_day } => {
                self.clock = Some(LocalTime::new(minute_of_day, triage.now));
                return Change::Soft;
            }
            Input::Rules(rules) => {
                triage.firm |= self.rules != Some(rules);
                self.rules = Some(rules);
            }
            Input::Residents => {
                triage.firm = true;
                self.stillness.forget();
                self.dwell.forget();
                self.nights().forget();
            }
            Input::Resumed => {
                self.link.since = triage.now;
                return Change::Soft;
            }
        }
        Change::None
    }

    fn link(&mut self, up: bool, triage: &mut Triage<'_>) {
        if up && !self.link.up {
            self.link.since = triage.now;
        }
        triage.firm |= up != self.link.up;
        self.link.up = up;
    }

    fn unreadable(&mut self, device: DeviceId, triage: &mut Triage<'_>) {
        let (kind, severity, at) = (Kind::Unreadable, Severity::Emergency, triage.now);
        let joins = triage.book.recent(kind, Some(device), at).map(|i| i.number);
        let evidence = &[bare(Seen::Pressed, at)];
        let word = Word { kind, severity, activation: None, device: Some(device), at, evidence };
        triage.raise(joins, &word);
    }

    fn closed(&mut self, incident: u32, outcome: Option<Outcome>, triage: &mut Triage<'_>) {
        let was = triage.closed(incident, outcome);
        if let Some(incident) = was.filter(|incident| incident.kind == Kind::Vitals) {
            self.vitals.looked(incident.device, triage.now);
        }
        if let Some(device) = was.filter(Incident::is_held).and_then(|incident| incident.device) {
            self.wavers.forget(device);
            self.starts.looked(device, triage.now);
        }
        if was.is_some_and(|incident| incident.kind == Kind::Wander) {
            self.wander.looked();
        }
        if was.is_some_and(|incident| incident.kind == Kind::Stillness) {
            self.stillness.looked();
            self.dwell.looked(triage.now);
            self.rates.looked(triage.now);
        }
    }

    /// Nothing is wrong any more with a device that has left.
    fn leaves(&mut self, device: DeviceId, triage: &mut Triage<'_>) {
        for kind in EQUIPMENT {
            triage.ease(kind, Some(device));
        }
        fault::mains_back(&mut self.roster, device, &mut self.wavers, triage);
        self.wavers.forget(device);
        self.starts.release(device);
    }

    const fn nights(&mut self) -> Nights<'_> {
        Nights { first: &mut self.restless, others: &mut self.more_nights }
    }
}
