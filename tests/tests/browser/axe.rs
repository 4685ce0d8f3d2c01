//! Every page of the desk is held against axe-core: two sizes, two languages, day and night, with alerts that wait.
//!
//! Not here: whether a page is beautiful, which pictures beside the design decide.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::browser::{Browser, key};
use tests::python::Python;
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::{Outcome, Trouble};

use super::PROGRAM;

const PACKAGE: &str = "axe-core-python==0.1.0";
pub(super) const SIZES: [(u32, u32); 2] = [(1366, 768), (390, 844)];

/// The program that is run in the pages; none means "skip, it has been said".
pub(super) fn axe() -> Outcome<Option<String>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe");
    let Some(_) = Python::with(&folder, &[PACKAGE]) else { return Ok(None) };
    let libraries = std::fs::read_dir(folder.join("lib"))?;
    let found = libraries.filter_map(Result::ok).map(|of| of.path());
    let found = found.map(|of: PathBuf| of.join("site-packages/axe_core_python/axe.min.js"));
    let file = found.into_iter().find(|file| file.is_file());
    let file = file.ok_or_else(|| Trouble::new("the package has no axe.min.js"))?;
    Ok(Some(std::fs::read_to_string(file)?))
}

/// What is wrong with the page that stands in the browser, in words of axe.
pub(super) fn faults(browser: &Browser, axe: &str) -> Outcome<Vec<Value>> {
    browser.script(axe)?;
    let run = "const done = arguments[arguments.length - 1];
        axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })
          .then((found) => done(found.violations.map((of) =>
            [of.id, of.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))])));";
    let found = browser.wait_for(run)?;
    found.as_array().cloned().ok_or_else(|| Trouble::new(format!("axe gave {found}")))
}

pub(super) async fn supervisor(scene: &Scene, browser: &Browser) -> Outcome {
    let wanted = json!({
        "name": "lead", "display": "值班班长", "role": "supervisor", "password": "a-long-desk-password",
    });
    scene.stage.admin.post("/api/staff", &wanted)?.good()?;
    browser.go(&format!("http://{}/login?lang=zh-CN", scene.stage.server.console))?;
    browser.type_into("#u", "lead")?;
    browser.type_into("#p", "a-long-desk-password")?;
    browser.press(key::ENTER)?;
    browser.until("location.pathname === '/console'", 20.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_in_any_page_size_language_or_light() -> Outcome {
    let (Some(browser), Some(axe)) = (Browser::open()?, axe()?) else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    let base = format!("http://{}", scene.stage.server.console);
    let mut wrong = Vec::new();
    for tag in ["zh-CN", "en"] {
        browser.go(&format!("{base}/login?lang={tag}"))?;
        wrong.extend(
            faults(&browser, &axe)?
                .into_iter()
                .map(|fault| json!(["/login", 0, tag, "day", fault])),
        );
    }
    supervisor(&scene, &browser).await?;
    scene.press(0).await?;
    scene.press(1).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 2", 10.0).await?;
    let home = format!("/homes/{}", scene.homes[0]);
    let (looks, rehearsal) = (format!("{home}/looks"), format!("{home}/rehearsal"));
    let pages =
        ["/console", "/homes", &home, &looks, &rehearsal, "/faults", "/closed", "/me", "/tokens"];
    for (lang, theme) in [("zh-CN", "day"), ("zh-CN", "night"), ("en", "day"), ("en", "night")] {
        let dress = format!(
            "const done = arguments[arguments.length - 1];
             fetch('/api/shift', {{ method: 'POST', body: '{{\"lang\":\"{lang}\",\"theme\":\"{theme}\"}}',
               headers: {{ 'x-hearthline': '1', 'content-type': 'application/json' }} }}).then((a) => done(a.status));"
        );
        assert_eq!(browser.wait_for(&dress)?, 204);
        for page in pages {
            browser.go(&format!("{base}{page}"))?;
            // The emergencies have come: on the console as rows, elsewhere as the line in the bar.
            let there = "!!document.querySelector('#waiting .row, #line-who:not(:empty)') || \
                         !document.querySelector('#heard')";
            browser.until(there, 10.0).await?;
            for (width, height) in SIZES {
                browser.size(width, height)?;
                let found = faults(&browser, &axe)?.into_iter();
                wrong.extend(found.map(|fault| json!([page, width, lang, theme, fault])));
            }
        }
    }
    let mut kinds: Vec<String> = wrong.iter().map(|fault| fault[4].to_string()).collect();
    kinds.sort();
    kinds.dedup();
    let first = wrong.first();
    assert!(wrong.is_empty(), "{} faults, the first {first:?}: {kinds:#?}", wrong.len());
    Ok(())
}
