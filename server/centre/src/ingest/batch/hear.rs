//! One word of a device within a batch: when was it said, what does the home make of it.
//!
//! Not here: whether it was heard before (`known`), what is written and who is told (`commit`).

use care::{Input, Trust};
use proto::down::Rung;
use proto::frame::Class;
use proto::id::{DeviceId, HomeId, PressId};
use proto::unit::{Millis, NoData};
use proto::up::{Quantity, Role, Up};

use super::known::Known;
use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::inbox::InboxRow;
use crate::ingest::dating::{Dated, Told, What};
use crate::ingest::judge::Cause;
use crate::ingest::read::{Reader, Said, Word};
use crate::ingest::seen::Sight;
use crate::provision::Registry;
use crate::update::Heard;
use records::column::number;
use records::open;
use series::Point;

impl Batcher {
    pub(super) async fn word(
        &mut self,
        now: Now,
        row: &InboxRow,
        word: Word,
        known: &Known,
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        self.answers(row, &word, pending);
        match self.sight(&word, known, pending).await? {
            Sight::Copy => {
                self.room.health.copied();
                pending.ended.extend(word.ended.map(|ended| (word.id, word.tag, ended)));
                return Ok(());
            }
            Sight::Twice => self.twice(now, row, &word),
            Sight::New => {}
        }
        self.follows(now, row, &word);
        self.upkeep(now, &word);
        let dated = self.dated(now, &word);
        measured(row, &word, &mut pending.points);
        let (home, stray) = self.place(row, &word);
        let Some(home) = home else { return Ok(()) };
        if word.left && word.class != Class::Emergency {
            // It is dated and kept; the home that it came from judges only calls of a device that has left.
            return Ok(());
        }
        if let Some(role) = word.role.filter(|role| *role != Role::Gateway && !word.left) {
            self.know(now, home, (word.id.device, role), pending).await?;
        }
        if let Some(about) = word.about {
            self.know(now, home, about, pending).await?;
        }
        self.update(&word);
        let press = (word.class == Class::Emergency).then_some(word.id);
        let cause = Cause {
            press,
            trust: word.trust,
            hash: word.mark(),
            stored: row.mono,
            late: dated.late,
            gateway: stray,
            uptime: uptime(&word.up).filter(|_| word.trust == Trust::Verified),
        };
        if self.had_ended(now, (row, &word, dated.at), number(home.get()), &cause, pending).await? {
            return Ok(());
        }
        // What a gateway says of one device is judged as that device's.
        let id = PressId { device: whose(&word), ..word.id };
        let input = Input::Heard { id, at: dated.at, trust: word.trust, up: &word.up };
        self.step(now, number(home.get()), &input, Some(&cause), pending).await
    }

    /// When it was said: an event tells how long before it was sent. All that tell an uptime date others.
    fn dated(&mut self, now: Now, word: &Word) -> Dated {
        let by_arrival = self.dating.date(word.handed, now.mono);
        let told = uptime(&word.up).filter(|_| word.trust == Trust::Verified);
        let Some(uptime) = told else { return by_arrival };
        let what = if matches!(word.up, Up::Health(_)) {
            What::Health
        } else if word.class == Class::Emergency {
            What::Press
        } else {
            What::Other
        };
        let (id, tag, handed) = (word.id, word.tag, word.handed);
        let dated = self.dating.hear(Told { id, tag, what, uptime, handed }, now.mono);
        if matches!(word.up, Up::Event(_)) { dated } else { by_arrival }
    }

    /// Who waits for a word about what is no activation is told that it has come; and who waits behind another
    /// gateway than its own is told there too.
    fn answers(&self, row: &InboxRow, word: &Word, pending: &mut Pending) {
        if !word.waits {
            return;
        }
        if word.class != Class::Emergency {
            pending.answers.push((word.id, Rung::Received));
        }
        let own = self.room.registry.device(word.id.device).and_then(|device| device.gateway);
        if word.left || own.is_some_and(|own| own != row.gateway) {
            pending.elsewhere.push((row.gateway, word.id));
        }
    }

    /// Where a word belongs, and the gateway to ask about it if nobody knows its device: one that serves one
    /// home alone says which. So does the call of a program of the household, which its gateway makes.
    fn place(&self, row: &InboxRow, word: &Word) -> (Option<HomeId>, Option<i64>) {
        let own = word.role == Some(Role::Gateway);
        if word.home.is_some() || (word.role.is_some() && !own) {
            return (word.home.or_else(|| homeless(word)), None);
        }
        let homes = self.room.registry.homes(row.gateway);
        let near = match homes.as_slice() {
            [only] if word.class == Class::Emergency => Some(*only),
            _ => None,
        };
        let ask = (!own).then(|| number(row.gateway.get()));
        (near.or_else(|| homeless(word)), ask)
    }

