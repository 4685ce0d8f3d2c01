//! The worn accelerometer: an ST LIS3DH or LIS2DH12 on I²C or SPI, read from its memory in bursts.
//!
//! It is proved by the chip's own push when it starts, then measured as a *stream*. Samples that were overwritten
//! before anybody looked are told as lost. A bus that fails, a chip that falls silent and values that cannot be are a
//! fault: told, and tried anew after a pause that grows. Nothing waits here; the board keeps calling.
//! Not here: what a fall looks like (`care::fall`), pins and interrupts (the board).

mod chip;
mod proof;

use proto::unit::{Millis, Mono, NoData};

use super::registers::Registers;
use crate::device::{BURST_MAX, Burst, Sample};
use crate::link::{Backoff, Jitter};
use chip::{Chip, DEPTH, Measure, Trouble};
use proof::Watch;

/// Address on I²C with `SA0` low; high adds one.
pub const ADDRESS: u8 = 0x18;
/// So many samples are worth a look. Source: technical, a quarter of the memory; a burst of eight takes 1.3 ms at
/// 400 kHz.
pub const WATERMARK: u8 = 8;
/// A chip that fills its memory this slowly is silent. Source: technical, fifty sample times at the slowest rate.
pub const SILENT_AFTER: Millis = Millis::secs(1);
/// First pause after a fault. Source: choice.
const PAUSE_MIN: Millis = Millis::secs(1);
/// Longest pause after faults. Source: choice, a loose plug that holds again is back within half a minute.
const PAUSE_MAX: Millis = Millis::secs(30);
/// Sound for so long, the next fault is a new one. Source: choice.
const STEADY: Millis = Millis::minutes(1);
/// Samples that the push is judged by: half of them let the chip settle. Source: data sheet, 7 sample times.
const PROOF: u8 = 16;

/// Largest acceleration that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// ±8 g in steps of 4 mg.
    G8,
    /// ±16 g in steps of 12 mg.
    G16,
}

/// Samples a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// 50.
    Hz50,
    /// 100.
    Hz100,
}

impl Rate {
    /// Samples a second.
    pub const fn hz(self) -> u16 {
        match self {
            Self::Hz50 => 50,
            Self::Hz100 => 100,
        }
    }

    const fn span(self, samples: u8) -> Millis {
        Millis::new(samples as u64 * self.period_ms())
    }

    const fn period_ms(self) -> u64 {
        1000 / self.hz() as u64
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Hz50 => 0x40,
            Self::Hz100 => 0x50,
        }
    }
}

impl Range {
    const fn measure(self, rate: Rate) -> Measure {
        let (scale, step_mg) = match self {
            Self::G8 => (0x20, 4),
            Self::G16 => (0x30, 12),
        };
        Measure { rate: rate.bits(), scale, step_mg, pushed: false }
    }

