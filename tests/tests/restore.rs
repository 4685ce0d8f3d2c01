//! Yesterday's copy is put back: what came since is asked of the home boxes, and nothing is rung for twice.
//!
//! Real server, real gateway, devices of the real core. What must hold is read from the records themselves, since
//! screens have seen alerts that no longer exist. Not here: which stores may be missing (`server/tests/lost_stores.rs`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use firmware::device::Light;
use proto::id::DeviceId;
use proto::up::Role;
use serde_json::json;
use tests::api::{Api, text};
use tests::enrol;
use tests::process::Recipe;
use tests::scene::{Scene, of_kind, press};
use tests::stage::Setting;
use tests::trouble::{Outcome, Trouble};

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");
/// Numbers of `care::Kind` and of states.
const UNVERIFIED: i64 = 2;
const OPEN: i64 = 0;
const CLOSED: i64 = 3;

/// One press in the records, and the alert that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    alert: String,
    state: i64,
    kind: i64,
    late: bool,
    gateway: Option<i64>,
    home: i64,
    notes: i64,
}

/// Every press in the records of a data folder, by device; two of one name are two entries.
fn presses(data: &Path) -> Outcome<BTreeMap<i64, Vec<Row>>> {
    let records = rusqlite::Connection::open(data.join("records.db"))?;
    let sql = "SELECT x.device, a.id, a.state, a.kind, a.late, a.gateway, a.home,
               (SELECT count(*) FROM timeline t WHERE t.alert = a.id AND t.detail LIKE '%ended_before%')
               FROM activation x JOIN alert a ON a.id = x.alert";
    let mut rows = records.prepare(sql)?;
    let rows = rows.query_map([], |row| {
        let found = Row {
            alert: row.get(1)?,
            state: row.get(2)?,
            kind: row.get(3)?,
            late: row.get(4)?,
            gateway: row.get(5)?,
            home: row.get(6)?,
            notes: row.get(7)?,
        };
        Ok((row.get(0)?, found))
    })?;
    let mut found: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
    for row in rows {
        let (device, row) = row?;
        found.entry(device).or_default().push(row);
    }
    Ok(found)
}

fn only(data: &Path, device: DeviceId) -> Outcome<Row> {
    let rows = presses(data)?.remove(&device.get().cast_signed()).unwrap_or_default();
    match rows.as_slice() {
        [row] => Ok(row.clone()),
        rows => Err(Trouble::new(format!("{device} has {} presses: {rows:?}", rows.len()))),
    }
}

/// How many ends of alarms a box remembers.
fn ends(scene: &Scene) -> i64 {
    let spool = scene.gateway.alarm.with_file_name("data").join("spool.db");
    let count = || -> rusqlite::Result<i64> {
        rusqlite::Connection::open(&spool)?
            .query_row("SELECT count(*) FROM ended", [], |row| row.get(0))
    };
    count().unwrap_or(0)
}

fn server(scene: &Scene, words: &[&str]) -> Outcome<String> {
    let config = scene.stage.dir.join("server.toml");
    let mut arguments = vec!["server".into(), words[0].into(), "--config".into(), config.into()];
    arguments.extend(words[1..].iter().map(Into::into));
    let log = scene.stage.dir.join("command.log");
    let program = PathBuf::from(PROGRAM);
    let (name, wrap, environment) = ("server".to_owned(), Vec::new(), Vec::new());
    let (status, said) =
        Recipe { name, wrap, program, arguments, environment, log }.run_to_end()?;
    if status == Some(0) { Ok(said) } else { Err(Trouble::new(format!("{words:?}: {said}"))) }
}

/// The open alert of home `n`, once a screen has it.
async fn alert_of(scene: &Scene, n: usize) -> Outcome<String> {
    let home = scene.homes[n].to_string();
    let here = |a: &&&serde_json::Value| a["home"] == home.as_str();
    scene
        .until("the alert of a home", 20, |book| of_kind(book, "help").iter().any(|a| here(&a)))
        .await?;
    let book = scene.shared.book();
    let found = of_kind(&book, "help").into_iter().find(|a| here(&a));
    Ok(text(found.ok_or_else(|| Trouble::new("no alert"))?, "id")?.to_owned())
}

