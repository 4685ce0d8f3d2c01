//! A PostgreSQL of the tests' own: one set of tables a test, on a Unix socket in a folder that goes with it.
//!
//! It is Debian's, started as a user without rights where the tests are root, and ends with whoever has started it,
//! however that ends. Killed, it comes back on the same data. Where it is missing it is installed if that is possible;
//! else it is said aloud, and fails under `CI`. Not here: what a server keeps in it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Error, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::tools;

/// Who owns everything in it.
const OWNER: &str = "hearthline";
/// How often it is asked whether it answers, at most; one that was killed reads its log first.
const ASKED_MAX: u32 = 3_000;
const BETWEEN: Duration = Duration::from_millis(20);
/// The first thing that the shell around it reads is the end of whoever has started it.
const KEEPER: &str = "\"$@\" & p=$!; echo $p; read -r _; kill -QUIT $p; wait $p";

/// A PostgreSQL that runs.
pub struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
    user: Option<(u32, u32)>,
    running: Option<Running>,
}

struct Running {
    keeper: Child,
    server: u32,
}

impl Cluster {
    /// Makes and starts one; none means "skip, it has been said".
    ///
    /// # Panics
    /// Under `CI` when it is missing and cannot be installed.
    pub fn start() -> Option<Self> {
        let programs = programs().or_else(|| {
            tools::install("postgresql");
            programs()
        });
        let Some(programs) = programs else {
            tools::missing("PostgreSQL 15 or newer is missing: apt-get install postgresql");
            return None;
        };
        let made = Self::make(programs);
        Some(made.unwrap_or_else(|error| panic!("start a PostgreSQL: {error}")))
    }

