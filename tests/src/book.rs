//! The slow obvious book-keeper: what was pressed, how far each press came, and what must hold at the end.
//!
//! It believes only what its callers saw from outside: presses made, receipts at a device or PUBACKs
//! at a client, and events on an operator's stream. *Lost* is a press that never became an alarm;
//! *doubled* is one that became two. A fault that cites a press (its contact was closed at a start) is no
//! alarm. Not here: how long to wait before the books are closed.

use std::collections::{BTreeMap, BTreeSet};

use proto::id::PressId;
use serde_json::{Value, json};

use crate::quantile;

/// One press, as seen from outside. Times in microseconds of the run's watch.
#[derive(Debug, Clone, Default)]
pub struct Life {
    /// When the button closed; none for a press that only a screen has told of.
    pub pressed: Option<u64>,
    /// First `stored` at the device, or PUBACK at the client.
    pub stored: Option<u64>,
    /// First `received` at the device.
    pub received: Option<u64>,
    /// First event on the stream that names it.
    pub on_screen: Option<u64>,
    /// Alerts that name it.
    pub alerts: BTreeSet<String>,
    /// Whether an alert named it more than once.
    pub repeated: bool,
}

/// All presses of a run, and all alerts.
#[derive(Debug, Default)]
pub struct Book {
    presses: BTreeMap<PressId, Life>,
    alerts: BTreeMap<String, Value>,
}

/// What must be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Presses made.
    pub presses: usize,
    /// Presses that no alert names.
    pub lost: usize,
    /// Presses that two alerts name, or one alert twice.
    pub doubled: usize,
}

impl Book {
    /// A button has closed.
    pub fn pressed(&mut self, press: PressId, at: u64) {
        self.presses.entry(press).or_default().pressed.get_or_insert(at);
    }

    /// A hop has acknowledged it.
    pub fn stored(&mut self, press: PressId, at: u64) {
        self.presses.entry(press).or_default().stored.get_or_insert(at);
    }

    /// The device has the server's receipt.
    pub fn received(&mut self, press: PressId, at: u64) {
        self.presses.entry(press).or_default().received.get_or_insert(at);
    }

    /// A screen was told of an alert: an event of the stream, or a row of the queue.
    pub fn on_screen(&mut self, alert: &Value, at: u64) {
        let Some(id) = alert.get("id").and_then(Value::as_str) else { return };
        let named =
            alert.get("activations").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut once = BTreeSet::new();
        for press in named.iter().filter_map(press_of) {
            let life = self.presses.entry(press).or_default();
            if is_alarm(alert) {
                life.on_screen.get_or_insert(at);
                life.alerts.insert(id.to_owned());
            }
            life.repeated |= !once.insert(press);
        }
        self.alerts.insert(id.to_owned(), alert.clone());
    }

    /// An alert was read whole, after the fact: it tells of alerts, not of times.
    pub fn audited(&mut self, alert: &Value) {
        let Some(id) = alert.get("id").and_then(Value::as_str) else { return };
        let named =
            alert.get("activations").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for press in named.iter().filter_map(press_of).filter(|_| is_alarm(alert)) {
            self.presses.entry(press).or_default().alerts.insert(id.to_owned());
        }
    }

    /// A press by its name.
    pub fn life(&self, press: &PressId) -> Option<&Life> {
        self.presses.get(press)
    }

    /// Every press that was made, with its name.
    pub fn made(&self) -> impl Iterator<Item = (&PressId, &Life)> {
        self.presses.iter().filter(|(_, life)| life.pressed.is_some())
    }

    /// The newest state of each alert that was seen.
    pub fn alerts(&self) -> impl Iterator<Item = &Value> {
        self.alerts.values()
    }

    /// Alerts seen in this state.
    pub fn in_state(&self, state: &str) -> usize {
        let states = self.alerts().filter_map(|a| a.get("state").and_then(Value::as_str));
        states.filter(|s| *s == state).count()
    }

    /// Whether every press made is on a screen.
    pub fn all_on_screen(&self) -> bool {
        self.made().all(|(_, life)| life.on_screen.is_some())
    }

