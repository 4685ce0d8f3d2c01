//! House rules as tests: what a reader of this project may rely on, checked by machine.
//!
//! Each rule is one test named as its promise; a failure lists every place and what to do there.
//! Words: *plate* = the `//!` lines that open a file; *owner* = the only files that may name a
//! library or speak a language; *shipped* = code outside tests.
//!
//! Not here: what clippy and rustfmt already check.

#[path = "tidy/dependencies.rs"]
mod dependencies;
#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/rooms.rs"]
mod rooms;
#[path = "tidy/source.rs"]
mod source;

use source::{Source, all_sources, all_texts};

/// Lines of a file, inline tests apart.
const FILE_LINES_MAX: usize = 500;
/// Nine files in ten are shorter than this.
const FILE_LINES_P90: usize = 265;
/// Lines of a function from its signature to its closing brace.
const FUNCTION_LINES_MAX: usize = 60;
/// Fewest and most lines of the plate; a test's title may be its whole plate.
const PLATE_LINES: (usize, usize) = (3, 12);
/// `unwrap` and `expect` in a thousand shipped lines.
const UNWRAPS_PER_1000: f64 = 1.0;

fn report(rule: &str, faults: Vec<String>) {
    assert!(faults.is_empty(), "{rule}: {} place(s)\n  {}", faults.len(), faults.join("\n  "));
}

#[test]
fn each_file_says_what_it_is_for() {
    let faults = all_sources()
        .iter()
        .filter(|s| {
            let shortest = if s.is_shipped() { PLATE_LINES.0 } else { 1 };
            !(shortest..=PLATE_LINES.1).contains(&s.plate_lines())
        })
        .map(|s| format!("{}: {} lines of //!, want 3 to 12 (tests: 1)", s.path, s.plate_lines()))
        .collect();
    report("door plate", faults);
}

#[test]
fn no_file_is_longer_than_a_reader_bears() {
    let sources = all_sources();
    let faults = sources
        .iter()
        .filter(|s| s.lines_without_tests() > FILE_LINES_MAX)
        .map(|s| format!("{}: {} lines, split it by nouns", s.path, s.lines_without_tests()))
        .collect();
    report("file length", faults);
    let mut lengths: Vec<usize> = sources.iter().map(Source::lines_without_tests).collect();
    lengths.sort_unstable();
    let p90 = lengths[lengths.len() * 9 / 10];
    assert!(
        p90 <= FILE_LINES_P90,
        "nine files in ten are within {p90} lines, want {FILE_LINES_P90}"
    );
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let mut faults = Vec::new();
    for source in all_sources() {
        for (name, line, lines) in source.functions() {
            if lines > FUNCTION_LINES_MAX {
                faults.push(format!("{}:{line}: fn {name} has {lines} lines", source.path));
            }
        }
    }
    report("function length", faults);
}

#[test]
fn files_are_nouns_and_not_drawers() {
    let drawers = ["utils", "util", "helpers", "helper", "common", "misc", "manager", "service"];
    let faults = all_sources()
        .iter()
        .filter(|s| {
            s.path
                .trim_end_matches(".rs")
                .split(std::path::MAIN_SEPARATOR)
                .any(|p| drawers.contains(&p))
        })
        .map(|s| format!("{}: name the noun that is missing", s.path))
        .collect();
    report("names", faults);
}

#[test]
fn shipped_code_does_not_unwrap() {
    let (mut unwraps, mut lines, mut places) = (0, 0, Vec::new());
    for source in all_sources().iter().filter(|s| s.is_shipped()) {
        lines += source.lines_without_tests();
        for (line, text) in source.shipped_code_lines() {
            let n = text.matches(".unwrap()").count() + text.matches(".expect(").count();
            unwraps += n;
            if n > 0 {
                places.push(format!("{}:{line}", source.path));
            }
        }
    }
    let per_1000 = unwraps as f64 * 1000.0 / lines as f64;
    assert!(
        per_1000 <= UNWRAPS_PER_1000,
        "{per_1000:.2} per 1,000 lines\n  {}",
        places.join("\n  ")
    );
}

/// Owner files: a word in shipped code, and the path prefixes that may use it.
const OWNERS: &[(&str, &[&str])] = &[
    ("rumqttd::", &[]),
    ("rumqttc::", &["proto/door/src/", "gateway/src/uplink", "tests/src/"]),
    (
        "axum::",
        &[
            "server/src/router",
            "server/src/routes",
            "server/src/api_error",
            "server/src/app",
            "server/src/assets",
            "server/src/session",
            "server/src/pages",
            "gateway/src/health",
            "tests/src/demo",
        ],
    ),
    ("sqlx::", &["server/records/src"]),
    (
        "rusqlite::",
        &[
            "server/records/src",
            "server/series/src",
            "server/centre/src/inbox",
            "gateway/src/spool",
        ],
    ),
    ("influxdb2::", &["server/series/src"]),
];

