//! The pictures of the README, taken from the demo as it is: a month of past, a press worked, a cut uplink, a home.
//!
//! Nothing is touched up: each picture waits for what it shows, then for its facts. The world is the one of the seed, so
//! that two runs differ only by times and ids. Not here: pictures that tests leave to be looked at.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::browser::{Browser, key};
use crate::clock::Watch;
use crate::demo::page;
use crate::demo::world::World;
use crate::resident::Act;
use crate::seed::Seed;
use crate::trouble::{Outcome, Trouble};

/// The past of its homes.
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Nobody presses by themselves while pictures are taken.
const QUIET: Duration = Duration::from_secs(24 * 60 * 60);
/// Who presses: worked on the console, waiting elsewhere, behind the cut.
const WORKED: usize = 0;
const WAITING: usize = 2;
const CUT_OFF: usize = 3;
/// Whose page is shown.
const SHOWN: usize = 6;
/// Longest wait for one thing, s.
const PATIENCE_S: f64 = 60.0;

/// Takes all into the folder `into`; `program` is server and gateway, `data` where they live meanwhile.
pub async fn take(program: &Path, data: &Path, into: &Path) -> Outcome {
    let Some(browser) = Browser::open()? else { return Err(Trouble::new("there is no browser")) };
    let of = (Watch::start(), Seed::from_environment());
    let world = Arc::new(World::open(program, data, MONTH, of).await?);
    let demo = page::serve(Arc::clone(&world), 0).await?;
    let lives = world.live(QUIET);
    let base = format!("http://{}", world.console());
    log_in(&world, &browser, &base).await?;
    press(&world, WORKED).await?;
    console(&browser, into).await?;
    press(&world, WAITING).await?;
    home(&browser, &base, into).await?;
    uplink(&world, &browser, &demo.to_string(), into).await?;
    lives.abort();
    Ok(())
}

async fn press(world: &World, home: usize) -> Outcome {
    let home = world.homes.get(home).ok_or_else(|| Trouble::new("no such home"))?;
    home.act(Act::Press).await;
    Ok(())
}

async fn log_in(world: &World, browser: &Browser, base: &str) -> Outcome {
    let codes = world.codes()?;
    let (_, code) = codes.first().ok_or_else(|| Trouble::new("nobody can log in"))?;
    browser.go(&format!("{base}/login?code=1&lang=zh-CN"))?;
    browser.type_into("#c", code)?;
    browser.press(key::ENTER)?;
    browser.until("location.pathname === '/console'", PATIENCE_S).await?;
    // On duty and heard, which the desk's own box would otherwise deny.
    browser.until("document.getElementById('on-duty').textContent === '1'", PATIENCE_S).await?;
    browser.until("document.querySelectorAll('#watch-list li').length < 2", PATIENCE_S).await
}

/// One press that nobody has, and the same worked and about to be closed.
async fn console(browser: &Browser, into: &Path) -> Outcome {
    browser.size(1366, 768)?;
    let facts =
        "document.querySelector('#card .script') && document.querySelector('#card .contacts')";
    browser
        .until("document.querySelector('#waiting .row[data-state=unclaimed]')", PATIENCE_S)
        .await?;
    browser.until(facts, PATIENCE_S).await?;
    browser.picture(&into.join("console-press.png"))?;
    browser.press(key::F2)?;
    browser.until("document.querySelector('#worked .row')", PATIENCE_S).await?;
    browser.until("document.querySelector('.contacts .tel[href]')", PATIENCE_S).await?;
    browser.press(key::F3)?;
    browser.until("!document.getElementById('picker').hidden", PATIENCE_S).await?;
    browser.press('1')?;
    browser
        .until("document.querySelector('[data-does=close][aria-disabled=false]')", PATIENCE_S)
        .await?;
    browser.until("document.getElementById('card').innerText.includes('接通')", PATIENCE_S).await?;
    browser.press(key::F8)?;
    browser.until("!document.getElementById('picker').hidden", PATIENCE_S).await?;
    browser.press('2')?;
    browser.press(key::ENTER)?;
    browser.until("document.getElementById('say').textContent.includes('Esc')", PATIENCE_S).await?;
    browser.picture(&into.join("console-close.png"))?;
    browser.until("!document.querySelector('#worked .row')", PATIENCE_S).await
}

/// A home with its last day, while an emergency waits elsewhere.
async fn home(browser: &Browser, base: &str, into: &Path) -> Outcome {
    browser.go(&format!("{base}/homes"))?;
    browser.until("!document.getElementById('line').hidden", PATIENCE_S).await?;
    let link = format!("return document.querySelectorAll('#all tbody a')[{SHOWN}].href");
    let link = browser.script(&link)?;
    browser.go(link.as_str().ok_or_else(|| Trouble::new("no such home"))?)?;
    browser.until("!document.getElementById('line').hidden", PATIENCE_S).await?;
    browser.until("document.getElementById('on-duty').textContent === '1'", PATIENCE_S).await?;
    browser.until("document.querySelector('.scroll svg[role=img]')", PATIENCE_S).await?;
    whole(browser, &into.join("home.png"))
}

/// The demo page with its uplink cut: a light stops at stored, and the home's own alarm sounds.
async fn uplink(world: &World, browser: &Browser, page: &str, into: &Path) -> Outcome {
    browser.size(1366, 768)?;
    browser.go(&format!("http://{page}/"))?;
    let quiet = "document.querySelectorAll('article').length === 12";
    browser.until(quiet, PATIENCE_S).await?;
    browser.click("[data-post='/chain/cut']")?;
    browser.until("document.querySelector('#uplink.off')", PATIENCE_S).await?;
    press(world, CUT_OFF).await?;
    let at_home = format!("article[data-n=\"{CUT_OFF}\"] .light.stored");
    browser.until(&format!("document.querySelector('{at_home}')"), PATIENCE_S).await?;
    browser.until("!document.getElementById('alarm').hidden", PATIENCE_S).await?;
    whole(browser, &into.join("demo-uplink-cut.png"))
}

/// A picture of the page as high as it is.
fn whole(browser: &Browser, file: &Path) -> Outcome {
    let high = browser.script("return document.documentElement.scrollHeight")?;
    let high = high.as_u64().and_then(|high| u32::try_from(high).ok());
    browser.size(1366, high.ok_or_else(|| Trouble::new("the page has no height"))?)?;
    // Two frames: the page has its new size, and what is drawn for it stands.
    let drawn = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)))";
    browser.wait_for(drawn)?;
    browser.picture(file)
}
