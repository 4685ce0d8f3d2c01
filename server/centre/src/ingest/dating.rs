//! When a frame was said, on the server's own clock, without trusting anybody else's.
//!
//! A device tells its uptime; the clock of a boot (`care::dating`) is made of its frames. A press may come before anything
//! tells how old it is: as the first word of its boot, or of a boot that another has followed already. It is taken for fresh,
//! and *dated anew* as soon as a frame shows what it is. Who is dated by nothing but a later boot is late, by how much
//! nobody knows: at least as long as that boot runs. Clocks and presses outlive the process in rows and are *recalled* with a
//! device's first word. Not here: wall clocks, how rows are written.

mod boot;

use std::collections::HashMap;

use care::dating::Clock;
use care::policy::LATE_AFTER;
use proto::frame::TAG_LEN;
use proto::id::{BootId, DeviceId, PressId};
use proto::unit::{Millis, Mono};

pub use boot::Open;
use boot::{Boot, follows};

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

/// A press that was said at another time than was thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anew {
    /// Its name.
    pub press: PressId,
    /// Its end tag.
    pub tag: [u8; TAG_LEN],
    /// When it was said.
    pub at: Mono,
    /// Whether that is too long ago.
    pub late: bool,
}

/// Clocks of the latest boots of each device.
#[derive(Debug, Default)]
pub struct Dating {
    boots: HashMap<DeviceId, Vec<Boot>>,
    due: Vec<Anew>,
    /// Whether a boot has begun, or is believed otherwise, that is not in the rows.
    turned: bool,
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
        let was = (boot.clock.is_some(), boot.proved);
        let dated = boot.hear(&told, follower);
        let dated = Dated { late: dated.late || now.since(dated.at) > LATE_AFTER, ..dated };
        let turned = was != (boot.clock.is_some(), boot.proved);
        let mut anew = boot.date_anew();
        if told.what == What::Press {
            boot.holds(&told, dated);
        }
        self.turned |= turned;
        if follower.is_none() {
            anew.extend(self.outdate(id.device, id.boot));
        }
        for anew in anew {
            let name = (anew.press, anew.tag);
            match self.due.iter().position(|due| (due.press, due.tag) == name) {
                Some(place) => self.due[place] = anew,
                None if self.due.len() < DUE_MAX => self.due.push(anew),
                None => {}
            }
        }
        dated
    }

    /// Whether a device has spoken, or been recalled, since this process began.
    pub fn knows(&self, device: DeviceId) -> bool {
        self.boots.contains_key(&device)
    }

    /// What the rows know of a device: the marks of its boots, the latest last, and presses that were taken for fresh.
    pub fn recall(&mut self, device: DeviceId, marks: &[(BootId, Vec<u8>)], presses: &[Open]) {
        self.boots.entry(device).or_default();
        for (boot, mark) in marks {
            self.boot(device, *boot).read(mark);
        }
        for open in presses {
            let boot = self.boot(device, open.press.boot);
            if !boot.doubted && boot.open.len() < OPEN {
                boot.clock = boot.clock.or_else(|| Clock::new(open.uptime, open.handed));
                boot.open.push(*open);
            }
        }
    }

    /// What is to be remembered of a boot in its row; none if nothing is known of it.
    pub fn mark(&self, device: DeviceId, boot: BootId) -> Option<Vec<u8>> {
        self.boots.get(&device)?.iter().find(|known| known.id == boot)?.mark()
    }

    /// Whether there is something new to remember that no other row tells of.
    pub const fn has_turned(&self) -> bool {
        self.turned
    }

    /// It is in the rows.
    pub const fn remembered(&mut self) {
        self.turned = false;
    }

    /// When a word was said of which nothing is learned: it is not verified, or tells no uptime.
    pub fn date(&self, handed: Mono, now: Mono) -> Dated {
        Dated { at: handed, late: now.since(handed) > LATE_AFTER }
    }

    /// Two voices speak as this boot, so it has no clock: what either says is dated by its arrival.
    pub fn doubt(&mut self, device: DeviceId, boot: BootId) {
        let boot = self.boot(device, boot);
        let new = !boot.doubted;
        (boot.doubted, boot.clock) = (true, None);
        boot.open.clear();
        self.turned |= new;
    }

    /// Presses that were said at another time than was thought; they stay until they are written.
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
            boots.push(Boot::new(id));
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
        open.filter_map(|open| open.date_anew(began.min(open.dated.at), true)).collect()
    }
}

#[cfg(test)]
mod tests;
