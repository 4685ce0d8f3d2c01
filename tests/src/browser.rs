//! A headless browser, driven by keys: as much of the WebDriver protocol as a test of the console needs.
//!
//! One browser a test, with a profile of its own. Selectors are CSS. Waits are for a condition and
//! have an end. Not here: what the pages show (`tests/browser.rs`).

mod hand;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::clock::Watch;
use crate::tools::{Tool, need};
use crate::trouble::{Outcome, Trouble};

/// Name under which WebDriver hides an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Size of the window, whose frame takes 143 lines: the page has 1366 by 768, the smallest desk.
const WINDOW: &str = "--window-size=1366,911";
/// Most drivers that are started for one browser.
const DRIVERS: u32 = 3;

/// Keys that are no letters, as WebDriver spells them.
pub mod key {
    /// Enter.
    pub const ENTER: char = '\u{E007}';
    /// Escape.
    pub const ESCAPE: char = '\u{E00C}';
    /// F2.
    pub const F2: char = '\u{E032}';
    /// F3.
    pub const F3: char = '\u{E033}';
    /// F4.
    pub const F4: char = '\u{E034}';
    /// F5.
    pub const F5: char = '\u{E035}';
    /// F6.
    pub const F6: char = '\u{E036}';
    /// F7.
    pub const F7: char = '\u{E037}';
    /// F8.
    pub const F8: char = '\u{E038}';
    /// F9.
    pub const F9: char = '\u{E039}';
    /// Arrow down.
    pub const DOWN: char = '\u{E015}';
    /// Tab.
    pub const TAB: char = '\u{E004}';
    /// Control, to be held.
    pub const CONTROL: char = '\u{E009}';
}

/// A running browser. Dropping it closes it.
pub struct Browser {
    agent: ureq::Agent,
    session: String,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts one; none where no browser can be had, which has then been said.
    pub fn open() -> Outcome<Option<Self>> {
        Self::open_with(&[])
    }

    /// The same with further arguments of the browser.
    pub fn open_with(more: &[&str]) -> Outcome<Option<Self>> {
        let (Some(chromium), Some(driver)) = (need(Tool::Chromium), need(Tool::ChromeDriver))
        else {
            return Ok(None);
        };
        let (driver, port) = driver_of(&driver)?;
        let profile = tempfile::tempdir()?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .proxy(None)
            .build();
        let agent = config.new_agent();
        let root = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self { agent, session: root, driver, _profile: profile };
        let profile = format!("--user-data-dir={}", browser._profile.path().display());
        let mut arguments = vec![
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--force-device-scale-factor=1",
            WINDOW,
            profile.as_str(),
        ];
        arguments.extend(more);
        let options = json!({ "binary": chromium, "args": arguments });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let made = browser.call("", &wanted)?;
        let id = made.get("sessionId").and_then(Value::as_str);
        let id = id.ok_or_else(|| Trouble::new(format!("no browser session: {made}")))?.to_owned();
        browser.session = format!("{}/{id}", browser.session);
        Ok(Some(browser))
    }

    /// Opens a page.
    pub fn go(&self, url: &str) -> Outcome {
        self.call("/url", &json!({ "url": url })).map(|_| ())
    }

    /// Gives the browser an order of its own protocol, beyond what a driver does for a hand.
    pub fn order(&self, command: &str, params: &Value) -> Outcome<Value> {
        self.call("/goog/cdp/execute", &json!({ "cmd": command, "params": params }))
    }

    /// Runs a script in every later page before its own.
    pub fn before_pages(&self, source: &str) -> Outcome {
        let params = json!({ "source": source });
        self.order("Page.addScriptToEvaluateOnNewDocument", &params).map(|_| ())
    }

    /// From the next page on no script of a page runs, as where one does not load.
    pub fn without_scripts(&self) -> Outcome {
        self.order("Emulation.setScriptExecutionDisabled", &json!({ "value": true })).map(|_| ())
    }

    /// Runs a script; `return …` gives its value.
    pub fn script(&self, text: &str) -> Outcome<Value> {
        self.call("/execute/sync", &json!({ "script": text, "args": [] }))
    }

    /// Runs a script that ends by calling its last argument.
    pub fn wait_for(&self, text: &str) -> Outcome<Value> {
        self.call("/execute/async", &json!({ "script": text, "args": [] }))
    }

    /// Slows the timers of every later page as a browser does behind another tab: once a minute while hidden.
    pub fn slow_when_hidden(&self) -> Outcome {
        let source = "
            const ticks = window.setInterval;
            window.setInterval = (does, ms, ...more) => {
              let last = 0;
              return ticks(() => {
                const now = performance.now();
                if (document.hidden && now - last < 60000) return;
                last = now;
                does(...more);
              }, ms);
            };
            const later = window.setTimeout;
            window.setTimeout = (does, ms, ...more) => later(does, document.hidden ? 60000 : ms, ...more);";
        self.before_pages(source)
    }

    /// Hides the page, as another tab in front of it does.
    pub fn hide(&self) -> Outcome {
        self.call("/window/minimize", &json!({})).map(|_| ())
    }

    /// Value of an expression, looked at without a hand on the page: a script otherwise counts as one.
    pub fn look(&self, expression: &str) -> Outcome<Value> {
        let params =
            json!({ "expression": expression, "userGesture": false, "returnByValue": true });
        let found = self.order("Runtime.evaluate", &params)?;
        Ok(found.pointer("/result/value").cloned().unwrap_or(Value::Null))
    }

