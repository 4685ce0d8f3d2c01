//! A damaged byte in the log of the spool costs what lies behind it, is told, and stops no box.
//!
//! SQLite ends reading a log there without a word. Not here: spools that are gone (`lost_spool.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

use std::fs;
use std::path::Path;

use gateway::clock::Clock;
use gateway::spool::{Bounds, Entry, Fate, OwnBoot, Place, Reached, RowId, Spool, SpoolError};
use proto::frame::Lane;
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::relay::RelayKind;
use proto::unit::{Millis, Mono};

const NOW: Mono = Mono::from_millis(1_000_000);

fn open(dir: &Path) -> Result<(Spool, OwnBoot), SpoolError> {
    let (raw_for, sent_for) = (Millis::secs(3600), Millis::secs(3600));
    let bounds = Bounds { spool_bytes: 64 << 20, reserve_bytes: 1 << 20, raw_for, sent_for };
    let spool = Spool::open(dir, bounds)?;
    let life = getrandom::u32().unwrap();
    let own = spool.begin(Clock::resume(spool.time_mark()?.as_ref()), life)?;
    Ok((spool, own))
}

fn keep(spool: &Spool, seq: u32) -> Fate {
    let id =
        PressId { device: DeviceId::new(3).unwrap(), boot: BootId::new(1, 1), seq: Seq::new(seq) };
    let (lane, place, kind) = (Lane::Emergency, Place::Up, RelayKind::Open);
    let mut fates = Vec::new();
    spool.keep(NOW, &[Entry { lane, place, kind, id, bytes: &[7; 200] }], &mut fates);
    fates[0]
}

fn waiting(spool: &Spool) -> usize {
    spool.reader().unwrap().waiting(Lane::Emergency, RowId::START, 100_000).unwrap().len()
}

/// Whether the server is told that something may be lost.
fn tells(spool: &Spool) -> bool {
    let reached = Reached { line: 3, spool: 0, through: 0, restored: false };
    spool.reached(NOW, Lane::Emergency, &reached).unwrap().aside
}

/// A box that is cut off in its first life, or in its second: ten presses of that are in the log.
fn cut(lives: u32) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    if lives > 1 {
        let (spool, _) = open(dir.path()).unwrap();
        (1..=40).for_each(|seq| assert_eq!(keep(&spool, seq), Fate::New));
    }
    let (spool, _) = open(dir.path()).unwrap();
    (41..=50).for_each(|seq| assert_eq!(keep(&spool, seq), Fate::New));
    let cut = tempfile::tempdir().unwrap();
    for name in ["spool.db", "spool.db-wal", "spool.id"] {
        fs::copy(dir.path().join(name), cut.path().join(name)).unwrap();
    }
    cut
}

/// Changes one byte of what the log holds since it last began anew, at so many thousandths of it.
fn damage(dir: &Path, place: usize) {
    let log = dir.join("spool.db-wal");
    let mut bytes = fs::read(&log).unwrap();
    let salts = bytes[16..24].to_vec();
    let frames = bytes[32..].chunks_exact(24 + 4096);
    let live = 32 + (24 + 4096) * frames.take_while(|frame| frame[8..16] == salts[..]).count();
    let at = (live * place / 1_000).clamp(200, live.saturating_sub(1));
    bytes[at] ^= 0x5A;
    fs::write(log, bytes).unwrap();
}

#[test]
fn a_damaged_byte_in_the_log_is_told_to_the_server_and_the_box_runs() {
    for place in [0, 300, 500, 700] {
        let dir = cut(2);
        let (_, before) = open(cut(2).path()).unwrap();
        damage(dir.path(), place);
        let (spool, own) = open(dir.path()).unwrap();
        let saved = waiting(&spool);
        assert!(
            (40..50).contains(&saved),
            "{place}: the damage costs what lies behind it: {saved}"
        );
        assert!(
            tells(&spool),
            "{place}: {} acknowledged presses are gone, nobody is told",
            50 - saved
        );
        assert!(own.counter == 1 && own.life != before.life, "numbers never come back");
        assert_eq!(keep(&spool, 51), Fate::New);
    }
}

#[test]
fn a_box_whose_whole_spool_was_in_the_damaged_log_runs_and_says_so() {
    let dir = cut(1);
    damage(dir.path(), 0);
    let (spool, _) = open(dir.path()).unwrap();
    assert!(tells(&spool));
    assert_eq!(keep(&spool, 51), Fate::New);
}

#[test]
fn the_transaction_that_a_power_cut_has_torn_is_no_damage() {
    let dir = cut(2);
    damage(dir.path(), 1_000);
    let (spool, own) = open(dir.path()).unwrap();
    assert_eq!((waiting(&spool), own.counter), (49, 3), "what was acknowledged before it is there");
    assert!(!tells(&spool));
}

/// The frames of the log since it last began anew.
fn live(log: &[u8]) -> usize {
    let frames = log[32..].chunks_exact(24 + 4096);
    frames.take_while(|frame| frame[8..16] == log[16..24]).count()
}

#[test]
fn a_transaction_whose_end_reached_the_disk_before_its_middle_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    let (spool, _) = open(dir.path()).unwrap();
    assert_eq!(keep(&spool, 1), Fate::New);
    let log = dir.path().join("spool.db-wal");
    let before = live(&fs::read(&log).unwrap());
    // One transaction of many pages.
    let entry = |seq| {
        let id = PressId {
            device: DeviceId::new(3).unwrap(),
            boot: BootId::new(1, 1),
            seq: Seq::new(seq),
        };
        let (lane, place, kind) = (Lane::Emergency, Place::Up, RelayKind::Open);
        Entry { lane, place, kind, id, bytes: &[7; 200] }
    };
    let entries: Vec<_> = (2..200).map(entry).collect();
    let mut fates = Vec::new();
    spool.keep(NOW, &entries, &mut fates);
    assert!(fates.iter().all(|fate| *fate == Fate::New));
    let cut = tempfile::tempdir().unwrap();
    for name in ["spool.db", "spool.db-wal", "spool.id"] {
        fs::copy(dir.path().join(name), cut.path().join(name)).unwrap();
    }
    let mut bytes = fs::read(&log).unwrap();
    assert!(live(&bytes) > before + 3, "it has a middle");
    // As if the power had gone when its last block was on the disk and one before it was not.
    let block = (32 + (24 + 4096) * before).next_multiple_of(4096);
    bytes[block..block + 4096].fill(0);
    fs::write(cut.path().join("spool.db-wal"), bytes).unwrap();
    let (spool, _) = open(cut.path()).unwrap();
    assert_eq!(waiting(&spool), 1, "it never was");
    assert!(!tells(&spool), "nothing that was acknowledged is gone");
}
