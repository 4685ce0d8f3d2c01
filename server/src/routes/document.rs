//! `/openapi.json`: the API as a document (OpenAPI 3.1), made from the handlers themselves.
//!
//! What holds for every door is added in one place: the refusals that stand before or around a handler, their shape,
//! who may come in, and a name for each operation that no other has. Not here: what a door does.

use std::sync::LazyLock;

use axum::Json;
use axum::http::StatusCode;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem,
    Paths, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, Content, OpenApi as Document, Ref, RefOr, Required, Response, Responses,
};
use utoipa::{Modify, OpenApi};

use crate::api_error::problem::{MEDIA, Problem};
use crate::routes::{
    alerts, enrol, find, glass, homes, images, kept, me, moving, persons, queue, rules, series,
    session, staff, stream, tokens, watch,
};
use crate::shapes::alert::EventBody;
use centre::auth::role::Scope;

/// Doors that programs come to, by the scope that opens them.
const FOR_PROGRAMS: [(&str, Scope); 13] = [
    ("queue_show", Scope::ReadQueue),
    ("watch_show", Scope::ReadQueue),
    ("stream_follow", Scope::ReadQueue),
    ("alerts_show", Scope::ReadQueue),
    ("alerts_claim", Scope::WorkAlerts),
    ("alerts_renew", Scope::WorkAlerts),
    ("alerts_act", Scope::WorkAlerts),
    ("alerts_suspend", Scope::WorkAlerts),
    ("alerts_close", Scope::WorkAlerts),
    ("homes_list", Scope::ReadValues),
    ("homes_show", Scope::ReadValues),
    ("homes_series", Scope::ReadValues),
    ("rules_show", Scope::ReadValues),
];
/// Doors that need no log-in.
const OPEN: [&str; 2] = ["/api/setup", "/api/login"];

/// The API as a document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hearthline",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    components(schemas(Problem, EventBody)),
    modifiers(&Rest),
    paths(
        session::setup,
        session::login,
        session::logout,
        session::shift,
        me::password,
        me::begin_second,
        me::confirm_second,
        me::end_second,
        tokens::list,
        tokens::create,
        tokens::revoke,
        staff::list,
        staff::create,
        staff::code,
        staff::admit,
        staff::no_second,
        staff::disable,
        queue::show,
        queue::presence,
        watch::show,
        watch::trial,
        glass::seen,
        find::find,
        stream::follow,
        alerts::show,
        alerts::visible,
        alerts::claim,
        alerts::take,
        alerts::renew,
        alerts::act,
        alerts::suspend,
        alerts::close,
        homes::list,
        homes::show,
        homes::open,
        series::series,
        rules::show,
        rules::set,
        rules::rehearsal,
        enrol::organisation,
        enrol::home,
        enrol::bed,
        enrol::new_gateway,
        enrol::revoke,
        enrol::devices::device,
        enrol::devices::device_bed,
        enrol::devices::release,
        moving::device,
        moving::replace,
        enrol::devices::label_svg,
        persons::resident,
        persons::leave,
        persons::edit,
        persons::add_contact,
        persons::edit_contact,
        persons::end_contact,
        persons::edit_home,
        enrol::many::batch,
        kept::show,
        images::list,
        images::add,
        images::show,
        images::offer,
        images::withdraw,
    )
)]
pub struct Api;

static DOCUMENT: LazyLock<Document> = LazyLock::new(Api::openapi);

/// `GET /openapi.json`
pub async fn openapi() -> Json<&'static Document> {
    Json(&DOCUMENT)
}

/// What the handlers do not say by themselves.
struct Rest;

impl Modify for Rest {
    fn modify(&self, api: &mut Document) {
        api.info.description = Some(include_str!("../../API.md").to_owned());
        let components = api.components.get_or_insert_with(Components::default);
        let cookie = ApiKeyValue::with_description(
            "hl_session",
            "A person's session, from /api/login; __Host-hl_session where the console is reached by TLS.",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let told = "A program's token, from /api/tokens. Each operation names the scope that opens it; without one, \
                    no token does.";
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(told));
        components.add_security_scheme("token", SecurityScheme::Http(bearer.build()));
        api.webhooks = Some(webhooks());
        for (path, item) in &mut api.paths.paths {
            let slots = [
                (false, &mut item.get),
                (true, &mut item.post),
                (true, &mut item.patch),
                (true, &mut item.delete),
            ];
            for (writes, slot) in slots {
                if let Some(operation) = slot {
                    finish(path, writes, operation);
                }
            }
        }
    }
}

