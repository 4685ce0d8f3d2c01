//! What a test says that needs something which is not here: aloud by hand, and no less than a failure under `CI`.
//!
//! Written to standard error itself: what a test prints by macro is shown only when it fails. Not here: what is installed.
#![allow(unreachable_pub, dead_code, reason = "each test uses its part")]

use std::io::Write;

/// A test goes no further: `what` is missing here. What it would have shown is not shown.
///
/// # Panics
/// Where `CI` is set.
pub fn missing(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what}, and CI is set");
    // Whoever has no standard error reads nothing anyway.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}
