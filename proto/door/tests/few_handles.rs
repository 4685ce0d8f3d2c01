//! A door in a process that has no file handle left: who is silent gives its handle to who waits.
//!
//! The process begins itself again under a low limit. Not here: how handles are divided (`gateway`, `server`), the
//! rules of the porch (`admission`).

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends at its first failure")]
#![allow(dead_code, reason = "the front has more than this one asks for")]

mod front;

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use door::Limits;
use front::packet::{Connect, publish, up};
use front::{House, PATIENCE, device, wait};
use proto::seat::Seat;

/// File handles of this process, at most.
const FEW: usize = 160;

#[test]
fn whoever_waits_while_there_is_no_file_handle_is_let_in_for_somebody_silent() {
    if front::descriptors() > FEW {
        let own = std::env::current_exe().unwrap();
        let name = "whoever_waits_while_there_is_no_file_handle_is_let_in_for_somebody_silent";
        let line = format!("ulimit -n {FEW} && exec \"$0\" --exact {name} --nocapture");
        let again = Command::new("sh").args(["-c", &line]).arg(own).status().unwrap();
        assert!(again.success(), "under a limit of {FEW} files");
        return;
    }
    let long = Duration::from_secs(600);
    let limits = Limits { grace: long, connect: long, ..Limits::default() };
    let house = House::with_limits(limits);
    wait("the watchdog's first round", || house.door.healthy());
    let (mut callers, failures) = (Vec::new(), || house.door.counters().accept_failures);
    // Whoever starts this process may have left it an even or an odd number of handles.
    let mut spare = Some(File::open("/dev/null").unwrap());
    // One after the other: both ends of each are in this process, and the door must have its share of the handles.
    while failures() == 0 {
        match TcpStream::connect(house.door.address()) {
            Ok(caller) => callers.push(caller),
            // The last handle was the door's; the next one is the caller's, and the door has none.
            Err(error) => drop(spare.take().unwrap_or_else(|| panic!("{error}"))),
        }
        let inside = || house.door.counters().open >= callers.len() as u64;
        wait("it to be inside, or no handle", || inside() || failures() > 0);
    }
    let mut last = callers.pop().unwrap();
    last.set_read_timeout(Some(PATIENCE)).unwrap();
    let connect = Connect::new(4, &Seat::Device(device(1)).to_string()).bytes();
    last.write_all(&[connect, publish(4, &up(1, true), 1, b"help")].concat()).unwrap();
    let mut answer = [0; 8];
    last.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0, 0x40, 2, 0, 1]);
    assert!(house.door.counters().turned_away > 0);
}
