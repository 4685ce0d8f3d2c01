//! Whether an InfluxDB takes the token and has its buckets as configured: asked before somebody relies on it.
//!
//! Not here: writing or making anything.

use influxdb2::models::Bucket;
use influxdb2::{Client, RequestError};

use super::layout::Layout;
use super::{InfluxConfig, bucket};
use crate::SeriesError;

/// Asks for the buckets of all resolutions, and how long they keep points.
///
/// # Errors
/// It does not answer, refuses the token, has no such bucket, or one that keeps points for another time.
pub async fn ask(config: &InfluxConfig) -> Result<(), SeriesError> {
    let client = config.client()?;
    let days = config.keep.map(|keep| [keep.raw_days, keep.minute_days, keep.hour_days]);
    for (place, (suffix, _)) in Layout::Now.levels().into_iter().enumerate() {
        let name = format!("{}{suffix}", config.bucket);
        let known = find(&client, config, &name).await?;
        let (has, wanted) = (bucket::days(&known), days.map_or(0, |days| i64::from(days[place])));
        if days.is_some() && has != wanted {
            let told = format!(
                "bucket {name} keeps points for {has} days and not for {wanted}, run `server influx`"
            );
            return Err(config.error(&told));
        }
    }
    Ok(())
}

async fn find(client: &Client, config: &InfluxConfig, name: &str) -> Result<Bucket, SeriesError> {
    let request = bucket::named(name);
    let answer = tokio::time::timeout(config.patience, client.list_buckets(Some(request))).await;
    let none = || config.error(&format!("it has no bucket {name}, run `server influx`"));
    match answer {
        Err(_) => Err(config.error("no answer in time")),
        Ok(Ok(found)) => {
            found.buckets.into_iter().find(|bucket| bucket.name == name).ok_or_else(none)
        }
        Ok(Err(RequestError::Http { status, .. })) if matches!(status.as_u16(), 401 | 403) => {
            Err(config.error("it refuses the token, put one with rights into the token file"))
        }
        Ok(Err(RequestError::Http { status, .. })) if status.as_u16() == 404 => Err(none()),
        Ok(Err(error)) => Err(config.error(&error.to_string())),
    }
}
