//! One word of a device within a batch: is it new, when was it said, what does the home make of it.
//!
//! Not here: what is written and who is told (`commit`).

use std::collections::HashMap;

use care::{Input, Trust};
use proto::down::Rung;
use proto::frame::{Class, Lane};
use proto::id::{DeviceId, HomeId, PressId};
use proto::unit::NoData;
use proto::up::{Quantity, Role, Up};

use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::inbox::InboxRow;
use crate::ingest::judge::{Cause, number, signed};
use crate::ingest::read::{Said, Word};
use crate::ingest::seen::Window;
use crate::records::{open, state};
use crate::series::Point;
use crate::update::Heard;

/// Rungs of presses that the rows know already.
pub(super) type Known = HashMap<PressId, i64>;

impl Batcher {
    /// Which emergencies among these are known: one look for the whole batch.
    pub(super) async fn known(
        &self,
        lane: Lane,
        said: &[(&InboxRow, Said)],
    ) -> Result<Known, IngestError> {
        let mut known = Known::new();
        if lane == Lane::Telemetry {
            return Ok(known);
        }
        let presses = said.iter().filter_map(|(_, said)| match said {
            Said::Word(word) if word.trust == Trust::Verified && word.class == Class::Emergency => {
                Some(word.id)
            }
            Said::Word(_) | Said::Unreadable { .. } | Said::Petition(_) | Said::Aside(_) => None,
        });
        let presses: Vec<_> = presses.collect();
        if presses.is_empty() {
            return Ok(known);
        }
        let names: Vec<_> = presses.iter().map(name).collect();
        let mut reader = self.app.records.reader().await?;
        let found = open::known(&mut reader, &names).await?;
        for row in found {
            let press = presses.iter().find(|p| name(p) == row.name);
            known.extend(press.map(|press| (*press, row.rung)));
        }
        Ok(known)
    }

    pub(super) async fn word(
        &mut self,
        now: Now,
        row: &InboxRow,
        word: Word,
        known: &Known,
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        let who = (word.id.device, word.id.boot);
        if let Up::Health(health) = &word.up
            && word.trust == Trust::Verified
        {
            self.dating.learn(who.0, who.1, health.uptime, word.handed);
        }
        if !self.is_new(&word, known, pending).await? {
            self.app.health.copied();
            return Ok(());
        }
        let dated = match &word.up {
            Up::Event(event) => self.dating.date(who, event.uptime, word.handed, now.mono),
            Up::Reading(_) | Up::Health(_) | Up::Loss(_) | Up::Update(_) => {
                crate::ingest::dating::Dated {
                    at: word.handed,
                    late: now.mono.since(word.handed) > care::policy::LATE_AFTER,
                }
            }
        };
        let at_ms = now.wall_ms - number(now.mono.since(word.handed).get());
        measured(&word, at_ms, &mut pending.points);
        let Some(home) = word.home.or_else(|| homeless(&word)) else { return Ok(()) };
        if let Some(role) = word.role.filter(|role| *role != Role::Gateway) {
            self.know(now, home, (word.id.device, role), pending).await?;
        }
        self.update(&word);
        let press = (word.class == Class::Emergency).then_some(word.id);
        let cause = Cause {
            press,
            trust: word.trust,
            hash: &word.hash,
            stored: row.mono,
            late: dated.late,
        };
        let input = Input::Heard { id: word.id, at: dated.at, trust: word.trust, up: &word.up };
        self.step(now, number(home.get()), &input, Some(&cause), pending).await
    }

    /// What concerns a device's image goes its own way, behind everything here.
    fn update(&self, word: &Word) {
        let heard = match &word.up {
            Up::Health(health) => Heard::Alive(health.firmware),
            Up::Update(progress) => Heard::Progress(*progress),
            Up::Event(_) | Up::Reading(_) | Up::Loss(_) => return,
        };
        if word.trust == Trust::Verified && word.role != Some(Role::Gateway) {
            self.app.updates.heard(word.id.device, heard);
        }
    }

    pub(super) async fn unreadable(
        &mut self,
        now: Now,
        row: &InboxRow,
        (device, home): (DeviceId, HomeId),
        hash: &[u8],
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        let mut reader = self.app.records.reader().await?;
        let copy = open::known_hash(&mut reader, number(device.get()), hash).await?;
        drop(reader);
        if copy || pending.has_hash(hash) {
            self.app.health.copied();
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
        };
        let input = Input::Unreadable { device };
        self.step(now, number(home.get()), &input, Some(&cause), pending).await
    }

    /// Whether a word was not taken before; a copy of a press is answered with its rung.
    async fn is_new(
        &mut self,
        word: &Word,
        known: &Known,
        pending: &mut Pending,
    ) -> Result<bool, IngestError> {
        if word.trust == Trust::Unverified {
            let mut reader = self.app.records.reader().await?;
            let device = number(word.id.device.get());
            let copy = open::known_hash(&mut reader, device, &word.hash).await?;
            return Ok(!copy && !pending.has_hash(&word.hash));
        }
        if word.class == Class::Emergency {
            if let Some(rung) = known.get(&word.id) {
                let rung = if *rung >= 3 { Rung::Seen } else { Rung::Received };
                pending.answers.push((word.id, rung));
                return Ok(false);
            }
            return Ok(!pending.sheet.received.contains(&word.id));
        }
        self.first_time(word, pending).await
    }

    async fn first_time(
        &mut self,
        word: &Word,
        pending: &mut Pending,
    ) -> Result<bool, IngestError> {
        let (device, boot) = (word.id.device, word.id.boot);
        let staged = pending.seen.iter_mut().find(|(d, b, _)| (*d, *b) == (device, boot));
        if let Some((_, _, window)) = staged {
            return Ok(window.take(word.id.seq));
        }
        if self.book.get(device, boot).is_none() {
            let mut reader = self.app.records.reader().await?;
            let (d, b) = (number(device.get()), signed(boot.get()));
            let row = state::seen(&mut reader, d, b).await?;
            let window = row.map_or_else(Window::default, |(base, bits)| {
                Window::load(u32::try_from(base).unwrap_or(u32::MAX), &bits)
            });
            self.book.put(device, boot, window);
        }
        let mut window = self.book.get(device, boot).cloned().unwrap_or_default();
        let new = window.take(word.id.seq);
        if new {
            pending.seen.push((device, boot, window));
        }
        Ok(new)
    }
}

impl Pending {
    fn has_hash(&self, hash: &[u8]) -> bool {
        self.sheet.batch.activations.iter().any(|a| a.hash == hash)
    }
}

/// What a word measured, as points: values of a reading, or what a device says of itself.
fn measured(word: &Word, at_ms: i64, points: &mut Vec<Point>) {
    let Some(home) = word.home else { return };
    let point = |quantity, value| Point { home, device: word.id.device, quantity, at_ms, value };
    match &word.up {
        Up::Reading(reading) => points.extend(
            reading
                .values
                .iter()
                .map(|v| point(v.quantity, v.value.ok_or(v.no_data.unwrap_or(NoData::Fault)))),
        ),
        Up::Health(health) => {
            // On mains there is no battery: a gap with its reason, which also says that it was heard.
            let battery = health.battery.map(|level| f32::from(level.get())).ok_or(NoData::Off);
            let signal = health.signal.map(|dbm| f32::from(dbm.get())).ok_or(NoData::NotPresent);
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

fn name(press: &PressId) -> (i64, i64, i64) {
    (number(press.device.get()), signed(press.boot.get()), i64::from(press.seq.get()))
}