#[test]
fn each_big_library_has_one_owner() {
    let mut faults = Vec::new();
    for source in all_sources().iter().filter(|s| s.is_shipped()) {
        for (line, text) in source.shipped_code_lines() {
            for (word, owners) in OWNERS {
                if text.contains(word) && !owners.iter().any(|o| source.path.starts_with(o)) {
                    faults.push(format!("{}:{line}: {word} belongs to {owners:?}", source.path));
                }
            }
        }
    }
    report("owners", faults);
}

#[test]
fn the_records_alone_know_their_database() {
    let mut faults = Vec::new();
    for (path, text) in all_texts() {
        let asks =
            path.ends_with("/Cargo.toml") && text.lines().any(|line| line.starts_with("sqlx"));
        let names = path.ends_with(".rs")
            && path != "tests/tests/tidy.rs"
            && text.contains(concat!("sqlx", "::"));
        if (asks || names) && !path.starts_with("server/records/") {
            faults.push(format!("{path}: ask `records`, which alone names sqlx"));
        }
    }
    report("database", faults);
}

#[test]
fn topics_are_spelled_in_one_file() {
    let mut faults = Vec::new();
    for source in all_sources().iter().filter(|s| s.is_shipped() && s.path != "proto/src/topic.rs")
    {
        for (line, text) in source.shipped_literals() {
            if text.contains(concat!("hl", "1/")) {
                faults.push(format!("{}:{line}: use proto::topic::Topic", source.path));
            }
        }
    }
    report("topics", faults);
}

#[test]
fn words_of_the_wire_are_read_by_their_own_readers() {
    let mut faults = Vec::new();
    for source in
        all_sources().iter().filter(|s| s.is_shipped() && !s.path.starts_with("proto/src"))
    {
        let speaks = ["proto::relay", "Relay<", "GatewayDown"];
        if !speaks.iter().any(|word| source.text.contains(word)) {
            continue;
        }
        for (line, text) in source.shipped_code_lines() {
            if text.contains(concat!("minicbor::", "decode")) {
                faults.push(format!(
                    "{}:{line}: use `read` of the word, it has its bounds",
                    source.path
                ));
            }
        }
    }
    report("one way in", faults);
}

#[test]
fn sql_is_spoken_in_its_own_rooms() {
    let rooms =
        ["server/records/src", "server/series/src", "server/centre/src/inbox", "gateway/src/spool"];
    let words =
        ["SELECT ", "INSERT INTO ", "INSERT OR ", "DELETE FROM ", "CREATE TABLE ", "PRAGMA "];
    let mut faults = Vec::new();
    for source in all_sources().iter().filter(|s| s.is_shipped()) {
        for (line, text) in source.shipped_literals() {
            let inside = rooms.iter().any(|room| source.path.starts_with(room));
            if !inside && words.iter().any(|w| text.contains(w)) {
                faults.push(format!("{}:{line}: SQL outside {rooms:?}", source.path));
            }
        }
    }
    report("sql", faults);
}

#[test]
fn clocks_are_read_in_clock_rs() {
    let mut faults = Vec::new();
    for source in all_sources().iter().filter(|s| s.is_shipped() && !s.path.ends_with("clock.rs")) {
        for (line, text) in source.shipped_code_lines() {
            let clocks = [
                "SystemTime::now(",
                "Instant::now(",
                "Uuid::now_",
                "Timestamp::now(",
                "Zoned::now(",
            ];
            if clocks.iter().any(|clock| text.contains(clock)) {
                faults.push(format!("{}:{line}: take the time as a parameter", source.path));
            }
        }
    }
    report("clocks", faults);
}

#[test]
fn every_policy_number_names_its_source() {
    let sources = all_sources();
    let rooms = sources.iter().filter(|s| s.path.starts_with("proto/care/src/policy"));
    let (mut faults, mut numbers) = (Vec::new(), 0);
    for policy in rooms {
        let mut doc = String::new();
        for (n, line) in policy.text.lines().enumerate() {
            let line = line.trim();
            if let Some(words) = line.strip_prefix("///") {
                doc.push_str(words);
            } else if line.starts_with("pub const ") && !line.starts_with("pub const fn") {
                numbers += 1;
                if !doc.to_lowercase().contains("source:") {
                    faults.push(format!("{}:{}: {line}: say `Source: …`", policy.path, n + 1));
                }
                doc.clear();
            } else if line.is_empty() {
                doc.clear();
            }
        }
    }
    assert!(numbers > 100, "{numbers} policy numbers were found");
    report("policy numbers", faults);
}

