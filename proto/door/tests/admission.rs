//! The rules of a full house, as a table.
//!
//! Not here: what holds whatever comes (`admission_property`), sockets (`seats`, `edge`, `crowd`).

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure and picks what it looks at"
)]

use std::net::IpAddr;

use door::admission::{Admission, Answer, CLOSING_MAX, Offer, Rank, Rules, group};
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

/// Comes and says nothing.
fn enter(house: &mut Admission, address: u8, ms: u64) -> (u64, Option<u64>) {
    match house.offer(ip(address), at(ms)) {
        Offer::Admit { id, evict } => {
            house.looked(id, at(ms));
            (id, evict)
        }
        Offer::Wait(until) => panic!("it waits until {until:?}"),
    }
}

/// Comes and is proved in the same breath.
fn inside(house: &mut Admission, address: u8, rank: Rank, ms: u64) -> (u64, Answer) {
    let (id, _) = enter(house, address, ms);
    let answer = house.prove(id, rank, None, at(ms));
    if answer == Answer::Full {
        house.closed(id);
    }
    (id, answer)
}

#[test]
fn a_full_porch_turns_over_after_the_grace_and_refuses_nobody() {
    let mut house = Admission::new(Rules { share: 4, ..RULES });
    let first = enter(&mut house, 1, 0).0;
    for ms in 1..4 {
        enter(&mut house, 1, ms);
    }
    assert_eq!(house.offer(ip(1), at(10)), Offer::Wait(Some(at(500))), "all have their grace");
    assert_eq!(enter(&mut house, 1, 500).1, Some(first), "the oldest gives way");
    let mut house = Admission::new(RULES);
    for ms in 0..4 {
        enter(&mut house, 1, ms);
    }
    assert_eq!(house.offer(ip(1), at(10)), Offer::Wait(Some(at(125))), "who is greedy has less");
}

#[test]
fn who_holds_more_than_its_share_gives_way_at_once_to_other_addresses() {
    let mut house = Admission::new(RULES);
    let first = enter(&mut house, 1, 0).0;
    for ms in 1..4 {
        enter(&mut house, 1, ms);
    }
    assert_eq!(enter(&mut house, 2, 10).1, Some(first));
    assert_eq!(enter(&mut house, 3, 11).1, Some(first + 1), "down to its share");
    let waits = house.offer(ip(4), at(12));
    assert_eq!(waits, Offer::Wait(Some(at(502))), "and its share has its grace");
}

#[test]
fn a_storm_of_honest_callers_queues_before_the_door_and_evicts_none_of_its_own() {
    let mut house = Admission::new(RULES);
    let mut heard = Vec::new();
    for ms in 0..4 {
        let Offer::Admit { id, .. } = house.offer(ip(1), at(ms)) else { panic!("it waits") };
        heard.push(id);
    }
    house.looked(heard[1], at(5));
    house.heard(heard[1]);
    assert_eq!(house.offer(ip(1), at(1_999)), Offer::Wait(Some(at(2_000))), "the house is behind");
    assert_eq!(house.prove(heard[1], Rank::Urgent, None, at(1_999)), Answer::Stay(None));
    assert!(matches!(house.offer(ip(1), at(1_999)), Offer::Admit { evict: None, .. }));
    let other = house.offer(ip(2), at(1_999));
    assert!(matches!(other, Offer::Admit { evict: Some(_), .. }), "but others pass it by");
}

#[test]
fn the_silent_give_way_before_those_who_speak() {
    let mut house = Admission::new(RULES);
    let speaks = enter(&mut house, 1, 0).0;
    house.heard(speaks);
    let silent = enter(&mut house, 1, 1).0;
    for ms in 2..4 {
        let caller = enter(&mut house, 1, ms).0;
        house.heard(caller);
    }
    assert_eq!(enter(&mut house, 1, 501).1, Some(silent));
}

#[test]
fn many_addresses_with_one_visit_each_lock_out_nobody() {
    let mut house = Admission::new(RULES);
    let first = enter(&mut house, 1, 0).0;
    for address in 2..5 {
        enter(&mut house, address, u64::from(address));
    }
    assert_eq!(enter(&mut house, 9, 600).1, Some(first), "the oldest of all");
}

#[test]
fn a_full_porch_takes_no_place_from_who_proves_itself() {
    let mut house = Admission::new(RULES);
    for ms in 0..3 {
        enter(&mut house, 1, ms);
    }
    for number in 0..5 {
        let answer = inside(&mut house, 2, Rank::Urgent, 10 + number).1;
        assert_eq!(answer, Answer::Stay(None), "{number}");
    }
    assert_eq!(house.nobodies(), 3);
}

