//! A device that nobody has enrolled presses: a low-trust alert on the console, never silence.
//!
//! Not here: how many strangers a door lets in (`door`).

use std::time::Duration;

use firmware::device::Light;
use proto::id::{DeviceId, KeyEpoch};
use proto::key::DeviceKey;
use proto::up::Role;
use tests::enrol::Enrolled;
use tests::scene::{Scene, of_kind, press};
use tests::stage::Setting;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

#[tokio::test(flavor = "multi_thread")]
async fn a_press_of_an_unknown_device_is_an_unverified_press() -> Outcome {
    let mut scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    let unknown = Enrolled {
        device: DeviceId::new(0x1234_5678).expect("in range"),
        key: DeviceKey::from_bytes([7; 32]),
        epoch: KeyEpoch::new(0),
        role: Role::HelpButton,
        home: scene.homes[0],
    };
    let name = unknown.device.to_string();
    let stranger = scene.power_up(unknown);
    stranger.light_among(&[Light::Idle]).await?;
    press(&stranger).await;
    scene.until("an unverified press", 30, |book| !of_kind(book, "unverified").is_empty()).await?;
    let alert = of_kind(&scene.shared.book(), "unverified")[0].clone();
    assert_eq!(alert["trust"], "unverified");
    assert_eq!(alert["device"], name.as_str(), "{alert}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_released_while_its_gateway_was_away_becomes_a_stranger() -> Outcome {
    let mut scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    let device = scene.buttons[0].device.to_string();
    scene.buttons[0].light_among(&[Light::Idle]).await?;
    scene.gateway.process.kill()?;
    let path = format!("/api/devices/{device}/release");
    scene.stage.admin.post(&path, &serde_json::json!({}))?.good()?;
    scene.gateway.process.again()?;
    scene.press(0).await?;
    // Whoever carries it, it is heard; the next one finds the door shut, and the light says so.
    scene.until("an unverified press", 30, |book| !of_kind(book, "unverified").is_empty()).await?;
    scene.press(0).await?;
    let refused = scene.buttons[0].light_among(&[Light::Refused]);
    let said = tokio::time::timeout(Duration::from_secs(30), refused).await;
    said.map_err(|_| scene.failure("its light never said that it is refused"))?.map(drop)
}
