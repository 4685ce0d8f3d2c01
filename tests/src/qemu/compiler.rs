//! Which compiler builds for bare metal here, and building with it.
//!
//! Best is rustup's target. Else Debian's `rustc-web` builds the core library from its source; its packages are
//! installed where that is possible. Where nothing can be had it is said loudly, and under `CI` it is a failure.
//! Board packages have a target directory of their own, apart from the host's and kept warm.
//! Not here: what is built (`firmware/board`), running it (`machine`).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::tools::{self, Tool};
use crate::trouble::{Outcome, Trouble};

/// What the boards are built for.
const TARGET: &str = "riscv32imac-unknown-none-elf";
/// Debian's compiler.
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
/// Debian's packages of compiler, builder and the core library's source.
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// A board's settings for a compiler that builds the core library itself, in its folder.
const SMALL: &str = ".cargo/small.toml";

/// A compiler for bare metal.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// The toolchain that built this program has the target.
    Rustup,
    /// Debian's, which builds the core library itself; with this linker.
    Debian(PathBuf),
}

/// The compiler of this machine; none means "skip, it has been said".
///
/// # Panics
/// Under `CI` when there is none and none can be installed.
pub fn need() -> Option<Compiler> {
    static FOUND: OnceLock<Option<Compiler>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            let found = find().or_else(|| {
                tracing::warn!("no compiler for {TARGET}: installing {}", PACKAGES.join(" "));
                PACKAGES.iter().for_each(|package| tools::install(package));
                find()
            });
            if found.is_none() {
                tools::missing(&format!(
                    "no compiler for {TARGET}: rustup target add {TARGET}, or apt-get install {}",
                    PACKAGES.join(" ")
                ));
            }
            found
        })
        .clone()
}

fn find() -> Option<Compiler> {
    if said("rustup", &["target", "list", "--installed"])?.lines().any(|line| line == TARGET) {
        return Some(Compiler::Rustup);
    }
    let root = said(RUSTC, &["--print", "sysroot"])?;
    let source = Path::new(root.trim()).join("lib/rustlib/src/rust/library/core");
    (source.is_dir() && Path::new(CARGO).is_file()).then(linker).flatten().map(Compiler::Debian)
}

/// The linker that comes with the toolchain of this program, or Debian's.
fn linker() -> Option<PathBuf> {
    let root = said("rustc", &["--print", "sysroot"])?;
    let host = said("rustc", &["--print", "host-tuple"])?;
    let own = Path::new(root.trim()).join("lib/rustlib").join(host.trim()).join("bin/rust-lld");
    if own.is_file() { Some(own) } else { tools::need(Tool::Linker) }
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let out = Command::new(program).args(arguments).output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}

impl Compiler {
    /// Builds the package of a board with more features than usual; gives its program.
    pub fn build(&self, board: &str, features: &[&str]) -> Outcome<PathBuf> {
        self.build_with(board, &["--features", &features.join(",")])
    }

    /// Builds the package of a board with these words for cargo; gives its program, which the next build replaces.
    pub fn build_with(&self, board: &str, words: &[&str]) -> Outcome<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
        let package = root.join("firmware/board").join(board);
        let host = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
        let mut command = self.command();
        command.current_dir(&package).env("CARGO_TARGET_DIR", host.join("boards"));
        if matches!(self, Self::Debian(_)) && package.join(SMALL).is_file() {
            command.args(["--config", SMALL]);
        }
        command.args(["--release", "--locked", "--message-format=json-render-diagnostics"]);
        command.args(words);
        command.stderr(std::process::Stdio::inherit());
        let out = command.output().map_err(|e| Trouble::from(e).during("start cargo"))?;
        if !out.status.success() {
            return Err(Trouble::new(format!("{} does not build", package.display())));
        }
        let program =
            String::from_utf8_lossy(&out.stdout).lines().filter_map(executable).next_back();
        program.ok_or_else(|| Trouble::new(format!("{} makes no program", package.display())))
    }

    fn command(&self) -> Command {
        match self {
            Self::Rustup => {
                let mut command = Command::new("cargo");
                command.arg("build");
                command
            }
            Self::Debian(linker) => {
                let mut command = Command::new(CARGO);
                // What this program was built with is not what the board is built with.
                for word in
                    ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN"]
                {
                    command.env_remove(word);
                }
                command.env("RUSTC", RUSTC).env("RUSTC_BOOTSTRAP", "1");
                command.env("CARGO_TARGET_RISCV32IMAC_UNKNOWN_NONE_ELF_LINKER", linker);
                command.args([
                    "build",
                    "-Zbuild-std=core,alloc,compiler_builtins",
                    "-Zbuild-std-features=compiler-builtins-mem,optimize_for_size",
                ]);
                command
            }
        }
    }
}

fn executable(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    message.get("executable")?.as_str().map(PathBuf::from)
}
