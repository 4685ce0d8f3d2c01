//! Rooms of the server: those below the top know neither the app nor HTTP, and no import leads back to where it began.
//!
//! A *room* is a module that `lib.rs` names, with its files; the *top* composes the rooms and speaks HTTP.
//! Not here: what a file may hold (`tidy`).

use std::collections::{BTreeMap, BTreeSet};

use crate::report;
use crate::source::{Source, all_sources};

/// Where the rooms are.
const ROOMS: &str = "server/src/";
/// Rooms that compose, draw, and speak HTTP or the command line.
const TOP: &[&str] = &[
    "api_error",
    "app",
    "assets",
    "check",
    "cli",
    "lib",
    "main",
    "pages",
    "router",
    "routes",
    "session",
    "tools",
];
/// Rooms below the top that still name what is above them. It only gets shorter.
const KNOTTED: &[&str] = &[];
/// Arrows that still lead back, from a room to another. It only gets shorter.
const BACK: &[(&str, &str)] = &[];

/// Rooms that each room names, with one file that does.
type Arrows = BTreeMap<String, BTreeMap<String, String>>;

fn room_of(path: &str) -> Option<&str> {
    path.strip_prefix(ROOMS)?.split(std::path::MAIN_SEPARATOR).next()?.split('.').next()
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

fn arrows(sources: &[Source]) -> Arrows {
    let rooms: BTreeSet<&str> = sources.iter().filter_map(|s| room_of(&s.path)).collect();
    let mut arrows = Arrows::new();
    for source in sources {
        let Some(from) = room_of(&source.path) else { continue };
        for to in named(&code(source)) {
            if to != from && rooms.contains(to.as_str()) {
                let out = arrows.entry(from.to_owned()).or_default();
                out.entry(to).or_insert_with(|| source.path.clone());
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
fn no_room_below_the_top_knows_the_app_or_http() {
    let sources = all_sources();
    let (mut faults, mut knotted) = (Vec::new(), BTreeSet::new());
    for source in sources.iter().filter(|source| source.is_shipped()) {
        let Some(room) = room_of(&source.path).filter(|room| !TOP.contains(room)) else {
            continue;
        };
        let above = named(&code(source));
        let above = above.iter().filter(|name| TOP.contains(&name.as_str()));
        let mut found: Vec<String> = above.map(|name| format!("crate::{name}")).collect();
        for (line, text) in source.shipped_code_lines() {
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            let wrong = words.filter(|word| ["App", "axum", "maud"].contains(word));
            found.extend(wrong.map(|word| format!("{word} in line {line}")));
        }
        if !found.is_empty() {
            knotted.insert(room);
        }
        if !KNOTTED.contains(&room) {
            let say =
                |what| format!("{}: {what}: take what it works with as a handle", source.path);
            faults.extend(found.into_iter().map(say));
        }
    }
    let free = KNOTTED.iter().filter(|room| !knotted.contains(*room));
    faults.extend(free.map(|room| format!("{room}: it is free, take it from the list")));
    report("rooms below the top", faults);
}

#[test]
fn no_import_of_the_server_leads_back_to_where_it_began() {
    let mut sources = all_sources();
    sources.retain(Source::is_shipped);
    let mut arrows = arrows(&sources);
    assert!(arrows.len() > 30, "{} rooms were found", arrows.len());
    let mut faults = Vec::new();
    for (from, to) in BACK {
        if arrows.get_mut(*from).and_then(|out| out.remove(*to)).is_none() {
            faults.push(format!("{from} -> {to}: it is gone, take it from the list"));
        }
    }
    if let Some(way) = circle(&arrows) {
        for step in way.windows(2) {
            let file = arrows.get(&step[0]).and_then(|out| out.get(&step[1]));
            faults.push(format!("{} -> {} by {}", step[0], step[1], file.map_or("?", |f| f)));
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
}
