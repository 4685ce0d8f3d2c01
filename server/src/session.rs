//! Whoever sent a request, as a handler asks for them: the extractor that every private door names.
//!
//! Not here: whether a session or a token is good (`auth`), what a role may do (`auth::role`), log-in (`routes::session`).

mod caller;
mod source;

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE};
use axum::http::request::Parts;

use crate::api_error::{ApiError, ApiResult};
use centre::auth::refused::{Let, Refused};
use centre::auth::role::{Duty, may};
use centre::auth::{Access, Staff, program, token};
use centre::lang::Lang;

pub use self::caller::Caller;
pub use self::source::Source;

/// A member of staff whose role has the duty `D`; in a signature, it is the lock on the door.
pub struct As<D>(pub Staff, pub PhantomData<D>);

impl<D: Duty, S: Send + Sync> FromRequestParts<S> for As<D>
where
    Arc<Access>: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, top: &S) -> ApiResult<Self> {
        let staff = of_request(&Arc::<Access>::from_ref(top), parts).await?;
        if let Some(caller) = parts.extensions.get::<Caller>() {
            caller.proved();
        }
        may::<D>(&staff)?;
        Ok(Self(staff, PhantomData))
    }
}

/// Whoever sent a request. With a token its cookies count for nothing.
pub async fn of_request(access: &Access, parts: &Parts) -> Let<Staff> {
    if let Some(shown) = bearer(&parts.headers) {
        return program::admit(access, shown, asked(&parts.headers)).await;
    }
    let cookies = parts.headers.get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let token = token::of_cookies(cookies, access.config.console.tls());
    Staff::of_session(access, &token::hash(token.ok_or(Refused::NotLoggedIn)?)).await
}

/// What a request shows as a program's token, if it shows one.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let shown = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = shown.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The language that a browser asks for first.
pub fn asked(headers: &HeaderMap) -> Lang {
    Lang::of_tag(headers.get(ACCEPT_LANGUAGE).and_then(|h| h.to_str().ok()).unwrap_or(""))
}
