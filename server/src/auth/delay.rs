//! How long somebody must wait before they try a login again. Pure: time comes in.
//!
//! The count is per account *and* source together, so a stranger who tries an account from elsewhere
//! never delays its owner; a source that tries many accounts is slowed as a whole. Live sessions are
//! never touched. Bounded: the oldest entry makes room. Not here: addresses, passwords.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proto::unit::{Millis, Mono};

/// Wrong passwords that cost nothing: people mistype.
const FREE: u32 = 4;
/// Wrong passwords of one source over all accounts that cost nothing.
const FREE_SOURCE: u32 = 20;
/// Longest wait.
const LONGEST: Millis = Millis::secs(60);
/// A pair that rests this long starts anew.
const FORGET: Millis = Millis::minutes(15);
/// Pairs and sources remembered.
const ENTRIES: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Tries {
    failed: u32,
    last: Mono,
}

/// Who failed how often.
#[derive(Debug, Default)]
pub struct Delay {
    tries: BTreeMap<(IpAddr, String), Tries>,
}

fn wait(tries: Tries, free: u32, now: Mono) -> Option<Millis> {
    let over = tries.failed.checked_sub(free + 1)?;
    let span = Millis::secs(1 << over.min(6)).min(LONGEST);
    let until = tries.last.after(span);
    (until > now).then(|| until.since(now))
}

impl Delay {
    /// How long this pair must still wait; none = may try now.
    pub fn wait(&self, now: Mono, account: &str, source: IpAddr) -> Option<Millis> {
        let find = |name: &str| self.tries.get(&(source, name.to_owned())).copied();
        let pair = find(account).and_then(|tries| wait(tries, FREE, now));
        let whole = find("").and_then(|tries| wait(tries, FREE_SOURCE, now));
        pair.max(whole)
    }

    /// A wrong password.
    pub fn failed(&mut self, now: Mono, account: &str, source: IpAddr) {
        self.tries.retain(|_, tries| now.since(tries.last) < FORGET);
        for name in [account, ""] {
            if self.tries.len() >= ENTRIES {
                let oldest = self.tries.iter().min_by_key(|(_, t)| t.last).map(|(k, _)| k.clone());
                oldest.map(|key| self.tries.remove(&key));
            }
            let tries = self
                .tries
                .entry((source, name.chars().take(64).collect()))
                .or_insert(Tries { failed: 0, last: now });
            tries.failed = tries.failed.saturating_add(1);
            tries.last = now;
        }
    }

    /// A right password: this pair starts anew.
    pub fn passed(&mut self, account: &str, source: IpAddr) {
        self.tries.remove(&(source, account.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_from_elsewhere_does_not_delay_the_operator() {
        let (home, away) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([10, 0, 0, 9]));
        let mut delay = Delay::default();
        let now = Mono::default();
        for _ in 0..10_000 {
            delay.failed(now, "op1", away);
        }
        assert!(delay.wait(now, "op1", away).is_some());
        assert_eq!(delay.wait(now, "op1", home), None);
    }

    #[test]
    fn mistypes_are_free_and_the_wait_ends() {
        let here = IpAddr::from([127, 0, 0, 1]);
        let mut delay = Delay::default();
        let now = Mono::default();
        for _ in 0..FREE {
            delay.failed(now, "op1", here);
        }
        assert_eq!(delay.wait(now, "op1", here), None);
        delay.failed(now, "op1", here);
        assert_eq!(delay.wait(now, "op1", here), Some(Millis::secs(1)));
        assert_eq!(delay.wait(now.after(Millis::secs(1)), "op1", here), None);
        delay.passed("op1", here);
        assert_eq!(delay.wait(now, "op1", here), None);
    }
}
