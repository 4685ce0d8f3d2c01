//! What people type, made safe to be read by others: no control characters, nothing that turns or hides a text.
//!
//! A text that could lie about itself is not refused but shown for what it is, since a name may have been copied from
//! anywhere: U+202E stands there as `[202E]`. Done once, at the door, so that every page, list and message reads the
//! same. Not here: which fields there are (`provision`, `routes`).

/// Longest line that people may enter, in characters.
pub(crate) const LINE_MAX: usize = 120;
/// Longest text of several lines, in characters.
pub(crate) const TEXT_MAX: usize = 2_000;

/// Whether a character turns, hides or splits the text round it without being seen.
const fn deceives(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// Whether a character that is not seen belongs to the one before it: joiners and forms of emoji, Arabic, Indic and
/// Mongolian letters, and of rare Chinese characters. After anything else it only makes two names look like one.
const fn belongs(before: Option<char>, c: char) -> bool {
    match (c, before) {
        ('\u{200C}' | '\u{200D}', Some(before)) => {
            matches!(before, '\u{600}'..='\u{109F}' | '\u{2300}'..='\u{27BF}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}')
        }
        ('\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}', Some(before)) => {
            !before.is_ascii() && !before.is_whitespace()
        }
        ('\u{180B}'..='\u{180D}', Some(before)) => matches!(before, '\u{1820}'..='\u{18AA}'),
        (
            '\u{180B}'..='\u{180D}'
            | '\u{200C}'
            | '\u{200D}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{E0100}'..='\u{E01EF}',
            None,
        ) => false,
        _ => true,
    }
}

fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for c in text.trim().chars() {
        if deceives(c) || !belongs(before, c) {
            out.push_str(&format!("[{:04X}]", u32::from(c)));
        } else {
            out.push(c);
        }
        before = Some(c);
    }
    out
}

fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// One line; none if it has control characters or is too long.
pub fn line(text: &str) -> Option<String> {
    let text = shown(text);
    (!text.chars().any(breaks) && text.chars().count() <= LINE_MAX).then_some(text)
}

/// Several lines; none if they have other control characters or are too long.
pub fn lines(text: &str) -> Option<String> {
    let text = shown(&text.replace("\r\n", "\n").replace('\t', " "));
    let plain = text.chars().all(|c| c == '\n' || !breaks(c));
    (plain && text.chars().count() <= TEXT_MAX).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_or_hides_a_text_is_seen_and_control_characters_are_refused() {
        assert_eq!(line(" 王\u{202E}奶奶 "), Some("王[202E]奶奶".to_owned()));
        assert_eq!(line("a\u{200B}\u{2066}b\u{E0041}"), Some("a[200B][2066]b[E0041]".to_owned()));
        assert_eq!(line("甲\n乙"), None);
        for (alone, told) in [
            ("\u{200D}", "[200D]"),
            ("\u{3164}", "[3164]"),
            ("\u{2800}", "[2800]"),
            ("\u{FE0F}", "[FE0F]"),
        ] {
            assert_eq!(line(alone).as_deref(), Some(told), "a name that cannot be seen");
            assert_eq!(
                line(&format!("op{alone}")),
                Some(format!("op{told}")),
                "and looks like another"
            );
        }
        assert_eq!(line("葛\u{E0100}").as_deref(), Some("葛\u{E0100}"), "a rare form stays");
        assert_eq!(line("a\u{1b}[31m"), None);
        assert_eq!(line("a\u{2028}b"), None);
        assert_eq!(lines("甲\r\n乙"), Some("甲\n乙".to_owned()));
        assert_eq!(lines("a\u{0}b"), None);
        assert_eq!(line(&"长".repeat(LINE_MAX + 1)), None);
        assert_eq!(lines(&"长".repeat(TEXT_MAX + 1)), None);
        assert_eq!(line("نور 👩‍⚕️"), Some("نور 👩‍⚕️".to_owned()), "ordinary writing stays");
    }
}
