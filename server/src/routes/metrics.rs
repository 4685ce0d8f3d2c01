//! The figures of the server: what came in, what went out, what was lost on the way, and how its parts are.
//!
//! What is lost has a counter of its own for each way to lose it, so that a chart can tell them apart. Not here: how a
//! figure is written (`door::figures`), what is done about it (`losses`).

use std::sync::atomic::Ordering::Relaxed;

use door::figures::Figures;

use crate::app::App;
use centre::losses;
use centre::promises;
use records::refusal::left_out;

const DAY_S: i64 = 86_400;

/// All of them.
pub fn text(app: &App) -> String {
    let mut page = Figures::new("hearthline_");
    let state = promises::state(&app.promises);
    page.gauge("alive", "Whether this process is of use.", u32::from(state.alive));
    page.gauge("healthy", "Whether no promise is broken.", u32::from(state.roll.healthy));
    if let Some(door) = app.health.door() {
        page.door(&door.counters());
    }
    taken_in(app, &mut page);
    lost(app, &mut page);
    told(app, &mut page);
    certificates(app, &mut page);
    page.gauges(
        ("faults_standing", "cause"),
        "Faults that stand, by cause.",
        app.faults.counts().iter().map(|(cause, count)| (*cause, *count)),
    );
    page.workers(&app.crew.turnouts());
    page.into_text()
}

fn taken_in(app: &App, page: &mut Figures) {
    let counted = app.health.counted();
    for (name, help, value) in [
        ("emergencies", "Emergency records taken from the inbox.", counted.emergencies),
        ("telemetry", "Telemetry records taken from the inbox.", counted.telemetry),
        ("copies", "Copies of what was known.", counted.copies),
        ("points", "Measured values kept.", counted.points),
        ("alerts", "Alerts opened.", counted.alerts),
        ("activations", "Presses and falls entered.", counted.activations),
    ] {
        page.counter(name, help, value);
    }
    let (emergencies, telemetry) = app.inbox.waiting();
    let waiting = [("emergency", emergencies), ("telemetry", telemetry)];
    page.gauges(("inbox_waiting", "lane"), "Records that wait in the inbox.", waiting);
    let full = u32::from(losses::is_full(&app.inbox, &app.health));
    page.gauge("disk_full", "Whether what is left of the disk is for emergencies.", full);
    let on_duty = app.presence.on_duty(app.clock.mono());
    page.gauge("on_duty", "Consoles on duty.", on_duty);
}

fn lost(app: &App, page: &mut Figures) {
    let counted = app.health.counted();
    for (name, help, value) in [
        ("aside", "Records put into quarantine.", counted.aside),
        ("aside_dropped", "Records in quarantine dropped for newer ones.", counted.aside_dropped),
        ("inbox_shed", "Telemetry dropped for want of room in the inbox.", app.inbox.lost()),
        ("inbox_refused", "Records not kept and not acknowledged.", app.inbox.refused()),
        ("box_lost", "Records that home boxes say they have dropped.", counted.box_lost),
        ("device_lost", "Records that devices say they have dropped.", counted.device_lost),
        ("bus_lost", "Messages that local buses of homes have lost.", counted.bus_lost),
        (
            "rows_left_out",
            "Times that a row that cannot be read, or is refused, was left out.",
            left_out(),
        ),
        (
            "series_lost",
            "Measured values lost and told.",
            app.series.facts().lost + app.inbox.points_lost(),
        ),
    ] {
        page.counter(name, help, value);
    }
}

/// What the outside was told, and what it has lost.
fn told(app: &App, page: &mut Figures) {
    let (notices, events) = (app.outbox.facts(), &app.outbox.follows);
    for (name, help, value) in [
        ("notices_confirmed", "Notices that receivers confirmed.", notices.delivered),
        ("notices_failed", "Tries of notices that failed.", notices.failed),
        ("notices_dead", "Notices given up: nobody outside was told.", notices.dead),
        ("events_confirmed", "Events that followers confirmed.", events.confirmed.load(Relaxed)),
        ("events_failed", "Tries of events that failed.", events.failed.load(Relaxed)),
        ("events_lost", "Events that followers lost.", events.lost.load(Relaxed)),
    ] {
        page.counter(name, help, value);
    }
}

/// Time that certificates have left, below zero after their end; nothing where the door has none.
fn certificates(app: &App, page: &mut Figures) {
    let facts = app.certificates.facts(app.clock.now().wall_ms.div_euclid(1_000));
    let seconds = |days: Option<i64>| days.map(|days| days.saturating_mul(DAY_S));
    let count = |n: usize| i64::try_from(n).ok().filter(|_| facts.server.is_some());
    for (name, help, value) in [
        (
            "certificate_server_left_seconds",
            "Time left of the server's certificate, in whole days.",
            seconds(facts.server),
        ),
        (
            "certificate_authority_left_seconds",
            "Time left of the authority, in whole days.",
            seconds(facts.authority),
        ),
        (
            "certificate_gateway_left_seconds",
            "Least time left of a gateway's certificate, in whole days.",
            seconds(facts.gateways),
        ),
        (
            "certificate_gateways_ending",
            "Gateways whose certificate ends soon.",
            count(facts.ending),
        ),
        (
            "certificate_gateways_ahead",
            "Gateways whose certificate has not begun.",
            count(facts.ahead),
        ),
        ("certificate_gateways_ended", "Gateways whose certificate has ended.", count(facts.ended)),
    ] {
        if let Some(value) = value {
            page.gauge(name, help, value);
        }
    }
}
