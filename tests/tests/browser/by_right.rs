//! A supervisor at a console: closes by right what somebody else holds, and takes over by an act of its own.
//!
//! Not here: what the server allows whom (`server/tests/routes/by_right.rs`).

use serde_json::{Value, json};
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::axe::supervisor;
use super::{PROGRAM, log_in, picture};

/// Whether the key that closes is locked.
const CLOSE: &str = "document.querySelector('[data-does=close]').getAttribute('aria-disabled')";

/// A press of a home that comes up on the screen, then in the hand of somebody else.
async fn held_by_another(
    scene: &Scene,
    browser: &Browser,
    home: usize,
) -> Outcome<(String, Value)> {
    scene.press(home).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 10.0).await?;
    browser.until("!document.querySelector('#card').hidden", 5.0).await?;
    let queue = scene.stage.admin.get("/api/queue")?.good()?;
    let id = queue.pointer("/alerts/0/id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let claimed = scene.stage.admin.post(&format!("/api/alerts/{id}/claim"), &json!({}))?.good()?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    Ok((id, claimed["fence"].clone()))
}

fn holder(scene: &Scene) -> Outcome<String> {
    let queue = scene.stage.admin.get("/api/queue")?.good()?;
    let name = queue.pointer("/alerts/0/owner/display").and_then(Value::as_str);
    Ok(name.unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_closes_by_right_and_takes_over_by_an_act_of_its_own() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    supervisor(&scene, &browser).await?;
    let (id, fence) = held_by_another(&scene, &browser, 0).await?;
    browser.press(key::F8)?;
    browser.until("document.querySelector('#say').textContent.includes('处置')", 5.0).await?;
    let act = json!({ "fence": fence, "kind": "call_resident", "result": "connected" });
    scene.stage.admin.post(&format!("/api/alerts/{id}/actions"), &act)?.good()?;
    browser.until(&format!("{CLOSE} === 'false'"), 10.0).await?;
    browser.press(key::F8)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('4')?;
    browser.press(key::ENTER)?;
    browser.picture(&picture("console-by-right"))?;
    scene.until("the close by right", 30, |book| book.in_state("closed") == 1).await?;
    browser
        .until("document.querySelectorAll('#waiting .row, #worked .row').length === 0", 10.0)
        .await?;

    held_by_another(&scene, &browser, 1).await?;
    assert_ne!(holder(&scene)?, "值班班长");
    browser.press(key::F2)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.picture(&picture("console-take-over"))?;
    browser.press('1')?;
    browser.until("document.querySelector('#picker').hidden", 5.0).await?;
    scene
        .until("the supervisor as its holder", 10, |_| {
            holder(&scene).is_ok_and(|of| of == "值班班长")
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_holder_is_told_who_ended_an_alert_over_their_head() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 10.0).await?;
    browser.until("!document.querySelector('#card').hidden", 5.0).await?;
    browser.press(key::F2)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    browser.press(key::F3)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('1')?;
    browser.until(&format!("{CLOSE} === 'false'"), 10.0).await?;
    let admin = &scene.stage.admin;
    let queue = admin.get("/api/queue")?.good()?;
    let alert = queue.pointer("/alerts/0").cloned().unwrap_or_default();
    let end = json!({ "cursor": alert["cursor"], "outcome": 2 });
    let path = format!("/api/alerts/{}/close", alert["id"].as_str().unwrap_or_default());
    admin.post(&path, &end)?.good()?;
    browser.until("document.querySelectorAll('.queue .row').length === 0", 10.0).await?;
    let told = "document.querySelector('#notice').dataset.state === 'due' \
                && document.querySelector('#notice').textContent.includes('已结束')";
    browser.until(told, 5.0).await?;
    browser.picture(&picture("console-ended-over-head"))
}
