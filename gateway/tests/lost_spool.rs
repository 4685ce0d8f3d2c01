//! A spool that is gone is no first start; a damaged one costs what is damaged and not the box.
//!
//! Not here: what the server makes of it (`tests/restore.rs`), and disks that fail while they are written (`disk.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "scene/home.rs"]
mod scene;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gateway::clock::Clock;
use gateway::spool::{Bounds, Entry, Fate, OwnBoot, Place, RosterRow, RowId, Spool, SpoolError};
use proto::frame::Lane;
use proto::id::{BootId, DeviceId, HomeId, KeyEpoch, PressId, Seq};
use proto::key::HopKey;
use proto::relay::RelayKind;
use proto::unit::{Millis, Mono};
use proto::up::Role;
use scene::{ANY, Device, Felt, Home, WatchRoom, let_in};

const NOW: Mono = Mono::from_millis(1_000_000);

fn bounds() -> Bounds {
    let (raw_for, sent_for) = (Millis::secs(3600), Millis::secs(3600));
    Bounds { spool_bytes: 64 << 20, reserve_bytes: 1 << 20, raw_for, sent_for }
}

fn open(dir: &Path) -> Result<(Spool, OwnBoot), SpoolError> {
    let spool = Spool::open(dir, bounds())?;
    let life = getrandom::u32().unwrap();
    let own = spool.begin(Clock::resume(spool.time_mark()?.as_ref()), life)?;
    Ok((spool, own))
}

fn keep(spool: &Spool, seq: u32) -> Fate {
    let id =
        PressId { device: DeviceId::new(3).unwrap(), boot: BootId::new(1, 1), seq: Seq::new(seq) };
    let bytes = [7; 200];
    let (lane, place, kind) = (Lane::Emergency, Place::Up, RelayKind::Open);
    let mut fates = Vec::new();
    spool.keep(NOW, &[Entry { lane, place, kind, id, bytes: &bytes }], &mut fates);
    fates[0]
}

