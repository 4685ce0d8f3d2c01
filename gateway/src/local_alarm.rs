//! The sounder of the home: a file that becomes 1 or 0, and a program that is told `on` or `off`.
//!
//! It works without network and server. What is wanted and what is so are two things: whatever was not done is
//! tried again at every turn of the loop until it is done, and is told meanwhile. The file is opened before
//! anybody can take the last file handle and is written in place, so that neither a crowd at the door nor a full
//! disk keeps it silent. Not here: when to sound (`hub`).

mod lamp;
mod program;

use proto::unit::{Millis, Mono};
use proto::up::EventKind;

use crate::config::Alarm;
use lamp::Lamp;
use program::Program;

/// A failure shorter than this is nobody's affair but the log's.
const TELL_AFTER: Millis = Millis::secs(3);
/// A failure that lasts is told again, so that who missed it hears of it.
const TELL_AGAIN: Millis = Millis::minutes(10);

/// What sounds.
#[derive(Debug)]
pub struct LocalAlarm {
    lamp: Option<Lamp>,
    program: Option<Program>,
    sounding: bool,
    /// Since when it does not do as it is told.
    failing: Option<Mono>,
    /// What was last told of it, and when.
    told: Option<(EventKind, Mono)>,
}

impl LocalAlarm {
    /// A silent alarm; the file is written at once, and the program is told at the first turn, so that a restart
    /// leaves neither sounding.
    pub fn new(config: &Alarm) -> Self {
        let mut lamp = config.file.clone().map(Lamp::new);
        if let Some(lamp) = &mut lamp {
            lamp.show(false);
        }
        let program = config.command.clone().map(Program::new);
        Self { lamp, program, sounding: false, failing: None, told: None }
    }

    /// Whether it sounds, or should.
    pub const fn is_sounding(&self) -> bool {
        self.sounding
    }

    /// Sounds, or stops; [`LocalAlarm::tend`] makes it so.
    pub fn sound(&mut self, on: bool) {
        self.sounding = on;
        tracing::warn!(on, "local alarm");
    }

    /// Does what is not done yet; true if everything is as it was told. To be called at every turn.
    pub fn tend(&mut self, now: Mono) -> bool {
        let on = self.sounding;
        let lit = self.lamp.as_mut().is_none_or(|lamp| lamp.show(on));
        let run = self.program.as_mut().is_none_or(|program| program.say(on, now));
        let so = lit && run;
        match (so, self.failing) {
            (true, _) => self.failing = None,
            (false, None) => self.failing = Some(now),
            (false, Some(_)) => {}
        }
        so
    }

    /// What the server is to be told of it, once: that it fails, or works (again).
    pub fn news(&mut self, now: Mono) -> Option<EventKind> {
        if self.lamp.is_none() && self.program.is_none() {
            return None;
        }
        let kind = match self.failing {
            None => EventKind::SounderWorks,
            Some(since) if now.since(since) >= TELL_AFTER => EventKind::SounderFailed,
            Some(_) => return None,
        };
        let known = self.told.is_some_and(|(told, at)| {
            told == kind && (kind == EventKind::SounderWorks || now.since(at) < TELL_AGAIN)
        });
        if known {
            return None;
        }
        self.told = Some((kind, now));
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn at(ms: u64) -> Mono {
        Mono::from_millis(ms)
    }

    #[test]
    fn a_sounder_that_could_not_be_written_is_written_as_soon_as_it_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("not-yet").join("sounder");
        let config = Alarm { file: Some(file.clone()), command: None };
        let mut alarm = LocalAlarm::new(&config);
        alarm.sound(true);
        assert!(!alarm.tend(at(0)), "there is no such folder");
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        assert!(alarm.tend(at(1_000)), "nothing changed meanwhile, and it is tried again");
        assert_eq!(std::fs::read(&file).unwrap(), b"1\n");
    }

