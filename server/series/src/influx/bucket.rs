//! Buckets of an InfluxDB and how long they keep points: as the configuration says, whatever it said before.
//!
//! The library knows no change of a bucket, so that is a call of our own. Not here: which buckets (`setup`).

use influxdb2::Client;
use influxdb2::api::buckets::ListBucketsRequest;
use influxdb2::models::retention_rule::{RetentionRule, Type};
use influxdb2::models::{Bucket, PostBucketRequest};
use serde_json::json;

use super::InfluxConfig;
use crate::SeriesError;

const DAY_S: i64 = 86_400;

/// A question for one bucket.
pub(super) fn named(name: &str) -> ListBucketsRequest {
    ListBucketsRequest { name: Some(name.to_owned()), ..ListBucketsRequest::default() }
}

/// How many days a bucket keeps points; 0 = for ever.
pub(super) fn days(bucket: &Bucket) -> i64 {
    bucket.retention_rules.first().map_or(0, |rule| i64::from(rule.every_seconds) / DAY_S)
}

fn seconds(days: u32) -> i32 {
    i32::try_from(i64::from(days) * DAY_S).unwrap_or(i32::MAX)
}

/// Makes a bucket be there and keep points for so many days; answers what it did.
pub(super) async fn ensure(
    client: &Client,
    config: &InfluxConfig,
    org: &str,
    name: &str,
    days: u32,
) -> Result<Option<String>, SeriesError> {
    if let Some(known) = find(client, org, name).await {
        return change(config, &known, days).await;
    }
    let request = PostBucketRequest {
        retention_rules: vec![RetentionRule::new(Type::Expire, seconds(days))],
        ..PostBucketRequest::new(org.to_owned(), name.to_owned())
    };
    let made = client.create_bucket(Some(request)).await;
    made.map_err(|error| config.error(&error.to_string()))?;
    Ok(Some(name.to_owned()))
}

/// Makes a bucket keep points for so many days, if it is there; answers what it did.
pub(super) async fn keep(
    client: &Client,
    config: &InfluxConfig,
    org: &str,
    name: &str,
    days: u32,
) -> Result<Option<String>, SeriesError> {
    match find(client, org, name).await {
        Some(known) => change(config, &known, days).await,
        None => Ok(None),
    }
}

async fn find(client: &Client, org: &str, name: &str) -> Option<Bucket> {
    let request = ListBucketsRequest { org_id: Some(org.to_owned()), ..named(name) };
    // An unknown name is answered by an empty list or by "not found".
    let known = client.list_buckets(Some(request)).await.ok()?;
    known.buckets.into_iter().find(|bucket| bucket.name == name)
}

async fn change(
    config: &InfluxConfig,
    known: &Bucket,
    days: u32,
) -> Result<Option<String>, SeriesError> {
    let now = known.retention_rules.first().map_or(0, |rule| rule.every_seconds);
    if now == seconds(days) {
        return Ok(None);
    }
    let Some(id) = &known.id else { return Err(config.error("a bucket without an id")) };
    let url = format!("{}/api/v2/buckets/{id}", config.url);
    let token = format!("Token {}", config.token_now());
    let rules = json!({ "retentionRules": [{ "type": "expire", "everySeconds": seconds(days) }] });
    let patience = config.patience;
    let asked = tokio::task::spawn_blocking(move || {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(patience))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .new_agent();
        let call = agent.patch(&url).header("authorization", token);
        call.header("content-type", "application/json").send(rules.to_string())
    });
    let name = &known.name;
    match asked.await {
        Ok(Ok(answer)) if answer.status().is_success() => Ok(Some(format!(
            "{name} keeps points for {days} days now, for {} before",
            i64::from(now) / DAY_S
        ))),
        Ok(Ok(answer)) => {
            let status = answer.status();
            Err(config.error(&format!(
                "bucket {name} cannot be told to keep points for {days} days: {status}"
            )))
        }
        Ok(Err(error)) => Err(config.error(&error.to_string())),
        Err(_) => Err(config.error("a bucket could not be changed")),
    }
}
