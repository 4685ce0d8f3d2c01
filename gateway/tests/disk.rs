//! The box on a disk that is watched, full, or failing: what it acknowledged is on that disk.
//!
//! strace watches and injects, a small tmpfs is the full disk. Not here: the spool alone
//! (`spool_power_cut.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "../../proto/door/tests/convention/missing.rs"]
mod missing;
#[path = "scene/home.rs"]
mod scene;

use std::path::Path;
use std::process::Command;

use proto::frame::Lane;
use proto::topic::Topic;
use proto::up::{Reading, Up};
use scene::{ANY, Device, Felt, Home, Running, WatchRoom, let_in, until, within};

const CALLS: &str = "trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,fdatasync,fsync";

/// Runs presses under strace and gives the calls that the box made.
async fn traced_presses(more_args: &[&str]) -> String {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let log = home.path("strace");
    let mut watcher = vec!["strace", "-D", "-f", "-s", "64", "-e", CALLS];
    watcher.extend_from_slice(more_args);
    watcher.extend_from_slice(&["-o", log.to_str().unwrap()]);
    let running = home.start_under(&watcher, "");
    let_in(&mut device, running.devices).await;
    for _ in 0..5 {
        device.press();
        device.until(|felt| *felt == Felt::Acked).await;
    }
    assert!(running.terminate().success());
    std::fs::read_to_string(log).unwrap()
}

/// Counts the device's PUBLISHes that were acknowledged with and without a sync in between.
fn synced_before_answer(log: &str) -> (usize, usize) {
    let (mut socket, mut waiting, mut with, mut without) = (None, None, 0, 0);
    for call in calls(log) {
        let ok = call.rsplit_once("= ").is_some_and(|(_, result)| !result.starts_with('-'));
        let fd = call.split_once('(').and_then(|(_, rest)| rest.split(',').next());
        if call.starts_with("recv") || call.starts_with("read") {
            if call.contains("d-") && call.contains("MQTT") {
                socket = fd.map(str::to_owned);
            } else if ok && fd == socket.as_deref() && call.contains("/up/e") {
                waiting = Some(false);
            }
        } else if call.contains("sync") && ok {
            waiting = waiting.map(|_| true);
        } else if fd == socket.as_deref() && call.contains("@\\2\\0") {
            match waiting.take() {
                Some(true) => with += 1,
                Some(false) => without += 1,
                None => {}
            }
        }
    }
    (with, without)
}

/// Whole calls, joined where strace has cut them: a sending counts from its beginning, all else
/// from its end.
fn calls(log: &str) -> Vec<String> {
    let mut begun = std::collections::BTreeMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let (thread, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        if let Some(start) = call.strip_suffix("<unfinished ...>") {
            if start.starts_with("send") || start.starts_with("write") {
                calls.push(start.to_owned());
            } else {
                begun.insert(thread, start);
            }
        } else if let Some((_, end)) = call.split_once(" resumed>") {
            calls.extend(begun.remove(thread).map(|start| format!("{start}{end}")));
        } else {
            calls.push(call.to_owned());
        }
    }
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn between_each_press_and_its_acknowledgement_lies_a_sync() {
    let log = traced_presses(&[]).await;
    assert_eq!(synced_before_answer(&log), (5, 0), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_sync_is_noticed() {
    let log = traced_presses(&["-E", "HEARTHLINE_SYNCHRONOUS=NORMAL"]).await;
    let (_, without) = synced_before_answer(&log);
    assert!(without > 0, "the test above can fail");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_failing_syncs_nothing_acknowledged_is_missing() {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    // Counted on each thread, and the start makes fewer: only the thread that commits gets there.
    // One failure is healed by opening the store anew; more in a row are told to the device.
    for (fail, told) in [("12..16", true), ("15..15", false), ("18..24", true)] {
        let inject = format!("inject=fdatasync:error=EIO:when={fail}");
        let watcher =
            ["strace", "-D", "-f", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", &inject];
        let running = home.start_under(&watcher, "");
        let mut acknowledged = Vec::new();
        let_in(&mut device, running.devices).await;
        let mut refused = 0;
        while acknowledged.len() < 24 {
            let (press, bytes) = device.press_frame();
            while !answered(&mut device, &running, &bytes).await {
                refused += 1;
            }
            acknowledged.push(press);
        }
        assert_eq!(refused > 0, told, "{refused} refused while syncs {fail} failed");
        running.kill();
        let running = home.start("");
        for press in acknowledged {
            room.until_heard(press).await;
        }
        running.kill();
    }
}

/// Sends a frame until it is acknowledged or the connection ends; then connects again.
async fn answered(device: &mut Device, running: &Running, bytes: &[u8]) -> bool {
    device.repeat(bytes);
    let felt = within(device.feel_next(|felt| matches!(felt, Felt::Acked | Felt::Lost(_)))).await;
    if felt == Felt::Acked {
        return true;
    }
    let_in(device, running.devices).await;
    false
}

/// A small disk, unmounted at the end.
struct SmallDisk<'a>(&'a Path);

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_presses_are_kept_and_telemetry_is_counted_as_lost() {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let data = home.path("data");
    std::fs::create_dir_all(&data).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=6m", "tmpfs"];
    if !Command::new("mount").args(mount).arg(&data).status().is_ok_and(|done| done.success()) {
        missing::missing("a small disk needs the right to mount");
        return;
    }
    let disk = SmallDisk(&data);
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let running = home.start("[limits]\nreserve_bytes = 2097152");
    let_in(&mut device, running.devices).await;
    let ballast = data.join("ballast");
    fill(&ballast);
    let reading = Up::Reading(Reading {
        uptime: proto::unit::Millis::secs(1),
        period_s: 20,
        values: Default::default(),
        home: None,
    });
    let mut presses = Vec::new();
    for round in 0..300 {
        let (_, bytes) = device.frame(&reading);
        device.publish(Topic::DeviceUp(device.id, Lane::Telemetry), bytes);
        device.until(|felt| *felt == Felt::Acked).await;
        if round % 10 == 0 {
            let (press, _) = device.press();
            device.until(|felt| *felt == Felt::Acked).await;
            presses.push(press);
        }
    }
    for press in presses {
        room.until_heard(press).await;
    }
    std::fs::remove_file(&ballast).unwrap();
    until("the reserve is made again", || data.join("reserve").exists()).await;
    assert!(running.terminate().success());
    drop(disk);
}

/// Writes until nothing more fits.
fn fill(path: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(path).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    while file.write_all(&[1]).is_ok() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_starts_on_a_full_disk_with_its_reserve_in_place_and_takes_presses() {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let data = home.path("data");
    std::fs::create_dir_all(&data).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=6m", "tmpfs"];
    if !Command::new("mount").args(mount).arg(&data).status().is_ok_and(|done| done.success()) {
        missing::missing("a small disk needs the right to mount");
        return;
    }
    let disk = SmallDisk(&data);
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let limits = "[limits]\nreserve_bytes = 2097152";
    let running = home.start(limits);
    let_in(&mut device, running.devices).await;
    assert!(running.terminate().success());
    assert!(data.join("reserve").exists());
    fill(&data.join("ballast"));
    let running = home.start(limits);
    let_in(&mut device, running.devices).await;
    for _ in 0..20 {
        let (press, _) = device.press();
        device.until(|felt| *felt == Felt::Acked).await;
        room.until_heard(press).await;
    }
    assert!(running.terminate().success());
    drop(disk);
}
