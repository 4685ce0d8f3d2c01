//! The box's page as a technician reads it, and what the box has said of itself to the watch room.
//!
//! Not here: devices and the room (`device`, `watch_room`), expectations.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use proto::frame::{Lane, read_open};
use proto::up::{Event, Up};

use super::{Heard, Running, WatchRoom};

/// Status line and body of a page.
pub fn ask(at: SocketAddr, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(at).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: box\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

impl Running {
    /// What it says of its health.
    pub fn report(&self) -> serde_json::Value {
        serde_json::from_str(&ask(self.health, "/health").1).unwrap()
    }

    /// Whether it says this word, as a sentence too.
    pub fn says(&self, code: &str) -> bool {
        let report = self.report();
        let said = report["says"].as_array().unwrap().iter().any(|said| {
            said["code"] == code && said["text"].as_str().is_some_and(|text| text.contains(' '))
        });
        said && report["faults"].as_array().unwrap().iter().any(|word| word == code)
    }

    /// Its figures.
    pub fn figures(&self) -> String {
        ask(self.health, "/metrics").1
    }
}

/// What the box says of itself, as the watch room has heard it.
pub fn said(room: &WatchRoom) -> Vec<Event> {
    let all = room.heard();
    let word = |heard: &Heard| {
        let (header, body) = read_open(&heard.bytes).ok()?;
        match Up::from_body(header.class, body) {
            Ok(Up::Event(event)) if heard.lane == Lane::Telemetry => Some(event),
            _ => None,
        }
    };
    all.iter().filter_map(word).collect()
}
