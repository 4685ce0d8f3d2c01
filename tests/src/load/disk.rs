//! How much disk one bed needs: a home lives through a year of simulated days on the real device and hub cores, and
//! what it measured goes into a series file that is tended each day as a server's is.
//!
//! The file is read at its end; the write-ahead log, which a server has once and not each bed, is told beside it.
//! Not here: rows of the records, which are few.

use proto::id::{DeviceId, GatewayId, HomeId, KeyEpoch};
use proto::key::DeviceKey;
use proto::unit::Mono;
use proto::up::Role;
use series::embedded;
use series::{Point, Retention, Series as _};
use tokio::sync::mpsc::channel;

use crate::demo::past::{Span, house::House};
use crate::enrol::Enrolled;
use crate::load::{Report, rounded};
use crate::seed::Seed;
use crate::trouble::{Outcome, Trouble};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// What a fitted bed has.
const ROLES: [Role; 6] =
    [Role::BedMat, Role::Motion, Role::Door, Role::HelpButton, Role::PullCord, Role::Pendant];
/// Wall clock of its first day, ms since 1970: a local midnight in China.
const BEGIN: i64 = 1_767_196_800_000;

/// Lives `days` days of one bed.
pub async fn run(days: u32, seed: Seed) -> Outcome<Report> {
    let home = HomeId::new(1).ok_or_else(|| Trouble::new("a number of a home"))?;
    let gateway = GatewayId::new(2).ok_or_else(|| Trouble::new("a number of a gateway"))?;
    let mut devices = Vec::new();
    for (n, role) in (3..).zip(ROLES) {
        let device = DeviceId::new(n).ok_or_else(|| Trouble::new("a number of a device"))?;
        devices.push(Enrolled {
            device,
            key: DeviceKey::from_bytes([7; 32]),
            epoch: KeyEpoch::new(0),
            role,
            home,
        });
    }
    let span = Span {
        from: Mono::from_millis(DAY_MS),
        to: Mono::from_millis(DAY_MS * (1 + u64::from(days))),
        wall: BEGIN - i64::try_from(DAY_MS)?,
    };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("series.db");
    let keep = Retention::default();
    let series = embedded::open(&path, keep)?;
    let (hand, mut take) = channel::<Vec<Point>>(2);
    let life = tokio::task::spawn_blocking(move || -> Outcome {
        let gone = |_| Trouble::new("the series takes nothing any more");
        let house = House::new((home, gateway), &devices, span, &seed);
        house.live(|points| hand.blocking_send(points).map_err(gone)).map(drop)
    });
    let (mut values, mut day) = (0, 0);
    while let Some(points) = take.recv().await {
        values += points.len();
        series.write(points).await?;
        day += 1;
        let wall = BEGIN + day * i64::try_from(DAY_MS)?;
        while series.tend(wall).await? {}
    }
    life.await??;
    series.close().await?;
    drop(series);
    let size = |file: &std::path::Path| std::fs::metadata(file).map_or(0, |of| of.len());
    let mut report = Report::default();
    report.put("days", days);
    report.put("raw_days", keep.raw_days);
    report.put("minute_days", keep.minute_days);
    report.put("hour_days", keep.hour_days);
    report.put("values", values);
    report.put("bed_mb", megabytes(size(&path)));
    report.put("log_mb", megabytes(size(&path.with_extension("db-wal"))));
    Ok(report)
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a file fit 52 bits")]
fn megabytes(bytes: u64) -> serde_json::Value {
    rounded(bytes as f64 / 1e6)
}
