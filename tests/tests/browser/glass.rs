//! What somebody opens without an alert in hand stands at once on a supervisor's screen, whatever page that shows.

use serde_json::json;
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::axe::supervisor;
use super::{PROGRAM, picture};

/// Seconds from the opening to the words on a screen.
const AT_ONCE_S: f64 = 3.0;

const BAR: &str = "document.querySelector('#glass')";

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_hears_at_once_of_what_was_opened_without_an_alert() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    let operator = scene.stage.operator("4711")?;
    supervisor(&scene, &browser).await?;
    browser.until("document.querySelector('#heard').textContent !== ''", 10.0).await?;
    browser.until(&format!("{BAR}.hidden"), 1.0).await?;
    let open = |home: usize, why: &str| {
        let path = format!("/api/homes/{}/open", scene.homes[home]);
        operator.post(&path, &json!({ "reason": why }))?.good()
    };
    open(0, "家属来电询问")?;
    browser.until(&format!("!{BAR}.hidden"), AT_ONCE_S).await?;
    for told in ["4711", "演示0室", "家属来电询问"] {
        browser.until(&format!("{BAR}.textContent.includes('{told}')"), 1.0).await?;
    }
    let said = "document.querySelector('#alarm').textContent.includes('家属来电询问')";
    browser.until(said, 5.0).await?;
    let tone = "import(document.querySelector('script[type=module]').src.replace(/[^/]*$/, 'sound.js')) \
                .then((s) => s.played().once.includes('glass'))";
    browser.until_promised(tone, 2.0).await?;
    browser.picture(&picture("console-glass"))?;
    // On another page too. What comes later is heard and counted, and changes nothing under a hand.
    browser.go(&format!("http://{}/faults", scene.stage.server.console))?;
    browser.until(&format!("!{BAR}.hidden && {BAR}.textContent.includes('演示0室')"), 10.0).await?;
    open(1, "社区查核")?;
    let said = "document.querySelector('#alarm').textContent.includes('社区查核')";
    browser.until(said, AT_ONCE_S).await?;
    browser.until("document.querySelector('#glass-rest').textContent.includes('1')", 1.0).await?;
    browser.until(&format!("{BAR}.textContent.includes('家属来电询问')"), 1.0).await?;
    browser.picture(&picture("faults-glass"))?;
    // Each goes when a supervisor has seen it, by hand or by keys; a hand in the moment of change has not.
    let ready = "document.querySelector('#glass-seen').getAttribute('aria-disabled') === 'false'";
    browser.until(ready, 3.0).await?;
    browser.script(
        "document.querySelector('#glass-seen').click();
         new MutationObserver(() => document.querySelector('#glass-seen').click())
           .observe(document.querySelector('#glass-who'), { childList: true, characterData: true, subtree: true });",
    )?;
    browser.until(&format!("{BAR}.textContent.includes('社区查核')"), 5.0).await?;
    browser.tab_to("#glass-seen")?;
    browser.until(ready, 3.0).await?;
    browser.until(&format!("!{BAR}.hidden && {BAR}.textContent.includes('社区查核')"), 1.0).await?;
    browser.press(key::ENTER)?;
    browser.until(&format!("{BAR}.hidden"), 5.0).await?;
    let closed = scene.stage.admin.get("/closed")?.good()?;
    assert!(!closed.to_string().contains("社区查核"), "seen on the bar is seen on the page");
    // It never stands above a call: the alarm's own line is there all the same.
    open(0, "再次询问")?;
    scene.press(0).await?;
    browser.until("!document.querySelector('#line').hidden", 10.0).await?;
    browser.until(&format!("!{BAR}.hidden"), AT_ONCE_S).await?;
    let below = "document.querySelector('#line').getBoundingClientRect().bottom <= document.querySelector('#glass').getBoundingClientRect().top + 1";
    browser.until(below, 1.0).await?;
    // A list that stays open does not go on saying what it said when it was loaded.
    browser.go(&format!("http://{}/closed", scene.stage.server.console))?;
    browser.until("document.querySelector('main').textContent.includes('再次询问')", 10.0).await?;
    open(1, "三次询问")?;
    browser.until("document.querySelector('main').textContent.includes('三次询问')", 15.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_without_the_right_is_told_what_next_and_hears_a_press_there() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    super::log_in(&scene, &browser).await?;
    let base = format!("http://{}", scene.stage.server.console);
    for (page, words) in
        [("/closed", "请班长来看"), ("/tokens", "请管理员来做"), ("/nowhere", "回到首页")]
    {
        browser.go(&format!("{base}{page}"))?;
        browser.press(key::TAB)?;
        let told = format!("document.querySelector('main').textContent.includes('{words}')");
        browser.until(&told, 5.0).await?;
        browser.until("document.querySelector('main a[href=\"/\"]')", 1.0).await?;
        // It is a page of the desk: the bar, the clock, who is on duty.
        browser.until("document.querySelector('#on-duty').textContent === '1'", 8.0).await?;
    }
    browser.picture(&picture("refused"))?;
    scene.press(0).await?;
    browser.until("!document.querySelector('#line').hidden", 10.0).await?;
    browser.until("document.querySelector('#sound').dataset.state === 'on'", 5.0).await?;
    browser.press(key::F2)?;
    browser.until("location.pathname === '/console'", 10.0).await?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await
}
