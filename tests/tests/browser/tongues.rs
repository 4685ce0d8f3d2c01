//! Every word is there in both languages, longer words still fit, and rare characters are shown as they are.

use serde_json::{Value, json};
use tests::browser::Browser;
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

use super::axe::supervisor;
use super::{PROGRAM, picture};

/// What was entered here, and names that are the same in every language.
const ENTERED: [&str; 18] = [
    "演示区 演示路 88弄",
    "服抗凝药，易出血",
    "备用钥匙在驿站 1号柜",
    "听力差，请慢说",
    "卧室床头按钮",
    "演示奶奶",
    "演示家属",
    "演示邻居",
    "值班班长",
    "高血压",
    "有钥匙",
    "同楼",
    "女儿",
    "邻居",
    "演示",
    "中文",
    "𠮷",
    "室",
];
/// Words in Latin letters that stand on a Chinese page: the product, keys, the other language, who is logged in.
const LATIN: [&str; 14] = [
    "Hearthline",
    "English",
    "Ctrl",
    "Space",
    "Home",
    "Esc",
    "Enter",
    "lead",
    "scene",
    "CSV",
    "API",
    "PIN",
    "SIM",
    "min",
];

/// Words of the page, also those that are only heard, without what was entered.
const WORDS: &str = "
const out = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode())
  if (!walk.currentNode.parentElement.closest('script, style')) out.push(walk.currentNode.nodeValue);
for (const node of document.querySelectorAll('*'))
  for (const name of ['aria-label', 'title', 'placeholder', 'alt']) out.push(node.getAttribute(name) ?? '');
out.push(document.title);
for (const words of document.querySelectorAll('template')) out.push(words.content.textContent);
return out.map((text) => entered.reduce((rest, word) => rest.replaceAll(word, ''), text).trim()).filter(Boolean);";

/// Makes each word of the page longer by two fifths and gives those that do not fit.
const LONGER: &str = "
const data = 'bdi, kbd, svg, time, .timer, .clock, .tel, .own-tel, #who-name, [data-who], [data-where], [data-device], script, style, .hidden, option';
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const all = [];
while (walk.nextNode()) all.push(walk.currentNode);
const words = all.filter((node) => /[A-Za-z]{2}/.test(node.nodeValue) && !node.parentElement.closest(data));
for (const node of words) {
  const text = node.nodeValue;
  node.nodeValue = text + text.trim().slice(0, Math.ceil(text.trim().length * 0.4));
}
const cut = new Set();
if (document.documentElement.scrollWidth > innerWidth + 1) cut.add('the page is ' + document.documentElement.scrollWidth + ' wide');
for (const node of words) {
  const range = document.createRange();
  range.selectNodeContents(node);
  for (const at of range.getClientRects()) {
    if (!at.width) continue;
    for (let up = node.parentElement; up && up !== document.body; up = up.parentElement) {
      const style = getComputedStyle(up);
      const box = up.getBoundingClientRect();
      if (/auto|scroll/.test(style.overflowX + style.overflowY)) break;
      if (style.display === 'inline' || style.display === 'contents') continue;
      const wide = at.right > box.right + 2;
      const hides = style.overflowX !== 'visible' || style.overflowY !== 'visible';
      const high = hides && (at.bottom > box.bottom + 4 || at.top < box.top - 4);
      if (wide || high) {
        cut.add((up.id || up.className || up.tagName) + ': ' + node.nodeValue.trim().slice(0, 60));
        break;
      }
    }
  }
}
return [...cut];";

fn dress(browser: &Browser, lang: &str) -> Outcome {
    let dress = format!(
        "const done = arguments[arguments.length - 1];
         fetch('/api/shift', {{ method: 'POST', body: '{{\"lang\":\"{lang}\"}}',
           headers: {{ 'x-hearthline': '1', 'content-type': 'application/json' }} }}).then((a) => done(a.status));"
    );
    assert_eq!(browser.wait_for(&dress)?, 204);
    Ok(())
}

async fn there(browser: &Browser, url: &str) -> Outcome {
    browser.go(url)?;
    let drawn = "!!document.querySelector('#waiting .row, #line-who:not(:empty)') || !document.querySelector('#heard')";
    browser.until(drawn, 10.0).await?;
    let facts = "!document.querySelector('#card') || document.querySelector('.script')";
    browser.until(facts, 10.0).await
}

fn texts(found: &Value) -> Vec<String> {
    let list = found.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

/// What of a text is no word of the page's language.
fn strange(lang: &str, text: &str) -> bool {
    if lang == "en" {
        return text.chars().any(is_han);
    }
    let rest = LATIN.iter().fold(text.to_owned(), |rest, word| rest.replace(word, " "));
    rest.split(|c: char| !c.is_ascii_lowercase()).any(|word| word.len() >= 3)
}

fn entered_in_rare_characters(scene: &Scene) -> Outcome {
    let home = scene.homes[0];
    let person = json!({ "name": "演示𠮷", "talk": "听力差，请慢说", "phone": "00000000001",
        "contacts": [{ "name": "演示家属", "relation": "女儿", "phone": "00000000002" }] });
    scene.stage.admin.post(&format!("/api/homes/{home}/resident/leave"), &json!({}))?.good()?;
    scene.stage.admin.post(&format!("/api/homes/{home}/resident"), &person)?.good()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_word_is_in_both_languages_and_two_fifths_more_of_it_still_fits() -> Outcome {
    let Some(browser) = Browser::open()? else { return Ok(()) };
    let scene = Scene::open(PROGRAM, 2, Setting::default()).await?;
    entered_in_rare_characters(&scene)?;
    let base = format!("http://{}", scene.stage.server.console);
    let home = format!("/homes/{}", scene.homes[0]);
    let (looks, rehearsal) = (format!("{home}/looks"), format!("{home}/rehearsal"));
    let entered = json!(ENTERED);
    let (mut foreign, mut cut) = (Vec::new(), Vec::new());
    let pages =
        ["/console", "/homes", &home, &looks, &rehearsal, "/faults", "/closed", "/me", "/nowhere"];
    supervisor(&scene, &browser).await?;
    scene.press(0).await?;
    browser.until("document.querySelectorAll('#waiting .row').length === 1", 10.0).await?;
    for lang in ["zh-CN", "en"] {
        dress(&browser, lang)?;
        for page in pages {
            browser.size(1366, 768)?;
            there(&browser, &format!("{base}{page}")).await?;
            let words = browser.script(&format!("const entered = {entered};{WORDS}"))?;
            let words = texts(&words).into_iter().filter(|text| strange(lang, text));
            foreign.extend(words.map(|text| format!("{lang} {page}: {text}")));
            if matches!(page, "/console" | "/homes") || page == home {
                let name = "document.body.textContent.includes('演示𠮷')";
                browser.until(name, 5.0).await?;
            }
            if lang != "en" {
                continue;
            }
            for (width, height) in [(1366, 768), (390, 844)] {
                browser.size(width, height)?;
                if width == 390 {
                    there(&browser, &format!("{base}{page}")).await?;
                }
                let found = browser.script(LONGER)?;
                browser.picture(&picture(&format!(
                    "longer-{width}-{}",
                    page.rsplit('/').next().unwrap_or_default()
                )))?;
                cut.extend(texts(&found).into_iter().map(|what| format!("{page} {width}: {what}")));
            }
        }
    }
    assert_eq!(json!(foreign), json!([]), "words of another language");
    assert_eq!(json!(cut), json!([]), "longer words do not fit");
    Ok(())
}
