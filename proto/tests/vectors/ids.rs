//! Names as text: check characters, client ids, topics, and texts that are none.

use proto::frame::Lane;
use proto::id::{DeviceId, ID_LIMIT};
use proto::seat::{STRANGER_LOGIN, Seat};
use proto::topic::Topic;
use serde_json::{Value, json};

use super::hold;

fn names(number: u64) -> Value {
    let device = DeviceId::new(number).expect("below the limit");
    assert_eq!(device.to_string().parse(), Ok(device));
    json!({
        "number": number,
        "text": device.to_string(),
        "client_id": Seat::Device(device).to_string(),
        "user_name": device.to_string(),
        "publish_emergency": Topic::DeviceUp(device, Lane::Emergency).to_string(),
        "publish_telemetry": Topic::DeviceUp(device, Lane::Telemetry).to_string(),
        "subscribe": Topic::DeviceDown(device).to_string(),
        "stranger_client_id": Seat::Stranger(device).to_string(),
        "stranger_user_name": STRANGER_LOGIN,
        "stranger_publish": Topic::StrangerUp(device).to_string(),
    })
}

fn refused(text: &str) -> Value {
    let why = text.parse::<DeviceId>().expect_err("no id");
    json!({ "text": text, "why": why.to_string() })
}

#[test]
fn names_are_spelled_as_the_vectors_say() {
    let numbers = [0, 1, 32, 36, 0x0123_4567_89AB, 123_456_789_012_345, ID_LIMIT - 1];
    let alike: Vec<Value> = ["0000000001", "00000000o11", "0000000oil1", "000000000ab="]
        .iter()
        .map(|text| match text.parse::<DeviceId>() {
            Ok(device) => json!({ "typed": text, "text": device.to_string() }),
            Err(_) => refused(text),
        })
        .collect();
    let none = ["00000000012", "0000000000U1", "0000000000", "", "0000000!000"].map(refused);
    hold(
        "ids.json",
        &json!({
            "names": numbers.map(names),
            "typed_by_people": alike,
            "refused": none,
        }),
    );
}
