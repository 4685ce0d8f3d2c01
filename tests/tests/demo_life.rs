//! The demo as a newcomer meets it: a past that is there at once, the same homes again, and nothing left of it.
//!
//! Not here: what a run without a person measures (`demo_json`).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tests::api::Api;
use tests::clock::{Watch, wall_s};
use tests::trouble::{Outcome, Trouble};

/// A debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

struct Demo {
    child: Child,
    lines: Receiver<String>,
}

impl Demo {
    fn start(data: &Path, more: &[&str]) -> Outcome<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
        command.arg("--data").arg(data).args(more).stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn()?;
        let (tell, lines) = channel();
        let out = child.stderr.take().ok_or_else(|| Trouble::new("no standard error"))?;
        std::thread::spawn(move || {
            // Whoever has stopped listening is like a closed terminal: the pipe goes too.
            BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
        });
        Ok(Self { child, lines })
    }

    /// What stands behind a word, in the next line that has it.
    fn told(&self, word: &str) -> Outcome<String> {
        loop {
            let line = self.lines.recv_timeout(PATIENCE)?;
            if let Some((_, rest)) = line.split_once(word) {
                return Ok(rest.trim().to_owned());
            }
        }
    }

    /// Tells it to end; gives whether it did and what of it still runs.
    fn ends_by(mut self, signal: &str, data: &Path) -> Outcome<(bool, Vec<String>)> {
        drop(self.lines);
        Command::new("kill").args([signal, &self.child.id().to_string()]).status()?;
        let watch = Watch::start();
        while self.child.try_wait()?.is_none() {
            if watch.secs() > PATIENCE.as_secs_f64() {
                self.child.kill()?;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        let ended = watch.secs() < PATIENCE.as_secs_f64();
        Ok((ended, running(data)))
    }
}

/// Command lines of processes that name this folder.
fn running(data: &Path) -> Vec<String> {
    let data = data.display().to_string();
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = all.filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.contains(&data)).collect()
}

fn until(what: &str, mut holds: impl FnMut() -> bool) -> Outcome {
    let watch = Watch::start();
    while !holds() {
        if watch.secs() > PATIENCE.as_secs_f64() {
            return Err(Trouble::new(format!("waited for {what}")));
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    Ok(())
}

#[test]
fn whoever_says_that_it_is_over_ends_all_of_it() -> Outcome {
    for (signal, starting) in
        [("-TERM", true), ("-HUP", true), ("-INT", false), ("-HUP", false), ("-TERM", false)]
    {
        let dir = tempfile::tempdir()?;
        let demo = Demo::start(dir.path(), &["--past", "0s"])?;
        match starting {
            // Itself, and a server that is not ready yet.
            true => until("a child", || running(dir.path()).len() > 1)?,
            false => drop(demo.told("Ctrl-C")?),
        }
        let (ended, left) = demo.ends_by(signal, dir.path())?;
        assert!(ended, "{signal} is not heard, starting: {starting}");
        assert!(left.is_empty(), "{signal}, starting: {starting}, leaves {left:?}");
    }
    Ok(())
}

#[test]
fn a_past_is_there_at_once_and_the_homes_are_the_same_the_next_time() -> Outcome {
    let dir = tempfile::tempdir()?;
    let begun_ms = wall_s() * 1000;
    let demo = Demo::start(dir.path(), &["--past", "3d"])?;
    let (console, codes) = greeted(&demo)?;
    let mut api = Api::new(console.parse()?);
    api.log_in(&json!({ "code": codes[0] }))?;
    let homes = ids(&api.get("/api/homes")?.good()?);
    assert_eq!(homes.len(), 12);
    for home in &homes {
        for quantity in ["in_bed", "motion", "door", "restless"] {
            let path = format!("/api/homes/{home}/series?hours=71&points=5000&quantity={quantity}");
            let series = api.get(&path)?.good()?;
            let points = series["points"].as_array().map_or(&[][..], Vec::as_slice);
            let first = points.first().and_then(|p| p["at_ms"].as_i64()).unwrap_or(begun_ms);
            assert!(begun_ms - first > 47 * 3_600_000, "{quantity}: {} points", points.len());
        }
    }
    let queue = api.get("/api/queue")?.good()?;
    for alert in queue["alerts"].as_array().into_iter().flatten() {
        assert!(alert["raised_ms"].as_i64().is_some_and(|at| at >= begun_ms), "{alert}");
    }
    Api::new(console.parse()?).log_in(&json!({ "code": codes[1] }))?;
    assert_eq!(demo.ends_by("-TERM", dir.path())?, (true, Vec::new()));
    let demo = Demo::start(dir.path(), &["--past", "3d"])?;
    let (console, codes) = greeted(&demo)?;
    let mut api = Api::new(console.parse()?);
    api.log_in(&json!({ "code": codes[0] }))?;
    assert_eq!(ids(&api.get("/api/homes")?.good()?), homes);
    assert_eq!(demo.ends_by("-INT", dir.path())?, (true, Vec::new()));
    Ok(())
}

/// Address of the console and the two codes.
fn greeted(demo: &Demo) -> Outcome<(String, [String; 2])> {
    let console = demo.told("console    http://")?.trim_end_matches('/').to_owned();
    let code = || -> Outcome<String> {
        let told = demo.told("one-time code ")?;
        Ok(told.split_whitespace().next().unwrap_or_default().to_owned())
    };
    let codes = [code()?, code()?];
    demo.told("Ctrl-C")?;
    Ok((console, codes))
}

fn ids(homes: &Value) -> Vec<String> {
    let homes = homes["homes"].as_array().into_iter().flatten();
    let mut ids: Vec<_> = homes.filter_map(|h| Some(h["home"].as_str()?.to_owned())).collect();
    ids.sort();
    ids
}
