//! How an alert ends: the code that a person gives, without which none does.
//!
//! Codes are those of the console's digit keys and are for ever. Not here: their words (`server/locales`).

use minicbor::{Decode, Encode};
use proto::unit::Millis;

use crate::policy::{FOLLOW_UP_DAY, FOLLOW_UP_SOON};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
#[repr(u8)]
pub enum Outcome {
    /// 其他: anything else; needs a text.
    #[n(0)]
    Other = 0,
    /// 急救送医: taken to hospital.
    #[n(1)]
    Hospital = 1,
    /// 已处置在家: helped at home.
    #[n(2)]
    HelpedAtHome = 2,
    /// 家属/网格到场: family or neighbours are there.
    #[n(3)]
    SomebodyThere = 3,
    /// 误触: pressed by mistake.
    #[n(4)]
    Mistake = 4,
    /// 测试: a test.
    #[n(5)]
    Test = 5,
    /// 设备故障: the device is at fault.
    #[n(6)]
    DeviceFault = 6,
    /// 无应答-上门确认平安: no answer, somebody went and all is well.
    #[n(7)]
    FoundWell = 7,
    /// 无应答-移交警方: no answer, handed to the police.
    #[n(8)]
    Police = 8,
    /// 重复并单: the same matter as another alert.
    #[n(9)]
    Duplicate = 9,
}

impl Outcome {
    /// All, in the order of the digit keys with 0 last.
    pub const ALL: [Self; 10] = [
        Self::Hospital,
        Self::HelpedAtHome,
        Self::SomebodyThere,
        Self::Mistake,
        Self::Test,
        Self::DeviceFault,
        Self::FoundWell,
        Self::Police,
        Self::Duplicate,
        Self::Other,
    ];

    /// The code of a digit key, 0 to 9.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Reads a code; none above 9.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }

    /// Whether the person must say more in words.
    pub const fn needs_text(self) -> bool {
        matches!(self, Self::Other)
    }

    /// Whether it counts against the device in its false-alarm rate.
    pub const fn is_false_alarm(self) -> bool {
        matches!(self, Self::Mistake | Self::DeviceFault)
    }

    /// Whether what a detector found was nothing: it counts against the rule's false-alarm budget.
    pub const fn is_false_finding(self) -> bool {
        matches!(self, Self::Mistake | Self::DeviceFault | Self::FoundWell)
    }

    /// Whether somebody needed help: it gives a rule its whole voice back.
    pub const fn is_true_alarm(self) -> bool {
        matches!(self, Self::Hospital | Self::HelpedAtHome | Self::SomebodyThere | Self::Police)
    }

    /// When somebody should call the resident again, if nothing else is agreed.
    pub const fn follow_up(self) -> Option<Millis> {
        match self {
            Self::HelpedAtHome | Self::SomebodyThere => Some(FOLLOW_UP_SOON),
            Self::Hospital | Self::FoundWell | Self::Police | Self::Other => Some(FOLLOW_UP_DAY),
            Self::Mistake | Self::Test | Self::DeviceFault | Self::Duplicate => None,
        }
    }
}
