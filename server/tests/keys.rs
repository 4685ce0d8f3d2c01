//! Keys follow a device to another gateway: what it said under the old ones counts, and the rows know what it was heard under.
//!
//! Frames are sealed as devices seal them and handed to a batcher. Not here: how the device hears of it (`tests`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "keys/after.rs"]
mod after;
#[path = "scene/house.rs"]
mod house;

use centre::clock::Now;
use centre::provision::{Minted, Provision};
use proto::frame::{Header, Lane, seal_end, seal_hop};
use proto::id::{BootId, GatewayId, HomeId, KeyEpoch, PressId, Seq};
use proto::relay::RelayKind;
use proto::unit::{Millis, Mono};
use proto::up::{Event, EventKind, Health, Role, Up};
use records::home::HomeRow;

use house::{House, WALL};

const NOW: Now = Now { mono: Mono::from_millis(0), wall_ms: WALL };
const VERIFIED: care::Trust = care::Trust::Verified;

struct Place {
    organisation: String,
    home: HomeId,
    old: GatewayId,
    new: GatewayId,
    button: Minted,
}

async fn furnish(make: &Provision) -> Place {
    let organisation = make.create_organisation("演示机构", WALL).await.unwrap();
    let place = HomeRow {
        organisation: organisation.clone(),
        label: "3-2-501".into(),
        ..HomeRow::default()
    };
    let home = make.create_home(place, WALL).await.unwrap();
    let box_ = async || {
        let made = make.create_gateway(&organisation, "hall", WALL).await;
        made.unwrap().device.as_gateway()
    };
    let (old, new) = (box_().await, box_().await);
    let button = make.create_device(home, old, Role::HelpButton, "bed", WALL).await.unwrap();
    Place { organisation, home, old, new, button }
}

/// A house whose button can follow from one box to another.
struct Room {
    house: House,
    place: Place,
    words: u32,
}

impl Room {
    async fn open() -> Self {
        let mut house = House::open().await;
        let place = furnish(&house.app.provision).await;
        house.begin_anew().await;
        Self { house, place, words: 0 }
    }

    /// The open frame of a word under an epoch.
    fn frame(&mut self, up: &Up, epoch: u16) -> Vec<u8> {
        // A boot for each word, so that none is believed for the sake of one before.
        self.words += 1;
        let (boot, epoch, seq) = (BootId::new(7, self.words), KeyEpoch::new(epoch), Seq::new(1));
        let id = PressId { device: self.place.button.device, boot, seq };
        let header = Header { class: up.class(), epoch, id };
        let seal = self.place.button.key.end(epoch).boot(boot);
        seal_end(&header, &up.to_body().unwrap(), &seal).unwrap().to_vec()
    }

    async fn take(&mut self, kind: RelayKind, lane: Lane, through: GatewayId, bytes: &[u8]) {
        let row = self.house.row(through, kind, 0, bytes);
        self.house.take(lane, vec![row]).await;
    }

    /// A press that its gateway had for so long before it could hand it over.
    async fn waited(&mut self, through: GatewayId, age_ms: u64) {
        let frame = self.frame(&press(), 1);
        let row = self.house.row(through, RelayKind::Open, age_ms, &frame);
        self.house.take(Lane::Emergency, vec![row]).await;
    }

    async fn press(&mut self, through: GatewayId, epoch: u16) {
        let frame = self.frame(&press(), epoch);
        self.take(RelayKind::Open, Lane::Emergency, through, &frame).await;
    }

    async fn health(&mut self, through: GatewayId, epoch: u16) {
        let up = Up::Health(Health {
            uptime: Millis::secs(5),
            period_s: 60,
            battery: None,
            signal: None,
            firmware: 1,
            tested: None,
            role: Role::HelpButton,
        });
        let frame = self.frame(&up, epoch);
        self.take(RelayKind::Open, Lane::Telemetry, through, &frame).await;
    }

    fn epochs(&self) -> (u16, u16, u16) {
        let info = self.house.app.registry.device(self.place.button.device).unwrap();
        (info.oldest.get(), info.heard.get(), info.epoch.get())
    }

    /// Presses that were believed, in all.
    async fn believed(&self) -> i64 {
        let calls = self.house.of_kind(care::Kind::Help).await;
        let own = calls.iter().filter(|call| call.trust == VERIFIED);
        own.map(|call| call.count).sum()
    }
}

