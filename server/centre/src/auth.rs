//! Who sits at a screen or comes with a token: log-in, sessions, tokens of programs.
//!
//! A session is a row; a browser holds a random token and the row its SHA-256. It ends by idleness,
//! by age, by log-out, or when its owner is shut out. Idleness never hides the console: its heartbeat
//! counts as use. Not here: what a role may do (`role`), requests and answers (`session`, `routes::session`).

pub mod entry;
pub mod heart;
pub mod password;
pub mod program;
pub mod recovery;
pub mod refused;
pub mod role;
pub mod second;
pub mod token;
pub mod tries;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto::unit::Millis;
use tokio::sync::watch;

use crate::auth::heart::Heart;
use crate::auth::password::Passwords;
use crate::auth::refused::{Let, Refused};
use crate::auth::role::{Role, Scope};
use crate::auth::tries::Tries;
use crate::clock::Clock;
use crate::config::Config;
use crate::lang::Lang;
use crate::live::names::Names;
use records::column::{mono, stored};
use records::{Records, program as tokens, staff};

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
    pub async fn stored(&self, staff: &str, password: String) -> Let<String> {
        let hash = self.passwords.hash(password.clone()).await.ok_or(Refused::Password)?;
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
    pub fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What whoever lets somebody in works with.
pub struct Access {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// People, sessions and tokens.
    pub records: Records,
    /// What log-in needs between requests.
    pub auth: Arc<Auth>,
    /// How colleagues are called.
    pub names: Arc<Names>,
    /// Where the data folder is.
    pub config: Arc<Config>,
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
    pub async fn of_session(access: &Access, hash: &str) -> Let<Self> {
        let now = access.clock.now().mono;
        let mut reader = access.records.reader().await?;
        let row = staff::session(&mut reader, hash).await?.ok_or(Refused::NotLoggedIn)?;
        drop(reader);
        let (born, seen) = (mono(row.created_mono), mono(row.seen_mono));
        if now.since(born) >= ABSOLUTE || now.since(seen) >= IDLE {
            return Err(Refused::NotLoggedIn);
        }
        if now.since(seen) >= TOUCH {
            let mut writer = access.records.begin().await?;
            staff::touch(&mut writer, hash, stored(now)).await?;
            writer.commit().await?;
        }
        Ok(Self {
            role: Role::read(&row.staff.role).ok_or(Refused::NotLoggedIn)?,
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
    pub async fn still(&self, access: &Access) -> Let<Self> {
        if self.role == Role::Program {
            return program::still(access, &self.session, self.lang).await;
        }
        Self::of_session(access, &self.session).await
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
