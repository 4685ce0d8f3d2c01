//! One name, several voices at the home box: nothing that shares a name with other bytes is swallowed.
//!
//! Also: what a frame *is* decides its lane, and a device that the door refuses is heard as a stranger. Not here:
//! what the server makes of it, and power cuts (`spool_power_cut`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "scene/home.rs"]
mod scene;

use std::path::Path;

use gateway::clock::Clock;
use gateway::spool::{Bounds, Entry, Fate, OwnBoot, Place, RowId, Spool};
use proto::down::{Rung, Sealer};
use proto::frame::{Class, Header, Lane, seal_end, seal_hop};
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::relay::RelayKind;
use proto::topic::Topic;
use proto::unit::{Millis, Mono};
use proto::up::{Event, EventKind, Up};

use scene::{ANY, Device, EPOCH, Felt, Home, WatchRoom, let_in, until};

const NOW: Mono = Mono::from_millis(1_000_000);

fn open(dir: &Path, life: u32) -> (Spool, OwnBoot) {
    let hour = Millis::secs(3600);
    let bounds =
        Bounds { spool_bytes: 64 << 20, reserve_bytes: 1 << 20, raw_for: hour, sent_for: hour };
    let spool = Spool::open(dir, bounds).unwrap();
    let clock = Clock::resume(spool.time_mark().unwrap().as_ref());
    let boot = spool.begin(clock, life).unwrap();
    (spool, boot)
}

fn id(seq: u32) -> PressId {
    PressId { device: DeviceId::new(3).unwrap(), boot: BootId::new(1, 1), seq: Seq::new(seq) }
}

fn entry(seq: u32, lane: Lane, place: Place, bytes: &[u8]) -> Entry<'_> {
    Entry { lane, place, kind: RelayKind::Open, id: id(seq), bytes }
}

fn press(bytes: &[u8]) -> Entry<'_> {
    entry(1, Lane::Emergency, Place::Up, bytes)
}

fn keep(spool: &Spool, now: Mono, entries: &[Entry<'_>]) -> Vec<Fate> {
    let mut fates = Vec::new();
    spool.keep(now, entries, &mut fates);
    fates
}

/// Bytes that wait for the server, oldest first.
fn waiting(spool: &Spool, lane: Lane) -> Vec<Vec<u8>> {
    let mut rows = spool.reader().unwrap().waiting(lane, RowId::START, 1_000).unwrap();
    rows.sort_by_key(|row| row.row);
    rows.into_iter().map(|row| row.bytes).collect()
}

/// The server has all that waits.
fn sent(spool: &Spool, now: Mono) {
    for lane in [Lane::Emergency, Lane::Telemetry] {
        let rows = spool.reader().unwrap().waiting(lane, RowId::START, 1_000).unwrap();
        let rows: Vec<_> = rows.iter().map(|row| row.row).collect();
        spool.mark_sent(now, &rows).unwrap();
    }
}

#[test]
fn a_press_whose_number_telemetry_has_used_goes_up() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path(), 7);
    keep(&spool, NOW, &[entry(1, Lane::Telemetry, Place::Up, b"health")]);
    assert_eq!(keep(&spool, NOW, &[press(b"help")]), [Fate::New]);
    assert_eq!(waiting(&spool, Lane::Emergency), [b"help".to_vec()]);
    assert_eq!(keep(&spool, NOW, &[press(b"help")]), [Fate::Again(Some(Rung::Stored))]);
    // And the other way round.
    keep(&spool, NOW, &[entry(2, Lane::Emergency, Place::Up, b"call")]);
    let health = entry(2, Lane::Telemetry, Place::Up, b"health 2");
    assert_eq!(keep(&spool, NOW, &[health]), [Fate::New]);
    assert_eq!(waiting(&spool, Lane::Telemetry).len(), 2);
}

#[test]
fn other_bytes_under_the_name_of_a_press_are_a_press_and_each_copy_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path(), 7);
    assert_eq!(keep(&spool, NOW, &[press(b"one"), press(b"two")]), [Fate::New, Fate::New]);
    let again = keep(&spool, NOW, &[press(b"two"), press(b"one"), press(b"two")]);
    assert!(again.iter().all(|fate| *fate == Fate::Again(Some(Rung::Stored))), "{again:?}");
    assert_eq!(waiting(&spool, Lane::Emergency), [b"one".to_vec(), b"two".to_vec()]);
    assert_eq!(keep(&spool, NOW, &[press(b"three")]), [Fate::New]);
}

