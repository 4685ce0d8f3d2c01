//! Set-up of InfluxDB: three buckets with their retention, and the tasks that fill two of them.
//!
//! Can be run again: what is there is left as it is. Hourly tasks roll up what is fresh, daily ones
//! what came late by up to three days. Not here: users and tokens of InfluxDB.

use influxdb2::Client;
use influxdb2::api::buckets::ListBucketsRequest;
use influxdb2::api::organization::ListOrganizationRequest;
use influxdb2::api::task::{CreateTaskRequest, ListTasksRequest};
use influxdb2::models::PostBucketRequest;
use influxdb2::models::retention_rule::{RetentionRule, Type};

use super::InfluxConfig;
use crate::series::{Retention, SeriesError};

const DAY_S: i64 = 86_400;
/// What the text of [`roll_up`] needs in front of it.
pub const IMPORT: &str = "import \"date\"\n";
/// How often a task runs and how far it looks back.
const RHYTHMS: [(&str, &str); 2] = [("1h", "3h"), ("24h", "80h")];

/// Makes what is missing; answers the names of what it made.
///
/// # Errors
/// InfluxDB does not answer, the organisation is unknown, or the token has no right to do this.
pub async fn setup(config: &InfluxConfig, keep: &Retention) -> Result<Vec<String>, SeriesError> {
    let client = config.client()?;
    let work = async {
        let org = organisation(&client, config).await?;
        let mut made = Vec::new();
        let wanted = [("", keep.raw_days), ("_1m", keep.minute_days), ("_1h", keep.hour_days)];
        for (suffix, days) in wanted {
            let name = format!("{}{suffix}", config.bucket);
            if bucket(&client, config, &org, &name, days).await? {
                made.push(name);
            }
        }
        for every in ["1m", "1h"] {
            for (rhythm, back) in RHYTHMS {
                let name = format!("{} {every} every {rhythm}", config.bucket);
                let options =
                    format!("option task = {{name: \"{name}\", every: {rhythm}, offset: 5m}}\n");
                let text = IMPORT.to_owned() + &options + &roll_up(config, every, back);
                if task(&client, config, &org, &name, text).await? {
                    made.push(name);
                }
            }
        }
        Ok(made)
    };
    let patience = config.patience * 10;
    tokio::time::timeout(patience, work)
        .await
        .unwrap_or_else(|_| Err(config.error("no answer in time")))
}

/// The Flux text that rolls raw points of the last `back` up to spans of `every`; goes behind [`IMPORT`].
pub fn roll_up(config: &InfluxConfig, every: &str, back: &str) -> String {
    let InfluxConfig { bucket, org, .. } = config;
    let mut text = format!(
        "data = from(bucket: \"{bucket}\")\n\
         |> range(start: date.truncate(t: -{back}, unit: {every}), stop: date.truncate(t: now(), unit: {every}))\n\
         |> filter(fn: (r) => r._measurement == \"bed\" and r._field == \"v\")\n"
    );
    for (name, function) in [("v", "mean"), ("low", "min"), ("high", "max"), ("n", "count")] {
        text += &format!(
            "data |> aggregateWindow(every: {every}, fn: {function}, createEmpty: false, timeSrc: \"_start\") \
             |> toFloat() |> set(key: \"_field\", value: \"{name}\") \
             |> to(bucket: \"{bucket}_{every}\", org: \"{org}\") |> yield(name: \"{name}\")\n"
        );
    }
    text
}

async fn organisation(client: &Client, config: &InfluxConfig) -> Result<String, SeriesError> {
    let request =
        ListOrganizationRequest { org: Some(config.org.clone()), ..ListOrganizationRequest::new() };
    let found = client.list_organizations(request).await;
    let found = found.map_err(|error| config.error(&error.to_string()))?;
    found
        .orgs
        .into_iter()
        .find_map(|org| org.id)
        .ok_or_else(|| config.error("this organisation is unknown to it"))
}

async fn bucket(
    client: &Client,
    config: &InfluxConfig,
    org: &str,
    name: &str,
    days: u32,
) -> Result<bool, SeriesError> {
    let told = |error: influxdb2::RequestError| config.error(&error.to_string());
    let request = ListBucketsRequest {
        name: Some(name.to_owned()),
        org_id: Some(org.to_owned()),
        ..ListBucketsRequest::default()
    };
    // An unknown name is answered by an empty list or by "not found".
    let known = client.list_buckets(Some(request)).await;
    if known.is_ok_and(|found| found.buckets.iter().any(|bucket| bucket.name == name)) {
        return Ok(false);
    }
    let seconds = i64::from(days) * DAY_S;
    let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
    let request = PostBucketRequest {
        retention_rules: vec![RetentionRule::new(Type::Expire, seconds)],
        ..PostBucketRequest::new(org.to_owned(), name.to_owned())
    };
    client.create_bucket(Some(request)).await.map_err(told)?;
    Ok(true)
}

async fn task(
    client: &Client,
    config: &InfluxConfig,
    org: &str,
    name: &str,
    flux: String,
) -> Result<bool, SeriesError> {
    let told = |error: influxdb2::RequestError| config.error(&error.to_string());
    let request = ListTasksRequest {
        name: Some(name.to_owned()),
        org_id: Some(org.to_owned()),
        ..ListTasksRequest::default()
    };
    let known = client.list_tasks(request).await.map_err(told)?;
    if known.tasks.iter().any(|task| task.name == name) {
        return Ok(false);
    }
    let request =
        CreateTaskRequest { org_id: Some(org.to_owned()), ..CreateTaskRequest::new(flux) };
    client.create_task(request).await.map_err(told)?;
    Ok(true)
}
