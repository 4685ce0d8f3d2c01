//! How many messages a second the door acknowledges once they are on disk.
//!
//! `cargo run --release -p door --example flood -- [clients] [window] [seconds]`: each client is a
//! device on loopback that keeps `window` PUBLISHes of 64 bytes under way; the keep is one SQLite
//! table, WAL, `synchronous = FULL`. Load and door share the machine, as a deployment's would not.
//! Not here: a verdict; the numbers to reach are in the design.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a load generator ends at its first failure and prints one line"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use door::{
    Arrival, CommitLimits, Deny, DoorConfig, Edge, Gate, Hello, Keep, Limits, Pass, Verdict, Who,
    committer,
};
use proto::frame::Lane;
use proto::id::DeviceId;
use proto::seat::Seat;
use proto::topic::Topic;
use rumqttc::mqttbytes::{QoS, v4};

struct Open;

impl Gate for Open {
    fn admit(&self, hello: &Hello<'_>) -> Result<Pass, Deny> {
        match hello.client_id.parse() {
            Ok(Seat::Device(device)) => Ok(Pass { who: Who::Device(device), lane: None }),
            _ => Err(Deny::ClientId),
        }
    }
}

struct Inbox(rusqlite::Connection);

impl Inbox {
    fn store(&mut self, group: &[Arrival]) -> rusqlite::Result<()> {
        let transaction = self.0.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO inbox(topic, payload) VALUES (?1, ?2)")?;
            for arrival in group {
                insert.execute((arrival.lane as i64, &arrival.payload[..]))?;
            }
        }
        transaction.commit()
    }
}

impl Keep for Inbox {
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        let verdict = if self.store(group).is_ok() { Verdict::Kept } else { Verdict::Refused };
        verdicts.extend(group.iter().map(|_| verdict));
    }
}

fn client(address: SocketAddr, number: u64, window: u16, acked: &AtomicU64, stop: &AtomicBool) {
    let device = DeviceId::new(number).expect("an id");
    let mut stream = TcpStream::connect(address).expect("connect");
    let _ = stream.set_nodelay(true);
    let mut out = BytesMut::new();
    let connect = v4::Connect::new(Seat::Device(device).to_string());
    connect.write(&mut out).expect("a CONNECT");
    stream.write_all(&out).expect("send");
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).expect("a CONNACK");
    let topic = Topic::DeviceUp(device, Lane::Telemetry).to_string();
    let mut publish = v4::Publish::new(topic, QoS::AtLeastOnce, vec![0u8; 64]);
    publish.pkid = 1;
    out.clear();
    publish.write(&mut out).expect("a PUBLISH");
    let one = out.clone();
    let mut free = u64::from(window);
    let mut acks = vec![0u8; 4 * usize::from(window)];
    let mut partial = 0;
    while !stop.load(Ordering::Relaxed) {
        out.clear();
        for _ in 0..free {
            out.put_slice(&one);
        }
        stream.write_all(&out).expect("send");
        let read = stream.read(&mut acks).expect("PUBACKs");
        assert!(read > 0, "the door has closed");
        free = (partial + read as u64) / 4;
        partial = (partial + read as u64) % 4;
        acked.fetch_add(free, Ordering::Relaxed);
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a number"));
    let mut next = |default| numbers.next().unwrap_or(default);
    let (clients, window, seconds) = (next(8), next(100), next(5));
    let directory = tempfile::tempdir_in(".").expect("a directory");
    let db = rusqlite::Connection::open(directory.path().join("inbox.db")).expect("a database");
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE inbox(id INTEGER PRIMARY KEY, topic, payload BLOB);",
    )
    .expect("a table");
    let (commit, _thread) = committer(Inbox(db), CommitLimits::default());
    let config = DoorConfig {
        bind: ([127, 0, 0, 1], 0).into(),
        edge: Edge::Plain { open_to_home: false },
        limits: Limits::default(),
    };
    let door = door::open(config, Arc::new(Open), commit.clone(), None).await.expect("a door");
    let acked = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let window = u16::try_from(window).expect("a window");
    let threads: Vec<_> = (0..clients)
        .map(|number| {
            let (acked, stop, address) = (acked.clone(), stop.clone(), door.address());
            std::thread::spawn(move || client(address, number, window, &acked, &stop))
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let total = acked.load(Ordering::Relaxed);
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().expect("a client");
    }
    let per_group = commit.messages() as f64 / commit.groups() as f64;
    door.close().await;
    let db = rusqlite::Connection::open(directory.path().join("inbox.db")).expect("a database");
    let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    let stored = db.query_row("SELECT count(*) FROM inbox", [], count).expect("a count");
    println!(
        "{} acknowledged/s ({total} while it ran, {stored} stored), {per_group:.0} messages a group",
        total / seconds
    );
}
