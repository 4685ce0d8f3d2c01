//! One home lived through at high speed: its devices, the box's minutes and the server's judgement, on a clock of its own.
//!
//! All three are the real cores: `firmware::device` says the words, `gateway::hub` sums them up, `care::Home` judges.
//! Not here: what a person does (`day`), where it is written (`past`).

use centre::ingest::batch::values_of;
use firmware::device::{Input, Sample};
use gateway::hub::{Action, Hub};
use proto::id::{BootId, GatewayId, HomeId, PressId, Seq};
use proto::unit::Mono;
use proto::up::{Role, Up};
use series::Point;

use super::Span;
use super::day::{Person, Seen};
use super::fitted::{Fitted, Word};
use super::judged::Judged;
use crate::enrol::Enrolled;
use crate::seed::Seed;
use crate::trouble::{Outcome, Trouble};

/// Time between two looks at the mat; for so long after a change it is looked at each second.
const MAT_EVERY: u64 = 9_000;
const MAT_CLOSE: u64 = 8_000;
const SECOND: u64 = 1_000;
const DAY: u64 = 24 * 60 * 60 * SECOND;
/// Who lies still moves a mat by less than this, and now and then by so much, grams.
const BREATH: u64 = 240;
const TURNS: i32 = 3_200;
/// So many looks at the same moment are no life any more.
const STUCK: u32 = 10_000;

/// The home.
pub struct House {
    /// The judgement, and what it has found.
    pub judged: Judged,
    home: HomeId,
    gateway: GatewayId,
    devices: Vec<Fitted>,
    hub: Hub,
    span: Span,
    person: Person,
    seed: Seed,
    now: Mono,
    /// What lies on the mat, since when, and when it is looked at again.
    load: (i32, Mono, Mono),
    own: Seq,
    points: Vec<Point>,
}

impl House {
    /// A home whose devices are powered up at the beginning of the span.
    pub fn new(
        (home, gateway): (HomeId, GatewayId),
        devices: &[Enrolled],
        span: Span,
        seed: &Seed,
    ) -> Self {
        let now = span.from;
        let mut hub = Hub::new(now, 0);
        hub.handle_uplink(now, true);
        devices.iter().for_each(|of| hub.handle_enrolled(now, of.device, home, of.role));
        let members = devices.iter().map(|of| (of.device, of.role));
        let judged = Judged::new(span, members, seed.part(1));
        let fit = |(n, of): (u64, &Enrolled)| Fitted::new(of, now, seed.part(10 + n));
        Self {
            judged,
            home,
            gateway,
            devices: (0..).zip(devices).map(fit).collect(),
            hub,
            span,
            person: Person::new(seed.part(2)),
            seed: seed.part(3),
            now,
            load: (0, now, now),
            own: Seq::default(),
            points: Vec::new(),
        }
    }

    /// Lives through all of it; hands what was measured on, day by day.
    pub fn live(mut self, mut hand: impl FnMut(Vec<Point>) -> Outcome) -> Outcome<Judged> {
        for n in 0..self.devices.len() {
            self.feels(n, Input::Tick);
        }
        self.sees(Role::Motion, Sample::Motion(false));
        self.sees(Role::Door, Sample::Door(false));
        let mut midnight = self.span.from;
        while midnight < self.span.to {
            for (after, seen) in self.person.day() {
                let at = Mono::from_millis(midnight.millis() + after);
                if at >= self.span.to {
                    break;
                }
                self.until(at)?;
                match seen {
                    Seen::Load(grams) => self.load = (grams, at, at),
                    Seen::Sample(role, sample) => self.sees(role, sample),
                }
            }
            midnight = Mono::from_millis(midnight.millis() + DAY);
            self.until(midnight.min(self.span.to))?;
            hand(std::mem::take(&mut self.points))?;
        }
        self.judged.end(self.now);
        Ok(self.judged)
    }

    /// Time goes on: the mat is read, periods end, deadlines come.
    fn until(&mut self, to: Mono) -> Outcome {
        let mut looks = 0;
        loop {
            let next = self.due();
            if next >= to {
                break;
            }
            looks = if next > self.now { 0 } else { looks + 1 };
            if looks > STUCK {
                return Err(Trouble::new("the past of a home does not go on"));
            }
            self.now = self.now.max(next);
            self.turn();
        }
        self.now = self.now.max(to);
        Ok(())
    }

    fn due(&self) -> Mono {
        let devices = self.devices.iter().filter_map(Fitted::due);
        let rest = [self.hub.poll_timeout(), self.judged.due(), self.load.2];
        devices.chain(rest).min().unwrap_or(self.load.2)
    }

    fn turn(&mut self) {
        let now = self.now;
        for n in 0..self.devices.len() {
            if self.devices[n].due().is_some_and(|due| due <= now) {
                self.feels(n, Input::Tick);
            }
        }
        if self.load.2 <= now {
            self.weighs();
        }
        if self.hub.poll_timeout() <= now {
            self.hub.handle_timeout(now);
        }
        self.sum_up();
        self.judged.turn(now);
    }

