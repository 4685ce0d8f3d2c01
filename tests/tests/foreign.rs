//! A device of another maker, in Python, from `docs/` and `proto/v1.cddl` alone, against the real gateway and server.
//!
//! It shares no line with the device core. Not here: the bytes of each frame (`proto/tests/vectors.rs`).

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use proto::up::Role;
use serde_json::{Value, json};
use tests::book::Book;
use tests::clock::Watch;
use tests::enrol;
use tests::python::Python;
use tests::scene::{Scene, of_kind};
use tests::stage::Setting;
use tests::trouble::{Outcome, Trouble};

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");
const PACKAGES: [&str; 3] = ["cryptography==50.0.2", "cbor2==6.3.0", "paho-mqtt==2.2.0"];
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// A summary goes up once a minute.
const SUMMED: u64 = 150;

fn python() -> Option<Python> {
    Python::with(&PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("foreign"), &PACKAGES)
}

fn script(name: &str) -> String {
    format!("{}/tests/foreign/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A running device of another maker.
struct Foreign {
    process: Child,
    orders: ChildStdin,
    said: Receiver<Value>,
    so_far: Vec<Value>,
}

impl Foreign {
    fn start(
        python: &Python,
        card: &Path,
        flash: &Path,
        door: (&str, u16),
        mqtt: &str,
    ) -> Outcome<Self> {
        let mut process = Command::new(python.program("python"))
            .arg(script("device.py"))
            .args([card, flash])
            .args([door.0, &door.1.to_string(), mqtt])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let none = || Trouble::new("a program without pipes");
        let (orders, out) =
            (process.stdin.take().ok_or_else(none)?, process.stdout.take().ok_or_else(none)?);
        let (tell, said) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let Ok(word) = serde_json::from_str(&line) else { return };
                if tell.send(word).is_err() {
                    return;
                }
            }
        });
        Ok(Self { process, orders, said, so_far: Vec::new() })
    }

    fn order(&mut self, order: &str) -> Outcome {
        Ok(writeln!(self.orders, "{order}")?)
    }

    /// The next thing that it says of this kind; what it says meanwhile is passed over.
    fn says(&mut self, what: &str) -> Outcome<Value> {
        let wait = Watch::start();
        loop {
            let left = PATIENCE.saturating_sub(Duration::from_millis(wait.ms()));
            let word = self.said.recv_timeout(left).map_err(|_| {
                Trouble::new(format!("the device never said `{what}`, but {:#?}", self.so_far))
            })?;
            self.so_far.push(word.clone());
            if let Some(told) = word.get(what) {
                return Ok(told.clone());
            }
        }
    }

    fn light(&mut self, wanted: &str) -> Outcome {
        while self.says("light")? != wanted {}
        Ok(())
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A scene with a second home, whose one device is not ours.
struct Room {
    scene: Scene,
    device: String,
    home: String,
    card: PathBuf,
    flash: PathBuf,
    _folder: tempfile::TempDir,
}

impl Room {
    async fn open() -> Outcome<Self> {
        let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
        let (admin, folder) = (&scene.stage.admin, tempfile::tempdir()?);
        let home = enrol::home(admin, &scene.organisation, "外来室", "演示")?;
        let card = enrol::device_card(admin, home, scene.enrolled.gateway, Role::HelpButton)?;
        let device = card["device"].as_str().unwrap_or_default().to_owned();
        let file = folder.path().join("card.json");
        std::fs::write(&file, card.to_string())?;
        let flash = folder.path().join("flash.json");
        Ok(Self { scene, device, home: home.to_string(), card: file, flash, _folder: folder })
    }

    fn start(&self, python: &Python, mqtt: &str) -> Outcome<Foreign> {
        let port = self.scene.gateway.devices.port();
        Foreign::start(python, &self.card, &self.flash, ("127.0.0.1", port), mqtt)
    }

    /// Presses of the device that alerts in the book name, each as `[boot, seq]`.
    fn named(&self, book: &Book) -> Vec<Value> {
        let alerts = of_kind(book, "help").into_iter().filter(|a| a["device"] == *self.device);
        let of = |alert: &Value| alert["activations"].as_array().cloned().unwrap_or_default();
        alerts.flat_map(of).map(|a| json!([text(&a["boot"]), text(&a["seq"])])).collect()
    }

    /// The newest value of a quantity of its home.
    fn measured(&self, quantity: &str) -> Option<f64> {
        let path = format!("/api/homes/{}/series?quantity={quantity}", self.home);
        let told = self.scene.stage.admin.get(&path).ok()?.good().ok()?;
        told["points"].as_array()?.iter().rev().find_map(|point| point["value"].as_f64())
    }
}

fn text(number: &Value) -> String {
    number.as_str().map_or_else(|| number.to_string(), str::to_owned)
}

#[test]
fn a_device_written_from_the_documents_alone_makes_the_bytes_of_the_vectors() -> Outcome {
    let Some(python) = python() else { return Ok(()) };
    let vectors = format!("{}/../docs/vectors", env!("CARGO_MANIFEST_DIR"));
    let (fine, said) = python.run("python", &[&script("vectors.py"), &vectors], Path::new("."))?;
    assert!(fine && said.trim().parse::<u32>().is_ok_and(|held| held > 30), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_written_from_the_documents_alone_is_heard_and_told_received() -> Outcome {
    let Some(python) = python() else { return Ok(()) };
    let room = Room::open().await?;
    let mut device = room.start(&python, "3")?;
    let first = device.says("boot")?;
    device.says("link")?;
    device.order("press")?;
    device.light("received")?;
    let scene = &room.scene;
    scene.until("its alert on a screen", 20, |book| room.named(book).len() == 1).await?;
    let alert = of_kind(&scene.shared.book(), "help")[0].clone();
    assert_eq!((&alert["trust"], &alert["severity"]), (&json!("verified"), &json!("emergency")));
    assert_eq!(alert["home"], room.home.as_str());

    // The power goes with a press in flash that no gateway has.
    let mut scene = room.scene;
    scene.gateway.process.kill()?;
    device.order("press")?;
    let press = loop {
        let said = device.says("name")?;
        if device.so_far.last().is_some_and(|word| word["kind"] == 1) {
            break said;
        }
    };
    device.light("failed")?;
    drop(device);
    scene.gateway.process.again()?;
    let room = Room { scene, ..room };
    let mut device = room.start(&python, "5")?;
    let second = device.says("boot")?.as_u64();
    assert_eq!(second, first.as_u64().map(|boot| boot + 1), "the same life, the next boot");
    device.light("received")?;
    device.order("read 21.5")?;
    let scene = &room.scene;
    scene.until("both presses on a screen", 20, |book| room.named(book).len() == 2).await?;
    let name = json!([text(&press[1]), text(&press[2])]);
    let named = room.named(&scene.shared.book());
    assert!(named.contains(&name), "{name} keeps its name: {named:?}");

    // A person takes it, and what was measured has come as well.
    let id = of_kind(&scene.shared.book(), "help")[0]["id"].as_str().unwrap_or_default().to_owned();
    scene.stage.operator("desk")?.post(&format!("/api/alerts/{id}/claim"), &json!({}))?.good()?;
    device.light("seen")?;
    scene.until_true("its battery", 30, || room.measured("battery") == Some(64.0)).await?;
    scene
        .until_true("its temperature", SUMMED, || room.measured("temperature") == Some(21.5))
        .await?;
    assert_eq!(room.named(&scene.shared.book()).len(), 2, "once each");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_device_that_its_gateway_refuses_is_heard_as_a_stranger() -> Outcome {
    let Some(python) = python() else { return Ok(()) };
    let room = Room::open().await?;
    let mut card: Value = serde_json::from_str(&std::fs::read_to_string(&room.card)?)?;
    card["key_hex"] = "5a".repeat(32).into();
    std::fs::write(&room.card, card.to_string())?;
    let mut device = room.start(&python, "3")?;
    device.order("press")?;
    device.says("refused")?;
    let scene = &room.scene;
    let unverified = |book: &Book| {
        of_kind(book, "unverified").iter().any(|alert| alert["device"] == *room.device)
    };
    scene.until("an unverified call of it", 30, unverified).await
}
