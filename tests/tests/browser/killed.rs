//! The server dies under a console: said within five seconds, by eye and ear, and after its return all is as it was.

use serde_json::{Value, json};
use tests::browser::{Browser, key};
use tests::clock::Watch;
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::{PROGRAM, log_in};

/// Seconds from the server's last word to the bar.
const BAR_S: f64 = 5.0;

/// Id and state of every row that a console shows, and of every alert that the server has.
const SHOWN: &str = "[...document.querySelectorAll('#waiting .row, #worked .row')]
    .map((row) => [row.querySelector('a').dataset.id, row.dataset.state]).sort()";

fn standing(scene: &Scene) -> Outcome<Value> {
    let queue = scene.stage.admin.get("/api/queue")?.good()?;
    let alerts = queue.get("alerts").and_then(Value::as_array).cloned().unwrap_or_default();
    let shown = |alert: &Value| {
        let state = if alert["state"] == "open" { "unclaimed" } else { "claimed" };
        json!([alert["id"], state])
    };
    let mut rows: Vec<Value> =
        alerts.iter().filter(|of| of["severity"] == "emergency").map(shown).collect();
    rows.sort_by_key(ToString::to_string);
    Ok(rows.into())
}

/// How often a pattern has been begun on this page.
fn rounds(browser: &Browser, name: &str) -> Outcome<u64> {
    let module = "document.querySelector('script[type=module]').src.replace(/[^/]*$/, 'sound.js')";
    let count = browser.wait_for(&format!(
        "const done = arguments[0]; import({module}).then((s) => done(s.played().by.{name} ?? 0))"
    ))?;
    Ok(count.as_u64().unwrap_or_default())
}

/// Whatever came back without a holder is claimed.
async fn all_in_hand(browser: &Browser) -> Outcome {
    for _ in 0..2 {
        browser.until("!document.querySelector('#card').hidden", 5.0).await?;
        if browser.script("return document.querySelectorAll('#waiting .row').length")? == 0 {
            break;
        }
        browser.script("document.querySelector('#waiting .row a').click()")?;
        browser.press(key::F2)?;
        browser.until("document.querySelector('#card').dataset.state === 'claimed'", 10.0).await?;
    }
    browser.until("document.querySelectorAll('#worked .row').length === 2", 10.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_is_said_within_five_seconds_and_nothing_is_lost_or_rung_twice() -> Outcome
{
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let mut scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    for n in 0..2 {
        scene.press(n).await?;
    }
    browser.until("document.querySelectorAll('#waiting .row').length === 2", 10.0).await?;
    browser.press(key::F2)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    browser.press(key::F7)?;
    browser.until("document.activeElement.id === 'picker-text'", 5.0).await?;
    browser.keys("家属在路上")?;

    let took = Watch::start();
    scene.stage.server.process.kill()?;
    browser.until("!document.querySelector('#link').hidden", 8.0).await?;
    let seconds = took.secs();
    assert!(seconds <= BAR_S, "the bar came after {seconds} s");
    let falling = "import(document.querySelector('script[type=module]').src.replace(/[^/]*$/, 'sound.js')) \
                   .then((s) => s.played().by.link > 0)";
    browser.until_promised(falling, 1.0).await?;
    let text = "document.querySelector('#picker-text').value === '家属在路上'";
    browser.until(text, 1.0).await?;

    scene.stage.server.process.again()?;
    browser.until("document.querySelector('#link').hidden", 20.0).await?;
    browser.until(text, 1.0).await?;
    let wait = Watch::start();
    let (mut shown, mut known) = (json!(0), json!(1));
    while shown != known && wait.secs() < 30.0 {
        (shown, known) = (browser.script(&format!("return {SHOWN}"))?, standing(&scene)?);
    }
    assert_eq!(shown, known, "the list is the server's");
    assert_eq!(known.as_array().map(Vec::len), Some(2));

    all_in_hand(&browser).await?;
    let rung = rounds(&browser, "emergency")? + rounds(&browser, "escalated")?;
    // The server is lost and found once more, with all of it in somebody's hands.
    scene.stage.server.process.kill()?;
    browser.until("!document.querySelector('#link').hidden", 8.0).await?;
    scene.stage.server.process.again()?;
    browser.until("document.querySelector('#link').hidden", 20.0).await?;
    browser.script("window.back = performance.now()")?;
    browser.until("document.querySelectorAll('#worked .row').length === 2", 10.0).await?;
    // Longer than a pattern rests between two rounds.
    browser.until("performance.now() - back > 3500", 6.0).await?;
    let now = rounds(&browser, "emergency")? + rounds(&browser, "escalated")?;
    assert_eq!(now, rung, "it rang for what somebody has");
    Ok(())
}
