//! Each dependency that a crate asks for is one that its sources name.
//!
//! Not here: versions, licences and duplicates, which cargo-deny looks at.

use super::report;
use super::source::{all_sources, all_texts};

/// Dependencies whose name stands nowhere, and why they are there.
const UNNAMED: &[(&str, &str)] = &[("embassy-time", "gives minimq its clock on this machine")];

/// Names of the dependencies of one manifest.
fn wanted(text: &str) -> Vec<(usize, String)> {
    let mut inside = false;
    let mut names = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]") && !line.starts_with("[workspace");
            continue;
        }
        let name = line.split(['.', '=', ' ']).next().unwrap_or("");
        if inside && !name.is_empty() && !name.starts_with('#') {
            names.push((n + 1, name.to_owned()));
        }
    }
    names
}

/// Files of other crates that a source takes in by `#[path = "…"]`.
fn lent(path: &str, text: &str) -> Vec<String> {
    let folder: Vec<_> = path.split('/').collect();
    let named = text.lines().filter_map(|line| {
        line.trim().strip_prefix("#[path = \"")?.strip_suffix("\"]").map(ToOwned::to_owned)
    });
    let resolved = named.map(|named| {
        let mut parts = folder[..folder.len() - 1].to_vec();
        for part in named.split('/') {
            if part == ".." {
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        parts.join("/")
    });
    resolved.collect()
}

#[test]
fn each_dependency_is_named_by_the_sources_of_its_crate() {
    let sources = all_sources();
    let manifests = all_texts().into_iter().filter(|(path, _)| path.ends_with("Cargo.toml"));
    let (mut faults, mut seen) = (Vec::new(), 0);
    for (path, text) in manifests {
        let folder = path.trim_end_matches("Cargo.toml");
        let own = sources.iter().filter(|source| {
            let rest = source.path.strip_prefix(folder).unwrap_or("");
            ["src/", "tests/", "benches/", "examples/", "build.rs", "fuzz_targets/", "read_all.rs"]
                .iter()
                .any(|part| rest.starts_with(part))
        });
        let own: Vec<_> = own.collect();
        let lent: Vec<_> = own.iter().flat_map(|source| lent(&source.path, &source.text)).collect();
        for (n, name) in wanted(&text) {
            seen += 1;
            let word = name.replace('-', "_");
            let lent = sources.iter().filter(|source| lent.contains(&source.path));
            let used = own.iter().copied().chain(lent).any(|source| {
                source.text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == word)
            });
            if !used && !UNNAMED.iter().any(|(unnamed, _)| *unnamed == name) {
                faults.push(format!("{path}:{n}: nothing in this crate names {name}"));
            }
        }
    }
    assert!(seen > 100, "{seen} dependencies were found");
    report("dependencies", faults);
}

#[test]
fn each_dependency_of_the_workspace_is_asked_for_by_a_crate() {
    let texts = all_texts();
    let Some((_, workspace)) = texts.iter().find(|(path, _)| path == "Cargo.toml") else {
        panic!("no workspace");
    };
    let table = workspace.split("[workspace.dependencies]").nth(1).unwrap_or("");
    let table = table.split("\n[").next().unwrap_or("");
    let names = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" ="));
    let members: Vec<_> = texts.iter().filter(|(p, _)| p.ends_with("/Cargo.toml")).collect();
    let asked =
        |name: &str| members.iter().any(|(_, text)| wanted(text).iter().any(|(_, n)| n == name));
    let faults = names
        .filter(|(name, _)| !asked(name))
        .map(|(name, _)| format!("Cargo.toml: no crate asks for {name}"))
        .collect();
    report("dependencies of the workspace", faults);
}