#[test]
fn a_twins_press_does_not_inherit_the_rung_of_the_first_and_each_is_asked_for_until_it_is_answered()
{
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path(), 7);
    keep(&spool, NOW, &[press(b"one")]);
    sent(&spool, NOW);
    spool.raise_rung(NOW, id(1), Rung::Seen, b"sealed").unwrap();
    keep(&spool, NOW, &[press(b"two")]);
    let rung = spool.rung(id(1)).unwrap().unwrap();
    assert_eq!((rung.rung, rung.sealed), (Rung::Stored, None), "nobody has seen this one");
    assert_eq!(waiting(&spool, Lane::Emergency), [b"two".to_vec()]);
    sent(&spool, NOW);
    let later = NOW.after(Millis::secs(11));
    assert!(spool.ask_again(later).unwrap(), "no answer came");
    assert!(waiting(&spool, Lane::Emergency).contains(&b"two".to_vec()));
    sent(&spool, later);
    let latest = later.after(Millis::secs(3));
    assert_eq!(keep(&spool, latest, &[press(b"two")]), [Fate::Again(Some(Rung::Stored))]);
    assert_eq!(waiting(&spool, Lane::Emergency), [b"two".to_vec()], "and its own row goes again");
}

#[test]
fn what_a_twin_waits_with_is_not_tidied_away() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path(), 7);
    keep(&spool, NOW, &[press(b"one"), press(b"two")]);
    let rows = spool.reader().unwrap().waiting(Lane::Emergency, RowId::START, 9).unwrap();
    let first = rows.iter().find(|row| row.bytes == b"one").unwrap().row;
    spool.mark_sent(NOW, &[first]).unwrap();
    while spool.tidy(NOW.after(Millis::minutes(60 * 24 * 15))).unwrap() {}
    assert_eq!(waiting(&spool, Lane::Emergency), [b"two".to_vec()]);
    assert!(spool.rung(id(1)).unwrap().is_some(), "its device still asks");
}

#[test]
fn many_twins_of_one_device_leave_the_room_of_its_unreadable_calls() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path(), 7);
    for n in 0..100_u32 {
        assert_eq!(keep(&spool, NOW, &[press(&n.to_be_bytes())]), [Fate::New]);
    }
    let odd = Entry { kind: RelayKind::Unreadable, ..press(b"who knows") };
    assert_eq!(keep(&spool, NOW, &[odd]), [Fate::New]);
}

#[test]
fn readings_whose_numbers_came_before_are_kept_and_go_up() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path(), 7);
    let raw = |bytes| entry(4, Lane::Telemetry, Place::Raw, bytes);
    assert_eq!(keep(&spool, NOW, &[raw(b"first"), raw(b"first")]), [Fate::New, Fate::Again(None)]);
    assert_eq!(keep(&spool, NOW, &[raw(b"second")]), [Fate::New], "counted in the minute, too");
    assert_eq!(keep(&spool, NOW, &[raw(b"second"), raw(b"first")]), [Fate::Again(None); 2]);
    assert_eq!(waiting(&spool, Lane::Telemetry), [b"second".to_vec()]);
}

#[test]
fn a_spool_put_back_from_an_older_copy_speaks_as_a_boot_that_never_was() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path(), 11));
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(dir.path().join("spool.db"), copy.path().join("spool.db")).unwrap();
    let (first, then) = (open(dir.path(), 12).1, open(copy.path(), 13).1);
    assert_eq!(first.counter, then.counter, "both go on from the same count");
    assert_ne!(first, then);
}

/// A watch room, a running box and one device that is let in.
async fn scene() -> (WatchRoom, Home, scene::Running, Device) {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let running = home.start("");
    let_in(&mut device, running.devices).await;
    (room, home, running, device)
}

/// A frame of the device with any name, class and kind: the open frame and what goes by radio.
fn frame(device: &Device, seq: u32, class: Class, kind: EventKind, s: u64) -> (Vec<u8>, Vec<u8>) {
    let up = Up::Event(Event { kind, uptime: Millis::secs(s), count: None });
    let id = PressId { device: device.id, boot: device.boot, seq: Seq::new(seq) };
    let header = Header { class, epoch: EPOCH, id };
    let seal = device.key.end(EPOCH).boot(device.boot);
    let open = seal_end(&header, &up.to_body().unwrap(), &seal).unwrap();
    let hop = seal_hop(&open, &device.key.hop(EPOCH).boot(device.boot)).unwrap();
    (open.to_vec(), hop.to_vec())
}

impl Device {
    fn say(&self, lane: Lane, bytes: &[u8]) {
        self.publish(Topic::DeviceUp(self.id, lane), bytes.to_vec());
    }
}

