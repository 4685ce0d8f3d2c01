//! How a try at the log-in is looked at after others have failed. Pure: time comes in.
//!
//! Wrong tries are slowed, a right one never is: whoever is *over* the limit is still looked at, but only where that is
//! cheap, and hears "too many" if wrong. Counted by account and source together, and by source over all accounts.
//! A try counts as failed from its beginning, so that a thousand sent together do not pass as one.
//! Bounded: who failed least makes room. Not here: addresses, passwords.

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
/// Tries over the limit on one account from one source after which a guesser hears late that they are wrong.
const LOOKS: u32 = 100_000;
/// One more look of these comes back after so long.
const LOOK_AGAIN: Millis = Millis::new(50);

/// What is to be done with a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Look at it; wrong is wrong.
    Free,
    /// Look at it where that is cheap; wrong is told to wait so long.
    Over(Millis),
    /// Somebody guesses by the hundred thousand: the same, and what is wrong is told late.
    Unseen(Millis),
}

#[derive(Debug, Clone, Copy)]
struct Count {
    failed: u32,
    last: Mono,
    looks: u32,
    looked: Mono,
}

/// Who failed how often.
#[derive(Debug, Default)]
pub struct Tries {
    counts: BTreeMap<(IpAddr, String), Count>,
}

fn wait(count: Count, free: u32, now: Mono) -> Option<Millis> {
    let over = count.failed.checked_sub(free + 1)?;
    let span = Millis::secs(1 << over.min(6)).min(LONGEST);
    let until = count.last.after(span);
    (until > now).then(|| until.since(now))
}

fn key(account: &str, source: IpAddr) -> (IpAddr, String) {
    (source, account.chars().take(64).collect())
}

impl Tries {
    /// A try begins. Unless it is over the limit it counts as failed until it has [passed](Self::passed).
    pub fn begin(&mut self, now: Mono, account: &str, source: IpAddr) -> Turn {
        let whole = self.over(now, "", source, FREE_SOURCE);
        if let Some(wait) = self.over(now, account, source, FREE).max(whole) {
            return self.look(now, account, source, wait);
        }
        self.count(now, &[account, ""], source)
    }

    /// The same for whoever has already shown something right: what strangers do at this source is not theirs to wait for.
    pub(crate) fn begin_known(&mut self, now: Mono, account: &str, source: IpAddr) -> Turn {
        match self.over(now, account, source, FREE) {
            Some(wait) => self.look(now, account, source, wait),
            None => self.count(now, &[account], source),
        }
    }

    fn over(&self, now: Mono, name: &str, source: IpAddr, free: u32) -> Option<Millis> {
        self.counts.get(&key(name, source)).and_then(|count| wait(*count, free, now))
    }

    fn count(&mut self, now: Mono, names: &[&str], source: IpAddr) -> Turn {
        self.counts.retain(|_, count| now.since(count.last) < FORGET);
        for name in names {
            let count = self.entry(now, name, source);
            count.failed = count.failed.saturating_add(1);
            count.last = now;
        }
        Turn::Free
    }

    /// One more look over the limit.
    fn look(&mut self, now: Mono, account: &str, source: IpAddr, wait: Millis) -> Turn {
        let count = self.entry(now, account, source);
        let rested = now.since(count.looked).get() / LOOK_AGAIN.get();
        count.looks = count.looks.saturating_sub(u32::try_from(rested).unwrap_or(u32::MAX));
        if rested > 0 {
            count.looked = now;
        }
        if count.looks >= LOOKS {
            return Turn::Unseen(wait);
        }
        count.looks += 1;
        Turn::Over(wait)
    }

    fn entry(&mut self, now: Mono, name: &str, source: IpAddr) -> &mut Count {
        let key = key(name, source);
        if self.counts.len() >= ENTRIES && !self.counts.contains_key(&key) {
            // Names that are made up make no room by what is known of a guesser.
            let least =
                |(_, c): &(&(IpAddr, String), &Count)| (c.failed.saturating_add(c.looks), c.last);
            let oldest = self.counts.iter().min_by_key(least).map(|(k, _)| k.clone());
            oldest.map(|key| self.counts.remove(&key));
        }
        self.counts.entry(key).or_insert(Count { failed: 0, last: now, looks: 0, looked: now })
    }

    /// The try of somebody known was right: this account starts anew.
    pub(crate) fn passed_known(&mut self, account: &str, source: IpAddr) {
        self.counts.remove(&key(account, source));
    }

    /// The try was right: this pair starts anew, and the source has failed once less.
    pub fn passed(&mut self, account: &str, source: IpAddr) {
        if self.counts.remove(&key(account, source)).is_some_and(|count| count.failed > 0)
            && let Some(whole) = self.counts.get_mut(&key("", source))
        {
            whole.failed = whole.failed.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn attack_from_elsewhere_does_not_delay_the_operator() {
        let away = IpAddr::from([10, 0, 0, 9]);
        let mut tries = Tries::default();
        let now = Mono::default();
        let turns: Vec<Turn> = (0..10_000).map(|_| tries.begin(now, "op1", away)).collect();
        assert!(turns.iter().skip(5).all(|turn| matches!(turn, Turn::Over(_))));
        assert_eq!(tries.begin(now, "op1", HERE), Turn::Free);
    }

    #[test]
    fn mistypes_are_free_and_the_wait_ends() {
        let mut tries = Tries::default();
        let now = Mono::default();
        for _ in 0..=FREE {
            assert_eq!(tries.begin(now, "op1", HERE), Turn::Free);
        }
        assert_eq!(tries.begin(now, "op1", HERE), Turn::Over(Millis::secs(1)));
        assert_eq!(tries.begin(now.after(Millis::secs(1)), "op1", HERE), Turn::Free);
        tries.passed("op1", HERE);
        assert_eq!(tries.begin(now, "op1", HERE), Turn::Free);
    }

    #[test]
    fn tries_in_flight_count_over_all_accounts_of_a_source() {
        let mut tries = Tries::default();
        let turns = (0..1_500).map(|n| tries.begin(Mono::default(), &format!("x{n}"), HERE));
        let free = turns.filter(|turn| *turn == Turn::Free).count();
        assert_eq!(free, usize::try_from(FREE_SOURCE).unwrap() + 1);
    }

    #[test]
    fn names_made_up_by_the_thousand_free_no_guesser() {
        let mut tries = Tries::default();
        for _ in 0..100 {
            tries.begin(Mono::default(), "op1", HERE);
        }
        let later = Mono::default().after(Millis::new(500));
        for n in 0..2 * ENTRIES {
            tries.begin(later, &format!("x{n}"), HERE);
        }
        assert!(matches!(tries.begin(later, "op1", HERE), Turn::Over(_)), "the account");
        assert!(matches!(tries.begin(later, "another", HERE), Turn::Over(_)), "and the source");
        assert!(tries.counts.len() <= ENTRIES);
    }

    #[test]
    fn guesses_by_the_hundred_thousand_hear_late_but_for_twenty_a_second() {
        let mut tries = Tries::default();
        let now = Mono::default();
        let turns: Vec<Turn> = (0..LOOKS + 10).map(|_| tries.begin(now, "op1", HERE)).collect();
        assert!(matches!(turns.last(), Some(Turn::Unseen(_))));
        let at = now.after(Millis::new(500));
        let seen = (0..40).filter(|_| matches!(tries.begin(at, "op1", HERE), Turn::Over(_)));
        assert_eq!(seen.count(), 10);
    }
}
