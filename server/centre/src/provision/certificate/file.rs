//! Files of the authority, each whole at every moment, and what can be wrong with them.
//!
//! Not here: what they hold (`certificate`).

use std::path::{Path, PathBuf};

use crate::provision::kek::write_secret;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file cannot be read or written.
    #[error("use certificate file {path}: check rights and free space")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The key of the root is gone, and certificates that it has signed are not.
    #[error(
        "find {path}: gateways hold certificates that only it vouches for; put it back from a backup, or move pki/root.pem and keys/root.pem away to make a new root, which every gateway must then be given"
    )]
    Lost {
        /// Which file.
        path: PathBuf,
    },
    /// A key or certificate is not what it should be.
    #[error("make or read certificates under {path}: {reason}")]
    Content {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Writes a file that only this user may read, durably.
pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<(), PkiError> {
    write_secret(path, bytes).map_err(|source| PkiError::File { path: path.to_owned(), source })
}

/// Reads a file.
pub(super) fn load(path: &Path) -> Result<String, PkiError> {
    std::fs::read_to_string(path).map_err(|source| PkiError::File { path: path.to_owned(), source })
}
