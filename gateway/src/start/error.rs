//! Why the box does not start, and the exit code that says so to whoever has started it.
//!
//! Each sentence says what to do. Not here: how it is printed (`main`), and the list of codes for people (`cli`).

use std::net::SocketAddr;

use door::DoorError;

use crate::config::ConfigError;
use crate::credentials::CredentialsError;
use crate::spool::SpoolError;
use crate::uplink::transport::TransportError;

/// Why the box does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A server on another machine, without TLS.
    #[error(
        "the server {0} is on another machine and would be spoken to in the clear: let it speak TLS and make the credentials again with `server enrol gateway`, or name this machine as 127.0.0.1"
    )]
    Plain(String),
    /// The store.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The certificates.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A door.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// More file handles are needed than there are.
    #[error("{0}")]
    Handles(String),
    /// The health page.
    #[error(
        "cannot listen on {0} for the health page, stop what holds this port or choose another in [health] bind"
    )]
    Health(SocketAddr, #[source] std::io::Error),
    /// A file of the bus.
    #[error(transparent)]
    BusFile(#[from] crate::bus_files::BusFileError),
    /// What they hold.
    #[error("cannot speak TLS on the bus, compare [bus] certificate and key")]
    BusTls(#[source] door::tls::TlsError),
    /// The runtime, signals or randomness.
    #[error("the operating system gives no {0}, restart the machine")]
    System(&'static str, #[source] std::io::Error),
}

impl StartError {
    /// The process's exit code, as `cli` documents it.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Handles(_) | Self::Plain(_) => 64,
            Self::Credentials(_)
            | Self::Transport(_)
            | Self::BusFile(_)
            | Self::BusTls(_)
            | Self::Spool(SpoolError::Lost(_)) => 65,
            Self::Door(_) | Self::Health(..) => 69,
            Self::System(..) => 71,
            Self::Spool(SpoolError::Directory(..)) => 73,
            Self::Spool(SpoolError::Store(_)) => 74,
            Self::Spool(SpoolError::InUse(_)) => 75,
            Self::Spool(SpoolError::Newer { .. }) => 78,
        }
    }
}
