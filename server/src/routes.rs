//! The doors of the HTTP side, one file a place: extract, one call into a room, answer.
//!
//! Which door is where is `router`'s page. Inputs are closed JSON: an unknown field is refused by
//! name. Not here: rules, SQL, sentences.

pub mod alerts;
pub mod document;
pub mod enrol;
pub mod entry;
pub mod find;
pub mod glass;
pub mod homes;
pub mod images;
pub mod kept;
pub mod me;
pub mod metrics;
pub mod moving;
pub mod now;
pub mod nul;
pub mod ops;
pub mod oversight;
pub mod pages;
pub mod persons;
pub mod programs;
pub mod queue;
pub mod readings;
pub mod rules;
pub mod series;
pub mod session;
pub mod staff;
pub mod stream;
pub mod tokens;
pub mod watch;

use axum::Form;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use crate::api_error::ApiError;

/// A request's JSON, checked against its type.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, top: &S) -> Result<Self, Self::Rejection> {
        if !is_json(request.headers()) {
            return Err(ApiError::media());
        }
        let bytes =
            Bytes::from_request(request, top).await.map_err(|error| match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(),
                _ => ApiError::broken(),
            })?;
        if nul::in_json(&bytes) {
            return Err(ApiError::json(nul::WHY));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| ApiError::json(&error.to_string()))
    }
}

/// A form of a page, checked against its type.
pub struct Filled<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Filled<T> {
    type Rejection = Response;

    async fn from_request(request: Request, top: &S) -> Result<Self, Self::Rejection> {
        let (parts, body) = request.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(whole, top).await.map_err(IntoResponse::into_response)?;
        if nul::in_form(&bytes) {
            return Err(ApiError::input(nul::WHY).into_response());
        }
        let request = Request::from_parts(parts, bytes.into());
        let form = Form::from_request(request, top).await;
        form.map(|Form(form)| Self(form)).map_err(IntoResponse::into_response)
    }
}

/// Whether a body says that it is JSON, or says nothing.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE) else { return true };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The query of a request, checked against its type.
pub struct Ask<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Ask<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let Query(asked) =
            Query::try_from_uri(&parts.uri).map_err(|error| ApiError::query(&error.body_text()))?;
        Ok(Self(asked))
    }
}
