//! What somebody must see to act is on the glass without scrolling, on every desk and at twice the size.

use serde_json::json;
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::{PROGRAM, log_in, picture};

/// Name, address, the way in, the eight keys, the script's step, the first contact, the story.
const NEEDED: [&str; 15] = [
    "#who-name",
    "[data-slot=address]",
    "[data-slot=facts] > section:first-child .fact",
    "[data-does=claim]",
    "[data-does=call_resident]",
    "[data-does=call_120]",
    "[data-does=call_family]",
    "[data-does=send]",
    "[data-does=note]",
    "[data-does=close]",
    "[data-does=suspend]",
    ".script li.now",
    ".contacts li:first-child .name",
    ".contacts li:first-child .tel",
    ".steps tr:first-child td",
];
const DESKS: [(u32, u32); 4] = [(1366, 768), (1280, 720), (1920, 1080), (768, 1366)];
/// The smallest desk at twice the size: half as much room.
const ZOOMED: (u32, u32) = (683, 384);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_needed_to_act_is_on_the_glass_without_scrolling() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 20.0).await?;
    browser.press(key::F2)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    // While another one waits, which takes its line where there is little room.
    scene.press(1).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 20.0).await?;
    let mut missing = Vec::new();
    for lang in ["zh-CN", "en"] {
        if lang == "en" {
            browser.tab_to("#lang")?;
            browser.press(key::ENTER)?;
            browser.until("document.documentElement.lang === 'en'", 10.0).await?;
        }
        browser.until("document.querySelector('.contacts .tel')", 10.0).await?;
        browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
        for (width, height) in DESKS {
            browser.size(width, height)?;
            browser.script("scrollTo(0, 0)")?;
            browser.picture(&picture(&format!("in-view-{lang}-{width}")))?;
            let lacks = browser.out_of_sight(&NEEDED)?;
            missing.extend(lacks.into_iter().map(|what| format!("{lang} {width}x{height} {what}")));
        }
        browser.size(ZOOMED.0, ZOOMED.1)?;
        browser.picture(&picture(&format!("in-view-{lang}-zoomed")))?;
        for scrolled in [0, 100_000] {
            browser.script(&format!("scrollTo(0, {scrolled})"))?;
            let keys = ["[data-does=claim]", "[data-does=call_resident]", "[data-does=close]"];
            let lacks = browser.out_of_sight(&keys)?;
            missing.extend(lacks.into_iter().map(|what| format!("{lang} at 200 % {what}")));
        }
        browser.size(1366, 768)?;
    }
    assert_eq!(json!(missing), json!([]), "out of sight");
    Ok(())
}
