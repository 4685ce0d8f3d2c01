//! What documents and comments promise of each other: cited pages, anchors, invariants, tests and files exist.
//!
//! Not here: whether what they say is true.

use std::collections::BTreeSet;
use std::path::Path;

use super::report;
use super::source::{all_sources, all_texts, root};

/// Words that follow `marker` in a text, as far as `part` goes, each with its line.
fn after<'a>(
    text: &'a str,
    marker: &'a str,
    part: impl Fn(char) -> bool + Copy + 'a,
) -> impl Iterator<Item = (usize, &'a str)> {
    text.lines().enumerate().flat_map(move |(n, line)| {
        line.match_indices(marker).map(move |(at, _)| {
            let rest = &line[at + marker.len()..];
            (n + 1, &rest[..rest.find(|c| !part(c)).unwrap_or(rest.len())])
        })
    })
}

fn page(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Headings of a page, each as its anchor's first word.
fn headings(path: &str, level: &str) -> BTreeSet<String> {
    let text = page(path);
    let heads = text.lines().filter_map(|line| line.strip_prefix(level)?.split_whitespace().next());
    heads.map(str::to_owned).collect()
}

#[test]
fn each_source_that_is_cited_has_its_anchor_and_each_anchor_is_cited() {
    let anchors = headings("docs/sources.md", "### ");
    let (mut cited, mut faults) = (BTreeSet::new(), Vec::new());
    for source in all_sources().iter().filter(|s| !s.path.ends_with("tidy/documents.rs")) {
        for (n, anchor) in
            after(&source.text, "docs/sources.md#", |c| c.is_ascii_alphanumeric() || c == '-')
        {
            if !anchors.contains(anchor) {
                faults.push(format!("{}:{n}: docs/sources.md has no `### {anchor}`", source.path));
            }
            cited.insert(anchor.to_owned());
        }
    }
    let unused = anchors.difference(&cited).map(|a| format!("docs/sources.md: nobody cites {a}"));
    faults.extend(unused);
    assert!(cited.len() > 10, "{} sources are cited", cited.len());
    report("sources", faults);
}

#[test]
fn each_invariant_that_is_cited_is_one() {
    let known = headings("docs/invariants.md", "## V");
    assert_eq!(known.len(), 13);
    let (mut cited, mut faults) = (0, Vec::new());
    for (path, text) in
        all_texts().iter().filter(|(path, _)| path.ends_with(".rs") || path.ends_with(".md"))
    {
        for marker in ["invariant V", "invariants V", "(V"] {
            for (n, number) in after(text, marker, |c| c.is_ascii_digit()) {
                cited += 1;
                if !number.is_empty() && !known.contains(number) {
                    faults.push(format!("{path}:{n}: V{number} is none of docs/invariants.md"));
                }
            }
        }
    }
    assert!(cited > 5, "{cited} invariants are cited");
    report("invariants", faults);
}

/// Names in code marks of a page that begin and end as `fits` says.
fn marked(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .flat_map(|(n, line)| line.split('`').skip(1).step_by(2).map(move |word| (n + 1, word)))
}

#[test]
fn each_test_that_a_page_names_exists() {
    let sources = all_sources();
    let mut faults = Vec::new();
    let pages = ["docs/invariants.md", "docs/decisions/01-door.md", "docs/architecture.md"];
    for path in pages {
        let text = page(path);
        let names = marked(&text).filter(|(_, word)| {
            word.matches('_').count() > 2
                && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
        for (n, name) in names {
            let head = format!("fn {name}(");
            if !sources.iter().any(|source| source.text.contains(&head)) {
                faults.push(format!("{path}:{n}: no test is called {name}"));
            }
        }
    }
    report("tests that pages name", faults);
}

#[test]
fn each_file_that_a_page_names_or_links_to_exists() {
    let (texts, mut faults) = (all_texts(), Vec::new());
    for (path, text) in texts.iter().filter(|(path, _)| path.ends_with(".md")) {
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        for (n, target) in after(text, "](", |c| c != ')' && c != '#') {
            let outside = target.contains("://") || target.is_empty();
            if !outside && !root().join(folder).join(target).exists() {
                faults.push(format!("{path}:{n}: no file at {target}"));
            }
        }
        let rooms =
            ["proto/", "docs/", "firmware/", "gateway/", "server/", "tests/", ".ci/", ".cargo/"];
        for (n, word) in marked(text) {
            let file = rooms.iter().any(|room| word.starts_with(room))
                && word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            // A table of folders names its files from the folder.
            let inner = format!("/{word}");
            let here =
                || root().join(word).exists() || texts.iter().any(|(p, _)| p.ends_with(&inner));
            if file && !here() {
                faults.push(format!("{path}:{n}: there is no {word}"));
            }
        }
    }
    report("files that pages name", faults);
}

#[test]
fn no_comment_cites_a_page_that_is_not_here() {
    let pages: BTreeSet<String> =
        all_texts().into_iter().map(|(path, _)| path).filter(|p| p.ends_with(".md")).collect();
    let mut faults = Vec::new();
    for source in all_sources().iter().filter(|s| !s.path.ends_with("tidy/documents.rs")) {
        for (n, line) in source.text.lines().enumerate() {
            for (at, end) in line.match_indices(".md") {
                let begin =
                    line[..at].rfind(|c: char| !(c.is_ascii_alphanumeric() || "/_-.".contains(c)));
                let name = &line[begin.map_or(0, |b| b + 1)..at + end.len()];
                let here = name == ".md"
                    || pages.iter().any(|page| page.ends_with(name.trim_start_matches("../")));
                if !here {
                    faults.push(format!(
                        "{}:{}: {name} is not in this repository",
                        source.path,
                        n + 1
                    ));
                }
            }
            let sections = [
                concat!("design ", "section"),
                concat!("SERVICE ", "section"),
                concat!("Source: ", "issue "),
            ];
            for word in sections.iter().filter(|word| line.contains(**word)) {
                faults.push(format!("{}:{}: {word} is not in this repository", source.path, n + 1));
            }
        }
    }
    report("pages", faults);
}
