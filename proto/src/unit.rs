//! Units as types: a number never travels without saying of what.
//!
//! Every constructor checks the range that a sensor can honestly report; what lies outside is not
//! a value but [`NoData`]. Not here: thresholds, which are policy.

/// Why there is no value: silence always has a reason.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, minicbor::Encode, minicbor::Decode,
)]
#[cbor(index_only)]
pub enum NoData {
    /// Switched off on purpose.
    #[n(0)]
    Off,
    /// The sensor is not fitted, or nobody is there to be measured.
    #[n(1)]
    NotPresent,
    /// The sensor did not answer in time.
    #[n(2)]
    Timeout,
    /// The sensor is broken or says nothing that can be read, or why there is nothing is not known.
    #[n(3)]
    Fault,
    /// The last value is too old to mean anything.
    #[n(4)]
    Stale,
    /// The sensor answered at an end of what it can tell, where it would stand whatever is so.
    #[n(5)]
    Clipped,
    /// The sensor answered what nothing can have measured: a sentinel of a register, no number.
    #[n(6)]
    Implausible,
}

crate::numbered!(NoData: u8 {
    Off = 0 "off",
    NotPresent = 1 "notpresent",
    Timeout = 2 "timeout",
    Fault = 3 "fault",
    Stale = 4 "stale",
    Clipped = 5 "clipped",
    Implausible = 6 "implausible",
});

impl NoData {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Off,
        Self::NotPresent,
        Self::Timeout,
        Self::Fault,
        Self::Stale,
        Self::Clipped,
        Self::Implausible,
    ];
}

/// A point on a monotonic clock in milliseconds: of the machine that holds it, never compared across machines.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    minicbor::Encode,
    minicbor::Decode,
)]
#[cbor(transparent)]
pub struct Mono(#[n(0)] u64);

impl Mono {
    /// Milliseconds since the clock's own zero.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the clock's own zero.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// This point and a span; stays at the end of time instead of wrapping.
    pub const fn after(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The span since an earlier point; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

/// A span of time in milliseconds.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    minicbor::Encode,
    minicbor::Decode,
)]
#[cbor(transparent)]
pub struct Millis(#[n(0)] u64);

impl Millis {
    /// The longest span: what stands on the wire where a span should be and is none.
    pub const UNTOLD: Self = Self(u64::MAX);

    /// A span of so many milliseconds.
    pub const fn new(ms: u64) -> Self {
        Self(ms)
    }

    /// A span of so many seconds.
    pub const fn secs(s: u64) -> Self {
        Self(s.saturating_mul(1000))
    }

    /// A span of so many minutes.
    pub const fn minutes(m: u64) -> Self {
        Self::secs(m.saturating_mul(60))
    }

    /// A span of so many days of 24 hours.
    pub const fn days(d: u64) -> Self {
        Self::minutes(d.saturating_mul(24 * 60))
    }

    /// Milliseconds.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Both spans together; stays at the longest span instead of wrapping.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// This span without the other; zero if the other is longer.
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

macro_rules! ranged {
    ($(#[$doc:meta])* $name:ident($inner:ty): $low:expr, $high:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name($inner);

        impl $name {
            /// Lowest value that counts as a measurement.
            pub const MIN: Self = Self($low);
            /// Highest value that counts as a measurement.
            pub const MAX: Self = Self($high);

            /// Takes a value within the range, else none.
            pub const fn new(value: $inner) -> Option<Self> {
                if value as i32 >= $low && value as i32 <= $high { Some(Self(value)) } else { None }
            }

            /// Whether it is a measurement, and not what was told in place of one.
            pub const fn is_measured(self) -> bool {
                Self::new(self.0).is_some()
            }

            /// The number in this unit.
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                ctx: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                self.0.encode(e, ctx)
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(
                d: &mut minicbor::Decoder<'b>,
                ctx: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                Self::new(<$inner>::decode(d, ctx)?)
                    .ok_or(minicbor::decode::Error::message("unit out of range"))
            }
        }
    };
}

ranged! {
    /// Heart beats a minute, 20 to 250.
    Bpm(u16): 20, 250
}
ranged! {
    /// Breaths a minute, 3 to 60.
    Breaths(u16): 3, 60
}
ranged! {
    /// Hundredths of a degree Celsius, -40.00 to 85.00.
    CentiCelsius(i16): -4000, 8500
}
ranged! {
    /// Thousandths of standard gravity, ±16 g.
    MilliG(i16): -16_000, 16_000
}
ranged! {
    /// Per cent, 0 to 100.
    Percent(u8): 0, 100
}
ranged! {
    /// Received signal strength in dBm, -127 to 0.
    Dbm(i8): -127, 0
}

impl Percent {
    /// What was told as a share and cannot be one; outside the range, so that nobody takes it for a measurement.
    pub const NONSENSE: Self = Self(u8::MAX);
}

impl Dbm {
    /// What was told as a signal strength and cannot be one.
    pub const NONSENSE: Self = Self(i8::MAX);
}