fn press() -> Up {
    let (kind, uptime) = (EventKind::Press, Millis::new(1_000));
    Up::Event(Event { kind, uptime, count: None })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_behind_a_revoked_gateway_is_judged_when_it_comes_by_another_one() {
    let mut room = Room::open().await;
    let (home, old, new) = (room.place.home, room.place.old, room.place.new);
    room.house.app.provision.revoke_gateway(old).await.unwrap();
    room.press(new, 1).await;
    assert_eq!(room.believed().await, 1, "a passer-by carries it");
    let button = room.place.button.device;
    room.house.app.provision.move_device(button, home, new, NOW).await.unwrap();
    assert_eq!(room.epochs(), (0, 1, 3), "two changes that it has not heard of");
    room.press(new, 1).await;
    assert_eq!(room.believed().await, 2);
    room.health(new, 3).await;
    assert_eq!(room.epochs(), (1, 3, 3), "it has answered");
    // What lay in its flash before it was told comes after it.
    room.press(new, 1).await;
    assert_eq!(room.believed().await, 3);
    room.press(new, 3).await;
    assert_eq!(room.believed().await, 4);
    room.press(new, 0).await;
    assert_eq!(room.believed().await, 4, "older than it ever answered under");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_waited_is_of_the_home_that_its_device_was_in() {
    let mut room = Room::open().await;
    let (home, old, new) = (room.place.home, room.place.old, room.place.new);
    let button = room.place.button.device;
    let elsewhere = HomeRow {
        organisation: room.place.organisation.clone(),
        label: "9-9-999".into(),
        ..HomeRow::default()
    };
    let elsewhere = room.house.app.provision.create_home(elsewhere, WALL).await.unwrap();
    let first = room.house.app.clock.now();
    room.house.app.provision.move_device(button, elsewhere, new, first).await.unwrap();
    room.waited(old, 300_000).await;
    // Whose it is is written down when no emergency waits.
    let mut writer = room.house.app.records.begin().await.unwrap();
    records::whose::owed::settle(&mut writer, 0).await.unwrap();
    writer.commit().await.unwrap();
    let moved = room.house.alerts().await.pop().unwrap();
    assert_eq!(
        (moved.home, moved.trust),
        (home.get().cast_signed(), VERIFIED),
        "it was said there"
    );
    assert_eq!(moved.name.unwrap().label, "3-2-501");
    room.house.app.provision.release(button, room.house.app.clock.now()).await.unwrap();
    room.waited(new, 0).await;
    let astray = room.house.alerts().await.pop().unwrap();
    assert_eq!((astray.home, astray.trust), (0, care::Trust::Unverified));
    assert_eq!(astray.name.unwrap().label, "9-9-999 ?", "the last place that is known");
    // After a restart the places are known from their rows.
    let again = records::placement::all(&mut room.house.app.records.reader().await.unwrap()).await;
    let homes: Vec<i64> = again.unwrap().iter().map(|left| left.home).collect();
    assert_eq!(homes, [home.get().cast_signed(), elsewhere.get().cast_signed()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_read_whichever_of_its_keys_sealed_it_for_the_radio() {
    let mut room = Room::open().await;
    let (old, new) = (room.place.old, room.place.new);
    room.house.app.provision.replace_gateway(old, new).await.unwrap();
    for hop in [1, 2] {
        let open = room.frame(&press(), 1);
        let key = room.place.button.key.hop(KeyEpoch::new(hop));
        let boot = Header::parse(&open).unwrap().0.id.boot;
        let bytes = seal_hop(&open, &key.boot(boot)).unwrap();
        room.take(RelayKind::Stranger, Lane::Emergency, new, &bytes).await;
        assert_eq!(room.believed().await, i64::from(hop));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_told_more_than_the_rows_know_is_believed_and_the_rows_learn() {
    let mut room = Room::open().await;
    let old = room.place.old;
    // As after a backup was restored: the device has answered under an epoch that nobody here remembers.
    room.health(old, 4).await;
    assert_eq!(room.epochs(), (1, 4, 4));
    room.press(old, 4).await;
    assert_eq!(room.believed().await, 1);
    // Too far ahead to be a change of keys.
    room.health(old, 999).await;
    assert_eq!(room.epochs(), (1, 4, 4));
}
