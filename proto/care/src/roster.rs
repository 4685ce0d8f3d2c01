//! The devices of a home: who they are, when each was last heard, and how soon it must speak again.
//!
//! Not here: what their silence means (`detect::silence`).

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::{BootId, DeviceId};
use proto::unit::{Millis, Mono};
use proto::up::{Health, Role};

use crate::contract::DEVICES_MAX;
use crate::policy::{
    BATTERY_SILENT_MAX, BATTERY_SLACK, DEVICE_SILENT_MIN, MAINS_SLACK, NEVER_HEARD,
};
use crate::reading::sheet;
use crate::run::Run;

/// One device of the home. Small, since a full home has [`DEVICES_MAX`] of them: times are in seconds or minutes,
/// what is yes or no is one bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Member {
    #[n(0)]
    pub(crate) device: DeviceId,
    #[n(1)]
    pub(crate) role: Role,
    /// When it last spoke, or when it was enrolled, in seconds.
    #[n(2)]
    heard_s: u32,
    /// Seconds between two health frames, as it says.
    #[n(3)]
    pub(crate) period_s: u16,
    #[n(4)]
    marks: u8,
    /// When it last told something new, minutes of the caller's clock; 0 = not known.
    #[n(5)]
    pub(crate) changed: u32,
    /// Since when it has told life without an hour's rest, minutes; 0 = it has not.
    #[n(6)]
    run: u32,
    /// Hours since the last news in which others told life.
    #[n(7)]
    pub(crate) lively: u8,
    /// Since when it has told life without any rest, minutes; 0 = it has not.
    #[cbor(n(8), default)]
    presence: u32,
    /// Counter of its last boot; with `life` the name of that boot, as far as it must be told apart. 0 = not known.
    #[cbor(n(9), default)]
    boot: u32,
    #[cbor(n(10), default)]
    life: u8,
}

/// What is yes or no about a member.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum Mark {
    /// It runs on mains.
    Mains = 1,
    /// It has spoken.
    Spoke = 2,
    /// Its silence is told.
    Silent = 4,
    /// It has said that its mains are lost, and not that they are back.
    Dark = 8,
    /// What it tells is no sign of life: it has done so for longer than a person would.
    Doubted = 16,
    /// Its silence is told with the mains that are lost.
    Excused = 32,
}

impl Member {
    fn new(device: DeviceId, role: Role, now: Mono) -> Self {
        let sheet = sheet(role);
        let (period_s, marks) = (sheet.period_s, if sheet.mains { Mark::Mains as u8 } else { 0 });
        let (changed, run, presence, lively) = (0, 0, 0, 0);
        let (heard_s, boot, life) = (0, 0, 0);
        let mut new = Self {
            device,
            role,
            heard_s,
            period_s,
            marks,
            changed,
            run,
            lively,
            presence,
            boot,
            life,
        };
        new.hears(now);
        new
    }

    /// It speaks in a boot: whether that has begun since the last, not counting the first that is known. What an earlier
    /// boot has left behind is none.
    pub(crate) fn begins(&mut self, boot: BootId) -> bool {
        let life = (boot.get() >> 32).to_le_bytes();
        let life = life.into_iter().fold(0, |all: u8, byte| all.rotate_left(3) ^ byte);
        let (known, new) = ((self.life, self.boot), (life, boot.counter().max(1)));
        if known.0 == new.0 && new.1 <= known.1 {
            return false;
        }
        (self.life, self.boot) = new;
        known.1 != 0
    }

    /// Whether a mark is set.
    pub(crate) const fn is(&self, mark: Mark) -> bool {
        self.marks & mark as u8 != 0
    }

    /// Sets or clears a mark; says what it was.
    pub(crate) const fn mark(&mut self, mark: Mark, on: bool) -> bool {
        let was = self.is(mark);
        self.marks = if on { self.marks | mark as u8 } else { self.marks & !(mark as u8) };
        was
    }

    /// Whether it can be expected to tell what it sees.
    pub(crate) const fn speaks(&self) -> bool {
        self.is(Mark::Spoke) && !self.is(Mark::Silent) && !self.is(Mark::Dark)
    }

