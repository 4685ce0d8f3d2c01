//! A computer that sleeps for an hour: nobody counts on it meanwhile, and it is right within two seconds of waking.

use serde_json::{Value, json};
use tests::browser::Browser;
use tests::clock::Watch;
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::{PROGRAM, log_in};

/// Seconds after which whoever is not heard is not on duty, and one more for the question.
const GONE_S: f64 = 16.0;
/// Seconds from waking to a screen that is right.
const RIGHT_S: f64 = 2.0;

/// An hour passes on the wall while the page stands still; its own clock does not count it.
const HOUR: &str = "const RealDate = Date;
let slept = 0;
globalThis.Date = class extends RealDate {
  constructor(...of) { of.length ? super(...of) : super(RealDate.now() + slept); }
  static now() { return RealDate.now() + slept; }
};
document.addEventListener('resume', () => { slept += 3600000; globalThis.wokeAt = performance.now(); }, true);";

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeping_console_is_off_duty_in_fifteen_seconds_and_right_two_seconds_after_waking()
-> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 3, Setting::default()).await?;
    browser.before_pages(HOUR)?;
    log_in(&scene, &browser).await?;
    for n in 0..2 {
        scene.press(n).await?;
    }
    browser.until("document.querySelectorAll('#waiting .row').length === 2", 10.0).await?;
    let on_duty = || -> Outcome<Value> {
        let queue = scene.stage.admin.get("/api/queue")?.good()?;
        Ok(queue.get("on_duty").cloned().unwrap_or_default())
    };
    scene.until_true("the console on duty", 10, || on_duty().is_ok_and(|n| n == 1)).await?;

    browser.sleeps(true)?;
    let asleep = Watch::start();
    scene.until_true("nobody on duty", 30, || on_duty().is_ok_and(|n| n == 0)).await?;
    assert!(asleep.secs() <= GONE_S, "on duty for {} s in its sleep", asleep.secs());
    // The world goes on: one is taken and closed elsewhere, another one is pressed.
    let queue = scene.stage.admin.get("/api/queue")?.good()?;
    let first = queue.pointer("/alerts/0/id").and_then(Value::as_str).unwrap_or_default();
    let claim =
        scene.stage.admin.post(&format!("/api/alerts/{first}/claim"), &json!({}))?.good()?;
    let call = json!({ "fence": claim["fence"], "kind": "call_resident", "result": "connected" });
    scene.stage.admin.post(&format!("/api/alerts/{first}/actions"), &call)?.good()?;
    let now = scene.stage.admin.get(&format!("/api/alerts/{first}"))?.good()?;
    let end = json!({ "fence": claim["fence"], "cursor": now["cursor"], "outcome": 4 });
    scene.stage.admin.post(&format!("/api/alerts/{first}/close"), &end)?.good()?;
    scene.press(2).await?;
    scene.until("the third press", 10, |book| book.in_state("open") == 2).await?;
    let queue = scene.stage.admin.get("/api/queue")?.good()?;
    let alerts = queue.get("alerts").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut ids: Vec<Value> = alerts.iter().map(|alert| alert["id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);

    browser.sleeps(false)?;
    let right = format!(
        "JSON.stringify([...document.querySelectorAll('#waiting .row a')].map((a) => a.dataset.id).sort()) \
           === JSON.stringify({}) && document.querySelector('#link').hidden && (globalThis.rightAt ??= performance.now())",
        Value::from(ids)
    );
    browser.until(&right, 10.0).await?;
    let took = browser.script("return (rightAt - wokeAt) / 1000")?.as_f64().unwrap_or(f64::MAX);
    assert!(took <= RIGHT_S, "right {took} s after waking");
    // No wait looks younger than it is, and none an hour older.
    let shown = browser.script("return document.querySelector('#waiting .timer').textContent")?;
    let shown = shown.as_str().and_then(|digits| digits.split_once(':')).unwrap_or_default();
    let shown = shown.0.parse::<f64>()? * 60.0 + shown.1.parse::<f64>()?;
    assert!((asleep.secs() - 3.0..asleep.secs() + 60.0).contains(&shown), "{shown} s waited");
    scene.until_true("on duty again", 10, || on_duty().is_ok_and(|n| n == 1)).await
}
