//! An emergency that nobody here can name is heard in its home until the server has it, through restarts too.
//!
//! Not here: presses with a name (`chain_to_fake_server.rs`), what the hub decides (`hub.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "scene/home.rs"]
mod scene;

use proto::topic::Topic;
use scene::{ANY, Device, Felt, Home, WatchRoom, let_in, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_heard_in_the_home_through_a_restart_until_the_server_has_it() {
    let room = WatchRoom::open(ANY).await;
    let at = room.address();
    let home = Home::new(at);
    room.close().await;
    let running = home.start("");
    let mut stranger = Device::new(4242);
    stranger.connect_as_stranger(running.devices).await.unwrap();
    let (press, bytes) = stranger.press_frame();
    stranger.publish(Topic::StrangerUp(stranger.id), bytes);
    stranger.until(|felt| *felt == Felt::Acked).await;
    until("the alarm", || home.alarm() == "1").await;
    running.kill();
    let _running = home.start("");
    until("the alarm after a restart", || home.alarm() == "1").await;
    let room = WatchRoom::open(at).await;
    room.until_heard(press).await;
    until("quiet", || home.alarm() == "0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_wrong_tag_came_with_is_heard_in_the_home_after_a_restart_too() {
    let room = WatchRoom::open(ANY).await;
    let at = room.address();
    let home = Home::new(at);
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let running = home.start("");
    let_in(&mut device, running.devices).await;
    room.close().await;
    let (press, mut wrong) = device.press_frame();
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    device.repeat(&wrong);
    device.until(|felt| *felt == Felt::Acked).await;
    until("the alarm", || home.alarm() == "1").await;
    running.kill();
    let _running = home.start("");
    until("the alarm after a restart", || home.alarm() == "1").await;
    let room = WatchRoom::open(at).await;
    room.until_heard(press).await;
    until("quiet", || home.alarm() == "0").await;
}
