//! Little room, long names: on a telephone and on a desk nothing of a name or an address is cut without a sign.
//!
//! Not here: longer words of the pages themselves (`tongues`), what must be in view (`in_view`).

use serde_json::json;
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::{Outcome, Trouble};

use super::axe::supervisor;
use super::{PROGRAM, picture};

/// A resident of 21 characters, a colleague of 18, an address of 66.
const RESIDENT: &str = "阿卜杜热合曼·买买提艾力·托合提尼亚孜·热";
const COLLEAGUE: &str = "买买提依明江·阿卜杜热合曼坐席员一二";
const STREET: &str = "新疆维吾尔自治区伊犁哈萨克自治州察布查尔锡伯自治县";

/// Texts of the card whose letters lie outside the box that shows them.
const CUT: &str = "[...document.querySelectorAll('#who-name, .place address, #phase')].filter((node) => \
  node.scrollHeight > node.clientHeight + 1 && getComputedStyle(node).overflowY !== 'visible' \
  || node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== 'inline' \
  || node.getBoundingClientRect().right > innerWidth + 1).map((node) => node.id || node.tagName)";

async fn card(scene: &Scene, browser: &Browser) -> Outcome {
    let wanted = json!({
        "name": "desk", "display": COLLEAGUE, "role": "operator", "password": "a-long-desk-password",
    });
    scene.stage.admin.post("/api/staff", &wanted)?.good()?;
    let home = scene.homes[0];
    let address = format!("{STREET}{STREET}爱新舍里镇锡伯风情小区 12号楼 3单元");
    scene
        .stage
        .admin
        .patch(&format!("/api/homes/{home}"), &json!({ "address": address }))?
        .good()?;
    let person = json!({ "name": RESIDENT, "phone": "13800000001" });
    scene.stage.admin.post(&format!("/api/homes/{home}/resident/leave"), &json!({}))?.good()?;
    scene.stage.admin.post(&format!("/api/homes/{home}/resident"), &person)?.good()?;
    browser.go(&format!("http://{}/login?lang=zh-CN", scene.stage.server.console))?;
    browser.type_into("#u", "desk")?;
    browser.type_into("#p", "a-long-desk-password")?;
    browser.press(key::ENTER)?;
    browser.until("location.pathname === '/console'", 20.0).await?;
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 20.0).await?;
    browser.press(key::F2)?;
    browser.until("document.querySelectorAll('#worked .row').length === 1", 10.0).await?;
    let known = "document.querySelector('.place address').innerText.includes('3单元')";
    browser.until(known, 10.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn long_names_and_addresses_are_read_whole_on_a_desk_and_on_a_telephone() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    card(&scene, &browser).await?;
    for (width, height) in [(1366, 768), (390, 844)] {
        browser.size(width, height)?;
        browser.picture(&picture(&format!("narrow-card-{width}")))?;
        assert_eq!(browser.script(&format!("return {CUT}"))?, json!([]), "cut at {width}");
        let held = "document.querySelector('#phase').getBoundingClientRect().height > 0";
        assert_eq!(browser.script(&format!("return {held}"))?, json!(true), "who has it: {width}");
    }
    browser.size(1366, 768)?;
    let share = "document.querySelector('.band .phase').offsetWidth / document.querySelector('.band').offsetWidth";
    let share = browser.script(&format!("return {share}"))?.as_f64().unwrap_or(1.0);
    assert!(share < 0.3, "a colleague's name takes {share} of the band");
    let row = "[...document.querySelectorAll('#worked [data-who]')].map((b) => b.getBoundingClientRect().width)[0]";
    let wide = browser.script(&format!("return {row}"))?.as_f64().unwrap_or(0.0);
    assert!(wide > 100.0, "the resident's name in its row is {wide} px wide");
    Ok(())
}

fn number(browser: &Browser, expression: &str) -> Outcome<f64> {
    let found = browser.script(&format!("return {expression}"))?;
    found.as_f64().ok_or_else(|| Trouble::new(format!("{expression} gave {found}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_telephone_a_chart_shows_hours_and_no_field_stands_at_the_edge() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    supervisor(&scene, &browser).await?;
    let base = format!("http://{}", scene.stage.server.console);
    browser.size(390, 844)?;
    for page in ["/closed".to_owned(), "/homes".to_owned(), format!("/homes/{}", scene.homes[0])] {
        browser.go(&format!("{base}{page}"))?;
        browser.until("document.querySelector('main form')", 10.0).await?;
        let edge = "Math.min(...[...document.querySelectorAll('main form :is(input:not([type=hidden]), select, button)')].map((one) => one.getBoundingClientRect().left))";
        assert!(number(&browser, edge)? >= 12.0, "{page}: a field stands at the edge");
    }
    browser.until("document.querySelector('.scroll svg.whole')", 10.0).await?;
    browser.picture(&picture("narrow-home"))?;
    // Between the names, which stay, and the edge of the glass there are hours, not present values.
    let room = number(
        &browser,
        "document.querySelector('#readings .scroll').getBoundingClientRect().right \
         - document.querySelector('#readings .names').getBoundingClientRect().right",
    )?;
    let values =
        number(&browser, "document.querySelector('#readings .scroll').scrollWidth - 1076")?;
    assert!(room - values > 200.0, "{room} px, of which {values} say what holds now");
    let told = browser.script("return document.querySelector('dl.present').innerText")?;
    assert!(told.as_str().is_some_and(|told| told.contains("在床")) || told == "", "{told}");
    browser.size(1366, 768)?;
    let twice =
        number(&browser, "document.querySelector('dl.present').getBoundingClientRect().height")?;
    assert!(twice < 1.0, "on a desk it stands beside the chart alone");
    Ok(())
}
