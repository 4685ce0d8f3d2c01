//! What a home says becomes a stored value or a stored reason: from the frame to the store, at every entry.
//!
//! Not here: what can be measured at all (`care`), how stores keep a reason (`series_contract`).
#![expect(clippy::disallowed_methods, reason = "waits for a condition, and ends")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "apart/room.rs"]
mod room;

use proto::frame::Lane;
use proto::unit::{Dbm, Millis, NoData, Percent};
use proto::up::{Health, Quantity, Reading, Role, Up, Value};
use room::Room;
use series::{Sampled, Window};

/// Says these values, one frame each, a second apart, and gives what is stored of them, oldest first.
async fn stored(quantity: Quantity, told: &[Value]) -> Vec<Result<f32, NoData>> {
    let mut room = Room::open(1).await;
    for (n, value) in (1u32..).zip(told) {
        let values = std::iter::once(Value { quantity, ..*value }).collect();
        let uptime = Millis::new(60_000);
        let up = Up::Reading(Reading { uptime, period_s: 60, values, home: None });
        say(&mut room, n, 1_000 * (told.len() as u64 + 1 - u64::from(n)), &up).await;
    }
    values(&room, quantity, told.len()).await
}

async fn say(room: &mut Room, seq: u32, age_ms: u64, up: &Up) {
    let frame = room.places[0].says(seq, up);
    let row = room.row(0, age_ms, &frame);
    room.take(Lane::Telemetry, vec![row]).await;
}

async fn values(room: &Room, quantity: Quantity, count: usize) -> Vec<Result<f32, NoData>> {
    let home = room.places[0].home;
    let found = async |room: &Room| -> Vec<Sampled> {
        let to_ms = room.app.clock.now().wall_ms + 60_000;
        let from_ms = to_ms - 3_600_000;
        let window = Window { home, device: None, quantity, from_ms, to_ms, max_points: 1_000 };
        room.app.series.read(window).await.unwrap()
    };
    room.until("all is stored", async |room| found(room).await.len() >= count).await;
    found(room).await.iter().map(|sample| sample.value).collect()
}

fn number(value: f32) -> Value {
    Value { quantity: Quantity::Heart, value: Some(value), no_data: None, age_s: 0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clipped_rate_and_a_value_of_long_ago_are_stored_as_gaps_with_their_reasons() {
    let old = Value { age_s: 600, ..number(61.0) };
    let told = [number(61.0), number(200.0), number(20.0), old, number(62.0)];
    let clipped = Err(NoData::Clipped);
    let expected = [Ok(61.0), clipped, clipped, Err(NoData::Stale), Ok(62.0)];
    assert_eq!(stored(Quantity::Heart, &told).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sentinel_beside_a_reason_keeps_that_reason() {
    let off = Value { no_data: Some(NoData::Off), ..number(65_535.0) };
    let nothing = Value { value: None, ..number(0.0) };
    let told = [off, number(65_535.0), number(-32_768.0), number(1e10), number(f32::NAN), nothing];
    let never = Err(NoData::Implausible);
    let expected = [Err(NoData::Off), never, never, never, never, Err(NoData::Fault)];
    assert_eq!(stored(Quantity::Load, &told).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_tells_of_itself_in_sentinels_is_stored_as_what_cannot_be() {
    let mut room = Room::open(1).await;
    let health = Health {
        uptime: Millis::new(60_000),
        period_s: 3_600,
        battery: Some(Percent::NONSENSE),
        signal: Some(Dbm::NONSENSE),
        firmware: 1,
        tested: None,
        role: Role::HelpButton,
    };
    say(&mut room, 1, 0, &Up::Health(health)).await;
    assert_eq!(values(&room, Quantity::Battery, 1).await, [Err(NoData::Implausible)]);
    assert_eq!(values(&room, Quantity::Signal, 1).await, [Err(NoData::Implausible)]);
}
