//! The one sign that a text of one database may have and of the other may not: NUL. It is refused where it comes in.
//!
//! Not here: other signs that no line of a person has (`typed`).

use axum::http::Uri;

/// What whoever sent it is told.
pub const WHY: &str = "a text has the sign NUL, which no text may have";

/// Whether a text in some JSON has it; bytes that are no JSON are refused anyway.
pub fn in_json(bytes: &[u8]) -> bool {
    let escaped = |at: usize| {
        let before = bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        before % 2 == 0
    };
    let found = bytes.windows(6).enumerate().filter(|(_, six)| *six == br"\u0000");
    found.map(|(at, _)| at).any(escaped)
}

/// Whether a field of a form has it.
pub fn in_form(bytes: &[u8]) -> bool {
    bytes.contains(&0) || bytes.windows(3).any(|three| three == b"%00")
}

/// Whether an address has it.
pub fn in_address(uri: &Uri) -> bool {
    uri.path().contains("%00") || uri.query().is_some_and(|query| query.contains("%00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_found_however_it_is_written_and_nothing_else_is_taken_for_it() {
        assert!(in_json(br#"{"name":"a\u0000b"}"#) && in_json(br#"{"name":"\\\u0000"}"#));
        assert!(!in_json(br#"{"name":"\\u0000"}"#) && !in_json(br#"{"name":"\u0001"}"#));
        assert!(in_form(b"name=a%00b") && in_form(b"name=a\0b") && !in_form(b"name=a%010"));
        assert!(in_address(&Uri::from_static("/api/alerts/%00")));
        assert!(in_address(&Uri::from_static("/api/homes?text=%00")));
        assert!(!in_address(&Uri::from_static("/api/alerts/x?n=100")));
    }
}
