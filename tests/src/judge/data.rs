//! Recordings on disk: text under zstd, and archives of it.
//!
//! Whatever is wrong with a file is told with its path, so that a person can find it.
//! Not here: what any set's columns mean.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A recording that cannot be read.
#[derive(Debug)]
pub enum DataError {
    /// The file is not there, or its compression is broken.
    File(PathBuf, io::Error),
    /// A line that is not what the set's own description says.
    Line(PathBuf, usize),
}

impl std::fmt::Display for DataError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path, error) => {
                write!(f, "{} cannot be read: {error}; fetch the set again", path.display())
            }
            Self::Line(path, line) => {
                write!(f, "{} line {line} is not as its README says", path.display())
            }
        }
    }
}

impl std::error::Error for DataError {}

/// The whole text of a file, decompressed if its name ends in `.zst`.
pub fn text(path: &Path) -> Result<String, DataError> {
    let wrong = |error| DataError::File(path.to_owned(), error);
    let mut text = String::new();
    let mut file = File::open(path).map_err(wrong)?;
    if path.extension().is_some_and(|end| end == "zst") {
        zstd::Decoder::new(file).and_then(|mut plain| plain.read_to_string(&mut text))
    } else {
        file.read_to_string(&mut text)
    }
    .map_err(wrong)?;
    Ok(text)
}

/// Every file of a `.tar.zst`, by its path inside; bytes that are no text are replaced.
pub fn archive(path: &Path) -> Result<Vec<(PathBuf, String)>, DataError> {
    let wrong = |error| DataError::File(path.to_owned(), error);
    let plain = File::open(path).and_then(zstd::Decoder::new).map_err(wrong)?;
    let mut archive = tar::Archive::new(plain);
    let mut files = Vec::new();
    for entry in archive.entries().map_err(wrong)? {
        let mut entry = entry.map_err(wrong)?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(wrong)?;
        let name = entry.path().map_err(wrong)?.into_owned();
        files.push((name, String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(files)
}

/// Files of a folder whose name ends so, in order of name; empty if the folder is not there.
pub fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect();
    found.sort();
    found
}