    /// One look at the mat: a body breathes, and turns now and then.
    fn weighs(&mut self) {
        let (grams, since, _) = self.load;
        let step = if self.now.since(since).get() < MAT_CLOSE { SECOND } else { MAT_EVERY };
        self.load.2 = Mono::from_millis(self.now.millis() + step);
        let breath = i32::try_from(self.seed.below(BREATH)).unwrap_or(0);
        let turns = if self.seed.below(60) == 0 { TURNS } else { 0 };
        let grams = if grams == 0 { 0 } else { grams + breath - turns };
        self.sees(Role::BedMat, Sample::Load(grams));
    }

    fn sees(&mut self, role: Role, sample: Sample) {
        if let Some(n) = self.devices.iter().position(|fitted| fitted.role == role) {
            self.feels(n, Input::Sample(sample));
        }
    }

    fn feels(&mut self, n: usize, input: Input<'_>) {
        let mut words = Vec::new();
        self.devices[n].take(self.now, input, &mut words);
        let worn = self.devices[n].role == Role::Pendant;
        for word in words {
            let who = (word.id.device, word.id.boot);
            self.hub.handle_heard(self.now, who, Some(&word.up));
            // Readings stay in the box, which sums them up.
            if worn || !matches!(word.up, Up::Reading(_)) {
                self.goes_up(&word);
            }
        }
    }

    /// What the box has to say of its minutes.
    fn sum_up(&mut self) {
        let mut about = None;
        while let Some(action) = self.hub.next_action() {
            match action {
                Action::About(device) => about = Some(device),
                Action::Say(up) => {
                    // Of itself the box speaks to no home.
                    let Some(device) = about.take() else { continue };
                    self.own = self.own.next().unwrap_or_default();
                    let boot = BootId::new(
                        u32::MAX,
                        u32::try_from(self.gateway.get() & 0xFFFF).unwrap_or(1),
                    );
                    let id = PressId { device, boot, seq: self.own };
                    self.goes_up(&Word { id, at: self.now, up });
                }
                Action::ShowDevice(..)
                | Action::ClearDevice(..)
                | Action::ShowRung(..)
                | Action::ShowAlarm(..)
                | Action::Sound(_) => {}
            }
        }
    }

    /// A word has come to the server.
    fn goes_up(&mut self, word: &Word) {
        self.judged.hears(self.now, word);
        let millis = i64::try_from(self.now.millis()).unwrap_or(i64::MAX);
        let at_ms = millis + self.span.wall;
        values_of((self.home, word.id.device), at_ms, &word.up, &mut self.points);
    }
}

#[cfg(test)]
mod tests {
    use proto::id::{DeviceId, KeyEpoch};
    use proto::key::DeviceKey;
    use proto::up::Quantity;

    use super::*;

    const START: u64 = 30 * DAY;

    fn lived(days: u64, seed: u64) -> (Vec<Point>, Judged) {
        let home = HomeId::new(7).unwrap();
        let (from, to) = (Mono::from_millis(START), Mono::from_millis(START + days * DAY));
        let span = Span { from, to, wall: 1_700_000_000_000 };
        let roles = [Role::HelpButton, Role::PullCord, Role::BedMat, Role::Motion, Role::Door];
        let device = |(n, role): (u64, Role)| Enrolled {
            device: DeviceId::new(n).unwrap(),
            key: DeviceKey::from_bytes([9; 32]),
            epoch: KeyEpoch::new(0),
            role,
            home,
        };
        let devices: Vec<_> = (100..).zip(roles).map(device).collect();
        let gateway = GatewayId::new(50).unwrap();
        let house = House::new((home, gateway), &devices, span, &Seed::new(seed));
        let mut points = Vec::new();
        let judged = house.live(|day| {
            points.extend(day);
            Ok(())
        });
        (points, judged.unwrap())
    }

    #[test]
    fn a_week_is_measured_minute_by_minute_and_nothing_of_it_stands_open() {
        let (points, judged) = lived(7, 11);
        let of = |quantity| points.iter().filter(move |p| p.quantity == quantity);
        let minutes = usize::try_from(7 * DAY / 60_000).unwrap();
        for quantity in [Quantity::InBed, Quantity::Load, Quantity::Motion, Quantity::Door] {
            let told = of(quantity).filter(|p| p.value.is_ok()).count();
            assert!(told * 100 > minutes * 95, "{quantity:?}: {told} of {minutes} minutes");
        }
        let in_bed = of(Quantity::InBed).filter(|p| p.value.is_ok_and(|v| v > 99.0)).count();
        assert!(
            (minutes / 4..minutes / 2).contains(&in_bed),
            "{in_bed} of {minutes} minutes in bed"
        );
        let end = Mono::from_millis(START + 7 * DAY);
        assert!(judged.incidents.iter().all(|one| one.at.1 <= end), "{:?}", judged.incidents);
        assert!(judged.incidents.len() < 7, "a quiet home: {:?}", judged.said);
    }

    #[test]
    fn presses_of_a_season_are_heard_and_ended() {
        let (_, judged) = lived(60, 4);
        let presses = judged.said.iter().filter(|(_, output)| {
            matches!(output, care::Output::Raise(finding) if finding.kind == care::Kind::Help)
        });
        let presses = presses.count();
        assert!((1..12).contains(&presses), "{presses}");
    }
}
