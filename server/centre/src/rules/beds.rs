//! Limits of breath and heart as people send and read them: those of a home, and of a bed that has its own.
//!
//! A limit that no mat can tell, or a slowest above its fastest, is refused by name. Not here: who sets them (`routes`).

use care::policy::{BEDS_MAX, BedLimits, Rules};
use care::reading::limit;
use proto::id::DeviceId;
use proto::up::{Quantity, Role};
use serde::{Deserialize, Serialize};

use super::RulesForm;

/// Limits of one bed, by its mat. A limit that is left out or null is not watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct BedForm {
    /// Its mat, as printed on the label.
    pub mat: String,
    /// Slowest breath that is not told, per minute, within what a mat can tell.
    pub breath_low: Option<u8>,
    /// Fastest breath that is not told, per minute, within what a mat can tell.
    pub breath_high: Option<u8>,
    /// Slowest heart that is not told, per minute, within what a mat can tell.
    pub heart_low: Option<u8>,
    /// Fastest heart that is not told, per minute, within what a mat can tell.
    pub heart_high: Option<u8>,
}

impl BedForm {
    fn of(bed: &BedLimits) -> Self {
        Self {
            mat: bed.mat.to_string(),
            breath_low: bed.breath_low,
            breath_high: bed.breath_high,
            heart_low: bed.heart_low,
            heart_high: bed.heart_high,
        }
    }

    fn limits(&self) -> Option<BedLimits> {
        let mat: DeviceId = self.mat.parse().ok()?;
        let rate = |quantity, value: Option<u8>| {
            value.map(|rate| limit(Role::BedMat, quantity, rate)).transpose().ok()
        };
        let bed = BedLimits {
            mat,
            breath_low: rate(Quantity::Breath, self.breath_low)?,
            breath_high: rate(Quantity::Breath, self.breath_high)?,
            heart_low: rate(Quantity::Heart, self.heart_low)?,
            heart_high: rate(Quantity::Heart, self.heart_high)?,
        };
        let is_crossed = crossed(bed.breath_low, bed.breath_high);
        (!is_crossed && !crossed(bed.heart_low, bed.heart_high)).then_some(bed)
    }
}

/// Beds with limits of their own, as they are read.
pub(super) fn read(rules: &Rules) -> Vec<BedForm> {
    rules.beds.iter().flatten().map(BedForm::of).collect()
}

/// All beds with limits of their own; the list replaces the one before.
pub(super) fn beds(wanted: &[BedForm]) -> Result<[Option<BedLimits>; BEDS_MAX], &'static str> {
    let mut beds = [None; BEDS_MAX];
    if wanted.len() > BEDS_MAX {
        return Err("beds");
    }
    for (place, form) in wanted.iter().enumerate() {
        let bed = form.limits().ok_or("beds")?;
        if beds.iter().flatten().any(|known: &BedLimits| known.mat == bed.mat) {
            return Err("beds");
        }
        beds[place] = Some(bed);
    }
    Ok(beds)
}

fn crossed(low: Option<u8>, high: Option<u8>) -> bool {
    low.zip(high).is_some_and(|(low, high)| low >= high)
}

impl RulesForm {
    /// Limits of the home; the one that is refused is named.
    pub(super) fn rates(&self, rules: &mut Rules) -> Result<(), &'static str> {
        let set = |value: Option<Option<u8>>,
                   old: &mut Option<u8>,
                   quantity: Quantity,
                   name: &'static str|
         -> Result<(), &'static str> {
            if let Some(wanted) = value {
                let checked = wanted.map(|rate| limit(Role::BedMat, quantity, rate)).transpose();
                *old = checked.map_err(|_| name)?;
            }
            Ok(())
        };
        set(self.breath_low, &mut rules.breath_low, Quantity::Breath, "breath_low")?;
        set(self.breath_high, &mut rules.breath_high, Quantity::Breath, "breath_high")?;
        set(self.heart_low, &mut rules.heart_low, Quantity::Heart, "heart_low")?;
        set(self.heart_high, &mut rules.heart_high, Quantity::Heart, "heart_high")?;
        if crossed(rules.breath_low, rules.breath_high) {
            return Err("breath_high");
        }
        if crossed(rules.heart_low, rules.heart_high) {
            return Err("heart_high");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beds_of_a_home_have_limits_of_their_own_within_what_a_mat_can_tell() {
        let mat = DeviceId::new(7).unwrap().to_string();
        let own = BedForm { mat: mat.clone(), breath_high: Some(28), ..BedForm::default() };
        let rules = Rules { beds: beds(std::slice::from_ref(&own)).unwrap(), ..Rules::default() };
        assert_eq!(read(&rules), std::slice::from_ref(&own));
        let (low, high) = (Some(30), Some(12));
        for bad in [
            vec![BedForm { breath_high: Some(200), ..own.clone() }],
            vec![BedForm { breath_low: low, breath_high: high, ..own.clone() }],
            vec![BedForm { mat: "nowhere".into(), ..own.clone() }],
            vec![own.clone(), own.clone()],
        ] {
            assert_eq!(beds(&bad), Err("beds"), "{bad:?}");
        }
    }
}
