//! Times, waits and charts at the desk, in a real browser on a computer that is wrong about the first two.
//!
//! Every time of day is that of the homes, and no wait looks younger than it is: not on a computer whose
//! clock is wrong, not after it slept, not when word of an alert came late. Not here: how keys work (`browser`).

use serde_json::{Value, json};
use tests::browser::{Browser, key};
use tests::clock::{Watch, wall_s};
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::{Outcome, Trouble};

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

/// A computer two hours fast.
const FAST: &str = "const Real = Date; globalThis.Date = class extends Real {
  constructor(...of) { of.length ? super(...of) : super(Real.now() + 7200000); }
  static now() { return Real.now() + 7200000; }
};";

/// A computer that can be made to sleep: its pages stand still, and so does the clock that they count by.
const SLEEPER: &str = "const real = performance.now.bind(performance);
let missed = 0;
performance.now = () => real() - missed;
globalThis.sleepFor = (ms) => { const from = real(); while (real() - from < ms); missed += ms; };";

/// A way on which word of an alert takes four seconds, and beats do not.
const HELD_UP: &str = "const Real = EventSource; globalThis.EventSource = class extends Real {
  addEventListener(name, does) {
    super.addEventListener(name, name === 'alert' ? (event) => setTimeout(() => does(event), 4000) : does);
  }
};";

async fn at_the_desk(scene: &Scene, browser: &Browser, lang: &str) -> Outcome {
    let wanted = json!({
        "name": "desk", "display": "值班坐席", "role": "operator", "password": "a-long-desk-password",
    });
    scene.stage.admin.post("/api/staff", &wanted)?.good()?;
    browser.go(&format!("http://{}/login?lang={lang}", scene.stage.server.console))?;
    browser.type_into("#u", "desk")?;
    browser.type_into("#p", "a-long-desk-password")?;
    browser.press(key::ENTER)?;
    browser.until("location.pathname === '/console'", 20.0).await?;
    browser.until("document.querySelector('#heard').textContent !== ''", 20.0).await
}

fn text(browser: &Browser, selector: &str) -> Outcome<String> {
    let script = format!("return document.querySelector('{selector}').textContent");
    Ok(browser.script(&script)?.as_str().unwrap_or_default().to_owned())
}

/// Seconds of `mm:ss` or of `hh:mm:ss`.
fn seconds(digits: &str) -> Outcome<i64> {
    digits.trim().split(':').try_fold(0, |sum, part| {
        let part: i64 = part.parse().map_err(|_| Trouble::new(format!("no time: {digits}")))?;
        Ok(sum * 60 + part)
    })
}

/// Seconds of the day in the zone of the homes, eight hours before UTC.
fn day_second() -> i64 {
    (wall_s() + 8 * 3600).rem_euclid(86_400)
}

/// The wait that the first row shows, when the press was `since`.
fn wait_shown(browser: &Browser, since: Watch) -> Outcome<(i64, f64)> {
    let shown = seconds(&text(browser, "#waiting .timer")?)?;
    Ok((shown, since.secs()))
}

async fn press(scene: &Scene, browser: &Browser) -> Outcome<Watch> {
    let since = Watch::start();
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 10.0).await?;
    Ok(since)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_in_another_zone_and_two_hours_wrong_shows_the_time_of_the_homes() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    browser.order("Emulation.setTimezoneOverride", &json!({ "timezoneId": "America/New_York" }))?;
    browser.before_pages(FAST)?;
    at_the_desk(&scene, &browser, "zh-CN").await?;
    let home = format!("/homes/{}", scene.homes[0]);
    for page in ["/console", "/homes", &home, "/login"] {
        browser.go(&format!("http://{}{page}", scene.stage.server.console))?;
        // The script has counted on at least twice.
        for _ in 0..2 {
            let face = text(&browser, "#clock")?;
            let moved = format!("document.querySelector('#clock').textContent !== '{face}'");
            browser.until(&moved, 5.0).await?;
        }
        let (shown, now) = (seconds(&text(&browser, "#clock")?)?, day_second());
        let apart = (now - shown).rem_euclid(86_400);
        assert!(apart <= 3 || apart >= 86_397, "{page}: {apart} s from the time of the homes");
    }
    browser.go(&format!("http://{}/console", scene.stage.server.console))?;
    let since = press(&scene, &browser).await?;
    let (shown, real) = wait_shown(&browser, since)?;
    assert!((shown as f64) <= real + 1.0, "{shown} s shown after {real} s");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_slept_shows_the_whole_wait() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    browser.before_pages(SLEEPER)?;
    at_the_desk(&scene, &browser, "zh-CN").await?;
    let since = press(&scene, &browser).await?;
    browser.script("sleepFor(8000)")?;
    // The page counts on once a second.
    let before = text(&browser, "#clock")?;
    browser
        .until(&format!("document.querySelector('#clock').textContent !== '{before}'"), 5.0)
        .await?;
    let (shown, real) = wait_shown(&browser, since)?;
    assert!(shown as f64 >= real - 2.5, "{shown} s shown after {real} s");
    assert!(shown as f64 <= real + 1.0, "{shown} s shown after {real} s");
    let errors = browser.script("return window.faults ?? []")?;
    assert_eq!(errors, Value::Array(Vec::new()), "no script has failed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn late_word_of_an_alert_makes_its_wait_no_younger() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    browser.before_pages(HELD_UP)?;
    at_the_desk(&scene, &browser, "zh-CN").await?;
    let since = press(&scene, &browser).await?;
    while since.secs() < 6.5 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let (shown, real) = wait_shown(&browser, since)?;
    assert!(shown as f64 >= real - 2.5, "{shown} s shown after {real} s");
    Ok(())
}

