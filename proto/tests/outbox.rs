//! The outbox keeps its promises: emergencies never go missing, and what goes missing is told.
//!
//! Beside the cases, plain counters are kept through random steps: everything that went in is somewhere.
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]
#![expect(clippy::expect_used, reason = "a failed assumption fails the test")]

use proptest::prelude::*;
use proto::frame::Lane;
use proto::id::Seq;
use proto::outbox::{Full, Number, Outbox};
use proto::unit::Millis;

type Small = Outbox<u32, 6, 2>;

fn push(outbox: &mut Small, lane: Lane, item: u32) -> Option<Number> {
    let seq = Some(Seq::new(item));
    outbox.push(lane, seq, Millis::secs(item.into()), item).expect("there is room")
}

fn items(outbox: &Small) -> Vec<u32> {
    outbox.iter().map(|entry| entry.item).collect()
}

#[test]
fn an_emergency_goes_before_everything_that_waits() {
    let mut outbox = Small::new();
    push(&mut outbox, Lane::Telemetry, 1);
    push(&mut outbox, Lane::Telemetry, 2);
    push(&mut outbox, Lane::Emergency, 3);
    push(&mut outbox, Lane::Emergency, 4);
    let order: Vec<u32> = core::iter::from_fn(|| outbox.send(8).map(|e| e.item)).collect();
    assert_eq!(order, [4, 3, 1, 2], "newest emergency first, then telemetry in order");
}

#[test]
fn one_telemetry_in_flight_is_all_that_an_emergency_waits_behind() {
    let mut outbox = Small::new();
    push(&mut outbox, Lane::Telemetry, 1);
    push(&mut outbox, Lane::Telemetry, 2);
    assert_eq!(outbox.send(1).map(|e| e.item), Some(1));
    assert_eq!(outbox.send(1).map(|e| e.item), None, "the window is full");
    push(&mut outbox, Lane::Emergency, 3);
    assert_eq!(outbox.send(1).map(|e| e.item), Some(3), "an emergency needs no window");
}

#[test]
fn the_oldest_telemetry_is_shed_and_its_loss_is_told() {
    let mut outbox = Small::new();
    for item in 1..=7 {
        push(&mut outbox, Lane::Telemetry, item);
    }
    assert_eq!(items(&outbox), [4, 5, 6, 7], "two places are reserved");
    let lost = *outbox.lost().expect("three were shed");
    assert_eq!((lost.count, lost.since, lost.uptime), (3, Some(Seq::new(1)), Millis::secs(5)));
    outbox.told(&lost);
    assert_eq!(outbox.lost(), None);
}

#[test]
fn what_is_lost_while_a_loss_is_told_is_told_next() {
    let mut outbox = Small::new();
    for item in 1..=6 {
        push(&mut outbox, Lane::Telemetry, item);
    }
    let first = *outbox.lost().expect("two were shed");
    push(&mut outbox, Lane::Telemetry, 7);
    outbox.told(&first);
    assert_eq!(outbox.lost().map(|lost| (lost.count, lost.since)), Some((1, None)));
}

#[test]
fn emergencies_take_the_room_of_telemetry_and_are_never_shed() {
    let mut outbox = Small::new();
    for item in 1..=4 {
        push(&mut outbox, Lane::Telemetry, item);
    }
    for item in 11..=16 {
        push(&mut outbox, Lane::Emergency, item);
    }
    assert_eq!(items(&outbox), [11, 12, 13, 14, 15, 16]);
    assert_eq!(outbox.lost().map(|lost| lost.count), Some(4));
    let refused = outbox.push(Lane::Emergency, None, Millis::default(), 17);
    assert_eq!(refused, Err(Full(17)), "handed back, so that its owner can say so");
    assert_eq!(push(&mut outbox, Lane::Telemetry, 5), None, "telemetry sheds itself");
    assert_eq!(outbox.lost().map(|lost| lost.count), Some(5));
}

#[test]
fn what_is_in_flight_is_shed_last_and_sent_again_after_the_link_is_lost() {
    let mut outbox = Small::new();
    for item in 1..=4 {
        push(&mut outbox, Lane::Telemetry, item);
    }
    outbox.send(1);
    push(&mut outbox, Lane::Telemetry, 5);
    assert_eq!(items(&outbox), [1, 3, 4, 5]);
    assert_eq!(outbox.in_flight(Lane::Telemetry), 1);
    outbox.link_lost();
    assert_eq!(outbox.send(1).map(|e| e.item), Some(1));
}

