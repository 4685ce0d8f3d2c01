//! An operator who looks at something else is still at the desk: another page, another tab, another language.

use serde_json::{Value, json};
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::{PROGRAM, log_in, picture};

/// A claim lapses this long after its last renewal, and somewhat more.
const LAPSE_S: u64 = 26;

/// A claim, one call and an outcome that is held back for its ten seconds.
async fn closing(browser: &Browser) -> Outcome {
    browser.press(key::F3)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('1')?;
    let open =
        "document.querySelector('[data-does=close]').getAttribute('aria-disabled') === 'false'";
    browser.until(open, 10.0).await?;
    browser.press(key::F8)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('4')?;
    browser.press(key::ENTER)?;
    browser.until("document.querySelector('#say').textContent.includes('Esc')", 5.0).await
}

async fn claimed(scene: &Scene, browser: &Browser) -> Outcome {
    log_in(scene, browser).await?;
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 10.0).await?;
    browser.until("!document.querySelector('#card').hidden", 5.0).await?;
    browser.press(key::F2)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await
}

async fn still_held(scene: &Scene) -> Outcome {
    for _ in 0..LAPSE_S {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let queue = scene.stage.admin.get("/api/queue")?.good()?;
        let alerts = queue.get("alerts").and_then(Value::as_array).cloned().unwrap_or_default();
        let held = alerts.iter().filter(|a| a.get("state") == Some(&json!("claimed"))).count();
        assert_eq!(held, 1, "the claim has lapsed: {alerts:?}");
        assert_eq!(queue.get("on_duty"), Some(&json!(1)), "nobody is on duty");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_the_page_of_a_home_keeps_the_claim_and_hears_the_next_press() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    claimed(&scene, &browser).await?;
    browser.click("a[href='/homes']")?;
    browser.until("location.pathname === '/homes'", 10.0).await?;
    browser.click("#all a")?;
    browser.until("location.pathname.startsWith('/homes/')", 10.0).await?;
    still_held(&scene).await?;
    scene.press(1).await?;
    browser.until("!document.querySelector('#line').hidden", 5.0).await?;
    browser.until("document.querySelector('#sound').dataset.state === 'on'", 5.0).await?;
    browser.picture(&picture("home-alarm"))?;
    scene.until("the press seen on that page", 10, |book| book.in_state("open") == 1).await?;
    browser.press(key::F2)?;
    browser.until("location.pathname === '/console'", 10.0).await?;
    browser.until("document.querySelectorAll('#worked .row').length === 2", 10.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_is_sent_though_its_author_turns_the_page_and_switches_language() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    claimed(&scene, &browser).await?;
    closing(&browser).await?;
    browser.click("a[href='/homes']")?;
    browser.until("location.pathname === '/homes'", 10.0).await?;
    browser.until("document.querySelector('#notice').textContent.includes('Esc')", 5.0).await?;
    browser.click("#lang")?;
    browser.until("document.documentElement.lang === 'en'", 10.0).await?;
    browser.until("document.querySelector('#notice').textContent.includes('Esc')", 5.0).await?;
    browser.picture(&picture("homes-closing"))?;
    scene.until("the close", 20, |book| book.in_state("closed") == 1).await?;
    // Night changes where it is.
    browser.script("window.same = true")?;
    browser.click("#theme")?;
    browser.until("document.documentElement.dataset.theme === 'night' && window.same", 10.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_is_taken_back_on_the_next_page() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    claimed(&scene, &browser).await?;
    closing(&browser).await?;
    browser.click("a[href='/homes']")?;
    browser.until("location.pathname === '/homes'", 10.0).await?;
    browser.until("document.querySelector('#notice').textContent.includes('Esc')", 5.0).await?;
    browser.press(key::ESCAPE)?;
    still_held(&scene).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_page_renews_rings_and_is_on_duty() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    browser.slow_when_hidden()?;
    claimed(&scene, &browser).await?;
    browser.hide()?;
    browser.until("document.hidden", 10.0).await?;
    for _ in 0..3 {
        still_held(&scene).await?;
    }
    scene.press(1).await?;
    scene.until("the second press", 10, |book| book.in_state("open") == 1).await?;
    // It rings every three seconds while nobody has it.
    let module = "document.querySelector('script[type=module]').src.replace(/[^/]*$/, 'sound.js')";
    let rounds = format!("import({module}).then((s) => s.played().rounds >= 3)");
    browser.until_promised(&rounds, 12.0).await
}
