//! The past of the demo's homes: weeks that were lived at high speed, put where the server keeps what it has heard.
//!
//! The server does not run meanwhile. Values go into its series, judgements and ended alerts into its records, all by
//! its own rooms; no page knows that it was not there. Not here: how homes live (`house`), who lives there (`roll`).

pub mod book;
pub mod day;
pub mod fitted;
pub mod house;
pub mod judged;

use std::path::Path;
use std::time::Duration;

use centre::config::Config;
use centre::{ingest, timekeeping};
use proto::id::{GatewayId, HomeId};
use proto::unit::Mono;
use records::{Records, care};
use series::{Point, Series, embedded};
use tokio::sync::mpsc::{Receiver, channel};

use self::house::House;
use self::judged::Judged;
use crate::enrol::Enrolled;
use crate::seed::Seed;
use crate::trouble::{Outcome, Trouble};

/// Batches of a day and home that may wait for the store.
const WAITING: usize = 24;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// When a past is, on the server's clock and on the wall.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Its first moment, a local midnight.
    pub from: Mono,
    /// The first moment after it.
    pub to: Mono,
    /// Wall clock minus the server's, ms.
    pub wall: i64,
}

/// What was made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Made {
    /// Values in the series.
    pub points: usize,
    /// Alerts that were raised and ended.
    pub alerts: usize,
}

/// Lives `span` of these homes and writes it down; `staff` has ended what was found. The server of this configuration
/// must not run.
pub async fn make(
    config: &Path,
    gateway: GatewayId,
    homes: &[(HomeId, Vec<Enrolled>)],
    (span, staff): (Duration, &str),
    seed: &Seed,
) -> Outcome<Made> {
    let config = Config::load(config)?;
    let records = Records::open(&config.data).await?;
    let clock = timekeeping::resume(&records).await?;
    let now = clock.now();
    let Some(span) = span_of(&config, now, span) else { return Ok(Made::default()) };
    let (hand, take) = channel::<Vec<Point>>(WAITING);
    let lives: Vec<_> = (0..)
        .zip(homes.to_vec())
        .map(|(n, (home, devices))| {
            let (hand, seed) = (hand.clone(), seed.part(n));
            tokio::task::spawn_blocking(move || -> Outcome<(HomeId, Judged)> {
                let house = House::new((home, gateway), &devices, span, &seed);
                let gone = |_| Trouble::new("the series takes nothing any more");
                Ok((home, house.live(|points| hand.blocking_send(points).map_err(gone))?))
            })
        })
        .collect();
    drop(hand);
    let mut made = Made { points: keep(&config, take).await?, alerts: 0 };
    for life in lives {
        let (home, judged) = life.await??;
        made.alerts += put(&records, home, &judged, (span, staff)).await?;
    }
    records.close().await;
    Ok(made)
}

/// Whole days until now; none if there is no room for one on the server's clock.
fn span_of(config: &Config, now: centre::clock::Now, span: Duration) -> Option<Span> {
    let today = i64::from(config.minute_of_day(now.wall_ms)) * MINUTE_MS + now.wall_ms % MINUTE_MS;
    let (mono, room) =
        (i64::try_from(now.mono.millis()).ok()?, i64::try_from(span.as_millis()).ok()?);
    let days = room.min(mono - today) / DAY_MS;
    let from = mono - today - days * DAY_MS;
    let from = Mono::from_millis(u64::try_from(from).ok()?);
    (days > 0).then_some(Span { from, to: now.mono, wall: now.wall_ms - mono })
}

/// Puts what was measured into the series; gives how much it was.
async fn keep(config: &Config, mut take: Receiver<Vec<Point>>) -> Outcome<usize> {
    let series = embedded::open(&config.data.join("series.db"), config.series.retention)?;
    let mut count = 0;
    while let Some(points) = take.recv().await {
        count += points.len();
        series.write(points).await?;
    }
    series.close().await?;
    Ok(count)
}

/// Puts one home's judgement and its alerts into the records; gives how many alerts.
async fn put(
    records: &Records,
    home: HomeId,
    judged: &Judged,
    (span, staff): (Span, &str),
) -> Outcome<usize> {
    let number = i64::try_from(home.get())?;
    let row = ingest::row_of(number, &judged.home);
    let row = row.ok_or_else(|| Trouble::new("a judgement cannot be written"))?;
    let mut writer = records.begin().await?;
    care::put(&mut writer, &[row]).await?;
    let alerts = book::put(&mut writer, number, judged, (span, staff)).await?;
    writer.commit().await?;
    Ok(alerts)
}
