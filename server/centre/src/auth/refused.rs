//! Why somebody is not let in, or may not do what they wish.
//!
//! Which part of a credential was wrong is never said. Not here: what a caller reads of it (`api_error`).

use proto::unit::Millis;

use super::token::NoRandom;

/// A refusal of the entry.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No session, or one that has ended.
    #[error("nobody is logged in")]
    NotLoggedIn,
    /// A token of a program that is unknown, ended or mistyped.
    #[error("the program's token is not good")]
    Program,
    /// A program whose token does not open this door; this scope would.
    #[error("the program's token has not the scope {0}")]
    Scope(&'static str),
    /// What programs never may.
    #[error("this may not be done")]
    Forbidden,
    /// The role has not this duty; the word of the role that a person asks instead.
    #[error("this is for the role {0}")]
    NotYours(&'static str),
    /// The code of a second factor is asked for.
    #[error("the code of the second factor is missing")]
    Second,
    /// A code of a second factor that is wrong or was used.
    #[error("the code of the second factor is wrong or was used")]
    SecondWrong,
    /// Wrong name or password.
    #[error("wrong name or password")]
    Login,
    /// A one-time code that is wrong, used or too old.
    #[error("the one-time code is wrong, used or too old")]
    LoginCode,
    /// Too many tries; how long until the next.
    #[error("too many tries")]
    Wait(Millis),
    /// A new password that cannot be kept.
    #[error("the new password cannot be kept")]
    Password,
    /// A name that somebody has.
    #[error("somebody has this name")]
    NameTaken,
    /// As many tokens as there may be.
    #[error("there are as many tokens as there may be")]
    Many,
    /// There is no such token that is not ended.
    #[error("there is no such token")]
    NoToken,
    /// The database failed; nothing was saved.
    #[error("the records could not be read or written")]
    Records(#[from] records::Error),
    /// The system gives no random numbers.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// The second factor of a row cannot be opened.
    #[error("a second factor cannot be opened")]
    Sealed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the entry answers.
pub type Let<T> = Result<T, Refused>;
