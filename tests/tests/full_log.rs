//! The log goes to a disk that is full: programs start, run and start again, and a press comes up.
//!
//! Not here: a data folder on a full disk (`failing_disk`).

use std::fs::File;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tests::api::Api;
use tests::clock::Watch;
use tests::stage::{Setting, Stage};
use tests::trouble::Outcome;
use tests::{children, enrol};

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

#[test]
fn server_and_gateway_run_while_their_log_takes_nothing() -> Outcome {
    let dir = TempDir::new()?;
    symlink("/dev/full", dir.path().join("server.log"))?;
    // Everything is said, so that each worker meets the full disk.
    let environment = vec![("RUST_LOG".into(), "debug".into())];
    let setting = Setting { environment, ..Setting::default() };
    let mut stage = Stage::open(Path::new(PROGRAM), dir.path(), setting)?;
    let organisation = enrol::organisation(&stage.admin, "full log")?;
    let enrolled = enrol::gateway(&stage.admin, &organisation, "full log")?;
    let own = dir.path().join(format!("gateway-{}", enrolled.gateway));
    std::fs::create_dir_all(&own)?;
    symlink("/dev/full", own.join("gateway.log"))?;
    let mut gateway = stage.gateway(&enrolled, stage.server.gateways)?;
    for _ in 0..2 {
        stage.server.process.kill()?;
        stage.server.process.again()?;
        gateway.process.kill()?;
        gateway.process.again()?;
    }
    for (part, at) in [("server", stage.server.console), ("gateway", gateway.health)] {
        let health = Api::new(at).get("/health")?.body.to_string();
        assert!(!health.contains("worker_restarts"), "parts of the {part} fall: {health}");
    }
    Ok(())
}

#[test]
fn a_server_whose_ready_line_nobody_takes_listens_all_the_same() -> Outcome {
    let dir = TempDir::new()?;
    let setting = Setting::default();
    let mut stage = Stage::open(Path::new(PROGRAM), dir.path(), setting)?;
    let at = stage.server.console;
    stage.server.process.kill()?;
    let config = dir.path().join("server-again.toml");
    let full = File::options().write(true).open("/dev/full")?;
    let mut command = Command::new(PROGRAM);
    command.args(["server", "run", "--config"]).arg(config).stdout(full).stderr(Stdio::null());
    let mut child = children::start(|| command.spawn())?;
    let watch = Watch::start();
    let heard = loop {
        let (up, ended) = (TcpStream::connect(at).is_ok(), child.try_wait()?);
        if up || ended.is_some() || watch.secs() > 30.0 {
            break up && ended.is_none();
        }
        std::thread::yield_now();
    };
    child.kill()?;
    child.wait()?;
    assert!(heard, "it has ended, or does not listen");
    Ok(())
}
