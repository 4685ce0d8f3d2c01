//! A promise that is broken is told by its word, and is no reason to start the server again: it stays alive.
//!
//! The service manager of the machine is a socket of the test's own, which counts what it is told. Not here: a worker
//! that hangs (`server`), a box that hangs (`gateway`).
#![allow(clippy::unwrap_used, reason = "a test may fall")]
#![allow(clippy::disallowed_methods, reason = "waits for a condition, and ends")]

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use proto::frame::Lane;
use proto::topic::Topic;
use proto::up::Role;
use serde_json::Value;
use tests::clock::Watch;
use tests::enrol;
use tests::mqtt::{Link, Said};
use tests::speaker::{Speaker, fresh_boot, login, relay};
use tests::stage::{Setting, Stage};
use tests::trouble::{Outcome, Trouble};

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

/// A service manager that would start a process again unless it hears of it.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Outcome<Self> {
        let socket = UnixDatagram::bind(path)?;
        socket.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self(socket))
    }

    /// Waits for so many more words.
    fn hears(&self, words: usize) -> Outcome {
        let mut word = [0; 64];
        for _ in 0..words {
            let length = self.0.recv(&mut word)?;
            assert_eq!(&word[..length], b"WATCHDOG=1");
        }
        Ok(())
    }

    /// Forgets what it was told before now.
    fn forget(&self) -> Outcome {
        self.0.set_nonblocking(true)?;
        while self.0.recv(&mut [0; 64]).is_ok() {}
        Ok(self.0.set_nonblocking(false)?)
    }
}

