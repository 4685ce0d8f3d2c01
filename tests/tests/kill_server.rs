//! `kill -9` of the server: nothing is lost, and a screen that comes back has missed nothing.
//!
//! Not here: kills of the gateway (`kill_gateway`), or many kills in a row (`load kill`).

use serde_json::json;
use tests::api::text;
use tests::clock::Watch;
use tests::scene::{Scene, of_kind};
use tests::stage::Setting;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

#[tokio::test(flavor = "multi_thread")]
async fn a_press_while_the_server_is_dead_is_on_a_screen_soon_after_its_restart() -> Outcome {
    let mut scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    scene.press(0).await?;
    scene
        .until("the first press", 10, |book| book.made().count() == 1 && book.all_on_screen())
        .await?;
    scene.stage.server.process.kill()?;
    scene.press(1).await?;
    scene
        .until("the second press stored", 10, |book| {
            book.made().filter(|(_, life)| life.stored.is_some()).count() == 2
        })
        .await?;
    scene.stage.server.process.again()?;
    let back = Watch::start();
    scene
        .until("both presses on a screen", 40, |book| {
            book.made().count() == 2 && book.all_on_screen()
        })
        .await?;
    assert!(back.secs() <= 10.0, "on a screen {:.1} s after the restart", back.secs());
    let verdict = scene.verdict()?;
    assert_eq!((verdict.presses, verdict.lost, verdict.doubled), (2, 0, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_and_its_history_outlive_the_server() -> Outcome {
    let mut scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    scene.press(0).await?;
    scene.until("the press", 10, |book| of_kind(book, "help").len() == 1).await?;
    let id = text(of_kind(&scene.shared.book(), "help")[0], "id")?.to_owned();
    let claim = scene.stage.admin.post(&format!("/api/alerts/{id}/claim"), &json!({}))?.good()?;
    scene.stage.server.process.kill()?;
    scene.stage.server.process.again()?;
    let again = scene.stage.session()?;
    let queue = again.get("/api/queue")?.good()?;
    let found = queue["alerts"].as_array().is_some_and(|all| all.iter().any(|a| a["id"] == *id));
    assert!(found, "the alert is in the queue: {queue}");
    let act = json!({ "fence": claim["fence"], "kind": "note", "text": "after the restart" });
    let noted = again.post(&format!("/api/alerts/{id}/actions"), &act)?;
    assert!(noted.status == 201 || noted.status == 409, "{}: {}", noted.status, noted.body);
    Ok(())
}
