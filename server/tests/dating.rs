//! A press is as old as it is, in the rows and on the screens, whichever word of its device comes first.
//!
//! Frames are sealed as devices seal them and handed to a batcher. Not here: the clock of a boot (`care::dating`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "scene/house.rs"]
mod house;

use proto::frame::{Header, Lane, seal_end};
use proto::id::{BootId, PressId, Seq};
use proto::relay::RelayKind;
use proto::unit::Millis;
use proto::up::{Event, EventKind, Health, Role, Up};
use records::desk::{self, ActivationRow, DeskRow};

use house::Room;

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

impl Room {
    async fn say(&mut self, lane: Lane, (boot, seq): (u32, u32), up: &Up, age: u64) {
        let (device, boot) = (self.button.device, BootId::new(7, boot));
        let id = PressId { device, boot, seq: Seq::new(seq) };
        let header = Header { class: up.class(), epoch: self.button.epoch, id };
        let seal = self.button.key.end(self.button.epoch).boot(boot);
        let open = seal_end(&header, &up.to_body().unwrap(), &seal).unwrap();
        let row = self.row(RelayKind::Open, age, &open);
        self.house.take(lane, vec![row]).await;
    }

    async fn press(&mut self, name: (u32, u32), uptime: u64, age: u64) {
        let (kind, uptime) = (EventKind::Press, Millis::new(uptime));
        let up = Up::Event(Event { kind, uptime, count: None });
        self.say(Lane::Emergency, name, &up, age).await;
    }

    async fn press_of(&mut self, boot: u32, (seq, uptime): (u32, u64)) {
        self.press((boot, seq), uptime, 0).await;
    }

    async fn health(&mut self, name: (u32, u32), uptime: u64) {
        let up = Up::Health(Health {
            uptime: Millis::new(uptime),
            period_s: 60,
            battery: None,
            signal: None,
            firmware: 1,
            tested: None,
            role: Role::HelpButton,
        });
        self.say(Lane::Telemetry, name, &up, 0).await;
    }

    /// The only alert, and its presses with their age in minutes.
    async fn shown(&self) -> (DeskRow, Vec<(i64, bool)>) {
        let alert = self.house.alerts().await.remove(0);
        let mut reader = self.house.app.records.reader().await.unwrap();
        let rows = desk::activations(&mut reader, &alert.id, 100).await.unwrap();
        let now = self.house.app.clock.mono();
        let age = |row: &ActivationRow| {
            i64::try_from(now.since(row.pressed_mono.unwrap()).get() / 60_000).unwrap()
        };
        let mut ages: Vec<_> = rows.iter().map(|row| (row.seq, age(row), row.late)).collect();
        ages.sort_unstable();
        (alert, ages.into_iter().map(|(_, age, late)| (age, late)).collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_overtakes_its_boots_first_health_is_late_and_the_screens_say_so() {
    let mut room = Room::open().await;
    room.press((1, 1), MINUTE, 0).await;
    let (fresh, ages) = room.shown().await;
    assert_eq!((fresh.late, ages), (false, vec![(0, false)]));
    room.health((1, 2), 121 * MINUTE).await;
    let (late, ages) = room.shown().await;
    assert_eq!((late.late, ages), (true, vec![(120, true)]));
    assert!(late.cursor > fresh.cursor, "each screen is told");
    assert_eq!((late.spoke, late.count), (fresh.spoke, 1), "the home has said nothing new");
    room.press((1, 3), 121 * MINUTE + 5_000, 0).await;
    let (both, ages) = room.shown().await;
    assert_eq!((both.count, ages), (2, vec![(120, true), (0, false)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_of_an_earlier_boot_is_late_whether_it_comes_before_or_after_the_next_ones_health()
{
    for first in [true, false] {
        let mut room = Room::open().await;
        if first {
            room.press((4, 9), 50 * MINUTE, 0).await;
            room.health((5, 1), 30 * MINUTE).await;
        } else {
            room.health((5, 1), 30 * MINUTE).await;
            room.press((4, 9), 50 * MINUTE, 0).await;
        }
        let (alert, ages) = room.shown().await;
        assert_eq!((alert.late, ages), (true, vec![(30, true)]), "press first: {first}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_is_older_than_the_server_is_as_old_as_it_is() {
    let mut room = Room::open().await;
    room.press((1, 1), MINUTE, 90 * DAY).await;
    let (alert, ages) = room.shown().await;
    assert_eq!((alert.late, ages), (true, vec![(90 * 24 * 60, true)]));
    let mut room = Room::open().await;
    room.health((1, 1), 200 * DAY).await;
    room.press((1, 2), 10 * DAY, 0).await;
    assert_eq!(room.shown().await.1, [(190 * 24 * 60, true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_after_a_counter_of_32_bits_has_wrapped_is_fresh() {
    let mut room = Room::open().await;
    room.health((1, 1), u64::from(u32::MAX) - 2_000).await;
    room.press((1, 2), 500, 0).await;
    let (alert, ages) = room.shown().await;
    assert_eq!((alert.late, ages), (false, vec![(0, false)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_forgets_nothing_that_dates_a_press() {
    // A press of an earlier boot, then the next boot's first word.
    let mut room = Room::open().await;
    room.press_of(4, (9, 9 * MINUTE)).await;
    room.house.begin_anew().await;
    room.health((5, 1), 40 * MINUTE).await;
    assert_eq!(room.shown().await.1, [(40, true)]);
    // A press that overtook its own boot's first word.
    let mut room = Room::open().await;
    room.press_of(1, (1, 2 * MINUTE)).await;
    room.house.begin_anew().await;
    room.health((1, 2), 122 * MINUTE).await;
    assert_eq!(room.shown().await.1, [(120, true)]);
    // A boot that has spoken, then a press of the one before it.
    let mut room = Room::open().await;
    room.health((6, 1), 40 * MINUTE).await;
    room.house.begin_anew().await;
    room.press_of(5, (9, 9 * MINUTE)).await;
    assert_eq!(room.shown().await.1, [(40, true)]);
    // What was fresh stays fresh.
    let mut room = Room::open().await;
    room.health((1, 1), 40 * MINUTE).await;
    room.press_of(1, (2, 40 * MINUTE)).await;
    room.house.begin_anew().await;
    room.health((1, 3), 40 * MINUTE + 2_000).await;
    assert_eq!(room.shown().await.1, [(0, false)]);
}
