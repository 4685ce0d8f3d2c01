//! The part of CDDL that our description uses: maps and arrays with numbered fields, some of them optional.
//!
//! Not here: types of fields, which are for readers.

use std::collections::BTreeMap;

use minicbor::Decoder;
use minicbor::data::Type;

/// Fields of each rule by number, and whether each must be there.
pub(crate) struct Shapes(BTreeMap<String, BTreeMap<u64, bool>>);

/// Reads `name = {` or `name = [` up to its closing line; other rules are skipped.
pub(crate) fn read(text: &str) -> Shapes {
    let mut rules: BTreeMap<String, BTreeMap<u64, bool>> = BTreeMap::new();
    let mut rule = None;
    for line in text.lines() {
        let line = line.split(';').next().unwrap_or_default().trim();
        if let Some((name, "{" | "[")) = line.split_once(" = ") {
            rule = Some(rules.entry(name.to_owned()).or_default());
        } else if line == "}" || line == "]" {
            rule = None;
        } else if let Some(fields) = &mut rule {
            let (optional, field) = match line.strip_prefix("? ") {
                Some(field) => (true, field),
                None => (false, line),
            };
            if let Some(Ok(key)) = field.split_once(':').map(|(key, _)| key.parse()) {
                fields.insert(key, !optional);
            }
        }
    }
    Shapes(rules)
}

impl Shapes {
    /// The item's keys are those of the rule, and none that must be there is missing.
    pub(crate) fn check(&self, rule: &str, item: &[u8]) {
        let fields = self.0.get(rule).unwrap_or_else(|| panic!("no rule {rule}"));
        let mut decoder = Decoder::new(item);
        let keys: Vec<u64> = if decoder.datatype().unwrap() == Type::Map {
            let len = decoder.map().unwrap().unwrap();
            let key = |_| {
                let key = decoder.u64().unwrap();
                decoder.skip().unwrap();
                key
            };
            (0..len).map(key).collect()
        } else {
            (0..decoder.array().unwrap().unwrap()).collect()
        };
        for key in &keys {
            assert!(fields.contains_key(key), "{rule} has no {key}");
        }
        for (key, needed) in fields {
            assert!(!needed || keys.contains(key), "{rule} says that {key} is always there");
        }
    }
}