    /// How it tells of life.
    pub(crate) const fn run(&self) -> Run {
        Run { last: self.changed, day: self.run, presence: self.presence }
    }

    /// It has told of life so.
    pub(crate) const fn ran(&mut self, run: Run) {
        (self.changed, self.run, self.presence) = (run.last, run.day, run.presence);
    }

    /// When it last spoke, or when it was enrolled: at most a second too early.
    pub(crate) fn heard(&self) -> Mono {
        Mono::from_millis(u64::from(self.heard_s) * 1000)
    }

    /// It speaks as of then.
    pub(crate) fn hears(&mut self, at: Mono) {
        self.heard_s = u32::try_from(at.millis() / 1000).unwrap_or(u32::MAX);
    }

    /// How long it may be silent.
    pub(crate) fn patience(&self) -> Millis {
        let two = Millis::new(2 * 1000 * u64::from(self.period_s));
        let patience = match (self.is(Mark::Spoke), self.is(Mark::Mains)) {
            (false, _) => NEVER_HEARD,
            (true, true) => two.plus(MAINS_SLACK),
            (true, false) => two.plus(BATTERY_SLACK),
        };
        patience.clamp(DEVICE_SILENT_MIN, BATTERY_SILENT_MAX)
    }

    fn due(&self, listening: Mono) -> Mono {
        self.heard().max(listening).after(self.patience())
    }

    /// Takes what it says of its power and rhythm; says whether anything changed.
    pub(crate) fn learn(&mut self, health: &Health) -> bool {
        let mains = health.battery.is_none();
        // Longer rhythms than this column holds have no longer patience: `BATTERY_SILENT_MAX` bounds them all.
        let period_s = u16::try_from(health.period_s).unwrap_or(u16::MAX);
        let changed = self.mark(Mark::Mains, mains) != mains || self.period_s != period_s;
        self.period_s = period_s;
        changed
    }
}

/// All devices of the home.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Roster {
    #[cbor(n(0), with = "crate::list", default)]
    members: Vec<Member, DEVICES_MAX>,
    /// When the mains came back last: what had fallen silent with them has its whole time from then.
    #[n(1)]
    lit: Option<Mono>,
}

impl Roster {
    /// Takes in a device; says whether it is new or has a new role. Past [`DEVICES_MAX`] nothing changes.
    pub(crate) fn enrol(&mut self, device: DeviceId, role: Role, now: Mono) -> bool {
        match self.get_mut(device) {
            Some(member) if member.role == role => false,
            Some(member) => {
                *member = Member::new(device, role, now);
                true
            }
            None => self.members.push(Member::new(device, role, now)).is_ok(),
        }
    }

    pub(crate) fn release(&mut self, device: DeviceId) {
        self.members.retain(|member| member.device != device);
    }

    pub(crate) fn get(&self, device: DeviceId) -> Option<&Member> {
        self.members.iter().find(|member| member.device == device)
    }

    pub(crate) fn get_mut(&mut self, device: DeviceId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.device == device)
    }

    /// Devices whose silence is told here: all but gateways, which have a watch of their own.
    pub(crate) fn watched(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.role != Role::Gateway)
    }

    pub(crate) fn watched_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut().filter(|member| member.role != Role::Gateway)
    }

    fn lit(&self) -> Mono {
        self.lit.unwrap_or_default()
    }

    /// The mains are back: what was silent with them may speak again, and is missed for itself if it does not.
    pub(crate) fn light(&mut self, now: Mono) {
        self.lit = Some(now);
        for member in self.members.iter_mut().filter(|member| member.is(Mark::Excused)) {
            member.mark(Mark::Silent, false);
        }
    }

    /// When a member must have spoken, if somebody listens without a gap since `listening`.
    pub(crate) fn due(&self, member: &Member, listening: Mono) -> Mono {
        let excused = if member.is(Mark::Excused) { self.lit() } else { Mono::default() };
        member.due(listening.max(excused))
    }

    /// Whether a device of the home tells that the mains are lost.
    pub(crate) fn is_dark(&self) -> bool {
        self.members.iter().any(|member| member.is(Mark::Dark))
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }
}
