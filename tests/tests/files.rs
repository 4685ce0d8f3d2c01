//! Secrets and configuration of a real server that somebody changes while it runs: used at once, or told.
//!
//! The receiver of events is a socket of the test's own, which looks whose secret has signed. Not here: the box's own
//! files (`gateway`), tokens of a store of values (`server`).
#![allow(clippy::unwrap_used, reason = "a test may fall")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use centre::notify::webhook::signature;
use serde_json::{Value, json};
use tests::api::text;
use tests::scene::{Scene, of_kind};
use tests::stage::Setting;
use tests::trouble::Outcome;
use tokio::time::Instant;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");
const SECRETS: [&str; 2] =
    ["the first secret of this test only", "another secret of this test only"];

/// The server's pause between two looks.
const LOOK: Duration = Duration::from_secs(5);
/// Changes in a row: more than a machine that is slow can be late for.
const ROUNDS: u32 = 9;

/// Which secret has signed each call so far; none of them if none.
type Calls = Arc<Mutex<Vec<Option<usize>>>>;

fn receiver() -> Outcome<(SocketAddr, Calls)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (address, calls) = (listener.local_addr()?, Calls::default());
    let heard = Arc::clone(&calls);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let heard = Arc::clone(&heard);
            std::thread::spawn(move || while hear(&stream, &heard).is_some() {});
        }
    });
    Ok((address, calls))
}

/// Hears one call and confirms it; none when the caller has gone.
fn hear(stream: &TcpStream, calls: &Calls) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut id, mut time, mut told, mut length) = Default::default();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "x-hearthline-id" => id = value.to_owned(),
            "x-hearthline-time" => time = value.to_owned(),
            "x-hearthline-signature" => told = value.to_owned(),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body: Vec<u8> = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let signs = |secret: &&str| signature(secret.as_bytes(), &id, &time, &body) == told;
    let by = SECRETS.iter().position(signs);
    calls.lock().unwrap().push(by);
    (&*stream).write_all(b"HTTP/1.1 204 No Content\r\n\r\n").ok()
}

fn last(calls: &Calls) -> Option<usize> {
    calls.lock().unwrap().last().copied().flatten()
}

fn health(scene: &Scene) -> Outcome<Value> {
    Ok(scene.stage.admin.get("/health")?.body)
}

fn says(scene: &Scene, code: &str) -> bool {
    health(scene).is_ok_and(|health| {
        health["says"].as_array().is_some_and(|all| {
            let said = |one: &Value| one["text"].as_str().is_some_and(|text| text != code);
            all.iter().any(|one| one["code"] == code && said(one))
        })
    })
}

async fn open() -> Outcome<(Scene, Calls, PathBuf, tempfile::TempDir)> {
    let (at, calls) = receiver()?;
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("secret");
    std::fs::write(&file, SECRETS[0])?;
    let server = format!("[[notify.events]]\nurl = 'http://{at}/'\nsecret_file = {file:?}\n");
    let scene = Scene::open(PROGRAM, 1, Setting { server, ..Setting::default() }).await?;
    Ok((scene, calls, file, dir))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_secret_signs_the_next_call_and_one_of_no_use_is_told_and_changes_nothing()
-> Outcome {
    let (scene, calls, file, _dir) = open().await?;
    let count = || calls.lock().unwrap().len();
    scene.press(0).await?;
    scene.until_true("a call under the first secret", 30, || last(&calls) == Some(0)).await?;
    std::fs::write(&file, SECRETS[1])?;
    scene.until("the press on a screen", 30, |book| of_kind(book, "help").len() == 1).await?;
    let id = text(of_kind(&scene.shared.book(), "help")[0], "id")?.to_owned();
    let desk = scene.stage.operator("desk")?;
    let call = |path: &str, body: Value| desk.post(&format!("/api/alerts/{id}/{path}"), &body);
    call("visible", json!({}))?.good()?;
    let claimed = call("claim", json!({}))?.good()?;
    scene.until_true("the claim under the second secret", 30, || last(&calls) == Some(1)).await?;
    std::fs::write(&file, "short")?;
    scene.until_true("it is told", 60, || says(&scene, "file_unread")).await?;
    let before = count();
    let (fence, cursor) = (&claimed["fence"], &claimed["cursor"]);
    let spoken = json!({ "fence": fence, "kind": "call_resident", "result": "connected" });
    call("actions", spoken)?.good()?;
    call("close", json!({ "fence": fence, "cursor": cursor, "outcome": 4 }))?.good()?;
    scene.until_true("a call of the close", 30, || count() > before).await?;
    assert_eq!(last(&calls), Some(1), "the last secret of use signs on");
    std::fs::write(&file, SECRETS[1])?;
    scene.until_true("it is over", 60, || !says(&scene, "file_unread")).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_configuration_is_told_and_a_hangup_asks_for_a_look() -> Outcome {
    let (scene, _, _, _dir) = open().await?;
    let file = scene.stage.dir.join("server.toml");
    let first = std::fs::read_to_string(&file)?;
    let pid = scene.stage.server.process.pid().to_string();
    let since = Instant::now();
    for round in 1..=ROUNDS {
        let changed = round % 2 == 1;
        let remark = if changed { "\n# a remark\n" } else { "" };
        std::fs::write(&file, format!("{first}{remark}"))?;
        assert!(std::process::Command::new("kill").args(["-HUP", &pid]).status()?.success());
        scene.until_true("told", 60, || says(&scene, "config_changed") == changed).await?;
    }
    // Without being asked it looks every five seconds, and each round begins with a look.
    assert!(since.elapsed() < LOOK * ROUNDS / 2, "{:?} for {ROUNDS} rounds", since.elapsed());
    std::fs::write(&file, format!("{first}\n[no_such]\nthing = 1\n"))?;
    scene.until_true("it is told", 60, || says(&scene, "file_unread")).await?;
    std::fs::write(&file, &first)?;
    let over = || !says(&scene, "file_unread") && !says(&scene, "config_changed");
    scene.until_true("it is over", 60, over).await?;
    Ok(())
}
