//! Set-up of InfluxDB: three buckets with their retention, and the tasks that fill two of them.
//!
//! Can be run again: what is there and as it should be is left alone; another retention, a task of another text and
//! the tasks of an earlier layout are changed. Hourly tasks roll up what is fresh, daily ones what came late by up to
//! three days. Not here: users and tokens of InfluxDB, when it is run (`care`).

use influxdb2::Client;
use influxdb2::api::organization::ListOrganizationRequest;
use influxdb2::api::task::{CreateTaskRequest, ListTasksRequest};
use influxdb2::models::Query;

use super::layout::FORMER;
use super::{InfluxConfig, bucket};
use crate::{Retention, SeriesError};

/// What the text of [`roll_up`] needs in front of it.
pub const IMPORT: &str = "import \"date\"\n";
/// Spans that are rolled up to, and the one of before.
const SPANS: [&str; 2] = ["15m", "1h"];
const FORMER_SPAN: &str = "1m";
/// How often a task runs and how far it looks back.
const RHYTHMS: [(&str, &str); 2] = [("1h", "3h"), ("24h", "80h")];

/// Makes what is missing and changes what is otherwise; answers what it did, a line each.
///
/// # Errors
/// InfluxDB does not answer, the organisation is unknown, or the token has no right to do this.
pub async fn setup(config: &InfluxConfig, keep: &Retention) -> Result<Vec<String>, SeriesError> {
    setup_by(&config.client()?, config, keep).await
}

/// The same with a client whose token counts now.
pub(super) async fn setup_by(
    client: &Client,
    config: &InfluxConfig,
    keep: &Retention,
) -> Result<Vec<String>, SeriesError> {
    let work = async {
        let org = organisation(client, config).await?;
        let mut made = Vec::new();
        let wanted = [("", keep.raw_days), ("_15m", keep.minute_days), ("_1h", keep.hour_days)];
        for (suffix, days) in wanted {
            let name = format!("{}{suffix}", config.bucket);
            made.extend(bucket::ensure(client, config, &org, &name, days).await?);
        }
        let name = format!("{}_{FORMER_SPAN}", config.bucket);
        made.extend(bucket::keep(client, config, &org, &name, keep.minute_days).await?);
        for (rhythm, back) in RHYTHMS {
            for every in SPANS {
                let name = format!("{} {every} every {rhythm}", config.bucket);
                let options =
                    format!("option task = {{name: \"{name}\", every: {rhythm}, offset: 5m}}\n");
                let text = IMPORT.to_owned() + &options + &roll_up(config, every, back);
                made.extend(task(client, config, &org, (&name, Some(text))).await?);
            }
            let former = format!("{} {FORMER_SPAN} every {rhythm}", config.bucket);
            made.extend(task(client, config, &org, (&former, None)).await?);
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
    let source = |field: &str| {
        format!(
            "from(bucket: \"{bucket}\")\n\
             |> range(start: date.truncate(t: -{back}, unit: {every}), stop: date.truncate(t: now(), unit: {every}))\n\
             |> filter(fn: (r) => r._field == \"{field}\")\n"
        )
    };
    let mut text = format!("data = {}gaps = {}", source("value"), source("no_data"));
    for (name, function) in [("mean", "mean"), ("low", "min"), ("high", "max"), ("count", "count")]
    {
        text += &format!(
            "data |> aggregateWindow(every: {every}, fn: {function}, createEmpty: false, timeSrc: \"_start\") \
             |> toFloat() |> set(key: \"_field\", value: \"{name}\") \
             |> to(bucket: \"{bucket}_{every}\", org: \"{org}\") |> yield(name: \"{name}\")\n"
        );
    }
    // The last reason of a span in which something was missing.
    text += &format!(
        "gaps |> aggregateWindow(every: {every}, fn: last, createEmpty: false, timeSrc: \"_start\") \
         |> to(bucket: \"{bucket}_{every}\", org: \"{org}\") |> yield(name: \"no_data\")\n"
    );
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

/// Makes a task be there with this text, or not be there; answers what it did.
async fn task(
    client: &Client,
    config: &InfluxConfig,
    org: &str,
    (name, flux): (&str, Option<String>),
) -> Result<Option<String>, SeriesError> {
    let told = |error: influxdb2::RequestError| config.error(&error.to_string());
    let request = ListTasksRequest {
        name: Some(name.to_owned()),
        org_id: Some(org.to_owned()),
        ..ListTasksRequest::default()
    };
    let mut known = client.list_tasks(request).await.map_err(told)?.tasks;
    known.retain(|task| task.name == name);
    let right = |flux: &String| known.iter().any(|task| task.flux.trim() == flux.trim());
    if known.len() == usize::from(flux.is_some()) && flux.as_ref().is_none_or(right) {
        return Ok(None);
    }
    for task in &known {
        if task.flux.contains(&format!("\"{FORMER}\"")) {
            // What it has not rolled up yet lies as nothing rolls it up from now on.
            let last = client.query_raw(Some(Query::new(task.flux.clone()))).await;
            last.map_err(told)?;
        }
        client.delete_task(&task.id).await.map_err(told)?;
    }
    let Some(flux) = flux else { return Ok(Some(format!("{name} is ended"))) };
    let request =
        CreateTaskRequest { org_id: Some(org.to_owned()), ..CreateTaskRequest::new(flux) };
    client.create_task(request).await.map_err(told)?;
    Ok(Some(name.to_owned()))
}