#[test]
fn old_acknowledgements_change_nothing() {
    let mut outbox = Small::new();
    let numbers: Vec<Number> =
        (1..=3).filter_map(|item| push(&mut outbox, Lane::Telemetry, item)).collect();
    assert_eq!(outbox.acknowledge_through(numbers[1]), 2);
    assert_eq!(outbox.acknowledge_through(numbers[0]), 0);
    assert!(outbox.acknowledge(numbers[1]).is_none());
    assert_eq!(outbox.acknowledge(numbers[2]).map(|e| e.item), Some(3));
    let continued = Small::starting_at(outbox.next_number());
    assert!(continued.next_number() > numbers[2], "numbers never come back");
}

#[derive(Debug, Clone)]
enum Move {
    Push(bool),
    Send(usize),
    Acknowledge(u64),
    Through(u64),
    LinkLost,
    Tell,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        5 => any::<bool>().prop_map(Move::Push),
        3 => (0..3usize).prop_map(Move::Send),
        2 => (0..60u64).prop_map(Move::Acknowledge),
        1 => (0..60u64).prop_map(Move::Through),
        1 => Just(Move::LinkLost),
        1 => Just(Move::Tell),
    ];
    proptest::collection::vec(one, 0..120)
}

/// What a slow and obvious book-keeper knows of an outbox.
#[derive(Default)]
struct Books {
    pushed: u64,
    acknowledged: u64,
    refused: u64,
    told: u64,
    emergencies: Vec<Number>,
}

impl Books {
    fn step(&mut self, outbox: &mut Small, n: u32, step: &Move) -> Result<(), TestCaseError> {
        match *step {
            Move::Push(urgent) => {
                self.pushed += 1;
                let lane = if urgent { Lane::Emergency } else { Lane::Telemetry };
                match outbox.push(lane, None, Millis::default(), n) {
                    Ok(number) if urgent => self.emergencies.push(number.expect("numbered")),
                    Ok(_) => {}
                    Err(Full(item)) => {
                        prop_assert!(urgent && item == n);
                        prop_assert_eq!(outbox.waiting(Lane::Emergency), 6);
                        self.refused += 1;
                    }
                }
            }
            Move::Send(window) => {
                let urgent = outbox.iter().any(|e| e.lane == Lane::Emergency && !e.in_flight);
                if let Some(entry) = outbox.send(window) {
                    prop_assert_eq!(entry.lane == Lane::Emergency, urgent);
                }
            }
            Move::Acknowledge(number) => {
                self.emergencies.retain(|e| e.get() != number);
                let gone = outbox.acknowledge(Number::new(number)).is_some();
                self.acknowledged += u64::from(gone);
            }
            Move::Through(number) => {
                self.emergencies.retain(|e| e.get() > number);
                let gone = outbox.acknowledge_through(Number::new(number));
                self.acknowledged += u64::try_from(gone).unwrap();
            }
            Move::LinkLost => {
                outbox.link_lost();
                prop_assert!(outbox.iter().all(|e| !e.in_flight));
            }
            Move::Tell => {
                if let Some(lost) = outbox.lost().copied() {
                    self.told += lost.count;
                    outbox.told(&lost);
                }
            }
        }
        Ok(())
    }
}

proptest! {
    /// Everything that went in is waiting, acknowledged, handed back or counted as lost; of emergencies none is lost.
    #[test]
    fn nothing_goes_missing(moves in moves()) {
        let (mut outbox, mut books) = (Small::new(), Books::default());
        for (n, step) in (1u32..).zip(&moves) {
            books.step(&mut outbox, n, step)?;
            let waiting = u64::try_from(outbox.iter().count()).unwrap();
            let lost = outbox.lost().map_or(0, |lost| lost.count) + books.told;
            prop_assert_eq!(books.pushed, waiting + books.acknowledged + books.refused + lost);
            let held: Vec<Number> =
                outbox.iter().filter(|e| e.lane == Lane::Emergency).map(|e| e.number).collect();
            prop_assert_eq!(&held, &books.emergencies, "no emergency is shed");
            prop_assert!(outbox.waiting(Lane::Telemetry) <= 4);
        }
    }
}
