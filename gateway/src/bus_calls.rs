//! What on the local bus is a call for help, and what is only an old state that a bridge says again when it starts. Pure.
//!
//! A word of a button (`{"action":"sos"}`, `emergency`) is a call whenever it comes. `{"sos":true}` is the *state* of a
//! button, and a bridge says the states that it remembers as soon as it is there. A bridge *begins* with its first `online`
//! within seconds of its connection; the first state on a topic within seconds of that is old if it is what that topic
//! said last before, byte for byte, or if nothing is known of that topic and it is to be retained. Whatever else it may
//! be is a call: in doubt somebody needs help.
//! Not here: one packet that is sent twice (`devices`).

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use door::{Saying, Who};
use proto::unit::{Millis, Mono};

/// Words for help of the buttons that households have.
const HELP: [&str; 3] = ["emergency", "sos", "panic"];
/// A bridge says that it is there so soon after it has come, and so soon after that what it remembers.
const BIRTH: Millis = Millis::secs(10);
/// A word that says that a program is there is no longer than this.
const ONLINE_MAX: usize = 64;
/// Topics and programs of which something is remembered; beyond that nothing is known of others.
const REMEMBERED: usize = 1_024;

/// What a payload asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Somebody calls now.
    Call,
    /// A button is in the state of having called, or is not.
    State(bool),
    /// A program has just come.
    Online,
    /// None of these.
    Other,
}

/// The last state that a topic told.
#[derive(Debug, Clone, Copy)]
struct Last {
    digest: u64,
    at: Mono,
    /// What it was judged to be.
    call: bool,
}

/// A program that has come lately.
#[derive(Debug, Clone, Copy)]
struct Newcomer {
    came: Mono,
    /// When it said so.
    online: Option<Mono>,
}

/// What is remembered of the bus.
#[derive(Debug, Default)]
pub struct Calls {
    newcomers: HashMap<Who, Newcomer>,
    states: HashMap<String, Last>,
}

impl Calls {
    /// A program has connected.
    pub fn come(&mut self, now: Mono, who: Who) {
        let lately = |one: &Newcomer| now.since(one.came) <= Millis::new(2 * BIRTH.get());
        self.newcomers.retain(|_, one| lately(one));
        if self.newcomers.len() < REMEMBERED {
            self.newcomers.insert(who, Newcomer { came: now, online: None });
        }
    }

    /// Whether somebody calls for help by this `word`.
    pub fn hear(&mut self, now: Mono, saying: &Saying<'_>, word: Word) -> bool {
        match word {
            Word::Call => true,
            Word::State(on) => self.state(now, saying, on),
            Word::Online => {
                // Later ones are of its devices, which come and go: one may be there again because it is pressed.
                if let Some(one) = self.newcomers.get_mut(&saying.who)
                    && now.since(one.came) <= BIRTH
                {
                    one.online.get_or_insert(now);
                }
                false
            }
            Word::Other => false,
        }
    }

    fn state(&mut self, now: Mono, saying: &Saying<'_>, on: bool) -> bool {
        let mut hasher = DefaultHasher::new();
        saying.payload.hash(&mut hasher);
        let digest = hasher.finish();
        let last = self.states.get(saying.topic).copied();
        if let Some(last) = last.filter(|last| saying.repeated && last.digest == digest) {
            return last.call;
        }
        let begun = self.newcomers.get(&saying.who).and_then(|one| one.online);
        let begun = begun.filter(|begun| now.since(*begun) <= BIRTH);
        let first = begun.is_some_and(|begun| last.is_none_or(|last| last.at < begun));
        let old = first && last.map_or(saying.retain, |last| last.digest == digest);
        let call = on && !old;
        if last.is_some() || self.states.len() < REMEMBERED {
            self.states.insert(saying.topic.to_owned(), Last { digest, at: now, call });
        }
        call
    }
}

/// Reads a payload; nothing of it depends on what was said before. Whoever calls for help may say anything beside it.
pub fn read(payload: &[u8]) -> Word {
    let payload = bare(payload);
    let has =
        |word: &str| payload.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word.as_bytes()));
    // Most of what is said has none of these words anywhere, and is not read any further.
    if HELP.iter().any(|help| has(help)) {
        match help(payload) {
            Word::Other => {}
            word @ (Word::Call | Word::State(_) | Word::Online) => return word,
        }
    }
    let online = payload.len() <= ONLINE_MAX && has("online") && is_online(payload);
    if online { Word::Online } else { Word::Other }
}

/// What a payload with a word for help in it asks for.
fn help(payload: &[u8]) -> Word {
    let is_help = |word: &str| HELP.iter().any(|help| word.trim().eq_ignore_ascii_case(help));
    let Ok(word) = serde_json::from_slice::<serde_json::Value>(payload) else {
        let help = std::str::from_utf8(payload).is_ok_and(is_help);
        return if help { Word::Call } else { Word::Other };
    };
    let action = word.get("action").and_then(|action| action.as_str());
    if action.is_some_and(is_help) || word.as_str().is_some_and(is_help) {
        return Word::Call;
    }
    word.get("sos").and_then(|sos| sos.as_bool()).map_or(Word::Other, Word::State)
}

/// Without what shells and editors put around a word: a byte order mark, blanks, the end of a line or a string.
fn bare(payload: &[u8]) -> &[u8] {
    let mut bare = payload.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(payload);
    while let [rest @ .., b'\0' | b' ' | b'\t' | b'\r' | b'\n'] = bare {
        bare = rest;
    }
    bare.trim_ascii_start()
}