#[test]
fn emergencies_go_before_strangers_and_telemetry_and_telemetry_before_strangers() {
    let mut house = Admission::new(RULES);
    let telemetry = inside(&mut house, 1, Rank::Ordinary, 0).0;
    for ms in 1..3 {
        inside(&mut house, 1, Rank::Urgent, ms);
    }
    assert_eq!(inside(&mut house, 1, Rank::Ordinary, 3).1, Answer::Full, "the rest is reserve");
    let strangers = [4, 5].map(|ms| inside(&mut house, 2, Rank::Stranger, ms).0);
    for stranger in strangers {
        assert_eq!(inside(&mut house, 1, Rank::Urgent, 6).1, Answer::Stay(Some(stranger)));
    }
    assert_eq!(inside(&mut house, 1, Rank::Urgent, 7).1, Answer::Stay(Some(telemetry)));
    assert_eq!(inside(&mut house, 1, Rank::Urgent, 8).1, Answer::Full, "nobody goes for an equal");
    assert_eq!(inside(&mut house, 1, Rank::Stranger, 9).1, Answer::Full);
}

#[test]
fn telemetry_takes_the_place_of_a_stranger_in_a_full_house_and_of_nobody_else() {
    let mut house = Admission::new(Rules { strangers: 3, ..RULES });
    let strangers = [0, 1, 2].map(|ms| inside(&mut house, 2, Rank::Stranger, ms).0);
    for ms in 3..5 {
        assert_eq!(inside(&mut house, 1, Rank::Urgent, ms).1, Answer::Stay(None));
    }
    let answer = inside(&mut house, 1, Rank::Ordinary, 5).1;
    assert_eq!(answer, Answer::Stay(Some(strangers[0])), "the oldest of the silent");
    assert_eq!(inside(&mut house, 1, Rank::Ordinary, 6).1, Answer::Full, "the rest is reserve");
}

#[test]
fn who_comes_again_takes_its_own_place_in_a_full_house() {
    let mut house = Admission::new(RULES);
    let ids: Vec<_> = (0..5).map(|ms| inside(&mut house, 1, Rank::Urgent, ms).0).collect();
    let (id, _) = enter(&mut house, 1, 9);
    assert_eq!(house.prove(id, Rank::Urgent, Some(ids[2]), at(9)), Answer::Stay(None));
    assert_eq!(house.open(), 6, "its ghost is still closing");
    house.closed(ids[2]);
    assert_eq!(house.open(), 5);
}

#[test]
fn silent_strangers_make_room_for_the_next_one() {
    let mut house = Admission::new(RULES);
    let [first, second] = [0, 1].map(|ms| inside(&mut house, 1, Rank::Stranger, ms).0);
    assert_eq!(inside(&mut house, 2, Rank::Stranger, 2).1, Answer::Stay(Some(first)));
    house.spoke(second, at(3));
    let third = inside(&mut house, 3, Rank::Stranger, 4);
    assert_eq!(third.1, Answer::Stay(Some(second + 1)), "the silent before who has spoken");
}

#[test]
fn the_stranger_whose_address_holds_most_makes_room_and_not_the_one_that_waits_longest() {
    let mut house = Admission::new(Rules { strangers: 3, ..RULES });
    inside(&mut house, 1, Rank::Stranger, 0);
    let many = [1, 2].map(|ms| inside(&mut house, 2, Rank::Stranger, ms).0);
    assert_eq!(inside(&mut house, 3, Rank::Stranger, 3).1, Answer::Stay(Some(many[0])));
}

#[test]
fn an_address_may_speak_so_often_in_a_minute_and_silence_is_not_counted() {
    let mut house = Admission::new(Rules { strangers: 10, ..RULES });
    for ms in 0..20 {
        let (_, answer) = inside(&mut house, 1, Rank::Stranger, ms);
        assert!(matches!(answer, Answer::Stay(_)), "silent sessions refuse nobody");
    }
    let mut house = Admission::new(Rules { strangers: 10, ..RULES });
    for ms in 0..3 {
        let (id, answer) = inside(&mut house, 1, Rank::Stranger, ms);
        assert_eq!(answer, Answer::Stay(None));
        house.spoke(id, at(ms));
        house.closed(id);
    }
    assert_eq!(inside(&mut house, 1, Rank::Stranger, 4).1, Answer::Full);
    assert_eq!(inside(&mut house, 2, Rank::Stranger, 4).1, Answer::Stay(None));
    for ms in 60_002..60_005 {
        let (id, answer) = inside(&mut house, 1, Rank::Stranger, ms);
        assert_eq!(answer, Answer::Stay(None), "another minute has begun");
        house.spoke(id, at(ms));
        house.closed(id);
    }
    assert_eq!(inside(&mut house, 1, Rank::Stranger, 60_005).1, Answer::Full, "and it ends too");
}

