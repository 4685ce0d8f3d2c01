//! The chain as a promise: a press in a home becomes one alert, is claimed and closed, and the lights climb.
//!
//! Real server, real gateway, a device of the real core. Not here: what happens when a part dies.

use firmware::device::Light;
use serde_json::{Value, json};
use tests::api::text;
use tests::scene::{Scene, of_kind};
use tests::stage::Setting;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

#[tokio::test(flavor = "multi_thread")]
async fn press_becomes_one_alert_and_lights_climb() -> Outcome {
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    scene.press(0).await?;
    let button = &scene.buttons[0];
    button.light_among(&[Light::Sending, Light::Stored, Light::Received]).await?;
    button.light_among(&[Light::Received]).await?;
    scene.until("the press on a screen", 10, |book| of_kind(book, "help").len() == 1).await?;

    let alert = of_kind(&scene.shared.book(), "help")[0].clone();
    let id = text(&alert, "id")?.to_owned();
    assert_eq!(alert["severity"], "emergency");
    assert_eq!(alert["trust"], "verified");
    let desk = scene.stage.operator("desk")?;
    let call = |path: &str, body: Value| desk.post(&format!("/api/alerts/{id}/{path}"), &body);
    call("visible", json!({}))?.good()?;
    let claimed = call("claim", json!({}))?.good()?;
    let (fence, cursor) = (&claimed["fence"], &claimed["cursor"]);
    button.light_among(&[Light::Seen]).await?;

    let early = call("close", json!({ "fence": fence, "cursor": cursor, "outcome": 4 }))?;
    assert_eq!(early.status, 422, "no close without an action: {}", early.body);
    call("actions", json!({ "fence": fence, "kind": "call_resident", "result": "connected" }))?
        .good()?;
    let stale = call("close", json!({ "fence": 0, "cursor": cursor, "outcome": 4 }))?;
    assert_eq!(stale.status, 409, "a stale fence closes nothing: {}", stale.body);
    call("close", json!({ "fence": fence, "cursor": cursor, "outcome": 4 }))?.good()?;
    scene.until("the close on a screen", 10, |book| book.in_state("closed") == 1).await?;

    let verdict = scene.verdict()?;
    assert_eq!((verdict.presses, verdict.lost, verdict.doubled), (1, 0, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_presses_are_two_activations_of_one_incident() -> Outcome {
    let scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    scene.press(0).await?;
    scene
        .until("the first press", 10, |book| book.made().count() == 1 && book.all_on_screen())
        .await?;
    scene.press(0).await?;
    scene.press(1).await?;
    scene.until("all presses", 10, |book| book.made().count() == 3 && book.all_on_screen()).await?;
    assert_eq!(of_kind(&scene.shared.book(), "help").len(), 2, "one incident a home");
    let verdict = scene.verdict()?;
    assert_eq!((verdict.presses, verdict.lost, verdict.doubled), (3, 0, 0));
    Ok(())
}
