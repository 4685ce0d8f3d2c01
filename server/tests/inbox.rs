//! The inbox on a real file: what it has answered for is there when it is opened again.
//!
//! A power cut is played by dropping both sides without any farewell; what SQLite then finds is what was synced.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "../../proto/door/tests/convention/missing.rs"]
mod missing;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use centre::clock::Clock;
use centre::inbox::{self, Inbox, InboxLimits, SqliteKeep};
use door::{Arrival, Keep, Verdict, Who};
use proto::frame::{Class, Header, Lane};
use proto::id::{BootId, DeviceId, GatewayId, KeyEpoch, PressId, Seq};
use proto::relay::{Relay, RelayKind};
use proto::topic::Topic;
use proto::unit::Millis;

fn open(path: &Path, limits: InboxLimits) -> (Inbox, SqliteKeep) {
    inbox::open(path, Arc::new(Clock::resume(None)), limits).unwrap()
}

fn small() -> InboxLimits {
    InboxLimits { telemetry: 10, emergencies: 20, reserve: 4096 }
}

fn arrival(lane: Lane, text: &str) -> Arrival {
    let gateway = GatewayId::new(7).unwrap();
    let topic = Topic::GatewayUp(gateway, lane);
    Arrival { who: Who::Gateway(gateway), topic, lane, payload: Bytes::from(text.to_owned()) }
}

fn keep(keep: &mut SqliteKeep, group: &[Arrival]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    keep.keep(group, &mut verdicts);
    verdicts
}

#[test]
fn what_was_acknowledged_is_there_after_a_cut_in_order_and_by_lane() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.db");
    let (inbox, mut writer) = open(&path, InboxLimits { reserve: 4096, ..InboxLimits::default() });
    let group = [
        arrival(Lane::Telemetry, "a"),
        arrival(Lane::Emergency, "b"),
        arrival(Lane::Emergency, "c"),
    ];
    assert_eq!(keep(&mut writer, &group), [Verdict::Kept; 3]);
    drop((inbox, writer));
    let (inbox, _writer) = open(&path, small());
    let urgent = inbox.next(Lane::Emergency, 0, 10).unwrap();
    let texts: Vec<_> = urgent.iter().map(|row| row.bytes.as_slice()).collect();
    assert_eq!(texts, [b"b", b"c"]);
    assert_eq!(inbox.next(Lane::Telemetry, 0, 10).unwrap().len(), 1);
    assert_eq!(inbox.waiting(), (2, 1));
}

#[test]
fn what_is_taken_from_a_running_inbox_is_back_with_the_next_group() {
    for taken in
        [&["inbox.db", "inbox.db-wal", "inbox.db-shm"][..], &["inbox.db"], &["inbox.db-wal"]]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inbox.db");
        let (inbox, mut writer) = open(&path, small());
        assert_eq!(keep(&mut writer, &[arrival(Lane::Emergency, "1")]), [Verdict::Kept]);
        for file in taken {
            std::fs::remove_file(folder.path().join(file)).unwrap();
        }
        assert_eq!(keep(&mut writer, &[arrival(Lane::Emergency, "2")]), [Verdict::Kept]);
        assert_eq!(keep(&mut writer, &[arrival(Lane::Emergency, "3")]), [Verdict::Kept]);
        let running = inbox.next(Lane::Emergency, 1, 10).unwrap();
        assert_eq!(running.len(), 2, "who reads goes on too: {taken:?}");
        drop((inbox, writer));
        let (inbox, _writer) = open(&path, small());
        let urgent = inbox.next(Lane::Emergency, 0, 10).unwrap();
        let texts: Vec<_> = urgent.iter().map(|row| row.bytes.as_slice()).collect();
        assert_eq!(texts, [b"1", b"2", b"3"], "{taken:?}");
    }
}

#[test]
fn an_inbox_whose_folder_is_gone_refuses_until_it_can_be_written_and_then_has_all() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let (inbox, mut writer) = open(&data.join("inbox.db"), small());
    assert_eq!(keep(&mut writer, &[arrival(Lane::Emergency, "1")]), [Verdict::Kept]);
    std::fs::remove_dir_all(&data).unwrap();
    // A file where the folder was: nothing can be made there.
    std::fs::write(&data, b"").unwrap();
    assert_eq!(keep(&mut writer, &[arrival(Lane::Emergency, "2")]), [Verdict::Refused]);
    std::fs::remove_file(&data).unwrap();
    assert_eq!(keep(&mut writer, &[arrival(Lane::Emergency, "3")]), [Verdict::Kept]);
    drop((inbox, writer));
    let (inbox, _writer) = open(&data.join("inbox.db"), small());
    let urgent = inbox.next(Lane::Emergency, 0, 10).unwrap();
    let has = |text: &[u8]| urgent.iter().any(|row| row.bytes == text);
    assert!(has(b"1") && has(b"3"), "{urgent:?}");
}

