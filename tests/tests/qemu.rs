//! The image as a promise: a press on a board becomes one alert, and the light of the board climbs.
//!
//! The board runs in QEMU with the real drivers, the gateway and the server are real. Not here: random power cuts in
//! great number (`image power-cuts`).

use std::time::Duration;

use proto::key::DeviceKey;
use proto::up::Role;
use serde_json::{Value, json};
use tests::api::text;
use tests::book::Book;
use tests::enrol::{self, Enrolled};
use tests::image::power_cuts;
use tests::image::provision::{kept, provision};
use tests::image::room::{Room, door_of};
use tests::qemu::Machine;
use tests::scene::of_kind;
use tests::seed::Seed;
use tests::stage::Setting;
use tests::trouble::{Outcome, Trouble};

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");
/// Power cuts of the ordinary test.
const CUTS: usize = 25;

/// A finger on the button until the board has felt it.
async fn press(machine: &Machine) -> Outcome {
    machine.bench.button(true);
    machine.until("a press to be felt", 10, |story| story.sounded("felt")).await?;
    machine.bench.button(false);
    Ok(())
}

/// Alerts of a kind that name the board.
fn named(room: &Room, book: &Book, kind: &str) -> Vec<Value> {
    let device = room.device.device.to_string();
    let of_board = |alert: &&Value| {
        let list = alert["activations"].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().any(|a| a["device"] == device.as_str()) || alert["device"] == device.as_str()
    };
    of_kind(book, kind).into_iter().filter(of_board).cloned().collect()
}

/// Waits for the one alert of a kind that names the board.
async fn on_screen(room: &Room, kind: &str) -> Outcome<Value> {
    let what = format!("one alert `{kind}` of the board on a screen");
    room.scene.until(&what, 30, |book| named(room, book, kind).len() == 1).await?;
    Ok(named(room, &room.scene.shared.book(), kind).remove(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn press_on_a_board_becomes_one_alert_and_its_light_climbs() -> Outcome {
    let Some(room) = Room::open(PROGRAM, Role::HelpButton).await? else { return Ok(()) };
    let machine = room.linked().await?;
    machine.bench.button(true);
    machine.light("sending", 5).await?;
    machine.bench.button(false);
    machine.light("stored", 10).await?;
    machine.light("received", 10).await?;
    let scene = &room.scene;
    let alert = on_screen(&room, "help").await?;
    assert_eq!(alert["trust"], "verified", "{alert}");
    assert_eq!(alert["activations"].as_array().map(Vec::len), Some(1), "{alert}");
    let desk = scene.stage.operator("desk")?;
    let id = text(&alert, "id")?;
    desk.post(&format!("/api/alerts/{id}/claim"), &json!({}))?.good()?;
    machine.light("seen", 10).await?;
    let sounds = ["felt", "received", "seen"];
    machine.until("its sounds", 5, |story| sounds.iter().all(|word| story.sounded(word))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn press_while_the_gateway_is_down_is_kept_and_arrives_once() -> Outcome {
    let Some(mut room) = Room::open(PROGRAM, Role::HelpButton).await? else { return Ok(()) };
    let machine = room.linked().await?;
    room.scene.gateway.process.kill()?;
    press(&machine).await?;
    assert_eq!(machine.story().light(), "sending");
    assert_eq!(kept(&room.plan.flash).await?.len(), 1);
    machine.light("failed", 15).await?;
    room.scene.gateway.process.again()?;
    machine.light("received", 60).await?;
    let alert = on_screen(&room, "help").await?;
    assert_eq!(alert["activations"].as_array().map(Vec::len), Some(1), "{alert}");
    // The light is shown before the page is written.
    let forgotten = async {
        while !kept(&room.plan.flash).await?.is_empty() {
            tokio::task::yield_now().await;
        }
        Ok::<_, Trouble>(())
    };
    let forgotten = tokio::time::timeout(Duration::from_secs(10), forgotten).await;
    forgotten.map_err(|_| Trouble::new("flash does not forget what the server has"))?
}

/// What must hold whenever the door does not know the board: its light says so, and the press is kept and heard all
/// the same.
async fn refused_and_heard(room: &Room, machine: &Machine, kind: &str) -> Outcome<Value> {
    press(machine).await?;
    machine.light("refused", 20).await?;
    let alert = on_screen(room, kind).await?;
    assert_eq!(kept(&room.plan.flash).await?.len(), 1, "no receipt came, so the press is kept");
    Ok(alert)
}

#[tokio::test(flavor = "multi_thread")]
async fn press_with_a_wrong_key_is_refused_kept_and_heard_as_unverified() -> Outcome {
    let Some(room) = Room::open(PROGRAM, Role::HelpButton).await? else { return Ok(()) };
    let forged = Enrolled { key: DeviceKey::from_bytes([7; 32]), ..room.device.clone() };
    provision(&room.plan.flash, &forged, door_of(&room.scene.gateway)).await?;
    let machine = room.power_up()?;
    machine.until("a refusal", 20, |story| story.logged("link Refused")).await?;
    let alert = refused_and_heard(&room, &machine, "unverified").await?;
    assert_eq!(alert["trust"], "unverified", "{alert}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn press_at_a_wrong_gateway_is_refused_kept_and_heard() -> Outcome {
    let Some(room) = Room::open(PROGRAM, Role::HelpButton).await? else { return Ok(()) };
    let stage = &room.scene.stage;
    let organisation = enrol::organisation(&stage.admin, "next door")?;
    let other = enrol::gateway(&stage.admin, &organisation, "next door")?;
    let other = stage.gateway_in(&other, stage.server.gateways, &Setting::default())?;
    provision(&room.plan.flash, &room.device, door_of(&other)).await?;
    let machine = room.power_up()?;
    machine.until("a refusal", 20, |story| story.logged("link Refused")).await?;
    let alert = refused_and_heard(&room, &machine, "help").await?;
    // The stranger gateway cannot read it, the server can.
    assert_eq!(alert["trust"], "verified", "{alert}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn press_of_a_revoked_board_is_refused_kept_and_heard_as_unverified() -> Outcome {
    let Some(room) = Room::open(PROGRAM, Role::HelpButton).await? else { return Ok(()) };
    let machine = room.linked().await?;
    let path = format!("/api/devices/{}/release", room.device.device);
    room.scene.stage.admin.post(&path, &json!({}))?.good()?;
    machine.until("a refusal", 30, |story| story.logged("link Refused")).await?;
    let alert = refused_and_heard(&room, &machine, "unverified").await?;
    assert_eq!(alert["trust"], "unverified", "{alert}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn power_cuts_between_press_and_receipt_lose_and_double_nothing() -> Outcome {
    let Some(room) = Room::open(PROGRAM, Role::HelpButton).await? else { return Ok(()) };
    let toll = power_cuts::run(&room, CUTS, Seed::from_environment()).await?;
    assert!(toll.cuts >= CUTS && toll.presses > CUTS / 3, "{toll:?}");
    assert_eq!((toll.lost, toll.doubled, toll.unbootable), (0, 0, 0), "{toll:?}");
    Ok(())
}