/// Texts of the chart that are half beneath the names or half beyond the edge.
const HALF: &str = "(() => {
  const box = document.querySelector('#readings .scroll');
  const [left, right] = [box.querySelector('.names').getBoundingClientRect().right, box.getBoundingClientRect().right];
  const half = (text) => {
    const at = text.getBoundingClientRect();
    return (at.left < left - 1 && at.right > left + 1) || (at.left < right - 1 && at.right > right + 1);
  };
  const shown = (text) => getComputedStyle(text).visibility === 'visible';
  return [...box.querySelectorAll('svg[role] text')].filter((text) => shown(text) && half(text)).length;
})()";

/// A glass of this size, as a telephone or a desk with a scroll bar has it.
fn glass(browser: &Browser, width: u32, height: u32) -> Outcome {
    let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    browser.order("Emulation.setDeviceMetricsOverride", &size).map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_fits_a_desk_with_a_scroll_bar_and_is_a_table_for_who_hears_it() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    at_the_desk(&scene, &browser, "en").await?;
    // 1366 px less the widest scroll bar.
    glass(&browser, 1349, 768)?;
    let home = format!("http://{}/homes/{}", scene.stage.server.console, scene.homes[0]);
    for (span, rows) in [("24h", 24), ("7d", 28), ("30d", 30)] {
        browser.go(&format!("{home}?span={span}"))?;
        browser.until("document.querySelector('.scroll svg[role=img]')", 10.0).await?;
        let over = "(() => { const box = document.querySelector('.scroll'); return box.scrollWidth - box.clientWidth; })()";
        browser.until(&format!("{over} <= 0"), 2.0).await?;
        browser.until("document.documentElement.scrollWidth <= innerWidth", 2.0).await?;
        let told = format!(
            "document.querySelectorAll('#readings table tbody th[scope=row]').length === {rows}"
        );
        browser.until(&told, 2.0).await?;
    }
    glass(&browser, 390, 844)?;
    browser.go(&home)?;
    browser.until("document.documentElement.scrollWidth <= innerWidth", 5.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_telephone_a_text_of_a_chart_is_read_whole_or_not_and_tables_begin_at_their_beginning()
-> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    at_the_desk(&scene, &browser, "zh-CN").await?;
    press(&scene, &browser).await?;
    glass(&browser, 390, 844)?;
    browser.go(&format!("http://{}/homes/{}", scene.stage.server.console, scene.homes[0]))?;
    browser.until("document.querySelector('#readings .scroll svg[role=img]')", 10.0).await?;
    let end = "(() => { const box = document.querySelector('#readings .scroll'); return box.scrollLeft > 0 && box.scrollLeft >= box.scrollWidth - box.clientWidth - 1; })()";
    browser.until(end, 5.0).await?;
    let tables = "[...document.querySelectorAll('.scroll table')].every((table) => table.parentElement.scrollLeft === 0)";
    browser.until(&format!("document.querySelector('.scroll table') && {tables}"), 2.0).await?;
    browser.until(&format!("{HALF} === 0"), 2.0).await?;
    // Wherever somebody has scrolled to, and always with something to read.
    for at in [0, 37, 91, 140, 333, 520] {
        browser
            .script(&format!("document.querySelector('#readings .scroll').scrollLeft = {at}"))?;
        browser.until(&format!("{HALF} === 0"), 2.0).await?;
    }
    let read = "[...document.querySelectorAll('#readings svg[role] text')].some((text) => getComputedStyle(text).visibility === 'visible')";
    browser.until(read, 2.0).await
}
