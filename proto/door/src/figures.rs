//! Figures of a program as Prometheus text: each family once, with its sentence, its kind and its unit in its name.
//!
//! A counter's name ends in `_total` by itself. Units are spelled out: `_seconds`, `_bytes`.
//! Not here: what is counted, and who asks (`health` of each program).

use std::fmt::{Debug, Result};

use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::encoding::{EncodeGaugeValue, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::Registry;

use crate::Counters;
use crate::workers::Turnout;

/// The page of one answer: figures are read where they are counted, for each answer anew.
#[derive(Debug)]
pub struct Figures(Registry);

/// A family of which one label tells the rows apart.
#[derive(Debug)]
struct Rows<M>(Vec<([(String, String); 1], M)>);

impl<M: EncodeMetric + TypedMetric> EncodeMetric for Rows<M> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result {
        self.0.iter().try_for_each(|(label, metric)| metric.encode(encoder.encode_family(label)?))
    }

    fn metric_type(&self) -> MetricType {
        M::TYPE
    }
}

impl Figures {
    /// An empty page; every name begins with `prefix`, which ends in `_`.
    pub fn new(prefix: &'static str) -> Self {
        Self(Registry::with_prefix(prefix.trim_end_matches('_')))
    }

    /// What only grows; `_total` is added to its name.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.0.register(name, sentence(help), ConstCounter::new(value));
    }

    /// What goes up and down.
    pub fn gauge<V>(&mut self, name: &str, help: &str, value: V)
    where
        V: EncodeGaugeValue + Debug + Send + Sync + 'static,
    {
        self.0.register(name, sentence(help), ConstGauge::new(value));
    }

    /// A counter for each of several; `label` says what tells them apart.
    pub fn counters<'a>(
        &mut self,
        (name, label): (&str, &str),
        help: &str,
        rows: impl IntoIterator<Item = (&'a str, u64)>,
    ) {
        let row = |(of, value)| (labelled(label, of), ConstCounter::new(value));
        self.0.register(name, sentence(help), Rows(rows.into_iter().map(row).collect()));
    }

    /// A gauge for each of several.
    pub fn gauges<'a, V>(
        &mut self,
        (name, label): (&str, &str),
        help: &str,
        rows: impl IntoIterator<Item = (&'a str, V)>,
    ) where
        V: EncodeGaugeValue + Debug + Send + Sync + 'static,
    {
        let row = |(of, value)| (labelled(label, of), ConstGauge::new(value));
        self.0.register(name, sentence(help), Rows(rows.into_iter().map(row).collect()));
    }

    /// The roll-call of a program's workers.
    pub fn workers(&mut self, turnouts: &[Turnout]) {
        let each = || turnouts.iter();
        let restarts = each().map(|worker| (worker.name.as_str(), worker.restarts));
        let help = "Times that a worker had to begin anew.";
        self.counters(("worker_restarts", "worker"), help, restarts);
        let still = each().map(|worker| (worker.name.as_str(), u32::from(worker.still)));
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

    /// The page.
    pub fn into_text(self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.0);
        text
    }
}

fn labelled(label: &str, of: &str) -> [(String, String); 1] {
    [(label.to_owned(), of.to_owned())]
}

/// The library ends each sentence with a full stop of its own.
fn sentence(help: &str) -> &str {
    help.trim_end_matches('.')
}
