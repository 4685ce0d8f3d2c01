//! What the spool has acknowledged is there after a power cut, a full disk, a failing sync.
//!
//! A power cut is a copy of the files as they are on disk at that moment, opened elsewhere. A child
//! process that is killed in a loop does the same for real. Not here: doors and devices.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

use std::path::Path;

use gateway::clock::Clock;
use gateway::spool::{Bounds, Entry, Fate, OwnFrame, Place, RowId, Spool};
use proto::down::Rung;
use proto::frame::Lane;
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::relay::RelayKind;
use proto::unit::{Millis, Mono};

const NOW: Mono = Mono::from_millis(1_000_000);

fn bounds(spool_bytes: u64, reserve_bytes: u64) -> Bounds {
    Bounds { spool_bytes, reserve_bytes, raw_for: Millis::secs(3600), sent_for: Millis::secs(3600) }
}

fn open(dir: &Path) -> Spool {
    let spool = Spool::open(dir, bounds(64 << 20, 1 << 20)).unwrap();
    spool.begin(Clock::resume(spool.time_mark().unwrap().as_ref()), 7).unwrap();
    spool
}

fn id(seq: u32) -> PressId {
    PressId { device: DeviceId::new(3).unwrap(), boot: BootId::new(1, 1), seq: Seq::new(seq) }
}

fn entry(seq: u32, lane: Lane, place: Place, bytes: &[u8]) -> Entry<'_> {
    Entry { lane, place, kind: RelayKind::Open, id: id(seq), bytes }
}

fn press(seq: u32) -> Entry<'static> {
    entry(seq, Lane::Emergency, Place::Up, b"help")
}

fn keep(spool: &Spool, entries: &[Entry<'_>]) -> Vec<Fate> {
    let mut fates = Vec::new();
    spool.keep(NOW, entries, &mut fates);
    assert_eq!(fates.len(), entries.len());
    fates
}

fn waiting(spool: &Spool, lane: Lane) -> usize {
    spool.reader().unwrap().waiting(lane, RowId::START, 100_000).unwrap().len()
}

/// The files as a power cut leaves them: the log is there, the shared memory is not.
fn cut(from: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["spool.db", "spool.db-wal"] {
        let _ = std::fs::copy(from.join(name), dir.path().join(name));
    }
    dir
}

#[test]
fn every_acknowledged_press_survives_a_power_cut_after_any_commit() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for seq in 1..=60 {
        assert_eq!(keep(&spool, &[press(seq)]), [Fate::New]);
        let after = cut(dir.path());
        let revived = open(after.path());
        assert_eq!(waiting(&revived, Lane::Emergency), usize::try_from(seq).unwrap());
    }
}

#[test]
fn a_torn_tail_of_the_log_costs_only_what_was_not_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    (1..=3).for_each(|seq| drop(keep(&spool, &[press(seq)])));
    let sure = std::fs::metadata(dir.path().join("spool.db-wal")).unwrap().len();
    keep(&spool, &[press(4)]);
    let whole = std::fs::metadata(dir.path().join("spool.db-wal")).unwrap().len();
    assert!(whole > sure);
    for length in (sure..whole).step_by(509) {
        let after = cut(dir.path());
        let log = std::fs::File::options().write(true).open(after.path().join("spool.db-wal"));
        log.unwrap().set_len(length).unwrap();
        assert_eq!(waiting(&open(after.path()), Lane::Emergency), 3, "cut at byte {length}");
    }
}

#[test]
fn a_repeat_is_known_and_answered_with_its_rung() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    assert_eq!(keep(&spool, &[press(1), press(1)]), [Fate::New, Fate::Again(Some(Rung::Stored))]);
    assert!(spool.raise_rung(NOW, id(1), Rung::Received, b"sealed").unwrap());
    assert!(!spool.raise_rung(NOW, id(1), Rung::Stored, b"late").unwrap(), "rungs only rise");
    assert_eq!(keep(&spool, &[press(1)]), [Fate::Again(Some(Rung::Received))]);
    let row = spool.rung(id(1)).unwrap().unwrap();
    assert_eq!(row.sealed.as_deref(), Some(b"sealed".as_slice()));
}

