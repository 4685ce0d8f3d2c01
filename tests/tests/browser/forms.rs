//! Forms of pages beside the console: what is typed in them is sent to a server that answers, or stays.
//!
//! Not here: the same forms without a script (`server/tests/routes/forms.rs`).

use serde_json::json;
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::{PROGRAM, log_in, picture};

const REASON: &str = "document.querySelector('form[action$=\"/open\"] input').value";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_in_a_form_stays_where_the_server_has_just_died() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let mut scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    let home = format!("/homes/{}", scene.homes[0]);
    browser.go(&format!("http://{}{home}", scene.stage.server.console))?;
    browser.until("document.querySelector('#on-duty').textContent === '1'", 20.0).await?;
    browser.type_into("form[action$='/open'] input", "家属来电询问")?;
    scene.stage.server.process.kill()?;
    browser.press(key::ENTER)?;
    browser.until("document.querySelector('#notice').textContent.length > 0", 10.0).await?;
    let here = browser.script(&format!("return [location.pathname, {REASON}]"))?;
    assert_eq!(here, json!([home, "家属来电询问"]), "the page and its words are there");
    browser.until("!document.querySelector('#link').hidden", 10.0).await?;
    browser.picture(&picture("form-and-no-server"))?;
    // When it is back the same key sends them.
    scene.stage.server.process.again()?;
    browser.until("document.querySelector('#link').hidden", 30.0).await?;
    browser.type_into("form[action$='/open'] input", "。")?;
    browser.press(key::ENTER)?;
    let open = "document.querySelector('main').innerText.includes('备用钥匙')";
    browser.until(open, 20.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_colleagues_alert_say_who_has_it_and_who_may_take_it() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    log_in(&scene, &browser).await?;
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 20.0).await?;
    let other = scene.stage.operator("李娜")?;
    let queue = other.get("/api/queue")?.good()?;
    let id = queue.pointer("/alerts/0/id").and_then(|id| id.as_str()).unwrap_or_default();
    other.post(&format!("/api/alerts/{id}/claim"), &json!({}))?.good()?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    let said = "document.querySelector('#say').textContent";
    for key in [key::F2, key::F3, key::F4, key::F5, key::F6, key::F7, key::F8, key::F9] {
        browser.script("document.querySelector('#say').textContent = ''")?;
        browser.press(key)?;
        browser.until(&format!("{said} !== ''"), 5.0).await?;
        let words = browser.script(&format!("return {said}"))?;
        let words = words.as_str().unwrap_or_default();
        assert!(words.contains("李娜") && words.contains("班长"), "{key:?}: {words}");
    }
    Ok(())
}
