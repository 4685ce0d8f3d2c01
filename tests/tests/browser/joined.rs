//! A press that joins while somebody is about to end the alert, or comes while somebody writes in a field.
//!
//! Not here: what joins in the seconds between Enter and the close, and what the server says to a late close (`words`).

use serde_json::{Value, json};
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::{PROGRAM, log_in};

const SAID: &str = "document.querySelector('#say').textContent";
const WARNED: &str = "document.querySelector('#notice').textContent";

fn state(scene: &Scene) -> Outcome<Value> {
    let queue = scene.stage.admin.get("/api/queue")?.good()?;
    Ok(queue.pointer("/alerts/0/state").cloned().unwrap_or_default())
}

/// A press is in this console's hands, and a call about it is logged.
async fn worked(scene: &Scene, browser: &Browser) -> Outcome {
    log_in(scene, browser).await?;
    scene.press(0).await?;
    browser.until("!document.querySelector('#card').hidden", 10.0).await?;
    browser.press(key::F2)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    browser.press(key::F3)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('1')?;
    let free =
        "document.querySelector('[data-does=close]').getAttribute('aria-disabled') === 'false'";
    browser.until(free, 10.0).await
}

/// Another press of that home is on the screen.
async fn joins(scene: &Scene, browser: &Browser) -> Outcome {
    scene.press(0).await?;
    let both = "[...document.querySelectorAll('#worked .row')].some((row) => /2 次/.test(row.textContent))";
    browser.until(both, 15.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_joins_under_an_open_question_is_not_ended_or_put_aside_with_it() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    worked(&scene, &browser).await?;
    browser.press(key::F8)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('4')?;
    joins(&scene, &browser).await?;
    browser.press(key::ENTER)?;
    browser.until(&format!("{WARNED}.includes('又有新信号，没有结束')"), 5.0).await?;
    // Whoever presses Enter once more by habit has not read it either.
    browser.press(key::ENTER)?;
    browser.until(&format!("!{SAID}.includes('Esc')"), 1.0).await?;
    assert_eq!(state(&scene)?, json!("claimed"));
    // Asked again, with both on the screen, it ends.
    browser.press(key::F8)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('4')?;
    browser.press(key::ENTER)?;
    browser.until(&format!("{SAID}.includes('Esc')"), 5.0).await?;
    scene.until("the close", 20, |book| book.in_state("closed") == 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_is_chosen_by_hand_is_sent_by_hand_or_by_the_next_enter() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    worked(&scene, &browser).await?;
    let choose = "[...document.querySelectorAll('#picker-list button')].find((one) => one.textContent.includes('4')).click()";
    let asks = async || {
        browser.script("document.querySelector('[data-does=close]').click()")?;
        browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
        browser.script(choose)?;
        browser.until("document.activeElement.id === 'picker-send'", 5.0).await
    };
    // Put away by hand.
    asks().await?;
    browser.script("document.querySelector('#picker-cancel').click()")?;
    browser.until("document.querySelector('#picker').hidden", 5.0).await?;
    // Sent by the next Enter, taken back, and sent by hand.
    asks().await?;
    browser.press(key::ENTER)?;
    browser.until(&format!("{SAID}.includes('Esc')"), 5.0).await?;
    browser.press(key::ESCAPE)?;
    browser.until(&format!("!{SAID}.includes('Esc')"), 5.0).await?;
    assert_eq!(state(&scene)?, json!("claimed"));
    asks().await?;
    browser.script("document.querySelector('#picker-send').click()")?;
    browser.until(&format!("{SAID}.includes('Esc')"), 5.0).await?;
    scene.until("the close", 20, |book| book.in_state("closed") == 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_claimed_by_f2_from_a_field_of_the_search() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    browser.go(&format!("http://{}/homes", scene.stage.server.console))?;
    browser.until("document.activeElement.matches('input')", 10.0).await?;
    scene.press(0).await?;
    browser.until("document.querySelector('.alarm:not([hidden])') !== null", 10.0).await?;
    browser.press(key::F2)?;
    browser.until("location.pathname === '/console'", 10.0).await?;
    assert_eq!(state(&scene)?, json!("claimed"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_open_does_not_go_on_saying_that_a_home_is_protected() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let mut scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    worked(&scene, &browser).await?;
    let card = "document.querySelector('#card [data-now=guarded]').textContent";
    browser.until(&format!("{card}.includes('本户保护')"), 10.0).await?;
    assert_eq!(browser.script(&format!("return {card}.includes('未受保护')"))?, json!(false));
    scene.gateway.process.kill()?;
    browser.until(&format!("{card}.includes('未受保护')"), 150.0).await?;
    browser.go(&format!("http://{}/homes", scene.stage.server.console))?;
    // Without a sound nobody is there to hear, and no home is protected either.
    browser.press(key::F3)?;
    browser.until("document.querySelector('#sound').dataset.state === 'on'", 10.0).await?;
    let list = "document.querySelector('#all').textContent.includes('未受保护')";
    browser.until(list, 10.0).await?;
    // Whoever goes through the list by keyboard stays where they are.
    browser.script("document.querySelector('#all a').focus()")?;
    scene.gateway.process.again()?;
    browser.until(&format!("!{list}"), 60.0).await?;
    let held = browser.script("return document.activeElement.getAttribute('href')")?;
    assert_eq!(held, json!(format!("/homes/{}", scene.homes[0])));
    Ok(())
}
