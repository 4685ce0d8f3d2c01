//! A real InfluxDB 2 for a test: built once by `build.sh`, started on a free port, ended with the test.
//!
//! `HEARTHLINE_INFLUXD` may name a program that is there already. Without it, and without Go to build
//! one, [`Influxd::start`] says so loudly and answers none; where `CI` is set it fails instead.

#[path = "../../../../proto/door/tests/convention/missing.rs"]
mod missing;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// A running server that ends with this value.
pub(crate) struct Influxd {
    child: Child,
    program: PathBuf,
    port: u16,
    dir: tempfile::TempDir,
    pub(crate) token: String,
}

impl Drop for Influxd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("HEARTHLINE_INFLUXD") {
        return Some(named.into());
    }
    let cache = std::env::current_exe().unwrap().ancestors().nth(3)?.join("influxd");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/influxd/build.sh");
    let built = Command::new(script).arg(cache).stderr(Stdio::inherit()).output().ok()?;
    let told = String::from_utf8_lossy(&built.stdout);
    built.status.success().then(|| PathBuf::from(told.lines().last().unwrap_or_default()))
}

impl Influxd {
    /// Starts a fresh server with organisation `home`, or says why there is none.
    pub(crate) fn start() -> Option<Self> {
        let Some(program) = program() else {
            let told = "no InfluxDB here: install Go, or name one in HEARTHLINE_INFLUXD";
            missing::missing(told);
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = spawn(&program, dir.path(), port);
        let mut started = Self { child, program, port, dir, token: String::new() };
        started.wait();
        started.token = started.onboard();
        Some(started)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it without warning and starts it again on the same files.
    pub(crate) fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(&self.program, self.dir.path(), self.port);
        self.wait();
    }

    fn wait(&self) {
        let health = format!("{}/health", self.url());
        for _ in 0..600 {
            if ureq::get(&health).call().is_ok() {
                return;
            }
            let (_open, pause) = std::sync::mpsc::channel::<()>();
            let _ = pause.recv_timeout(Duration::from_millis(100));
        }
        panic!("influxd did not come up");
    }

    fn onboard(&self) -> String {
        let body = json!({
            "username": "keeper", "password": "only-in-this-test", "org": "home", "bucket": "first"
        });
        let mut answer = ureq::post(format!("{}/api/v2/setup", self.url()))
            .header("content-type", "application/json")
            .send(body.to_string())
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let told: Value = serde_json::from_str(&text).unwrap();
        told["auth"]["token"].as_str().unwrap().to_owned()
    }
}

fn spawn(program: &Path, dir: &Path, port: u16) -> Child {
    Command::new(program)
        .arg("--bolt-path")
        .arg(dir.join("bolt"))
        .arg("--engine-path")
        .arg(dir.join("engine"))
        .arg("--sqlite-path")
        .arg(dir.join("sqlite"))
        .arg(format!("--http-bind-address=127.0.0.1:{port}"))
        .arg("--reporting-disabled")
        .env("HOME", dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
