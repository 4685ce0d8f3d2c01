//! What the box has lost, and a promise that it cannot keep: told by its page, to the server, and by a command.
//!
//! A box that is unhealthy is not started again: its service manager, a socket of the test's own, hears that it is alive.
//! Not here: presses on a full disk (`disk.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "../../proto/door/tests/convention/missing.rs"]
mod missing;
#[path = "../../proto/door/tests/convention/prometheus.rs"]
mod prometheus;
#[path = "scene/home.rs"]
mod scene;

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use proto::frame::Lane;
use proto::topic::Topic;
use proto::up::{EventKind, Reading, Up};
use rumqttc::{AsyncClient, MqttOptions, Packet, QoS};
use scene::{ANY, Device, Felt, Home, WatchRoom, ask, let_in, said, until, within};

#[tokio::test(flavor = "multi_thread")]
async fn without_its_server_a_box_is_unhealthy_by_its_word_and_stays_alive() {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let manager = UnixDatagram::bind(home.path("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let config = home.configure("");
    let mut command = home.command(&config);
    command.env("NOTIFY_SOCKET", home.path("notify")).env("WATCHDOG_USEC", "300000");
    let running = Home::run(command);
    until("a healthy box", || running.report()["healthy"] == true).await;
    room.close().await;
    until("the cut is told", || running.says("uplink_down")).await;
    let told = running.report();
    assert_eq!((&told["healthy"], &told["alive"]), (&false.into(), &true.into()), "{told}");
    assert_eq!(told["ok"], true, "an island is not a fault of the box: {told}");
    assert!(ask(running.health, "/health").0.contains("200"));
    assert!(ask(running.health, "/alive").0.contains("200"));
    let text = running.figures();
    assert!(text.contains("\nhearthline_gateway_uplink_lost_total 1\n"), "{text}");
    manager.set_nonblocking(true).unwrap();
    while manager.recv(&mut [0; 64]).is_ok() {}
    manager.set_nonblocking(false).unwrap();
    for _ in 0..5 {
        let mut word = [0; 64];
        let length = manager.recv(&mut word).expect("it says that it is alive");
        assert_eq!(&word[..length], b"WATCHDOG=1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_have_their_sentence_their_kind_and_their_unit() {
    let home = Home::new(ANY);
    let running = home.start("");
    // The page answers before the last worker has begun.
    until("all workers", || {
        let text = running.figures();
        ["loop", "uplink.emergency", "bus.door.watchdog"]
            .iter()
            .all(|name| text.contains(&format!("worker=\"{name}\"")))
    })
    .await;
    let text = running.figures();
    prometheus::is_by_convention(&text, "hearthline_gateway_");
    for name in [
        "alive",
        "healthy",
        "lost_total",
        "uplink_lost_total",
        "uplink_down_seconds",
        "spool_bytes",
        "bus_lost_total",
        "bus_retained_bytes",
        "worker_restarts_total{worker=\"loop\"}",
        "worker_still{worker=\"commit\"}",
        "worker_still{worker=\"uplink.emergency\"}",
        "worker_quiet_seconds{worker=\"bus.door.watchdog\"}",
    ] {
        assert!(text.contains(&format!("\nhearthline_gateway_{name} ")), "no {name}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bus_loses_is_told_by_the_page_and_to_the_server() {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let running = home.start("");
    until("a healthy box", || running.report()["healthy"] == true).await;
    assert!(!running.says("bus_lost"));
    let mut options = MqttOptions::new("zigbee2mqtt", "127.0.0.1", running.bus.port());
    options.set_max_packet_size(300_000, 300_000);
    let (client, mut socket) = AsyncClient::new(options, 256);
    // More than the bus has room to retain: 16 MiB.
    for n in 0..100 {
        let topic = format!("homeassistant/device/{n}/config");
        client.try_publish(topic, QoS::AtLeastOnce, true, vec![b'x'; 200_000]).unwrap();
    }
    within(async {
        let mut acknowledged = 0;
        while acknowledged < 100 {
            if let rumqttc::Event::Incoming(Packet::PubAck(_)) = socket.poll().await.unwrap() {
                acknowledged += 1;
            }
        }
    })
    .await;
    until("it is told", || running.says("bus_lost")).await;
    assert_eq!(running.report()["ok"], true);
    let lost = || said(&room).into_iter().find(|event| event.kind == EventKind::BusLost);
    until("the server is told", || lost().is_some()).await;
    assert!(lost().unwrap().count.is_some_and(|count| count > 0));
    let room_left = said(&room).iter().filter(|event| event.kind == EventKind::DiskRoom).count();
    assert_eq!(room_left, 1, "once after a start");
}

/// A small disk that is gone with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(path: &Path) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(path).status();
        if mounted.is_ok_and(|done| done.success()) {
            return Some(Self(path.to_owned()));
        }
        missing::missing("a small disk needs the right to mount");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn losses(home: &Home) -> serde_json::Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    let out =
        command.arg("losses").arg("--config").arg(home.path("gateway.toml")).output().unwrap();
    assert!(out.status.success(), "{out:?}");
    serde_json::from_slice(&out.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_and_what_it_costs_are_told_by_page_command_and_to_the_server() {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let data = home.path("data");
    let Some(disk) = SmallDisk::at(&data) else { return };
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let running = home.start("[limits]\nreserve_bytes = 2097152");
    let_in(&mut device, running.devices).await;
    until("a healthy box", || running.report()["healthy"] == true).await;
    assert_eq!(losses(&home)["spool"]["lost"], 0);
    let mut ballast = std::fs::File::create(data.join("ballast")).unwrap();
    for size in [4096, 1] {
        while ballast.write_all(&vec![1; size]).is_ok() {}
    }
    let reading = Up::Reading(Reading {
        uptime: proto::unit::Millis::secs(1),
        period_s: 20,
        values: Default::default(),
        home: None,
    });
    for _ in 0..200 {
        let (_, bytes) = device.frame(&reading);
        device.publish(Topic::DeviceUp(device.id, Lane::Telemetry), bytes);
        device.until(|felt| *felt == Felt::Acked).await;
    }
    device.press();
    device.until(|felt| *felt == Felt::Acked).await;
    until("it is told", || running.says("disk_full")).await;
    let told = running.report();
    assert_eq!((&told["healthy"], &told["alive"]), (&false.into(), &true.into()), "{told}");
    until("what was lost is told", || running.says("telemetry_lost")).await;
    let lost = losses(&home);
    assert!(lost["spool"]["lost"].as_u64().is_some_and(|lost| lost > 0), "{lost}");
    std::fs::remove_file(data.join("ballast")).unwrap();
    drop(ballast);
    until("there is room again", || !running.says("disk_full")).await;
    let kinds = || -> Vec<_> {
        let all = said(&room).into_iter().map(|event| event.kind);
        all.filter(|kind| matches!(kind, EventKind::DiskFull | EventKind::DiskRoom)).collect()
    };
    let told = [EventKind::DiskRoom, EventKind::DiskFull, EventKind::DiskRoom];
    until("the server was told", || kinds() == told).await;
    assert!(running.terminate().success());
    drop(disk);
}
