//! The image for the ESP32-C6: built, turned into what its boot stage reads, and measured.
//!
//! The maker's `esptool` does the turning; where it is not on the path it is installed into an environment of its own
//! beside the boards' build. Nothing here has ever been run on a chip.
//! Not here: flashing a board (its README), what is written for one device ([`fitting`]), compilers (`qemu::compiler`).

pub mod fitting;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::qemu::compiler;
use crate::trouble::{Outcome, Trouble};

/// Version of the tool that makes images.
const ESPTOOL: &str = "esptool==5.6.0";

/// Builds the program and its image; gives the image's length in bytes.
///
/// # Errors
/// No compiler, no tool, or the program does not build.
pub fn build() -> Outcome<u64> {
    Ok(std::fs::metadata(image()?)?.len())
}

/// Builds the program and its image; gives the image.
///
/// # Errors
/// As [`build`].
pub fn image() -> Outcome<PathBuf> {
    let compiler = compiler::need().ok_or_else(|| Trouble::new("no compiler for bare metal"))?;
    let program = compiler.build("esp32c6", &[])?;
    let image = program.with_extension("bin");
    let beside = program.parent().unwrap_or(Path::new("."));
    let mut tool = Command::new(esptool(&beside.join("esptool"))?);
    tool.args(["--chip", "esp32c6", "elf2image", "--flash-size", "4MB", "--flash-mode", "dio"]);
    run(tool.arg("--output").arg(&image).arg(&program))?;
    Ok(image)
}

/// The tool, from the path or from its own environment.
fn esptool(home: &Path) -> Outcome<PathBuf> {
    let known = Command::new("esptool").arg("version").output();
    if known.is_ok_and(|out| out.status.success()) {
        return Ok(PathBuf::from("esptool"));
    }
    let tool = home.join("bin/esptool");
    if !tool.is_file() {
        tracing::warn!("esptool is missing: installing {ESPTOOL} into {}", home.display());
        run(Command::new("python3").args(["-m", "venv"]).arg(home))?;
        run(Command::new(home.join("bin/pip")).args(["install", "--quiet", ESPTOOL]))?;
    }
    Ok(tool)
}

fn run(command: &mut Command) -> Outcome {
    let doing = format!("run {}", command.get_program().display());
    let out = command.output().map_err(|e| Trouble::from(e).during(&doing))?;
    if out.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    Err(Trouble::new(said.trim_end()).during(&doing))
}
