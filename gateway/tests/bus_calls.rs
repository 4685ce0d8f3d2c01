//! A call for help that a program of the household makes on the bus: on disk before its PUBACK, heard, answered.
//!
//! The programs are rumqttc in both versions of MQTT. Not here: what is said twice (`bus_repeats`), the door's part, with
//! a disk that fails (`door/tests/bus.rs`), and what the watch room makes of it (`server`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "scene/home.rs"]
mod scene;

use std::net::SocketAddr;
use std::time::Duration;

use proto::down::{Receipt, Rung};
use proto::relay::GatewayDown;
use proto::topic::Topic;
use rumqttc::v5::mqttbytes::v5 as new;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use scene::{ANY, Device, Home, WatchRoom, calls_heard, let_in, until, within};

const WORDS: [&str; 3] = [r#"{"action":"emergency","battery":97}"#, r#"{"sos":true}"#, "SOS"];

/// Calls for help as a program of either version does, and waits until that is acknowledged.
async fn call(at: SocketAddr, level: u8, word: &str) {
    let topic = "zigbee2mqtt/bathroom";
    if level == 4 {
        let options = MqttOptions::new("zigbee2mqtt", at.ip().to_string(), at.port());
        let (client, mut socket) = AsyncClient::new(options, 8);
        client.try_publish(topic, QoS::AtLeastOnce, false, word).unwrap();
        let acknowledged = async {
            while !matches!(socket.poll().await.unwrap(), Event::Incoming(Packet::PubAck(_))) {}
        };
        return within(acknowledged).await;
    }
    let options = rumqttc::v5::MqttOptions::new("zigbee2mqtt", at.ip().to_string(), at.port());
    let (client, mut socket) = rumqttc::v5::AsyncClient::new(options, 8);
    let qos = rumqttc::v5::mqttbytes::QoS::AtLeastOnce;
    client.try_publish(topic, qos, false, word.to_owned()).unwrap();
    within(async {
        loop {
            if let rumqttc::v5::Event::Incoming(new::Packet::PubAck(ack)) =
                socket.poll().await.unwrap()
            {
                break assert_eq!(ack.reason, new::PubAckReason::Success);
            }
        }
    })
    .await;
}

/// Whether a call is acknowledged; its program is shown out if it is not.
async fn is_acknowledged(at: SocketAddr) -> bool {
    let options = MqttOptions::new("wild", at.ip().to_string(), at.port());
    let (client, mut socket) = AsyncClient::new(options, 8);
    client.try_publish("wild/sos", QoS::AtLeastOnce, false, "sos").unwrap();
    within(async {
        loop {
            match socket.poll().await {
                Ok(Event::Incoming(Packet::PubAck(_))) => break true,
                Ok(_) => {}
                Err(_) => break false,
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_acknowledged_on_the_bus_reaches_the_server_though_the_box_is_killed() {
    let room = WatchRoom::open(ANY).await;
    let at = room.address();
    let home = Home::new(at);
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let mut running = home.start("");
    let_in(&mut device, running.devices).await;
    room.close().await;
    until("the cut is told", || running.report()["uplink"] == false).await;
    for (level, word) in [(4, WORDS[0]), (5, WORDS[1]), (4, WORDS[2]), (5, WORDS[0])] {
        call(running.bus, level, word).await;
        running.kill();
        running = home.start("");
    }
    until("the home's alarm", || home.alarm() == "1").await;
    let room = WatchRoom::open(at).await;
    until("all calls", || calls_heard(&room, &home).len() >= 4).await;
    let calls = calls_heard(&room, &home);
    assert_eq!(calls.len(), 4, "each call once: {calls:?}");
    // The server has them: the home need not sound any longer.
    within(async {
        let mut every = tokio::time::interval(Duration::from_millis(100));
        while home.alarm() == "1" {
            for press in &calls {
                let hint = Some(Receipt { press: *press, rung: Rung::Received });
                let sealed: &[u8] = b"sealed for nobody";
                let word =
                    GatewayDown::Forward { device: press.device, sealed: sealed.into(), hint };
                room.tell(minicbor::to_vec(word).unwrap().into());
            }
            every.tick().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_can_follow_how_far_its_call_has_come() {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let running = home.start("");
    let_in(&mut device, running.devices).await;
    let at = running.bus;
    let options = MqttOptions::new("panel", at.ip().to_string(), at.port());
    let (client, mut socket) = AsyncClient::new(options, 8);
    let topic = Topic::BusReceipt(home.home, home.gateway.as_device()).to_string();
    client.try_subscribe(topic, QoS::AtLeastOnce).unwrap();
    client.try_publish("panel/sos", QoS::AtMostOnce, false, "sos").unwrap();
    let mut rungs = Vec::new();
    within(async {
        while rungs.len() < 2 {
            let Event::Incoming(Packet::Publish(word)) = socket.poll().await.unwrap() else {
                continue;
            };
            let word: serde_json::Value = serde_json::from_slice(&word.payload).unwrap();
            rungs.push(word["rung"].as_str().unwrap().to_owned());
            if rungs.len() == 1 {
                until("the call", || !calls_heard(&room, &home).is_empty()).await;
                let press = calls_heard(&room, &home)[0];
                let hint = Some(Receipt { press, rung: Rung::Received });
                let sealed: &[u8] = b"sealed for nobody";
                let word =
                    GatewayDown::Forward { device: press.device, sealed: sealed.into(), hint };
                room.tell(minicbor::to_vec(word).unwrap().into());
            }
        }
    })
    .await;
    assert_eq!(rungs, ["stored", "received"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_on_the_bus_of_a_station_with_many_homes_goes_up_all_the_same() {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let (mut one, mut other) = (Device::new(41), Device::new(42));
    room.enrol(&one, home.home);
    room.enrol(&other, proto::id::HomeId::new(6).unwrap());
    let running = home.start("");
    let_in(&mut one, running.devices).await;
    let_in(&mut other, running.devices).await;
    call(running.bus, 4, WORDS[0]).await;
    until("the call", || calls_heard(&room, &home).len() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_calls_without_end_takes_no_room_from_devices() {
    let room = WatchRoom::open(ANY).await;
    let at = room.address();
    let home = Home::new(at);
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let running = home.start("");
    let_in(&mut device, running.devices).await;
    room.close().await;
    until("the cut is told", || running.report()["uplink"] == false).await;
    let mut taken = 0;
    while is_acknowledged(running.bus).await {
        taken += 1;
        assert!(taken <= 64, "so many wait for the server");
    }
    assert_eq!(taken, 64);
    let (press, _) = device.press();
    device.until(|felt| *felt == scene::Felt::Acked).await;
    let room = WatchRoom::open(at).await;
    room.until_heard(press).await;
    until("all calls", || calls_heard(&room, &home).len() == 64).await;
}
