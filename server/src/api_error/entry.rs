//! Refusals at the entry: who is not known, may not do this, or comes from somewhere else.
//!
//! Which part of a credential was wrong is never said. Not here: whom a credential lets in (`auth`), the guard (`router`).

use axum::http::StatusCode;

use super::ApiError;

impl ApiError {
    /// No session, or one that has ended.
    pub fn not_logged_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_logged_in")
    }

    /// A token of a program that is unknown, ended or mistyped.
    pub fn program() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "program")
    }

    /// A program whose token does not open this door; `scope` would.
    pub fn scope(scope: &str) -> Self {
        let mut error = Self::new(StatusCode::FORBIDDEN, "scope");
        error.places.push(("scope", scope.to_owned()));
        error
    }

    /// A token in an address.
    pub fn token_in_url() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "token_in_url")
    }

    /// As many tokens as there may be.
    pub fn many() -> Self {
        Self::new(StatusCode::CONFLICT, "many")
    }

    /// A role that may not do this.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden")
    }

    /// The role has not this duty; `whom` is the word of the role that a person asks instead.
    pub fn not_yours(whom: &'static str) -> Self {
        let mut error = Self::forbidden();
        error.places.push(("whom", whom.to_owned()));
        error
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

    /// A request that does not say whom it is for, or says it twice.
    pub fn no_host() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "no_host")
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
}
