//! The server's program: a name for what the library does, so that the demo can be a server as well.
//!
//! Not here: arguments, configuration, or any loop (`cli`).

use std::process::ExitCode;

fn main() -> ExitCode {
    server::run(std::env::args_os())
}
