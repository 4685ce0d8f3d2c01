//! The first emergency of a shift: what an operator sees without a hand, and how few keys end a mistake.

use serde_json::{Value, json};
use tests::browser::{Browser, key};
use tests::clock::Watch;
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::{PROGRAM, log_in};

/// Keys from the alarm to the close of one that was a mistake, and seconds for them.
const KEYS_MAX: usize = 6;
const SECONDS_MAX: f64 = 10.0;

/// Hands that are counted.
struct Hands<'a> {
    browser: &'a Browser,
    keys: usize,
}

impl Hands<'_> {
    fn press(&mut self, key: char) -> Outcome {
        self.keys += 1;
        self.browser.press(key)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_from_the_alarm_to_the_resident_one_to_own_it_six_to_end_a_mistake() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    browser.until("document.querySelector('#heard').textContent !== ''", 10.0).await?;
    // No hand is on the page from here on: whose call it is, where, what to say and whom to ring stand there.
    scene.press(0).await?;
    let card = "!document.querySelector('#card').hidden";
    browser.until_looked(card, 10.0).await?;
    for (place, text) in [
        ("#who", "演示"),
        ("[data-slot=who]", "独居"),
        ("[data-slot=address]", "演示路 88弄 演示0室"),
        ("[data-slot=address-as]", "演示奶奶"),
        ("[data-slot=facts]", "听力差"),
        ("[data-slot=people]", "演示家属"),
        ("[data-slot=script]", "步骤"),
    ] {
        let there = format!("document.querySelector('{place}').textContent.includes('{text}')");
        browser.until_looked(&there, 5.0).await?;
    }
    let queue = scene.stage.admin.get("/api/queue")?.good()?;
    assert_eq!(queue.pointer("/alerts/0/state"), Some(&json!("open")), "nobody has it yet");

    let (mut hands, took) = (Hands { browser: &browser, keys: 0 }, Watch::start());
    hands.press(key::F2)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 5.0).await?;
    assert_eq!(hands.keys, 1);
    let owner = scene.stage.admin.get("/api/queue")?.good()?;
    assert_eq!(owner.pointer("/alerts/0/owner/display"), Some(&json!("值班坐席")));
    hands.press(key::F3)?;
    // Two keys from the alarm to a number that is to be rung.
    let number = "document.querySelector('#picker-tel').getAttribute('href')";
    browser.until(&format!("{number} === 'tel:00000000001'"), 5.0).await?;
    assert_eq!(hands.keys, 2);
    hands.press('1')?;
    let open = "document.querySelector('[data-does=close]').getAttribute('aria-disabled')";
    browser.until(&format!("{open} === 'false'"), 5.0).await?;
    hands.press(key::F8)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    hands.press('4')?;
    hands.press(key::ENTER)?;
    browser.until("document.querySelector('#say').textContent.includes('Esc')", 5.0).await?;
    let (keys, seconds) = (hands.keys, took.secs());
    assert!(keys <= KEYS_MAX, "{keys} keys");
    assert!(seconds <= SECONDS_MAX, "{seconds} s");
    // With no further key it ends as what it was, told by one call.
    scene.until("the close", 15, |book| book.in_state("closed") == 1).await?;
    let id = owner.pointer("/alerts/0/id").and_then(Value::as_str).unwrap_or_default();
    let story = scene.stage.admin.get(&format!("/api/alerts/{id}"))?.good()?;
    assert_eq!(story.get("outcome"), Some(&json!(4)), "{story}");
    assert_eq!(story.pointer("/actions/0/result"), Some(&json!("connected")), "{story}");
    Ok(())
}

/// Keeps all that the box of the watch room's own lacks has said.
const LACKS: &str = "globalThis.lacked = '';
const listen = () => {
  const list = document.getElementById('watch-list');
  if (!list) return;
  new MutationObserver(() => { lacked += `${list.textContent}|`; }).observe(list, { childList: true, subtree: true });
};
document.addEventListener('DOMContentLoaded', listen);";

#[tokio::test(flavor = "multi_thread")]
async fn who_has_just_logged_in_is_not_told_that_nobody_is_there() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    browser.before_pages(LACKS)?;
    log_in(&scene, &browser).await?;
    // Of this stage it is true that no way out of the house has been proved.
    browser.until("lacked.includes('外部')", 15.0).await?;
    let said = browser.script("return lacked")?;
    let said = said.as_str().unwrap_or_default();
    assert!(!said.contains("没有能响铃的坐席在岗"), "{said}");
    Ok(())
}
