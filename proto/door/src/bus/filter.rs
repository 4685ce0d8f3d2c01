//! Filters of the bus: which are sound, and which topics they match.
//!
//! A filter is a path of levels; `+` stands for one level, `#` at the end for all that follow and
//! for its parent. Neither reaches a topic that begins with `$` from the first level.
//! Not here: how many are looked through at once (`trie`), or shared subscriptions, which are refused.

/// Levels that a filter may have: matching goes as deep as this and no deeper.
pub const LEVELS_MAX: usize = 64;

const SEPARATOR: char = '/';

/// Whether it is a filter that this bus serves.
pub fn sound(filter: &str) -> bool {
    let levels = filter.split(SEPARATOR).count();
    let level_fits = |(place, level): (usize, &str)| match level {
        "#" => place + 1 == levels,
        "+" => true,
        _ => !level.contains(['#', '+']),
    };
    !filter.is_empty()
        && levels <= LEVELS_MAX
        && filter.split(SEPARATOR).enumerate().all(level_fits)
}

/// Whether a sound filter matches a topic.
pub fn matches(topic: &str, filter: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['#', '+']) {
        return false;
    }
    let mut levels = topic.split(SEPARATOR);
    for wanted in filter.split(SEPARATOR) {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            (_, Some(_) | None) => return false,
        }
    }
    levels.next().is_none()
}

/// What every topic that the filter matches begins with; all of it where there is no wildcard.
pub(crate) fn literal(filter: &str) -> &str {
    let end = filter.find(['#', '+']).unwrap_or(filter.len());
    // `a/#` also matches `a`.
    let head = filter.get(..end).unwrap_or_default();
    head.strip_suffix(SEPARATOR).unwrap_or(head)
}

/// Whether the filter has wildcards.
pub(crate) fn wild(filter: &str) -> bool {
    filter.contains(['#', '+'])
}

/// The levels of a topic or filter.
pub(crate) fn levels(path: &str) -> impl Iterator<Item = &str> {
    path.split(SEPARATOR)
}