    /// What concerns a device's image goes its own way, behind everything here.
    fn update(&self, word: &Word) {
        let heard = match &word.up {
            Up::Health(health) => match u32::try_from(health.firmware) {
                Ok(version) => Heard::Alive(version),
                Err(_) => return,
            },
            Up::Update(progress) => Heard::Progress(*progress),
            Up::Event(_) | Up::Reading(_) | Up::Loss(_) => return,
        };
        if word.trust == Trust::Verified && word.role != Some(Role::Gateway) {
            self.room.updates.heard(word.id.device, heard);
        }
    }

    pub(super) async fn unreadable(
        &mut self,
        now: Now,
        row: &InboxRow,
        (device, home): (DeviceId, HomeId),
        (hash, press): (&[u8], Option<PressId>),
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        // Its device need not shout again: somebody will look.
        pending.answers.extend(press.map(|press| (press, Rung::Received)));
        let own = self.room.registry.device(device).and_then(|device| device.gateway);
        if let Some(press) = press.filter(|_| own != Some(row.gateway)) {
            pending.elsewhere.push((row.gateway, press));
        }
        let mut reader = self.room.records.reader().await?;
        let copy = open::known_hash(&mut reader, number(device.get()), hash).await?;
        drop(reader);
        if copy || pending.has_hash(hash) {
            self.room.health.copied();
            return Ok(());
        }
        let boot = proto::id::BootId::from_raw(0);
        // An unreadable frame has no name of its own; its hash is what tells it apart.
        let press = PressId { device, boot, seq: proto::id::Seq::default() };
        let cause = Cause {
            press: Some(press),
            trust: Trust::Unverified,
            hash,
            stored: row.mono,
            late: false,
            gateway: None,
            uptime: None,
        };
        let input = Input::Unreadable { device };
        self.step(now, number(home.get()), &input, Some(&cause), pending).await
    }
}

/// The uptime that a word tells: of its sending, or of something before it.
const fn uptime(up: &Up) -> Option<Millis> {
    match up {
        Up::Health(health) => Some(health.uptime),
        Up::Event(event) => Some(event.uptime),
        Up::Reading(reading) => Some(reading.uptime),
        Up::Update(progress) => Some(progress.uptime),
        // Of the first loss, long before it is told.
        Up::Loss(_) => None,
    }
}

/// What a row of the inbox measured, read by itself.
pub fn points_of(reader: &mut Reader, row: &InboxRow, of: &Registry, points: &mut Vec<Point>) {
    if let Said::Word(word) = reader.read(row, of) {
        measured(row, &word, points);
    }
}

/// Whose word it is: the speaker's, or that of the device that a gateway speaks for.
const fn whose(word: &Word) -> DeviceId {
    match word.about {
        Some((device, _)) => device,
        None => word.id.device,
    }
}

/// What a word measured, as points: values of a reading, or what a device says of itself. Its time is made of the row
/// alone, so that the same row read again gives the same points.
fn measured(row: &InboxRow, word: &Word, points: &mut Vec<Point>) {
    let Some(home) = word.home.filter(|_| word.trust == Trust::Verified) else { return };
    let at_ms = row.wall_ms - number(row.mono.since(word.handed).get());
    values_of((home, whose(word)), at_ms, &word.up, points);
}

/// What a device of a home measured at a moment, as points.
pub fn values_of((home, device): (HomeId, DeviceId), at_ms: i64, up: &Up, points: &mut Vec<Point>) {
    let point = |quantity, value| Point { home, device, quantity, at_ms, value };
    match up {
        // What cannot have been measured, or not then, is a gap with its reason, never a value.
        Up::Reading(reading) => points.extend(
            reading
                .values
                .iter()
                .map(|v| point(v.quantity, care::reading::measured(v, reading.period_s))),
        ),
        Up::Health(health) => {
            // On mains there is no battery: a gap with its reason, which also says that it was heard.
            let battery = health.battery.map_or(Err(NoData::Off), |told| {
                told.is_measured().then(|| f32::from(told.get())).ok_or(NoData::Implausible)
            });
            let signal = health.signal.map_or(Err(NoData::NotPresent), |told| {
                told.is_measured().then(|| f32::from(told.get())).ok_or(NoData::Implausible)
            });
            points.push(point(Quantity::Battery, battery));
            points.push(point(Quantity::Signal, signal));
        }
        Up::Event(_) | Up::Loss(_) | Up::Update(_) => {}
    }
}

/// Home 0 takes the calls of devices that no home is known for: shown, never dropped.
fn homeless(word: &Word) -> Option<HomeId> {
    (word.class == Class::Emergency).then(|| HomeId::new(0)).flatten()
}
