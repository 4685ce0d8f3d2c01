//! The console in a real browser, worked with keys alone: a press comes up, is claimed and closed.
//!
//! Pictures of what was shown go to the build's folder for temporary files, to be looked at beside
//! the design. Not here: how the pages are made.

#[path = "browser/asleep.rs"]
mod asleep;
#[path = "browser/audible.rs"]
mod audible;
#[path = "browser/away.rs"]
mod away;
#[path = "browser/axe.rs"]
mod axe;
#[path = "browser/by_right.rs"]
mod by_right;
#[path = "browser/first.rs"]
mod first;
#[path = "browser/flood.rs"]
mod flood;
#[path = "browser/forms.rs"]
mod forms;
#[path = "browser/glass.rs"]
mod glass;
#[path = "browser/heard.rs"]
mod heard;
#[path = "browser/in_view.rs"]
mod in_view;
#[path = "browser/joined.rs"]
mod joined;
#[path = "browser/killed.rs"]
mod killed;
#[path = "browser/looked.rs"]
mod looked;
#[path = "browser/narrow.rs"]
mod narrow;
#[path = "browser/no_mouse.rs"]
mod no_mouse;
#[path = "browser/tokens.rs"]
mod tokens;
#[path = "browser/tongues.rs"]
mod tongues;
#[path = "browser/words.rs"]
mod words;

use std::path::PathBuf;

use serde_json::{Value, json};
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

fn picture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"))
}

/// An operator's session in the browser, logged in by the form.
async fn log_in(scene: &Scene, browser: &Browser) -> Outcome {
    let wanted = json!({
        "name": "desk", "display": "值班坐席", "role": "operator", "password": "a-long-desk-password",
    });
    scene.stage.admin.post("/api/staff", &wanted)?.good()?;
    browser.go(&format!("http://{}/login?lang=zh-CN", scene.stage.server.console))?;
    browser.picture(&picture("login"))?;
    browser.type_into("#u", "desk")?;
    browser.type_into("#p", "a-long-desk-password")?;
    browser.press(key::ENTER)?;
    browser.until("location.pathname === '/console'", 20.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_is_claimed_and_closed_with_keys_only() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    browser.until("document.querySelector('#heard')", 10.0).await?;
    browser.picture(&picture("console-calm"))?;

    scene.press(0).await?;
    // Nothing is touched: the top emergency opens by itself.
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 10.0).await?;
    browser.until("!document.querySelector('#card').hidden", 5.0).await?;
    browser.picture(&picture("console-press"))?;
    let sound = browser.script("return document.querySelector('#sound').textContent")?;
    assert!(
        sound.as_str().is_some_and(|word| !word.is_empty()),
        "the bar tells of the sound: {sound}"
    );

    browser.press(key::F2)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    browser.picture(&picture("console-claimed"))?;
    browser.press(key::F3)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.picture(&picture("console-picker"))?;
    browser.press('1')?;
    browser
        .until(
            "document.querySelector('[data-does=close]').getAttribute('aria-disabled') === 'false'",
            10.0,
        )
        .await?;
    browser.press(key::F8)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('4')?;
    browser.press(key::ENTER)?;
    browser.until("document.querySelector('#say').textContent.includes('Esc')", 5.0).await?;
    browser.picture(&picture("console-closing"))?;
    browser.press(key::ESCAPE)?;
    browser.until("!document.querySelector('#say').textContent.includes('Esc')", 5.0).await?;
    scene.until("the close taken back", 10, |book| book.in_state("claimed") == 1).await?;

    browser.press(key::F8)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('4')?;
    browser.press(key::ENTER)?;
    browser
        .until("document.querySelectorAll('#waiting .row, #worked .row').length === 0", 30.0)
        .await?;
    browser.picture(&picture("console-closed"))?;
    scene.until("the close", 10, |book| book.in_state("closed") == 1).await?;

    let errors = browser.script("return window.faults ?? []")?;
    assert_eq!(errors, Value::Array(Vec::new()), "no script has failed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_whose_script_does_not_run_keeps_the_password_out_of_the_address() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    let wanted = json!({
        "name": "desk", "display": "值班坐席", "role": "operator", "password": "a-long-desk-password",
    });
    scene.stage.admin.post("/api/staff", &wanted)?.good()?;
    browser.without_scripts()?;
    browser.go(&format!("http://{}/login", scene.stage.server.console))?;
    browser.type_into("#u", "desk")?;
    browser.type_into("#p", "a-wrong-password")?;
    browser.press(key::ENTER)?;
    browser.until("document.querySelector('#say').textContent.trim() !== ''", 20.0).await?;
    assert!(!address(&browser)?.contains("password"), "{}", address(&browser)?);
    browser.picture(&picture("login-without-script"))?;
    // The name stands there as it was typed.
    browser.type_into("#p", "a-long-desk-password")?;
    browser.press(key::ENTER)?;
    browser.until("location.pathname === '/console'", 20.0).await?;
    assert!(!address(&browser)?.contains("password"), "{}", address(&browser)?);
    Ok(())
}

fn address(browser: &Browser) -> Outcome<String> {
    let address = browser.script("return location.href")?;
    Ok(address.as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_server_is_said_within_seconds_and_forgotten_after_its_return() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let mut scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    browser.until("document.querySelector('#link').hidden", 10.0).await?;
    scene.stage.server.process.kill()?;
    browser.until("!document.querySelector('#link').hidden", 8.0).await?;
    browser.picture(&picture("console-link-lost"))?;
    scene.stage.server.process.again()?;
    browser.until("document.querySelector('#link').hidden", 20.0).await?;
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 20.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_gateway_is_no_protected_home_and_its_card_names_the_box() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let mut scene = Scene::open(PROGRAM, 3, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    let home = format!("http://{}/homes/{}", scene.stage.server.console, scene.homes[0]);
    let state = "document.querySelector('[data-protection]').dataset.protection";
    browser
        .until("document.querySelector('#watch') && !document.querySelector('#watch').hidden", 15.0)
        .await?;
    let said = browser.script("return document.querySelector('#watch').textContent")?;
    assert!(said.as_str().is_some_and(|text| text.contains("没有人可告诉")), "no way out: {said}");
    browser.picture(&picture("console-watch"))?;
    scene.gateway.process.kill()?;
    browser.until("document.querySelector('.row[data-p=f]')", 150.0).await?;
    browser.script("document.querySelector('.row[data-p=\"f\"] a').click()")?;
    browser.until("document.querySelector('.script.engineer')", 10.0).await?;
    let card = browser.script("return document.querySelector('#card').innerText")?;
    let card = card.as_str().unwrap_or_default();
    assert!(card.contains(&scene.enrolled.gateway.to_string()), "the box: {card}");
    assert!(card.contains("演示0室") && card.contains("演示2室"), "the homes: {card}");
    assert!(!card.contains("未登记姓名") && !card.contains("能否通话"), "nobody's card: {card}");
    browser.picture(&picture("console-gateway"))?;
    browser.go(&home)?;
    browser.until("document.querySelector('[data-protection]')", 10.0).await?;
    assert_eq!(browser.script(&format!("return {state}"))?, json!("unprotected"));
    browser.picture(&picture("home-unprotected"))?;
    browser.go(&format!("http://{}/faults", scene.stage.server.console))?;
    browser.until("document.querySelector('table.data')", 10.0).await?;
    let desk = browser.script("return document.querySelector('table.data').innerText")?;
    assert!(desk.as_str().is_some_and(|text| text.contains("3 户")), "one cause, one line: {desk}");
    browser.picture(&picture("faults"))?;
    Ok(())
}
