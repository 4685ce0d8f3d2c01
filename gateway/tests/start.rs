//! A box that cannot start says why in one sentence, with the exit code that `cli` promises.
//!
//! Not here: what happens once it runs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "scene/home.rs"]
mod scene;

use std::net::TcpListener;
use std::process::Command;

use scene::{ANY, Home};

/// Runs the box, which must refuse; gives exit code and what it said.
fn refusal(command: &mut Command) -> (i32, String) {
    let output = command.env("RUST_LOG", "off").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty(), "no ready line");
    assert_eq!(said.trim_end().lines().count(), 1, "one sentence: {said}");
    (output.status.code().unwrap(), said)
}

#[test]
fn a_wrong_word_in_the_configuration_is_named() {
    let home = Home::new(ANY);
    let config = home.configure("[limits]\nspool_bites = 3");
    let (code, said) = refusal(&mut home.command(&config));
    assert_eq!(code, 64);
    assert!(said.contains("spool_bites"), "{said}");
}

#[test]
fn a_missing_configuration_is_named() {
    let home = Home::new(ANY);
    let (code, said) = refusal(&mut home.command(&home.path("nowhere.toml")));
    assert_eq!(code, 64);
    assert!(said.contains("nowhere.toml"), "{said}");
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let home = Home::new(ANY);
    let config = home.configure("");
    std::fs::write(home.path("data"), "a file where the directory should be").unwrap();
    let (code, said) = refusal(&mut home.command(&config));
    assert_eq!(code, 73);
    assert!(said.contains("data"), "{said}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind(ANY).unwrap();
    let home = Home::new(ANY);
    let at = taken.local_addr().unwrap();
    let config = home.configure(&format!("[devices]\nbind = \"{at}\""));
    let (code, said) = refusal(&mut home.command(&config));
    assert_eq!(code, 69);
    assert!(said.contains(&at.to_string()), "{said}");
}

#[test]
fn data_of_a_newer_version_is_left_alone() {
    let home = Home::new(ANY);
    let config = home.configure("");
    std::fs::create_dir_all(home.path("data")).unwrap();
    let newer = rusqlite::Connection::open(home.path("data").join("spool.db")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let (code, said) = refusal(&mut home.command(&config));
    assert_eq!(code, 78);
    assert!(said.contains("99"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_boxes_never_share_a_spool() {
    let home = Home::new(ANY);
    let running = home.start("");
    let config = home.configure("");
    let (code, said) = refusal(&mut home.command(&config));
    assert_eq!(code, 75);
    assert!(said.contains("in use"), "{said}");
    assert!(running.terminate().success());
}

#[test]
fn check_binds_and_makes_nothing() {
    let home = Home::new(ANY);
    let config = home.configure("");
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    let output = command.arg("check").arg("--config").arg(&config).output().unwrap();
    assert!(output.status.success());
    assert!(!home.path("data").exists());
}

#[test]
fn a_server_on_another_machine_is_never_spoken_to_in_the_clear() {
    let home = Home::new("10.0.0.9:8883".parse().unwrap());
    let config = home.configure("");
    let (code, said) = refusal(&mut home.command(&config));
    assert_eq!(code, 64);
    assert!(said.contains("10.0.0.9") && said.contains("TLS"), "{said}");
    assert!(!home.path("data").exists(), "nothing was begun");
    // Nor if the configuration names another one than the credentials.
    let home = Home::new(ANY);
    let config = home.configure("[server]\nhost = \"watch.example\"");
    let (code, said) = refusal(&mut home.command(&config));
    assert!(code == 64 && said.contains("watch.example"), "{code} {said}");
    let mut check = Command::new(env!("CARGO_BIN_EXE_gateway"));
    let output = check.arg("check").arg("--config").arg(&config).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.contains("watch.example"), "{told}");
}