/// Waits until these bytes have come up; says in which lane and as what.
async fn heard(room: &WatchRoom, bytes: &[u8]) -> (Lane, RelayKind) {
    let find =
        |all: &[scene::Heard]| all.iter().find(|h| h.bytes == bytes).map(|h| (h.lane, h.kind));
    room.until(find).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_on_the_topic_or_in_the_class_of_telemetry_goes_in_the_emergency_lane() {
    let (room, home, _running, mut device) = scene().await;
    let cases = [
        (1, Class::Emergency, Lane::Telemetry),
        (2, Class::Event, Lane::Telemetry),
        (3, Class::Event, Lane::Emergency),
    ];
    for (seq, class, topic) in cases {
        let (open, hop) = frame(&device, seq, class, EventKind::Press, 9);
        let press = Header::parse(&open).unwrap().0.id;
        device.say(topic, &hop);
        device.until_told(Sealer::Gateway, press, Rung::Stored).await;
        assert_eq!(heard(&room, &open).await, (Lane::Emergency, RelayKind::Open), "{seq}");
    }
    until("the alarm of the home", || home.alarm() == "1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_that_no_key_opens_is_one_on_any_topic_and_an_event_is_judged_by_its_header() {
    let (room, _home, _running, mut device) = scene().await;
    let (_, mut hop) = frame(&device, 1, Class::Emergency, EventKind::Press, 9);
    hop[30] ^= 1;
    device.say(Lane::Telemetry, &hop);
    device.until(|felt| *felt == Felt::Acked).await;
    assert_eq!(heard(&room, &hop).await, (Lane::Emergency, RelayKind::Unreadable));
    let (_, mut event) = frame(&device, 2, Class::Event, EventKind::Tamper, 9);
    event[30] ^= 1;
    device.say(Lane::Telemetry, &event);
    assert_eq!(heard(&room, &event).await, (Lane::Telemetry, RelayKind::Unreadable));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_nothing_sounds_no_alarm_and_is_answered_as_its_device_asks() {
    let (room, home, _running, mut device) = scene().await;
    let (open, hop) = frame(&device, 1, Class::Event, EventKind::Cancel, 9);
    device.say(Lane::Emergency, &hop);
    assert_eq!(heard(&room, &open).await, (Lane::Telemetry, RelayKind::Open));
    let at = room.address();
    room.close().await;
    let (open, hop) = frame(&device, 2, Class::Emergency, EventKind::Cancel, 9);
    device.say(Lane::Emergency, &hop);
    let cancel = Header::parse(&open).unwrap().0.id;
    device.until_told(Sealer::Gateway, cancel, Rung::Stored).await;
    let (open, hop) = frame(&device, 3, Class::Event, EventKind::Tamper, 9);
    device.say(Lane::Telemetry, &hop);
    let room = WatchRoom::open(at).await;
    heard(&room, &open).await;
    assert_eq!(home.alarm(), "0", "the loop has heard it, without its uplink, and rests");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_speaks_in_anothers_name_is_not_taken_for_that_one() {
    let (room, home, _running, device) = scene().await;
    let mut other = Device::new(42);
    room.enrol(&other, home.home);
    // Sealed with its own key, in the other's name.
    other.key = device.key.clone();
    let (open, hop) = frame(&other, 1, Class::Emergency, EventKind::Press, 9);
    device.say(Lane::Emergency, &hop);
    let odd = room.until(|all| all.iter().find(|h| h.kind == RelayKind::Unreadable).cloned()).await;
    assert_eq!(odd.id().map(|id| id.device), Some(device.id), "who carried it is who is named");
    assert!(room.heard().iter().all(|heard| heard.bytes != open));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_whose_boot_counter_did_not_rise_is_heard_through_the_stranger_lane() {
    let (room, _home, running, device) = scene().await;
    let first = frame(&device, 1, Class::Emergency, EventKind::Press, 9);
    device.say(Lane::Emergency, &first.1);
    heard(&room, &first.0).await;
    // The same dump in another body: same key, same boot, its numbers begin anew.
    let mut twin = Device::new(41);
    assert!(twin.connect(running.devices).await.is_err(), "its proof is a copy of an old one");
    twin.connect_as_stranger(running.devices).await.unwrap();
    for s in [10, 11] {
        let (open, hop) = frame(&twin, 1, Class::Emergency, EventKind::Press, s);
        twin.publish(Topic::StrangerUp(twin.id), hop.clone());
        twin.until(|felt| *felt == Felt::Acked).await;
        assert_eq!(heard(&room, &open).await, (Lane::Emergency, RelayKind::Open));
        twin.publish(Topic::StrangerUp(twin.id), hop);
        twin.until(|felt| *felt == Felt::Acked).await;
    }
    let copies = room.heard().iter().filter(|h| h.lane == Lane::Emergency).count();
    assert_eq!(copies, 3, "each press once");
}
