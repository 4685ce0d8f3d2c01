//! The cases of Paho's interoperability suites against the local bus; what is left is named here.
//!
//! They are asked in Paho's own client, see `paho/cases.py`. Not here: single clients of others
//! (`foreign_clients`).

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

mod front;
#[path = "convention/missing.rs"]
mod missing;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use front::House;

/// What this bus does not offer: QoS 2 and shared subscriptions. That it says so in the words of each version is
/// asked by the cases that are named `refused`.
const LEFT: [&str; 3] = ["4 basic_qos_2", "5 basic_qos_2", "5 shared_subscriptions"];
/// Cases of both versions.
const CASES: usize = 45;

fn runs(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The paho of an own environment below cargo's target directory.
fn paho() -> Option<PathBuf> {
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("paho-cases");
    let python = place.join("bin").join("python");
    let has_paho = || runs(Command::new(&python).args(["-c", "import paho.mqtt.client"]));
    let make = || {
        runs(Command::new("python3").args(["-m", "venv"]).arg(&place))
            && runs(Command::new(&python).args(["-m", "pip", "install", "-q", "paho-mqtt==2.1.0"]))
    };
    (has_paho() || (make() && has_paho())).then_some(python)
}

#[test]
fn pahos_cases_hold_but_for_those_that_are_named() {
    let Some(python) = paho() else {
        return missing::missing("paho-mqtt is not here and cannot be installed");
    };
    let house = House::with_bus();
    let port = house.door.address().port().to_string();
    let ran = Command::new(python)
        .args(["-c", include_str!("paho/cases.py"), &port])
        .output()
        .expect("python runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    println!("{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "the script itself");
    let cases: Vec<_> = said.lines().filter_map(|line| line.split_once(' ')).collect();
    assert_eq!(cases.len(), CASES);
    let left = cases.iter().filter(|(verdict, _)| *verdict == "left");
    let left: Vec<_> = left.map(|(_, case)| *case).collect();
    let named = |case: &&&str| !LEFT.iter().any(|known| case.starts_with(known));
    assert_eq!(left.iter().filter(named).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert_eq!(left.len(), LEFT.len(), "what holds by now is named no more: {left:?}");
}
