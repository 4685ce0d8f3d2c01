//! What a household program and a technician see: retained words on the bus, the health page.
//!
//! Not here: what is decided behind them (`hub.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "scene/home.rs"]
mod scene;

use std::net::SocketAddr;

use proto::down::Rung;
use proto::topic::Topic;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use scene::{ANY, Device, Felt, Home, WatchRoom, ask, let_in, until, within};

/// Reads the retained word of a topic as a display would that is switched on now.
async fn retained(at: SocketAddr, topic: Topic) -> serde_json::Value {
    let mut options = MqttOptions::new("display", at.ip().to_string(), at.port());
    options.set_clean_session(true);
    let (client, mut socket) = AsyncClient::new(options, 8);
    client.try_subscribe(topic.to_string(), QoS::AtLeastOnce).unwrap();
    within(async {
        loop {
            if let Event::Incoming(Packet::Publish(publish)) = socket.poll().await.unwrap() {
                break serde_json::from_slice(&publish.payload).unwrap();
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_display_follows_device_receipt_and_alarm_by_plain_mqtt() {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let running = home.start("");
    let_in(&mut device, running.devices).await;
    let (press, _) = device.press();
    room.until_heard(press).await;
    room.say(&device, press, Rung::Received);
    device.until(|felt| matches!(felt, Felt::Told(_, r) if r.rung == Rung::Received)).await;

    let receipt = within(async {
        loop {
            let word = retained(running.bus, Topic::BusReceipt(home.home, device.id)).await;
            if word["rung"] == "received" {
                break word;
            }
        }
    })
    .await;
    assert_eq!(receipt["device"], device.id.to_string());
    assert_eq!(receipt["seq"], press.seq.get());
    let state = within(async {
        loop {
            let word = retained(running.bus, Topic::BusState(home.home, device.id)).await;
            if word["state"] == "fresh" {
                break word;
            }
        }
    })
    .await;
    assert_eq!(state["connected"], true);
    assert_eq!(state["role"], "help_button");

    room.close().await;
    let (press, _) = device.press();
    device.until(|felt| matches!(felt, Felt::Told(_, r) if r.press == press)).await;
    until("the alarm", || home.alarm() == "1").await;
    let alarm = retained(running.bus, Topic::BusAlarm(home.home)).await;
    assert_eq!((&alarm["alarm"], &alarm["island"]), (&true.into(), &true.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bus_asks_for_its_password_if_one_is_set() {
    let home = Home::new(ANY);
    std::fs::write(home.path("bus-password"), "display:secret\n").unwrap();
    let more = format!("[bus]\npassword_file = {:?}", home.path("bus-password"));
    let running = home.start(&more);
    for (password, allowed) in [("wrong", false), ("secret", true)] {
        let at = running.bus;
        let mut options = MqttOptions::new("display", at.ip().to_string(), at.port());
        options.set_credentials("display", password);
        let (_client, mut socket) = AsyncClient::new(options, 8);
        let answer = within(socket.poll()).await;
        assert_eq!(answer.is_ok(), allowed, "{password}: {answer:?}");
    }
}

/// Says hello to the bus from another address of this machine than loopback.
async fn knock(at: SocketAddr, password: Option<&str>) -> bool {
    let mut options = MqttOptions::new("panel", at.ip().to_string(), at.port());
    if let Some(password) = password {
        options.set_credentials("display", password);
    }
    let (_client, mut socket) = AsyncClient::new(options, 8);
    within(socket.poll()).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bus_goes_beyond_this_machine_with_a_password_and_not_without() {
    let home = Home::new(ANY);
    std::fs::write(home.path("bus-password"), "display:secret\n").unwrap();
    let more =
        format!("[bus]\nbind = \"0.0.0.0:0\"\npassword_file = {:?}", home.path("bus-password"));
    let running = home.start(&more);
    let at = SocketAddr::from(([127, 0, 0, 1], running.bus.port()));
    assert!(knock(at, Some("secret")).await);
    for password in [Some("wrong"), None] {
        assert!(!knock(at, password).await, "{password:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_discovery_message_passes_and_is_there_for_who_comes_later() {
    let home = Home::new(ANY);
    let running = home.start("");
    let discovery = serde_json::json!({ "components": "x".repeat(200_000) }).to_string();
    let at = running.bus;
    let connect = |name: &str| {
        let mut options = MqttOptions::new(name, at.ip().to_string(), at.port());
        options.set_max_packet_size(300_000, 300_000);
        AsyncClient::new(options, 8)
    };
    let (client, mut socket) = connect("zigbee2mqtt");
    let topic = "homeassistant/device/bed/config";
    client.try_publish(topic, QoS::AtLeastOnce, true, discovery.clone()).unwrap();
    within(async {
        while !matches!(socket.poll().await.unwrap(), Event::Incoming(Packet::PubAck(_))) {}
    })
    .await;
    let (client, mut socket) = connect("homeassistant");
    client.try_subscribe("homeassistant/#", QoS::AtLeastOnce).unwrap();
    let heard = within(async {
        loop {
            if let Event::Incoming(Packet::Publish(publish)) = socket.poll().await.unwrap() {
                break publish;
            }
        }
    })
    .await;
    assert_eq!((&heard.topic[..], &heard.payload[..]), (topic, discovery.as_bytes()));
    assert!(heard.retain);
    let text = running.figures();
    assert!(text.contains("hearthline_gateway_bus_clients 2"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_page_tells_what_works_and_what_waits() {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let running = home.start("");
    let report = || running.report();
    until("a healthy box", || report()["ok"] == true).await;
    until("an uplink", || report()["uplink"] == true).await;
    assert_eq!(report()["reserve"], true);
    assert!(ask(running.health, "/health").0.contains("200"));
    let (status, text) = ask(running.health, "/metrics");
    assert!(status.contains("200") && text.contains("hearthline_gateway_uplink_up 1"), "{text}");
    assert!(ask(running.health, "/else").0.contains("404"));
    room.close().await;
    until("the cut is told", || report()["uplink"] == false).await;
    assert_eq!(report()["ok"], true, "an island is not a fault of the box");
}