#[test]
fn more_addresses_than_are_remembered_refuse_no_stranger() {
    let mut house = Admission::new(RULES);
    for number in 0..5_000u32 {
        let address = IpAddr::from(number.to_be_bytes());
        let Offer::Admit { id, .. } = house.offer(address, at(1)) else { panic!("it waits") };
        assert_eq!(house.prove(id, Rank::Stranger, None, at(1)), Answer::Stay(None), "{number}");
        house.spoke(id, at(1));
        house.closed(id);
    }
}

#[test]
fn addresses_that_spoke_are_forgotten_before_they_fill_the_memory() {
    let mut house = Admission::new(Rules { strangers_per_minute: 1, ..RULES });
    let mut speaks = |number: u32| {
        let address = IpAddr::from(number.to_be_bytes());
        let ms = u64::from(number);
        let Offer::Admit { id, .. } = house.offer(address, at(ms)) else { panic!("it waits") };
        let answer = house.prove(id, Rank::Stranger, None, at(ms));
        house.spoke(id, at(ms));
        house.closed(id);
        answer
    };
    assert_eq!(speaks(0), Answer::Stay(None));
    assert_eq!(speaks(0), Answer::Full, "it has spoken in this minute");
    (1..5_000).for_each(|number| {
        speaks(number);
    });
    assert_eq!(speaks(0), Answer::Stay(None), "who spoke first is forgotten first");
    assert_eq!(speaks(4_999), Answer::Full, "and who spoke last is not");
}

#[test]
fn a_local_program_that_has_said_nothing_makes_room_for_the_next_one() {
    let mut house = Admission::new(RULES);
    let ids: Vec<_> = (0..3).map(|ms| inside(&mut house, 1, Rank::Local, ms).0).collect();
    house.spoke(ids[0], at(5));
    assert_eq!(inside(&mut house, 1, Rank::Local, 100).1, Answer::Full, "each has its grace");
    assert_eq!(inside(&mut house, 1, Rank::Local, 600).1, Answer::Stay(Some(ids[1])));
    house.spoke(ids[2], at(700));
    house.spoke(ids[2] + 2, at(700));
    assert_eq!(inside(&mut house, 1, Rank::Local, 2_000).1, Answer::Full, "who speaks stays");
}

#[test]
fn the_watchdog_has_a_place_when_there_is_none() {
    let mut house = Admission::new(RULES);
    for ms in 0..5 {
        inside(&mut house, 1, Rank::Urgent, ms);
    }
    for ms in 5..9 {
        enter(&mut house, 1, ms);
    }
    let own = house.offer_own(ip(1), at(9));
    assert_eq!(house.prove(own, Rank::Urgent, None, at(9)), Answer::Stay(None));
    house.closed(own);
    assert_eq!(house.open(), 9);
}

#[test]
fn who_was_told_to_go_can_prove_nothing_any_more() {
    let mut house = Admission::new(RULES);
    let first = enter(&mut house, 1, 0).0;
    assert_eq!(house.press(), Some(first), "grace or not");
    assert_eq!(house.prove(first, Rank::Urgent, None, at(1)), Answer::Gone);
}

#[test]
fn who_was_told_to_go_and_stays_keeps_newcomers_out_so_that_handles_are_bounded() {
    let mut house = Admission::new(RULES);
    let all = RULES.porch + RULES.inside + RULES.reserve + CLOSING_MAX;
    let mut told_to_go = Vec::new();
    let mut ms = 0;
    while house.open() < all {
        told_to_go.extend(enter(&mut house, 1, ms).1);
        ms += 1_000;
    }
    assert_eq!(house.offer(ip(2), at(ms)), Offer::Wait(None), "nobody is ripe for any moment");
    house.closed(told_to_go[0]);
    assert!(matches!(house.offer(ip(2), at(ms)), Offer::Admit { .. }));
}

#[test]
fn a_network_of_version_6_is_one_address() {
    let one: IpAddr = "2001:db8:1:2::1".parse().unwrap();
    let other: IpAddr = "2001:db8:1:2:ffff::9".parse().unwrap();
    assert_eq!(group(one), group(other));
    assert_ne!(group(one), group("2001:db8:1:3::1".parse().unwrap()));
    assert_eq!(group("::ffff:192.168.1.7".parse().unwrap()), ip(7));
}
