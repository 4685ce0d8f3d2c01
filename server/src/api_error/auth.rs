//! What a caller reads when the entry refuses.
//!
//! Not here: whom it lets in (`auth`), the sentences (`entry`).

use super::ApiError;
use centre::auth::refused::Refused;

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotLoggedIn => Self::not_logged_in(),
            Refused::Program => Self::program(),
            Refused::Scope(scope) => Self::scope(scope),
            Refused::Forbidden => Self::forbidden(),
            Refused::NotYours(whom) => Self::not_yours(whom),
            Refused::Second => Self::second(),
            Refused::SecondWrong => Self::second_wrong(),
            Refused::Login => Self::login(),
            Refused::LoginCode => Self::login_code(),
            Refused::Wait(span) => Self::wait(span.get()),
            Refused::Password => Self::password(),
            Refused::NameTaken => Self::name_taken(),
            Refused::Many => Self::many(),
            Refused::NoToken => ApiError::unknown("program_token"),
            Refused::Records(cause) => Self::from(cause),
            Refused::Random(cause) => Self::from(cause),
            Refused::Sealed(cause) => Self::internal(cause.as_ref()),
        }
    }
}
