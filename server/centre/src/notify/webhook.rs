//! A webhook: one signed POST to the one address that the configuration names.
//!
//! Headers: `x-hearthline-id` and `idempotency-key` (the notice, the same on each try), `x-hearthline-time` (seconds since
//! 1970) and `x-hearthline-signature` = `v1=` and the hexadecimal HMAC-SHA256 of `id.time.body`. A
//! receiver checks the signature, refuses old times, and keeps ids it has seen. Any 2xx is the
//! receipt; redirects are not followed, and nothing a home sends can change the address.
//! Not here: when and how often (`notify`).

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use ureq::Agent;

use crate::clock::row_name;

/// Shortest secret that signs anything, bytes.
const SECRET_MIN: usize = 16;
/// Longest wait for a whole call.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Characters of an answer that are kept.
const RECEIPT_MAX: usize = 200;

/// Why there can be no webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The address is not one that may be called.
    #[error(
        "call the webhook: its address must be https://host, or http:// on this machine, without user, query or fragment"
    )]
    Address,
    /// The secret is too short.
    #[error("sign for the webhook: its secret must have at least 16 bytes")]
    Secret,
}

/// Why there is no receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    /// In words, for the log.
    pub(super) why: String,
    /// Whether the receiver may have the notice nevertheless.
    pub(super) unsure: bool,
}

impl Failed {
    fn of(error: &ureq::Error) -> Self {
        use ureq::{Error, Timeout};
        // Before there is a connection nobody has heard anything; an answer that says no is sure as well.
        let sure = matches!(
            error,
            Error::HostNotFound
                | Error::ConnectionFailed
                | Error::Tls(_)
                | Error::BadUri(_)
                | Error::Timeout(Timeout::Resolve | Timeout::Connect)
        );
        let refused =
            matches!(error, Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused);
        Self { why: error.to_string(), unsure: !sure && !refused }
    }
}

/// The receiver and how to sign for it.
pub struct Webhook {
    url: String,
    secret: Vec<u8>,
    agent: Agent,
}

impl Webhook {
    /// Checks address and secret; calls nobody.
    ///
    /// # Errors
    /// The address may not be called, or the secret is too short.
    pub fn new(url: &str, secret: &[u8]) -> Result<Self, WebhookError> {
        if !allowed(url) {
            return Err(WebhookError::Address);
        }
        let secret = secret.trim_ascii().to_vec();
        if secret.len() < SECRET_MIN {
            return Err(WebhookError::Secret);
        }
        let agent = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .timeout_connect(Some(CONNECT))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .new_agent();
        Ok(Self { url: url.to_owned(), secret, agent })
    }

    /// Sends a test message, blocking; the answer is the receipt or why there is none.
    ///
    /// # Errors
    /// Nobody has confirmed it.
    pub fn prove(&self, seconds: i64) -> Result<String, String> {
        let id = row_name();
        let body = format!("{{\"id\":\"{id}\",\"kind\":\"test\",\"reason\":\"proof\"}}");
        self.call(&id, &body, seconds).map_err(|failed| failed.why)
    }

    /// The same receiver once more.
    pub(super) fn again(&self) -> Self {
        let (url, secret, agent) = (self.url.clone(), self.secret.clone(), self.agent.clone());
        Self { url, secret, agent }
    }

    /// Makes one call, blocking; the answer is the receipt or why there is none.
    pub(super) fn call(&self, id: &str, body: &str, seconds: i64) -> Result<String, Failed> {
        let time = seconds.to_string();
        let answer = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("x-hearthline-id", id)
            .header("idempotency-key", id)
            .header("x-hearthline-time", &time)
            .header("x-hearthline-signature", signature(&self.secret, id, &time, body))
            .send(body);
        let mut answer = answer.map_err(|error| Failed::of(&error))?;
        let status = answer.status();
        let read = answer.body_mut().with_config().limit(64 << 10).read_to_string();
        let text: String = read.unwrap_or_default().chars().take(RECEIPT_MAX).collect();
        let told = format!("{status} {text}");
        if status.is_success() { Ok(told) } else { Err(Failed { why: told, unsure: false }) }
    }
}

/// The signature of a message, as the receiver computes it.
pub fn signature(secret: &[u8], id: &str, time: &str, body: &str) -> String {
    // HMAC takes keys of any length, so the error it knows cannot occur.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    for part in [id, ".", time, ".", body] {
        mac.update(part.as_bytes());
    }
    format!("v1={}", hex::encode(mac.finalize().into_bytes()))
}

fn allowed(url: &str) -> bool {
    let (rest, plain) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => return false,
    };
    let host = rest.split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let here = matches!(name, "127.0.0.1" | "localhost" | "[::1]");
    !name.is_empty() && !url.contains(['@', '?', '#', ' ']) && (!plain || here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_safe_address_is_called() {
        let secret = b"0123456789abcdef";
        for good in ["https://care.example/hook", "http://127.0.0.1:8080/x", "http://[::1]:1/"] {
            assert!(Webhook::new(good, secret).is_ok(), "{good}");
        }
        for bad in [
            "http://care.example/hook",
            "ftp://care.example",
            "https://user@care.example/",
            "https://care.example/?resident=7",
            "https://",
            "http://127.0.0.1.example/",
        ] {
            assert_eq!(Webhook::new(bad, secret).err(), Some(WebhookError::Address), "{bad}");
        }
        let short = Webhook::new("https://care.example/", b"short\n");
        assert_eq!(short.err(), Some(WebhookError::Secret));
    }

    #[test]
    fn the_signature_is_the_one_of_the_description() {
        // HMAC-SHA256(key, "id.1.{}") with a key of sixteen `k`, computed by hand with another tool.
        let told = signature(&[b'k'; 16], "id", "1", "{}");
        assert_eq!(told, "v1=692d0b91ac2bb0a5bd770fe15685e519b0e807f95fb401dc3a86015d09d89b9c");
    }
}
