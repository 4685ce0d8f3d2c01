//! Figures of a program as Prometheus text: each family once, with its sentence, its kind and its unit in its name.
//!
//! A counter's name ends in `_total` by itself. Units are spelled out: `_seconds`, `_bytes`.
//! Not here: what is counted, and who asks (`health` of each program).

use std::fmt::{Display, Write};

use crate::Counters;
use crate::workers::Turnout;

/// The page of one answer.
pub struct Figures {
    prefix: &'static str,
    text: String,
}

impl Figures {
    /// An empty page; every name begins with `prefix`.
    pub const fn new(prefix: &'static str) -> Self {
        Self { prefix, text: String::new() }
    }

    /// What only grows; `_total` is added to its name.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(&format!("{name}_total"), "counter", help, [(String::new(), value)]);
    }

    /// What goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help, [(String::new(), value)]);
    }

    /// A counter for each of several; `label` says what tells them apart.
    pub fn counters<'a>(
        &mut self,
        (name, label): (&str, &str),
        help: &str,
        rows: impl IntoIterator<Item = (&'a str, u64)>,
    ) {
        let rows = rows.into_iter().map(|(of, value)| (labelled(label, of), value));
        self.family(&format!("{name}_total"), "counter", help, rows);
    }

    /// A gauge for each of several.
    pub fn gauges<'a, V: Display>(
        &mut self,
        (name, label): (&str, &str),
        help: &str,
        rows: impl IntoIterator<Item = (&'a str, V)>,
    ) {
        let rows = rows.into_iter().map(|(of, value)| (labelled(label, of), value));
        self.family(name, "gauge", help, rows);
    }

    /// The roll-call of a program's workers.
    pub fn workers(&mut self, turnouts: &[Turnout]) {
        let each = || turnouts.iter();
        let restarts = each().map(|worker| (worker.name.as_str(), worker.restarts));
        let help = "Times that a worker had to begin anew.";
        self.counters(("worker_restarts", "worker"), help, restarts);
        let still = each().map(|worker| (worker.name.as_str(), u8::from(worker.still)));
        self.gauges(("worker_still", "worker"), "Whether a worker stands still.", still);
        #[expect(clippy::cast_precision_loss, reason = "seconds for a chart")]
        let quiet = each().map(|w| (w.name.as_str(), w.quiet.get() as f64 / 1_000.0));
        let help = "Time since a worker last turned.";
        self.gauges(("worker_quiet_seconds", "worker"), help, quiet);
    }

    /// What a door has counted.
    pub fn door(&mut self, door: &Counters) {
        self.gauge("connections_open", "Connections that are open.", door.open);
        self.gauge("sessions", "Sessions that are open.", door.sessions);
        for (name, help, value) in [
            ("connections_evicted", "Connections that made room for others.", door.turned_away),
            ("accept_failures", "Connections that the system did not give.", door.accept_failures),
            ("sessions_admitted", "Sessions admitted.", door.admitted),
            ("sessions_denied", "Sessions denied.", door.denied),
            ("sessions_taken_over", "Sessions ended as their name came again.", door.taken_over),
            ("breaches", "Sessions ended as they broke a rule.", door.breaches),
            ("parser_panics", "Packets under which the parser fell.", door.parser_panics),
            ("arrivals", "Messages handed over to be kept.", door.arrivals),
            ("acknowledged", "Messages acknowledged: each is on disk.", door.acknowledged),
            ("refused", "Messages not kept and not acknowledged.", door.refused),
            ("told", "Messages told to sessions.", door.told),
            (
                "overflows",
                "Sessions ended as they did not take what they were told.",
                door.overflows,
            ),
            (
                "watchdog_misses",
                "Calls of the door's own that did not come back.",
                door.watchdog_misses,
            ),
        ] {
            self.counter(name, help, value);
        }
    }

    fn family<V: Display>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        rows: impl IntoIterator<Item = (String, V)>,
    ) {
        let (prefix, text) = (self.prefix, &mut self.text);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {prefix}{name} {help}\n# TYPE {prefix}{name} {kind}");
        for (labels, value) in rows {
            let _ = writeln!(text, "{prefix}{name}{labels} {value}");
        }
    }

    /// The page.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Names are of this program and hold no character that would have to be written otherwise.
fn labelled(label: &str, of: &str) -> String {
    format!("{{{label}=\"{of}\"}}")
}
