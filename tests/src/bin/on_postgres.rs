//! Runs a command, tests for example, with all records on a PostgreSQL that lives as long as it does.
//!
//! `on_postgres cargo test -p records -p server`: in a debug build each data folder finds a database of its own there.
//! Not here: the server's own configuration of such a database (`server config`).

use std::process::{Command, ExitCode};

use tests::postgres::{Cluster, say};

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let Some(program) = words.next() else {
        say("on_postgres COMMAND …: name what is to run");
        return ExitCode::from(64);
    };
    let Some(cluster) = Cluster::start() else { return ExitCode::SUCCESS };
    let mut command = Command::new(program);
    command.args(words).env("HEARTHLINE_RECORDS", cluster.url("postgres"));
    let done = command.status();
    drop(cluster);
    match done {
        Ok(done) if done.success() => ExitCode::SUCCESS,
        Ok(done) => {
            ExitCode::from(done.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
        }
        Err(error) => {
            say(&format!("on_postgres: {error}"));
            ExitCode::FAILURE
        }
    }
}
