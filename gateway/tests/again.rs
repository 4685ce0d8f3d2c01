//! What the server may have lost goes up again: behind everything new, once, and with the end that it had.
//!
//! The session is pure, the spool is on a real disk. Not here: what a server makes of it (`tests/restore.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

use std::path::Path;

use gateway::clock::Clock;
use gateway::spool::{Again, Bounds, Entry, Place, Reached, RosterRow, RowId, Spool, Waiting};
use gateway::uplink::{Action, Session};
use proto::down::Rung;
use proto::frame::Lane;
use proto::id::{BootId, DeviceId, HomeId, KeyEpoch, PressId, Seq};
use proto::key::HopKey;
use proto::relay::RelayKind;
use proto::unit::{Millis, Mono};
use proto::up::Role;

const LINE: u64 = 3;

fn at(ms: u64) -> Mono {
    Mono::from_millis(ms)
}

// --- the spool

fn open(dir: &Path) -> Spool {
    let (raw_for, sent_for) = (Millis::secs(3600), Millis::minutes(72 * 60));
    let bounds = Bounds { spool_bytes: 64 << 20, reserve_bytes: 1 << 20, raw_for, sent_for };
    let spool = Spool::open(dir, bounds).unwrap();
    spool.begin(Clock::resume(spool.time_mark().unwrap().as_ref()), 7).unwrap();
    spool
}

fn name(device: u64, seq: u32) -> PressId {
    let device = DeviceId::new(device).unwrap();
    PressId { device, boot: BootId::new(1, 1), seq: Seq::new(seq) }
}

/// Keeps a frame at a time and has it acknowledged ten milliseconds later.
fn send(spool: &Spool, now: u64, lane: Lane, device: u64, seq: u32) {
    let (place, kind, id) = (Place::Up, RelayKind::Open, name(device, seq));
    let bytes = seq.to_be_bytes();
    spool.keep(at(now), &[Entry { lane, place, kind, id, bytes: &bytes }], &mut Vec::new());
    let rows = spool.reader().unwrap().waiting(lane, RowId::START, 100).unwrap();
    let rows: Vec<RowId> = rows.iter().map(|waiting| waiting.row).collect();
    spool.mark_sent(at(now + 10), &rows).unwrap();
}

fn enrol(spool: &Spool, device: u64, home: u64) {
    let row = RosterRow {
        device: DeviceId::new(device).unwrap(),
        home: HomeId::new(home).unwrap(),
        role: Role::HelpButton,
        epoch: KeyEpoch::new(1),
        key: HopKey::from_bytes([4; 32]),
        released: false,
        proof: None,
        proofs: door::proofs::Proofs::default(),
        former: None,
        by_former: false,
    };
    spool.enrol(&row).unwrap();
}

fn again(spool: &Spool, lane: Lane) -> Vec<(u32, Option<u64>)> {
    let rows = spool.reader().unwrap().again(lane, 100).unwrap();
    let seq = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    rows.iter().map(|row| (seq(&row.waiting.bytes), row.ended.map(Mono::millis))).collect()
}

fn reached(spool: u64, through: u64) -> Reached {
    Reached { line: LINE, spool, through, restored: false }
}

