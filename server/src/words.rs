//! Every sentence that a person sees, by key, in two languages: zh-CN first, English second.
//!
//! The locale files are part of the binary and read once. `{name}` in a text is filled in by the
//! caller, `{name#one|many}` by what its number asks for; nothing is put together from halves. Not here:
//! numbers' and times' shapes (`pages::when`).

use std::collections::HashMap;
use std::sync::LazyLock;

use centre::lang::Lang;

const ZH: &str = include_str!("../locales/zh-CN.toml");
const EN: &str = include_str!("../locales/en.toml");

static TABLES: LazyLock<[HashMap<String, String>; 2]> = LazyLock::new(|| [read(ZH), read(EN)]);

/// Sections that scripts need; the rest stays on the server.
const FOR_SCRIPTS: [&str; 7] =
    ["js.", "kind.", "severity.", "outcome.", "result.", "sent.", "pause."];

fn read(text: &str) -> HashMap<String, String> {
    let table: toml::Table = text.parse().unwrap_or_default();
    let mut out = HashMap::new();
    for (section, entries) in table {
        for (key, value) in entries.as_table().into_iter().flatten() {
            out.insert(format!("{section}.{key}"), value.as_str().unwrap_or_default().to_owned());
        }
    }
    out
}

/// The sentences of a language.
pub trait Words {
    /// The text of a key; a key without one shows as a dash.
    fn t(&self, key: &str) -> &'static str;

    /// The text of a key with its places filled.
    fn fill(&self, key: &str, places: &[(&str, &str)]) -> String;

    /// Whether a key has a text.
    fn has(&self, key: &str) -> bool;

    /// The words of the scripts as a module of their own.
    fn module(&self) -> String;
}

fn table(lang: Lang) -> &'static HashMap<String, String> {
    &TABLES[usize::from(lang == Lang::En)]
}

impl Words for Lang {
    fn t(&self, key: &str) -> &'static str {
        table(*self).get(key).map_or("–", String::as_str)
    }

    fn fill(&self, key: &str, places: &[(&str, &str)]) -> String {
        places.iter().fold(self.t(key).to_owned(), |text, (name, value)| {
            counted(&text, name, value).replace(&format!("{{{name}}}"), value)
        })
    }

    fn has(&self, key: &str) -> bool {
        table(*self).contains_key(key)
    }

    fn module(&self) -> String {
        let words: serde_json::Map<String, serde_json::Value> = table(*self)
            .iter()
            .filter(|(key, _)| FOR_SCRIPTS.iter().any(|section| key.starts_with(section)))
            .map(|(key, text)| (key.clone(), text.clone().into()))
            .collect();
        format!("export default {};\n", serde_json::Value::Object(words))
    }
}

/// What a word of something out of order says to people: its own sentence, or that of the reason on an alert's card.
pub fn fault(lang: Lang, code: &str) -> &'static str {
    let own = matches!(code, "door_fails" | "ingest_still" | "ladder_still" | "worker_restarts");
    lang.t(&format!("{}.{code}", if own { "health" } else { "seen" }))
}

/// Chooses the word of each `{name#one|many}`.
fn counted(text: &str, name: &str, value: &str) -> String {
    let mark = format!("{{{name}#");
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(&mark) {
        let Some((words, later)) = after.split_once('}') else { break };
        let (one, many) = words.split_once('|').unwrap_or((words, words));
        out.push_str(before);
        out.push_str(if value == "1" { one } else { many });
        rest = later;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(lang: Lang) -> BTreeSet<&'static String> {
        table(lang).keys().collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_and_places() {
        assert_eq!(keys(Lang::Zh), keys(Lang::En));
        assert!(keys(Lang::Zh).len() > 300, "the locale files were not read");
        let places = |text: &str| -> BTreeSet<String> {
            let inside = text.split('{').skip(1).filter_map(|s| Some(s.split_once('}')?.0));
            inside.map(|s| s.split('#').next().unwrap_or(s).into()).collect()
        };
        for key in keys(Lang::Zh) {
            let (zh, en) = (Lang::Zh.t(key), Lang::En.t(key));
            assert!(!zh.is_empty() && !en.is_empty(), "{key} is empty");
            if !matches!(key.as_str(), "js.held_by" | "card.age") {
                assert_eq!(places(zh), places(en), "places of {key}");
            }
        }
    }

    #[test]
    fn every_reason_has_a_word_and_a_sentence_in_both_languages() {
        let mut known = 0;
        for number in 0u8..=255 {
            let bytes = if number < 24 { vec![number] } else { vec![0x18, number] };
            let Ok(seen) = minicbor::decode::<care::Seen>(&bytes) else { continue };
            let word = centre::live::evidence::seen_word(seen);
            assert_ne!(word, "unknown", "{seen:?}");
            for lang in [Lang::Zh, Lang::En] {
                let sentence = lang.t(&format!("seen.{word}"));
                assert!(!sentence.contains(word) || !word.contains('_'), "{word}: {sentence}");
                assert_ne!(sentence, word);
            }
            known += 1;
        }
        assert!(known > 60, "{known} reasons");
    }

    #[test]
    fn one_of_something_is_said_in_the_singular() {
        let mut wrong = Vec::new();
        for key in keys(Lang::En) {
            let text = Lang::En.t(key);
            let names: BTreeSet<&str> =
                text.split('{').skip(1).filter_map(|s| s.split(['}', '#']).next()).collect();
            // Who and what are no numbers.
            let named = ["name", "who", "where", "what", "kind", "me", "app"];
            let one = |name: &&str| if named.contains(name) { "x" } else { "1" };
            let ones: Vec<(&str, &str)> = names.iter().map(|name| (*name, one(name))).collect();
            let said = Lang::En.fill(key, &ones);
            assert!(!said.contains(['{', '}']), "{key}: {said}");
            let words: Vec<&str> = said.split([' ', ',', ';', '.', ':']).collect();
            let plural = |word: &str| {
                word == "people" || (word.ends_with('s') && word.len() > 2 && word != "past")
            };
            for (at, word) in words.iter().enumerate() {
                let next = words.get(at + 1).copied().unwrap_or("");
                let after = words.get(at + 2).copied().unwrap_or("");
                if *word == "1" && (plural(next) || (next == "more" && plural(after))) {
                    wrong.push(format!("{key}: {said}"));
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(Lang::En.fill("js.find_count", &[("n", "1")]), "1 home");
        assert_eq!(Lang::En.fill("js.find_count", &[("n", "2")]), "2 homes");
    }

    #[test]
    fn every_key_that_the_code_names_exists() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let rooms = [
            "console",
            "src/pages",
            "src/routes",
            "centre/src/desk",
            "centre/src/alert",
            "centre/src/live",
            "centre/src/promises.rs",
            "src/words.rs",
            "src/api_error.rs",
        ];
        let mut files: Vec<_> = rooms.iter().map(|room| root.join(room)).collect();
        let mut named = 0;
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for word in text.split(['"', '\'', '`']) {
                let Some((section, rest)) = word.split_once('.') else { continue };
                let known = keys(Lang::Zh).iter().any(|k| k.starts_with(&format!("{section}.")));
                let plain = rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                if known && plain && !rest.is_empty() && !["js", "css"].contains(&rest) {
                    assert!(Lang::Zh.has(word), "{word} in {} has no text", path.display());
                    named += 1;
                }
            }
        }
        assert!(named > 100, "only {named} keys were found in the sources");
    }
}
