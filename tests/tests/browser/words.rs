//! What somebody has typed or needs is there when the server is not, and what was not seen is not closed.

use serde_json::{Value, json};
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::{PROGRAM, log_in, picture};

async fn claimed(scene: &Scene, browser: &Browser) -> Outcome {
    log_in(scene, browser).await?;
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 10.0).await?;
    browser.press(key::F2)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_words_stay_pages_stay_and_numbers_are_there() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let server = "fallback_phone = \"021-55550119\"\n".to_owned();
    let setting = Setting { server, ..Setting::default() };
    let mut scene = Scene::open(PROGRAM, 1, setting).await?;
    let home = scene.homes[0];
    let person = json!({
        "name": "王秀英", "phone": "13800000001",
        "contacts": [{ "name": "王强", "relation": "儿子", "phone": "13800000002" }],
    });
    scene.stage.admin.post(&format!("/api/homes/{home}/resident/leave"), &json!({}))?.good()?;
    scene.stage.admin.post(&format!("/api/homes/{home}/resident"), &person)?.good()?;
    claimed(&scene, &browser).await?;
    browser
        .until("document.querySelector('.contacts li[data-next] a[href=\"tel:13800000002\"]')", 5.0)
        .await?;
    // The numbers of what is open now have come: they are read once more after each change.
    browser.script("window.since = performance.now()")?;
    let read = "performance.getEntriesByType('resource').some((e) => \
                e.name.endsWith('/console/fallback') && e.startTime > since && e.responseEnd > 0)";
    browser.until(read, 10.0).await?;
    browser.press(key::F7)?;
    browser.type_into("#picker-text", "门开着，邻居在")?;
    scene.stage.server.process.kill()?;
    browser.press(key::ENTER)?;
    browser.until("document.querySelector('#picker-text').value === '门开着，邻居在'", 8.0).await?;
    browser.until("!document.querySelector('#link').hidden", 8.0).await?;
    browser.script("window.same = true")?;
    for leave in ["a[href='/homes']", "#theme", "#lang", "#logout"] {
        browser.click(leave)?;
    }
    browser.script(
        "document.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))",
    )?;
    browser.until("!document.querySelector('#find').hidden", 5.0).await?;
    browser.until("document.querySelector('#find-say').textContent.length > 0", 8.0).await?;
    browser.press(key::ESCAPE)?;
    let numbers = "[...document.querySelectorAll('#card .fallback a')].map((a) => a.getAttribute('href')).join()";
    browser
        .until(&format!("{numbers} === 'tel:02155550119,tel:13800000001,tel:13800000002'"), 3.0)
        .await?;
    browser.picture(&picture("console-link-lost-numbers"))?;
    browser.until("window.same && location.pathname === '/console'", 1.0).await?;
    scene.stage.server.process.again()?;
    browser.until("document.querySelector('#link').hidden", 20.0).await?;
    browser
        .until("document.querySelectorAll('#worked .row, #waiting .row').length === 1", 20.0)
        .await?;
    browser.press(key::F2)?;
    browser.press(key::F7)?;
    browser.until("document.querySelector('#picker-text').value === '门开着，邻居在'", 5.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_number_of_minutes_is_said_in_words() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    claimed(&scene, &browser).await?;
    browser.press(key::F9)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('1')?;
    browser.script("document.querySelector('#picker-text').value = 'abc'")?;
    browser.press(key::ENTER)?;
    browser
        .until("document.querySelector('#picker-hint').textContent.includes('1 至 15')", 5.0)
        .await?;
    browser.press(key::ESCAPE)?;
    browser.press(key::F7)?;
    let hint = "document.querySelector('#picker-hint').textContent";
    browser.until(&format!("{hint}.length > 0 && !{hint}.includes('数字')"), 5.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_name_breaks_no_row_and_long_texts_push_nothing_out_of_sight() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    let home = scene.homes[0];
    let line = "钥匙在门卫处，".repeat(17);
    let long = "阿卜杜热合曼·买买提艾力·托合提尼亚孜·热";
    let person = json!({
        "name": long, "phone": "13800000001", "entry": line,
        "talk": line, "health": "华法林\n青霉素过敏",
    });
    scene.stage.admin.post(&format!("/api/homes/{home}/resident/leave"), &json!({}))?.good()?;
    scene.stage.admin.post(&format!("/api/homes/{home}/resident"), &person)?.good()?;
    log_in(&scene, &browser).await?;
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 10.0).await?;
    // What is known of a person's health is for who has the alert in hand.
    let told = "document.querySelector('[data-slot=facts]').textContent.includes('青霉素')";
    browser
        .until("document.querySelector('[data-slot=facts]').textContent.length > 0", 10.0)
        .await?;
    assert_eq!(browser.script(&format!("return {told}"))?, Value::Bool(false), "before the claim");
    browser.press(key::F2)?;
    browser.until(told, 10.0).await?;
    for (width, height) in [(1366, 768), (390, 844)] {
        browser.size(width, height)?;
        browser.picture(&picture(&format!("console-long-{width}")))?;
        let sideways = "[...document.querySelectorAll('.row, .band, .place, .facts')].filter((n) => n.scrollWidth > n.clientWidth + 2).map((n) => n.className)";
        let found = browser.script(&format!("return {sideways}"))?;
        assert_eq!(found, Value::Array(Vec::new()), "cut at {width}");
    }
    browser.size(1366, 768)?;
    let health = "[...document.querySelectorAll('[data-slot=facts] .fact')].find((n) => n.textContent.includes('青霉素')).getBoundingClientRect().bottom";
    browser.until(&format!("{health} < innerHeight"), 2.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_seen_is_not_closed_and_who_loses_an_alert_is_told() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    claimed(&scene, &browser).await?;
    browser.press(key::F3)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('1')?;
    let close = "document.querySelector('[data-does=close]').getAttribute('aria-disabled')";
    browser.until(&format!("{close} === 'false'"), 10.0).await?;
    // From now on this screen is told nothing: what is pressed is not seen here.
    let module = "document.querySelector('script[type=module]').src.replace(/[^/]*$/, 'shift.js')";
    browser.wait_for(&format!(
        "const done = arguments[0];
         import({module}).then(({{ shift }}) => {{ shift.alerts.set = () => shift.alerts; done(); }})"
    ))?;
    scene.press(0).await?;
    let twice = |alert: &Value| alert.get("count") == Some(&json!(2));
    scene.until("the second press", 10, |book| book.alerts().any(twice)).await?;
    browser.press(key::F8)?;
    browser.until("!document.querySelector('#picker').hidden", 5.0).await?;
    browser.press('4')?;
    browser.press(key::ENTER)?;
    browser.until("document.querySelector('#notice').textContent.includes('新信号')", 20.0).await?;
    browser.picture(&picture("console-newer"))?;
    scene.until("an alert that is not closed", 5, |book| book.in_state("claimed") == 1).await?;
    browser.go(&format!("http://{}/console", scene.stage.server.console))?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    let queue = scene.stage.admin.get("/api/queue")?.good()?;
    let id = queue.pointer("/alerts/0/id").and_then(Value::as_str).unwrap_or_default();
    scene.stage.admin.post(&format!("/api/alerts/{id}/take"), &json!({}))?.good()?;
    browser.until("document.querySelector('#notice').textContent.includes('已接管')", 10.0).await
}