/// Golden bytes of each version of the wire, as they were when the version was made.
const GOLDEN: &[(&str, u64)] = &[
    ("proto/tests/versions/v01.rs", 0x1aa4_be70_f340_3a84),
    ("proto/tests/versions/v01_update.rs", 0x8d8a_9e46_00d0_4cab),
    ("proto/tests/versions/v01_papers.rs", 0xa3b2_6ee2_f740_03fb),
    ("proto/tests/versions/v01_keys.rs", 0xf282_8da5_c64c_c912),
    ("proto/tests/versions/v01_box.rs", 0x4b16_faeb_3f17_74b3),
    ("proto/tests/versions/v01_kept.rs", 0xb4e1_8ef3_9f8e_571f),
    ("proto/tests/versions/v01_about.rs", 0x9154_1256_7336_af8b),
    ("proto/tests/versions/v01_accepted.rs", 0x3dc8_58d3_bad9_6bf5),
    ("proto/tests/versions/v01_losses.rs", 0x2364_1779_6d49_feba),
    ("proto/tests/versions/v01_reasons.rs", 0x6b58_fe1d_c78e_0d8f),
];

#[test]
fn golden_bytes_are_never_edited() {
    let mut faults = Vec::new();
    for source in all_sources().iter().filter(|s| s.path.starts_with("proto/tests/versions/v")) {
        let hash = source::fnv(&source.text);
        match GOLDEN.iter().find(|(path, _)| *path == source.path) {
            Some((_, golden)) if *golden == hash => {}
            Some(_) => faults.push(format!("{}: edited; a promise of the wire", source.path)),
            None => faults.push(format!("(\"{}\", {hash:#x}) is missing here", source.path)),
        }
    }
    report("golden bytes", faults);
}

#[test]
fn nothing_tells_where_it_was_written() {
    let hosts = [
        "127.0.0.1",
        "localhost",
        "github.com",
        "example.org",
        "example.com",
        "www.w3.org",
        "www.apache.org",
        "json-schema.org",
        "0.0.0.0",
        "[::1]",
        "{",
        "host",
        "::",
        "desk.local",
        "evil.example",
        "care.example",
        "user@",
        "$",
        "docs.rs",
    ];
    let words = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("target-", "world")];
    let mut faults = Vec::new();
    for (path, text) in all_texts() {
        for (n, line) in text.lines().enumerate() {
            for word in words.iter().filter(|w| line.contains(**w)) {
                faults.push(format!("{path}:{}: {word}", n + 1));
            }
            for scheme in [concat!("http", "://"), concat!("https", "://")] {
                for (at, _) in line.match_indices(scheme) {
                    let rest = &line[at + scheme.len()..];
                    if !rest.is_empty()
                        && !hosts.iter().any(|h| rest.starts_with(h))
                        && rest.starts_with(|c: char| c.is_alphanumeric())
                    {
                        faults.push(format!("{path}:{}: host of {rest}", n + 1));
                    }
                }
            }
        }
    }
    report("places", faults);
}

#[test]
fn the_table_of_lengths_is_printed() {
    let mut rooms: std::collections::BTreeMap<String, Vec<Source>> =
        std::collections::BTreeMap::new();
    for source in all_sources() {
        rooms.entry("whole".into()).or_default().push(source.clone());
        rooms.entry(source.room()).or_default().push(source);
    }
    println!(
        "| room | files | lines | file med / p90 / max | fn med / p90 / p99 / max | unwrap/k |"
    );
    println!("|---|---|---|---|---|---|");
    for (room, sources) in &rooms {
        let mut files: Vec<usize> = sources.iter().map(Source::lines_without_tests).collect();
        let mut functions: Vec<usize> =
            sources.iter().flat_map(Source::functions).map(|(_, _, n)| n).collect();
        files.sort_unstable();
        functions.sort_unstable();
        let at = |v: &[usize], p: usize| {
            v.get((v.len() * p / 100).min(v.len().saturating_sub(1))).copied().unwrap_or(0)
        };
        let shipped: Vec<&Source> = sources.iter().filter(|s| s.is_shipped()).collect();
        let lines: usize = shipped.iter().map(|s| s.lines_without_tests()).sum();
        let unwraps: usize = shipped
            .iter()
            .flat_map(|s| s.shipped_code_lines())
            .map(|(_, t)| t.matches(".unwrap()").count() + t.matches(".expect(").count())
            .sum();
        println!(
            "| {room} | {} | {} | {} / {} / {} | {} / {} / {} / {} | {:.1} |",
            files.len(),
            files.iter().sum::<usize>(),
            at(&files, 50),
            at(&files, 90),
            at(&files, 100),
            at(&functions, 50),
            at(&functions, 90),
            at(&functions, 99),
            at(&functions, 100),
            unwraps as f64 * 1000.0 / lines.max(1) as f64,
        );
    }
}
