//! The whole box as a process, between real MQTT devices and a real door that plays the server.
//!
//! Each test is a promise of the home box. Not here: the server's own promises.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "scene/home.rs"]
mod scene;

use std::time::Duration;

use proto::down::{Rung, Sealer};
use proto::frame::Lane;
use proto::relay::RelayKind;
use proto::topic::Topic;
use tokio::time::Instant;

use scene::{ANY, Device, Felt, Home, WatchRoom, let_in, until, within};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_press_is_stored_relayed_and_received() {
    let (room, home, running, mut device) = scene().await;
    let (press, _) = device.press();
    device.until(|felt| *felt == Felt::Acked).await;
    device.until_told(Sealer::Gateway, press, Rung::Stored).await;
    let heard = room.until_heard(press).await;
    assert_eq!((heard.lane, heard.kind), (Lane::Emergency, RelayKind::Open));
    let (header, _) =
        proto::frame::verify_end(&heard.bytes, &device.key.end(scene::EPOCH).boot(device.boot))
            .expect("the server can verify what the box relays");
    assert_eq!(header.id, press);
    room.say(&device, press, Rung::Received);
    device.until_told(Sealer::Server, press, Rung::Received).await;
    room.say(&device, press, Rung::Seen);
    device.until_told(Sealer::Server, press, Rung::Seen).await;
    assert!(running.terminate().success(), "SIGTERM drains and ends well");
    assert_eq!(home.alarm(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_reaches_the_server_though_the_box_is_killed() {
    let (room, home, mut running, mut device) = scene().await;
    let mut acknowledged = Vec::new();
    for _round in 0..8 {
        for _ in 0..3 {
            let (press, _) = device.press();
            device.until(|felt| *felt == Felt::Acked).await;
            acknowledged.push(press);
        }
        running.kill();
        running = home.start("");
        let_in(&mut device, running.devices).await;
    }
    for press in acknowledged {
        room.until_heard(press).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_uplink_cut_the_home_hears_within_two_seconds_until_the_server_has_it() {
    let (room, home, running, mut device) = scene().await;
    let at = room.address();
    room.close().await;
    let (press, _) = device.press();
    let pressed = Instant::now();
    device.until_told(Sealer::Gateway, press, Rung::Stored).await;
    until("the alarm", || home.alarm() == "1").await;
    assert!(pressed.elapsed() <= Duration::from_secs(2), "{:?}", pressed.elapsed());
    let room = WatchRoom::open(at).await;
    let heard = room.until_heard(press).await;
    assert_eq!(heard.kind, RelayKind::Open);
    assert_eq!(home.alarm(), "1", "sounds until the server says that it has it");
    within(async {
        let mut every = tokio::time::interval(Duration::from_millis(100));
        while home.alarm() == "1" {
            room.say(&device, press, Rung::Received);
            every.tick().await;
        }
    })
    .await;
    device.until_told(Sealer::Server, press, Rung::Received).await;
    drop(running);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sounder_ends_when_people_have_what_nobody_can_verify_and_stays_quiet_after_a_start() {
    let (room, home, running, mut device) = scene().await;
    let (press, _) = device.press();
    room.until_heard(press).await;
    until("the alarm", || home.alarm() == "1").await;
    let accepted = proto::relay::GatewayDown::Accepted(press);
    room.tell(minicbor::to_vec(accepted).unwrap().into());
    until("quiet", || home.alarm() == "0").await;
    assert!(running.terminate().success());
    let running = home.start("");
    // The server has it, so the box that starts has nothing to sound for; a new press it has.
    let_in(&mut device, running.devices).await;
    assert_eq!(home.alarm(), "0");
    let (next, _) = device.press();
    room.until_heard(next).await;
    until("the alarm", || home.alarm() == "1").await;
    let over = proto::relay::GatewayDown::Alarm { home: home.home, open: false };
    within(async {
        let mut every = tokio::time::interval(Duration::from_millis(100));
        while home.alarm() == "1" {
            room.tell(minicbor::to_vec(&over).unwrap().into());
            every.tick().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_with_an_open_line_is_an_island_too() {
    let (room, home, _running, mut device) = scene().await;
    let (press, _) = device.press();
    let pressed = Instant::now();
    room.until_heard(press).await;
    until("the alarm", || home.alarm() == "1").await;
    assert!(pressed.elapsed() <= Duration::from_secs(2), "{:?}", pressed.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_press_is_answered_with_its_highest_rung() {
    let (room, home, running, mut device) = scene().await;
    let (press, bytes) = device.press();
    device.until_told(Sealer::Gateway, press, Rung::Stored).await;
    device.repeat(&bytes);
    device.until_told(Sealer::Gateway, press, Rung::Stored).await;
    room.until_heard(press).await;
    room.say(&device, press, Rung::Received);
    device.until_told(Sealer::Server, press, Rung::Received).await;
    device.repeat(&bytes);
    device.until_told(Sealer::Server, press, Rung::Received).await;
    // A clean stop, so that the lazily kept word is on disk; a new start still knows it.
    assert!(running.terminate().success());
    let running = home.start("");
    let_in(&mut device, running.devices).await;
    device.until_told(Sealer::Server, press, Rung::Received).await;
    let copies = room.heard().iter().filter(|heard| heard.id() == Some(press)).count();
    assert_eq!(copies, 1, "a repeat within its answer's time is not relayed again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_shouts_for_help_is_relayed() {
    let (room, _home, running, _device) = scene().await;
    let mut stranger = Device::new(4242);
    assert!(stranger.connect(running.devices).await.is_err(), "unknown to this box");
    stranger.connect_as_stranger(running.devices).await.unwrap();
    let (press, bytes) = stranger.press_frame();
    stranger.publish(Topic::StrangerUp(stranger.id), bytes.clone());
    stranger.until(|felt| *felt == Felt::Acked).await;
    let heard = room.until_heard(press).await;
    assert_eq!(
        (heard.lane, heard.kind, heard.bytes),
        (Lane::Emergency, RelayKind::Stranger, bytes)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_device_is_cut_and_refused_and_may_still_shout() {
    let (room, _home, running, mut device) = scene().await;
    room.release(&device);
    device.until_lost().await;
    let refused = device.connect(running.devices).await.unwrap_err();
    assert!(refused.contains("NotAuthorized"), "{refused}");
    device.connect_as_stranger(running.devices).await.unwrap();
    let (press, bytes) = device.press_frame();
    device.publish(Topic::StrangerUp(device.id), bytes);
    assert_eq!(room.until_heard(press).await.kind, RelayKind::Stranger);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_that_nobody_can_read_is_acknowledged_and_relayed_as_such() {
    let (room, _home, _running, mut device) = scene().await;
    let (press, mut wrong) = device.press_frame();
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    for bytes in [wrong, b"not a frame at all".to_vec(), vec![0xFF; 256]] {
        device.repeat(&bytes);
        device.until(|felt| *felt == Felt::Acked).await;
    }
    let unreadable = room
        .until(|all| {
            let found: Vec<_> =
                all.iter().filter(|h| h.kind == RelayKind::Unreadable).cloned().collect();
            (found.len() == 3).then_some(found)
        })
        .await;
    assert!(unreadable.iter().all(|heard| heard.lane == Lane::Emergency));
    assert!(unreadable.iter().all(|heard| heard.id().map(|id| id.device) == Some(press.device)));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_the_newest_emergency_goes_first() {
    let (room, _home, _running, mut device) = scene().await;
    let at = room.address();
    room.close().await;
    let mut presses = Vec::new();
    for _ in 0..40 {
        let (press, _) = device.press();
        device.until(|felt| *felt == Felt::Acked).await;
        presses.push(press);
    }
    let room = WatchRoom::open(at).await;
    for press in &presses {
        room.until_heard(*press).await;
    }
    let heard: Vec<_> = room.heard().iter().filter_map(scene::Heard::id).collect();
    let first = heard.iter().find(|id| id.device == device.id).unwrap();
    assert_eq!(first, presses.last().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_up_and_readings_stay() {
    let (room, _home, _running, mut device) = scene().await;
    let reading = proto::up::Up::Reading(proto::up::Reading {
        uptime: proto::unit::Millis::secs(1),
        period_s: 20,
        values: Default::default(),
        home: None,
    });
    let (stays, bytes) = device.frame(&reading);
    device.publish(Topic::DeviceUp(device.id, Lane::Telemetry), bytes);
    device.until(|felt| *felt == Felt::Acked).await;
    let (goes, bytes) = device.frame(&scene::health());
    device.publish(Topic::DeviceUp(device.id, Lane::Telemetry), bytes);
    assert_eq!(room.until_heard(goes).await.lane, Lane::Telemetry);
    assert!(room.heard().iter().all(|heard| heard.id() != Some(stays)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_whose_answer_was_lost_is_asked_for_again_on_the_next_link() {
    let (room, _home, _running, mut device) = scene().await;
    let (press, _) = device.press();
    room.until_heard(press).await;
    let at = room.address();
    // Longer than an answer may take: the alarm of the home has sounded by then.
    until("an answer is overdue", {
        let heard = Instant::now();
        move || heard.elapsed() > Duration::from_secs(11)
    })
    .await;
    room.close().await;
    let room = WatchRoom::open(at).await;
    room.until_heard(press).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_box_speaks_for_itself_at_once() {
    let (room, home, _running, _device) = scene().await;
    let own = home.gateway.as_device();
    let heard = room
        .until(|all| {
            let health = |h: &&scene::Heard| {
                proto::frame::Header::parse(&h.bytes)
                    .is_ok_and(|(header, _)| header.class == proto::frame::Class::Health)
            };
            let own = |h: &&scene::Heard| h.id().map(|id| id.device) == Some(own);
            all.iter().filter(own).find(health).cloned()
        })
        .await;
    let (header, _) = proto::frame::Header::parse(&heard.bytes).unwrap();
    let seal = home.key.end(scene::EPOCH).boot(header.id.boot);
    let (header, body) = proto::frame::verify_end(&heard.bytes, &seal).unwrap();
    let up = proto::up::Up::from_body(header.class, body).unwrap();
    assert!(matches!(up, proto::up::Up::Health(health) if health.period_s == 30), "{up:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_good_for_one_connection() {
    let (_room, _home, running, mut device) = scene().await;
    let mut copy = Device::new(41);
    // The copy presents counters that the device has used already.
    let refused = copy.connect(running.devices).await.unwrap_err();
    assert!(refused.contains("BadUserNamePassword"), "{refused}");
    let (press, _) = device.press();
    device.until_told(Sealer::Gateway, press, Rung::Stored).await;
}
