//! Rooms of the crates: the centre knows neither the app nor HTTP, and no import leads back to where it began.
//!
//! A *room* is a module that `lib.rs` or `main.rs` names, with its files. Not here: what a file may hold (`tidy`).

use std::collections::{BTreeMap, BTreeSet};

use crate::report;
use crate::source::{Source, all_sources, all_texts};

/// Where the rooms of each crate are, how many are at least found there, and which arrows still lead back, from a room to
/// another. The list of arrows only gets shorter.
const CRATES: &[(&str, usize, &[(&str, &str)])] = &[
    ("proto/src/", 8, &[]),
    ("proto/care/src/", 7, &[]),
    ("proto/door/src/", 10, &[]),
    ("firmware/src/", 5, &[]),
    ("firmware/board/link/src/", 1, &[]),
    ("firmware/board/qemu/src/", 10, &[]),
    ("firmware/board/esp32c6/src/", 8, &[]),
    ("gateway/src/", 10, &[]),
    ("server/src/", 8, &[]),
    ("server/centre/src/", 25, &[]),
    (
        "server/records/src/",
        10,
        &[("swept", "refusal"), ("whose", "chain"), ("whose", "home"), ("whose", "resident")],
    ),
    ("server/series/src/", 1, &[]),
    ("tests/src/", 15, &[("load", "demo"), ("load", "scene")]),
];
/// Files that list the rooms of a crate and lend their names.
const ROOTS: &[&str] = &["lib", "main"];
/// Where what an alarm receiving centre does stands, apart from how it is shown.
const CENTRE: &str = "server/centre/";
/// Crates that belong to HTTP, pages and the command line.
const SHOWING: &[&str] = &["axum", "maud", "utoipa", "clap", "tower", "hyper"];

/// Rooms that each room names, with one file that does.
type Arrows = BTreeMap<String, BTreeMap<String, String>>;

fn room_of<'a>(path: &'a str, rooms: &str) -> Option<&'a str> {
    path.strip_prefix(rooms)?.split(std::path::MAIN_SEPARATOR).next()?.split('.').next()
}

fn code(source: &Source) -> String {
    source.shipped_code_lines().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

/// First names after each `crate::`, also of a list in braces.
fn named(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let (mut depth, mut fresh) = (0, true);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => fresh = true,
                c if fresh && !c.is_whitespace() => {
                    found.insert(word(&list[at..]));
                    fresh = false;
                }
                _ => {}
            }
        }
    }
    found
}

/// Names that the root of a crate lends out of its rooms, with the room of each.
fn lent(root: &str) -> BTreeMap<String, String> {
    let mut lent = BTreeMap::new();
    let uses = root.split(';').filter_map(|item| item.trim().strip_prefix("pub use "));
    for (room, names) in uses.filter_map(|path| path.split_once("::")) {
        let words = names.split(|c: char| !c.is_alphanumeric() && c != '_');
        lent.extend(words.filter(|w| !w.is_empty()).map(|word| (word.to_owned(), room.to_owned())));
    }
    lent
}

fn arrows(sources: &[Source], folder: &str) -> Arrows {
    let own = || sources.iter().filter_map(|s| Some((room_of(&s.path, folder)?, s)));
    let rooms: BTreeSet<&str> = own().map(|(room, _)| room).collect();
    let roots = own().filter(|(room, _)| ROOTS.contains(room));
    let lent: BTreeMap<_, _> = roots.flat_map(|(_, source)| lent(&code(source))).collect();
    let mut arrows = Arrows::new();
    for (from, source) in own().filter(|(room, _)| !ROOTS.contains(room)) {
        let mut code = code(source);
        if source.path == format!("{folder}{from}.rs") {
            // Beside the root its rooms are also reached so.
            code = code.replace("super::", "crate::");
        }
        for name in named(&code) {
            let to = lent.get(&name).filter(|_| !rooms.contains(name.as_str())).unwrap_or(&name);
            if *to != from && rooms.contains(to.as_str()) {
                let out = arrows.entry(from.to_owned()).or_default();
                out.entry(to.clone()).or_insert_with(|| source.path.clone());
            }
        }
    }
    arrows
}

