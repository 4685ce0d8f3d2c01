//! What can be measured, each with its unit, and the one list of all of it.
//!
//! Whoever goes through all quantities goes through [`Quantity::ALL`]. Not here: what a number can be (`care::reading`),
//! and the words under which stores and pages know it (`server`).

use minicbor::{Decode, Encode};

/// What is measured, with its unit; numbers are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Quantity {
    /// Share of the span with somebody in bed, per cent.
    #[n(0)]
    InBed,
    /// Mean heart rate, beats a minute.
    #[n(1)]
    Heart,
    /// Mean breathing rate, breaths a minute.
    #[n(2)]
    Breath,
    /// Restlessness in bed, 0 to 100.
    #[n(3)]
    Restless,
    /// Load on the bed, kg.
    #[n(4)]
    Load,
    /// Movements seen, a count.
    #[n(5)]
    Motion,
    /// Door openings, a count.
    #[n(6)]
    Door,
    /// Air temperature, °C.
    #[n(7)]
    Temperature,
    /// Relative humidity, per cent.
    #[n(8)]
    Humidity,
    /// Radio signal of the weakest device, dBm.
    #[n(9)]
    Signal,
    /// Lowest battery, per cent.
    #[n(10)]
    Battery,
}

crate::numbered!(Quantity: u8 {
    InBed = 0 "in_bed",
    Heart = 1 "heart",
    Breath = 2 "breath",
    Restless = 3 "restless",
    Load = 4 "load",
    Motion = 5 "motion",
    Door = 6 "door",
    Temperature = 7 "temperature",
    Humidity = 8 "humidity",
    Signal = 9 "signal",
    Battery = 10 "battery",
});

impl Quantity {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::InBed,
        Self::Heart,
        Self::Breath,
        Self::Restless,
        Self::Load,
        Self::Motion,
        Self::Door,
        Self::Temperature,
        Self::Humidity,
        Self::Signal,
        Self::Battery,
    ];
}
