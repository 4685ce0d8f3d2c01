//! Who saw a resident's data in a month, and why: asked by a supervisor with three clicks at most.

use serde_json::json;
use tests::browser::Browser;
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::axe::supervisor;
use super::{PROGRAM, picture};

#[tokio::test(flavor = "multi_thread")]
async fn who_saw_a_residents_data_in_a_month_and_why_is_three_clicks_away() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    let home = scene.homes[1];
    let operator = scene.stage.operator("4711")?;
    let why = json!({ "reason": "家属来电询问" });
    operator.post(&format!("/api/homes/{home}/open"), &why)?.good()?;
    operator.get(&format!("/api/homes/{home}"))?.good()?;
    supervisor(&scene, &browser).await?;
    let mut clicks = 0;
    for (link, there) in [
        ("a[href='/homes']".to_owned(), "location.pathname === '/homes'".to_owned()),
        (format!("#all a[href='/homes/{home}']"), "document.querySelector('.months a')".to_owned()),
        (".months a".to_owned(), "location.search.startsWith('?month=')".to_owned()),
    ] {
        browser.click(&link)?;
        clicks += 1;
        browser.until(&there, 10.0).await?;
    }
    assert!(clicks <= 3);
    for told in ["4711", "家属来电询问"] {
        let there = format!("document.querySelector('table.data').innerText.includes('{told}')");
        browser.until(&there, 5.0).await?;
    }
    browser.picture(&picture("looks-of-a-month"))
}
