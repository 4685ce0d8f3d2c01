//! The demo's own page: buttons that make things happen, and the lights of every device, live.
//!
//! It is there only in the demo and only on this machine. Not here: the console, which is the
//! server's and stands beside it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use proto::up::Role;
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::WatchStream;

use crate::demo::world::World;
use crate::device::Order;
use crate::resident::Act;
use crate::trouble::Outcome;

type Shown = State<Arc<World>>;

/// Serves the page on loopback; gives its address.
pub async fn serve(world: Arc<World>, port: u16) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    let router = Router::new()
        .route("/", get(async || Html(include_str!("page.html"))))
        .route("/page.css", get(async || typed("text/css", include_str!("page.css"))))
        .route("/page.js", get(async || typed("text/javascript", include_str!("page.js"))))
        .route("/lights", get(lights))
        .route("/home/{n}/{what}", post(in_home))
        .route("/chain/{what}", post(in_chain))
        .with_state(world);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

fn typed(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind)], text)
}

/// The whole view on every change of a light, and every second for the rest.
async fn lights(State(world): Shown) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = tokio::time::interval(std::time::Duration::from_secs(1));
    let ticks = tokio_stream::wrappers::IntervalStream::new(ticks).map(|_| ());
    let changes = WatchStream::new(world.lights()).map(|_| ());
    let views = changes
        .merge(ticks)
        .map(move |()| Ok(Event::default().json_data(world.view()).unwrap_or_default()));
    Sse::new(views).keep_alive(KeepAlive::default())
}

/// Something happens in home `n`.
async fn in_home(State(world): Shown, Path((n, what)): Path<(usize, String)>) -> StatusCode {
    let Some(home) = world.homes.get(n).map(Arc::clone) else { return StatusCode::NOT_FOUND };
    match what.as_str() {
        "press" => home.act(Act::Press).await,
        "pull" => home.act(Act::Pull).await,
        "bed" => home.act(Act::ToBed).await,
        "up" => home.act(Act::Up).await,
        "fall" => home.act(Act::Fall).await,
        "get-up" => home.act(Act::GetUp).await,
        "still" => home.keep_still(true),
        "silence" | "speak" => {
            if let Some(mat) = home.device(Role::BedMat) {
                mat.order(Order::Power(what == "speak"));
            }
        }
        _ => return StatusCode::NOT_FOUND,
    }
    StatusCode::NO_CONTENT
}

/// Something happens to the chain between home and console.
async fn in_chain(State(world): Shown, Path(what): Path<String>) -> (StatusCode, String) {
    let done = tokio::task::spawn_blocking(move || match what.as_str() {
        "cut" | "open" => {
            world.cut_uplink(what == "cut");
            Ok(())
        }
        "kill-gateway" => world.kill_gateway(),
        "start-gateway" => world.start_gateway(),
        "kill-server" => world.kill_server(),
        "start-server" => world.start_server(),
        _ => Err(crate::trouble::Trouble::new("no such button")),
    });
    match done.await {
        Ok(Ok(())) => (StatusCode::NO_CONTENT, String::new()),
        Ok(Err(trouble)) => (StatusCode::INTERNAL_SERVER_ERROR, trouble.to_string()),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
