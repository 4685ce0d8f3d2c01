//! How fast the embedded series store takes points, how small they lie, how fast a day is read.
//!
//! Data is synthetic with the texture of a bed: load in steps of 50 g, heart and breath that wander,
//! a presence that rarely changes. Prints one line; asserts nothing. Arguments: beds, hours.

use std::time::{Duration, Instant};

use proto::id::{DeviceId, HomeId};
use proto::up::Quantity;
use series::embedded::Embedded;
use series::{Point, Retention, Series, Window};

const START: i64 = 20_000 * 86_400_000;
const STEP: i64 = 10_000;

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn now() -> Instant {
    Instant::now()
}

fn noise(seed: u64) -> u64 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^ x >> 32
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn points(bed: u64, tick: i64) -> [Point; 6] {
    let (home, device) = (HomeId::new(bed), DeviceId::new(1 << 20 | bed));
    let (Some(home), Some(device)) = (home, device) else { unreachable!() };
    let at_ms = START + tick * STEP + (noise(bed) % 10_000).cast_signed();
    let r = noise(bed << 32 | tick.cast_unsigned());
    let values = [
        (Quantity::InBed, 100.0),
        (Quantity::Heart, 58.0 + (r % 9) as f32),
        (Quantity::Breath, 12.0 + ((r >> 8) % 256) as f32 / 64.0),
        (Quantity::Restless, ((r >> 16) % 4) as f32),
        (Quantity::Load, 61.0 + ((r >> 24) % 5) as f32 * 0.05),
        (Quantity::Temperature, 21.0 + (tick / 60 % 30) as f32 * 0.1),
    ];
    values.map(|(quantity, value)| Point { home, device, quantity, at_ms, value: Ok(value) })
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a bench"
)]
async fn main() {
    let mut numbers = std::env::args().filter_map(|a| a.parse::<u64>().ok());
    let (beds, hours) = (numbers.next().unwrap_or(2_000), numbers.next().unwrap_or(6));
    let dir = tempfile::tempdir_in(".").unwrap();
    let path = dir.path().join("series.db");
    let store = Embedded::open(&path, Retention::default()).unwrap();
    let (mut count, mut worst, mut spent) = (0u64, Duration::ZERO, Duration::ZERO);
    for tick in 0..(hours * 360).cast_signed() {
        let batch: Vec<Point> = (1..=beds).flat_map(|bed| points(bed, tick)).collect();
        for part in batch.chunks(5_000) {
            let part = part.to_vec();
            count += part.len() as u64;
            let begun = now();
            store.write(part).await.unwrap();
            let took = begun.elapsed();
            spent += took;
            worst = worst.max(took);
        }
    }
    let window = Window {
        home: HomeId::new(7).unwrap(),
        device: None,
        quantity: Quantity::Heart,
        from_ms: START,
        to_ms: START + 86_400_000,
        max_points: 100_000,
    };
    let mut best = Duration::MAX;
    let mut found = 0;
    for _ in 0..20 {
        let begun = now();
        found = store.read(window).await.unwrap().len();
        best = best.min(begun.elapsed());
    }
    store.close().await.unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    println!(
        "{count} points: {:.0}/s, worst batch {worst:?}; {:.2} B/point with the log; {found} points read in {best:?}",
        count as f64 / spent.as_secs_f64(),
        size as f64 / count as f64,
    );
}
