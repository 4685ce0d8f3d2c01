//! Who sits at a screen or comes with a token: log-in, sessions, and the extractor that every private door asks for.
//!
//! A session is a row; a browser holds a random token and the row its SHA-256. It ends by idleness,
//! by age, by log-out, or when its owner is shut out. Idleness never hides the console: its heartbeat
//! counts as use. Not here: what a role may do (`role`), HTTP answers (`routes::session`).

pub mod entry;
pub mod heart;
pub mod password;
pub mod program;
pub mod recovery;
pub mod role;
pub mod second;
pub mod source;
pub mod token;
pub mod tries;

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use proto::unit::Millis;
use tokio::sync::watch;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::auth::heart::Heart;
use crate::auth::password::Passwords;
use crate::auth::role::{Duty, Role, Scope, may};
use crate::auth::tries::Tries;
use crate::clock::Clock;
use crate::desk::life::{mono, stored};
use crate::records::{Records, program as tokens, staff};
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
    /// Passwords that were proved since the start.
    pub heart: Heart,
    tries: Mutex<Tries>,
    setup: Mutex<Option<String>>,
    ended: watch::Sender<u64>,
}

impl Auth {
    /// Makes the token with which the first administrator is made; said once, at start.
    pub fn open_setup(&self) -> Result<String, token::NoRandom> {
        let token = token::code()?;
        *self.setup.lock().unwrap_or_else(PoisonError::into_inner) = Some(token::code_hash(&token));
        Ok(token)
    }

    /// Whether this is the set-up token; it is used up either way if it fits.
    pub fn take_setup(&self, given: &str) -> bool {
        let mut setup = self.setup.lock().unwrap_or_else(PoisonError::into_inner);
        let given = token::code_hash(given);
        let fits = setup.as_ref().is_some_and(|hash| {
            use subtle::ConstantTimeEq as _;
            hash.as_bytes().ct_eq(given.as_bytes()).into()
        });
        if fits {
            *setup = None;
        }
        fits
    }

    /// What is stored of a new password of this member of staff, who can come in with it at once.
    pub async fn stored(&self, staff: &str, password: String) -> ApiResult<String> {
        let hash = self.passwords.hash(password.clone()).await.ok_or_else(ApiError::password)?;
        self.heart.learn(staff, &hash, &password);
        Ok(hash)
    }

    /// A session or a token has ended: whoever streams looks whether it was theirs.
    pub fn ended(&self) {
        self.ended.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Hears whenever a session or a token has ended.
    pub fn endings(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// Who failed how often.
    pub(crate) fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// What a program may do; people have none.
    pub scopes: Vec<Scope>,
    /// `day` or `night`, for this shift.
    pub theme: String,
    /// Language of this shift.
    pub lang: Lang,
    /// Hash of the session's token; of a program the id of its token.
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
            scopes: Vec::new(),
            id: row.staff.id,
            name: row.staff.name,
            display: row.staff.display,
            theme: row.theme,
            lang: Lang::of_tag(&row.lang),
            session: hash.to_owned(),
        })
    }

    /// The same one later on, if the session or the token is still good.
    ///
    /// # Errors
    /// It has ended; the records cannot be read.
    pub async fn still(&self, app: &App) -> ApiResult<Self> {
        if self.role == Role::Program {
            return program::still(app, &self.session, self.lang).await;
        }
        Self::of_session(app, &self.session).await
    }

    /// Whoever sent a request. With a token its cookies count for nothing.
    pub(crate) async fn of_request(app: &App, parts: &Parts) -> ApiResult<Self> {
        if let Some(shown) = program::bearer(&parts.headers) {
            return program::admit(app, shown, Lang::asked(&parts.headers)).await;
        }
        let cookies = parts.headers.get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let token = token::of_cookies(cookies, app.tls()).ok_or_else(ApiError::not_logged_in)?;
        Self::of_session(app, &token::hash(token)).await
    }
}

/// A member of staff whose role has the duty `D`; in a signature, it is the lock on the door.
pub struct As<D>(pub Staff, pub PhantomData<D>);

impl<D: Duty> FromRequestParts<Arc<App>> for As<D> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> ApiResult<Self> {
        let staff = Staff::of_request(app, parts).await?;
        if let Some(caller) = parts.extensions.get::<Caller>() {
            caller.proved();
        }
        may::<D>(&staff)?;
        Ok(Self(staff, PhantomData))
    }
}

/// Removes sessions and codes that time has ended. Called now and then.
pub async fn sweep(records: &Records, clock: &Clock) -> Result<(), records::Error> {
    let now = clock.now().mono;
    let before = |span: Millis| i64::try_from(now.millis().saturating_sub(span.get())).unwrap_or(0);
    let mut writer = records.begin().await?;
    staff::sweep(&mut writer, before(ABSOLUTE), before(IDLE), stored(now)).await?;
    tokens::sweep(&mut writer, before(program::KEPT)).await?;
    writer.commit().await
}
