//! When a frame was said, on the server's own clock, without trusting anybody else's.
//!
//! A device tells its uptime; the clock of a boot (`care::dating`) is made of its frames. A press may come before anything
//! tells how old it is: as the first word of its boot, or of a boot that another has followed already. It is taken for fresh,
//! and *dated anew* as soon as a frame shows what it is. Who is dated by nothing but a later boot is late, by how much
//! nobody knows: at least as long as that boot runs. Not here: wall clocks, rows.

use std::collections::HashMap;

use care::dating::{Clock, Heard};
use care::policy::LATE_AFTER;
use proto::frame::TAG_LEN;
use proto::id::{BootId, DeviceId, PressId};
use proto::unit::{Millis, Mono};

/// Boots of one device that are remembered: what a device has kept in flash is of these.
const BOOTS: usize = 4;
/// Presses of one boot that may have to be dated anew; a device holds no more at one time.
const OPEN: usize = 16;
/// Dates that wait to be written.
const DUE_MAX: usize = 4_096;

/// When something was said, and whether that is too long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// Server's clock.
    pub at: Mono,
    /// Whether help by it is late.
    pub late: bool,
}

/// A press that is older than was thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anew {
    /// Its name.
    pub press: PressId,
    /// Its end tag.
    pub tag: [u8; TAG_LEN],
    /// When it was said. It is late.
    pub at: Mono,
}

/// A press as it was dated.
#[derive(Debug, Clone, Copy)]
struct Open {
    press: PressId,
    tag: [u8; TAG_LEN],
    uptime: Millis,
    handed: Mono,
    dated: Dated,
}

#[derive(Debug)]
struct Boot {
    id: BootId,
    /// None: two voices speak as this boot, or nothing tells its time.
    clock: Option<Clock>,
    doubted: bool,
    /// Whether it has said how it is: a device says so at once, and holds only what happened.
    proved: bool,
    open: Vec<Open>,
}

/// Clocks of the latest boots of each device.
#[derive(Debug, Default)]
pub struct Dating {
    boots: HashMap<DeviceId, Vec<Boot>>,
    due: Vec<Anew>,
}

/// What a word is to a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A press or fall: its device holds it until it is received, and it may have to be dated anew.
    Press,
    /// How the device is: said at once.
    Health,
    /// Anything else.
    Other,
}

/// A verified word as far as its date goes.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// Its name.
    pub id: PressId,
    /// Its end tag.
    pub tag: [u8; TAG_LEN],
    /// What it is.
    pub what: What,
    /// The uptime that it tells.
    pub uptime: Millis,
    /// When a gateway had it.
    pub handed: Mono,
}

impl Dating {
    /// Takes a verified word that tells an uptime; says when it was said.
    pub fn hear(&mut self, told: Told, now: Mono) -> Dated {
        let id = told.id;
        let follower = self.follower(id.device, id.boot);
        let boot = self.boot(id.device, id.boot);
        let (dated, wrong) = boot.hear(&told, follower);
        let dated = Dated { late: dated.late || now.since(dated.at) > LATE_AFTER, ..dated };
        if told.what == What::Press {
            boot.holds(&told, dated);
        }
        let mut anew = if wrong { boot.date_anew() } else { Vec::new() };
        if follower.is_none() {
            anew.extend(self.outdate(id.device, id.boot));
        }
        let room = DUE_MAX.saturating_sub(self.due.len());
        self.due.extend(anew.into_iter().take(room));
        dated
    }

    /// When a word was said of which nothing is learned: it is not verified, or tells no uptime.
    pub fn date(&self, handed: Mono, now: Mono) -> Dated {
        Dated { at: handed, late: now.since(handed) > LATE_AFTER }
    }

    /// Two voices speak as this boot, so it has no clock: what either says is dated by its arrival.
    pub fn doubt(&mut self, device: DeviceId, boot: BootId) {
        let boot = self.boot(device, boot);
        (boot.doubted, boot.clock) = (true, None);
        boot.open.clear();
    }

    /// Presses that are older than was thought; they stay until they are written.
    pub fn due(&self) -> &[Anew] {
        &self.due
    }

