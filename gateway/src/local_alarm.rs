//! The sounder of the home: a file that becomes 1 or 0, and a program that is told `on` or `off`.
//!
//! It works without network, server or runtime timers; a failure to write is logged and tried again
//! with every later change. Not here: when to sound (`hub`).

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::config::Alarm;

/// What sounds.
#[derive(Debug)]
pub struct LocalAlarm {
    file: Option<PathBuf>,
    command: Option<PathBuf>,
    sounding: bool,
}

impl LocalAlarm {
    /// A silent alarm; the file is written at once, so that a restart does not leave it sounding.
    pub fn new(config: &Alarm) -> Self {
        let alarm =
            Self { file: config.file.clone(), command: config.command.clone(), sounding: false };
        alarm.write();
        alarm
    }

    /// Whether it sounds.
    pub const fn is_sounding(&self) -> bool {
        self.sounding
    }

    /// Sounds, or stops.
    pub fn sound(&mut self, on: bool) {
        self.sounding = on;
        tracing::warn!(on, "local alarm");
        self.write();
        self.run();
    }

    fn write(&self) {
        let Some(path) = &self.file else { return };
        let text: &[u8] = if self.sounding { b"1\n" } else { b"0\n" };
        if let Err(error) = std::fs::write(path, text) {
            tracing::error!(path = %path.display(), %error, "local alarm cannot be written");
        }
    }

    fn run(&self) {
        let Some(program) = &self.command else { return };
        let word = if self.sounding { "on" } else { "off" };
        let child = Command::new(program)
            .arg(word)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match child {
            Ok(mut child) => {
                // Somebody must collect the child when it ends.
                std::thread::spawn(move || child.wait());
            }
            Err(error) => {
                tracing::error!(program = %program.display(), %error, "local alarm cannot run");
            }
        }
    }
}
