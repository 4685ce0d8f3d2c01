//! Words on the glass: how wide they are, and how a long name becomes lines.
//!
//! The width is an estimate from above for the type that pages use at 14 px; names are never cut short. Not here:
//! what is written.

/// Width of one line, px.
pub fn width(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 8.0 } else { 14.0 }).sum()
}

/// Lines of at most so many px, broken at blanks where there are any.
pub fn lines(text: &str, most: f64) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match out.last_mut() {
            Some(line) if width(line) + 8.0 + width(word) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => out.extend(pieces(word, most)),
        }
    }
    out
}

fn pieces(word: &str, most: f64) -> Vec<String> {
    let mut out = vec![String::new()];
    for c in word.chars() {
        let full = out.last().is_some_and(|line| {
            !line.is_empty() && width(line) + if c.is_ascii() { 8.0 } else { 14.0 } > most
        });
        if full {
            out.push(String::new());
        }
        if let Some(line) = out.last_mut() {
            line.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_becomes_lines_and_none_of_it_is_lost() {
        let name = "二楼朝南主卧室靠窗的床头柜旁边的活动传感器";
        let parts = lines(name, 84.0);
        assert!(parts.iter().all(|line| width(line) <= 84.0), "{parts:?}");
        assert_eq!(parts.concat(), name);
        assert_eq!(lines("Heart rate", 84.0), ["Heart rate"]);
        assert_eq!(lines("Living room window", 84.0), ["Living", "room", "window"]);
    }
}
