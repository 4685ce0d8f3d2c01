//! The command line: what a person may ask of the server's program.
//!
//! `run` prints one line of JSON when it is ready and logs to standard error. A wrong configuration ends with
//! 64 and one sentence, what `check` finds with 65, a store that cannot be used with 74. Not here: what the commands do.

use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use tokio::net::TcpListener;

use crate::check::{self, Findings};
use crate::tools::enrol::Enrol;
use crate::tools::faults as standing;
use crate::tools::image::ImageCommand;
use crate::{app, router};
use centre::auth::recovery;
use centre::backup;
use centre::clock::Clock;
use centre::config::{Config, ConfigError};
use records::staff;
#[cfg(feature = "influx")]
use series::influx;

/// Wrong use or configuration (sysexits: EX_USAGE).
const USAGE: u8 = 64;
/// A secret, certificate or receiver that cannot be relied on (sysexits: EX_DATAERR).
const DATA: u8 = 65;
/// A store or port that cannot be used (sysexits: EX_IOERR).
const IO: u8 = 74;

/// The watch room of Hearthline.
#[derive(Parser)]
#[command(name = "server", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server.
    Run {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Prints a commented configuration.
    Config,
    /// Checks a configuration and all that it names: secrets, certificates, receivers, rights.
    Check {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Also sends a test message to the receiver of notices.
        #[arg(long)]
        prove: bool,
    },
    /// Enters homes, residents, gateways and devices while the server does not run.
    Enrol {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// What to enter.
        #[command(subcommand)]
        what: Enrol,
    },
    /// Stores signed images and offers them to devices while the server does not run.
    Image {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// What to do.
        #[command(subcommand)]
        what: ImageCommand,
    },
    /// Copies all stores and keys into a new folder, also while the server runs.
    Backup {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Folder of the copy; must be empty or not there.
        #[arg(long)]
        to: PathBuf,
    },
    /// Puts a backup into the empty data folder, or goes on with records whose newest rows are lost.
    Restore {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Folder that `backup` wrote.
        #[arg(long, required_unless_present = "in_place")]
        from: Option<PathBuf>,
        /// Takes the records as they lie in the data folder.
        #[arg(long, conflicts_with = "from")]
        in_place: bool,
    },
    /// Makes a one-time code with which an administrator comes in who is lost; also while the server runs.
    Administrator {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// What they log in with; whoever is shut out comes in again, whoever is unknown is entered.
        #[arg(long)]
        name: String,
    },
    /// Prints what stands out of order and what was lost, a JSON line each; also while the server runs.
    Faults {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Prepares an InfluxDB 2: organisation, buckets, retention.
    #[cfg(feature = "influx")]
    Influx {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

/// The whole program.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors; clap knows where each is printed.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    log();
    match execute(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&error);
            ExitCode::from(match () {
                () if error.is::<ConfigError>() => USAGE,
                () if error.is::<Findings>() => DATA,
                () => IO,
            })
        }
    }
}

fn execute(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Config => print(&Config::template()),
        Command::Check { config, prove } => {
            let config = prepared(&config)?;
            config.divide_handles()?;
            let now = Clock::resume(None).now().wall_ms;
            runtime()?.block_on(check::check(&config, now, prove))?;
            print("configuration is fine\n")
        }
        Command::Run { config } => {
            let config = prepared(&config)?;
            runtime()?.block_on(serve(config))
        }
        Command::Enrol { config, what } => {
            let config = prepared(&config)?;
            let told = runtime()?.block_on(what.run(&config))?;
            print(&told)
        }
        Command::Image { config, what } => {
            let config = prepared(&config)?;
            let told = runtime()?.block_on(what.run(&config))?;
            print(&told)
        }
        Command::Backup { config, to } => {
            let config = Config::load(&config)?;
            let now_ms = Clock::resume(None).now().wall_ms;
            print(&backup::take(&config, &to, now_ms)?)
        }
        Command::Restore { config, from, .. } => {
            let config = prepared(&config)?;
            let told = from
                .map_or_else(|| backup::in_place(&config), |from| backup::restore(&config, &from));
            print(&told?)
        }
        Command::Administrator { config, name } => {
            let config = prepared(&config)?;
            let name = name.trim();
            anyhow::ensure!(!name.is_empty(), "make a code: a name is needed");
            let now_ms = Clock::resume(None).now().wall_ms;
            let code = recovery::offer(&config.data, name, now_ms)?;
            print(&format!("{}\n", serde_json::json!({ "administrator": name, "code": code })))
        }
        Command::Faults { config } => {
            let config = Config::load(&config)?;
            print(&runtime()?.block_on(standing::told(&config))?)
        }
        #[cfg(feature = "influx")]
        Command::Influx { config } => {
            let config = prepared(&config)?;
            let (settings, keep) = (config.series.influx.as_ref(), &config.series.retention);
            let told = runtime()?.block_on(influx::setup(settings, &config.data, keep))?;
            print(&told)
        }
    }
}

fn prepared(path: &std::path::Path) -> Result<Config, ConfigError> {
    let config = Config::load(path)?;
    config.prepare_data()?;
    Ok(config)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

async fn listen(bind: SocketAddr, what: &str, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(bind).await.map_err(|error| {
        anyhow::anyhow!(
            "listen on {bind} for {what}: {error}; stop the other program or set `{key}`"
        )
    })
}

async fn serve(config: Config) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // From now on a hangup ends nobody: it asks for a look at changed files, see `files`.
    let _hangup = signal(SignalKind::hangup())?;
    let certificate = router::Certificate::open(&config.console)?;
    let console = listen(config.console.bind, "the console", "console.bind").await?;
    let operations = match config.console.operations {
        Some(bind) => Some(listen(bind, "operations", "console.operations").await?),
        None => None,
    };
    let running = app::start(config).await?;
    let setup = setup_token(&running.app).await?;
    let mut ready = serde_json::json!({
        "ready": true,
        "gateways": running.door.address().to_string(),
        "console": console.local_addr()?.to_string(),
        "setup_token": setup,
    });
    if let (Some(operations), Some(ready)) = (&operations, ready.as_object_mut()) {
        ready.insert("operations".into(), operations.local_addr()?.to_string().into());
    }
    if let Err(error) = print(&format!("{ready}\n")) {
        // Whoever waits for that line waits in vain; homes do not.
        tracing::error!(error = %error, "standard output does not take the line that says ready");
    }
    let app = &running.app;
    let watched = async {
        match operations {
            Some(listener) => router::serve_operations(Arc::clone(app), listener).await,
            None => std::future::pending().await,
        }
    };
    // Streams never end by themselves, so nobody waits for them.
    tokio::select! {
        served = router::serve(Arc::clone(app), console, certificate, std::future::pending()) => served?,
        served = watched => served?,
        () = told_to_stop() => {}
    }
    // No new words first; what is kept is then taken in at the next start.
    running.door.close().await;
    centre::history::keep(&running.app.archive, true).await;
    running.app.series.close().await?;
    running.app.records.close().await;
    Ok(())
}

/// The token that makes the first administrator, while there is none.
async fn setup_token(app: &app::App) -> anyhow::Result<Option<String>> {
    let mut reader = app.records.reader().await?;
    let administrators = staff::administrators(&mut reader).await?;
    Ok(if administrators == 0 { Some(app.auth.open_setup()?) } else { None })
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A log that can take no more, as one on a full disk, costs its lines and nothing else. A second program in one
    // process (the demo's tests) keeps the first one's log.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .try_init();
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn say_error(error: &anyhow::Error) {
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(std::io::stderr(), "server: failed to {error:#}");
}
