//! A damaged byte in the log of the records costs what lies behind it; gateways are then asked for what they have.
//!
//! Not here: records that are gone (`lost_stores.rs`), and what gateways send again (`tests/restore.rs`).
#![expect(clippy::unwrap_used, reason = "a test says by a panic what is wrong")]

use std::fs;
use std::path::Path;

use centre::config::Config;
use records::line;
use server::app;
use server::tools::enrol::Enrol;

async fn start(data: &Path) -> app::Running {
    let text = format!(
        "data = {data:?}\n[gateways]\nbind = '127.0.0.1:0'\n[console]\nbind = '127.0.0.1:0'\n"
    );
    let config: Config = toml::from_str(&text).unwrap();
    config.prepare_data().unwrap();
    app::start(config).await.unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else if !path.to_string_lossy().ends_with("-shm") {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The folder of a server that was cut off while it ran, with one byte of its log changed so many thousandths in.
fn damaged(folder: &Path, place: usize) -> tempfile::TempDir {
    let cut = tempfile::tempdir().unwrap();
    copy(folder, cut.path());
    let log = cut.path().join("records.db-wal");
    let mut bytes = fs::read(&log).unwrap();
    let salts = bytes[16..24].to_vec();
    let frames = bytes[32..].chunks_exact(24 + 4096);
    let live = 32 + (24 + 4096) * frames.take_while(|frame| frame[8..16] == salts[..]).count();
    bytes[(live * place / 1_000).min(live.saturating_sub(1))] ^= 0x5A;
    fs::write(log, bytes).unwrap();
    cut
}

#[tokio::test(flavor = "multi_thread")]
async fn records_whose_log_has_a_damaged_byte_ask_gateways_for_what_they_lack() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(folder.path()).await;
    // Rows that the clock does not count: what is behind the damage is as old as what is before it.
    for n in 0..40 {
        let mut writer = first.app.records.begin().await.unwrap();
        let known = line::line(&mut writer).await.unwrap().unwrap();
        line::put_line(&mut writer, &known).await.unwrap();
        writer.commit().await.unwrap_or_else(|error| panic!("{n}: {error}"));
    }
    let cut = damaged(folder.path(), 1_000);
    let log = cut.path().join("records.db-wal");
    assert!(!door::is_torn(&log), "the last transaction is torn, not damaged");
    for place in [900, 950] {
        let cut = damaged(folder.path(), place);
        let running = start(cut.path()).await;
        assert!(running.app.line.restored_wall.is_some(), "{place}: rows are gone and nobody asks");
        assert_ne!(running.app.line.line, first.app.line.line, "gateways hear of another life");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_on_records_whose_rows_are_lost_does_not_cover_the_tracks() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(folder.path()).await;
    for _ in 0..40 {
        let mut writer = first.app.records.begin().await.unwrap();
        let known = line::line(&mut writer).await.unwrap().unwrap();
        line::put_line(&mut writer, &known).await.unwrap();
        writer.commit().await.unwrap();
    }
    let cut = damaged(folder.path(), 900);
    let text = format!("data = {:?}\n", cut.path());
    let config: Config = toml::from_str(&text).unwrap();
    let command = Enrol::Org { name: "Elsewhere".to_owned() };
    command.run(&config).await.unwrap();
    let running = start(cut.path()).await;
    assert!(running.app.line.restored_wall.is_some(), "rows are gone and nobody asks");
    assert_ne!(running.app.line.line, first.app.line.line, "gateways hear of another life");
}
