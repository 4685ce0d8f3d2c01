//! What holds of a full house whatever comes in whatever order.
//!
//! Not here: single rules (`admission`), sockets (`seats`, `edge`, `crowd`).

#![allow(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure and picks what it looks at"
)]

use std::collections::BTreeMap;
use std::net::IpAddr;

use door::admission::{Admission, Answer, CLOSING_MAX, Offer, Rank, Rules};
use proptest::prelude::*;
use proto::unit::{Millis, Mono};

const RULES: Rules = Rules {
    porch: 4,
    share: 2,
    grace: Millis::new(500),
    inside: 3,
    reserve: 2,
    strangers: 2,
    strangers_per_minute: 3,
};

fn ip(last: u8) -> IpAddr {
    [192, 168, 1, last].into()
}

fn at(ms: u64) -> Mono {
    Mono::from_millis(ms)
}

#[derive(Debug, Clone)]
enum Step {
    Offer(u8),
    Looked(u8),
    Heard(u8),
    Prove(u8, u8),
    Spoke(u8),
    Close(u8),
    Press,
    Later(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..6u8).prop_map(Step::Offer),
        4 => any::<u8>().prop_map(Step::Looked),
        1 => any::<u8>().prop_map(Step::Heard),
        3 => (any::<u8>(), 0..4u8).prop_map(|(n, rank)| Step::Prove(n, rank)),
        1 => any::<u8>().prop_map(Step::Spoke),
        2 => any::<u8>().prop_map(Step::Close),
        1 => Just(Step::Press),
        2 => (0..700u16).prop_map(Step::Later),
    ]
}

/// An open connection as the world sees it.
#[derive(Debug, Clone, Copy)]
struct Seen {
    since: u64,
    address: u8,
    silent: Option<u64>,
    rank: Option<Rank>,
    told_to_go: bool,
}

/// What the world knows of the house by its words alone.
#[derive(Default)]
struct World {
    now: u64,
    open: BTreeMap<u64, Seen>,
}

impl World {
    fn pick(&self, n: u8) -> Option<u64> {
        self.open.keys().nth(usize::from(n) % self.open.len().max(1)).copied()
    }

    fn tell_to_go(&mut self, id: u64) -> Seen {
        let seen = self.open.get_mut(&id).expect("open");
        assert!(!seen.told_to_go, "told to go twice");
        seen.told_to_go = true;
        *seen
    }

    fn offered(&mut self, house: &mut Admission, address: u8) {
        match house.offer(ip(address), at(self.now)) {
            Offer::Admit { id, evict } => {
                if let Some(gone) = evict {
                    let gone = self.tell_to_go(gone);
                    assert_eq!(gone.rank, None, "a newcomer takes no place inside");
                    let other = gone.address != address;
                    let grace = match gone.silent {
                        Some(_) if other => 0,
                        Some(_) => 125,
                        None if other => 500,
                        None => 2_000,
                    };
                    let from = gone.silent.unwrap_or(gone.since);
                    assert!(from + grace <= self.now, "evicted within its grace: {gone:?}");
                }
                let (since, silent, rank, told_to_go) = (self.now, None, None, false);
                self.open.insert(id, Seen { since, address, silent, rank, told_to_go });
            }
            Offer::Wait(Some(until)) => assert!(until.millis() <= self.now + 2_000),
            Offer::Wait(None) => {
                assert!(self.open.values().filter(|seen| seen.told_to_go).count() >= CLOSING_MAX);
            }
        }
    }

    fn proved(&mut self, house: &mut Admission, id: u64, rank: Rank) {
        let seen = self.open[&id];
        let known = seen.rank.is_some() || seen.told_to_go;
        let lesser = self.open.values().any(|seen| {
            !seen.told_to_go && matches!(seen.rank, Some(Rank::Stranger | Rank::Ordinary))
        });
        match house.prove(id, rank, None, at(self.now)) {
            Answer::Stay(evict) => {
                assert!(!known);
                if let Some(gone) = evict {
                    let victim = self.tell_to_go(gone).rank;
                    assert!(victim.is_some() && victim != Some(Rank::Urgent), "{victim:?}");
                }
                self.open.get_mut(&id).expect("open").rank = Some(rank);
            }
            Answer::Full => assert!(rank != Rank::Urgent || !lesser, "an emergency was refused"),
            Answer::Gone => assert!(known),
        }
    }

    fn change(&mut self, house: &mut Admission, step: &Step) {
        let n = match step {
            Step::Looked(n) | Step::Heard(n) | Step::Prove(n, _) => *n,
            Step::Spoke(n) | Step::Close(n) => *n,
            Step::Offer(_) | Step::Press | Step::Later(_) => return,
        };
        let Some(id) = self.pick(n) else { return };
        match step {
            Step::Looked(_) => {
                house.looked(id, at(self.now));
                let seen = self.open.get_mut(&id).expect("open");
                seen.silent = seen.silent.or(Some(self.now));
            }
            Step::Heard(_) => {
                house.heard(id);
                self.open.get_mut(&id).expect("open").silent = None;
            }
            Step::Prove(_, rank) => {
                let ranks = [Rank::Urgent, Rank::Ordinary, Rank::Local, Rank::Stranger];
                self.proved(house, id, ranks[usize::from(*rank)]);
            }
            Step::Spoke(_) => house.spoke(id, at(self.now)),
            Step::Close(_) => {
                house.closed(id);
                self.open.remove(&id);
            }
            Step::Offer(_) | Step::Press | Step::Later(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn whatever_comes_no_place_inside_goes_to_nobodies_and_the_house_is_bounded(
        steps in proptest::collection::vec(step(), 1..250)
    ) {
        let (mut house, mut world) = (Admission::new(RULES), World::default());
        for step in steps {
            world.change(&mut house, &step);
            match step {
                Step::Offer(address) => world.offered(&mut house, address),
                Step::Press => {
                    if let Some(gone) = house.press() {
                        prop_assert_eq!(world.tell_to_go(gone).rank, None);
                    }
                }
                Step::Later(ms) => world.now += u64::from(ms),
                _ => {}
            }
            prop_assert_eq!(house.open(), world.open.len());
            prop_assert!(house.nobodies() <= RULES.porch);
            prop_assert!(house.open() <= 4 + 3 + 2 + CLOSING_MAX);
        }
    }
}