/// A way that leads back to where it began, if there is one.
fn circle(arrows: &Arrows) -> Option<Vec<String>> {
    fn walk(at: &str, arrows: &Arrows, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        if let Some(from) = way.iter().position(|room| room == at) {
            way.drain(..from);
            way.push(at.to_owned());
            return true;
        }
        if !done.insert(at.to_owned()) {
            return false;
        }
        way.push(at.to_owned());
        for to in arrows.get(at).into_iter().flat_map(BTreeMap::keys) {
            if walk(to, arrows, way, done) {
                return true;
            }
        }
        way.pop();
        false
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|room| {
        let mut way = Vec::new();
        walk(room, arrows, &mut way, &mut done).then_some(way)
    })
}

#[test]
fn the_centre_knows_neither_the_app_nor_http_nor_the_command_line() {
    let mut faults = Vec::new();
    for (path, text) in all_texts().iter().filter(|(path, _)| path.starts_with(CENTRE)) {
        let asked = text.lines().filter(|_| path.ends_with("Cargo.toml"));
        let asked = asked.filter_map(|line| line.split(['.', ' ', '=']).next());
        for name in asked.filter(|name| SHOWING.contains(name) || *name == "server") {
            faults.push(format!("{path}: {name} belongs to the server"));
        }
    }
    let sources = all_sources();
    let centre = sources.iter().filter(|source| source.path.starts_with(CENTRE));
    for source in centre.filter(|source| source.is_shipped()) {
        for (line, text) in source.shipped_code_lines() {
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            for word in words.filter(|word| *word == "App" || SHOWING.contains(word)) {
                faults.push(format!("{}:{line}: {word}: take what it works with", source.path));
            }
        }
    }
    report("the centre", faults);
}

#[test]
fn no_import_of_a_crate_leads_back_to_where_it_began() {
    let mut sources = all_sources();
    sources.retain(Source::is_shipped);
    let mut faults = Vec::new();
    for (folder, least, back) in CRATES {
        let found: BTreeSet<_> = sources.iter().filter_map(|s| room_of(&s.path, folder)).collect();
        assert!(found.len() >= *least, "{folder}: {} rooms were found", found.len());
        let mut arrows = arrows(&sources, folder);
        for (from, to) in *back {
            if arrows.get_mut(*from).and_then(|out| out.remove(*to)).is_none() {
                faults.push(format!("{folder}: {from} -> {to}: it is gone, take it from the list"));
            }
        }
        if let Some(way) = circle(&arrows) {
            for step in way.windows(2) {
                let file = arrows.get(&step[0]).and_then(|out| out.get(&step[1]));
                faults.push(format!("{} -> {} by {}", step[0], step[1], file.map_or("?", |f| f)));
            }
        }
    }
    report("a circle", faults);
}

#[test]
fn an_import_is_found_in_a_list_and_a_circle_by_its_way() {
    let list = "use crate::{one::{self, two}, three};\nlet four = crate::four::five();";
    let names: Vec<String> = named(list).into_iter().collect();
    assert_eq!(names, ["four", "one", "three"]);
    let arrow = |from: &str, to: &str| {
        (from.to_owned(), BTreeMap::from([(to.to_owned(), "a file".to_owned())]))
    };
    let ring = Arrows::from([arrow("a", "b"), arrow("b", "c"), arrow("c", "b")]);
    assert_eq!(circle(&ring), Some(vec!["b".to_owned(), "c".to_owned(), "b".to_owned()]));
    assert_eq!(circle(&Arrows::from([arrow("a", "b"), arrow("b", "c")])), None);
    let lent = lent("mod a;\npub use a::{One, two};\npub use b::Three;");
    let from = |name: &str| lent.get(name).map(String::as_str);
    assert_eq!(
        [from("One"), from("two"), from("Three"), from("a")],
        [Some("a"), Some("a"), Some("b"), None]
    );
}
