//! What a tired person gets wrong, and the one sentence that says what to do.
//!
//! Server and gateway run as programs; each mistake ends with an exit code of sysexits (64 to 78)
//! and a sentence on standard error, before anything is changed. Not here: bad frames (`door`).

use std::path::Path;

use tests::process::Recipe;
use tests::stage::{Setting, Stage};
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

/// Runs `part run` with this configuration to its end.
fn run(part: &str, config: &str, dir: &Path) -> Outcome<(i32, String)> {
    let file = dir.join("config.toml");
    std::fs::write(&file, config)?;
    let recipe = Recipe {
        name: part.into(),
        wrap: Vec::new(),
        program: PROGRAM.into(),
        arguments: vec![part.into(), "run".into(), "--config".into(), file.into()],
        environment: Vec::new(),
        log: dir.join("said.log"),
    };
    let (status, said) = recipe.run_to_end()?;
    Ok((status.unwrap_or(-1), said))
}

fn is_clear((status, said): &(i32, String), about: &str) {
    assert!((64..=78).contains(status), "exit {status}: {said}");
    assert!(said.contains(about), "says {about}: {said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_wrong_key_is_named() -> Outcome {
    for part in ["server", "gateway"] {
        let dir = tempfile::tempdir()?;
        let config =
            format!("data = {:?}\ncredentials = \"x\"\nspeling = 1\n", dir.path().join("d"));
        let config =
            if part == "server" { config.replace("credentials = \"x\"\n", "") } else { config };
        is_clear(&run(part, &config, dir.path())?, "speling");
        assert!(
            !dir.path().join("d").exists(),
            "nothing is made before the configuration is right"
        );
    }
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_written_is_named() -> Outcome {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("a-file");
    std::fs::write(&file, "not a folder")?;
    let config = format!("data = {:?}\n", file.join("data"));
    is_clear(&run("server", &config, dir.path())?, "a-file");
    Ok(())
}

#[test]
fn a_port_in_use_is_named() -> Outcome {
    let dir = tempfile::tempdir()?;
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port().to_string();
    let data = dir.path().join("data");
    let config = format!(
        "data = {data:?}\n[gateways]\nbind = \"127.0.0.1:{port}\"\n[console]\nbind = \"127.0.0.1:0\"\n"
    );
    is_clear(&run("server", &config, dir.path())?, &port);
    Ok(())
}

#[test]
fn data_of_a_newer_version_is_left_alone() -> Outcome {
    let dir = tempfile::tempdir()?;
    let mut stage = Stage::open(Path::new(PROGRAM), dir.path(), Setting::default())?;
    stage.server.process.end()?;
    let records = newest_database(&dir.path().join("server"))?;
    let book = rusqlite::Connection::open(&records)?;
    book.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', 1, x'00', 0)",
        [],
    )?;
    drop(book);
    let config = std::fs::read_to_string(dir.path().join("server.toml"))?;
    is_clear(&run("server", &config, dir.path())?, "newer");
    Ok(())
}

/// The database that holds the table of migrations.
fn newest_database(data: &Path) -> Outcome<std::path::PathBuf> {
    for entry in std::fs::read_dir(data)?.flatten() {
        let path = entry.path();
        let Ok(book) = rusqlite::Connection::open(&path) else { continue };
        if book.prepare("SELECT version FROM _sqlx_migrations").is_ok() {
            return Ok(path);
        }
    }
    Err(tests::trouble::Trouble::new("no database with migrations"))
}
