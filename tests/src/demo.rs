//! The demo: a server, a gateway and a dozen homes on one machine, for a newcomer or for a machine to watch.
//!
//! A person gets the console's address, a one-time login, and a page of buttons that make things
//! happen. `--for` runs without a person: a robot works every alert, and the books are closed at the end.
//! Not here: simulated homes (`home`), or the processes (`stage`).

pub mod page;
pub mod past;
pub mod roll;
pub mod world;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Watch;
use crate::demo::world::World;
use crate::load::{Report, rounded};
use crate::robot::Robot;
use crate::seed::Seed;
use crate::trouble::Outcome;

/// A person's think time between claim and close, as the robot keeps it.
const HOLD_MS: u64 = 1500;
/// How long the end waits for what is still on its way.
const REST_S: f64 = 20.0;
/// Pause between two presses of one resident while a person watches: a dozen homes, four presses a minute.
const PRESS_EVERY: Duration = Duration::from_secs(180);
/// The same while a robot works: nearly one press a second.
const PRESS_EVERY_ALONE: Duration = Duration::from_secs(15);

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The binary that is re-executed as server and gateway.
    pub program: PathBuf,
    /// Where data goes.
    pub data: PathBuf,
    /// Without a person, for this long; none = until interrupted.
    pub span: Option<Duration>,
    /// How much past the homes of a new folder get; whole days.
    pub past: Duration,
    /// Port of the demo page; 0 = any.
    pub page_port: u16,
}

/// Runs the demo; gives the report where it ran by itself.
pub async fn run(wanted: Wanted) -> Outcome<Option<Report>> {
    let watch = Watch::start();
    say("starting server and gateway …");
    let of = (watch, Seed::from_environment());
    let world = World::open(&wanted.program, &wanted.data, wanted.past, of).await?;
    if world.made.points > 0 {
        say(&format!("{} values and {} alerts of the past", world.made.points, world.made.alerts));
    }
    say(&format!("{} homes live; their devices speak to the gateway", world.homes.len()));
    let world = Arc::new(world);
    match wanted.span {
        Some(span) => by_itself(&world, span, watch).await.map(Some),
        None => {
            with_a_person(&world, &wanted, watch).await?;
            Ok(None)
        }
    }
}

async fn with_a_person(world: &Arc<World>, wanted: &Wanted, watch: Watch) -> Outcome {
    let page = page::serve(Arc::clone(world), wanted.page_port).await?;
    say(&format!("console    http://{}/", world.console()));
    for (who, code) in world.codes()? {
        say(&format!("log in     one-time code {code}  ({who})"));
    }
    say(&format!(
        "demo page  http://{page}/   (press, fall, keep still, cut, kill, and watch the lights)"
    ));
    say(&format!("data       {}", wanted.data.display()));
    say(&format!("ready after {:.1} s; Ctrl-C ends all of it", watch.secs()));
    let lives = world.live(PRESS_EVERY);
    world.first_press().await;
    world.first_findings().await;
    // Whoever started it says when it is over.
    std::future::pending::<()>().await;
    lives.abort();
    Ok(())
}

async fn by_itself(world: &Arc<World>, span: Duration, watch: Watch) -> Outcome<Report> {
    let robot = Robot::start(world.session()?, HOLD_MS);
    world.show_to(robot.ear());
    let lives = world.live(PRESS_EVERY_ALONE);
    world.first_press().await;
    world.first_findings().await;
    tokio::time::sleep_until(watch.at(u64::try_from(span.as_micros())?)).await;
    lives.abort();
    world.all_up().await;
    let rest = Watch::start();
    while rest.secs() < REST_S && !world.is_settled() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.audit()?;
    let mut report = Report::default();
    report.put("homes", world.homes.len());
    report.put_book(&world.shared.book());
    report.put("closed", robot.closed());
    report.put("points", world.points());
    report.put("past_points", world.made.points);
    report.put("past_alerts", world.made.alerts);
    report.put("rss_mb", world.memory());
    report.put("wall_s", rounded(watch.secs()));
    Ok(report)
}

/// Says what is happening, on standard error: standard output is for the report.
pub fn say(line: &str) {
    // A closed terminal is no reason to stop the demo.
    let _ = writeln!(std::io::stderr(), "demo: {line}");
}

/// Prints the report as the last line of standard output.
pub fn print(report: Value) -> Outcome {
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

/// The running binary, which is also server and gateway.
pub fn own_program() -> Outcome<PathBuf> {
    Ok(std::env::current_exe()?)
}

/// `60s`, `2m`, `500ms`, `30d` or plain seconds.
pub fn span(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let value: f64 = digits.parse().map_err(|_| format!("{text}: write 90s, 2m or 500ms"))?;
    let unit = match text.get(digits.len()..) {
        Some("" | "s") => 1.0,
        Some("ms") => 0.001,
        Some("m") => 60.0,
        Some("h") => 3600.0,
        Some("d") => 86_400.0,
        _ => return Err(format!("{text}: write 90s, 2m or 500ms")),
    };
    Duration::try_from_secs_f64(value * unit).map_err(|e| format!("{text}: {e}"))
}

/// A folder that outlives nothing, or the one that was named.
pub fn folder(named: Option<&Path>) -> Outcome<(PathBuf, Option<tempfile::TempDir>)> {
    if let Some(named) = named {
        std::fs::create_dir_all(named)?;
        return Ok((named.canonicalize()?, None));
    }
    let dir = tempfile::Builder::new().prefix("hearthline-demo-").tempdir()?;
    Ok((dir.path().to_owned(), Some(dir)))
}
