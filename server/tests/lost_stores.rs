//! A data folder that has lost something is no first start; what can be done without is set aside and told.
//!
//! A server is cut off by copying its folder while it runs. Not here: what gateways send again (`tests/restore.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "../../proto/door/tests/convention/missing.rs"]
mod missing;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use centre::backup::{self, Identity};
use centre::config::Config;
use centre::provision::Provision;
use centre::provision::certificate::{Authority, PkiError};
use records::Records;
use server::app::{self, Running};

fn config(data: &Path) -> Config {
    let text = format!(
        "data = {data:?}\n[gateways]\nbind = '127.0.0.1:0'\n[console]\nbind = '127.0.0.1:0'\n"
    );
    let config: Config = toml::from_str(&text).unwrap();
    config.prepare_data().unwrap();
    config
}

async fn start(data: &Path) -> anyhow::Result<Running> {
    app::start(config(data)).await
}

/// A running server and the folder that a power cut leaves of it.
async fn lived() -> (Running, tempfile::TempDir, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path()).await.unwrap();
    let cut = tempfile::tempdir().unwrap();
    copy(folder.path(), cut.path());
    (running, folder, cut)
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

fn again(cut: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(cut, folder.path());
    folder
}

fn zero(path: &Path) {
    let length = usize::try_from(fs::metadata(path).unwrap().len()).unwrap();
    fs::write(path, vec![0; length]).unwrap();
}

