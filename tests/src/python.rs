//! Foreign programs in Python that hold the API against its document: a validator, a generator of clients, a fuzzer.
//!
//! They are installed once, at their pinned versions, into a folder of the build; where that is not possible the test
//! says so on standard error and is skipped, except under `CI`. Not here: what they are asked.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::tools::{install, missing};
use crate::trouble::{Outcome, Trouble};

static INSTALLING: Mutex<()> = Mutex::new(());

/// A Python with packages of its own.
#[derive(Debug, Clone)]
pub struct Python(PathBuf);

impl Python {
    /// The Python of a folder with these packages, as `name==version`; none means "skip, it has been said".
    ///
    /// # Panics
    /// Under `CI` when it cannot be made.
    pub fn with(folder: &Path, packages: &[&str]) -> Option<Self> {
        let _one_at_a_time = INSTALLING.lock();
        let made = make(folder, packages);
        if let Err(error) = &made {
            missing(&format!("python3 with {packages:?} is missing: {error}"));
        }
        made.ok()
    }

    /// Runs one of its programs, or `python`; gives whether it ended well and all that it said.
    pub fn run(&self, program: &str, arguments: &[&str], dir: &Path) -> Outcome<(bool, String)> {
        let out = Command::new(self.program(program))
            .args(arguments)
            .current_dir(dir)
            .env("PATH", self.path())
            .env("NO_PROXY", "127.0.0.1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()?;
        let said = [out.stdout, out.stderr].concat();
        Ok((out.status.success(), String::from_utf8_lossy(&said).into_owned()))
    }

    /// Where one of its programs, or `python`, lies: for who talks with it while it runs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.join("bin").join(name)
    }

    fn path(&self) -> std::ffi::OsString {
        let own = self.0.join("bin");
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path)))
            .unwrap_or(path)
    }
}

fn make(folder: &Path, packages: &[&str]) -> Outcome<Python> {
    let (home, mark) = (folder.to_owned(), folder.join("installed"));
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&mark).is_ok_and(|has| has == wanted) {
        return Ok(Python(home));
    }
    let venv = || ok(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home));
    if venv().is_err() {
        install("python3-venv");
        venv()?;
    }
    let pip = home.join("bin/pip");
    ok(Command::new(pip)
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(packages))?;
    std::fs::write(mark, wanted)?;
    Ok(Python(home))
}

fn ok(command: &mut Command) -> Outcome {
    let out = command.output()?;
    if out.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    Err(Trouble::new(format!("{command:?}: {}", said.lines().last().unwrap_or("no word"))))
}
