//! The image as a promise: a press on a board becomes one alert, and the light of the board climbs.
//!
//! The board runs in QEMU with the real drivers, the gateway and the server are real. Not here: random power cuts in
//! great number (`image power-cuts`).

use proto::up::Role;
use serde_json::json;
use tests::api::text;
use tests::image::room::Room;
use tests::scene::of_kind;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

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
    scene.until("the press on a screen", 10, |book| of_kind(book, "help").len() == 1).await?;

    let alert = of_kind(&scene.shared.book(), "help")[0].clone();
    assert_eq!(alert["trust"], "verified", "{alert}");
    assert_eq!(alert["activations"].as_array().map(Vec::len), Some(1), "{alert}");
    let desk = scene.stage.operator("desk")?;
    let id = text(&alert, "id")?;
    desk.post(&format!("/api/alerts/{id}/claim"), &json!({}))?.good()?;
    machine.light("seen", 10).await?;
    let sounds = ["felt", "received", "seen"];
    machine.until("its sounds", 5, |story| sounds.iter().all(|word| story.sounded(word))).await
}
