//! A request that writes is carried to its end, though whoever sent it has gone meanwhile.
//!
//! A server drops the answer that nobody waits for. Dropped between its commit and what memory is told of it, an enrolled
//! device would be unknown until the next start. Not here: what a request does (`routes`).

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api_error::ApiError;

/// Lets a request through to its door.
pub(super) async fn run(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    let work = tokio::spawn(next.run(request));
    work.await.unwrap_or_else(|error| ApiError::internal(&error).into_response())
}