    fn make(programs: PathBuf) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("hl-pg").tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let user = unprivileged()?;
        for name in ["data", "socket"] {
            let made = folder.path().join(name);
            fs::create_dir(&made)?;
            fs::set_permissions(&made, fs::Permissions::from_mode(0o700))?;
            if let Some((user, group)) = user {
                chown(&made, Some(user), Some(group))?;
            }
        }
        let mut cluster = Self { programs, folder, user, running: None };
        let mut initdb = cluster.program("initdb");
        initdb.args(["--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync", "-U", OWNER]);
        initdb.arg("-D").arg(cluster.folder.path().join("data"));
        succeed(&mut initdb)?;
        cluster.begin()?;
        Ok(cluster)
    }

    /// Starts it on the data that it has.
    pub fn begin(&mut self) -> io::Result<()> {
        let at = self.folder.path().join("log");
        let (log, mut asked) = (File::options().create(true).append(true).open(at)?, 0);
        while asked < ASKED_MAX {
            let mut running = self.launch(&log)?;
            // Those who belonged to one that was killed may hold its memory for a moment longer.
            while running.keeper.try_wait()?.is_none() && asked < ASKED_MAX {
                if self.answers() {
                    self.running = Some(running);
                    return Ok(());
                }
                rest();
                asked += 1;
            }
            end(running);
            asked += 1;
        }
        let told = fs::read_to_string(self.folder.path().join("log"))?;
        Err(Error::other(format!("it does not answer: {told}")))
    }

    fn launch(&self, log: &File) -> io::Result<Running> {
        let mut shell = Command::new("sh");
        shell.args(["-c", KEEPER, "sh"]).arg(self.programs.join("postgres"));
        shell.arg("-D").arg(self.folder.path().join("data"));
        shell.arg("-k").arg(self.socket());
        for set in ["listen_addresses=", "max_connections=1500", "shared_buffers=64MB"] {
            shell.args(["-c", set]);
        }
        self.lower(&mut shell);
        let mut keeper =
            shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log.try_clone()?).spawn()?;
        let told = keeper.stdout.take().ok_or_else(|| Error::other("no word of the shell"))?;
        let mut line = String::new();
        BufReader::new(told).read_line(&mut line)?;
        let server = line.trim().parse().map_err(Error::other)?;
        Ok(Running { keeper, server })
    }

    /// Ends it without warning, and everybody who belongs to it.
    pub fn kill(&mut self) {
        self.signal("-KILL");
        if let Some(running) = self.running.take() {
            end(running);
        }
    }

    /// Ends it as one who pulls a plug politely: it writes nothing more, and reads its log when it comes back.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            end(running);
        }
    }

    /// A signal to it and to everybody who belongs to it.
    pub fn signal(&self, signal: &str) {
        let Some(running) = &self.running else { return };
        let all = children(running.server).into_iter().chain([running.server]);
        let all: Vec<String> = all.map(|pid| pid.to_string()).collect();
        // One that has just ended by itself needs none.
        let _ = Command::new("kill").arg(signal).args(all).stderr(Stdio::null()).status();
    }

    /// The address of a database in it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={OWNER}", self.socket().display())
    }

    /// Makes a database, with what else `createdb` is told of it.
    pub fn database(&self, name: &str, told: &[&str]) -> String {
        let mut createdb = self.program("createdb");
        createdb.arg("-h").arg(self.socket()).args(["-U", OWNER]).args(told).arg(name);
        succeed(&mut createdb).unwrap_or_else(|error| panic!("make a database: {error}"));
        self.url(name)
    }

    /// What the database answers to a statement of the test's own.
    pub fn ask(&self, database: &str, sql: &str) -> String {
        let mut psql = self.program("psql");
        psql.args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", OWNER, "-d", database]);
        psql.arg("-h").arg(self.socket()).args(["-c", sql]);
        succeed(&mut psql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn answers(&self) -> bool {
        let mut asked = self.program("pg_isready");
        asked.arg("-q").arg("-h").arg(self.socket()).status().is_ok_and(|status| status.success())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        self.lower(&mut command);
        command
    }

    fn lower(&self, command: &mut Command) {
        command.current_dir(self.folder.path()).env_remove("PGOPTIONS").env("LC_ALL", "C");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The shell reads the end of its input, ends the server, and ends.
fn end(mut running: Running) {
    drop(running.keeper.stdin.take());
    // One that has ended already is collected as well.
    let _ = running.keeper.wait();
}

fn succeed(command: &mut Command) -> io::Result<String> {
    let done = command.output()?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned());
    }
    Err(Error::other(String::from_utf8_lossy(&done.stderr).into_owned()))
}

/// The folder of the newest version that is there.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let numbered = versions.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((version, entry.path().join("bin")))
    });
    let whole = |bin: &Path| bin.join("initdb").is_file() && bin.join("postgres").is_file();
    let newest = numbered.filter(|(version, bin)| *version >= 15 && whole(bin)).max();
    newest.map(|(_, bin)| bin).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|bin| whole(bin))
    })
}

/// Somebody who may do less, where the tests may do everything: it refuses to run as root.
fn unprivileged() -> io::Result<Option<(u32, u32)>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let people = fs::read_to_string("/etc/passwd")?;
    let numbers = |name: &str| {
        let mut fields = people.lines().find(|line| line.starts_with(name))?.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let found = numbers("postgres:").or_else(|| numbers("nobody:"));
    found.map(Some).ok_or_else(|| Error::other("neither `postgres` nor `nobody` is a user here"))
}

/// Everybody whom a process has started.
fn children(of: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let belongs = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let parent: u32 = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
        (parent == of).then_some(pid)
    };
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(belongs).collect()
}

/// Nobody says when a program of somebody else's is ready: it is asked again.
#[allow(
    clippy::disallowed_methods,
    reason = "between two looks at a condition, of which the number is bounded"
)]
fn rest() {
    std::thread::sleep(BETWEEN);
}

/// Says on standard error what no test may say by macro.
pub fn say(text: &str) {
    // Whoever has no standard error reads nothing anyway.
    let _ = writeln!(io::stderr(), "{text}");
}