#[test]
fn a_number_never_comes_back_even_when_all_is_done_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.db");
    let (inbox, mut writer) = open(&path, small());
    keep(&mut writer, &[arrival(Lane::Emergency, "1"), arrival(Lane::Emergency, "2")]);
    inbox.done(Lane::Emergency, 2);
    // The next group takes the done ones away; then that one is done too.
    keep(&mut writer, &[arrival(Lane::Telemetry, "t")]);
    drop((inbox, writer));
    let (inbox, mut writer) = open(&path, small());
    assert!(inbox.next(Lane::Emergency, 0, 10).unwrap().is_empty());
    keep(&mut writer, &[arrival(Lane::Emergency, "3")]);
    assert_eq!(inbox.next(Lane::Emergency, 2, 10).unwrap()[0].id, 3);
}

#[test]
fn a_full_inbox_sheds_telemetry_with_a_durable_count_and_keeps_emergencies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.db");
    let (inbox, mut writer) = open(&path, small());
    let flood: Vec<_> = (0..10).map(|n| arrival(Lane::Telemetry, &n.to_string())).collect();
    assert_eq!(keep(&mut writer, &flood), [Verdict::Kept; 10]);
    let mixed = [arrival(Lane::Telemetry, "late"), arrival(Lane::Emergency, "help")];
    assert_eq!(keep(&mut writer, &mixed), [Verdict::Shed, Verdict::Kept]);
    assert!(path.with_extension("reserve").exists(), "the disk is not full: the reserve stays");
    drop((inbox, writer));
    let (inbox, _writer) = open(&path, small());
    assert_eq!((inbox.lost(), inbox.waiting()), (1, (1, 10)));
}

#[test]
fn a_call_on_the_topic_of_telemetry_is_kept_with_the_calls_and_never_shed() {
    let folder = tempfile::tempdir().unwrap();
    let (inbox, mut writer) = open(&folder.path().join("inbox.db"), small());
    let frame = |class| {
        let device = DeviceId::new(5).unwrap();
        let id = PressId { device, boot: BootId::new(1, 1), seq: Seq::new(1) };
        let mut bytes = Header { class, epoch: KeyEpoch::new(1), id }.to_bytes().to_vec();
        bytes.extend([0; 20]);
        let relay =
            Relay { kind: RelayKind::Open, age: Millis::new(0), bytes: bytes.as_slice().into() };
        let payload = Bytes::from(minicbor::to_vec(&relay).unwrap());
        Arrival { payload, ..arrival(Lane::Telemetry, "") }
    };
    assert_eq!(keep(&mut writer, &[frame(Class::Emergency)]), [Verdict::Kept]);
    assert_eq!(inbox.waiting(), (1, 0));
    let flood: Vec<_> = (0..10).map(|_| frame(Class::Health)).collect();
    assert_eq!(keep(&mut writer, &flood), [Verdict::Kept; 10]);
    let mixed = [frame(Class::Health), frame(Class::Emergency)];
    assert_eq!(keep(&mut writer, &mixed), [Verdict::Shed, Verdict::Kept]);
    assert_eq!(inbox.waiting(), (2, 10));
}

#[test]
fn an_emergency_that_cannot_be_kept_is_refused_and_never_shed() {
    let folder = tempfile::tempdir().unwrap();
    let (inbox, mut writer) = open(&folder.path().join("inbox.db"), small());
    let presses: Vec<_> = (0..20).map(|n| arrival(Lane::Emergency, &n.to_string())).collect();
    assert_eq!(keep(&mut writer, &presses), [Verdict::Kept; 20]);
    assert_eq!(keep(&mut writer, &presses[..1]), [Verdict::Refused]);
    inbox.done(Lane::Emergency, 5);
    assert_eq!(keep(&mut writer, &presses[..1]), [Verdict::Kept]);
}

