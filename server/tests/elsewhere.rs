//! A server whose records lie in a PostgreSQL: its folder alone is copied, and rows from before begin a new life.
//!
//! Not here: what the records do there (`records/tests/postgres`), and a server under load (`tests/tests/postgres`).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "../../tests/src/postgres.rs"]
mod postgres;
#[path = "../../tests/src/tools.rs"]
#[allow(dead_code, unreachable_pub, reason = "only what a missing PostgreSQL needs")]
mod tools;

use std::path::Path;

use centre::backup;
use centre::config::Config;
use postgres::Cluster;
use server::app;

fn config(data: &Path, url: &str) -> Config {
    let text = format!("data = {data:?}\nrecords = {url:?}\n[gateways]\nbind = '127.0.0.1:0'\n");
    let config: Config = toml::from_str(&text).unwrap();
    config.prepare_data().unwrap();
    config
}

/// The life of the records after a start.
async fn line(config: &Config) -> (i64, bool) {
    let running = app::start(config.clone()).await.unwrap();
    let line = running.app.line;
    running.door.close().await;
    running.app.records.close().await;
    (line.line, line.restored_wall.is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_before_begin_a_new_life_and_those_of_now_do_not() {
    let Some(cluster) = Cluster::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder.path().join("data"), &cluster.database("records", &[]));
    let (first, restored) = line(&config).await;
    assert!(!restored);
    assert_eq!(line(&config).await, (first, false), "the same after an ordinary start");
    // A standby that had not heard of the last minutes.
    cluster.ask("records", "UPDATE clock SET high = high - 600000");
    let (second, restored) = line(&config).await;
    assert!(restored && second != first, "gateways are asked for what it lacks");
    assert_eq!(line(&config).await.0, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_takes_the_folder_and_says_what_copies_the_rows() {
    let Some(cluster) = Cluster::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder.path().join("data"), &cluster.database("records", &[]));
    let refused = backup::take(&config, &folder.path().join("early"), 1).unwrap_err().to_string();
    assert!(refused.contains("no server has run"), "{refused}");
    let (first, _) = line(&config).await;
    let to = folder.path().join("copy");
    let told = backup::take(&config, &to, 1).unwrap();
    assert!(told.contains("pg_dump") && !to.join("records.db").exists(), "{told}");
    assert!(to.join("inbox.db").exists() && to.join("keys/kek").exists());
    let other = self::config(&folder.path().join("other"), &cluster.url("records"));
    let told = backup::restore(&other, &to).unwrap();
    assert!(told.contains("put the copy of"), "{told}");
    let (second, restored) = line(&other).await;
    assert!(restored && second != first);
    let refused = backup::in_place(&other).unwrap_err().to_string();
    assert!(refused.contains("loses no log"), "{refused}");
}
