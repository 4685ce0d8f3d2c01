//! The API as programs of other people meet it: its document, a client generated from that, and a fuzzer that reads it.
//!
//! A real validator, a real generator and a real fuzzer, none of them ours, at pinned versions. Not here: what each door
//! does (`server/tests/routes`), and what a webhook sends (`server/tests/routes/events.rs`).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use centre::alert::life::stored;
use centre::alert::story::What;
use centre::config::Config;
use records::chain::{self, Batch, Line, NewAlert};
use records::story::SignalRow;
use serde_json::{Value, json};
use server::app::{self, App, Running};
use server::router;
use tempfile::TempDir;
use tests::api::{Api, text};
use tests::python::Python;
use tests::seed::Seed;
use tests::trouble::{Outcome, Trouble};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const PACKAGES: [&str; 3] =
    ["openapi-spec-validator==0.9.0", "openapi-python-client==0.29.1", "schemathesis==4.32.5"];
const PASSWORD: &str = "a password of this test";
/// Seconds for all that the fuzzer asks.
const FUZZ_S: &str = "45";
/// What it looks at: no answer that the document does not know, in status, type or shape, and no failure of ours.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_schema_conformance,response_headers_conformance";

/// A server in this process with its administrator, and its document in a file.
struct Room {
    app: Arc<App>,
    console: SocketAddr,
    admin: Api,
    document: Value,
    folder: TempDir,
    runtime: Runtime,
    _running: Running,
}

impl Room {
    fn open() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let runtime = Runtime::new()?;
        let (bind, data) = (json!({ "bind": "127.0.0.1:0" }), folder.path().join("data"));
        let config = json!({ "data": data, "gateways": bind, "console": bind });
        let config: Config = serde_json::from_value(config)?;
        config.prepare_data().map_err(|error| Trouble::new(error.to_string()))?;
        let started = runtime.block_on(async {
            let running = app::start(config).await.map_err(|e| Trouble::new(format!("{e:#}")))?;
            Ok::<_, Trouble>((running, TcpListener::bind("127.0.0.1:0").await?))
        });
        let (running, listener) = started?;
        let (app, console) = (Arc::clone(&running.app), listener.local_addr()?);
        runtime.spawn(router::serve(Arc::clone(&app), listener, None, std::future::pending()));
        let setup = app.auth.open_setup().map_err(|error| Trouble::new(error.to_string()))?;
        let mut admin = Api::new(console);
        admin.set_up(&setup, "admin", PASSWORD)?;
        let document = admin.get("/openapi.json")?.good()?;
        std::fs::write(folder.path().join("openapi.json"), document.to_string())?;
        Ok(Self { app, console, admin, document, folder, runtime, _running: running })
    }

    fn token(&self, name: &str, scope: &[&str]) -> Outcome<String> {
        let asked = json!({ "name": name, "scope": scope, "days": 1 });
        let made = self.admin.post("/api/tokens", &asked)?.good()?;
        Ok(text(&made, "token")?.to_owned())
    }

    /// Raises an emergency as ingest does; gives its id.
    fn raise(&self) -> Outcome<String> {
        let now = self.app.clock.now();
        let (id, mono) = (format!("alert-{}", now.wall_ms), stored(now.mono));
        let mut batch = Batch::default();
        batch.alerts.push(NewAlert {
            id: id.clone(),
            home: 1001,
            incident: 1,
            kind: care::Kind::Help,
            severity: care::Severity::Emergency,
            device: Some(5001),
            gateway: None,
            count: 1,
            trust: care::Trust::Verified,
            late: false,
            raised_wall: now.wall_ms,
            raised_mono: mono,
            evidence: b"[]".to_vec(),
            cursor: 0,
        });
        let at_wall = now.wall_ms;
        let signal = SignalRow {
            kind: care::Kind::Help,
            device: proto::id::DeviceId::new(5001),
            at_wall,
            late: false,
            trust: care::Trust::Verified,
        };
        batch.lines.push(Line {
            alert: id.clone(),
            wall: at_wall,
            mono,
            what: What::Raised.number(),
            detail: None,
            signal: Some(signal),
        });
        let written = self.runtime.block_on(async {
            let mut writer = self.app.records.begin().await?;
            chain::write(&mut writer, &mut batch, now.wall_ms).await?;
            writer.commit().await
        });
        written.map_err(|error| Trouble::new(error.to_string()))?;
        Ok(id)
    }

    fn dir(&self) -> &Path {
        self.folder.path()
    }
}

