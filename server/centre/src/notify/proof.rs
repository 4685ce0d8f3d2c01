//! Whether the way out of the house is proved: a receiver has confirmed a notice lately, at the address of now.
//!
//! A *trial* is a notice about nothing, sent because somebody wants to know. Pure but for the trial's row.
//! Not here: calls (`worker`), whether a receiver is dead (`line`).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use care::Kind;
use care::policy::ladder::NOTICE_PROOF;
use care::protection::Outside;
use proto::unit::Mono;
use sha2::{Digest, Sha256};

use super::{Message, Notices, put};
use records::Records;
use records::column::{mono, stored};
use records::receiver::{self, Proof};

/// Why a notice is sent that is about nothing.
pub(crate) const TRIAL: &str = "test";

/// Receivers with their addresses, and when each last confirmed a notice.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    addresses: BTreeMap<String, String>,
    at: Mutex<BTreeMap<String, Mono>>,
}

impl Proofs {
    /// Of receivers with their addresses.
    pub(super) fn of<'a>(receivers: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let digest = |url: &str| hex::encode(Sha256::digest(url.as_bytes()));
        let addresses = receivers.map(|(name, url)| (name.to_owned(), digest(url))).collect();
        Self { addresses, at: Mutex::default() }
    }

    /// What the records hold, as far as it is of the addresses of now.
    pub(super) fn learn(&self, rows: Vec<Proof>) {
        for row in rows {
            if self.addresses.get(&row.channel) == Some(&row.address) {
                self.proved(&row.channel, mono(row.mono));
            }
        }
    }

    /// A receiver has confirmed a notice.
    pub(super) fn proved(&self, channel: &str, at: Mono) {
        let mut all = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(channel.to_owned(), at);
    }

    /// The row of a proof; none of a receiver that is in no configuration.
    pub(super) fn row(&self, channel: &str, at: i64) -> Option<Proof> {
        let address = self.addresses.get(channel)?.clone();
        Some(Proof { channel: channel.to_owned(), address, mono: at })
    }

    /// What is known of them all. `dead`: which were called and do not answer.
    pub(super) fn outside(&self, now: Mono, dead: &BTreeMap<String, bool>) -> Outside {
        let at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_dead = |name: &str| dead.get(name) == Some(&true);
        let holds = |(name, at): (&String, &Mono)| !is_dead(name) && now.since(*at) < NOTICE_PROOF;
        let last = at.values().copied().max();
        if self.addresses.is_empty() {
            Outside::Nobody
        } else if at.iter().any(holds) {
            Outside::Proved
        } else if self.addresses.keys().all(|name| is_dead(name)) {
            Outside::Dead(last)
        } else {
            Outside::Unproved(last)
        }
    }
}

/// Sends each receiver a notice about nothing; says how many there are.
///
/// # Errors
/// The records refused.
pub async fn trial(notices: &Notices) -> Result<usize, records::Error> {
    let now = notices.clock.now();
    let receivers = notices.outbox.configured();
    let at = stored(now.mono);
    let mut writer = notices.records.begin().await?;
    for receiver in &receivers {
        let kind = Kind::Upkeep;
        let (alert, reason) = ("", TRIAL);
        let notice = Message { alert, kind, home: 0, reason, round: at, urgent: true };
        put(&mut writer, &notice, receiver, (at, now.wall_ms)).await?;
    }
    writer.commit().await?;
    notices.outbox.wake();
    Ok(receivers.len())
}

/// What stands in the rows of old.
pub(super) async fn load(records: &Records) -> Result<Vec<Proof>, records::Error> {
    receiver::all(&mut *records.reader().await?).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Mono = Mono::from_millis(1_000);

    #[test]
    fn a_way_out_is_proved_by_a_receipt_of_the_address_of_now_for_as_long_as_it_holds() {
        let proofs = Proofs::of([("webhook", "https://care.example/one")].into_iter());
        let alive = BTreeMap::new();
        assert_eq!(proofs.outside(START, &alive), Outside::Unproved(None));
        let row = proofs.row("webhook", 1_000).unwrap();
        let moved = Proofs::of([("webhook", "https://care.example/other")].into_iter());
        moved.learn(vec![row.clone()]);
        assert_eq!(moved.outside(START, &alive), Outside::Unproved(None), "another address");
        proofs.learn(vec![row]);
        assert_eq!(proofs.outside(START, &alive), Outside::Proved);
        let late = START.after(NOTICE_PROOF);
        assert_eq!(proofs.outside(late, &alive), Outside::Unproved(Some(START)));
    }

    #[test]
    fn who_does_not_answer_is_no_way_out_and_one_that_does_is_enough() {
        let proofs = Proofs::of(
            [("webhook", "https://care.example/one"), ("webhook-2", "https://care.example/two")]
                .into_iter(),
        );
        proofs.proved("webhook", START);
        let dead = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), true)).collect();
        assert_eq!(proofs.outside(START, &dead(&["webhook-2"])), Outside::Proved);
        assert_eq!(proofs.outside(START, &dead(&["webhook"])), Outside::Unproved(Some(START)));
        let all = dead(&["webhook", "webhook-2"]);
        assert_eq!(proofs.outside(START, &all), Outside::Dead(Some(START)));
        let none = Proofs::of(std::iter::empty());
        assert_eq!(none.outside(START, &BTreeMap::new()), Outside::Nobody);
    }
}
