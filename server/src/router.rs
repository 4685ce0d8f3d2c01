//! Every door of the HTTP side on one page, grouped by who comes through it, and the guard before all.
//!
//! The guard refuses writes without our own header and whoever is not of this address, answers in the caller's
//! language, and puts the same security headers on everything that leaves. Not here: what a door does (`routes`).

mod address;
mod carried;
mod certificate;
mod edge;
mod patient;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use tokio::net::TcpListener;

pub use certificate::Certificate;

use crate::api_error::ApiError;
use crate::api_error::problem::refusal;
use crate::app::{App, Top};
use crate::assets;
use crate::routes::{
    alerts, document, enrol, entry, find, glass, homes, images, kept, me, moving, now, nul, ops,
    oversight, pages, persons, programs, queue, readings, rules, series, session, staff, stream,
    tokens, watch,
};
use crate::session::{asked as language, bearer, of_request};
use centre::auth::Staff;
use centre::auth::program;
use centre::auth::role::{AtDesk, Duty};

/// Largest body of a request, bytes.
const BODY_MAX: usize = 64 * 1024;
/// Largest signed image with its head, bytes.
const IMAGE_BODY_MAX: usize = proto::update::IMAGE_MAX as usize + 1024;
/// Header that only our own pages and programs send.
const OURS: HeaderName = HeaderName::from_static("x-hearthline");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

/// All doors.
pub fn router(app: Arc<App>) -> Router {
    let told = match app.config.console.operations {
        Some(_) => Router::new(),
        None => operations(),
    };
    anybody()
        .merge(told)
        .merge(own())
        .merge(desk())
        .merge(installers())
        .merge(supervisors())
        .merge(administrators())
        .fallback(pages::nowhere)
        .method_not_allowed_fallback(pages::no_method)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(Arc::clone(&app), guard))
        .with_state(Top(app))
}

/// The two doors for whoever runs the server, on a listener of their own.
fn operations_router(app: Arc<App>) -> Router {
    operations()
        .fallback(pages::nowhere)
        .method_not_allowed_fallback(pages::no_method)
        .with_state(Top(app))
}

/// Doors that need no log-in.
fn anybody() -> Router<Top> {
    Router::new()
        .route("/", get(pages::root))
        .route("/start", get(pages::start))
        .route("/logout", post(session::leave))
        .route("/shift", post(session::dress))
        .route("/login", get(pages::login).post(entry::login))
        .route("/setup", get(pages::setup).post(entry::setup))
        .route("/assets/{version}/{name}", get(assets::serve))
        .route("/openapi.json", get(document::openapi))
        .route("/api/setup", post(session::setup))
        .route("/api/login", post(session::login))
}

/// Doors of whoever watches the server.
fn operations() -> Router<Top> {
    Router::new()
        .route("/health", get(ops::health))
        .route("/alive", get(ops::alive))
        .route("/metrics", get(ops::metrics))
}

/// Doors of everybody's own entry.
fn own() -> Router<Top> {
    Router::new()
        .route("/me", get(me::page))
        .route("/me/password", post(me::password_form))
        .route("/me/second", post(me::second_form))
        .route("/api/me/password", post(me::password))
        .route("/api/me/second", post(me::begin_second).delete(me::end_second))
        .route("/api/me/second/confirm", post(me::confirm_second))
}

/// Doors of the desk.
fn desk() -> Router<Top> {
    Router::new()
        .route("/console", get(pages::console))
        .route("/console/alerts/{id}", get(pages::facts))
        .route("/console/alerts/{id}/now", get(now::card))
        .route("/console/fallback", get(find::fallback))
        .route("/homes", get(find::homes).post(find::asked))
        .route("/api/find", post(find::find))
        .route("/faults", get(pages::faults))
        .route("/homes/{id}", get(pages::home))
        .route("/homes/{id}/now", get(now::home))
        .route("/homes/{id}/readings.csv", get(readings::table))
        .route("/homes/{id}/looks", get(oversight::looks))
        .route("/homes/{id}/open", post(oversight::open))
        .route("/homes/{id}/rehearsal", get(rules::page))
        .route("/api/logout", post(session::logout))
        .route("/api/shift", post(session::shift))
        .route("/api/presence", post(queue::presence))
        .route("/api/queue", get(queue::show))
        .route("/api/watch", get(watch::show))
        .route("/api/stream", get(stream::follow))
        .route("/api/alerts/{id}", get(alerts::show))
        .route("/api/alerts/{id}/visible", post(alerts::visible))
        .route("/api/alerts/{id}/claim", post(alerts::claim))
        .route("/api/alerts/{id}/take", post(alerts::take))
        .route("/api/alerts/{id}/renew", post(alerts::renew))
        .route("/api/alerts/{id}/actions", post(alerts::act))
        .route("/api/alerts/{id}/suspend", post(alerts::suspend))
        .route("/api/alerts/{id}/close", post(alerts::close))
        .route("/api/homes", get(homes::list))
        .route("/api/homes/{id}", get(homes::show))
        .route("/api/homes/{id}/open", post(homes::open))
        .route("/api/homes/{id}/series", get(series::series))
        .route("/api/homes/{id}/rules", get(rules::show))
        .route("/api/homes/{id}/rehearse", post(rules::rehearsal))
}