/// A small disk that is gone with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(path: &Path, size: &str) -> Outcome<Option<Self>> {
        std::fs::create_dir_all(path)?;
        let size = format!("size={size}");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).status();
        let mounted = mounted.is_ok_and(|done| done.success());
        Ok(mounted.then(|| Self(path.to_owned())))
    }

    fn fill(&self) {
        let path = self.0.join("ballast");
        for size in [1 << 20, 4096, 1] {
            let mut file = std::fs::File::options().append(true).create(true).open(&path).unwrap();
            while std::io::Write::write_all(&mut file, &vec![0; size]).is_ok() {}
        }
    }

    fn empty(&self) -> Outcome {
        Ok(std::fs::remove_file(self.0.join("ballast"))?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn ask(stage: &Stage, path: &str) -> Outcome<(u16, Value)> {
    let answer = stage.admin.get(path)?;
    Ok((answer.status, answer.body))
}

/// Waits until `/health` is as wanted, a minute at most.
fn until(stage: &Stage, what: &str, is: impl Fn(u16, &Value) -> bool) -> Outcome<Value> {
    let watch = Watch::start();
    loop {
        let (status, health) = ask(stage, "/health")?;
        if is(status, &health) {
            return Ok(health);
        }
        if watch.secs() > 60.0 {
            return Err(Trouble::new(format!("{what}: {status} {health}")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn says(health: &Value, code: &str) -> bool {
    let listed = health["faults"].as_array().is_some_and(|all| all.iter().any(|one| one == code));
    let said = health["says"].as_array().is_some_and(|all| {
        all.iter().any(|one| one["code"] == code && one["text"].as_str().is_some_and(|t| t != code))
    });
    listed && said
}

fn watched(dir: &Path) -> Outcome<(Setting, Manager)> {
    let path = dir.join("notify");
    let manager = Manager::at(&path)?;
    let environment = vec![
        ("NOTIFY_SOCKET".into(), path.into_os_string()),
        ("WATCHDOG_USEC".into(), "600000".into()),
    ];
    Ok((Setting { environment, ..Setting::default() }, manager))
}

/// A device that says how it is, through a box that is played here.
struct Voice {
    link: Link<tokio::net::TcpStream>,
    speaker: Speaker,
    topic: String,
}

impl Voice {
    async fn at(stage: &Stage) -> Outcome<Self> {
        let organisation = enrol::organisation(&stage.admin, "alive")?;
        let place = enrol::many(&stage.admin, &organisation, 1, &[Role::HelpButton])?.remove(0);
        let (button, boot) = (&place.devices[0], fresh_boot()?);
        let speaker = Speaker::new(button.device, &button.key, button.epoch, boot);
        let login = login(&place.gateway, Lane::Telemetry, boot, 1);
        let link = Link::plain(stage.server.gateways, &login).await?;
        let topic = Topic::GatewayUp(place.gateway.gateway, Lane::Telemetry).to_string();
        Ok(Self { link, speaker, topic })
    }

    /// Says it, and waits until it is acknowledged.
    async fn speak(&mut self) -> Outcome {
        let frame = self.speaker.health(60_000, Role::HelpButton)?;
        self.link.publish(&self.topic, relay(&frame)?);
        self.link.flush().await?;
        while !matches!(self.link.next().await?, Said::Acked(_)) {}
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_by_its_word_and_starts_no_server_again() -> Outcome {
    let dir = tempfile::tempdir()?;
    let Some(disk) = SmallDisk::at(&dir.path().join("server"), "100m")? else {
        tests::tools::missing("a small disk needs the right to mount");
        return Ok(());
    };
    let (setting, manager) = watched(dir.path())?;
    let mut stage = Stage::open(Path::new(PROGRAM), dir.path(), setting)?;
    until(&stage, "healthy at first", |status, health| {
        status == 200 && health["healthy"] == true && health["alive"] == true
    })?;
    let mut voice = Voice::at(&stage).await?;
    voice.speak().await?;
    disk.fill();
    let health = until(&stage, "the full disk is told", |status, health| {
        status == 503 && health["healthy"] == false && says(health, "disk_full")
    })?;
    assert_eq!((&health["alive"], &health["disk"]), (&true.into(), &false.into()), "{health}");
    assert_eq!(ask(&stage, "/alive")?, (200, serde_json::json!({ "alive": true })));
    manager.forget()?;
    manager.hears(5)?;
    for _ in 0..3 {
        voice.speak().await?;
    }
    let health =
        until(&stage, "what it costs is told", |_, health| says(health, "telemetry_shed"))?;
    assert_eq!(health["alive"], true, "{health}");
    let metrics = stage.admin.get("/metrics")?.body.to_string();
    assert!(!metrics.contains("hearthline_inbox_shed_total 0"), "{metrics}");
    disk.empty()?;
    until(&stage, "healthy again", |status, health| status == 200 && health["healthy"] == true)?;
    assert!(stage.server.process.is_alive());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_values_that_is_not_there_and_a_channel_that_was_never_proved_start_no_server_again()
-> Outcome {
    let dir = tempfile::tempdir()?;
    let (mut setting, manager) = watched(dir.path())?;
    let (token, secret) = (dir.path().join("token"), dir.path().join("secret"));
    std::fs::write(&token, "none")?;
    std::fs::write(&secret, "a secret of at least thirty-two bytes, no shorter")?;
    // Nobody listens at a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    setting.server = format!(
        "[series]\nstore = \"influx\"\n[series.influx]\nurl = \"http://127.0.0.1:{port}\"\norg = \"o\"\n\
         bucket = \"b\"\ntoken_file = {token:?}\n[notify.webhook]\nurl = \"http://127.0.0.1:{port}/\"\n\
         secret_file = {secret:?}\n"
    );
    let mut stage = Stage::open(Path::new(PROGRAM), dir.path(), setting)?;
    Voice::at(&stage).await?.speak().await?;
    let health = until(&stage, "the store is told", |status, health| {
        status == 503 && health["healthy"] == false && says(health, "points_refused")
    })?;
    assert_eq!((&health["alive"], &health["series"]), (&true.into(), &false.into()), "{health}");
    let lacks = health["watch"].to_string();
    assert!(lacks.contains("way_out_unproved"), "{health}");
    manager.forget()?;
    manager.hears(5)?;
    assert!(stage.server.process.is_alive());
    Ok(())
}
