//! The demo run by a machine: one JSON object at the end, nothing lost, nothing doubled.
//!
//! Not here: how fast it is, which is measured in release builds (`README`).

use std::process::Command;

use serde_json::Value;
use tests::trouble::Outcome;

#[test]
fn a_short_demo_loses_and_doubles_nothing() -> Outcome {
    let run = Command::new(env!("CARGO_BIN_EXE_demo")).args(["--for", "25s", "--json"]).output()?;
    let (out, err) = (String::from_utf8(run.stdout)?, String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{:?}\n{out}\n{err}", run.status);
    let report: Value = serde_json::from_str(out.lines().last().unwrap_or(""))?;
    for key in ["lost", "doubled"] {
        assert_eq!(report[key], 0, "{report}");
    }
    for key in ["homes", "presses", "alerts", "closed"] {
        assert!(report[key].as_u64().is_some_and(|n| n > 0), "{key} in {report}");
    }
    assert!(report["points"].is_number(), "{report}");
    for key in ["press_to_stored_ms", "press_to_received_ms", "press_to_screen_ms"] {
        for part in ["p50", "p90", "p99", "max"] {
            assert!(report[key][part].is_number(), "{key}.{part} in {report}");
        }
    }
    assert!(report["rss_mb"]["server"].is_number() && report["rss_mb"]["gateway"].is_number());
    Ok(())
}
