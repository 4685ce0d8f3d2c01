//! What a program of the household calls on the bus of its box is a call of the home, in the box's own name.
//!
//! Frames are sealed as the box seals them and handed to a batcher. Not here: how a call gets into the box (`gateway`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "scene/house.rs"]
mod house;

use care::{Kind, Severity, Trust};
use proto::frame::{Header, Lane, seal_end};
use proto::id::{BootId, PressId, Seq};
use proto::relay::RelayKind;
use proto::unit::Millis;
use proto::up::{Event, EventKind, Role, Up};
use records::home::HomeRow;

use house::{Room, WALL};

impl Room {
    async fn calls(&mut self, seq: u32) {
        let (device, boot) = (self.hall.device, BootId::new(7, 1));
        let id = PressId { device, boot, seq: Seq::new(seq) };
        let (kind, uptime) = (EventKind::Press, Millis::new(60_000));
        let up = Up::Event(Event { kind, uptime, count: None });
        let header = Header { class: up.class(), epoch: self.hall.epoch, id };
        let seal = self.hall.key.end(self.hall.epoch).boot(boot);
        let open = seal_end(&header, &up.to_body().unwrap(), &seal).unwrap();
        let row = self.row(RelayKind::Open, 0, &open);
        self.house.take(Lane::Emergency, vec![row]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_a_box_that_serves_one_home_is_a_verified_call_of_that_home() {
    let mut room = Room::open().await;
    room.calls(1).await;
    room.calls(1).await;
    let alerts = room.house.of_kind(Kind::Help).await;
    let [alert] = alerts.as_slice() else { panic!("one alert: {alerts:?}") };
    assert_eq!(alert.home, i64::try_from(room.home.get()).unwrap());
    assert_eq!(alert.trust, Trust::Verified);
    assert_eq!(alert.severity, Severity::Emergency);
    assert_eq!(room.house.presses(&alerts).await, 1, "a copy is none");
    room.calls(2).await;
    let alerts = room.house.of_kind(Kind::Help).await;
    assert_eq!((alerts.len(), room.house.presses(&alerts).await), (1, 2), "a second call joins it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_a_box_that_serves_many_homes_is_shown_as_one_of_no_home_and_not_dropped() {
    let mut room = Room::open().await;
    let make = &room.house.app.provision;
    let organisation = make.create_organisation("演示机构", WALL).await.unwrap();
    let other = HomeRow { organisation, label: "3-2-502".into(), ..HomeRow::default() };
    let other = make.create_home(other, WALL).await.unwrap();
    make.create_device(other, room.gateway, Role::HelpButton, "bed", WALL).await.unwrap();
    room.house.begin_anew().await;
    room.calls(1).await;
    let alerts = room.house.of_kind(Kind::Help).await;
    let [alert] = alerts.as_slice() else { panic!("one alert: {alerts:?}") };
    assert_eq!((alert.home, alert.trust), (0, Trust::Verified));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_is_told_what_it_asked_by_itself() {
    let room = Room::open().await;
    let registry = &room.house.app.registry;
    assert_eq!(registry.device(room.hall.device).unwrap().way(), Some(room.gateway));
    assert_eq!(registry.device(room.button.device).unwrap().way(), Some(room.gateway));
}
