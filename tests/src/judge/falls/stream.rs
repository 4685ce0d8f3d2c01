//! Recordings streamed through the detector, sample by sample, as a device does.
//!
//! A recording counts as *alarmed* if the detector says `Suspected` while it runs: that is what the device sends.
//! Where a recording ends, nothing more is fed: stillness after its end is not invented. Not here: which
//! recordings, and the sums.

use care::fall::{Fall, Fell, Forest};

use super::recording::Recording;

/// What the detector said of one recording.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// Alarms.
    pub alarms: u32,
    /// Alarms confirmed before the recording ended.
    pub confirmed: u32,
    /// Alarms taken back before the recording ended.
    pub recovered: u32,
    /// From the blow to the first alarm, seconds.
    pub delay_s: Option<f64>,
}

/// Streams a recording.
pub fn stream(recording: &Recording, forest: Forest) -> Outcome {
    let mut fall = Fall::with(recording.place.worn(), recording.rate_hz, forest);
    let mut outcome = Outcome::default();
    for sample in &recording.samples {
        match fall.push(*sample) {
            Some(Fell::Suspected { ago }) => {
                outcome.alarms += 1;
                #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
                let delay_s = ago.get() as f64 / 1000.0;
                outcome.delay_s.get_or_insert(delay_s);
            }
            Some(Fell::Confirmed { .. }) => outcome.confirmed += 1,
            Some(Fell::Recovered { .. }) => outcome.recovered += 1,
            None => {}
        }
    }
    outcome
}