/// A small disk, unmounted at the end.
struct SmallDisk<'a>(&'a Path);

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn on_a_full_disk_presses_live_on_the_reserve_and_nothing_acknowledged_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=4m", "tmpfs"];
    let mounted = Command::new("mount").args(mount).arg(folder.path()).status();
    if !mounted.is_ok_and(|done| done.success()) {
        missing::missing("a small disk needs the right to mount");
        return;
    }
    let disk = SmallDisk(folder.path());
    let path = folder.path().join("inbox.db");
    let limits = InboxLimits { telemetry: 1 << 20, emergencies: 1 << 20, reserve: 1 << 20 };
    let (inbox, mut writer) = open(&path, limits);
    let long = "t".repeat(900);
    let flood: Vec<_> = (0..64).map(|_| arrival(Lane::Telemetry, &long)).collect();
    let mut rounds = 0;
    while keep(&mut writer, &flood).iter().all(|verdict| *verdict == Verdict::Kept) {
        rounds += 1;
        assert!(rounds < 1_000, "a disk of 4 MB is never full");
    }

    let mut pressed = Vec::new();
    for n in 0..200 {
        let text = format!("press {n}");
        let group = [arrival(Lane::Telemetry, &long), arrival(Lane::Emergency, &text)];
        if keep(&mut writer, &group)[1] == Verdict::Kept {
            pressed.push(text);
        }
    }
    assert_eq!(pressed.len(), 200, "the reserve has room for more than these");
    assert!(!path.with_extension("reserve").exists(), "the disk is full: the reserve is given");
    assert!(inbox.is_on_reserve(), "and all that is left is for emergencies");
    drop((inbox, writer));
    let (inbox, _writer) =
        inbox::open(&path, Arc::new(Clock::resume(None)), InboxLimits { reserve: 0, ..limits })
            .expect("a full disk is opened again");
    let rows = inbox.next(Lane::Emergency, 0, 1_000).unwrap();
    let texts: Vec<_> = rows.iter().map(|row| String::from_utf8_lossy(&row.bytes)).collect();
    assert_eq!(texts, pressed);
    assert!(inbox.lost() > 0, "what was shed is counted on the disk");
    drop(disk);
}

#[test]
fn a_damaged_row_of_the_inbox_is_given_as_unreadable_and_keeps_no_other_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.db");
    let (inbox, mut writer) = open(&path, small());
    let texts = ["1", "2", "3", "4", "5"];
    keep(&mut writer, &texts.map(|text| arrival(Lane::Emergency, text)));
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "UPDATE inbox_e SET bytes = 9 WHERE id = 1; UPDATE inbox_e SET mono = 'noon' WHERE id = 2;
         UPDATE inbox_e SET wall = x'00' WHERE id = 3; UPDATE inbox_e SET gateway = 'hall' WHERE id = 4",
    )
    .unwrap();
    let rows = inbox.next(Lane::Emergency, 0, 10).unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let said: Vec<&[u8]> = rows.iter().map(|row| row.bytes.as_slice()).collect();
    let whole: [&[u8]; 5] = [b"", b"2", b"3", b"4", b"5"];
    assert_eq!(said, whole, "what is whole of it is given");
    assert_eq!(rows[4].gateway, GatewayId::new(7).unwrap());
}

/// Falls in the moment after a commit, before anybody was told of it.
struct Falls {
    keep: SqliteKeep,
    over: &'static [u8],
}

impl Keep for Falls {
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        self.keep.keep(group, verdicts);
        let falls = group.iter().any(|arrival| arrival.payload == self.over);
        assert!(!falls, "planted");
    }

    fn anew(&mut self) -> bool {
        self.keep.anew()
    }
}

#[tokio::test]
async fn a_commit_thread_that_panics_acknowledges_nothing_of_it_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.db");
    let (inbox, keep) = open(&path, small());
    let (commit, _thread) =
        door::committer(Falls { keep, over: b"poison" }, door::CommitLimits::default());
    for (text, verdict) in
        [("1", Verdict::Kept), ("poison", Verdict::Refused), ("2", Verdict::Kept)]
    {
        assert_eq!(commit.keep(arrival(Lane::Emergency, text)).await, verdict, "{text}");
    }
    assert!(commit.healthy());
    let [worker] = commit.workers().roll_call().try_into().unwrap();
    assert_eq!(worker.restarts, 1, "`/health` counts it");
    let rows = inbox.next(Lane::Emergency, 0, 10).unwrap();
    let said: Vec<_> = rows.iter().map(|row| row.bytes.as_slice()).collect();
    assert!(said.contains(&b"1".as_slice()) && said.contains(&b"2".as_slice()), "{said:?}");
    assert!(rows.windows(2).all(|two| two[0].id < two[1].id));
}
