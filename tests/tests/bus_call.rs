//! A call for help on the local bus of a real box: a verified alert of its home, and an answer that its caller can read.
//!
//! Server and gateway as they ship, the caller is rumqttc. Not here: a box that is killed meanwhile (`gateway`).
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test may fall")]

use std::sync::{Arc, Mutex};

use proto::topic::Topic;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tests::scene::{Scene, of_kind};
use tests::stage::Setting;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

#[tokio::test(flavor = "multi_thread")]
async fn a_call_on_the_bus_is_a_verified_alert_of_the_home_and_is_answered() -> Outcome {
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    let at = scene.gateway.bus;
    let (client, mut socket) =
        AsyncClient::new(MqttOptions::new("panel", at.ip().to_string(), at.port()), 8);
    let box_itself = scene.enrolled.gateway.as_device();
    let topic = Topic::BusReceipt(scene.homes[0], box_itself).to_string();
    client.try_subscribe(topic, QoS::AtLeastOnce).unwrap();
    client
        .try_publish("zigbee2mqtt/bathroom", QoS::AtLeastOnce, false, r#"{"action":"sos"}"#)
        .unwrap();
    let rungs: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&rungs);
    tokio::spawn(async move {
        while let Ok(event) = socket.poll().await {
            if let Event::Incoming(Packet::Publish(word)) = event {
                let word: serde_json::Value = serde_json::from_slice(&word.payload).unwrap();
                heard.lock().unwrap().push(word["rung"].as_str().unwrap_or_default().to_owned());
            }
        }
    });
    scene.until("the call on a screen", 30, |book| of_kind(book, "help").len() == 1).await?;
    let alert = of_kind(&scene.shared.book(), "help")[0].clone();
    assert_eq!((&alert["trust"], &alert["severity"]), (&"verified".into(), &"emergency".into()));
    assert_eq!(alert["home"], scene.homes[0].to_string(), "{alert}");
    let received = || rungs.lock().unwrap().iter().any(|rung| rung == "received");
    scene.until_true("the answer", 30, received).await?;
    let quiet = || std::fs::read_to_string(&scene.gateway.alarm).is_ok_and(|t| t.trim() == "0");
    scene.until_true("a quiet home", 30, quiet).await?;
    Ok(())
}
