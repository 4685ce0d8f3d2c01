//! What the local bus says of itself, as Prometheus text.
//!
//! Not here: whether it is well, which `/health` says.

use std::fmt::Write;

use door::BusCounters;

/// Writes its figures.
pub(super) fn write(text: &mut String, counters: &BusCounters) {
    let figures = [
        ("clients", "gauge", "Programs on the local bus.", counters.clients),
        ("sessions_away", "gauge", "Sessions kept for programs that are away.", counters.away),
        ("retained", "gauge", "Topics with a retained message.", counters.retained),
        ("retained_bytes", "gauge", "Bytes of retained messages.", counters.retained_bytes),
        ("published_total", "counter", "Messages published.", counters.published),
        ("delivered_total", "counter", "Messages laid out for a subscriber.", counters.delivered),
        (
            "lost_total",
            "counter",
            "Messages that a slow or absent subscriber has lost.",
            counters.lost,
        ),
        ("waits_total", "counter", "Times a publisher waited for a subscriber.", counters.waits),
        (
            "shown_out_total",
            "counter",
            "Subscribers closed as they took nothing.",
            counters.shown_out,
        ),
        (
            "taken_over_total",
            "counter",
            "Programs closed as their client id came again.",
            counters.taken_over,
        ),
        (
            "not_retained_total",
            "counter",
            "Messages without room to be retained.",
            counters.not_retained,
        ),
    ];
    for (name, kind, help, value) in figures {
        let name = format!("hearthline_gateway_bus_{name}");
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
}
