//! Who sits at a screen: log-in, sessions, and the extractor that every private door asks for.
//!
//! A session is a row; a browser holds a random token and the row its SHA-256. It ends by idleness,
//! by age, by log-out, or when its owner is shut out. Idleness never hides the console: its heartbeat
//! counts as use. Not here: what a role may do (`role`), HTTP answers (`routes::session`).

pub mod delay;
pub mod password;
pub mod role;
pub mod token;

use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use proto::unit::{Millis, Mono};

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::auth::delay::Delay;
use crate::auth::password::Passwords;
use crate::auth::role::{Duty, Role};
use crate::desk::life::{mono, stored};
use crate::records::staff;
use crate::router::Caller;
use crate::words::Lang;

/// A session that nobody uses ends.
const IDLE: Millis = Millis::minutes(60);
/// A session ends, whoever uses it: longer than the longest shift.
const ABSOLUTE: Millis = Millis::minutes(13 * 60);
/// Use is written down at most this often.
const TOUCH: Millis = Millis::minutes(1);
/// How long a one-time code can be used.
pub const CODE_LASTS: Millis = Millis::minutes(24 * 60);

/// What log-in needs between requests. One per server.
#[derive(Debug, Default)]
pub struct Auth {
    /// The hashing room.
    pub passwords: Passwords,
    delay: Mutex<Delay>,
    setup: Mutex<Option<String>>,
}

impl Auth {
    /// Makes the token with which the first administrator is made; said once, at start.
    pub fn open_setup(&self) -> Result<String, token::NoRandom> {
        let token = token::code()?;
        *self.setup.lock().unwrap_or_else(PoisonError::into_inner) = Some(token::hash(&token));
        Ok(token)
    }

    /// Whether this is the set-up token; it is used up either way if it fits.
    pub fn take_setup(&self, given: &str) -> bool {
        let mut setup = self.setup.lock().unwrap_or_else(PoisonError::into_inner);
        let given = token::hash(given);
        let fits = setup.as_ref().is_some_and(|hash| {
            use subtle::ConstantTimeEq as _;
            hash.as_bytes().ct_eq(given.as_bytes()).into()
        });
        if fits {
            *setup = None;
        }
        fits
    }

    /// Refuses a try that comes too soon.
    pub fn may_try(&self, now: Mono, name: &str, source: IpAddr) -> ApiResult<()> {
        let delay = self.delay.lock().unwrap_or_else(PoisonError::into_inner);
        delay.wait(now, name, source).map_or(Ok(()), |wait| Err(ApiError::wait(wait.get())))
    }

    /// Remembers how a try went.
    pub fn tried(&self, now: Mono, name: &str, source: IpAddr, passed: bool) {
        let mut delay = self.delay.lock().unwrap_or_else(PoisonError::into_inner);
        match passed {
            true => delay.passed(name, source),
            false => delay.failed(now, name, source),
        }
    }
}

/// Whoever sent this request.
#[derive(Debug, Clone)]
pub struct Staff {
    /// Row id.
    pub id: String,
    /// What they log in with.
    pub name: String,
    /// What colleagues read.
    pub display: String,
    /// What they are for.
    pub role: Role,
    /// `day` or `night`, for this shift.
    pub theme: String,
    /// Language of this shift.
    pub lang: Lang,
    /// Hash of the session's token.
    pub session: String,
}

impl Staff {
    /// The owner of a live session, from its token's hash.
    pub async fn of_session(app: &App, hash: &str) -> ApiResult<Self> {
        let now = app.clock.now().mono;
        let mut reader = app.records.reader().await?;
        let row = staff::session(&mut reader, hash).await?.ok_or_else(ApiError::not_logged_in)?;
        drop(reader);
        let (born, seen) = (mono(row.created_mono), mono(row.seen_mono));
        if now.since(born) >= ABSOLUTE || now.since(seen) >= IDLE {
            return Err(ApiError::not_logged_in());
        }
        if now.since(seen) >= TOUCH {
            let mut writer = app.records.begin().await?;
            staff::touch(&mut writer, hash, stored(now)).await?;
            writer.commit().await?;
        }
        Ok(Self {
            role: Role::read(&row.staff.role).ok_or_else(ApiError::not_logged_in)?,
            id: row.staff.id,
            name: row.staff.name,
            display: row.staff.display,
            theme: row.theme,
            lang: Lang::of_tag(&row.lang),
            session: hash.to_owned(),
        })
    }
}

/// A member of staff whose role has the duty `D`; in a signature, it is the lock on the door.
pub struct As<D>(pub Staff, pub PhantomData<D>);

impl<D: Duty> FromRequestParts<Arc<App>> for As<D> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> ApiResult<Self> {
        let cookies = parts.headers.get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let token = token::of_cookies(cookies, app.tls()).ok_or_else(ApiError::not_logged_in)?;
        let staff = Staff::of_session(app, &token::hash(token)).await?;
        if let Some(caller) = parts.extensions.get::<Caller>() {
            caller.proved();
        }
        if D::allows(staff.role) {
            Ok(Self(staff, PhantomData))
        } else {
            Err(ApiError::forbidden())
        }
    }
}

/// Where a request comes from: the peer of its connection. Headers are not believed.
#[derive(Debug, Clone, Copy)]
pub struct Source(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Source {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self(peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))))
    }
}

/// Removes sessions and codes that time has ended. Called now and then.
pub async fn sweep(app: &App) -> Result<(), sqlx::Error> {
    let now = app.clock.now().mono;
    let before = |span: Millis| i64::try_from(now.millis().saturating_sub(span.get())).unwrap_or(0);
    let mut writer = app.records.begin().await?;
    staff::sweep(&mut writer, before(ABSOLUTE), before(IDLE), stored(now)).await?;
    writer.commit().await
}
