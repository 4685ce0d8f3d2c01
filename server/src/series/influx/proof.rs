//! Whether an InfluxDB takes the token and has the bucket: asked before somebody relies on it.
//!
//! Not here: writing or making anything.

use influxdb2::RequestError;
use influxdb2::api::buckets::ListBucketsRequest;

use super::InfluxConfig;
use crate::series::SeriesError;

/// Asks for the bucket of raw points.
///
/// # Errors
/// It does not answer, refuses the token, or has no such bucket.
pub async fn ask(config: &InfluxConfig) -> Result<(), SeriesError> {
    let client = config.client()?;
    let request =
        ListBucketsRequest { name: Some(config.bucket.clone()), ..ListBucketsRequest::default() };
    let answer = tokio::time::timeout(config.patience, client.list_buckets(Some(request))).await;
    let none = || config.error("it has no bucket of this name, run `server influx`");
    match answer {
        Err(_) => Err(config.error("no answer in time")),
        Ok(Ok(found)) if found.buckets.iter().any(|bucket| bucket.name == config.bucket) => Ok(()),
        Ok(Ok(_)) => Err(none()),
        Ok(Err(RequestError::Http { status, .. })) if matches!(status.as_u16(), 401 | 403) => {
            Err(config.error("it refuses the token, put one with rights into the token file"))
        }
        Ok(Err(RequestError::Http { status, .. })) if status.as_u16() == 404 => Err(none()),
        Ok(Err(error)) => Err(config.error(&error.to_string())),
    }
}
