//! The senses of a board as a promise: what its real drivers feel is known in the home and to those who help.
//!
//! Chips are played bit by bit and register by register. Not here: presses (`qemu`), and when a fall is one (`care`).

use std::net::SocketAddr;
use std::time::Duration;

use proto::topic::Topic;
use proto::up::Role;
use serde_json::Value;
use tests::image::room::Room;
use tests::mqtt::{Link, Login, Refusal, Said};
use tests::scene::of_kind;
use tests::trouble::{Outcome, Trouble};

#[expect(dead_code, reason = "the detector's own cases need more of it")]
#[path = "../../firmware/tests/wearer.rs"]
mod wearer;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");
/// Seconds that a sense may take to be known.
const KNOWN: Duration = Duration::from_secs(40);

/// Waits until a display in the home shows something of the board.
async fn shown(room: &Room, what: &str, shows: impl Fn(&Value) -> bool) -> Outcome {
    let login = Login { client: what.into(), user: what.into(), password: None, keep_alive_s: 0 };
    let bus: SocketAddr = room.scene.gateway.bus;
    let link = Link::plain(bus, &login).await;
    let mut link = link.map_err(|refusal| match refusal {
        Refusal::Code(code) => Trouble::new(format!("the bus refuses with {code}")),
        Refusal::Trouble(trouble) => trouble,
    })?;
    link.subscribe(&Topic::BusState(room.device.home, room.device.device).to_string()).await?;
    let mut last = Value::Null;
    let follow = async {
        while !shows(&last) {
            if let Said::Told(word) = link.next().await? {
                last = serde_json::from_slice(&word)?;
            }
        }
        Ok::<_, Trouble>(())
    };
    match tokio::time::timeout(KNOWN, follow).await {
        Ok(end) => end,
        Err(_) => Err(Trouble::new(format!("no display shows {what}: {last}"))),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn weight_on_the_mat_is_somebody_in_bed() -> Outcome {
    let Some(room) = Room::open(PROGRAM, Role::BedMat).await? else { return Ok(()) };
    let machine = room.linked().await?;
    machine.bench.load(Some(68_000));
    shown(&room, "in bed", |word| word["in_bed"] == true).await?;
    machine.bench.load(Some(900));
    shown(&room, "out of bed", |word| word["in_bed"] == false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn door_that_opens_and_closes_is_known() -> Outcome {
    let Some(room) = Room::open(PROGRAM, Role::Door).await? else { return Ok(()) };
    let machine = room.linked().await?;
    machine.bench.door(true);
    shown(&room, "an open door", |word| word["door_open"] == true).await?;
    machine.bench.door(false);
    shown(&room, "a closed door", |word| word["door_open"] == false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pulled_cord_calls_for_help() -> Outcome {
    let Some(room) = Room::open(PROGRAM, Role::PullCord).await? else { return Ok(()) };
    let machine = room.linked().await?;
    machine.bench.cord(true);
    machine.light("received", 20).await?;
    room.scene.until("the pull on a screen", 20, |book| of_kind(book, "help").len() == 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn fall_of_a_wearer_is_one_alert() -> Outcome {
    let Some(room) = Room::open(PROGRAM, Role::Pendant).await? else { return Ok(()) };
    let machine = room.linked().await?;
    let film = [wearer::fall(), wearer::lie(1.0)].concat();
    machine.bench.feel(&film);
    machine.light("received", 60).await?;
    room.scene.until("the fall on a screen", 20, |book| of_kind(book, "fall").len() == 1).await
}
