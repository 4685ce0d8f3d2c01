//! A real door on loopback with a real SQLite keep, and a caller that speaks raw bytes.
//!
//! Words: a *house* is a door with everything behind it; a *caller* is a socket and the packets
//! read from it. Not here: what is expected (the tests).
#![allow(
    dead_code,
    unreachable_pub,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "each test file is a crate of its own and uses its part of this module"
)]

pub mod caller;
pub mod packet;

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use door::{
    Arrival, Bus, BusLimits, CommitHandle, CommitLimits, Deny, Door, DoorConfig, Edge, Gate, Hello,
    Keep, Limits, Pass, Saying, Verdict, Who, committer,
};
use proto::id::{DeviceId, GatewayId};
use proto::seat::{STRANGER_LOGIN, Seat};
use rusqlite::Connection;
use tokio::time::Instant;

/// Password of every known caller.
pub const PASSWORD: &[u8] = b"\xFFsecret\x00";
/// The same for clients that take a password for a text.
pub const TEXT_PASSWORD: &str = "secret";
/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn device(number: u64) -> DeviceId {
    DeviceId::new(number).expect("below the limit")
}

pub fn gateway(number: u64) -> GatewayId {
    GatewayId::new(number).expect("below the limit")
}

/// Waits until `condition` holds.
pub fn wait(what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < until, "waited in vain for: {what}");
        std::thread::yield_now();
    }
}

/// One row a message, one transaction a group, on disk before it returns.
pub struct SqliteKeep {
    db: Connection,
    fail: Arc<AtomicBool>,
}

pub fn inbox(path: &Path) -> Connection {
    let db = Connection::open(path).expect("open the inbox");
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE IF NOT EXISTS inbox(id INTEGER PRIMARY KEY, topic TEXT, payload BLOB);",
    )
    .expect("prepare the inbox");
    db
}

impl SqliteKeep {
    pub fn open(path: &Path, fail: Arc<AtomicBool>) -> Self {
        Self { db: inbox(path), fail }
    }

    /// Makes the disk as good as full at so many pages.
    pub fn limit_pages(&mut self, pages: u32) {
        self.db.pragma_update(None, "max_page_count", pages).expect("a limit");
    }

    fn store(&mut self, group: &[Arrival]) -> rusqlite::Result<()> {
        let transaction = self.db.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO inbox(topic, payload) VALUES (?1, ?2)")?;
            for arrival in group.iter().filter(|arrival| arrival.who != Who::Watchdog) {
                insert.execute((arrival.topic.to_string(), &arrival.payload[..]))?;
            }
        }
        transaction.commit()
    }
}

impl Keep for SqliteKeep {
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        let kept = !self.fail.load(Ordering::Acquire) && self.store(group).is_ok();
        let verdict = if kept { Verdict::Kept } else { Verdict::Refused };
        verdicts.extend(group.iter().map(|_| verdict));
    }
}

/// A keep that is given as a function, for tests of the door itself.
pub struct Judge<F>(pub F);

impl<F: FnMut(&Arrival) -> Verdict + Send + 'static> Keep for Judge<F> {
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        verdicts.extend(group.iter().map(&mut self.0));
    }
}

/// Lets in who has the password; remembers who listens and who is gone.
#[derive(Default)]
pub struct TestGate {
    pub revoked: Mutex<HashSet<Who>>,
    pub listening: Mutex<Vec<Who>>,
    pub gone: Mutex<Vec<Who>>,
    locals: AtomicU32,
}

