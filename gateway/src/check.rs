//! What `gateway check` looks at beyond the words of the configuration: contents, dates, rights.
//!
//! Nothing is bound, kept or changed. Each finding is one sentence that says what to do. Not here: whether the
//! server answers, which is no question of this machine alone (`/health` says it).

use std::fs;
use std::path::Path;

use care::policy::dates::{can_be_right, dated};
use door::tls::paper;

use crate::bus_files::read_password;
use crate::config::{Alarm, Config};
use crate::credentials::{Credentials, Papers, papers};
use crate::start::{address, bus_shown, wallet};

/// Everything that is wrong, while the wall clock shows `now`, seconds since 1970.
pub fn findings(config: &Config, credentials: &Credentials, now: i64) -> Vec<String> {
    let mut found = Vec::new();
    if !can_be_right(now) {
        found.push("the clock of this machine is earlier than this program, set it".to_owned());
    }
    if let Err(why) = writable(&config.data) {
        let data = config.data.display();
        found.push(format!("the data folder {data} cannot be written: {why}; change its rights or set another `data`"));
    }
    if let Err(error) = read_password(config.bus.password_file.as_ref()) {
        found.push(error.to_string());
    }
    if let Err(error) = bus_shown(&config.bus) {
        found.push(error.to_string());
    }
    if let Err(error) = address(config, credentials) {
        found.push(error.to_string());
    }
    if let Err(error) = wallet(config, credentials) {
        let cause = std::error::Error::source(&error).map(|e| format!(": {e}")).unwrap_or_default();
        found.push(format!("{error}{cause}"));
    }
    if let Some(papers) = credentials.papers.as_ref().filter(|_| credentials.server.tls) {
        // The newest set is what the next connection shows.
        found.extend(
            papers::all(&config.data, papers).first().and_then(|set| dates(credentials, set, now)),
        );
    }
    found.extend(alarm(&config.alarm));
    found
}

fn dates(credentials: &Credentials, shown: &Papers, now: i64) -> Option<String> {
    let paper = paper::read_pem(shown.cert_pem.as_bytes())?.certificate;
    let life = care::policy::dates::Life { from: paper.from, until: paper.until };
    let (now, name) = (dated(now), credentials.gateway.to_string());
    let days = life.days_left(now);
    if paper.name != name {
        Some(format!(
            "the certificate is of {} and not of {name}, make the credentials again with `server enrol gateway`",
            paper.name
        ))
    } else if life.is_over(now) {
        Some(format!(
            "the certificate has ended {} days ago: the box can only bring emergencies until it has connected and got another one",
            -days
        ))
    } else if life.ends_soon(now) {
        Some(format!(
            "the certificate ends in {days} days: let the box connect, it gets another one by itself"
        ))
    } else {
        None
    }
}

fn alarm(alarm: &Alarm) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let mut found = Vec::new();
    if let Some(file) = &alarm.file {
        let tried = match fs::metadata(file) {
            Ok(_) => fs::OpenOptions::new().write(true).open(file).map(drop),
            Err(_) => writable(file.parent().unwrap_or(Path::new("."))),
        };
        if let Err(why) = tried {
            found.push(format!("[alarm] file {} cannot be written: {why}", file.display()));
        }
    }
    if let Some(program) = &alarm.command {
        let runs =
            fs::metadata(program).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
        if !runs {
            found.push(format!(
                "[alarm] command {} is no program that can be run",
                program.display()
            ));
        }
    }
    found
}

/// Whether files can be made in a folder, or the folder itself where it is missing. Leaves nothing behind.
fn writable(folder: &Path) -> std::io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match fs::metadata(folder) {
        Ok(known) if known.is_dir() => {
            let probe = folder.join(format!(".writable-{}", std::process::id()));
            fs::write(&probe, b"1").and_then(|()| fs::remove_file(&probe))
        }
        Ok(_) => Err(std::io::ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match folder.parent() {
            Some(parent) => writable(parent),
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}