/// Whether a program says that it is there, as bridges do: `online`, or `{"state":"online"}`.
fn is_online(payload: &[u8]) -> bool {
    match serde_json::from_slice::<serde_json::Value>(payload) {
        Ok(word) => {
            let state = word.get("state").unwrap_or(&word);
            state.as_str().is_some_and(|state| state.eq_ignore_ascii_case("online"))
        }
        Err(_) => payload.eq_ignore_ascii_case(b"online"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONLINE: &str = r#"{"state":"online"}"#;
    const OLD: &str = r#"{"battery":97,"linkquality":80,"sos":true}"#;
    const NEW: &str = r#"{"battery":97,"linkquality":64,"sos":true}"#;
    const CALM: &str = r#"{"battery":97,"linkquality":80,"sos":false}"#;
    const ACTION: &str = r#"{"action":"emergency","sos":true}"#;

    struct Bridge {
        calls: Calls,
        now: u64,
        who: u32,
    }

    impl Bridge {
        fn new() -> Self {
            Self { calls: Calls::default(), now: 100_000, who: 1 }
        }

        fn says(&mut self, topic: &str, payload: &str, retain: bool) -> bool {
            self.now += 1;
            let who = Who::Local(self.who);
            let payload = payload.as_bytes();
            let saying = Saying { who, topic, payload, retain, repeated: false };
            self.calls.hear(Mono::from_millis(self.now), &saying, read(payload))
        }

        /// It comes again, as another connection.
        fn begins(&mut self) {
            self.who += 1;
            self.now += 3_600_000;
            self.calls.come(Mono::from_millis(self.now), Who::Local(self.who));
            assert!(!self.says("zigbee2mqtt/bridge/state", ONLINE, true));
        }
    }

    #[test]
    fn a_call_for_help_is_known_by_the_words_of_the_buttons_households_have() {
        for help in [
            r#"{"action":"emergency","battery":100}"#,
            r#"{"action":"sos"}"#,
            "emergency",
            "\"SOS\"",
            "sos\n",
            " emergency ",
            "\u{feff}{\"action\":\"sos\"}\r\n",
            "{\"action\":\"sos\"}\0",
            r#"{"action":"sos","online":true}"#,
            r#"{"action":"emergency","availability":"online"}"#,
            r#"{"state":"online","action":"panic"}"#,
            &format!(r#"{{"action":"sos","note":"{}"}}"#, "x".repeat(20_000)),
        ] {
            assert_eq!(read(help.as_bytes()), Word::Call, "{help}");
        }
        let state = r#"{"sos":true,"battery_low":false}"#;
        assert_eq!(read(state.as_bytes()), Word::State(true));
        assert_eq!(read(br#"{"sos":true,"state":"online"}"#), Word::State(true));
        assert_eq!(read(br#"{"sos":false}"#), Word::State(false));
        for other in
            [r#"{"action":"single"}"#, r#"{"action":null}"#, "on", "", "offline", "online?"]
        {
            assert_eq!(read(other.as_bytes()), Word::Other, "{other}");
        }
        for online in ["online", ONLINE, "\"online\""] {
            assert_eq!(read(online.as_bytes()), Word::Online, "{online}");
        }
    }

    #[test]
    fn a_state_that_a_bridge_says_again_when_it_starts_is_no_call() {
        for retain in [false, true] {
            let mut bridge = Bridge::new();
            assert!(bridge.says("button", OLD, retain), "it was one when it came");
            for _ in 0..3 {
                bridge.begins();
                assert!(!bridge.says("button", OLD, retain), "the same to the last byte");
            }
        }
        let mut bridge = Bridge::new();
        bridge.begins();
        assert!(!bridge.says("button", OLD, true), "retained, of a button that nobody here knows");
    }

    #[test]
    fn a_press_right_after_the_start_of_a_bridge_is_a_call_and_so_is_whatever_is_in_doubt() {
        let press = |before: &[&str], word: &str, retain: bool| {
            let mut bridge = Bridge::new();
            for word in before {
                bridge.says("button", word, retain);
            }
            bridge.begins();
            bridge.says("button", word, retain)
        };
        for retain in [false, true] {
            assert!(press(&[OLD], ACTION, retain), "an action is never old");
            assert!(press(&[OLD], NEW, retain), "another reading than the last one");
            assert!(press(&[OLD, CALM], OLD, retain), "it was calm in between");
        }
        assert!(press(&[], OLD, false), "not retained and not known");
        let mut bridge = Bridge::new();
        bridge.says("button", OLD, false);
        bridge.begins();
        assert!(!bridge.says("button", OLD, false));
        assert!(bridge.says("button", OLD, false), "the second time it is somebody's finger");
        bridge.begins();
        bridge.now += BIRTH.get();
        assert!(bridge.says("button", OLD, false), "a bridge has said by then what it remembers");
        assert!(!bridge.says("zigbee2mqtt/button/availability", ONLINE, true));
        assert!(bridge.says("button", OLD, false), "it is there again because it is pressed");
    }

    #[test]
    fn without_the_start_of_a_bridge_each_state_is_a_call() {
        let mut bridge = Bridge::new();
        for _ in 0..3 {
            assert!(bridge.says("button", OLD, true));
            bridge.who += 1;
        }
        assert!(!bridge.says("button", CALM, true));
    }

    #[test]
    fn more_topics_than_are_remembered_lose_no_call() {
        let mut bridge = Bridge::new();
        for n in 0..2 * REMEMBERED {
            assert!(bridge.says(&format!("button/{n}"), OLD, false));
        }
        assert!(bridge.calls.states.len() <= REMEMBERED);
    }
}
