//! The figures of the box: what came in, what went out, what was lost on the way, and how its parts are.
//!
//! Not here: how a figure is written (`door::figures`), and what is out of order (`report`).

use door::BusCounters;
use door::figures::Figures;
use proto::unit::Millis;

use super::HealthPage;

const DAY_S: i64 = 86_400;

impl HealthPage {
    /// All of them.
    pub fn metrics(&self) -> String {
        let mut page = Figures::new("hearthline_gateway_");
        let report = self.report();
        page.gauge("alive", "Whether this process is of use.", u32::from(report.alive));
        page.gauge("healthy", "Whether no promise is broken.", u32::from(report.healthy));
        page.gauge("ok", "Whether the box itself works.", u32::from(report.ok));
        self.uplink(&mut page);
        self.spool(&mut page);
        page.door(&self.door.counters());
        if let Some(counters) = self.bus.bus_counters() {
            bus(&mut page, &counters);
        }
        if let Some(days) = self.certificate_days() {
            let help = "Time left of the box's certificate, in whole days.";
            page.gauge("certificate_left_seconds", help, days.saturating_mul(DAY_S));
        }
        page.workers(&self.turnouts());
        page.into_text()
    }

    fn uplink(&self, page: &mut Figures) {
        let pulse = *self.pulse.borrow();
        let down = self.clock.now().since(pulse.uplink_since);
        let down = if pulse.uplink_emergency { Millis::new(0) } else { down };
        let up = |up| u32::from(up);
        page.gauge("uplink_up", "Whether calls reach the server.", up(pulse.uplink_emergency));
        let help = "Whether telemetry reaches the server.";
        page.gauge("uplink_telemetry_up", help, up(pulse.uplink_telemetry));
        page.counter("uplink_lost", "Times that the way for calls was lost.", pulse.uplink_lost);
        #[expect(clippy::cast_precision_loss, reason = "seconds for a chart")]
        let seconds = down.get() as f64 / 1_000.0;
        page.gauge("uplink_down_seconds", "Time for which no call has reached it.", seconds);
        page.gauge("local_alarm", "Whether the home's sounder sounds.", up(pulse.sounding));
        page.gauge("sounder_works", "Whether it does as it is told.", up(pulse.sounder));
    }

    fn spool(&self, page: &mut Figures) {
        let usage = self.pulse.borrow().usage;
        for (name, help, value) in [
            ("spool_bytes", "Bytes of data in the spool.", usage.bytes),
            (
                "spool_emergencies_waiting",
                "Emergencies that the server does not have.",
                usage.emergencies_waiting,
            ),
            (
                "spool_telemetry_waiting",
                "Telemetry that the server does not have.",
                usage.telemetry_waiting,
            ),
            ("spool_raw", "Raw readings held.", usage.raw),
            (
                "spool_reserve",
                "Whether the room for emergencies is in place.",
                u64::from(usage.reserve),
            ),
        ] {
            page.gauge(name, help, value);
        }
        page.counter("spool_failures", "Times that the disk has failed.", usage.failures);
        let help = "Times that a row that cannot be read, or is refused, was left out.";
        page.counter("spool_rows_left_out", help, usage.left_out);
        page.counter("lost", "Records dropped since the spool was made.", usage.lost);
    }
}

fn bus(page: &mut Figures, counters: &BusCounters) {
    for (name, help, value) in [
        ("bus_clients", "Programs on the local bus.", counters.clients),
        ("bus_sessions_away", "Sessions kept for programs that are away.", counters.away),
        ("bus_retained", "Topics with a retained message.", counters.retained),
        ("bus_retained_bytes", "Bytes of retained messages.", counters.retained_bytes),
    ] {
        page.gauge(name, help, value);
    }
    for (name, help, value) in [
        ("bus_published", "Messages published.", counters.published),
        ("bus_delivered", "Messages laid out for a subscriber.", counters.delivered),
        ("bus_lost", "Messages that a slow or absent subscriber has lost.", counters.lost),
        ("bus_waits", "Times a publisher waited for a subscriber.", counters.waits),
        ("bus_shown_out", "Subscribers closed as they took nothing.", counters.shown_out),
        ("bus_taken_over", "Programs closed as their client id came again.", counters.taken_over),
        ("bus_not_retained", "Messages without room to be retained.", counters.not_retained),
    ] {
        page.counter(name, help, value);
    }
}