    #[test]
    fn a_sounder_that_fails_is_told_and_told_again_and_its_return_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gone").join("sounder");
        let mut alarm = LocalAlarm::new(&Alarm { file: Some(file.clone()), command: None });
        let mut news = Vec::new();
        for second in 0..700 {
            alarm.tend(at(second * 1_000));
            news.extend(alarm.news(at(second * 1_000)).map(|kind| (second, kind)));
        }
        assert_eq!(news, [(3, EventKind::SounderFailed), (603, EventKind::SounderFailed)]);
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        alarm.tend(at(700_000));
        assert_eq!(alarm.news(at(700_000)), Some(EventKind::SounderWorks));
        assert_eq!(alarm.news(at(701_000)), None);
    }

    #[test]
    fn a_file_that_was_replaced_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sounder");
        let mut alarm = LocalAlarm::new(&Alarm { file: Some(file.clone()), command: None });
        alarm.sound(true);
        assert!(alarm.tend(at(0)));
        std::fs::remove_file(&file).unwrap();
        assert!(alarm.tend(at(1_000)));
        assert_eq!(std::fs::read(&file).unwrap(), b"1\n");
    }

    #[test]
    fn a_program_that_fails_is_run_again_until_it_has_done_its_work() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("bell");
        let ready = folder.path().join("ready");
        let rung = folder.path().join("rung");
        let text = format!(
            "#!/bin/sh\n[ -e {} ] || exit 1\necho $1 >> {}\n",
            ready.display(),
            rung.display()
        );
        std::fs::write(&script, text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&script, mode).unwrap();
        let mut alarm = LocalAlarm::new(&Alarm { file: None, command: Some(script) });
        alarm.sound(true);
        let mut now = 0;
        wait(|| {
            now += 1;
            !alarm.tend(at(now))
        });
        std::fs::write(&ready, b"").unwrap();
        wait(|| {
            now += 1;
            alarm.tend(at(now)) && std::fs::read_to_string(&rung).is_ok_and(|told| told == "on\n")
        });
    }

    #[test]
    fn a_program_that_was_on_when_the_box_died_is_told_what_is_so_at_the_first_turn() {
        for on in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let (script, told) = (folder.path().join("siren"), folder.path().join("told"));
            std::fs::write(&script, format!("#!/bin/sh\necho $1 >> {}\n", told.display())).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(&script, mode).unwrap();
            let mut alarm = LocalAlarm::new(&Alarm { file: None, command: Some(script) });
            if on {
                alarm.sound(true);
            }
            let right = if on { "on\n" } else { "off\n" };
            let mut now = 0;
            wait(|| {
                // A file that was just written may be busy for a moment.
                now += 1;
                alarm.tend(at(now));
                std::fs::read_to_string(&told).is_ok_and(|told| told == right)
            });
        }
    }

    /// A program of this text, and the file into which it writes what it has done.
    fn program(folder: &std::path::Path, text: &str) -> (LocalAlarm, PathBuf) {
        let (script, told) = (folder.join("siren"), folder.join("told"));
        let text = format!("#!/bin/sh\ncd {}\n{text}\necho $1 >> told\n", folder.display());
        std::fs::write(&script, text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&script, mode).unwrap();
        (LocalAlarm::new(&Alarm { file: None, command: Some(script) }), told)
    }

    fn said(told: &std::path::Path) -> String {
        std::fs::read_to_string(told).unwrap_or_default()
    }

    #[test]
    fn a_program_that_is_slow_to_begin_never_has_the_last_word_when_it_is_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let slow = "echo > began\n[ $1 = off ] || while [ ! -e go ]; do :; done";
        let (mut alarm, told) = program(folder.path(), slow);
        alarm.sound(true);
        let mut now = 0;
        wait(|| {
            now += 1;
            alarm.tend(at(now));
            folder.path().join("began").exists()
        });
        alarm.sound(false);
        for step in [0, 999, 1_000, 1_001] {
            alarm.tend(at(now + step));
        }
        std::fs::write(folder.path().join("go"), b"").unwrap();
        now += 1_002;
        wait(|| {
            now += 1;
            alarm.tend(at(now)) && said(&told).ends_with("off\n")
        });
        // Also when all that an earlier box may have left behind has ended.
        now += program::LIMIT.get();
        wait(|| {
            now += 1;
            alarm.tend(at(now)) && said(&told) == "off\noff\n"
        });
    }

    #[test]
    fn a_program_that_hangs_is_told_and_run_again() {
        for on in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let once = "[ -e once ] || { echo > once; sleep 600; }";
            let (mut alarm, told) = program(folder.path(), once);
            alarm.sound(on);
            let mut now = 0;
            wait(|| {
                now += 1;
                alarm.tend(at(now));
                folder.path().join("once").exists()
            });
            now += program::LIMIT.get();
            assert!(!alarm.tend(at(now)), "nobody waits for ever");
            now += TELL_AFTER.get();
            alarm.tend(at(now));
            assert_eq!(alarm.news(at(now)), Some(EventKind::SounderFailed));
            wait(|| {
                now += 1;
                alarm.tend(at(now)) && said(&told).starts_with(if on { "on\n" } else { "off\n" })
            });
        }
    }

    #[test]
    fn without_a_sounder_there_is_nothing_to_tell() {
        let mut alarm = LocalAlarm::new(&Alarm { file: None, command: None::<PathBuf> });
        assert!(alarm.tend(at(0)));
        assert_eq!(alarm.news(at(10_000)), None);
    }

    fn wait(mut until: impl FnMut() -> bool) {
        for _ in 0..2_000_000 {
            if until() {
                return;
            }
            std::thread::yield_now();
        }
        panic!("waited in vain");
    }
}