#[test]
fn a_press_repeated_long_after_its_acknowledgement_asks_the_server_again() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    keep(&spool, &[press(1)]);
    let row = spool.reader().unwrap().waiting(Lane::Emergency, RowId::START, 9).unwrap()[0].row;
    spool.mark_sent(NOW, &[row]).unwrap();
    assert_eq!(waiting(&spool, Lane::Emergency), 0);
    keep(&spool, &[press(1)]);
    assert_eq!(waiting(&spool, Lane::Emergency), 0, "the answer may still be on its way");
    let mut fates = Vec::new();
    spool.keep(NOW.after(Millis::secs(10)), &[press(1)], &mut fates);
    assert_eq!(waiting(&spool, Lane::Emergency), 1);
}

#[test]
fn a_full_spool_drops_raw_then_telemetry_and_never_a_press() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(dir.path(), bounds(512 << 10, 1 << 20)).unwrap();
    spool.begin(Clock::resume(None), 7).unwrap();
    let bytes = [7; 800];
    let mut seq = 0;
    let mut presses = 0;
    for _round in 0..200 {
        let mut group = Vec::new();
        for kind in 0..12 {
            seq += 1;
            group.push(match kind {
                0 => entry(seq, Lane::Emergency, Place::Up, &bytes[..200]),
                1..=4 => entry(seq, Lane::Telemetry, Place::Up, &bytes),
                _ => entry(seq, Lane::Telemetry, Place::Raw, &bytes),
            });
        }
        let fates = keep(&spool, &group);
        assert_eq!(fates[0], Fate::New, "a press is kept");
        presses += 1;
        assert!(fates.iter().all(|fate| matches!(fate, Fate::New | Fate::Shed)), "{fates:?}");
    }
    assert_eq!(waiting(&spool, Lane::Emergency), presses);
    let usage = spool.usage().unwrap();
    assert!(usage.lost > 0, "what was dropped is counted: {usage:?}");
    assert!(usage.bytes <= (512 << 10) + (1 << 20), "{usage:?}");
}

#[test]
fn the_reserve_takes_ten_thousand_presses_when_all_else_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(dir.path(), bounds(256 << 10, 16 << 20)).unwrap();
    spool.begin(Clock::resume(None), 7).unwrap();
    let bytes = [7; 200];
    for group in 0..100_u32 {
        let entries: Vec<_> =
            (0..100).map(|n| entry(group * 100 + n, Lane::Emergency, Place::Up, &bytes)).collect();
        assert!(keep(&spool, &entries).iter().all(|fate| *fate == Fate::New), "group {group}");
    }
    assert_eq!(waiting(&spool, Lane::Emergency), 10_000);
}

#[test]
fn what_was_dropped_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(dir.path(), bounds(256 << 10, 1 << 20)).unwrap();
    spool.begin(Clock::resume(None), 7).unwrap();
    let bytes = [7; 900];
    for seq in 0..2_000 {
        keep(&spool, &[entry(seq, Lane::Telemetry, Place::Up, &bytes)]);
    }
    let lost = spool.usage().unwrap().lost;
    let mut told = Vec::new();
    for _ in 0..2 {
        spool
            .tell_loss(NOW, &mut |count| {
                told.push(u64::from(count));
                Some((id(9_999), b"loss".to_vec()))
            })
            .unwrap();
    }
    assert_eq!(told, [lost]);
}