#[test]
fn what_came_after_the_position_goes_up_again_until_it_is_acknowledged_and_survives_a_cut() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for n in 1..=6u32 {
        send(&spool, u64::from(n) * 1_000, Lane::Emergency, 3, n);
        send(&spool, u64::from(n) * 1_000 + 500, Lane::Telemetry, 3, 100 + n);
    }
    let mine = spool.reached(at(9_000), Lane::Emergency, &reached(0, 0)).unwrap().spool;
    assert!(again(&spool, Lane::Emergency).is_empty(), "they have never spoken of positions");
    spool.told(Lane::Emergency, LINE).unwrap();
    for lane in [Lane::Emergency, Lane::Telemetry] {
        spool.reached(at(9_000), lane, &reached(mine, 3_500)).unwrap();
    }
    assert_eq!(again(&spool, Lane::Emergency), [(6, None), (5, None), (4, None)], "newest first");
    let telemetry: Vec<u32> = again(&spool, Lane::Telemetry).iter().map(|row| row.0).collect();
    assert_eq!(telemetry, [103, 104, 105, 106], "in order");
    let newest = spool.reader().unwrap().again(Lane::Emergency, 1).unwrap()[0].waiting.row;
    spool.mark_sent(at(9_100), &[newest]).unwrap();
    drop(spool);
    let spool = open(dir.path());
    assert_eq!(again(&spool, Lane::Emergency), [(5, None), (4, None)], "a span needs no list");
    spool.reached(at(9_500), Lane::Emergency, &reached(mine, 4_500)).unwrap();
    assert_eq!(again(&spool, Lane::Emergency).len(), 3, "a span is never made shorter");
    spool.span_done(Lane::Emergency).unwrap();
    assert!(again(&spool, Lane::Emergency).is_empty());
}

#[test]
fn a_server_that_has_lost_its_place_or_knows_another_spool_is_given_the_whole_window() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    (1..=3u32).for_each(|n| send(&spool, u64::from(n) * 1_000, Lane::Emergency, 3, n));
    let mine = spool.reached(at(5_000), Lane::Emergency, &reached(0, 0)).unwrap().spool;
    spool.told(Lane::Emergency, LINE).unwrap();
    spool.reached(at(5_000), Lane::Emergency, &reached(0, 0)).unwrap();
    assert_eq!(again(&spool, Lane::Emergency).len(), 3);
    spool.span_done(Lane::Emergency).unwrap();
    spool.reached(at(5_000), Lane::Emergency, &reached(mine + 1, 4_000)).unwrap();
    assert_eq!(again(&spool, Lane::Emergency).len(), 3);
    spool.span_done(Lane::Emergency).unwrap();
    let turn = spool.reached(at(5_000), Lane::Emergency, &reached(mine, 60_000)).unwrap();
    assert_eq!(again(&spool, Lane::Emergency).len(), 3, "its numbers have gone back");
    assert_ne!(turn.spool, mine, "and begin anew");
}

#[test]
fn a_press_says_that_it_had_ended_only_if_a_person_had_it_and_the_home_was_over_after_that() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    (1..=4).for_each(|device| enrol(&spool, device, if device == 4 { 9 } else { 8 }));
    for device in 1..=4u32 {
        send(&spool, 1_000 * u64::from(device), Lane::Emergency, device.into(), device);
    }
    let seen = |now, device: u32| {
        spool.raise_rung(at(now), name(device.into(), device), Rung::Seen, b"").unwrap();
    };
    let home = |home| HomeId::new(home).unwrap();
    seen(10_000, 1);
    spool.ended(at(11_000), home(8)).unwrap();
    seen(12_000, 2);
    spool.ended(at(13_000), home(8)).unwrap();
    seen(14_000, 4);
    let mine = spool.reached(at(20_000), Lane::Emergency, &reached(0, 0)).unwrap().spool;
    spool.reached(at(20_000), Lane::Emergency, &reached(mine, 500)).unwrap();
    let found = again(&spool, Lane::Emergency);
    let expected = [(4, None), (3, None), (2, Some(13_000)), (1, Some(11_000))];
    assert_eq!(found, expected, "unknown means open, and each has the end that was its own");
    // The server has the presses, and not yet that the second has ended.
    spool.span_done(Lane::Emergency).unwrap();
    spool.reached(at(20_000), Lane::Emergency, &reached(mine, 12_500)).unwrap();
    assert_eq!(again(&spool, Lane::Emergency), [(2, Some(13_000))]);
}

