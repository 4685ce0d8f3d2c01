//! What is said twice on the bus: a packet sent again is one call, an old state of a button is none, and a finger always is.
//!
//! The programs are bytes, since a library sends nothing twice by itself. Not here: how a call gets to the server
//! (`bus_calls`), and every case of an old state (`bus_calls.rs` of the box).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "scene/home.rs"]
mod scene;

use std::net::SocketAddr;

use scene::{ANY, Device, Home, Running, WatchRoom, calls_heard, let_in, until, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A program of version 3.1.1 in a session that the bus keeps, or one of its own.
struct Program(TcpStream);

impl Program {
    /// Comes; gives whether something of an earlier session is there.
    async fn come(at: SocketAddr, id: &str, clean: bool) -> (Self, bool) {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
        let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 4, u8::from(clean) << 1, 0, 60];
        body.extend([0, length(id.as_bytes())]);
        body.extend(id.as_bytes());
        stream.write_all(&[&[0x10, length(&body)], &body[..]].concat()).await.unwrap();
        let mut answer = [0; 4];
        within(stream.read_exact(&mut answer)).await.unwrap();
        assert_eq!((answer[0], answer[3]), (0x20, 0), "it is let in");
        (Self(stream), answer[2] == 1)
    }

    /// Says something at QoS 1 and waits until that is acknowledged.
    async fn says(&mut self, flags: u8, packet: u8, topic: &str, word: &str) {
        let mut body = vec![0, u8::try_from(topic.len()).unwrap()];
        body.extend(topic.as_bytes());
        body.extend([0, packet]);
        body.extend(word.as_bytes());
        let head = [0x32 | flags, u8::try_from(body.len()).unwrap()];
        self.0.write_all(&[&head, &body[..]].concat()).await.unwrap();
        let mut answer = [0; 4];
        within(self.0.read_exact(&mut answer)).await.unwrap();
        assert_eq!(answer, [0x40, 2, 0, packet]);
    }
}

const DUP: u8 = 0b1000;
const RETAIN: u8 = 0b0001;

async fn open() -> (WatchRoom, Home, Running) {
    let room = WatchRoom::open(ANY).await;
    let home = Home::new(room.address());
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let running = home.start("");
    let_in(&mut device, running.devices).await;
    (room, home, running)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_sent_again_within_its_session_is_one_press_and_the_next_is_another() {
    let (room, home, running) = open().await;
    let (mut program, _) = Program::come(running.bus, "bridge", false).await;
    program.says(0, 7, "button", "SOS").await;
    // On the same connection, and on another one of its session.
    program.says(DUP, 7, "button", "SOS").await;
    drop(program);
    let (mut program, present) = Program::come(running.bus, "bridge", false).await;
    assert!(present, "its session is kept");
    program.says(DUP, 7, "button", "SOS").await;
    program.says(0, 8, "button", "SOS").await;
    until("both calls", || calls_heard(&room, &home).len() >= 2).await;
    // Not what it has said before: other bytes, another packet, another session. Each is somebody's finger.
    program.says(DUP, 7, "button", "sos").await;
    program.says(DUP, 9, "button", "SOS").await;
    program.says(0, 7, "button", "SOS").await;
    drop(program);
    let (mut other, _) = Program::come(running.bus, "other", true).await;
    other.says(DUP, 7, "button", "SOS").await;
    until("all calls", || calls_heard(&room, &home).len() >= 6).await;
    assert_eq!(calls_heard(&room, &home).len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_a_bridge_says_again_when_it_starts_is_no_press_and_a_press_right_after_it_is()
{
    let (room, home, running) = open().await;
    let (state, online) = (r#"{"sos":true,"linkquality":80}"#, r#"{"state":"online"}"#);
    let (mut bridge, _) = Program::come(running.bus, "bridge", true).await;
    bridge.says(0, 1, "z2m/button", state).await;
    let count = || calls_heard(&room, &home).len();
    until("the press", || count() == 1).await;
    drop(bridge);
    let (mut bridge, _) = Program::come(running.bus, "bridge", true).await;
    bridge.says(RETAIN, 1, "z2m/bridge/state", online).await;
    bridge.says(0, 2, "z2m/button", state).await;
    bridge.says(RETAIN, 3, "z2m/cord", r#"{"sos":true}"#).await;
    // These are people, in the same breath.
    bridge.says(0, 4, "z2m/button", state).await;
    bridge.says(0, 5, "z2m/hall", r#"{"action":"emergency"}"#).await;
    bridge.says(0, 6, "z2m/bath", r#"{"sos":true}"#).await;
    until("the presses", || count() >= 4).await;
    assert_eq!(count(), 4, "what was old is none");
}
