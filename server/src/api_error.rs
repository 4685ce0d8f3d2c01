//! What a caller reads when something is refused: one code, one sentence, in the reader's language.
//!
//! Every refusal of the API is a constructor here, so that wording lives in one place. The cause of a
//! server's own failure goes to the log, never to the caller. Not here: when something is refused, what an
//! answer looks like (`problem`), who may not come in (`entry`), the list of codes that programs may rely on (`codes`).

mod auth;
mod cause;
pub mod codes;
mod desk;
mod entry;
pub mod problem;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use self::cause::Chain;
use self::problem::{KIND, More, Problem};
use crate::pages;
use crate::words::Words;
use centre::auth::Staff;
use centre::lang::Lang;
use centre::live::view::Holder;
use centre::zone::Wall;

/// A refusal on its way to a caller.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    places: Vec<(&'static str, String)>,
    more: Box<More>,
}

/// What a handler of the API answers.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, places: Vec::new(), more: Box::default() }
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

    /// The answer as a page, for a person who followed an address or sent a form; `at_desk` if they work there, `back`
    /// where they came from.
    pub fn page(
        &self,
        lang: Lang,
        at_desk: Option<(&Staff, Wall<'_>)>,
        back: Option<&str>,
    ) -> Response {
        let whom = self.places.iter().find(|(place, _)| *place == "whom").map(|(_, word)| word);
        let next = match (self.code, whom) {
            ("not_found", _) => lang.t("app.not_found_next"),
            ("forbidden", Some(role)) => lang.t(&format!("app.denied_{role}")),
            _ => "",
        };
        let sentence = match self.code {
            "not_found" => lang.t("app.not_found").to_owned(),
            "forbidden" => lang.t("app.denied").to_owned(),
            _ => self.sentence(lang),
        };
        let page = pages::refused::page(lang, (&sentence, next), at_desk, back);
        (self.status, page).into_response()
    }

    /// The answer in one language. The error rides along, so that the edge can say it in another.
    pub fn answer(&self, lang: Lang) -> Response {
        let problem =
            Problem::of(self.status, self.code, self.sentence(lang), (*self.more).clone());
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut answer = (self.status, [(CONTENT_TYPE, KIND)], body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let asked = HeaderValue::from_static("Bearer realm=\"hearthline\"");
            answer.headers_mut().insert(WWW_AUTHENTICATE, asked);
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS
            && let Some((_, seconds)) = self.places.first()
            && let Ok(value) = seconds.parse()
        {
            answer.headers_mut().insert(RETRY_AFTER, value);
        }
        answer
    }

    /// Another heavy question is being answered; ask again.
    pub fn busy() -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "busy");
        error.places.push(("s", "5".to_owned()));
        error
    }

    /// Nothing with this id; `what` is `staff`, `alert`, `home`, `device`, `gateway` or `image`.
    pub fn unknown(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, what)
    }

    /// Somebody else has the alert.
    pub fn held(id: &str, display: &str, since_ms: u64) -> Self {
        let mut error = Self::new(StatusCode::CONFLICT, "held");
        error.places.push(("name", display.to_owned()));
        error.more.owner = Some(Holder { id: id.to_owned(), display: display.to_owned() });
        error.more.since_ms = Some(since_ms);
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
        (error.more.newer, error.more.cursor) = (Some(newer), Some(cursor));
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

impl From<records::Error> for ApiError {
    fn from(cause: records::Error) -> Self {
        Self::internal(&cause)
    }
}

impl From<centre::auth::token::NoRandom> for ApiError {
    fn from(cause: centre::auth::token::NoRandom) -> Self {
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
