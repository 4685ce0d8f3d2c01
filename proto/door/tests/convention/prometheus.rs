//! The conventions of Prometheus for a page of figures, held by every program's test.
//!
//! Not here: which figures a program has.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test may fall, and uses its part")]

use std::collections::{BTreeMap, BTreeSet};

/// Holds a page to the conventions of Prometheus: each family once, with its sentence and kind, and its unit in its name.
pub fn is_by_convention(text: &str, prefix: &str) {
    let mut kinds = BTreeMap::new();
    let mut told = BTreeSet::new();
    let mut rows = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) =
                rest.split_once(' ').unwrap_or_else(|| panic!("no sentence: {line}"));
            assert!(help.len() > 10 && help.ends_with('.'), "no sentence: {line}");
            assert!(told.insert(name.to_owned()), "told twice: {line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(told.contains(name), "no HELP before {line}");
            assert!(matches!(kind, "counter" | "gauge"), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            kinds.insert(name.to_owned(), kind);
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(rows.insert(series.to_owned()), "said twice: {line}");
            let name = series.split('{').next().unwrap();
            assert!(kinds.contains_key(name), "no TYPE before {line}");
            let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.starts_with(prefix) && name.chars().all(letters), "{line}");
            for unit in ["_ms", "_days", "_millis", "_kb", "_minutes", "_hours", "_percent"] {
                assert!(!name.ends_with(unit), "another unit than the base one: {line}");
            }
            if let Some(label) = series.split_once('{').map(|(_, label)| label) {
                let (key, of) = label.strip_suffix("\"}").unwrap().split_once("=\"").unwrap();
                assert!(key.chars().all(letters) && !of.contains('"'), "{line}");
            }
        }
    }
    assert_eq!(told.len(), kinds.len());
}
