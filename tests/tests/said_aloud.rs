//! What a passing test has to say stands on standard error: the seed that it drew, and what it went without.
//!
//! The test harness swallows what a passing test prints; so a process of its own is looked at from outside.
//! Not here: which tools there are (`tests::tools`).

use std::process::{Command, Output};

use tests::seed::Seed;
use tests::tools::{Tool, need};
use tests::trouble::Outcome;

const CHILD: &str = "child_draws_a_seed_and_misses_a_tool";

#[test]
#[ignore = "run by the tests below, where nothing can be found or installed"]
fn child_draws_a_seed_and_misses_a_tool() {
    Seed::from_environment();
    assert!(need(Tool::Strace).is_none(), "found on an empty path");
}

fn child(ci: bool) -> Outcome<Output> {
    let mut child = Command::new(std::env::current_exe()?);
    child.args(["--ignored", "--exact", CHILD]).env("PATH", "/nonexistent").env_remove("CI");
    if ci {
        child.env("CI", "true");
    }
    Ok(child.output()?)
}

#[test]
fn a_passing_test_tells_its_seed_and_what_it_went_without() -> Outcome {
    let out = child(false)?;
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{out:?}");
    assert!(said.contains("SEED="), "{said}");
    assert!(said.contains("SKIPPED: strace is missing"), "{said}");
    Ok(())
}

#[test]
fn what_is_missing_is_a_failure_under_ci() -> Outcome {
    let out = child(true)?;
    assert!(!out.status.success(), "green without its tool: {out:?}");
    Ok(())
}
