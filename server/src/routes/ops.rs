//! `/health`, `/metrics`: for whoever runs the server.
//!
//! Neither names a person, a home or a device. Health is false until every store and loop has proved
//! itself. Not here: what is counted (`health`), the API's document (`document`).

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::app::App;
use crate::clock::proof::Stand;
use crate::health::RollCall;
use crate::routes::watch::{Lack, lacks};
use crate::words::Lang;

/// The roll-call, and what is out of order in words.
#[derive(Serialize)]
pub struct HealthAnswer {
    #[serde(flatten)]
    roll: RollCall,
    faults: Vec<&'static str>,
    /// What is wrong with the watch room itself: who is on duty, and whether the way out of the house is proved.
    watch: Vec<Lack>,
}

/// `GET /health`: 200 when everything has answered lately, else 503 with what has not.
pub async fn health(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> (StatusCode, Json<HealthAnswer>) {
    let roll =
        app.health.roll_call(app.clock.mono(), app.series.facts().healthy && app.points.healthy());
    let mut roll = roll.with_clock(app.clock.stand() != Stand::Wrong);
    // With papers that have ended no gateway can connect.
    roll.healthy &= app.certificates.in_force(app.clock.now().wall_ms.div_euclid(1_000));
    let status = if roll.healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let watch = lacks(&app, Lang::asked(&headers));
    (status, Json(HealthAnswer { roll, faults: app.faults.words(), watch }))
}

/// `GET /metrics`: counters in Prometheus text.
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    let counted = app.health.counted();
    let facts = app.series.facts();
    let now = app.clock.mono();
    let mut text = String::new();
    for (name, kind, what, value) in [
        (
            "emergencies_total",
            "counter",
            "Emergency records taken from the inbox",
            counted.emergencies,
        ),
        ("telemetry_total", "counter", "Telemetry records taken from the inbox", counted.telemetry),
        ("copies_total", "counter", "Copies of what was known", counted.copies),
        ("aside_total", "counter", "Records put aside", counted.aside),
        ("aside_dropped_total", "counter", "Records put aside and dropped", counted.aside_dropped),
        ("points_total", "counter", "Measured values kept", counted.points),
        ("alerts_total", "counter", "Alerts opened", counted.alerts),
        ("activations_total", "counter", "Presses and falls entered", counted.activations),
        (
            "series_lost_total",
            "counter",
            "Measured values lost and told",
            facts.lost + app.inbox.points_lost(),
        ),
        ("on_duty", "gauge", "Consoles on duty", app.presence.on_duty(now) as u64),
    ] {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "# HELP hearthline_{name} {what}\n# TYPE hearthline_{name} {kind}\nhearthline_{name} {value}\n"
        );
    }
    event_counters(&app, &mut text);
    certificate_gauges(&app, &mut text);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// What those who follow alerts were told, and what they have lost.
fn event_counters(app: &App, text: &mut String) {
    let told = &app.outbox.follows;
    for (name, what, value) in [
        ("events_confirmed_total", "Events that followers confirmed", &told.confirmed),
        ("events_failed_total", "Tries of events that failed", &told.failed),
        ("events_lost_total", "Events that followers lost", &told.lost),
    ] {
        let value = value.load(Relaxed);
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "# HELP hearthline_{name} {what}\n# TYPE hearthline_{name} counter\nhearthline_{name} {value}\n"
        );
    }
}

/// Days that certificates have left, below zero after their end; nothing where the door has none.
fn certificate_gauges(app: &App, text: &mut String) {
    let facts = app.certificates.facts(app.clock.now().wall_ms.div_euclid(1_000));
    let count = |n: usize| i64::try_from(n).ok().filter(|_| facts.server.is_some());
    for (name, what, value) in [
        ("certificate_server_days", "Days left of the server's certificate", facts.server),
        ("certificate_authority_days", "Days left of the authority", facts.authority),
        ("certificate_gateway_days", "Fewest days left of a gateway's certificate", facts.gateways),
        (
            "certificate_gateways_ending",
            "Gateways whose certificate ends soon",
            count(facts.ending),
        ),
        (
            "certificate_gateways_ahead",
            "Gateways whose certificate has not begun",
            count(facts.ahead),
        ),
        ("certificate_gateways_ended", "Gateways whose certificate has ended", count(facts.ended)),
    ] {
        let Some(value) = value else { continue };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "# HELP hearthline_{name} {what}\n# TYPE hearthline_{name} gauge\nhearthline_{name} {value}\n"
        );
    }
}
