//! The battery: millivolts at the cell become the share that is left, by the kind of cell.
//!
//! The board measures (an analogue input behind a divider); this averages, since a radio's burst pulls the voltage
//! down for a moment, and reads the cell's *curve*. Not here: the converter, and when low is low (`care::policy`).

use proto::unit::{Millis, Mono, Percent};

use crate::device::Sample;

/// Measurements that are averaged. Source: choice, with one a second a transmission is a blip.
const AVERAGED: u8 = 8;
/// A share that has not changed is told again after this. Source: choice.
const REPEAT: Millis = Millis::minutes(60);

/// What kind of cell it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Lithium coin cell, 3 V, such as CR2032. Source: the points of Nordic's application library for coin cells.
    Coin,
    /// Rechargeable lithium-ion or polymer cell, 3.7 V. Source: the discharge curve in Zephyr's battery sample, taken
    /// from a small polymer cell.
    LithiumIon,
}

/// Millivolts and the tenths of a per cent that are left there, falling.
type Curve = &'static [(u16, u16)];

impl Cell {
    const fn curve(self) -> Curve {
        match self {
            Self::Coin => &[(3_000, 1_000), (2_900, 420), (2_740, 180), (2_440, 60), (2_100, 0)],
            Self::LithiumIon => &[(3_950, 1_000), (3_550, 62), (3_100, 0)],
        }
    }

    /// The share that is left at this voltage.
    pub fn left(self, millivolts: u16) -> Percent {
        let curve = self.curve();
        let tenths = match curve.iter().position(|(mv, _)| millivolts >= *mv) {
            Some(0) => 1_000,
            Some(below) => {
                let ((high_mv, high), (low_mv, low)) = (curve[below - 1], curve[below]);
                let above = u32::from(millivolts - low_mv) * u32::from(high - low);
                u32::from(low) + above / u32::from(high_mv - low_mv)
            }
            None => 0,
        };
        u8::try_from(tenths / 10).ok().and_then(Percent::new).unwrap_or(Percent::MAX)
    }
}

/// A battery that is looked after.
#[derive(Debug, Clone)]
pub struct Battery {
    cell: Cell,
    sum_mv: u32,
    count: u8,
    told: Option<(Mono, Percent)>,
}

impl Battery {
    /// A battery of this kind.
    pub const fn new(cell: Cell) -> Self {
        Self { cell, sum_mv: 0, count: 0, told: None }
    }

    /// Takes a measurement, about one a second; a sample when the share has changed, and once an hour.
    pub fn see(&mut self, now: Mono, millivolts: u16) -> Option<Sample> {
        self.sum_mv += u32::from(millivolts);
        self.count += 1;
        if self.count < AVERAGED {
            return None;
        }
        let mean = u16::try_from(self.sum_mv / u32::from(AVERAGED)).unwrap_or(u16::MAX);
        (self.sum_mv, self.count) = (0, 0);
        let left = self.cell.left(mean);
        let known = |(at, told): (Mono, Percent)| told == left && now.since(at) < REPEAT;
        if self.told.is_some_and(known) {
            return None;
        }
        self.told = Some((now, left));
        Some(Sample::Battery(left))
    }
}