fn python() -> Option<Python> {
    Python::with(&PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("programs"), &PACKAGES)
}

#[test]
fn the_document_is_valid_openapi_3_1() -> Outcome {
    let Some(python) = python() else { return Ok(()) };
    let room = Room::open()?;
    assert_eq!(room.document["openapi"], "3.1.0");
    let asked = ["-m", "openapi_spec_validator", "--schema", "3.1", "openapi.json"];
    let (valid, said) = python.run("python", &asked, room.dir())?;
    assert!(valid, "{said}");
    // The validator says no to what is none.
    let mut wrong = room.document.clone();
    wrong["paths"]["/api/queue"]["get"]["responses"]["200"]["description"].take();
    std::fs::write(room.dir().join("openapi.json"), wrong.to_string())?;
    assert!(!python.run("python", &asked, room.dir())?.0, "a document without a description");
    Ok(())
}

#[test]
fn a_generated_client_works_an_alert_from_the_queue_to_its_close() -> Outcome {
    let Some(python) = python() else { return Ok(()) };
    let room = Room::open()?;
    // Its own formatter has nothing to do with what is promised.
    std::fs::write(room.dir().join("generate.yml"), "post_hooks: []\n")?;
    let generate = [
        "generate",
        "--path",
        "openapi.json",
        "--meta",
        "none",
        "--output-path",
        "hearthline_client",
        "--config",
        "generate.yml",
    ];
    let (made, said) = python.run("openapi-python-client", &generate, room.dir())?;
    assert!(made, "{said}");
    let token = room.token("a generated client", &["read_queue", "work_alerts"])?;
    let id = room.raise()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/work.py");
    let (dir, server) = (room.dir().display().to_string(), format!("http://{}", room.console));
    let work = [script, dir.as_str(), server.as_str(), token.as_str(), id.as_str()];
    let (worked, said) = python.run("python", &work, room.dir())?;
    assert!(worked && said.trim() == "closed", "{said}");
    let card = room.admin.get(&format!("/api/alerts/{id}"))?.good()?;
    assert_eq!(card["state"], "closed", "{card}");
    Ok(())
}

#[test]
fn a_fuzzer_over_the_whole_document_gets_no_answer_that_it_does_not_describe() -> Outcome {
    let Some(python) = python() else { return Ok(()) };
    let room = Room::open()?;
    room.raise()?;
    let address = format!("http://{}/openapi.json", room.console);
    let seed = Seed::from_environment().below(1 << 31).to_string();
    println!("schemathesis with --seed {seed}");
    let cookie = format!("cookie: {}", room.admin.cookie());
    let bounded = [
        "--seed",
        &seed,
        "--request-timeout",
        "10",
        "--no-color",
        "--suppress-health-check",
        "all",
    ];
    // The stream has no end, and a log-out would end what all others are asked with: each is asked apart.
    let mut asked =
        vec!["run", address.as_str(), "-H", &cookie, "-H", "x-hearthline: 1", "--checks", CHECKS];
    asked.extend(["--exclude-path", "/api/stream", "--exclude-path", "/api/logout"]);
    asked.extend([
        "--max-time",
        FUZZ_S,
        "--workers",
        "2",
        "--max-examples",
        "20",
        "--continue-on-failure",
    ]);
    asked.extend(bounded);
    let (fine, said) = python.run("st", &asked, room.dir())?;
    assert!(fine, "seed {seed}: {said}");
    let mut last =
        vec!["run", address.as_str(), "-H", &cookie, "-H", "x-hearthline: 1", "--checks", CHECKS];
    last.extend(["--include-path", "/api/logout", "--max-time", "5"]);
    last.extend(bounded);
    let (fine, said) = python.run("st", &last, room.dir())?;
    assert!(fine, "seed {seed}: {said}");
    let stream = &room.document["paths"]["/api/stream"]["get"]["responses"];
    for query in ["?after=x", "", "?after=1"] {
        let status = Api::new(room.console).get(&format!("/api/stream{query}"))?.status.to_string();
        assert!(stream[&status].is_object(), "{query}: {status}");
    }
    Ok(())
}
