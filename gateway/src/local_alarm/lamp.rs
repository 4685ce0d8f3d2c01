//! A file that is 1 or 0: the brightness of a lamp, the value of a pin, or an ordinary file.
//!
//! Its handle is kept, so that it can be written when there is none left, and its bytes are written over
//! each other, so that a full disk keeps nothing from being written. Not here: when (`local_alarm`).

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

/// The file and its handle.
#[derive(Debug)]
pub(super) struct Lamp {
    path: PathBuf,
    file: Option<File>,
    /// What was last written; none if that failed.
    shown: Option<bool>,
    /// The failure is in the log.
    logged: bool,
}

impl Lamp {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, file: None, shown: None, logged: false }
    }

    /// Makes it show this; true if it does.
    pub(super) fn show(&mut self, on: bool) -> bool {
        let there = self.is_there();
        if there && self.shown == Some(on) {
            return true;
        }
        self.shown = None;
        let done = self.write(on, there);
        match &done {
            Ok(()) => {
                self.shown = Some(on);
                self.logged = false;
            }
            Err(error) if !self.logged => {
                self.logged = true;
                tracing::error!(path = %self.path.display(), %error, "local alarm cannot be written, trying again");
            }
            Err(_) => {}
        }
        done.is_ok()
    }

    /// Whether the handle is still that of the file at the path; asking takes no handle.
    fn is_there(&self) -> bool {
        let Some(Ok(held)) = self.file.as_ref().map(File::metadata) else { return false };
        std::fs::metadata(&self.path)
            .is_ok_and(|named| (named.dev(), named.ino()) == (held.dev(), held.ino()))
    }

    fn write(&mut self, on: bool, there: bool) -> io::Result<()> {
        let opened = if there { Ok(None) } else { self.open().map(Some) };
        let failed = match opened {
            Ok(Some(file)) => {
                self.file = Some(file);
                None
            }
            Ok(None) => None,
            Err(error) => Some(error),
        };
        // The old handle is better than none, if it cannot be opened anew.
        let written = self.file.as_ref().map_or(Ok(()), |file| put(file, on));
        failed.map_or(written, Err)
    }

    fn open(&self) -> io::Result<File> {
        File::options().write(true).create(true).truncate(false).open(&self.path)
    }
}

fn put(file: &File, on: bool) -> io::Result<()> {
    let text: &[u8] = if on { b"1\n" } else { b"0\n" };
    match file.write_all_at(text, 0) {
        // A pipe or a terminal has no place to write at.
        Err(error) if error.kind() == io::ErrorKind::NotSeekable => {
            let mut file = file;
            file.write_all(text)
        }
        Err(error) => Err(error),
        Ok(()) => {
            // What stood there before may have been longer; files of the kernel have no length to set.
            let _ = file.set_len(text.len() as u64);
            Ok(())
        }
    }
}
