//! What stands in files for the local bus: its password, its certificate and key.
//!
//! They are read at the start and again when they have changed. Not here: when that is (`reload`), who may enter
//! (`bus_gate`).

use std::path::PathBuf;

use crate::config;

/// Why a file of the bus cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BusFileError {
    /// The bus password.
    #[error("cannot use {0}, write one line `name:password` into it or remove [bus] password_file")]
    Password(PathBuf),
    /// The bus's certificate or key.
    #[error("cannot read {0}, name a readable PEM file or remove [bus] certificate and key")]
    Papers(PathBuf, #[source] std::io::Error),
}

/// Name and password of the bus, if a file holds them.
pub fn read_password(path: Option<&PathBuf>) -> Result<Option<(String, String)>, BusFileError> {
    let Some(path) = path else { return Ok(None) };
    let text = std::fs::read_to_string(path);
    let line = text.as_deref().ok().and_then(|text| text.lines().next()?.split_once(':'));
    let (name, password) = line.ok_or_else(|| BusFileError::Password(path.clone()))?;
    Ok(Some((name.to_owned(), password.to_owned())))
}

/// Certificate chain and key of the bus as PEM, if it is to speak TLS.
pub fn bus_papers(bus: &config::Bus) -> Result<Option<(Vec<u8>, Vec<u8>)>, BusFileError> {
    let (Some(certificate), Some(key)) = (&bus.certificate, &bus.key) else { return Ok(None) };
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|error| BusFileError::Papers(path.clone(), error))
    };
    Ok(Some((read(certificate)?, read(key)?)))
}