fn enrol(spool: &Spool) {
    let row = RosterRow {
        device: DeviceId::new(3).unwrap(),
        home: HomeId::new(5).unwrap(),
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

fn waiting(spool: &Spool) -> usize {
    spool.reader().unwrap().waiting(Lane::Emergency, RowId::START, 100_000).unwrap().len()
}

/// Opens a folder whose lock a program that another test has just started may still hold for a moment.
fn again(dir: &Path) -> Spool {
    for _ in 0..100_000 {
        match open(dir) {
            Ok((spool, _)) => return spool,
            Err(SpoolError::InUse(_)) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the folder stays in use");
}

/// A folder in which a box has lived twice and was then cut off: its newest rows are in the log.
fn lived() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path()).unwrap();
    enrol(&spool);
    (1..=40).for_each(|seq| assert_eq!(keep(&spool, seq), Fate::New));
    drop(spool);
    let spool = again(dir.path());
    (41..=50).for_each(|seq| assert_eq!(keep(&spool, seq), Fate::New));
    cut(dir.path())
}

/// The folder as a box that is cut off now leaves it.
fn cut(dir: &Path) -> tempfile::TempDir {
    let cut = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with("-shm") {
            fs::copy(&path, cut.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    cut
}

fn zero(path: &Path) {
    let length = usize::try_from(fs::metadata(path).unwrap().len()).unwrap();
    fs::write(path, vec![0; length]).unwrap();
}

fn asides(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains("spool.db.aside-")).collect()
}

#[test]
fn a_spool_or_a_log_that_is_gone_or_zeroed_is_refused_by_name() {
    type Harm = fn(&Path);
    let gone: Harm = |path| fs::remove_file(path).unwrap();
    let empty: Harm = |path| drop(fs::File::create(path).unwrap());
    for name in ["spool.db", "spool.db-wal"] {
        for (harm, how) in [(gone, "gone"), (empty, "empty"), (zero as Harm, "zeroed")] {
            let dir = lived();
            harm(&dir.path().join(name));
            let refused = open(dir.path()).err().map(|error| error.to_string());
            let told =
                refused.unwrap_or_else(|| panic!("{name} {how} was taken for a first start"));
            assert!(told.contains(&format!("{name} is gone")), "{how}: {told}");
            assert!(told.contains("gateway renew"), "{told}");
            let again = open(dir.path()).err().map(|error| error.to_string());
            assert_eq!(again, Some(told), "a refusal changes nothing");
        }
    }
}

#[test]
fn what_is_taken_from_a_running_spool_is_back_with_the_next_press() {
    for taken in
        [&["spool.db", "spool.db-wal", "spool.db-shm"][..], &["spool.db"], &["spool.db-wal"]]
    {
        let dir = tempfile::tempdir().unwrap();
        let (spool, own) = open(dir.path()).unwrap();
        enrol(&spool);
        (1..=4).for_each(|seq| assert_eq!(keep(&spool, seq), Fate::New));
        taken.iter().for_each(|file| fs::remove_file(dir.path().join(file)).unwrap());
        (5..=7).for_each(|seq| assert_eq!(keep(&spool, seq), Fate::New));
        assert_eq!(waiting(&spool), 7, "who reads goes on too: {taken:?}");
        let cut = cut(dir.path());
        let (next, after) = open(cut.path()).unwrap();
        assert_eq!(waiting(&next), 7, "{taken:?}");
        assert_eq!(next.roster().unwrap().len(), 1);
        assert_eq!(after.counter, own.counter + 1, "nothing is lost, so no life begins anew");
    }
}

#[test]
fn another_spool_put_under_a_running_box_is_set_aside() {
    let (dir, other) = (tempfile::tempdir().unwrap(), lived());
    let (spool, _) = open(dir.path()).unwrap();
    (1..=4).for_each(|seq| assert_eq!(keep(&spool, seq), Fate::New));
    fs::rename(other.path().join("spool.db"), dir.path().join("spool.db")).unwrap();
    assert_eq!(keep(&spool, 5), Fate::New);
    let mut aside = asides(dir.path());
    aside.retain(|path| path.extension().is_some_and(|end| end.to_string_lossy().ends_with('Z')));
    assert_eq!((waiting(&spool), aside.len()), (5, 1));
    let cut = cut(dir.path());
    assert_eq!(waiting(&open(cut.path()).unwrap().0), 5);
}

#[test]
fn a_folder_of_an_older_build_without_a_marker_goes_on_and_its_loss_is_no_first_start() {
    let dir = lived();
    fs::remove_file(dir.path().join("spool.id")).unwrap();
    let (spool, own) = open(dir.path()).unwrap();
    assert_eq!((own.counter, waiting(&spool)), (3, 50));
    drop(spool);
    fs::remove_file(dir.path().join("spool.id")).unwrap();
    fs::remove_file(dir.path().join("spool.db")).unwrap();
    assert!(matches!(open(dir.path()), Err(SpoolError::Lost(_))));
}

#[test]
fn after_renew_the_box_runs_and_has_what_could_be_read() {
    let dir = lived();
    fs::remove_file(dir.path().join("spool.db-wal")).unwrap();
    let (_, before) = open(lived().path()).unwrap();
    Spool::renew(dir.path(), bounds()).unwrap();
    let (spool, own) = open(dir.path()).unwrap();
    let saved = waiting(&spool);
    assert!((40..50).contains(&saved), "what is not in the lost log is saved: {saved}");
    assert_eq!(spool.roster().unwrap().len(), 1, "keys are saved");
    assert!(own.counter == 1 && own.life != before.life, "numbers of the old life never come back");
    assert_eq!(keep(&spool, 60), Fate::New);
    assert_eq!(asides(dir.path()).len(), 1, "nothing is deleted");

    let dir = lived();
    fs::remove_file(dir.path().join("spool.db")).unwrap();
    Spool::renew(dir.path(), bounds()).unwrap();
    let (spool, _) = open(dir.path()).unwrap();
    assert_eq!((waiting(&spool), keep(&spool, 60)), (0, Fate::New));
}

/// Writes rubbish into the middle page of a file.
fn spoil(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let page = bytes.len() / 4096 / 2 * 4096;
    bytes[page..page + 4096].fill(0xA5);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_spool_is_set_aside_and_presses_are_taken() {
    type Harm = fn(&Path);
    let rubbish: Harm = |path| fs::write(path, [0xA5; 9000]).unwrap();
    for (harm, how) in [(spoil as Harm, "one page"), (rubbish, "all of it")] {
        let dir = lived();
        let (spool, _) = open(dir.path()).unwrap();
        drop(spool);
        harm(&dir.path().join("spool.db"));
        let (spool, own) = open(dir.path()).unwrap();
        assert_eq!(keep(&spool, 99), Fate::New, "{how}");
        assert_eq!(own.counter, 1, "{how}: a new life");
        assert_eq!(asides(dir.path()).len(), 1, "{how}: set aside, not deleted");
        drop(spool);
        let (spool, own) = open(dir.path()).unwrap();
        assert_eq!((own.counter, asides(dir.path()).len()), (2, 1), "{how}: and then it is sound");
        assert!(waiting(&spool) >= 1, "{how}");
    }
}

#[test]
fn a_spool_that_is_damaged_while_it_runs_is_replaced_and_readers_follow() {
    let dir = lived();
    let (spool, own) = open(dir.path()).unwrap();
    let mut reader = spool.reader().unwrap();
    let known = reader.waiting(Lane::Emergency, RowId::START, 1).unwrap();
    let log = dir.path().join("spool.db-wal");
    spool.reader().unwrap();
    fs::write(&log, b"").unwrap();
    fs::write(dir.path().join("spool.db"), [0xA5; 9000]).unwrap();
    let mut fate = keep(&spool, 70);
    for seq in 71..74 {
        if fate == Fate::New && spool.files() == 1 {
            break;
        }
        fate = keep(&spool, seq);
    }
    assert_eq!((fate, spool.files()), (Fate::New, 1));
    let newest = reader.waiting(Lane::Emergency, RowId::START, 1).unwrap();
    assert!(newest[0].row > known[0].row, "row numbers never come back");
    let mark = spool.begin(Clock::resume(None), own.life).unwrap();
    assert_eq!((mark.life, mark.counter), (own.life, own.counter + 1), "the same life goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_what_is_lost_and_which_command_goes_on() {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let running = home.start("");
    let_in(&mut device, running.devices).await;
    device.press();
    device.until(|felt| *felt == Felt::Acked).await;
    running.kill();
    fs::remove_file(home.path("data").join("spool.db-wal")).unwrap();
    let config = home.configure("");
    let output = home.command(&config).env("RUST_LOG", "off").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(65), "{said}");
    assert!(said.contains("spool.db-wal") && said.contains("gateway renew"), "{said}");
    let mut renew = Command::new(env!("CARGO_BIN_EXE_gateway"));
    assert!(renew.args(["renew", "--config"]).arg(&config).status().unwrap().success());
    let running = home.start("");
    let_in(&mut device, running.devices).await;
    let (press, _) = device.press();
    device.until(|felt| *felt == Felt::Acked).await;
    room.until_heard(press).await;
    assert!(running.terminate().success());
}
