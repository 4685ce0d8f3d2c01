//! A home for tests: the box as a process, a watch room played through a real door, real MQTT devices.
//!
//! Everything waits for a condition with a deadline; nothing sleeps. Not here: expectations.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a scene may fall, and each test file uses another part of it"
)]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use proto::id::{GatewayId, HomeId, KeyEpoch};
use proto::key::DeviceKey;
use proto::unit::Millis;
use proto::up::{Event, EventKind, Health, Role, Up};

mod calls;
mod device;
mod page;
mod watch_room;

pub use calls::calls_heard;
pub use device::{Device, Felt};
pub use page::{ask, said};
pub use watch_room::{Heard, WatchRoom};

pub const EPOCH: KeyEpoch = KeyEpoch::new(1);
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A box, its credentials and its directory.
pub struct Home {
    pub dir: tempfile::TempDir,
    pub gateway: GatewayId,
    pub key: DeviceKey,
    pub home: HomeId,
    pub server: SocketAddr,
    /// Root, own certificate and its key as PEM, for a server that speaks TLS.
    pub papers: Option<[String; 3]>,
}

/// The box while it runs.
pub struct Running {
    child: Child,
    pub devices: SocketAddr,
    pub bus: SocketAddr,
    pub health: SocketAddr,
}

impl Home {
    pub fn new(server: SocketAddr) -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            gateway: GatewayId::new(900).unwrap(),
            key: DeviceKey::from_bytes([9; 32]),
            home: HomeId::new(5).unwrap(),
            server,
            papers: None,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes configuration and credentials; `more` is added to the configuration.
    pub fn configure(&self, more: &str) -> PathBuf {
        let hex: String = self.key.expose().iter().map(|b| format!("{b:02x}")).collect();
        let credentials = serde_json::json!({
            "gateway": self.gateway.to_string(), "key_hex": hex, "epoch": EPOCH.get(),
            "server": {
                "host": self.server.ip().to_string(), "port": self.server.port(),
                "tls": self.papers.is_some(),
            },
            "ca_pem": self.papers.as_ref().map(|papers| &papers[0]),
            "cert_pem": self.papers.as_ref().map(|papers| &papers[1]),
            "cert_key_pem": self.papers.as_ref().map(|papers| &papers[2]),
        });
        std::fs::write(self.path("gateway.json"), credentials.to_string()).unwrap();
        let config = format!(
            "data = {:?}\ncredentials = {:?}\n{more}\n[alarm]\nfile = {:?}\n",
            self.path("data"),
            self.path("gateway.json"),
            self.path("alarm")
        );
        std::fs::write(self.path("gateway.toml"), config).unwrap();
        self.path("gateway.toml")
    }

    pub fn command(&self, config: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
        command.arg("run").arg("--config").arg(config);
        command
    }

    /// Starts the box and waits for its ready line.
    pub fn start(&self, more: &str) -> Running {
        let config = self.configure(more);
        Self::run(self.command(&config))
    }

    /// Starts the box under a program that watches or disturbs it, such as strace.
    pub fn start_under(&self, watcher: &[&str], more: &str) -> Running {
        let config = self.configure(more);
        let mut command = Command::new(watcher[0]);
        command.args(&watcher[1..]).arg(env!("CARGO_BIN_EXE_gateway"));
        command.arg("run").arg("--config").arg(config);
        Self::run(command)
    }

    /// Starts a command that is the box, and waits for its ready line.
    pub fn run(mut command: Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).expect("a ready line");
        let at = |name: &str| ready[name].as_str().unwrap().parse().unwrap();
        Running { child, devices: at("devices"), bus: at("bus"), health: at("health") }
    }

    pub fn alarm(&self) -> String {
        std::fs::read_to_string(self.path("alarm")).unwrap_or_default().trim().to_owned()
    }
}

impl Running {
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn press() -> Up {
    Up::Event(Event { kind: EventKind::Press, uptime: Millis::secs(9), count: None })
}

pub fn health() -> Up {
    Up::Health(Health {
        uptime: Millis::secs(9),
        period_s: 60,
        battery: None,
        signal: None,
        firmware: 1,
        tested: None,
        role: Role::HelpButton,
    })
}

/// Gives a condition its deadline.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}

/// Waits until a fact of the outside world holds, looking every few milliseconds.
pub async fn until(what: &str, fact: impl Fn() -> bool) {
    let look = async {
        let mut every = tokio::time::interval(Duration::from_millis(10));
        while !fact() {
            every.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("{what} in time"));
}

/// Connects an enrolled device, trying until the roster has reached the box.
pub async fn let_in(device: &mut Device, at: SocketAddr) {
    within(async {
        let mut every = tokio::time::interval(Duration::from_millis(20));
        loop {
            every.tick().await;
            if device.connect(at).await.is_ok() {
                break;
            }
        }
    })
    .await;
}

pub const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
