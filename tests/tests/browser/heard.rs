//! What is heard: by ear, by who cannot see, and by the ladder, which asks who would hear.

use serde_json::{Value, json};
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::{PROGRAM, log_in, picture};

/// Gives `s`, the sounds of the page, to an expression.
fn sound(browser: &Browser, expression: &str) -> Outcome<Value> {
    let module = "document.querySelector('script[type=module]').src.replace(/[^/]*$/, 'sound.js')";
    browser.wait_for(&format!(
        "const done = arguments[0]; import({module}).then(async (s) => done(await ({expression})))"
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_whose_sound_is_blocked_says_so_large_and_is_not_on_duty() -> Outcome {
    let policy = "--autoplay-policy=document-user-activation-required";
    let Some(browser) = Browser::open_with(&[policy])? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    let on_duty = || -> Outcome<Value> {
        let queue = scene.stage.admin.get("/api/queue")?.good()?;
        Ok(queue.get("on_duty").cloned().unwrap_or_default())
    };
    // As after a restart of the browser: the page comes with a session, and without a hand on it.
    let session = scene.stage.session()?;
    let cookie = session.cookie().split_once('=').unwrap_or_default();
    let console = format!("http://{}", scene.stage.server.console);
    browser.go(&format!("{console}/openapi.json"))?;
    browser.cookie(cookie.0, cookie.1)?;
    browser.go(&format!("{console}/console"))?;
    browser.until_looked("document.querySelector('#deaf')?.hidden === false", 10.0).await?;
    let large = "parseFloat(getComputedStyle(document.querySelector('#deaf-text')).fontSize) >= 20";
    assert_eq!(browser.look(large)?, json!(true));
    browser.picture(&picture("console-deaf"))?;
    assert_eq!(on_duty()?, json!(0), "a console that cannot ring is on duty");
    browser.press(key::TAB)?;
    browser.until("document.querySelector('#deaf').hidden", 5.0).await?;
    browser.until("document.querySelector('#on-duty').textContent === '1'", 8.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn space_silences_what_rings_and_nothing_that_comes_later() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 3, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 10.0).await?;
    browser.press(key::DOWN)?;
    browser.press(' ')?;
    browser.until("document.querySelector('#sound').dataset.state === 'muted'", 5.0).await?;
    scene.press(1).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 2", 10.0).await?;
    browser.until("document.querySelector('#sound').dataset.state === 'on'", 3.0).await?;
    // A row that has the focus is claimed by Enter.
    browser.press(key::DOWN)?;
    browser.until("document.activeElement.closest('.row')", 2.0).await?;
    browser.press(key::ENTER)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    // After an emergency the soft tones are still heard.
    sound(&browser, "s.play(null)")?;
    sound(&browser, "s.once('fault')")?;
    let once = sound(&browser, "s.played().once")?;
    assert_eq!(once, json!(["hello", "fault"]), "log-in promised a tone, a fault has one");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn three_presses_are_three_sentences_and_a_lost_link_is_one() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let mut scene = Scene::open(PROGRAM, 3, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    browser.script(
        "window.said = [];
         const watch = new MutationObserver((list) => list.forEach((m) => m.addedNodes.forEach((n) => said.push(n.textContent))));
         for (const region of document.querySelectorAll('[aria-live], [role=alert], [role=status]'))
           watch.observe(region, { childList: true, characterData: true, subtree: true });",
    )?;
    for n in 0..3 {
        scene.press(n).await?;
    }
    browser.until("new Set(said.filter((s) => s.includes('紧急'))).size === 3", 12.0).await?;
    let label = "document.querySelector('#waiting .row a').getAttribute('aria-label')";
    browser.until(&format!("{label}.includes('紧急') && {label}.includes('待接')"), 2.0).await?;
    let counter = "document.querySelector('#count-1').closest('.mark').getAttribute('aria-label')";
    browser.until(&format!("{counter} === '紧急 3 件待接'"), 2.0).await?;
    browser.script("said.length = 0")?;
    scene.stage.server.process.kill()?;
    browser.until("!document.querySelector('#link').hidden", 8.0).await?;
    // The bar counts the seconds without the server.
    let ten = "/\\b1[0-9]\\b/.test(document.querySelector('#link-long').textContent)";
    browser.until(ten, 20.0).await?;
    let said = browser.script("return said")?;
    let said = said.as_array().map_or(0, Vec::len);
    assert!((1..=2).contains(&said), "a lost link is said {said} times in ten seconds");
    Ok(())
}