#[test]
fn who_had_the_newest_press_of_a_device_had_those_before_it_and_they_ended_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    enrol(&spool, 1, 8);
    enrol(&spool, 2, 8);
    (1..=4).for_each(|seq| send(&spool, 1_000 * u64::from(seq), Lane::Emergency, 1, seq));
    send(&spool, 4_500, Lane::Emergency, 2, 5);
    spool.raise_rung(at(6_000), name(1, 4), Rung::Seen, b"").unwrap();
    send(&spool, 7_000, Lane::Emergency, 1, 6);
    spool.ended(at(8_000), HomeId::new(8).unwrap()).unwrap();
    let mine = spool.reached(at(20_000), Lane::Emergency, &reached(0, 0)).unwrap().spool;
    spool.reached(at(20_000), Lane::Emergency, &reached(mine, 500)).unwrap();
    let ended = Some(8_000);
    let expected = [(6, None), (5, None), (4, ended), (3, ended), (2, ended), (1, ended)];
    assert_eq!(again(&spool, Lane::Emergency), expected, "later presses, other devices: open");
}

// --- the session

fn again_row(row: i64) -> Again {
    let waiting =
        Waiting { row: RowId::new(row), kind: RelayKind::Open, stored: at(0), bytes: Vec::new() };
    Again { waiting, ended: None }
}

/// A session that is up and has looked for new rows and found none.
fn up(lane: Lane) -> Session {
    let mut session = Session::new(lane, at(0));
    session.handle_timeout(at(0));
    assert_eq!(session.next_action(), Some(Action::Connect));
    session.handle_connected(at(0));
    none_waits(&mut session, 0);
    session
}

fn none_waits(session: &mut Session, now: u64) {
    while let Some(action) = session.next_action() {
        let Action::Read(_, limit) = action else { panic!("{action:?}") };
        session.handle_rows(at(now), Vec::new(), limit);
    }
}

fn actions(session: &mut Session) -> Vec<Action> {
    std::iter::from_fn(|| session.next_action()).collect()
}

#[test]
fn nothing_is_marked_before_the_server_has_said_what_it_has_nor_while_something_is_to_go_again() {
    let mut session = up(Lane::Emergency);
    session.handle_timeout(at(5_000));
    assert!(actions(&mut session).is_empty(), "the server has said nothing");
    session.handle_told(at(5_000));
    assert!(matches!(actions(&mut session)[..], [Action::ReadAgain(_)]));
    session.handle_again(at(5_000), vec![again_row(4), again_row(3)]);
    assert!(matches!(actions(&mut session)[..], [Action::SendAgain(_), Action::SendAgain(_)]));
    session.handle_acked(at(5_010));
    session.handle_acked(at(5_020));
    session.handle_rows(at(5_020), Vec::new(), 1);
    session.handle_timeout(at(5_200));
    let rows = session.to_mark();
    for action in actions(&mut session) {
        match action {
            Action::Read(_, limit) => session.handle_rows(at(5_200), Vec::new(), limit),
            // Acknowledged and not yet marked in the spool: they are still in the span.
            Action::ReadAgain(_) => {
                session.handle_again(at(5_200), vec![again_row(4), again_row(3)])
            }
            Action::Connect
            | Action::Disconnect
            | Action::Send(_)
            | Action::SendAgain(_)
            | Action::AgainDone
            | Action::Mark => panic!("{action:?}"),
        }
    }
    session.handle_marked(&rows);
    session.handle_timeout(at(5_400));
    assert!(matches!(actions(&mut session)[..], [Action::ReadAgain(_)]));
    session.handle_again(at(5_400), Vec::new());
    assert_eq!(actions(&mut session), [Action::AgainDone, Action::Mark]);
    session.handle_acked(at(5_410));
    assert!(session.to_mark().is_empty(), "a mark is no row");
    session.handle_lost(at(6_000), false, 0);
    session.handle_timeout(at(7_000));
    session.handle_connected(at(7_000));
    actions(&mut session);
    session.handle_rows(at(7_000), Vec::new(), 1);
    session.handle_timeout(at(20_000));
    assert!(!actions(&mut session).contains(&Action::Mark), "another link, another word");
}

