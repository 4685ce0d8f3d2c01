//! Recordings of falls and of daily life, whatever set they are of: one shape for all.
//!
//! Each set has its reader, which knows its files and units; time stamps give the rate, and samples
//! are then taken in the order of the file, as a device takes them. Not here: what is made of them.

use std::path::Path;

use care::fall::Worn;

use super::{sisfall, smartfallmm, umafall, weda};

/// One person doing one thing once, as one sensor felt it.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Folder of the set.
    pub set: &'static str,
    /// Person within the set.
    pub person: String,
    /// Whether the person belongs to the older group of the set.
    pub old: bool,
    /// Where the sensor was worn.
    pub place: Place,
    /// Activity as the set names it.
    pub code: String,
    /// Whether it is a fall.
    pub fall: bool,
    /// Samples of one second.
    pub rate_hz: u16,
    /// Milli-g by axis; what does not fit stands at the end of the range.
    pub samples: Vec<[i16; 3]>,
}

/// Where a sensor was worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// On a belt, or at the hip.
    Waist,
    /// Hanging on or strapped to the chest, like a pendant.
    Chest,
    /// In a trouser pocket.
    Pocket,
    /// On the wrist.
    Wrist,
}

impl Place {
    /// The profile of the detector that serves it.
    pub const fn worn(self) -> Worn {
        match self {
            Self::Waist | Self::Chest | Self::Pocket => Worn::Body,
            Self::Wrist => Worn::Wrist,
        }
    }

    /// The name that a table shows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waist => "waist",
            Self::Chest => "chest",
            Self::Pocket => "pocket",
            Self::Wrist => "wrist",
        }
    }
}

impl Recording {
    /// One name for a person over all sets.
    pub fn who(&self) -> String {
        format!("{} {}", self.set, self.person)
    }

    /// How long it is, in hours.
    #[expect(clippy::cast_precision_loss, reason = "samples of one trial")]
    pub fn hours(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate_hz) / 3600.0
    }
}

/// Every recording below a path, by set, person and trial; sets that are not there give none.
pub fn all(data: &Path) -> Vec<Recording> {
    let mut found = sisfall::read(&data.join(sisfall::FOLDER));
    found.extend(weda::read(&data.join(weda::FOLDER)));
    found.extend(umafall::read(&data.join(umafall::FOLDER)));
    found.extend(smartfallmm::read(&data.join(smartfallmm::FOLDER)));
    found
}

/// A value in g as whole milli-g; what does not fit stands at the end of the range.
#[expect(clippy::cast_possible_truncation, reason = "clamped before")]
pub(super) fn milli_g(g: f64) -> i16 {
    (g * 1000.0).round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

/// The person that a file is of: its name up to the first dot.
pub(super) fn person(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}
