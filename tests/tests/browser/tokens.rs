//! The page of programs' tokens as an administrator works it: made by keys, shown once, ended after a second question,
//! and held against axe-core as the other pages are.

use serde_json::{Value, json};
use tests::browser::{Browser, key};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::axe::{SIZES, axe, faults};
use super::{PROGRAM, picture};

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_makes_a_token_sees_it_once_and_ends_it() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    let session = scene.stage.session()?;
    let cookie = session.cookie().split_once('=').unwrap_or_default();
    let base = format!("http://{}", scene.stage.server.console);
    browser.go(&format!("{base}/openapi.json"))?;
    browser.cookie(cookie.0, cookie.1)?;
    browser.go(&format!("{base}/homes"))?;
    browser.click("a[href='/tokens']")?;
    browser.until("location.pathname === '/tokens'", 10.0).await?;
    let here = "document.querySelector('#menu [aria-current=page]').getAttribute('href')";
    browser.until(&format!("{here} === '/tokens'"), 5.0).await?;
    browser.tab_to("[name=name]")?;
    browser.keys("board")?;
    browser.tab_to("[name=read_queue]")?;
    browser.press(' ')?;
    browser.tab_to("main .button.next")?;
    browser.press(key::ENTER)?;
    browser.until("document.querySelector('#token')", 10.0).await?;
    browser.picture(&picture("tokens-made"))?;
    let token = browser.script("return document.querySelector('#token').textContent")?;
    let token = token.as_str().unwrap_or_default().to_owned();
    assert!(token.starts_with("hlp_"), "{token}");
    // Whoever asks for the page again, by the browser's own key, gets it without the token.
    browser.press(key::F5)?;
    browser.until("!document.querySelector('#token')", 10.0).await?;
    browser.until("document.querySelector('table.data').innerText.includes('board')", 5.0).await?;
    let page = browser.script("return document.documentElement.outerHTML")?;
    assert!(!page.to_string().contains(&token), "it is shown once");
    // A press is heard here as on every page of the desk.
    scene.press(0).await?;
    browser.until("!document.querySelector('#line').hidden", 10.0).await?;
    browser.picture(&picture("tokens"))?;
    if let Some(axe) = axe()? {
        clean(&browser, &axe, &base).await?;
    }
    browser.click(".data details summary")?;
    browser.until("document.querySelector('.data details').open", 5.0).await?;
    browser.click(".data details .button")?;
    browser.until("!document.querySelector('.data details')", 10.0).await?;
    let listed = scene.stage.admin.get("/api/tokens")?.good()?;
    assert_eq!(listed.pointer("/tokens/0/good"), Some(&json!(false)), "{listed}");
    Ok(())
}

/// Two languages, day and night, two sizes: nothing is found, and the page is no wider than the glass.
async fn clean(browser: &Browser, axe: &str, base: &str) -> Outcome {
    let mut wrong = Vec::new();
    for (lang, theme) in [("en", "night"), ("en", "day"), ("zh-CN", "night"), ("zh-CN", "day")] {
        let dress = format!(
            "const done = arguments[arguments.length - 1];
             fetch('/api/shift', {{ method: 'POST', body: '{{\"lang\":\"{lang}\",\"theme\":\"{theme}\"}}',
               headers: {{ 'x-hearthline': '1', 'content-type': 'application/json' }} }}).then((a) => done(a.status));"
        );
        assert_eq!(browser.wait_for(&dress)?, 204);
        browser.go(&format!("{base}/tokens"))?;
        browser.until("document.querySelector('#line-who:not(:empty)')", 10.0).await?;
        for (width, height) in SIZES {
            browser.size(width, height)?;
            browser.picture(&picture(&format!("tokens-{width}-{lang}-{theme}")))?;
            wrong.extend(faults(browser, axe)?);
            let wide = "return document.documentElement.scrollWidth > innerWidth";
            assert_eq!(browser.script(wide)?, json!(false), "{lang} {width}");
        }
        browser.size(1366, 768)?;
    }
    assert_eq!(Value::Array(wrong), json!([]));
    Ok(())
}
