//! What a caller reads when something is refused: one code, one sentence, in the reader's language.
//!
//! Every refusal of the API is a constructor here, so that wording lives in one place. The cause of a
//! server's own failure goes to the log, never to the caller. Not here: when something is refused.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::pages;
use crate::words::Lang;

/// A refusal on its way to a caller.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    places: Vec<(&'static str, String)>,
    more: Map<String, Value>,
}

/// What a handler of the API answers.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, places: Vec::new(), more: Map::new() }
    }

    /// The refusal as one sentence.
    pub fn sentence(&self, lang: Lang) -> String {
        let places: Vec<(&str, &str)> = self.places.iter().map(|(k, v)| (*k, v.as_str())).collect();
        lang.fill(&format!("error.{}", self.code), &places)
    }

    /// Its status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Its code.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The answer as a page, for a person who followed an address.
    pub fn page(&self, lang: Lang) -> Response {
        let sentence = match self.code {
            "not_found" => lang.t("app.not_found").to_owned(),
            "forbidden" => lang.t("app.denied").to_owned(),
            _ => self.sentence(lang),
        };
        (self.status, pages::refused::page(lang, &sentence)).into_response()
    }

    /// The answer in one language. The error rides along, so that the edge can say it in another.
    pub fn answer(&self, lang: Lang) -> Response {
        let message = self.sentence(lang);
        let mut body = self.more.clone();
        body.insert("error".into(), json!({ "code": self.code, "message": message }));
        let mut answer = (self.status, Json(Value::Object(body))).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS
            && let Some((_, seconds)) = self.places.first()
            && let Ok(value) = seconds.parse()
        {
            answer.headers_mut().insert(RETRY_AFTER, value);
        }
        answer
    }

    /// No session, or one that has ended.
    pub fn not_logged_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_logged_in")
    }

    /// A role that may not do this.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden")
    }

    /// A write without the header that only our own pages send.
    pub fn no_header() -> Self {
        Self::new(StatusCode::FORBIDDEN, "no_header")
    }

    /// A page of an address that is not ours.
    pub fn origin(origin: &str) -> Self {
        let mut error = Self::new(StatusCode::FORBIDDEN, "origin");
        error.places.push(("origin", origin.chars().take(100).collect()));
        error
    }

    /// A request for an address that is not ours.
    pub fn host(host: &str) -> Self {
        let mut error = Self::new(StatusCode::MISDIRECTED_REQUEST, "host");
        error.places.push(("host", host.chars().take(100).collect()));
        error
    }

    /// The code of a second factor is asked for.
    pub fn second() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "second")
    }

    /// A code of a second factor that is wrong or was used.
    pub fn second_wrong() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "second_wrong")
    }

    /// A second factor that is on already, or was never begun.
    pub fn second_state() -> Self {
        Self::new(StatusCode::CONFLICT, "second_state")
    }

    /// Wrong name or password; which of them is not said.
    pub fn login() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "login")
    }

    /// A one-time code that is wrong, used or too old.
    pub fn login_code() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "login_code")
    }

    /// Neither name and password nor a code.
    pub fn login_fields() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "login_fields")
    }

    /// Too many tries; `ms` until the next.
    pub fn wait(ms: u64) -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "wait");
        error.places.push(("s", ms.div_ceil(1000).to_string()));
        error
    }

    /// Another heavy question is being answered; ask again.
    pub fn busy() -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "busy");
        error.places.push(("s", "5".to_owned()));
        error
    }

    /// A new password that is too short or the name itself.
    pub fn password() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "password")
    }

    /// One's own present password, mistyped or missing.
    pub fn old_password() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "old_password")
    }

    /// A set-up token that is wrong or used.
    pub fn token() -> Self {
        Self::new(StatusCode::FORBIDDEN, "token")
    }

    /// Set-up after there is an administrator.
    pub fn set_up() -> Self {
        Self::new(StatusCode::CONFLICT, "set_up")
    }

    /// A staff number that somebody has.
    pub fn name_taken() -> Self {
        Self::new(StatusCode::CONFLICT, "name_taken")
    }

    /// Nothing with this id; `what` is `staff`, `alert`, `home`, `device`, `gateway` or `image`.
    pub fn unknown(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, what)
    }

    /// Somebody else has the alert.
    pub fn held(id: &str, display: &str, since_ms: u64) -> Self {
        let mut error = Self::new(StatusCode::CONFLICT, "held");
        error.places.push(("name", display.to_owned()));
        error.more.insert("owner".into(), json!({ "id": id, "display": display }));
        error.more.insert("since_ms".into(), since_ms.into());
        error
    }

    /// A fence of a claim that is over.
    pub fn stale() -> Self {
        Self::new(StatusCode::CONFLICT, "stale")
    }

    /// A write that would end or hide what its author has not seen; `newer` says what.
    pub fn newer(newer: Vec<Value>, cursor: i64) -> Self {
        let mut error = Self::new(StatusCode::CONFLICT, "newer");
        error.places.push(("n", newer.len().to_string()));
        error.more.insert("newer".into(), newer.into());
        error.more.insert("cursor".into(), cursor.into());
        error
    }

    /// An alert that is closed.
    pub fn over() -> Self {
        Self::new(StatusCode::CONFLICT, "over")
    }

    /// A close without any action before it.
    pub fn no_action() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_action")
    }

    /// An outcome that needs words.
    pub fn no_text() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_text")
    }

    /// What is guarded is opened with a reason in words.
    pub fn no_reason() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_reason")
    }

    /// A suspension that is too short or too long.
    pub fn span() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "span")
    }

    /// An action or a result that is not known.
    pub fn action() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "action")
    }

    /// A body that is no such JSON.
    pub fn json(what: &str) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "json");
        error.places.push(("what", what.to_owned()));
        error
    }

    /// A body over the limit.
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large")
    }

    /// A body that broke off or came too slowly.
    pub fn broken() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "broken")
    }

    /// A field that is not right, in the words of the room that refused it.
    pub fn input(what: impl std::fmt::Display) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "input");
        error.places.push(("what", what.to_string()));
        error
    }

    /// Our own failure: logged here, and nothing of it told.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(cause = %Chain(cause), "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    }

    /// No such address.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found")
    }
}

struct Chain<'a>(&'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(cause: sqlx::Error) -> Self {
        Self::internal(&cause)
    }
}

impl From<crate::auth::token::NoRandom> for ApiError {
    fn from(cause: crate::auth::token::NoRandom) -> Self {
        Self::internal(&cause)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut answer = self.answer(Lang::Zh);
        answer.extensions_mut().insert(self);
        answer
    }
}
