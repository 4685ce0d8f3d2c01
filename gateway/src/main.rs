//! The home box as a program. Everything it does is in the library, so that the demo and the
//! tests can run the very same `main` inside their own executable.
//!
//! Not here: anything but the call.

use std::process::ExitCode;

fn main() -> ExitCode {
    gateway::run(std::env::args_os())
}
