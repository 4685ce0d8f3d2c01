//! An alarm is loud enough to be heard and silent at once when somebody has it, wherever that somebody sits.
//!
//! What goes to the loudspeaker is measured, not what the page believes.

use serde_json::{Value, json};
use tests::browser::Browser;
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::{PROGRAM, log_in};

/// Quietest tone that counts as heard, as a root mean square of full scale 1: -26 dB.
const AUDIBLE: f64 = 0.05;
/// Longest ring after a claim.
const STOPS_MS: f64 = 300.0;

/// Listens at the loudspeaker: what every context sends there, fifty times a second.
const EAR: &str = "const to = AudioNode.prototype.connect;
globalThis.ear = { loudest: 0, lastLoud: 0, quietSince: 0, rounds: 0, state: () => 'none' };
AudioNode.prototype.connect = function (node, ...more) {
  if (node instanceof AudioDestinationNode) {
    node.ear ??= listen(node.context);
    to.call(this, node.ear);
  }
  return to.call(this, node, ...more);
};
function listen(context) {
  const meter = context.createAnalyser();
  meter.fftSize = 1024;
  const wave = new Float32Array(meter.fftSize);
  ear.state = () => context.state;
  setInterval(() => {
    meter.getFloatTimeDomainData(wave);
    const rms = Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
    ear.loudest = Math.max(ear.loudest, rms);
    const now = performance.now();
    if (rms > 0.001) {
      // A round begins after at least half a second of silence.
      if (now - ear.lastLoud > 500) { ear.rounds += 1; ear.begun = now; }
      ear.lastLoud = now;
    }
  }, 20);
  return meter;
}";

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_audible_and_silent_within_300_ms_of_anyones_claim() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    browser.before_pages(EAR)?;
    log_in(&scene, &browser).await?;
    browser.until("ear.state() === 'running'", 10.0).await?;
    // The tone that log-in promised has ended.
    browser.until("ear.lastLoud > 0 && performance.now() - ear.lastLoud > 700", 10.0).await?;
    browser.script("ear.loudest = 0; ear.rounds = 0")?;
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 10.0).await?;
    browser.until("ear.rounds >= 1 && ear.loudest > 0", 5.0).await?;
    let queue = scene.stage.admin.get("/api/queue")?.good()?;
    let id = queue.pointer("/alerts/0/id").and_then(Value::as_str).unwrap_or_default().to_owned();
    // In the first tone of a round, which would else go on for more than a second.
    let before = browser.script("return ear.rounds")?.as_u64().unwrap_or_default();
    browser.until(&format!("ear.rounds > {before}"), 8.0).await?;
    scene.stage.admin.post(&format!("/api/alerts/{id}/claim"), &json!({}))?.good()?;
    let at = browser.script("return performance.now() - ear.begun")?.as_f64().unwrap_or(f64::MAX);
    assert!(at < 1_400.0, "the claim came {at} ms into the round, when it was over anyway");
    browser.script("globalThis.claimedAt = performance.now()")?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 5.0).await?;
    // A whole round later it has not rung again.
    browser.until("performance.now() - claimedAt > 3500", 6.0).await?;
    let rang = browser.script("return ear.lastLoud - claimedAt")?.as_f64().unwrap_or(f64::MAX);
    assert!(rang <= STOPS_MS, "it rang for {rang} ms after the claim");
    let loudest = browser.script("return ear.loudest")?.as_f64().unwrap_or_default();
    assert!(loudest >= AUDIBLE, "a level of {loudest}");
    assert_eq!(browser.script("return ear.state()")?, json!("running"));
    Ok(())
}
