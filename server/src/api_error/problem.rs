//! The shape of a refusal: problem details (RFC 9457), with the fields that programs of before read beside them.
//!
//! Also what the framework itself refuses (no such address, no such method, a body that cannot be read) leaves in
//! this shape. Not here: codes (`codes`), sentences (`locales`), when something is refused.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::ApiError;
use super::codes::ErrorCode;
use crate::shapes;
use centre::live::view::Holder;

/// The content type of a refusal.
pub const MEDIA: &str = "application/problem+json";
pub(super) const KIND: HeaderValue = HeaderValue::from_static(MEDIA);
/// What the type of a problem begins with; its code follows.
pub const URN: &str = "urn:hearthline:problem:";

/// A refusal.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:hearthline:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// Name of the status, the same for every problem of it.
    title: &'static str,
    /// The HTTP status once more.
    status: u16,
    /// One sentence for people, in the language that the request asks for.
    detail: String,
    /// What programs go by; it stays what it is.
    #[schema(value_type = ErrorCode)]
    code: &'static str,
    /// Code and sentence again, as programs of before read them.
    error: Word,
    #[serde(flatten)]
    more: More,
}

/// Code and sentence.
#[derive(Debug, Serialize, ToSchema)]
pub struct Word {
    #[schema(value_type = ErrorCode)]
    code: &'static str,
    message: String,
}

/// What some problems tell besides.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct More {
    /// With `newer`: what has joined since, the newest last: kind, device_label, at_ms, late, trust.
    #[schema(value_type = Option<Vec<Object>>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) newer: Option<Vec<Value>>,
    /// With `newer`: the latest change of the alert.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cursor: Option<i64>,
    /// With `held`: who has it.
    #[schema(value_type = Option<shapes::alert::Holder>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<Holder>,
    /// With `held`: for how long, in ms.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since_ms: Option<u64>,
    /// With `range`: which field.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<&'static str>,
    /// With `range`: what it can be, such as `1–87600` or `24h, 7d, 30d`.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) can_be: Option<String>,
}

impl Problem {
    pub(super) fn of(status: StatusCode, code: &'static str, sentence: String, more: More) -> Self {
        Self {
            kind: format!("{URN}{code}"),
            title: status.canonical_reason().unwrap_or("Refused"),
            status: status.as_u16(),
            error: Word { code, message: sentence.clone() },
            detail: sentence,
            code,
            more,
        }
    }
}

impl ApiError {
    /// A query that is not right, in words.
    pub fn query(what: &str) -> Self {
        let mut error = Self::new(StatusCode::BAD_REQUEST, "query");
        error.places.push(("what", what.to_owned()));
        error
    }

    /// A question for more than is kept or answered at once, or for nothing; `can_be` says what can be asked.
    pub fn range(field: &'static str, can_be: impl std::fmt::Display) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "range");
        let can_be = can_be.to_string();
        error.places.extend([("field", field.to_owned()), ("can_be", can_be.clone())]);
        (error.more.field, error.more.can_be) = (Some(field), Some(can_be));
        error
    }

    /// A request that cannot be read.
    pub fn malformed() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed")
    }

    /// An address that does not take this method.
    pub fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method")
    }

    /// A body of another kind than the one that is read here.
    pub fn media() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media")
    }

    /// What the framework has refused before a handler was asked; none for what is no refusal of its own.
    pub fn of_status(status: StatusCode) -> Option<Self> {
        Some(match status {
            StatusCode::BAD_REQUEST => Self::malformed(),
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => Self::method(),
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::media(),
            StatusCode::UNPROCESSABLE_ENTITY => Self::new(status, "unreadable"),
            StatusCode::INTERNAL_SERVER_ERROR => Self::new(status, "internal"),
            _ => return None,
        })
    }
}

/// What was refused by this answer: by us, or by the framework in words of its own.
pub fn refusal(answer: &mut Response) -> Option<ApiError> {
    if let Some(ours) = answer.extensions_mut().remove::<ApiError>() {
        return Some(ours);
    }
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let bare = kind.is_none_or(|kind| kind.starts_with("text/plain"));
    let refused = answer.status().is_client_error() || answer.status().is_server_error();
    if bare && refused { ApiError::of_status(answer.status()) } else { None }
}