    /// What must be zero, counted.
    pub fn verdict(&self) -> Verdict {
        Verdict {
            presses: self.made().count(),
            lost: self.made().filter(|(_, life)| life.alerts.is_empty()).count(),
            doubled: self.made().filter(|(_, l)| l.alerts.len() > 1 || l.repeated).count(),
        }
    }

    /// Each press that is lost or doubled, with the newest state of every alert that names it.
    pub fn wrongs(&self) -> Vec<String> {
        let wrong = self.made().filter(|(_, l)| l.alerts.len() != 1 || l.repeated);
        let tell = |(press, life): (&PressId, &Life)| {
            let named = life.alerts.iter().filter_map(|id| self.alerts.get(id));
            let named: Vec<_> = named.map(Value::to_string).collect();
            format!("{press:?} {life:?}\n  {}", named.join("\n  "))
        };
        wrong.map(tell).collect()
    }

    /// Times from press to each rung, as `{press_to_stored_ms, press_to_received_ms, press_to_screen_ms}`.
    pub fn times(&self) -> Value {
        let span = |to: fn(&Life) -> Option<u64>| {
            let spans =
                self.made().filter_map(|(_, life)| Some(to(life)?.saturating_sub(life.pressed?)));
            quantile::of_us(&mut spans.collect::<Vec<_>>())
        };
        json!({
            "press_to_stored_ms": span(|life| life.stored),
            "press_to_received_ms": span(|life| life.received),
            "press_to_screen_ms": span(|life| life.on_screen),
        })
    }
}

/// Whether an alert calls for a person; a fault only says which press it was seen at.
fn is_alarm(alert: &Value) -> bool {
    alert.get("severity").and_then(Value::as_str) != Some("fault")
}

/// The press that an entry of `activations` names.
pub fn press_of(entry: &Value) -> Option<PressId> {
    let number = |field: &str| {
        let value = entry.get(field)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    };
    Some(PressId {
        device: entry.get("device")?.as_str()?.parse().ok()?,
        boot: proto::id::BootId::from_raw(number("boot")?),
        seq: proto::id::Seq::new(u32::try_from(number("seq")?).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::id::{BootId, DeviceId, Seq};

    fn press(seq: u32) -> PressId {
        let device = DeviceId::new(7).expect("in range");
        PressId { device, boot: BootId::new(1, 1), seq: Seq::new(seq) }
    }

    fn alert(id: &str, seqs: &[u32]) -> Value {
        let boot = BootId::new(1, 1).get().to_string();
        let device = press(1).device.to_string();
        let named: Vec<Value> =
            seqs.iter().map(|s| json!({ "device": device, "boot": boot, "seq": s })).collect();
        json!({ "id": id, "state": "open", "activations": named })
    }

    #[test]
    fn a_lost_and_a_doubled_press_are_told_apart() {
        let mut book = Book::default();
        for seq in 1..=4 {
            book.pressed(press(seq), 1000);
        }
        book.on_screen(&alert("a", &[1, 2]), 5000);
        book.on_screen(&alert("b", &[2]), 6000);
        book.on_screen(&alert("c", &[3, 3]), 6000);
        assert_eq!(book.verdict(), Verdict { presses: 4, lost: 1, doubled: 2 });
        assert_eq!(book.times()["press_to_screen_ms"]["p50"], json!(4.0));
        assert!(!book.all_on_screen());
    }

    #[test]
    fn a_fault_that_cites_a_press_is_no_alarm_of_it() {
        let mut book = Book::default();
        let mut fault = alert("b", &[1, 2]);
        fault["severity"] = json!("fault");
        (1..=2).for_each(|seq| book.pressed(press(seq), 1000));
        book.on_screen(&alert("a", &[1]), 5000);
        book.on_screen(&fault, 6000);
        book.audited(&fault);
        assert_eq!(book.verdict(), Verdict { presses: 2, lost: 1, doubled: 0 });
        assert!(!book.all_on_screen(), "a fault is not what an operator answers");
    }
}
