//! Every code of a refusal with its status: what programs go by, in the document of the API as well.
//!
//! A code that is here stays, with its meaning; new ones are added. Not here: when something is refused
//! (`api_error`), sentences (`locales`).

use std::fmt::Write as _;

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::words::Words;
use centre::lang::Lang;

/// Code and status.
pub const CODES: &[(&str, u16)] = &[
    ("not_logged_in", 401),
    ("program", 401),
    ("scope", 403),
    ("forbidden", 403),
    ("no_header", 403),
    ("origin", 403),
    ("host", 421),
    ("second", 401),
    ("second_wrong", 401),
    ("second_state", 409),
    ("login", 401),
    ("login_code", 401),
    ("login_fields", 422),
    ("wait", 429),
    ("busy", 429),
    ("password", 422),
    ("old_password", 422),
    ("token", 403),
    ("set_up", 409),
    ("name_taken", 409),
    ("many", 409),
    ("staff", 404),
    ("alert", 404),
    ("home", 404),
    ("device", 404),
    ("gateway", 404),
    ("image", 404),
    ("program_token", 404),
    ("glass", 404),
    ("held", 409),
    ("stale", 409),
    ("newer", 409),
    ("over", 409),
    ("no_action", 422),
    ("no_text", 422),
    ("no_reason", 422),
    ("span", 422),
    ("range", 422),
    ("action", 422),
    ("json", 422),
    ("input", 422),
    ("unreadable", 422),
    ("query", 400),
    ("malformed", 400),
    ("broken", 400),
    ("no_host", 400),
    ("token_in_url", 400),
    ("not_found", 404),
    ("method", 405),
    ("too_large", 413),
    ("media", 415),
    ("internal", 500),
];

/// The code of a refusal, as the document lists it.
pub struct ErrorCode;

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let mut told =
            "What programs go by. A code keeps its meaning; new ones may come.\n".to_owned();
        for (code, status) in CODES {
            let sentence = Lang::En.t(&format!("error.{code}"));
            // Writing to a string cannot fail.
            let _ = write!(told, "\n- `{code}` ({status}): {sentence}");
        }
        let codes = CODES.iter().map(|(code, _)| *code);
        let list = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes));
        list.description(Some(told)).into()
    }
}

impl ToSchema for ErrorCode {}
