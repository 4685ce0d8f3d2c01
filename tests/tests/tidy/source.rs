//! Rust text taken apart just far enough to count: code without literals, literals without code.
//!
//! A small scanner instead of a parser: it knows comments, strings, raw strings and characters, and
//! finds functions and `#[cfg(test)]` items by their braces. Not here: any rule.

use std::path::{Path, PathBuf};

/// One Rust file of the project.
#[derive(Clone)]
pub(crate) struct Source {
    /// Path from the root of the workspace.
    pub(crate) path: String,
    /// The text as it is.
    pub(crate) text: String,
    /// The text with comments and the inside of literals blanked, line for line.
    code: String,
    /// Line and text of each string literal.
    literals: Vec<(usize, String)>,
    /// Which lines belong to inline test modules.
    test_lines: Vec<bool>,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap_or_else(|e| panic!("workspace: {e}"))
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("").to_owned();
        if path.is_dir() && name != "target" && name != ".git" && name != "corpus" {
            walk(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

pub(crate) fn all_texts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found.sort();
    let kinds =
        ["rs", "toml", "md", "js", "css", "html", "sql", "yml", "json", "svg", "cddl", "run"];
    found
        .into_iter()
        .filter(|p| p.file_name().is_some_and(|n| n != "Cargo.lock"))
        .filter(|p| {
            let kind = p.extension().or(p.file_name()).and_then(|e| e.to_str()).unwrap_or("");
            kinds.contains(&kind)
        })
        .filter_map(|p| {
            let name = p.strip_prefix(root()).ok()?.to_str()?.to_owned();
            Some((name, std::fs::read_to_string(p).ok()?))
        })
        .collect()
}

pub(crate) fn all_sources() -> Vec<Source> {
    let texts = all_texts().into_iter().filter(|(path, _)| path.ends_with(".rs"));
    texts.map(|(path, text)| Source::new(path, text)).collect()
}

pub(crate) fn fnv(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

impl Source {
    fn new(path: String, text: String) -> Self {
        let (code, literals) = blank(&text);
        let test_lines = mark_tests(&code);
        Self { path, text, code, literals, test_lines }
    }

    pub(crate) fn is_shipped(&self) -> bool {
        let mut parts = self.path.split(std::path::MAIN_SEPARATOR).skip(1).peekable();
        let outside = ["tests", "benches", "fuzz", "examples", "tests.rs"];
        !parts.any(|part| outside.contains(&part))
    }

    pub(crate) fn room(&self) -> String {
        let parts: Vec<&str> = self.path.split(std::path::MAIN_SEPARATOR).collect();
        match parts.as_slice() {
            ["proto", room @ ("care" | "door"), ..] => format!("proto {room}"),
            [room, ..] => (*room).to_owned(),
            [] => String::new(),
        }
    }

    pub(crate) fn plate_lines(&self) -> usize {
        let lines = self.text.lines().skip_while(|l| l.starts_with("#!"));
        lines.take_while(|l| l.starts_with("//!")).count()
    }

    pub(crate) fn lines_without_tests(&self) -> usize {
        self.test_lines.iter().filter(|test| !**test).count()
    }

    pub(crate) fn shipped_code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.code.lines().enumerate();
        lines.filter(|(n, _)| !self.test_lines[*n]).map(|(n, line)| (n + 1, line))
    }

    pub(crate) fn shipped_literals(&self) -> impl Iterator<Item = (usize, &str)> {
        let shipped = self.literals.iter().filter(|(line, _)| !self.test_lines[line - 1]);
        shipped.map(|(line, text)| (*line, text.as_str()))
    }

    /// Name, line and length of each function that has a body.
    pub(crate) fn functions(&self) -> Vec<(String, usize, usize)> {
        let mut out = Vec::new();
        for (at, _) in self.code.match_indices("fn ") {
            let before = self.code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &self.code[at + 3..];
            let name: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let (Some(open), end) = (rest.find('{'), rest.find(';').unwrap_or(usize::MAX)) else {
                continue;
            };
            if name.is_empty() || (end < open && !rest[..open].contains('[')) {
                continue;
            }
            let close = matching_brace(rest, open);
            let line = self.code[..at].matches('\n').count() + 1;
            out.push((name, line, rest[..close].matches('\n').count() + 1));
        }
        out
    }
}

fn matching_brace(text: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn mark_tests(code: &str) -> Vec<bool> {
    let mut marks = vec![false; code.lines().count()];
    for (at, _) in code.match_indices("#[cfg(test)]") {
        let rest = &code[at..];
        let (open, semi) = (rest.find('{'), rest.find(';'));
        let end = match (open, semi) {
            (Some(open), Some(semi)) if semi < open => semi,
            (Some(open), _) => matching_brace(rest, open),
            (None, semi) => semi.unwrap_or(rest.len()),
        };
        let first = code[..at].matches('\n').count();
        let last = first + rest[..end].matches('\n').count();
        let last = last.min(marks.len() - 1);
        marks[first..=last].fill(true);
    }
    marks
}

/// Blanks comments and literals, keeping line breaks; gives the string literals apart.
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let (mut out, mut literals) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let token = token_len(rest, out.chars().next_back());
        let piece = &rest[..token];
        if token > c.len_utf8() {
            let is_text = piece.ends_with(['"', '#']) && !piece.starts_with('/');
            if is_text {
                literals.push((out.matches('\n').count() + 1, piece.to_owned()));
            }
            out.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            out.push(c);
        }
        rest = &rest[token..];
    }
    (out, literals)
}

/// Length of the comment or literal that starts here, or of one character.
fn token_len(rest: &str, before: Option<char>) -> usize {
    let word_before = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let until = |end: &str, from: usize| {
        rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return until("*/", 2);
    }
    let raw = rest.strip_prefix('b').unwrap_or(rest);
    if !word_before && (raw.starts_with("r\"") || raw.starts_with("r#")) {
        let skipped = rest.len() - raw.len() + 1;
        let hashes = rest[skipped..].bytes().take_while(|b| *b == b'#').count();
        if rest[skipped + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            return until(&end, skipped + hashes + 1);
        }
    }
    if rest.starts_with('"') {
        return closing(rest, '"');
    }
    if rest.starts_with("'\\") {
        return closing(rest, '\'');
    }
    let mut chars = rest.char_indices();
    let (first, _, third) = (chars.next(), chars.next(), chars.next());
    match (first, third) {
        (Some((_, '\'')), Some((at, '\''))) => at + 1,
        (Some((_, c)), _) => c.len_utf8(),
        (None, _) => 0,
    }
}

fn closing(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