#[test]
fn strangers_have_a_store_of_their_own_that_ends() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    let shout = |n: u32| {
        let bytes = n.to_be_bytes();
        let mut fates = Vec::new();
        let entry = Entry { kind: RelayKind::Stranger, bytes: &bytes, ..press(0) };
        spool.keep(NOW, &[entry], &mut fates);
        fates[0]
    };
    assert!((0..64).all(|n| shout(n) == Fate::New));
    assert_eq!(shout(64), Fate::Refused, "one stranger fills nothing for others");
    assert_eq!(shout(3), Fate::Again(None), "a repeat is known by its bytes");
    keep(&spool, &[press(1)]);
    let rows = spool.reader().unwrap().waiting(Lane::Emergency, RowId::START, 4).unwrap();
    assert_eq!(rows[0].kind, RelayKind::Open, "a verified press goes before strangers");
}

#[test]
fn the_own_boot_counter_rises_with_every_start_and_time_does_not_go_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = 0;
    let mut high = Mono::default();
    for _ in 0..3 {
        let spool = Spool::open(dir.path(), bounds(1 << 20, 1 << 16)).unwrap();
        let clock = Clock::resume(spool.time_mark().unwrap().as_ref());
        assert!(clock.now() >= high);
        high = clock.now();
        let boot = spool.begin(clock, 41).unwrap();
        assert_eq!(boot.life, 41);
        assert!(boot.counter > last);
        last = boot.counter;
        spool.put_own(NOW, &[OwnFrame { id: id(last), bytes: b"own" }]).unwrap();
    }
}

#[test]
fn what_is_past_its_time_is_tidied_and_unsent_presses_stay() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    keep(&spool, &[press(1), entry(2, Lane::Telemetry, Place::Raw, b"raw"), press(3)]);
    let rows = spool.reader().unwrap().waiting(Lane::Emergency, RowId::START, 9).unwrap();
    spool.mark_sent(NOW, &[rows[0].row]).unwrap();
    while spool.tidy(NOW.after(Millis::secs(7200))).unwrap() {}
    assert_eq!(waiting(&spool, Lane::Emergency), 1);
    assert_eq!(spool.usage().unwrap().raw, 0);
}

#[test]
fn a_press_without_an_answer_goes_up_again_until_the_server_says_that_it_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    keep(&spool, &[press(1)]);
    let row = spool.reader().unwrap().waiting(Lane::Emergency, RowId::START, 9).unwrap()[0].row;
    spool.mark_sent(NOW, &[row]).unwrap();
    assert!(!spool.ask_again(NOW.after(Millis::secs(9))).unwrap(), "the answer is not late yet");
    assert!(spool.ask_again(NOW.after(Millis::secs(11))).unwrap());
    assert_eq!(waiting(&spool, Lane::Emergency), 1);
    spool.mark_sent(NOW, &[row]).unwrap();
    spool.raise_rung(NOW, id(1), Rung::Received, b"sealed").unwrap();
    assert!(!spool.ask_again(NOW.after(Millis::secs(60))).unwrap());
}

#[test]
fn presses_that_are_never_answered_keep_no_older_one_from_being_asked_about() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    keep(&spool, &[entry(1, Lane::Emergency, Place::Up, b"the oldest")]);
    let others: Vec<_> = (2..=60).map(press).collect();
    spool.keep(NOW.after(Millis::secs(1)), &others, &mut Vec::new());
    let rows = || spool.reader().unwrap().waiting(Lane::Emergency, RowId::START, 99).unwrap();
    let sent = |at| {
        let rows: Vec<_> = rows().iter().map(|row| row.row).collect();
        spool.mark_sent(at, &rows).unwrap();
    };
    sent(NOW.after(Millis::secs(1)));
    let asked = (1..=4).any(|round| {
        let at = NOW.after(Millis::secs(1 + 11 * round));
        assert!(spool.ask_again(at).unwrap());
        let asked = rows().iter().any(|row| row.bytes == b"the oldest");
        sent(at);
        asked
    });
    assert!(asked, "sixty presses are sixteen at a time in four turns");
}