impl Gate for TestGate {
    fn admit(&self, hello: &Hello<'_>) -> Result<Pass, Deny> {
        let known = [PASSWORD, TEXT_PASSWORD.as_bytes()];
        let password = hello.password.is_some_and(|password| known.contains(&password));
        let trusted = password || hello.certificate.is_some();
        if hello.login == Some("local") {
            let who = Who::Local(self.locals.fetch_add(1, Ordering::Relaxed));
            return Ok(Pass { who, lane: None });
        }
        let pass = match hello.client_id.parse().map_err(|_| Deny::ClientId)? {
            Seat::Device(device) => Pass { who: Who::Device(device), lane: None },
            Seat::Gateway(gateway, lane) => Pass { who: Who::Gateway(gateway), lane: Some(lane) },
            Seat::Stranger(device) if hello.login == Some(STRANGER_LOGIN) => {
                return Ok(Pass { who: Who::Stranger(device), lane: None });
            }
            Seat::Stranger(_) => return Err(Deny::Credentials),
        };
        if !trusted {
            return Err(Deny::Credentials);
        }
        if self.revoked.lock().unwrap().contains(&pass.who) {
            return Err(Deny::NotAuthorized);
        }
        Ok(pass)
    }

    fn calls(&self, saying: &Saying<'_>) -> bool {
        saying.payload == b"sos"
    }

    fn listening(&self, who: Who) {
        self.listening.lock().unwrap().push(who);
    }

    fn gone(&self, who: Who) {
        self.gone.lock().unwrap().push(who);
    }
}

/// A door and everything behind it.
pub struct House {
    pub door: Door,
    pub gate: Arc<TestGate>,
    pub commit: CommitHandle,
    pub bus: Option<Bus>,
    /// The disk refuses while this is set.
    pub fail: Arc<AtomicBool>,
    pub directory: tempfile::TempDir,
    pub runtime: tokio::runtime::Runtime,
}

pub struct Plan {
    pub limits: Limits,
    pub edge: Edge,
    pub bind: &'static str,
    pub bus: Option<BusLimits>,
}

impl Default for Plan {
    fn default() -> Self {
        let edge = Edge::Plain { open_to_home: false };
        Self { limits: Limits::default(), edge, bind: "127.0.0.1:0", bus: None }
    }
}

impl House {
    pub fn open() -> Self {
        Self::build(Plan::default())
    }

    pub fn with_limits(limits: Limits) -> Self {
        Self::build(Plan { limits, ..Plan::default() })
    }

    pub fn with_bus() -> Self {
        Self::build(Plan {
            limits: Limits::household(),
            bus: Some(BusLimits::default()),
            ..Plan::default()
        })
    }

    pub fn build(plan: Plan) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let fail = Arc::new(AtomicBool::new(false));
        let keep = SqliteKeep::open(&directory.path().join("inbox.db"), Arc::clone(&fail));
        Self::build_on(plan, keep, fail, directory)
    }

    pub fn judged(plan: Plan, keep: impl Keep) -> Self {
        Self::build_on(plan, keep, Arc::default(), tempfile::tempdir().expect("a directory"))
    }

    fn build_on(
        plan: Plan,
        keep: impl Keep,
        fail: Arc<AtomicBool>,
        directory: tempfile::TempDir,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let (commit, _thread) = committer(keep, CommitLimits::default());
        let gate = Arc::new(TestGate::default());
        let bus = plan.bus.map(|limits| runtime.block_on(async { Bus::start(limits) }));
        let config = DoorConfig {
            bind: plan.bind.parse().expect("an address"),
            edge: plan.edge,
            limits: plan.limits,
        };
        let opening = door::open(config, gate.clone(), commit.clone(), bus.clone());
        let door = runtime.block_on(opening).expect("the door opens");
        Self { door, gate, commit, bus, fail, directory, runtime }
    }

    /// How many messages are on disk, as another process would read it.
    pub fn stored(&self) -> u64 {
        let db = Connection::open(self.directory.path().join("inbox.db")).expect("open the inbox");
        db.query_row("SELECT count(*) FROM inbox", [], |row| row.get::<_, i64>(0))
            .expect("count the inbox")
            .unsigned_abs()
    }
}

/// How many files this process may open.
pub fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").expect("limits");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a line");
    line.split_whitespace().nth(3).and_then(|soft| soft.parse().ok()).unwrap_or(usize::MAX)
}

/// Memory of this process that is in use.
pub fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("a line");
    let kilobytes = line.split_whitespace().nth(1).and_then(|kb| kb.parse::<usize>().ok());
    kilobytes.expect("a number") * 1024
}
