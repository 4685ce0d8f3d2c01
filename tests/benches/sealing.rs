//! What it costs to seal and to open a frame, beside SHA-256 of the same bytes on the same machine.
//!
//! The ratio is what can be compared between machines: `.cargo/config.toml` chooses the ciphers' plain code, and with
//! their AVX2 code it is about four times as large. Each figure is the middle one of many rounds, taken in turns. It
//! judges nothing; run it on a quiet machine with `cargo bench -p tests --bench sealing`. Not here: frames on their
//! way (`ingest`).

use std::hint::black_box;
use std::process::ExitCode;

use proto::frame::{Class, Header, open_hop, seal_end, seal_hop, verify_end};
use proto::id::{BootId, DeviceId, KeyEpoch, PressId, Seq};
use proto::key::DeviceKey;
use sha2::{Digest, Sha256};
use tests::clock::Watch;
use tests::demo;

/// Bodies: a press, a reading of a few values, the longest reading.
const BODIES: [(&str, usize); 3] = [("press", 10), ("reading", 60), ("longest", 900)];
/// Rounds whose middle counts; each takes some milliseconds.
const ROUNDS: usize = 31;
/// Frames of one round.
const FRAMES: u32 = 2_000;

/// Nanoseconds of one call, over a round.
fn round(mut call: impl FnMut()) -> f64 {
    let watch = Watch::start();
    (0..FRAMES).for_each(|_| call());
    watch.secs() * 1e9 / f64::from(FRAMES)
}

fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A line of the table; none if a frame cannot be sealed or opened.
fn line(name: &str, len: usize) -> Option<String> {
    let id = PressId { device: DeviceId::new(7)?, boot: BootId::new(1, 1), seq: Seq::new(1) };
    let header = Header { class: Class::Reading, epoch: KeyEpoch::new(0), id };
    let key = DeviceKey::from_bytes([7; 32]);
    let (end, hop) = (key.end(header.epoch).boot(id.boot), key.hop(header.epoch).boot(id.boot));
    let body = vec![0x5A; len];
    let sealed = seal_hop(&seal_end(&header, &body, &end).ok()?, &hop).ok()?;
    verify_end(&open_hop(&sealed, &hop).ok()?, &end).ok()?;
    let [mut seal, mut open, mut sum] = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        seal.push(round(|| {
            let open = seal_end(black_box(&header), black_box(&body), &end);
            drop(black_box(open.and_then(|open| seal_hop(&open, &hop))));
        }));
        open.push(round(|| {
            let open = open_hop(black_box(&sealed), &hop);
            let _ = black_box(open.map(|open| verify_end(&open, &end).is_ok()));
        }));
        sum.push(round(|| {
            black_box(Sha256::digest(black_box(&sealed)));
        }));
    }
    let [seal, open, sum] = [middle(seal), middle(open), middle(sum)];
    let (bytes, ratio) = (sealed.len(), (seal + open) / sum);
    Some(format!("{name:<8} {bytes:>5} B {seal:>7.0} ns {open:>7.0} ns {sum:>7.0} ns {ratio:>6.2}"))
}

fn main() -> ExitCode {
    demo::say("frame          seal both  open both    SHA-256  ratio");
    for (name, len) in BODIES {
        let Some(line) = line(name, len) else { return ExitCode::FAILURE };
        demo::say(&line);
    }
    ExitCode::SUCCESS
}
