//! The inbox on a real file: what it has answered for is there when it is opened again.
//!
//! A power cut is played by dropping both sides without any farewell; what SQLite then finds is what was synced.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use door::{Arrival, Keep, Verdict, Who};
use proto::frame::Lane;
use proto::id::GatewayId;
use proto::topic::Topic;
use server::clock::Clock;
use server::inbox::{self, Inbox, InboxLimits, SqliteKeep};

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
fn an_emergency_that_cannot_be_kept_is_refused_and_never_shed() {
    let folder = tempfile::tempdir().unwrap();
    let (inbox, mut writer) = open(&folder.path().join("inbox.db"), small());
    let presses: Vec<_> = (0..20).map(|n| arrival(Lane::Emergency, &n.to_string())).collect();
    assert_eq!(keep(&mut writer, &presses), [Verdict::Kept; 20]);
    assert_eq!(keep(&mut writer, &presses[..1]), [Verdict::Refused]);
    inbox.done(Lane::Emergency, 5);
    assert_eq!(keep(&mut writer, &presses[..1]), [Verdict::Kept]);
}
