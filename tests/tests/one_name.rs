//! What a gateway is told about presses that share a name, and about itself when another box has its identity.
//!
//! Real server, gateways played at its door. Not here: which frames are copies (`server/tests/identity.rs`).

use std::path::Path;
use std::time::Duration;

use proto::down::{Receipt, Rung};
use proto::frame::{FrameBuf, Lane};
use proto::id::{BootId, PressId};
use proto::relay::GatewayDown;
use proto::topic::Topic;
use proto::up::Role;
use serde_json::{Value, json};
use tests::api::text;
use tests::enrol::{self, GatewayBox, Place};
use tests::mqtt::{Link, Said};
use tests::speaker::{Speaker, fresh_boot, login, relay};
use tests::stage::{Setting, Stage};
use tests::trouble::{Outcome, Trouble};
use tokio::net::TcpStream;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");
const PATIENCE: Duration = Duration::from_secs(20);

/// A server, two homes with a gateway each, and an operator.
struct Room {
    stage: Stage,
    places: Vec<Place>,
    _dir: tempfile::TempDir,
}

impl Room {
    fn open() -> Outcome<Self> {
        let dir = tempfile::Builder::new().prefix("hearthline-name-").tempdir()?;
        let stage = Stage::open(Path::new(PROGRAM), dir.path(), Setting::default())?;
        let organisation = enrol::organisation(&stage.admin, "names")?;
        let places = enrol::many(&stage.admin, &organisation, 2, &[Role::HelpButton])?;
        Ok(Self { stage, places, _dir: dir })
    }

    /// The button of the first home in a boot; twins are two of them.
    fn button(&self, boot: BootId) -> Speaker {
        let button = &self.places[0].devices[0];
        Speaker::new(button.device, &button.key, button.epoch, boot)
    }

    async fn gateway(&self, n: usize) -> Outcome<Gateway> {
        let of = &self.places[n].gateway;
        let login = login(of, Lane::Emergency, fresh_boot()?, 1);
        let mut link = Link::plain(self.stage.server.gateways, &login).await?;
        link.subscribe(&Topic::GatewayDown(of.gateway).to_string()).await?;
        let topic = Topic::GatewayUp(of.gateway, Lane::Emergency).to_string();
        Ok(Gateway { link, topic })
    }

    fn queue(&self) -> Outcome<Vec<Value>> {
        let queue = self.stage.admin.get("/api/queue")?.good()?;
        Ok(queue["alerts"].as_array().cloned().unwrap_or_default())
    }
}

/// The emergency lane of one gateway.
struct Gateway {
    link: Link<TcpStream>,
    topic: String,
}

impl Gateway {
    async fn carry(&mut self, frame: &FrameBuf) -> Outcome {
        self.link.publish(&self.topic, relay(frame)?);
        self.link.flush().await
    }

    /// The next rung that it is told of this press.
    async fn told(&mut self, press: PressId) -> Outcome<Rung> {
        let heard = tokio::time::timeout(PATIENCE, async {
            loop {
                let Said::Told(word) = self.link.next().await? else { continue };
                if let Ok(GatewayDown::Forward { hint: Some(hint), .. }) = GatewayDown::read(&word)
                    && let Receipt { press: of, rung } = hint
                    && of == press
                {
                    break Ok(rung);
                }
            }
        });
        heard.await.map_err(|_| Trouble::new(format!("nothing was told of {press:?}")))?
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_press_is_answered_each_time_it_is_repeated_and_a_twins_press_too() -> Outcome {
    let room = Room::open()?;
    let mut hall = room.gateway(0).await?;
    let boot = fresh_boot()?;
    let (press, frame) = room.button(boot).press(60_000)?;
    for _ in 0..3 {
        hall.carry(&frame).await?;
        assert_eq!(hall.told(press).await?, Rung::Received);
    }
    let alert = room.queue()?.remove(0);
    assert_eq!(alert["count"], 1, "copies are one");
    let id = text(&alert, "id")?.to_owned();
    let desk = room.stage.operator("desk")?;
    desk.post(&format!("/api/alerts/{id}/claim"), &json!({}))?.good()?;
    assert_eq!(hall.told(press).await?, Rung::Seen);
    hall.carry(&frame).await?;
    assert_eq!(hall.told(press).await?, Rung::Seen, "with the highest rung");
    let (same_name, twin) = room.button(boot).press(70_000)?;
    assert_eq!(same_name, press);
    hall.carry(&twin).await?;
    assert!(hall.told(press).await? >= Rung::Received, "its device waits for an answer, too");
    // Behind another box its own device listens: the answer goes where the press came from.
    let mut other = room.gateway(1).await?;
    other.carry(&twin).await?;
    assert!(other.told(press).await? >= Rung::Received);
    let of_kind = |kind: &str| room.queue().map(|all| all.iter().any(|a| a["kind"] == kind));
    until("the fault", || of_kind("identity_twice")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_boxes_with_one_identity_are_told_and_a_box_that_starts_again_is_not() -> Outcome {
    let room = Room::open()?;
    let twice = |gateway: &GatewayBox| -> Outcome<bool> {
        let name = gateway.gateway.to_string();
        Ok(room.queue()?.iter().any(|a| a["kind"] == "identity_twice" && a["gateway"] == *name))
    };
    let (single, copied) = (&room.places[0].gateway, &room.places[1].gateway);
    for _ in 0..6 {
        connect(&room, single, fresh_boot()?, 1).await?;
    }
    let (one, other) = (fresh_boot()?, fresh_boot()?);
    for counter in 1..4 {
        connect(&room, copied, one, counter).await?;
        connect(&room, copied, other, counter).await?;
    }
    until("the fault", || twice(copied)).await?;
    assert!(!twice(single)?);
    Ok(())
}

async fn connect(room: &Room, of: &GatewayBox, boot: BootId, counter: u32) -> Outcome {
    let login = login(of, Lane::Emergency, boot, counter);
    Link::plain(room.stage.server.gateways, &login).await?;
    Ok(())
}

/// Waits until a fact of the server holds.
async fn until(what: &str, fact: impl Fn() -> Outcome<bool>) -> Outcome {
    let look = async {
        let mut every = tokio::time::interval(Duration::from_millis(50));
        while !fact()? {
            every.tick().await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, look)
        .await
        .map_err(|_| Trouble::new(format!("{what}: never")))?
}
