//! Recordings on disk: text under zstd, and archives of it.
//!
//! Whatever is wrong with a file is told with its path, so that a person can find it, and the rest is judged:
//! one spoilt line must not hide what all the others say. Not here: what any set's columns mean.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The whole text of a file, decompressed if its name ends in `.zst`; none, and a word, if it cannot be read.
pub fn text(path: &Path) -> Option<String> {
    told(path, plain(path))
}

/// Reads a file line by line behind so many lines of head. A line that `read` can make nothing of is passed over;
/// a word says how many were.
pub fn lines(path: &Path, head: usize, mut read: impl FnMut(&str) -> Option<()>) {
    let text = text(path).unwrap_or_default();
    let lines = (1u32..).zip(text.lines()).skip(head);
    let odd: Vec<u32> =
        lines.filter_map(|(number, line)| read(line).is_none().then_some(number)).collect();
    if let Some(first) = odd.first() {
        let (path, lines) = (path.display(), odd.len());
        tracing::warn!(
            "{path}: {lines} lines passed over, from line {first}: not as the set's README says"
        );
    }
}

/// Every file of a `.tar.zst`, by its path inside; bytes that are no text are replaced. Ends where it cannot be read.
pub fn archive(path: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    told(path, unpack(path, &mut files));
    files
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

fn told<T>(path: &Path, read: io::Result<T>) -> Option<T> {
    let tell = |error: &io::Error| {
        tracing::warn!("{} cannot be read: {error}; fetch the set again", path.display());
    };
    read.inspect_err(tell).ok()
}

fn plain(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let mut file = File::open(path)?;
    if path.extension().is_some_and(|end| end == "zst") {
        zstd::Decoder::new(file)?.read_to_string(&mut text)?;
    } else {
        file.read_to_string(&mut text)?;
    }
    Ok(text)
}

fn unpack(path: &Path, files: &mut Vec<(PathBuf, String)>) -> io::Result<()> {
    let plain = File::open(path).and_then(zstd::Decoder::new)?;
    for entry in tar::Archive::new(plain).entries()? {
        let mut entry = entry?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        let name = entry.path()?.into_owned();
        files.push((name, String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spoilt_line_hides_no_other() {
        let folder = std::env::temp_dir().join(format!("judge-lines-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("breaths.csv");
        std::fs::write(&path, "12\nNaN,\n\n40\n").expect("a file");
        let mut read: Vec<u32> = Vec::new();
        lines(&path, 0, |line| line.parse().map(|number| read.push(number)).ok());
        assert_eq!(read, [12, 40]);
        lines(&folder.join("no.csv"), 0, |_| unreachable!("there is no file"));
        std::fs::remove_dir_all(&folder).expect("and away");
    }
}
