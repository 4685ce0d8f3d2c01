//! A neighbour holds thousands of silent sockets while every program has 1,024 file handles: people are heard all the same.
//!
//! The programs run as they ship, under a limit that they cannot raise. Not here: the rules of a full house (`door`).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use firmware::device::Light;
use proto::id::{DeviceId, KeyEpoch};
use proto::key::DeviceKey;
use proto::up::Role;
use tests::clock::Watch;
use tests::enrol::Enrolled;
use tests::proxy::Way;
use tests::scene::{Scene, of_kind, press};
use tests::stage::Setting;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");
/// Silent sockets of the neighbour: more than twice what a program may open.
const SILENT: usize = 2_400;

/// Programs that may open 1,024 files and cannot change it.
fn tight(server: String) -> Setting {
    let wrap = ["sh", "-c", "ulimit -n 1024 && exec \"$@\"", "sh"];
    Setting { wrap: wrap.map(Into::into).to_vec(), server, ..Setting::default() }
}

/// Sockets that say nothing; those that the other side closes are opened again, as a neighbour would.
struct Neighbour {
    sockets: Vec<TcpStream>,
    at: SocketAddr,
}

impl Neighbour {
    fn call(at: SocketAddr) -> Outcome<Self> {
        door::handles::raise();
        let mut sockets = Vec::new();
        for _ in 0..SILENT {
            sockets.push(silent(at)?);
        }
        Ok(Self { sockets, at })
    }

    fn insist(&mut self) {
        for socket in &mut self.sockets {
            let gone = !matches!(socket.read(&mut [0]), Err(e) if e.kind() == std::io::ErrorKind::WouldBlock);
            if gone && let Ok(again) = silent(self.at) {
                *socket = again;
            }
        }
    }
}

fn silent(at: SocketAddr) -> Outcome<TcpStream> {
    let socket = TcpStream::connect_timeout(&at, Duration::from_secs(20))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// What the page or the console says of the program's health, and whether it says that all is well.
fn health(at: SocketAddr) -> Outcome<(bool, String)> {
    let mut stream = TcpStream::connect_timeout(&at, Duration::from_secs(20))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(stream, "GET /health HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok((text.starts_with("HTTP/1.1 200"), text))
}

#[tokio::test(flavor = "multi_thread")]
async fn half_open_sockets_at_the_home_box_silence_no_press_no_stranger_and_no_sounder() -> Outcome
{
    let mut scene = Scene::open(PROGRAM, 2, tight(String::new())).await?;
    let mut neighbour = Neighbour::call(scene.gateway.devices)?;
    scene.press(0).await?;
    scene.until("the press on a screen", 20, |book| of_kind(book, "help").len() == 1).await?;
    neighbour.insist();
    let stranger = scene.power_up(Enrolled {
        device: DeviceId::new(0x1234_5678).expect("in range"),
        key: DeviceKey::from_bytes([7; 32]),
        epoch: KeyEpoch::new(0),
        role: Role::HelpButton,
        home: scene.homes[0],
    });
    stranger.light_among(&[Light::Idle]).await?;
    press(&stranger).await;
    scene.until("the stranger's press", 60, |book| !of_kind(book, "unverified").is_empty()).await?;
    let (well, said) = health(scene.gateway.health)?;
    assert!(well, "{said}");
    neighbour.insist();
    scene.proxy.set(Way::Cut);
    scene.press(1).await?;
    let alarm = scene.gateway.alarm.clone();
    let sounds = || std::fs::read_to_string(&alarm).is_ok_and(|text| text.trim() == "1");
    scene.until_true("the sounder", 30, sounds).await
}

#[tokio::test(flavor = "multi_thread")]
async fn half_open_sockets_at_the_server_silence_no_press_no_screen_and_no_webhook() -> Outcome {
    let folder = tempfile::tempdir()?;
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "0123456789abcdef0123456789abcdef")?;
    let (at, called) = receiver()?;
    let webhook = format!("[notify.webhook]\nurl = \"http://{at}/\"\nsecret_file = {secret:?}\n");
    let scene = Scene::open(PROGRAM, 1, tight(webhook)).await?;
    let mut at_door = Neighbour::call(scene.stage.server.gateways)?;
    let mut at_console = Neighbour::call(scene.stage.server.console)?;
    scene.press(0).await?;
    scene.until("the press on a screen", 20, |book| of_kind(book, "help").len() == 1).await?;
    at_door.insist();
    at_console.insist();
    // A gateway that comes anew finds the door open, and somebody who logs in a console.
    scene.proxy.set(Way::Cut);
    scene.proxy.set(Way::Open);
    scene.stage.session()?;
    scene.press(0).await?;
    scene.until("the second press", 60, |book| book.all_on_screen()).await?;
    scene.until_true("the webhook", 60, || called.load(Ordering::Acquire) > 0).await?;
    let (well, said) = health(scene.stage.server.console)?;
    assert!(well, "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_heads_and_slow_bodies_hold_no_place_at_the_console() -> Outcome {
    let scene = Scene::open(PROGRAM, 1, tight(String::new())).await?;
    let console = scene.stage.server.console;
    let mut slow = Vec::new();
    for n in 0..400 {
        let mut socket = TcpStream::connect(console)?;
        let part = if n % 2 == 0 {
            "GET /health HTTP/1.1\r\nhost: x\r\nx-slow: ".to_owned()
        } else {
            "POST /api/login HTTP/1.1\r\nhost: x\r\nx-hearthline: 1\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{".to_owned()
        };
        socket.write_all(part.as_bytes())?;
        slow.push(socket);
    }
    let watch = Watch::start();
    let (well, said) = health(console)?;
    assert!(well && watch.secs() < 15.0, "{} s: {said}", watch.secs());
    Ok(())
}

/// Takes calls and answers each with 200.
fn receiver() -> Outcome<(SocketAddr, Arc<AtomicUsize>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let at = listener.local_addr()?;
    let called = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&called);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut part = [0; 4096];
            if stream.read(&mut part).is_ok_and(|read| read > 0) {
                count.fetch_add(1, Ordering::AcqRel);
                // The caller may be gone; it then calls again.
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                );
            }
        }
    });
    Ok((at, called))
}
