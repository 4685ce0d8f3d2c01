//! The server's JSON API as a program uses it: one client, one cookie.
//!
//! Calls block; async code runs them on threads of their own. An answer keeps its status, because a
//! 409 is a fact and not an error. Not here: the stream (`stream`), or what an operator decides (`robot`).

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::trouble::{Outcome, Trouble};

/// Seconds for one call; a debug build hashing a password on a busy machine is slow.
const CALL_S: u64 = 30;

/// What the server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body; null if there was none, or text that is no JSON as a string.
    pub body: Value,
}

/// A client of one server. Clones share the session.
#[derive(Debug, Clone)]
pub struct Api {
    agent: ureq::Agent,
    console: SocketAddr,
    cookie: Option<String>,
}

impl Api {
    /// A client that is nobody yet.
    pub fn new(console: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(CALL_S)))
            .proxy(None)
            .build();
        Self { agent: config.new_agent(), console, cookie: None }
    }

    /// Where the server is.
    pub fn console(&self) -> SocketAddr {
        self.console
    }

    /// The session's cookie, for the stream and for browsers.
    pub fn cookie(&self) -> &str {
        self.cookie.as_deref().unwrap_or("")
    }

    /// Makes the first administrator with the token of the ready line, and logs in.
    pub fn set_up(&mut self, token: &str, name: &str, password: &str) -> Outcome {
        let body = json!({ "token": token, "name": name, "password": password, "display": name });
        self.post("/api/setup", &body)?.good()?;
        self.log_in(&json!({ "name": name, "password": password }))
    }

    /// Logs in with `{name, password}` or `{code}`.
    pub fn log_in(&mut self, proof: &Value) -> Outcome {
        let mut answer = self.request("/api/login").send(proof.to_string())?;
        let cookie = answer.headers().get("set-cookie").and_then(|c| c.to_str().ok());
        let cookie = cookie.and_then(|c| c.split(';').next()).map(str::to_owned);
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_string()?;
        self.cookie = cookie;
        if status == 200 && self.cookie.is_some() {
            Ok(())
        } else {
            Err(Trouble::new(format!("login answered {status}: {body}")))
        }
    }

    /// POST with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Outcome<Answer> {
        Answer::read(self.request(path).send(body.to_string())?)
    }

    /// PATCH with a JSON body.
    pub fn patch(&self, path: &str, body: &Value) -> Outcome<Answer> {
        let url = format!("http://{}{path}", self.console);
        let request = self.agent.patch(url).content_type("application/json");
        let request = request.header("x-hearthline", "1").header("cookie", self.cookie());
        Answer::read(request.send(body.to_string())?)
    }

    /// POST of a file.
    pub fn upload(&self, path: &str, file: &[u8]) -> Outcome<Answer> {
        Answer::read(self.request(path).content_type("application/octet-stream").send(file)?)
    }

    /// GET.
    pub fn get(&self, path: &str) -> Outcome<Answer> {
        let url = format!("http://{}{path}", self.console);
        Answer::read(self.agent.get(url).header("cookie", self.cookie()).call()?)
    }

    fn request(&self, path: &str) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        let url = format!("http://{}{path}", self.console);
        let request = self.agent.post(url).content_type("application/json");
        request.header("x-hearthline", "1").header("cookie", self.cookie())
    }
}

impl Answer {
    fn read(mut answer: ureq::http::Response<ureq::Body>) -> Outcome<Self> {
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string()?;
        let body = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(_) if text.is_empty() => Value::Null,
            Err(_) => Value::String(text),
        };
        Ok(Self { status, body })
    }

    /// The body, if the status is one of success.
    pub fn good(self) -> Outcome<Value> {
        if (200..300).contains(&self.status) {
            Ok(self.body)
        } else {
            Err(Trouble::new(format!("the server answered {}: {}", self.status, self.body)))
        }
    }
}

/// Text of a field, or a sentence that says it is missing.
pub fn text<'a>(value: &'a Value, field: &str) -> Outcome<&'a str> {
    let found = value.get(field).and_then(Value::as_str);
    found.ok_or_else(|| Trouble::new(format!("no text `{field}` in {value}")))
}