/// Doors of who fits devices.
fn installers() -> Router<Top> {
    Router::new()
        .route("/api/organisations", post(enrol::organisation))
        .route("/api/homes", post(enrol::home))
        .route("/api/homes/{id}/beds", post(enrol::bed))
        .route("/api/homes/{id}", patch(persons::edit_home))
        .route("/api/homes/{id}/resident", post(persons::resident))
        .route("/api/homes/{id}/resident/leave", post(persons::leave))
        .route("/api/residents/{id}", patch(persons::edit))
        .route("/api/residents/{id}/contacts", post(persons::add_contact))
        .route("/api/contacts/{id}", patch(persons::edit_contact).delete(persons::end_contact))
        .route("/api/gateways", post(enrol::new_gateway))
        .route("/api/gateways/{id}/revoke", post(enrol::revoke))
        .route("/api/gateways/{id}/replace", post(moving::replace))
        .route("/api/devices", post(enrol::devices::device))
        .route("/api/devices/{id}/bed", post(enrol::devices::device_bed))
        .route("/api/devices/{id}/move", post(moving::device))
        .route("/api/devices/{id}/release", post(enrol::devices::release))
        .route("/api/devices/{id}/label", get(enrol::devices::label_svg))
}

/// Doors of who sets how a home is judged.
fn supervisors() -> Router<Top> {
    Router::new()
        .route("/api/homes/{id}/rules", post(rules::set))
        .route("/api/ladder/trial", post(watch::trial))
        .route("/closed", get(oversight::closed))
        .route("/glass/{id}/seen", post(oversight::seen))
        .route("/api/glass/{id}/seen", post(glass::seen))
}

/// Doors of who runs the system.
fn administrators() -> Router<Top> {
    Router::new()
        .route("/api/provision/batch", post(enrol::many::batch))
        .route("/api/kept", get(kept::show))
        .route("/api/images", get(images::list))
        .route("/api/images", post(images::add).layer(DefaultBodyLimit::max(IMAGE_BODY_MAX)))
        .route("/api/images/{id}", get(images::show))
        .route("/api/images/{id}/offer", post(images::offer))
        .route("/api/images/{id}/withdraw", post(images::withdraw))
        .route("/tokens", get(programs::show).post(programs::create))
        .route("/tokens/{id}/end", post(programs::end))
        .route("/api/tokens", get(tokens::list).post(tokens::create))
        .route("/api/tokens/{id}", delete(tokens::revoke))
        .route("/api/staff", get(staff::list).post(staff::create))
        .route("/api/staff/{id}", delete(staff::disable))
        .route("/api/staff/{id}/admit", post(staff::admit))
        .route("/api/staff/{id}/code", post(staff::code))
        .route("/api/staff/{id}/second", delete(staff::no_second))
}

/// Serves all doors until `stop` is done, by TLS if there is a certificate.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    certificate: Option<Certificate>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let rules = app.handles.console;
    edge::serve(router(app), listener, rules, certificate, stop).await
}

/// Serves the two doors of whoever watches the server, to as many as a machine has watchers.
pub async fn serve_operations(app: Arc<App>, listener: TcpListener) -> std::io::Result<()> {
    let rules = door::admission::Rules { porch: 16, share: 16, inside: 0, ..app.handles.console };
    edge::serve(operations_router(app), listener, rules, None, std::future::pending()).await
}

async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let lang = language(request.headers());
    let person = for_a_person(request.method(), request.uri().path(), request.headers());
    let (parts, body) = request.into_parts();
    let mut asked = person.then(|| parts.clone());
    let request = Request::from_parts(parts, body);
    let mut answer = match refused(&app, &request) {
        Some(error) => {
            // Nobody is known who may not even come to a door.
            asked = None;
            error.into_response()
        }
        None => carried::run(request, next).await,
    };
    if let Some(error) = refusal(&mut answer) {
        let takes = answer.headers_mut().remove(ALLOW);
        let me = match asked {
            Some(asked) => at_desk(&app, &error, &asked).await,
            None => None,
        };
        answer = match &me {
            Some(me) => error.page(me.lang, Some((me, app.wall())), None),
            None if person => error.page(lang, None, None),
            None => error.answer(lang),
        };
        takes.map(|methods| answer.headers_mut().insert(ALLOW, methods));
    }
    secure(answer.headers_mut());
    if app.tls() {
        let year = HeaderValue::from_static("max-age=31536000");
        answer.headers_mut().insert(STRICT_TRANSPORT_SECURITY, year);
    }
    answer
}

/// Who asked, if they work at the desk: also a page that refuses lets them hear a press.
async fn at_desk(app: &App, error: &ApiError, asked: &Parts) -> Option<Staff> {
    if error.status() == StatusCode::UNAUTHORIZED {
        return None;
    }
    let me = of_request(&app.access, asked).await.ok()?;
    AtDesk::allows(me.role).then_some(me)
}

/// Whether a browser asks for a page, which nobody wants to read as JSON.
fn for_a_person(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let takes = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let page = takes.is_some_and(|types| types.contains("text/html"));
    matches!(*method, Method::GET | Method::POST) && page && !path.starts_with("/api/")
}

/// Why a request may not even come to its door.
fn refused(app: &App, request: &Request) -> Option<ApiError> {
    let (headers, path) = (request.headers(), request.uri().path());
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let api = path.starts_with("/api/");
    if program::is_in(path) || request.uri().query().is_some_and(program::is_in) {
        return Some(ApiError::token_in_url());
    }
    if nul::in_address(request.uri()) {
        return Some(ApiError::malformed());
    }
    // A browser sends a token for no other page, and with one no cookie is looked at.
    let ours = headers.get(OURS).is_some_and(|value| value == "1") || bearer(headers).is_some();
    address::refused(&app.config.console, headers, request.extensions(), !reads && !api)
        .or_else(|| (!reads && api && !ours).then(ApiError::no_header))
}

fn secure(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