    /// Gives the browser the session of somebody who logged in elsewhere; a page of the site must be open.
    pub fn cookie(&self, name: &str, value: &str) -> Outcome {
        let cookie = json!({ "cookie": { "name": name, "value": value, "path": "/" } });
        self.call("/cookie", &cookie).map(|_| ())
    }

    /// Gives the page another size, as a telephone or a larger desk has it.
    pub fn size(&self, width: u32, height: u32) -> Outcome {
        let params =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.order("Emulation.setDeviceMetricsOverride", &params).map(|_| ())
    }

    /// Presses the element that matches.
    pub fn click(&self, selector: &str) -> Outcome {
        let found =
            self.call("/element", &json!({ "using": "css selector", "value": selector }))?;
        let id = found.get(ELEMENT).and_then(Value::as_str);
        let id = id.ok_or_else(|| Trouble::new(format!("no {selector} on the page")))?;
        self.call(&format!("/element/{id}/click"), &json!({})).map(|_| ())
    }

    /// Types into the element that matches, which gets the focus.
    pub fn type_into(&self, selector: &str, text: &str) -> Outcome {
        let found =
            self.call("/element", &json!({ "using": "css selector", "value": selector }))?;
        let id = found.get(ELEMENT).and_then(Value::as_str);
        let id = id.ok_or_else(|| Trouble::new(format!("no {selector} on the page")))?;
        self.call(&format!("/element/{id}/value"), &json!({ "text": text })).map(|_| ())
    }

    /// Presses and releases one key, wherever the focus is.
    pub fn press(&self, key: char) -> Outcome {
        let key = key.to_string();
        let keys = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": keys }] });
        self.call("/actions", &actions).map(|_| ())
    }

    /// Waits until a script's expression is true.
    pub async fn until(&self, expression: &str, seconds: f64) -> Outcome {
        let wait = Watch::start();
        while self.script(&format!("return Boolean({expression})"))? != Value::Bool(true) {
            if wait.secs() > seconds {
                let page = self.script("return document.body.innerText")?;
                return Err(Trouble::new(format!("not within {seconds} s: {expression}\n{page}")));
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Ok(())
    }

    /// The same, looked at without a hand on the page.
    pub async fn until_looked(&self, expression: &str, seconds: f64) -> Outcome {
        let wait = Watch::start();
        while self.look(&format!("Boolean({expression})"))? != Value::Bool(true) {
            if wait.secs() > seconds {
                return Err(Trouble::new(format!("not within {seconds} s: {expression}")));
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Ok(())
    }

    /// Waits until what an expression promises is true.
    pub async fn until_promised(&self, expression: &str, seconds: f64) -> Outcome {
        let wait = Watch::start();
        let script = format!(
            "const done = arguments[0]; Promise.resolve({expression}).then((v) => done(Boolean(v)))"
        );
        while self.wait_for(&script)? != Value::Bool(true) {
            if wait.secs() > seconds {
                return Err(Trouble::new(format!("not within {seconds} s: {expression}")));
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Ok(())
    }

    /// Writes what is shown as a PNG.
    pub fn picture(&self, file: &Path) -> Outcome {
        let url = format!("{}/screenshot", self.session);
        let text = self
            .agent
            .get(url)
            .call()?
            .body_mut()
            .with_config()
            .limit(32 << 20)
            .read_to_string()?;
        let answer: Value = serde_json::from_str(&text)?;
        let encoded = answer.get("value").and_then(Value::as_str).unwrap_or("");
        std::fs::write(file, base64(encoded)?)?;
        Ok(())
    }

    fn call(&self, path: &str, body: &Value) -> Outcome<Value> {
        let url = format!("{}{path}", self.session);
        let request = self.agent.post(url).content_type("application/json");
        let text = request.send(body.to_string())?.body_mut().read_to_string()?;
        let answer: Value = serde_json::from_str(&text)?;
        let value = answer.get("value").cloned().unwrap_or(Value::Null);
        match value.get("error") {
            Some(error) => {
                Err(Trouble::new(format!("the browser answered {error} to {path}: {value}")))
            }
            None => Ok(value),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The session's end closes the browser; the driver would leave it behind.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A driver and its port. Drivers that start in the same moment may choose one port; whoever loses it tries again.
fn driver_of(program: &Path) -> Outcome<(Child, u16)> {
    let mut tries = 0;
    loop {
        let mut driver = Command::new(program)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        tries += 1;
        match port_of(&mut driver) {
            Ok(port) => return Ok((driver, port)),
            Err(_) if tries < DRIVERS => drop((driver.kill(), driver.wait())),
            Err(error) => return Err(error),
        }
    }
}

/// The port that the driver says it listens on.
fn port_of(driver: &mut Child) -> Outcome<u16> {
    let Some(out) = driver.stdout.take() else { return Err(Trouble::new("no standard output")) };
    for line in BufReader::new(out).lines() {
        let line = line?;
        if let Some((_, port)) = line.split_once("successfully on port ") {
            return Ok(port.trim_end_matches('.').parse()?);
        }
    }
    Err(Trouble::new("the browser's driver did not start"))
}

/// Bytes of a base64 text.
fn base64(text: &str) -> Outcome<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0u32, 0);
    for c in text.bytes().filter(|c| *c != b'=') {
        let six = ALPHABET.iter().position(|a| *a == c);
        let six = six.ok_or_else(|| Trouble::new("not base64"))?;
        bits = bits << 6 | u32::try_from(six)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xFF)?);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_gives_the_bytes_back() {
        assert_eq!(base64("aGVhcnRo").unwrap(), b"hearth");
        assert_eq!(base64("aGVhcnQ=").unwrap(), b"heart");
        assert!(base64("?").is_err());
    }
}
