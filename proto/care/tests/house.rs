//! A house to test in: devices that speak, time that passes, and every step checked for what must always hold.
//!
//! The state survives its own encoding after each step that matters and now and then, and a
//! deadline that has come makes way for a later one.

use care::{Change, Finding, Home, Input, Kind, OUTPUTS_MAX, Output, Trust};
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::unit::{Millis, Mono, NoData, Percent};
use proto::up::{Event, EventKind, Health, Quantity, Reading, Role, Up, Value};

pub(crate) const BUTTON: DeviceId = device(1);
pub(crate) const CORD: DeviceId = device(2);
pub(crate) const MAT: DeviceId = device(3);
pub(crate) const MOTION: DeviceId = device(4);
pub(crate) const DOOR: DeviceId = device(5);
pub(crate) const PENDANT: DeviceId = device(6);
pub(crate) const GATEWAY: DeviceId = device(99);

pub(crate) const fn device(n: u64) -> DeviceId {
    match DeviceId::new(n) {
        Some(id) => id,
        None => panic!("small numbers are ids"),
    }
}

pub(crate) const fn minutes(m: u64) -> Millis {
    Millis::minutes(m)
}

pub(crate) const fn hours(h: u64) -> Millis {
    Millis::minutes(60 * h)
}

/// A home under test and its clock.
pub(crate) struct House {
    pub(crate) home: Home,
    pub(crate) now: Mono,
    pub(crate) change: Change,
    seq: u32,
    steps: u32,
}

impl House {
    /// A home with these devices, all of which have spoken; on the clock since a day.
    pub(crate) fn with(devices: &[(DeviceId, Role)]) -> Self {
        let now = Mono::default().after(hours(24));
        let mut house = Self { home: Home::new(), now, change: Change::None, seq: 0, steps: 0 };
        for (device, role) in devices {
            let told = house.step(Input::Enrolled { device: *device, role: *role });
            assert_eq!(told, [], "enrolment is no news");
            house.health(*device, 60, None);
        }
        house
    }

    /// The same, and the local time is known.
    pub(crate) fn at_hour(hour: u16, devices: &[(DeviceId, Role)]) -> Self {
        let mut house = Self::with(devices);
        house.step(Input::Clock { minute_of_day: hour * 60 });
        house
    }

    pub(crate) fn step(&mut self, input: Input<'_>) -> Vec<Output> {
        let mut out = heapless::Vec::<Output, OUTPUTS_MAX>::new();
        let before = self.home.clone();
        self.change = self.home.step(self.now, input, &mut out);
        if !out.is_empty() {
            assert_eq!(self.change, Change::Firm, "what is said must be stored");
        }
        if self.change == Change::None {
            assert_eq!(self.home.next_deadline(), before.next_deadline());
        }
        self.steps += 1;
        if self.change == Change::Firm || self.steps.is_multiple_of(50) {
            let bytes = minicbor::to_vec(&self.home).unwrap();
            assert_eq!(
                minicbor::decode::<Home>(&bytes).unwrap(),
                self.home,
                "state is its encoding"
            );
        }
        out.into_iter().collect()
    }

    /// Lets time pass, answering every deadline; gives what was said, and when.
    pub(crate) fn pass(&mut self, span: Millis) -> Vec<(Mono, Output)> {
        let end = self.now.after(span);
        let mut said = Vec::new();
        let mut steps = 0;
        while let Some(due) = self.home.next_deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            said.extend(self.step(Input::Tick).into_iter().map(|output| (self.now, output)));
            steps += 1;
            assert!(steps < 10_000, "deadlines must make way for later ones");
        }
        self.now = end;
        said
    }

    /// Lets time pass in which nothing may be said.
    pub(crate) fn quiet(&mut self, span: Millis) {
        assert_eq!(self.pass(span), [], "nothing is to be said");
    }

    /// Lets time pass while these devices send their health each minute; gives what was said.
    pub(crate) fn live(&mut self, span: Millis, devices: &[DeviceId]) -> Vec<(Mono, Output)> {
        let mut said = Vec::new();
        for _ in 0..span.get() / 60_000 {
            said.extend(self.pass(minutes(1)));
            for device in devices {
                let told = self.health(*device, 60, None);
                said.extend(told.into_iter().map(|output| (self.now, output)));
            }
        }
        said
    }

    pub(crate) fn id(&mut self, device: DeviceId) -> PressId {
        self.seq += 1;
        PressId { device, boot: BootId::new(7, 1), seq: Seq::new(self.seq) }
    }

    pub(crate) fn say(&mut self, device: DeviceId, up: &Up) -> Vec<Output> {
        self.say_late(device, up, Millis::default())
    }

    /// What was said some time ago and arrives now.
    pub(crate) fn say_late(&mut self, device: DeviceId, up: &Up, age: Millis) -> Vec<Output> {
        let at = Mono::from_millis(self.now.millis() - age.get());
        let id = self.id(device);
        self.step(Input::Heard { id, at, trust: Trust::Verified, up })
    }

    pub(crate) fn event(&mut self, device: DeviceId, kind: EventKind) -> Vec<Output> {
        self.say(device, &event(kind))
    }

    pub(crate) fn unverified(&mut self, device: DeviceId, kind: EventKind) -> Vec<Output> {
        let id = self.id(device);
        self.step(Input::Heard { id, at: self.now, trust: Trust::Unverified, up: &event(kind) })
    }

    pub(crate) fn health(
        &mut self,
        device: DeviceId,
        period_s: u16,
        battery: Option<u8>,
    ) -> Vec<Output> {
        let battery = battery.map(|percent| Percent::new(percent).unwrap());
        let role = Role::HelpButton;
        let period_s = u64::from(period_s);
        let (uptime, signal, firmware, tested) = (Millis::default(), None, 1, None);
        let health = Health { uptime, period_s, battery, signal, firmware, tested, role };
        self.say(device, &Up::Health(health))
    }

    pub(crate) fn reading(&mut self, device: DeviceId, values: &[Value]) -> Vec<Output> {
        let values = heapless::Vec::from_slice(values).unwrap();
        let reading = Reading { uptime: Millis::default(), period_s: 60, values, home: None };
        self.say(device, &Up::Reading(reading))
    }
}

pub(crate) fn event(kind: EventKind) -> Up {
    Up::Event(Event { kind, uptime: Millis::secs(5), count: None })
}

pub(crate) fn value(quantity: Quantity, number: f32) -> Value {
    Value { quantity, value: Some(number), no_data: None, age_s: 0 }
}

pub(crate) fn no_value(quantity: Quantity, reason: NoData) -> Value {
    Value { quantity, value: None, no_data: Some(reason), age_s: 0 }
}

/// The one finding of a step.
pub(crate) fn finding(said: &[Output]) -> &Finding {
    match said {
        [Output::Raise(finding)] => finding,
        other => panic!("one finding expected, got {other:?}"),
    }
}

/// The findings of one kind among what was said, and when.
pub(crate) fn findings(said: &[(Mono, Output)], kind: Kind) -> Vec<(Mono, &Finding)> {
    let raised = said.iter().filter_map(|(at, output)| match output {
        Output::Raise(finding) => Some((*at, finding)),
        Output::Ease { .. }
        | Output::Annotate { .. }
        | Output::Turn { .. }
        | Output::Ask { .. }
        | Output::Answered { .. }
        | Output::Grade { .. } => None,
    });
    raised.filter(|(_, finding)| finding.kind == kind).collect()
}
