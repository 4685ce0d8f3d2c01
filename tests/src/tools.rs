//! Programs that some tests drive from outside: a browser, a tracer, foreign MQTT clients.
//!
//! A tool that is missing is installed where that is possible (Debian, as root). Where it is not,
//! the test says so on standard error and is skipped, except under `CI`, where a missing tool is a failure.
//! Not here: anything that the product needs to run.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;

static INSTALLING: Mutex<()> = Mutex::new(());

/// A tool: the program and Debian's package that holds it.
#[derive(Debug, Clone, Copy)]
pub enum Tool {
    /// The browser.
    Chromium,
    /// The browser's remote control.
    ChromeDriver,
    /// The tracer of system calls.
    Strace,
    /// A foreign MQTT client.
    MosquittoPub,
    /// A wall clock of its own for one process.
    Faketime,
    /// The machine that firmware images run on.
    Qemu,
    /// A proxy in front of the console.
    Nginx,
    /// Another one.
    Caddy,
    /// The linker of firmware images, where the host's compiler brings none.
    Linker,
}

impl Tool {
    const fn program(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::ChromeDriver => "chromedriver",
            Self::Strace => "strace",
            Self::MosquittoPub => "mosquitto_pub",
            Self::Faketime => "faketime",
            Self::Qemu => "qemu-system-riscv32",
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
            Self::Linker => "ld.lld",
        }
    }

    const fn package(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::ChromeDriver => "chromium-driver",
            Self::Strace => "strace",
            Self::MosquittoPub => "mosquitto-clients",
            Self::Faketime => "faketime",
            Self::Qemu => "qemu-system-misc",
            Self::Nginx => "nginx-light",
            Self::Caddy => "caddy",
            Self::Linker => "lld",
        }
    }
}

/// The tool's path; none means "skip, it has been said".
///
/// # Panics
/// Under `CI` when it is missing and cannot be installed.
pub fn need(tool: Tool) -> Option<PathBuf> {
    let found = find(tool.program()).or_else(|| {
        install(tool.package());
        find(tool.program())
    });
    if found.is_none() {
        missing(&format!("{} is missing: apt-get install {}", tool.program(), tool.package()));
    }
    found
}

/// A test goes no further for want of something, which is said on standard error itself: what a test prints by macro is
/// shown only when it fails.
///
/// # Panics
/// Where `CI` is set.
pub fn missing(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what}, and CI is set");
    // Whoever has no standard error reads nothing anyway.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// Installs one of Debian's packages, as far as this is Debian and root.
pub fn install(package: &str) {
    let _one_at_a_time = INSTALLING.lock();
    for arguments in [["update", "-q"].as_slice(), &["install", "-y", "-q", package]] {
        let run = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        tracing::info!("apt-get {arguments:?}: {run:?}");
    }
}
