//! Whether a word was heard before: its name says which words to look at, its bytes say which of them it is.
//!
//! A copy changes nothing and is answered with the rung of its own. The same name with other verified bytes is a
//! word of its own, and a fault: two devices speak with one identity. What nobody could verify is told apart
//! by a hash and never meets what is verified. Not here: windows of telemetry (`seen`), SQL (`records::open`).

use std::collections::HashMap;

use care::{Kind, Seen, Severity, Trust};
use proto::down::Rung;
use proto::frame::Class;
use proto::id::{BootId, DeviceId, GatewayId, PressId};
use proto::unit::Mono;
use proto::up::Role;

use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::faults::Fault;
use crate::inbox::InboxRow;
use crate::ingest::dating::Dating;
use crate::ingest::read::{Said, Word};
use crate::ingest::seen::{Sight, Window};
use records::column::{number, signed, stored};
use records::state::SeenRow;
use records::{open, state};

/// End tag and rung of each press that the rows know by a name.
pub(super) type Known = HashMap<PressId, Vec<(Vec<u8>, Rung)>>;

impl Batcher {
    /// Which emergencies among these are known: one look for the whole batch.
    pub(super) async fn known(&self, said: &[(&InboxRow, Said)]) -> Result<Known, IngestError> {
        let mut known = Known::new();
        let presses = said.iter().filter_map(|(_, said)| match said {
            Said::Word(word) if word.trust == Trust::Verified && word.class == Class::Emergency => {
                Some(word.id)
            }
            Said::Word(_)
            | Said::Mark(_)
            | Said::Nothing
            | Said::Unreadable { .. }
            | Said::Petition(_)
            | Said::Aside(..) => None,
        });
        let presses: HashMap<_, _> = presses.map(|press| (name(&press), press)).collect();
        if presses.is_empty() {
            return Ok(known);
        }
        let names: Vec<_> = presses.keys().copied().collect();
        let mut reader = self.room.records.reader().await?;
        for row in open::known(&mut reader, &names).await? {
            if let Some(press) = presses.get(&row.name) {
                known.entry(*press).or_default().push((row.tag, row.rung));
            }
        }
        Ok(known)
    }

    /// Whether a word was taken before; a copy of a press is answered with its rung.
    pub(super) async fn sight(
        &mut self,
        word: &Word,
        known: &Known,
        pending: &mut Pending,
    ) -> Result<Sight, IngestError> {
        if word.trust == Trust::Unverified {
            let mut reader = self.room.records.reader().await?;
            let device = number(word.id.device.get());
            let copy = open::known_hash(&mut reader, device, &word.hash).await?;
            let copy = copy || pending.has_hash(&word.hash);
            return Ok(if copy { Sight::Copy } else { Sight::New });
        }
        if word.class == Class::Emergency {
            return Ok(self.press(word, known, pending));
        }
        self.window(word, pending).await
    }

    fn press(&mut self, word: &Word, known: &Known, pending: &mut Pending) -> Sight {
        let known = known.get(&word.id).map_or(&[][..], Vec::as_slice);
        // Rows of an older build do not say what they were: their name is all there is.
        let same = |tag: &[u8]| tag.is_empty() || tag == word.tag;
        if let Some((_, rung)) = known.iter().find(|(tag, _)| same(tag)) {
            let rung = (*rung).max(Rung::Received);
            pending.answers.push((word.id, rung));
            return Sight::Copy;
        }
        let name = name(&word.id);
        let batch = &pending.sheet.batch.activations;
        let mut named = batch
            .iter()
            .filter(|a| (a.device, a.boot, a.seq) == name && a.trust == Trust::Verified);
        let mut used = !known.is_empty();
        for activation in &mut named {
            if activation.hash == word.tag {
                return Sight::Copy;
            }
            used = true;
        }
        let window = self.book.get(word.id.device, word.id.boot);
        if used || window.is_some_and(|window| window.has(word.id.seq)) {
            return Sight::Twice;
        }
        Sight::New
    }

    async fn window(&mut self, word: &Word, pending: &mut Pending) -> Result<Sight, IngestError> {
        let (device, boot) = (word.id.device, word.id.boot);
        let staged = pending.seen.iter_mut().find(|(d, b, _)| (*d, *b) == (device, boot));
        if let Some((_, _, window)) = staged {
            return Ok(window.take(word.id.seq, &word.tag, word.handed));
        }
        if self.book.get(device, boot).is_none() {
            let mut reader = self.room.records.reader().await?;
            let (d, b) = (number(device.get()), signed(boot.get()));
            let row = state::seen(&mut reader, d, b).await?;
            self.book.put(device, boot, row.map_or_else(Window::default, |row| loaded(&row)));
        }
        let mut window = self.book.get(device, boot).cloned().unwrap_or_default();
        let sight = window.take(word.id.seq, &word.tag, word.handed);
        if sight != Sight::Copy {
            pending.seen.push((device, boot, window));
        }
        Ok(sight)
    }

    /// Whether a home box speaks that another with its identity has followed: its boots do not come back.
    pub(super) fn follows(&mut self, now: Now, row: &InboxRow, word: &Word) {
        let own = word.role == Some(Role::Gateway) && word.trust == Trust::Verified;
        if own {
            self.started(now, row, word);
        }
        if own && self.voices.heard(row.gateway, word.id.boot, word.handed) {
            self.room.faults.raise_again(gateway_twice(row.gateway), now.mono);
        }
    }

    /// Two devices speak with one identity: it is told, and neither is dated by the other's uptime.
    pub(super) fn twice(&mut self, now: Now, row: &InboxRow, word: &Word) {
        self.dating.doubt(word.id.device, word.id.boot);
        if word.role == Some(Role::Gateway) {
            self.room.faults.raise_again(gateway_twice(row.gateway), now.mono);
            return;
        }
        let fault = Fault {
            home: word.home.map_or(0, |home| number(home.get())),
            device: Some(word.id.device),
            ..gateway_twice(row.gateway)
        };
        self.room.faults.raise_again(fault, now.mono);
    }
}

/// Two home boxes speak with one identity.
pub fn gateway_twice(gateway: GatewayId) -> Fault {
    Fault {
        kind: Kind::IdentityTwice,
        severity: Severity::Important,
        gateway: Some(gateway),
        ..Fault::upkeep(Seen::TwoVoices)
    }
}

impl Pending {
    pub(super) fn has_hash(&self, hash: &[u8]) -> bool {
        self.sheet.batch.activations.iter().any(|a| a.hash == hash)
    }

    pub(super) fn seen_rows(&self, dating: &Dating) -> Vec<SeenRow> {
        let row = |(device, boot, window): &(DeviceId, BootId, Window)| SeenRow {
            device: number(device.get()),
            boot: signed(boot.get()),
            base: i64::from(window.base()),
            bits: window.bits(),
            prints: Some(window.prints()),
            mark: stored(window.mark()),
            clock: dating.mark(*device, *boot),
        };
        self.seen.iter().map(row).collect()
    }
}

fn loaded(row: &SeenRow) -> Window {
    let base = u32::try_from(row.base).unwrap_or(u32::MAX);
    let mark = Mono::from_millis(row.mark.unsigned_abs());
    Window::load(base, &row.bits, row.prints.as_deref(), mark)
}

fn name(press: &PressId) -> (i64, i64, i64) {
    (number(press.device.get()), signed(press.boot.get()), i64::from(press.seq.get()))
}
