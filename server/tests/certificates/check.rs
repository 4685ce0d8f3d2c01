//! `server check` says what is wrong before somebody relies on it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use centre::config::Config;
use centre::provision::pki::Pki;
use records::Records;
use server::check::{Findings, check};

use super::{day, names};

/// Answers every request of a test so.
fn receiver(status: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
            let _ = stream.write_all(head.as_bytes());
        }
    });
    address
}

fn config(data: &Path, more: &str) -> Config {
    toml::from_str(&format!("data = {data:?}\n{more}")).unwrap()
}

fn said(found: Result<(), Findings>) -> String {
    found.err().map(|found| found.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn check_fails_on_a_certificate_that_ends_soon_or_has_ended_and_on_a_wrong_clock() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), "[gateways]\ntls = true\n");
    assert_eq!(check(&config, day(0), false).await, Ok(()), "before the first start");
    Pki::open_at(dir.path(), &names(), day(0)).unwrap();
    assert_eq!(check(&config, day(60), false).await, Ok(()));
    assert!(said(check(&config, day(80), false).await).contains("certificate ends in"));
    assert!(said(check(&config, day(95), false).await).contains("certificate has ended"));
    assert!(said(check(&config, day(7_295), false).await).contains("authority ends in"));
    assert!(said(check(&config, 5_000, false).await).contains("clock"));
    let other = Pki::open_at(&dir.path().join("other"), &names(), day(0)).unwrap();
    std::fs::write(dir.path().join("pki/root.pem"), other.authority().root_pem()).unwrap();
    assert!(said(check(&config, day(1), false).await).contains("do not go together"));
}

#[tokio::test]
async fn check_fails_on_an_unreadable_secret_and_on_a_channel_that_was_never_proved() {
    let dir = tempfile::tempdir().unwrap();
    Records::open(dir.path()).await.unwrap().close().await;
    let secret = dir.path().join("secret");
    let hook = |at: SocketAddr| {
        let more = format!("[notify.webhook]\nurl = 'http://{at}/'\nsecret_file = {secret:?}\n");
        config(dir.path(), &more)
    };
    let (refuses, confirms) = (hook(receiver("500 No")), hook(receiver("200 OK")));
    assert!(said(check(&confirms, day(1), false).await).contains("secret"));
    std::fs::write(&secret, "short").unwrap();
    assert!(said(check(&confirms, day(1), false).await).contains("16 bytes"));
    std::fs::write(&secret, "a secret that is long enough").unwrap();
    assert!(said(check(&confirms, day(1), false).await).contains("never proved"));
    assert!(said(check(&refuses, day(1), true).await).contains("does not confirm"));
    assert!(said(check(&refuses, day(1), false).await).contains("never proved"));
    assert_eq!(check(&confirms, day(1), true).await, Ok(()));
    assert_eq!(check(&confirms, day(1), false).await, Ok(()), "it has confirmed once");
}

#[tokio::test]
async fn check_fails_on_a_token_that_cannot_be_read_or_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    let more = format!(
        "[series]\nstore = 'influx'\n[series.influx]\nurl = 'http://{}'\norg = 'o'\nbucket = 'b'\n\
         token_file = {token:?}\n",
        receiver("401 Unauthorized")
    );
    let config = config(dir.path(), &more);
    assert!(said(check(&config, day(1), false).await).contains("cannot be read"));
    std::fs::write(&token, "a-token").unwrap();
    assert!(said(check(&config, day(1), false).await).contains("refuses the token"));
}
