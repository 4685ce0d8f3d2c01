//! A header is held against the topic it came on: nobody speaks for another device, or in another lane.
//!
//! Not here: who may publish where (`door`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

use std::sync::Arc;

use bytes::Bytes;
use door::{Arrival, Keep, Verdict, Who};
use gateway::clock::Clock;
use gateway::devices::Devices;
use gateway::enrol::Roster;
use gateway::event::{Event, Stored};
use gateway::spool::{Bounds, RosterRow, Spool};
use gateway::uplink::Bells;
use gateway::voice::OwnVoice;
use proto::frame::{Header, Lane, seal_end, seal_hop};
use proto::id::{BootId, DeviceId, HomeId, KeyEpoch, PressId, Seq};
use proto::key::DeviceKey;
use proto::topic::Topic;
use proto::unit::Millis;
use proto::up::{self, EventKind, Role, Up};
use tokio::sync::mpsc::{Receiver, channel};

const EPOCH: KeyEpoch = KeyEpoch::new(0);

struct House {
    keep: Devices,
    told: Receiver<Event>,
    _folder: tempfile::TempDir,
}

fn device(number: u64) -> DeviceId {
    DeviceId::new(number).unwrap()
}

fn key(number: u8) -> DeviceKey {
    DeviceKey::from_bytes([number; 32])
}

fn row(number: u8) -> RosterRow {
    RosterRow {
        device: device(number.into()),
        home: HomeId::new(u64::from(number) + 100).unwrap(),
        role: Role::HelpButton,
        epoch: EPOCH,
        key: key(number).hop(EPOCH),
        released: false,
        proof: None,
        proofs: door::proofs::Proofs::default(),
        former: None,
        by_former: false,
    }
}

impl House {
    /// Devices 1 and 2 are enrolled.
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (raw_for, sent_for) = (Millis::secs(3600), Millis::secs(3600));
        let bounds = Bounds { spool_bytes: 8 << 20, reserve_bytes: 1 << 20, raw_for, sent_for };
        let spool = Spool::open(folder.path(), bounds).unwrap();
        let clock = Clock::resume(None);
        spool.begin(clock.clone(), 7).unwrap();
        let roster = Arc::new(Roster::new(vec![row(1), row(2)]));
        let (tell, told) = channel(8);
        let boot = BootId::new(7, 1);
        let own = (EPOCH, key(9).end(EPOCH).boot(boot));
        let voice = OwnVoice::new((device(9), boot), own, clock.now());
        let keep = Devices::new(spool, roster, (clock, voice), Bells::default(), tell);
        Self { keep, told, _folder: folder }
    }

    /// What became of a frame that device `by` publishes in a lane.
    fn hear(&mut self, by: u64, lane: Lane, frame: &[u8]) -> Stored {
        let who = Who::Device(device(by));
        let topic = Topic::DeviceUp(device(by), lane);
        let arrival = Arrival { who, topic, lane, payload: Bytes::copy_from_slice(frame) };
        let mut verdicts = Vec::new();
        self.keep.keep(&[arrival], &mut verdicts);
        assert_eq!(verdicts, [Verdict::Kept], "it is kept, whatever it is");
        let Ok(Event::Stored(mut stored)) = self.told.try_recv() else { panic!("not told") };
        stored.remove(0)
    }
}

/// A frame that names `names` and is sealed with the keys of `by`.
fn frame(by: u8, names: u64, kind: EventKind) -> Vec<u8> {
    let (boot, key) = (BootId::new(5, 1), key(by));
    let up = Up::Event(up::Event { kind, uptime: Millis::secs(9), count: None });
    let id = PressId { device: device(names), boot, seq: Seq::new(1) };
    let header = Header { class: up.class(), epoch: EPOCH, id };
    let open = seal_end(&header, &up.to_body().unwrap(), &key.end(EPOCH).boot(boot)).unwrap();
    seal_hop(&open, &key.hop(EPOCH).boot(boot)).unwrap().to_vec()
}

#[test]
fn a_frame_of_its_own_device_and_lane_is_believed() {
    let mut house = House::open();
    let told = house.hear(1, Lane::Emergency, &frame(1, 1, EventKind::Press));
    assert!(!told.doubtful);
    assert_eq!((told.id.device, told.home), (device(1), HomeId::new(101)));
}

#[test]
fn a_device_cannot_press_for_another_one() {
    let mut house = House::open();
    let told = house.hear(1, Lane::Emergency, &frame(1, 2, EventKind::Press));
    assert!(told.doubtful, "its seal is right and its header names another");
    assert_eq!((told.id.device, told.home), (device(1), HomeId::new(101)), "who spoke is known");
}

#[test]
fn a_frame_of_telemetry_is_no_verified_emergency_for_the_lane_it_came_in() {
    let mut house = House::open();
    let told = house.hear(1, Lane::Emergency, &frame(1, 1, EventKind::BedOut));
    let verified_emergency = told.lane == Lane::Emergency && !told.doubtful;
    assert!(!verified_emergency, "{told:?}");
}
