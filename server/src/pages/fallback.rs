//! The telephone numbers of the open emergencies, for the card that shows when the link is lost.
//!
//! The console's scripts read them while the link holds; afterwards nobody could. Not here: who is asked
//! for first (`records::resident` has the order).

use maud::{Markup, html};

use crate::pages::desk::{duty, tel};
use crate::words::Words;
use centre::lang::Lang;

/// Contacts listed for one person.
const CONTACTS: usize = 3;

/// One open emergency.
pub struct Line {
    /// Where.
    pub label: String,
    /// Who, and the own number.
    pub person: (String, String),
    /// Whom to call: name, relation, number.
    pub contacts: Vec<(String, String, String)>,
}

/// The duty number and the lines, most urgent first, and of how many homes there is no room.
pub fn lines(lang: Lang, phone: &str, lines: &[Line], left: usize) -> Markup {
    html! {
        (duty(lang, phone))
        @for line in lines {
            li {
                b { (line.label) " " (line.person.0) } " "
                @if line.person.1.is_empty() { (lang.t("card.not_recorded")) } @else { (tel(&line.person.1, "")) }
                @for (name, relation, number) in line.contacts.iter().take(CONTACTS) {
                    br; (name) " " (relation) " "
                    @if number.is_empty() { (lang.t("card.not_recorded")) } @else { (tel(number, "")) }
                }
            }
        }
        @if left > 0 { li { (lang.fill("card.more_homes", &[("n", &left.to_string())])) } }
    }
}
