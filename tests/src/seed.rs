//! Chance by seed: the same number gives the same world.
//!
//! `SEED=…` in the environment replays a run; otherwise it is drawn and printed. The generator is
//! splitmix64: not for keys, which only the real parts make.

use std::io::Write;

/// A stream of numbers that a seed decides.
#[derive(Debug, Clone)]
pub struct Seed(u64);

impl Seed {
    /// Starts from a number.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Takes `SEED` from the environment, or draws one; tells which on standard error.
    pub fn from_environment() -> Self {
        let told = std::env::var("SEED").ok().and_then(|text| text.parse().ok());
        let seed = told.unwrap_or_else(|| {
            let mut bytes = [0; 8];
            // Without a random source the run is still a run, only always the same one.
            let _ = getrandom::fill(&mut bytes);
            u64::from_le_bytes(bytes)
        });
        // By itself and not by macro or log: a test that hangs, or passes, has said it too.
        let _ = writeln!(std::io::stderr(), "SEED={seed} replays this run");
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`; zero if `limit` is.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw().checked_rem(limit).unwrap_or(0)
    }

    /// A place in a list of `len`.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// A stream of its own for part `n` of the world.
    pub fn part(&self, n: u64) -> Self {
        let mut part = Self(self.0 ^ n.wrapping_mul(0xa24b_aed4_963e_e407));
        part.draw();
        part
    }
}
