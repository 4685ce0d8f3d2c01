//! Whatever was acknowledged is on disk: after kill -9 at any moment, on a disk that is full.
//!
//! The test starts itself again as a child that holds the door, kills it under a stream of presses,
//! and looks for every acknowledged press in its store. Not here: power cuts, which a process cannot make.

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

mod front;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use door::{CommitLimits, DoorConfig, Edge, Limits, committer};
use front::caller::Caller;
use front::packet::{publish, up};
use front::{SqliteKeep, TestGate, wait};

/// Where the child keeps its inbox; its presence makes this process the child.
const CHILD: &str = "DOOR_TEST_CHILD";
/// SQLite pages the child's inbox may have, if set.
const PAGES: &str = "DOOR_TEST_PAGES";
const ROUNDS: usize = 12;

/// Not a test of its own: the child of the tests below, which would otherwise do nothing here.
#[test]
fn child_holds_a_door() {
    let Some(directory) = std::env::var_os(CHILD) else { return };
    let path = Path::new(&directory).join("inbox.db");
    let mut keep = SqliteKeep::open(&path, Arc::new(AtomicBool::new(false)));
    if let Ok(pages) = std::env::var(PAGES) {
        keep.limit_pages(pages.parse().expect("a number of pages"));
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (commit, thread) = committer(keep, CommitLimits::default());
    let config = DoorConfig {
        bind: "127.0.0.1:0".parse().expect("an address"),
        edge: Edge::Plain { open_to_home: false },
        limits: Limits::default(),
    };
    let opening = door::open(config, Arc::new(TestGate::default()), commit, None);
    let door = runtime.block_on(opening).expect("the door opens");
    println!("\nlistening {}", door.address());
    thread.join().expect("until it is killed");
}

struct House {
    child: Child,
    address: SocketAddr,
}

fn start(directory: &Path, pages: Option<u32>) -> House {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["child_holds_a_door", "--exact", "--nocapture"]).env(CHILD, directory);
    if let Some(pages) = pages {
        command.env(PAGES, pages.to_string());
    }
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the child starts");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let address = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("listening ").map(str::to_owned))
        .expect("an address");
    House { child, address: address.parse().expect("an address") }
}

fn stored(directory: &Path) -> BTreeSet<String> {
    let db = front::inbox(&directory.join("inbox.db"));
    let mut rows = db.prepare("SELECT payload FROM inbox").expect("the inbox");
    let payloads = rows.query_map([], |row| row.get::<_, Vec<u8>>(0)).expect("its rows");
    payloads.map(|payload| String::from_utf8(payload.expect("a row")).expect("a text")).collect()
}

/// Sends presses until the door is gone; notes each that was acknowledged.
fn press(address: SocketAddr, number: u64, round: usize, acknowledged: &Mutex<BTreeSet<String>>) {
    let mut caller = Caller::device(address, 4, number);
    for count in 0..u16::MAX {
        let packet_id = count + 1;
        let payload = format!("{number}-{round}-{packet_id}");
        caller.send(&publish(4, &up(number, count % 5 == 0), packet_id, payload.as_bytes()));
        match caller.try_hear() {
            Some((0x40, body)) if body == packet_id.to_be_bytes() => {
                acknowledged.lock().unwrap().insert(payload);
            }
            Some(other) => panic!("not a PUBACK: {other:?}"),
            None => return,
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let directory = tempfile::tempdir().expect("a directory");
    let acknowledged = Mutex::new(BTreeSet::new());
    for round in 0..ROUNDS {
        let mut house = start(directory.path(), None);
        let before = acknowledged.lock().unwrap().len();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (address, acknowledged) = (house.address, &acknowledged);
                scope.spawn(move || press(address, number, round, acknowledged));
            }
            let enough = before + 50 + round * 37;
            wait("presses to be acknowledged", || acknowledged.lock().unwrap().len() > enough);
            house.child.kill().expect("kill -9");
            house.child.wait().expect("it is gone");
        });
        let stored = stored(directory.path());
        let acknowledged = acknowledged.lock().unwrap();
        let lost: Vec<_> = acknowledged.difference(&stored).collect();
        assert!(lost.is_empty(), "round {round}: acknowledged and lost: {lost:?}");
    }
    println!("{} acknowledged, none lost", acknowledged.into_inner().unwrap().len());
}

#[test]
fn a_full_disk_acknowledges_nothing_that_it_has_no_room_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let acknowledged = Mutex::new(BTreeSet::new());
    let mut house = start(directory.path(), Some(24));
    press(house.address, 1, 0, &acknowledged);
    let first = acknowledged.lock().unwrap().len();
    assert!(first > 0 && first < usize::from(u16::MAX), "room ran out after {first}");
    press(house.address, 1, 1, &acknowledged);
    house.child.kill().expect("kill -9");
    house.child.wait().expect("it is gone");
    let stored = stored(directory.path());
    assert!(acknowledged.lock().unwrap().is_subset(&stored));
}
