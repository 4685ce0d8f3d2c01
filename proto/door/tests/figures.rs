//! A page of figures is by convention whatever is put into it, and the check of that can fail.
//!
//! Not here: which figures a program has.
#![allow(clippy::unwrap_used, reason = "a test may fall")]

#[path = "convention/prometheus.rs"]
mod prometheus;

use door::figures::Figures;
use door::workers::{Rhythm, Workers};
use prometheus::is_by_convention;

#[tokio::test]
async fn a_page_is_by_convention() {
    let workers = Workers::default();
    workers.keep("one", Rhythm::Waits, std::future::pending::<()>);
    workers.keep("another", Rhythm::Waits, std::future::pending::<()>);
    let mut page = Figures::new("x_");
    page.counter("lost", "Records that were lost.", 3);
    page.gauge("open", "Connections that are open.", -1);
    page.gauges(("waiting", "lane"), "Records that wait.", [("e", 1), ("t", 2)]);
    page.workers(&workers.roll_call());
    let text = page.into_text();
    is_by_convention(&text, "x_");
    assert!(text.contains("# TYPE x_lost_total counter\nx_lost_total 3\n"), "{text}");
    assert!(text.contains("x_waiting{lane=\"t\"} 2\n"), "{text}");
    assert!(text.contains("x_worker_still{worker=\"another\"} 0\n"), "{text}");
}

#[test]
fn what_breaks_a_convention_is_seen() {
    for (why, text) in [
        ("no sentence", "# TYPE x_a gauge\nx_a 1\n"),
        (
            "a counter without its ending",
            "# HELP x_a Something that is.\n# TYPE x_a counter\nx_a 1\n",
        ),
        (
            "a gauge with the ending of a counter",
            "# HELP x_a_total Something that is.\n# TYPE x_a_total gauge\nx_a_total 1\n",
        ),
        ("another unit", "# HELP x_a_days Something that is.\n# TYPE x_a_days gauge\nx_a_days 1\n"),
        ("no number", "# HELP x_a Something that is.\n# TYPE x_a gauge\nx_a one\n"),
        ("another prefix", "# HELP y_a Something that is.\n# TYPE y_a gauge\ny_a 1\n"),
    ] {
        let held = std::panic::catch_unwind(|| is_by_convention(text, "x_"));
        assert!(held.is_err(), "{why}");
    }
}
