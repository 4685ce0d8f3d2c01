//! The part of CDDL that gives ranges: named numbers, and the fields of maps with what may stand in them.
//!
//! Not here: shapes of words (`versions/shapes.rs`).

use std::collections::BTreeMap;

/// A field of a map.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) key: u64,
    pub(crate) optional: bool,
    /// Lowest and highest number; none if no plain number stands there.
    pub(crate) range: Option<(i128, i128)>,
}

/// All maps of a description.
pub(crate) struct Ranges {
    names: BTreeMap<String, String>,
    rules: BTreeMap<String, Vec<(u64, bool, String)>>,
}

impl Ranges {
    pub(crate) fn read(text: &str) -> Self {
        let mut names = BTreeMap::new();
        let mut rules: BTreeMap<String, Vec<(u64, bool, String)>> = BTreeMap::new();
        let mut rule: Option<String> = None;
        for line in text.lines() {
            let line = line.split(';').next().unwrap_or_default().trim();
            match line.split_once(" = ") {
                Some((name, "{")) => rule = Some(name.to_owned()),
                Some((name, told)) => drop(names.insert(name.to_owned(), told.trim().to_owned())),
                None if line == "}" => rule = None,
                None => {
                    let (optional, field) = match line.strip_prefix("? ") {
                        Some(field) => (true, field),
                        None => (false, line),
                    };
                    if let (Some(rule), Some((key, told))) = (&rule, field.split_once(':'))
                        && let Ok(key) = key.parse()
                    {
                        let fields = rules.entry(rule.clone()).or_default();
                        fields.push((key, optional, told.trim().trim_end_matches(',').to_owned()));
                    }
                }
            }
        }
        Self { names, rules }
    }

    pub(crate) fn fields(&self, rule: &str) -> Vec<Field> {
        let fields = self.rules.get(rule).unwrap_or_else(|| panic!("no rule {rule}"));
        let read = |(key, optional, told): &(u64, bool, String)| Field {
            key: *key,
            optional: *optional,
            range: self.range(told),
        };
        fields.iter().map(read).collect()
    }

    fn range(&self, told: &str) -> Option<(i128, i128)> {
        if told == "uint" {
            return Some((0, u64::MAX.into()));
        }
        if let Some((low, high)) = told.split_once("..") {
            return low.parse().ok().zip(high.parse().ok());
        }
        self.range(self.names.get(told)?)
    }
}