    /// So many of them are written.
    pub fn written(&mut self, count: usize) {
        self.due.drain(..count.min(self.due.len()));
    }

    fn boot(&mut self, device: DeviceId, id: BootId) -> &mut Boot {
        let boots = self.boots.entry(device).or_default();
        let place = boots.iter().position(|boot| boot.id == id).unwrap_or_else(|| {
            if boots.len() >= BOOTS {
                boots.remove(0);
            }
            // Most devices have one boot for months.
            boots.reserve_exact(1);
            let (clock, doubted, proved, open) = (None, false, false, Vec::new());
            boots.push(Boot { id, clock, doubted, proved, open });
            boots.len() - 1
        });
        &mut boots[place]
    }

    /// When the boot began that followed another one of the same life, if one has.
    fn follower(&self, device: DeviceId, id: BootId) -> Option<Mono> {
        let later = self.boots.get(&device)?.iter().filter(|boot| follows(boot.id, id));
        let next = later.min_by_key(|boot| boot.id.counter())?;
        next.clock.as_ref().map(Clock::began)
    }

    /// A boot is heard: whatever an earlier one said was said before it, and what was taken for fresh was not.
    fn outdate(&mut self, device: DeviceId, id: BootId) -> Vec<Anew> {
        let Some(boots) = self.boots.get_mut(&device) else { return Vec::new() };
        let began = boots.iter().find(|boot| boot.id == id).and_then(|boot| boot.clock.as_ref());
        let Some(began) = began.map(Clock::began) else { return Vec::new() };
        let before = boots.iter_mut().filter(|boot| follows(id, boot.id) && !boot.proved);
        let open = before.flat_map(|boot| boot.open.iter_mut());
        open.filter_map(|open| open.date_anew(began, true)).collect()
    }
}

impl Boot {
    /// When a word of this boot was said, and whether earlier dates may be wrong by it.
    fn hear(&mut self, told: &Told, follower: Option<Mono>) -> (Dated, bool) {
        let (uptime, handed) = (told.uptime, told.handed);
        if self.doubted {
            return (Dated { at: handed, late: false }, false);
        }
        if let Some(followed) = follower.filter(|_| !self.proved) {
            // When it began nobody has heard: all that is known is what came after it.
            return (Dated { at: followed.min(handed), late: true }, false);
        }
        let heard = match &mut self.clock {
            Some(clock) => clock.hear(uptime, handed),
            None => {
                self.clock = Clock::new(uptime, handed);
                Heard::Prompt
            }
        };
        self.proved |= told.what == What::Health;
        let at = self.clock.as_ref().map_or(handed, |clock| clock.date(uptime, handed));
        (Dated { at, late: false }, heard == Heard::Before)
    }

    fn holds(&mut self, told: &Told, dated: Dated) {
        let &Told { id: press, tag, uptime, handed, .. } = told;
        if self.open.iter().all(|open| (open.press, open.tag) != (press, tag)) {
            self.open.truncate(OPEN - 1);
            self.open.insert(0, Open { press, tag, uptime, handed, dated });
        }
    }

    fn date_anew(&mut self) -> Vec<Anew> {
        let Some(clock) = self.clock else { return Vec::new() };
        let anew = |open: &mut Open| open.date_anew(clock.date(open.uptime, open.handed), false);
        self.open.iter_mut().filter_map(anew).collect()
    }
}

impl Open {
    /// Its date, if that makes it late and was not told so; `late`: it is, whatever the date.
    fn date_anew(&mut self, at: Mono, late: bool) -> Option<Anew> {
        let at = at.min(self.dated.at);
        let late = late || self.handed.since(at) > LATE_AFTER;
        let moves = self.dated.at.since(at) > LATE_AFTER;
        if !late || (self.dated.late && !moves) {
            return None;
        }
        self.dated = Dated { at, late };
        Some(Anew { press: self.press, tag: self.tag, at })
    }
}

/// Whether a boot came after another one of the same life.
fn follows(later: BootId, earlier: BootId) -> bool {
    later.get() >> 32 == earlier.get() >> 32 && later.counter() > earlier.counter()
}

#[cfg(test)]
mod tests;
