//! A wall clock that jumps a day moves no deadline, no lease and no order: time is data (V7).
//!
//! Server and gateway run with a wall clock of their own; their monotonic clocks stay true.
//! Not here: a reboot of the machine, which ends leases on purpose.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::api::text;
use tests::scene::{Scene, of_kind};
use tests::stage::Setting;
use tests::tools::{Tool, need};
use tests::trouble::{Outcome, Trouble};

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");
const HOUR_MS: i64 = 3_600_000;

fn library() -> Outcome<PathBuf> {
    let lib = std::fs::read_dir("/usr/lib")?.flatten().map(|entry| entry.path());
    let found = lib.map(|dir| dir.join("faketime/libfaketimeMT.so.1")).find(|file| file.is_file());
    found.ok_or_else(|| Trouble::new("libfaketimeMT.so.1 is in no folder of /usr/lib"))
}

fn moved_by(library: &Path, offset: &Path) -> Setting {
    let of = |name: &str, value: &Path| (name.into(), value.into());
    let one = Path::new("1");
    let environment = vec![
        of("LD_PRELOAD", library),
        of("FAKETIME_TIMESTAMP_FILE", offset),
        of("FAKETIME_DONT_FAKE_MONOTONIC", one),
        of("FAKETIME_NO_CACHE", one),
    ];
    Setting { environment, ..Setting::default() }
}

/// The one alert that is not among those already met; row ids follow the wall clock, so no order is assumed.
fn newest(scene: &Scene, met: &[Value]) -> Value {
    let book = scene.shared.book();
    let fresh = of_kind(&book, "help").into_iter().find(|a| met.iter().all(|m| m["id"] != a["id"]));
    fresh.cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_forwards_and_two_back_move_no_lease_and_no_ladder() -> Outcome {
    if need(Tool::Faketime).is_none() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let offset = dir.path().join("offset");
    std::fs::write(&offset, "+0")?;
    let scene = Scene::open(PROGRAM, 4, moved_by(&library()?, &offset)).await?;
    let desk = scene.stage.operator("desk")?;
    let seen = |count: usize| {
        scene.until("a press on a screen", 10, move |book| of_kind(book, "help").len() == count)
    };

    scene.press(0).await?;
    seen(1).await?;
    let mut met = vec![newest(&scene, &[])];
    let held = text(&met[0], "id")?.to_owned();
    let path = |id: &str, what: &str| format!("/api/alerts/{id}/{what}");
    desk.post(&path(&held, "visible"), &json!({}))?.good()?;
    let fence = desk.post(&path(&held, "claim"), &json!({}))?.good()?["fence"].clone();
    scene.press(1).await?;
    seen(2).await?;
    met.push(newest(&scene, &met));
    let open = text(&met[1], "id")?.to_owned();
    desk.post(&path(&open, "visible"), &json!({}))?.good()?;

    for (home, jump) in [(2, "+1d"), (3, "-1d")] {
        std::fs::write(&offset, jump)?;
        scene.press(home).await?;
        seen(home + 1).await?;
        let fresh = newest(&scene, &met);
        assert_eq!(fresh["late"], false, "a press of now is not late for a clock: {fresh}");
        let renewed = desk.post(&path(&held, "renew"), &json!({ "fence": fence }))?;
        assert_eq!(renewed.status, 204, "the lease holds over {jump}: {}", renewed.body);
        let waits = desk.get(&format!("/api/alerts/{open}"))?.good()?;
        assert_eq!(waits["step"], 0, "no step was taken for {jump}: {waits}");
        assert!(waits["age_ms"].as_i64().is_some_and(|age| age < HOUR_MS), "{waits}");
        met.push(fresh);
    }
    let raised = |home: usize| met[home]["raised_ms"].as_i64().unwrap_or_default();
    assert!(raised(2) - raised(0) > 23 * HOUR_MS, "the clock did jump forwards");
    assert!(raised(2) - raised(3) > 47 * HOUR_MS, "the clock did jump back");
    let verdict = scene.verdict()?;
    assert_eq!((verdict.presses, verdict.lost, verdict.doubled), (4, 0, 0));
    Ok(())
}