    /// From here on an axis counts as at its limit: a little below the range.
    const fn limit_mg(self) -> i32 {
        match self {
            Self::G8 => 8_000,
            Self::G16 => 16_000,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not set up.
    Asleep,
    /// Measures at rest, to be compared with the push.
    Resting,
    /// Measures under the push; the means at rest.
    Pushed([i32; 3]),
    /// In use since then.
    Running(Mono),
}

/// A worn accelerometer.
#[derive(Debug)]
pub struct Accelerometer<R> {
    chip: Chip<R>,
    range: Range,
    rate: Rate,
    state: State,
    look_at: Mono,
    /// Up to when samples were handed out; none before the first.
    told_until: Option<Mono>,
    hole: bool,
    watch: Watch,
    backoff: Backoff,
    jitter: Jitter,
}

impl<R: Registers> Accelerometer<R> {
    /// Takes the chip; nothing is said to it before the first look.
    pub fn new(registers: R, range: Range, rate: Rate, now: Mono) -> Self {
        Self {
            chip: Chip::new(registers),
            range,
            rate,
            state: State::Asleep,
            look_at: now,
            told_until: None,
            hole: false,
            watch: Watch::new(rate.hz(), range.limit_mg()),
            backoff: Backoff::from_to(PAUSE_MIN, PAUSE_MAX),
            jitter: Jitter::new(now.millis()),
        }
    }

    /// A burst if enough has gathered, or why there is none. Call every 5 to 100 ms; between looks it costs nothing.
    pub fn poll(&mut self, now: Mono) -> Option<Sample> {
        if now < self.look_at {
            return None;
        }
        match self.step(now) {
            Ok(burst) => burst.map(Sample::Acceleration),
            Err(trouble) => Some(Sample::NoAcceleration(self.fail(now, trouble))),
        }
    }

    /// When the next look is due.
    pub const fn due(&self) -> Mono {
        self.look_at
    }

    fn step(&mut self, now: Mono) -> Result<Option<Burst>, Trouble> {
        let push = Measure { rate: self.rate.bits(), scale: 0, step_mg: 1, pushed: false };
        match self.state {
            State::Asleep => {
                self.chip.identify()?;
                self.chip.start(push, WATERMARK)?;
                self.state = State::Resting;
            }
            State::Resting => {
                self.state = State::Pushed(self.mean()?);
                self.chip.start(Measure { pushed: true, ..push }, WATERMARK)?;
            }
            State::Pushed(rest) => {
                if !proof::answered(rest, self.mean()?) {
                    return Err(Trouble::Broken);
                }
                self.chip.start(self.range.measure(self.rate), WATERMARK)?;
                self.watch = Watch::new(self.rate.hz(), self.range.limit_mg());
                self.state = State::Running(now);
                self.look_at = now.after(self.rate.span(WATERMARK));
                return Ok(None);
            }
            State::Running(since) => return self.run(now, since),
        }
        // Some sample times more than needed: the chip's clock may be a tenth slow.
        self.look_at = now.after(self.rate.span(PROOF + 4));
        Ok(None)
    }

    /// The mean of the newest samples of the proof.
    fn mean(&mut self) -> Result<[i32; 3], Trouble> {
        if self.chip.fill()?.count < PROOF {
            return Err(Trouble::Silent);
        }
        let mut samples = [[0; 3]; PROOF as usize];
        self.chip.take(&mut samples)?;
        Ok(proof::mean(&samples[samples.len() / 2..]))
    }

    fn run(&mut self, now: Mono, since: Mono) -> Result<Option<Burst>, Trouble> {
        let fill = self.chip.fill()?;
        if fill.count < WATERMARK {
            if now.since(self.told_until.map_or(since, |told| told.max(since))) >= SILENT_AFTER {
                return Err(Trouble::Silent);
            }
            self.look_at = now.after(self.rate.span(WATERMARK - fill.count));
            return Ok(None);
        }
        let mut samples = [[0; 3]; BURST_MAX];
        let taken = usize::from(fill.count).min(BURST_MAX);
        self.chip.take(&mut samples[..taken])?;
        let lost = self.lost(now, fill.count, fill.full);
        if now.since(since) >= STEADY {
            self.backoff.reset();
        }
        if !samples[..taken].iter().all(|sample| self.watch.possible(*sample)) {
            return Err(Trouble::Broken);
        }
        let left = fill.count - u8::try_from(taken).unwrap_or(fill.count);
        let behind = self.rate.span(left).get();
        self.told_until = Some(Mono::from_millis(now.millis().saturating_sub(behind)));
        self.look_at = now.after(self.rate.span(WATERMARK.saturating_sub(left)));
        Ok(Some(Burst::holding(&samples[..taken], lost)))
    }

    /// How many samples are missing before those in the memory.
    fn lost(&mut self, now: Mono, count: u8, full: bool) -> u16 {
        let hole = core::mem::take(&mut self.hole) || full;
        let Some(told) = self.told_until.filter(|_| hole) else { return 0 };
        let passed = now.since(told).get() / self.rate.period_ms();
        u16::try_from(passed.saturating_sub(count.into())).unwrap_or(u16::MAX).max(1)
    }

    fn fail(&mut self, now: Mono, trouble: Trouble) -> NoData {
        self.state = State::Asleep;
        self.hole = true;
        self.look_at = now.after(self.backoff.pause(&mut self.jitter));
        match trouble {
            Trouble::Bus | Trouble::Broken => NoData::Fault,
            Trouble::Stranger => NoData::NotPresent,
            Trouble::Silent => NoData::Timeout,
        }
    }
}

const _: () = assert!(WATERMARK as usize <= BURST_MAX && PROOF + 4 < DEPTH);