fn asides(data: &Path, store: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|p| p.to_string_lossy().contains(&format!("{store}.aside-"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_or_a_log_that_are_gone_or_zeroed_are_refused_by_name() {
    type Harm = fn(&Path);
    let (_running, _folder, cut) = lived().await;
    let gone: Harm = |path| fs::remove_file(path).unwrap();
    let empty: Harm = |path| drop(fs::File::create(path).unwrap());
    let sound = start(again(cut.path()).path()).await;
    assert!(sound.is_ok(), "the cut itself harms nothing: {:?}", sound.err());
    for name in ["records.db", "records.db-wal"] {
        for (harm, how) in [(gone, "gone"), (empty, "empty"), (zero as Harm, "zeroed")] {
            let folder = again(cut.path());
            harm(&folder.path().join(name));
            let told = start(folder.path()).await.err().map(|error| format!("{error:#}"));
            let told = told.unwrap_or_else(|| panic!("{name} {how} was taken for a first start"));
            assert!(told.contains(name) && told.contains("server restore --"), "{how}: {told}");
            let enrol = Records::open(folder.path()).await.err().map(|error| error.to_string());
            assert_eq!(enrol.as_ref(), Some(&told), "{name} {how}: nor does a command begin anew");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_cut_off_with_their_log_are_given_up_only_by_a_person() {
    let (running, folder, _) = lived().await;
    running.door.close().await;
    running.app.records.close().await;
    running.app.series.close().await.unwrap();
    let data = again(folder.path());
    let known = Identity::read(data.path()).unwrap();
    let ahead = Identity { high: known.high + 60_000, ..known };
    backup::identity::write(&ahead, data.path()).unwrap();
    let told = start(data.path()).await.err().unwrap().to_string();
    assert!(told.contains("records.db-wal") && told.contains("--in-place"), "{told}");
    backup::in_place(&config(data.path())).unwrap();
    let running = start(data.path()).await.unwrap();
    assert!(running.app.line.restored_wall.is_some());
    assert_ne!(running.app.line.line, known.line, "gateways are told of another life");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_an_older_build_without_an_identity_goes_on() {
    let (_running, _folder, cut) = lived().await;
    fs::remove_file(cut.path().join("keys/records.id")).unwrap();
    let running = start(cut.path()).await.unwrap();
    assert!(running.app.line.restored_wall.is_none());
    assert!(Identity::read(cut.path()).is_some(), "and has one from then on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_inbox_or_series_is_set_aside_and_told_and_the_server_runs() {
    type Harm = fn(&Path);
    let (_running, _folder, cut) = lived().await;
    let rubbish: Harm = |path| fs::write(path, [0xA5; 9000]).unwrap();
    let gone: Harm = |path| fs::remove_file(path).unwrap();
    for (store, word) in [("inbox.db", "inbox_aside"), ("series.db", "series_aside")] {
        for (harm, kept) in [(rubbish, 1), (zero as Harm, 1), (gone, 0)] {
            let folder = again(cut.path());
            let path = folder.path().join(store);
            let log = folder.path().join(format!("{store}-wal"));
            if log.exists() {
                fs::remove_file(log).unwrap();
            }
            if fs::metadata(&path).unwrap().len() == 0 {
                fs::write(&path, [0; 4096]).unwrap();
            }
            harm(&path);
            let running = start(folder.path()).await.unwrap();
            assert_eq!(running.app.faults.words(), [word]);
            assert_eq!(asides(folder.path(), store).len(), kept, "{store}: nothing is deleted");
        }
    }
}

#[test]
fn a_root_that_is_gone_or_empty_is_refused_and_no_second_one_is_made() {
    let wall = 1_795_979_912_000;
    for harm in ["root.key", "root.key empty", "folder"] {
        let data = tempfile::tempdir().unwrap();
        let root = Authority::open(data.path(), wall).unwrap().root_pem().to_owned();
        let key = data.path().join("pki/root.key");
        match harm {
            "folder" => fs::remove_dir_all(data.path().join("pki")).unwrap(),
            "root.key" => fs::remove_file(&key).unwrap(),
            _ => fs::write(&key, b"").unwrap(),
        }
        let told = Authority::open(data.path(), wall).err().unwrap();
        assert!(matches!(told, PkiError::Lost { .. }), "{harm}: {told}");
        assert!(told.to_string().contains("root.key"), "{harm}: {told}");
        assert!(root.contains("BEGIN CERTIFICATE"));
    }
    // The certificate alone can be had again: from its copy, or by the key.
    let data = tempfile::tempdir().unwrap();
    let root = Authority::open(data.path(), wall).unwrap().root_pem().to_owned();
    fs::remove_file(data.path().join("pki/root.pem")).unwrap();
    assert_eq!(Authority::open(data.path(), wall).unwrap().root_pem(), root);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_taken_while_the_server_runs_and_put_into_an_empty_folder_only() {
    let (running, folder, _) = lived().await;
    let place = tempfile::tempdir().unwrap();
    let (to, data) = (place.path().join("backup"), place.path().join("data"));
    backup::take(&config(folder.path()), &to, 1_795_979_912_000).unwrap();
    let told = backup::take(&config(folder.path()), &to, 0).unwrap_err().to_string();
    assert!(told.contains("not empty"), "{told}");
    for name in ["records.db", "inbox.db", "series.db", "keys/kek", "manifest.json"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(to.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let told = backup::restore(&config(folder.path()), &to).unwrap_err().to_string();
    assert!(told.contains("a server runs on it"), "{told}");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("something"), b"x").unwrap();
    let told = backup::restore(&config(&data), &to).unwrap_err().to_string();
    assert!(told.contains("something"), "{told}");
    fs::remove_file(data.join("something")).unwrap();
    backup::restore(&config(&data), &to).unwrap();
    assert_eq!(fs::read(data.join("keys/kek")).unwrap(), fs::read(to.join("keys/kek")).unwrap());
    let restored = start(&data).await.unwrap();
    assert!(restored.app.line.restored_wall.is_some());
    assert_ne!(restored.app.line.line, running.app.line.line);
    let told = backup::restore(&config(&data), &to).unwrap_err().to_string();
    assert!(told.contains("a server runs on it"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_not_as_it_was_taken_is_not_restored() {
    let (_running, folder, _) = lived().await;
    let place = tempfile::tempdir().unwrap();
    let (to, data) = (place.path().join("backup"), place.path().join("data"));
    backup::take(&config(folder.path()), &to, 1_795_979_912_000).unwrap();
    let mut bytes = fs::read(to.join("records.db")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(to.join("records.db"), bytes).unwrap();
    let told = backup::restore(&config(&data), &to).unwrap_err().to_string();
    assert!(told.contains("records.db") && told.contains("not as it was taken"), "{told}");
    fs::remove_file(to.join("manifest.json")).unwrap();
    let told = backup::restore(&config(&data), &to).unwrap_err().to_string();
    assert!(told.contains("manifest.json"), "{told}");
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0, "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_was_cut_short_is_no_first_start() {
    let (_running, folder, _) = lived().await;
    let place = tempfile::tempdir().unwrap();
    let (to, data) = (place.path().join("backup"), place.path().join("data"));
    backup::take(&config(folder.path()), &to, 1_795_979_912_000).unwrap();
    backup::restore(&config(&data), &to).unwrap();
    // The records come last.
    fs::remove_file(data.join("records.db")).unwrap();
    let told = start(&data).await.err().unwrap().to_string();
    assert!(told.contains("records.db") && told.contains("server restore"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn homes_that_were_enrolled_before_the_first_run_are_no_lost_inbox() {
    let folder = tempfile::tempdir().unwrap();
    let records = Records::open(folder.path()).await.unwrap();
    drop(Provision::open(folder.path(), records.clone()).await.unwrap());
    records.close().await;
    let running = start(folder.path()).await.unwrap();
    assert!(running.app.faults.words().is_empty(), "{:?}", running.app.faults.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_ended_before_its_keys_is_a_first_start() {
    let folder = tempfile::tempdir().unwrap();
    drop(Records::open(folder.path()).await.unwrap());
    let records = Records::open(folder.path()).await.unwrap();
    Provision::open(folder.path(), records.clone()).await.unwrap();
    records.close().await;
    start(folder.path()).await.unwrap();
}

/// A small disk, unmounted at the end.
struct SmallDisk(PathBuf);

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_on_a_full_disk_with_its_reserve_in_place() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    fs::create_dir_all(&data).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=96m", "tmpfs"];
    if !Command::new("mount").args(mount).arg(&data).status().is_ok_and(|done| done.success()) {
        missing::missing("a small disk needs the right to mount");
        return;
    }
    let disk = SmallDisk(data.clone());
    let running = start(&data).await.unwrap();
    running.door.close().await;
    running.app.records.close().await;
    running.app.series.close().await.unwrap();
    assert!(data.join("inbox.reserve").exists());
    // Another process stands for the second start: this one still holds the lock of its folder.
    let full = tempfile::tempdir().unwrap();
    let twin = SmallDisk(full.path().join("data"));
    fs::create_dir_all(&twin.0).unwrap();
    assert!(Command::new("mount").args(mount).arg(&twin.0).status().unwrap().success());
    copy(&data, &twin.0);
    fill(&twin.0.join("ballast"));
    let again = start(&twin.0).await.unwrap();
    assert!(again.app.inbox.is_on_reserve(), "what room there is is for calls");
    drop((disk, twin));
}

/// Writes until nothing more fits.
fn fill(path: &Path) {
    use std::io::Write;
    let mut file = fs::File::create(path).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    while file.write_all(&[1]).is_ok() {}
}
