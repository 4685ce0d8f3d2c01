//! A whole shift without a mouse: log-in, claim, call, note, putting aside, close, search, another page, log-out.
//!
//! Nothing here clicks, and nothing is given the focus but by Tab. Not here: hand-over, which has no page yet.

use serde_json::json;
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::PROGRAM;

const PICKER: &str = "!document.querySelector('#picker').hidden";

/// How many acts the open alert has.
async fn acts(browser: &Browser, n: usize) -> Outcome {
    let module = "document.querySelector('script[type=module]').src.replace(/[^/]*$/, 'shift.js')";
    let count = format!(
        "import({module}).then(({{ shift }}) => shift.alerts.get(shift.open)?.view.actions === {n})"
    );
    browser.until_promised(&count, 10.0).await
}

async fn log_in_by_keys(scene: &Scene, browser: &Browser) -> Outcome {
    let wanted = json!({
        "name": "desk", "display": "值班坐席", "role": "operator", "password": "a-long-desk-password",
    });
    scene.stage.admin.post("/api/staff", &wanted)?.good()?;
    browser.go(&format!("http://{}/login?lang=zh-CN", scene.stage.server.console))?;
    browser.tab_to("#u")?;
    browser.keys("desk")?;
    browser.tab_to("#p")?;
    browser.keys("a-long-desk-password")?;
    browser.press(key::ENTER)?;
    browser.until("location.pathname === '/console'", 20.0).await?;
    browser.until("document.querySelector('#heard').textContent !== ''", 20.0).await
}

/// Claim, call, note, putting aside, claim again, close.
async fn one_alert(scene: &Scene, browser: &Browser) -> Outcome {
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 10.0).await?;
    browser.press(key::F2)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    browser.press(key::F3)?;
    browser.until(PICKER, 5.0).await?;
    browser.press('2')?;
    acts(browser, 1).await?;
    browser.press(key::F5)?;
    browser.until(PICKER, 5.0).await?;
    browser.press('1')?;
    acts(browser, 2).await?;
    browser.press(key::F7)?;
    browser.until("document.activeElement.id === 'picker-text'", 5.0).await?;
    browser.keys("门开着，邻居在")?;
    browser.press(key::ENTER)?;
    acts(browser, 3).await?;
    let story = "document.querySelector('[data-slot=script]').textContent";
    browser.until(&format!("{story}.includes('门开着，邻居在')"), 5.0).await?;
    browser.press(key::F9)?;
    browser.until(PICKER, 5.0).await?;
    browser.press('1')?;
    browser.press(key::ENTER)?;
    scene.until("the alert put aside", 10, |book| book.in_state("suspended") == 1).await?;
    browser.press(key::F2)?;
    scene.until("the alert in hand again", 10, |book| book.in_state("claimed") == 1).await?;
    browser
        .until("document.querySelector('[data-does=close]').ariaDisabled === 'false'", 5.0)
        .await?;
    browser.press(key::F8)?;
    browser.until(PICKER, 5.0).await?;
    browser.press('2')?;
    browser.press(key::ENTER)?;
    scene.until("the close", 20, |book| book.in_state("closed") == 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_shift_is_worked_without_a_mouse() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 3, Setting::default()).await?;
    log_in_by_keys(&scene, &browser).await?;
    one_alert(&scene, &browser).await?;

    // Two wait: the arrows go from one to the other, Enter takes the one that stands there.
    for n in [1, 2] {
        scene.press(n).await?;
    }
    browser.until("document.querySelectorAll('#waiting .row').length === 2", 10.0).await?;
    browser.press(key::DOWN)?;
    let second = "document.querySelectorAll('#waiting .row')[1].getAttribute('aria-current')";
    browser.until(&format!("{second} === 'true'"), 5.0).await?;
    browser.press(key::ENTER)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    let held = "document.querySelector('#worked .row').textContent.includes('演示2室')";
    browser.until(held, 5.0).await?;

    // Somebody is looked up from here; the way there and back is keys.
    browser.chord(key::CONTROL, 'k')?;
    browser.until("document.activeElement.id === 'find-text'", 5.0).await?;
    browser.keys("演示2")?;
    browser.until("document.querySelectorAll('#find-list a').length === 1", 5.0).await?;
    browser.press(key::DOWN)?;
    browser.until("document.activeElement.closest('#find-list')", 5.0).await?;
    browser.press(key::ENTER)?;
    let page = format!("location.pathname === '/homes/{}'", scene.homes[2]);
    browser.until(&page, 10.0).await?;
    browser.until("!document.querySelector('#line').hidden", 10.0).await?;
    browser.press(key::F2)?;
    browser.until("location.pathname === '/console'", 10.0).await?;
    browser.until("document.querySelectorAll('#worked .row').length === 2", 10.0).await?;

    // The key card, night, and the way out; who still holds alerts is asked once more.
    browser.press('?')?;
    browser.until("document.querySelector('#help').open", 5.0).await?;
    browser.press(key::ENTER)?;
    browser.until("!document.querySelector('#help').open", 5.0).await?;
    browser.tab_to("#theme")?;
    browser.press(key::ENTER)?;
    browser.until("document.documentElement.dataset.theme === 'night'", 5.0).await?;
    browser.tab_to("#logout")?;
    browser.press(key::ENTER)?;
    browser.until("document.querySelector('#notice').textContent.includes('2')", 5.0).await?;
    browser.press(key::ENTER)?;
    browser.until("location.pathname === '/login'", 10.0).await
}