#[test]
fn a_new_press_waits_behind_few_old_ones() {
    let mut session = up(Lane::Emergency);
    session.handle_told(at(0));
    assert!(matches!(actions(&mut session)[..], [Action::ReadAgain(_)]));
    session.handle_again(at(0), (100..200).map(again_row).collect());
    let sent = actions(&mut session);
    assert_eq!(sent.len(), 8, "a few at a time");
    session.handle_rows_stored(at(1), 7);
    let [Action::Read(_, limit)] = actions(&mut session)[..] else { panic!("it is read at once") };
    session.handle_rows(at(1), vec![again_row(900).waiting], limit);
    assert!(matches!(actions(&mut session)[..], [Action::Send(_)]), "and sent at once");
}

#[test]
fn telemetry_that_is_older_goes_first_so_that_numbers_arrive_in_order() {
    let mut session = Session::new(Lane::Telemetry, at(0));
    session.handle_timeout(at(0));
    assert_eq!(session.next_action(), Some(Action::Connect));
    session.handle_connected(at(0));
    session.handle_expecting(at(0));
    session.handle_rows_stored(at(1), 7);
    assert!(actions(&mut session).is_empty(), "the server may ask for what is older");
    session.handle_told(at(20));
    assert!(matches!(actions(&mut session)[..], [Action::ReadAgain(_)]));
    session.handle_again(at(20), (1..=10).map(again_row).collect());
    let sent = actions(&mut session);
    assert_eq!(sent.iter().filter(|a| matches!(a, Action::SendAgain(_))).count(), 10);
    assert!(!sent.iter().any(|action| matches!(action, Action::Read(..))), "{sent:?}");
    (0..10).for_each(|_| session.handle_acked(at(30)));
    let rows = session.to_mark();
    session.handle_marked(&rows);
    session.handle_timeout(at(300));
    assert!(actions(&mut session).iter().all(|action| matches!(action, Action::ReadAgain(_))));
    session.handle_again(at(300), Vec::new());
    let then = actions(&mut session);
    assert!(then.contains(&Action::AgainDone), "{then:?}");
    assert!(then.iter().any(|action| matches!(action, Action::Read(..))), "{then:?}");
}

#[test]
fn a_server_that_says_nothing_holds_telemetry_for_seconds_only() {
    let mut session = Session::new(Lane::Telemetry, at(0));
    session.handle_timeout(at(0));
    session.handle_connected(at(0));
    session.handle_expecting(at(0));
    actions(&mut session);
    assert_eq!(session.poll_timeout(), Some(at(5_000)));
    session.handle_timeout(at(5_000));
    assert!(matches!(actions(&mut session)[..], [Action::Read(..)]));
}

#[test]
fn telemetry_is_marked_once_a_minute_at_most() {
    let mut session = up(Lane::Telemetry);
    session.handle_told(at(0));
    actions(&mut session);
    session.handle_again(at(0), Vec::new());
    let mut marks = 0;
    let mut row = 1_000;
    for now in (0..300_000).step_by(500) {
        for action in actions(&mut session) {
            match action {
                Action::Read(_, limit) => {
                    row += 1;
                    session.handle_rows(at(now), vec![again_row(row).waiting], limit);
                }
                Action::Mark => {
                    marks += 1;
                    session.handle_acked(at(now));
                }
                Action::Send(_) => session.handle_acked(at(now)),
                Action::Connect
                | Action::Disconnect
                | Action::ReadAgain(_)
                | Action::SendAgain(_)
                | Action::AgainDone => {}
            }
        }
        session.handle_rows_stored(at(now), 7);
        session.handle_timeout(at(now));
    }
    assert!((4..=6).contains(&marks), "{marks} marks in five minutes");
}