/// Its id, and what the claim answered.
async fn claim(scene: &Scene, desk: &Api, n: usize) -> Outcome<(String, serde_json::Value)> {
    let id = alert_of(scene, n).await?;
    desk.post(&format!("/api/alerts/{id}/visible"), &json!({}))?.good()?;
    let claimed = desk.post(&format!("/api/alerts/{id}/claim"), &json!({}))?.good()?;
    scene.buttons[n].light_among(&[Light::Seen]).await?;
    Ok((id, claimed))
}

async fn close(scene: &Scene, desk: &Api, n: usize) -> Outcome {
    let (id, claimed) = claim(scene, desk, n).await?;
    let (fence, cursor) = (&claimed["fence"], &claimed["cursor"]);
    let before = ends(scene);
    let act = json!({ "fence": fence, "kind": "call_resident", "result": "connected" });
    desk.post(&format!("/api/alerts/{id}/actions"), &act)?.good()?;
    let end = json!({ "fence": fence, "cursor": cursor, "outcome": 4 });
    desk.post(&format!("/api/alerts/{id}/close"), &end)?.good()?;
    scene.until_true("the home box hears the end", 20, || ends(scene) > before).await
}

async fn press_and_wait(scene: &Scene, n: usize) -> Outcome {
    scene.press(n).await?;
    alert_of(scene, n).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_every_alert_is_back_none_doubled_and_none_that_had_ended_rings() -> Outcome
{
    let mut scene = Scene::open(PROGRAM, 5, Setting::default()).await?;
    let data = scene.stage.dir.join("server");
    let backup = scene.stage.dir.join("backup");
    let desk = scene.stage.operator("desk")?;
    press_and_wait(&scene, 0).await?;
    close(&scene, &desk, 0).await?;
    press_and_wait(&scene, 1).await?;
    server(&scene, &["backup", "--to", &backup.display().to_string()])?;

    // Since the backup: one ends, one comes and waits, one comes and ends, one comes and is claimed.
    close(&scene, &desk, 1).await?;
    for n in 2..5 {
        press_and_wait(&scene, n).await?;
    }
    close(&scene, &desk, 3).await?;
    claim(&scene, &desk, 4).await?;
    // And a device that the backup does not know.
    let (home, gateway) = (scene.homes[0], scene.enrolled.gateway);
    let younger = enrol::device(&scene.stage.admin, home, gateway, Role::HelpButton)?;
    let name = younger.device;
    let younger = scene.power_up(younger);
    younger.light_among(&[Light::Idle]).await?;
    press(&younger).await;
    younger.light_among(&[Light::Received]).await?;

    lose_and_restore(&mut scene, &data, &backup)?;
    let devices: Vec<DeviceId> = scene.buttons.iter().map(|button| button.device).collect();
    let back = || devices.iter().chain([&name]).all(|device| only(&data, *device).is_ok());
    scene.until_true("every press is back, once", 60, back).await?;
    let ended = || only(&data, devices[1]).is_ok_and(|row| row.state == CLOSED);
    scene.until_true("what had ended ends again", 30, ended).await?;
    let row = |n: usize| only(&data, devices[n]);
    assert_eq!((row(0)?.state, row(0)?.notes), (CLOSED, 0), "ended before the backup");
    assert!(row(1)?.notes > 0, "it says why it ended: {:?}", row(1)?);
    assert_eq!(row(2)?.state, OPEN, "nobody had it");
    let third = row(3)?;
    assert_eq!((third.state, third.late), (CLOSED, true), "entered, and nobody is rung for it");
    assert!(third.notes > 0, "{third:?}");
    assert_eq!(row(4)?.state, OPEN, "a claim is no end");
    let unknown = only(&data, name)?;
    let number = i64::try_from(gateway.get())?;
    assert_eq!((unknown.kind, unknown.gateway), (UNVERIFIED, Some(number)), "{unknown:?}");
    assert_eq!(named_homes(&scene, &unknown.alert)?, scene.homes.len(), "it may be any of them");
    // Restored records are a fault until the home box has said what it has.
    scene.until_true("the fault comes and passes", 30, || faults_over(&data) == 1).await?;
    // And it goes on: a press now is a press now.
    let before = presses(&data)?.values().map(Vec::len).sum::<usize>();
    scene.press(0).await?;
    let after =
        || presses(&data).is_ok_and(|all| all.values().map(Vec::len).sum::<usize>() > before);
    scene.until_true("a press of today", 20, after).await
}

/// How many homes an alert of no known home names.
fn named_homes(scene: &Scene, alert: &str) -> Outcome<usize> {
    let queue = scene.stage.session()?.get("/api/queue")?.good()?;
    let shown = queue["alerts"].as_array().and_then(|all| all.iter().find(|a| a["id"] == alert));
    Ok(shown.and_then(|alert| alert["gateway_homes"].as_array()).map_or(0, Vec::len))
}

/// How often it was told that records were restored, and that this is over.
fn faults_over(data: &Path) -> i64 {
    let sql = "SELECT count(*) FROM alert WHERE state = 3 AND CAST(evidence AS TEXT) LIKE '%\"restored\"%'";
    let records = rusqlite::Connection::open(data.join("records.db"));
    records.and_then(|c| c.query_row(sql, [], |row| row.get(0))).unwrap_or(0)
}

/// The server dies with its disk, and starts on what a backup holds.
fn lose_and_restore(scene: &mut Scene, data: &Path, backup: &Path) -> Outcome {
    scene.stage.server.process.kill()?;
    std::fs::rename(data, scene.stage.dir.join("lost"))?;
    server(scene, &["restore", "--from", &backup.display().to_string()])?;
    scene.stage.server.process.again()
}

fn copy(from: &Path, to: &Path) -> Outcome {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (path, target) =
            (entry.as_ref().map(|e| e.path()), entry.as_ref().map(|e| to.join(e.file_name())));
        let (Ok(path), Ok(target)) = (path, target) else {
            return Err(Trouble::new("unreadable folder"));
        };
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            std::fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_copied_and_put_back_by_hand_misses_nothing_either() -> Outcome {
    let mut scene = Scene::open(PROGRAM, 3, Setting::default()).await?;
    let data = scene.stage.dir.join("server");
    press_and_wait(&scene, 0).await?;
    scene.stage.server.process.end()?;
    copy(&data, &scene.stage.dir.join("copy"))?;
    scene.stage.server.process.again()?;
    for n in [1, 2, 2] {
        scene.press(n).await?;
        scene.buttons[n].light_among(&[Light::Received]).await?;
    }
    let devices: Vec<DeviceId> = scene.buttons.iter().map(|button| button.device).collect();
    let count = |n: usize| {
        presses(&data).map_or(0, |all| all.get(&devices[n].get().cast_signed()).map_or(0, Vec::len))
    };
    scene.until_true("all presses", 20, || (count(0), count(1), count(2)) == (1, 1, 2)).await?;
    scene.stage.server.process.kill()?;
    std::fs::rename(&data, scene.stage.dir.join("lost"))?;
    copy(&scene.stage.dir.join("copy"), &data)?;
    scene.stage.server.process.again()?;
    scene
        .until_true("every press is back, once", 60, || (count(0), count(1), count(2)) == (1, 1, 2))
        .await?;
    // Asked once more it sends nothing twice.
    scene.stage.server.process.kill()?;
    scene.stage.server.process.again()?;
    scene.press(0).await?;
    scene
        .until_true("a press of today, and nothing else", 30, || {
            (count(0), count(1), count(2)) == (2, 1, 2)
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_with_a_damaged_store_lives_takes_presses_and_says_so() -> Outcome {
    let mut scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    press_and_wait(&scene, 0).await?;
    scene.gateway.process.kill()?;
    let spool = scene.gateway.alarm.with_file_name("data").join("spool.db");
    std::fs::remove_file(spool.with_file_name("spool.db-wal"))?;
    std::fs::write(&spool, [0xA5; 9000])?;
    scene.gateway.process.again()?;
    let words = || {
        let health = scene.stage.admin.get("/health").map(|answer| answer.body.to_string());
        health.is_ok_and(|health| health.contains("spool_damaged"))
    };
    scene.until_true("the server knows of it", 30, words).await?;
    scene.buttons[0].light_among(&[Light::Idle, Light::Seen, Light::Received]).await?;
    let data = scene.stage.dir.join("server");
    let device = scene.buttons[0].device.get().cast_signed();
    scene.press(0).await?;
    let both = || presses(&data).is_ok_and(|all| all.get(&device).map_or(0, Vec::len) == 2);
    scene.until_true("a press through the new store", 30, both).await
}