fn finish(path: &str, writes: bool, operation: &mut Operation) {
    let room = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
    operation.operation_id = operation.operation_id.take().map(|name| format!("{room}_{name}"));
    let guarded = !OPEN.contains(&path);
    let scope =
        FOR_PROGRAMS.iter().find(|(name, _)| operation.operation_id.as_deref() == Some(name));
    let session = guarded.then(|| SecurityRequirement::new("session", Vec::<String>::new()));
    let token = scope.map(|(_, scope)| SecurityRequirement::new("token", [scope.word()]));
    operation.security = Some(session.into_iter().chain(token).collect());
    if writes {
        operation.parameters.get_or_insert_default().push(RefOr::T(ours()));
    }
    let body = operation.request_body.is_some();
    if let Some(RefOr::T(sent)) = &mut operation.request_body
        && let Some(RefOr::T(file)) = sent.content.get_mut("application/octet-stream")
    {
        // Bytes have no schema in 3.1.
        file.schema = None;
    }
    let refusals = [
        (true, StatusCode::BAD_REQUEST),
        (true, StatusCode::FORBIDDEN),
        (true, StatusCode::MISDIRECTED_REQUEST),
        (true, StatusCode::INTERNAL_SERVER_ERROR),
        (guarded, StatusCode::UNAUTHORIZED),
        (path.contains('{'), StatusCode::NOT_FOUND),
        (body, StatusCode::PAYLOAD_TOO_LARGE),
        (body, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (body, StatusCode::UNPROCESSABLE_ENTITY),
    ];
    for (_, status) in refusals.into_iter().filter(|(holds, _)| *holds) {
        let known = &mut operation.responses.responses;
        known.entry(status.as_str().to_owned()).or_insert_with(|| RefOr::T(Response::new("")));
    }
    shape(&mut operation.responses);
}

/// What the server sends by itself; how it is signed and repeated stands in the description.
fn webhooks() -> Paths {
    let header = |name: &str, told: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(told))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build()
    };
    let body = Content::new(Some(Ref::from_schema_name("EventBody")));
    let operation = OperationBuilder::new()
        .operation_id(Some("webhook_event"))
        .summary(Some("Tells a follower what happened to an alert"))
        .parameter(header("x-hearthline-id", "Id of the event, the same on each try"))
        .parameter(header("idempotency-key", "The same once more"))
        .parameter(header("x-hearthline-time", "Seconds since 1970 when this try was signed"))
        .parameter(header("x-hearthline-signature", "v1= and the HMAC-SHA256 of id.time.body"))
        .request_body(Some(RequestBodyBuilder::new().content("application/json", body).build()))
        .response("2XX", Response::new("Confirmed"))
        .response("default", Response::new("Sent again later"));
    PathsBuilder::new().path("event", PathItem::new(HttpMethod::Post, operation)).build()
}

/// Each answer has a description, and each refusal the shape of all.
fn shape(answers: &mut Responses) {
    for (code, answer) in &mut answers.responses {
        let RefOr::T(answer) = answer else { continue };
        let status = code.parse().ok().and_then(|code: u16| StatusCode::from_u16(code).ok());
        let Some(status) = status else { continue };
        if answer.description.is_empty() {
            answer.description = status.canonical_reason().unwrap_or("Refused").to_owned();
        }
        if status.is_client_error() || status.is_server_error() {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            answer.content.insert(MEDIA.to_owned(), RefOr::T(problem));
        }
    }
}

/// The header that a page of somebody else cannot send.
fn ours() -> Parameter {
    let value = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["1"]));
    ParameterBuilder::new()
        .name("x-hearthline")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("Needed with a session."))
        .schema(Some(value))
        .build()
}
