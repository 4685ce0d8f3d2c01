//! What a device is for. One that a newer build has named is *other*: no word is lost because its speaker is new.
//!
//! Not here: what follows from a role (`care`), and which one an enrolment gave (`relay`).

use minicbor::decode::Error;
use minicbor::{Decode, Decoder, Encode};

/// What a device is for; numbers are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode)]
#[cbor(index_only)]
pub enum Role {
    /// Help button, worn or fixed.
    #[n(0)]
    HelpButton,
    /// Pull-cord, mostly in the bathroom.
    #[n(1)]
    PullCord,
    /// Mat with load cells under the mattress.
    #[n(2)]
    BedMat,
    /// Passive infra-red motion sensor.
    #[n(3)]
    Motion,
    /// Door contact.
    #[n(4)]
    Door,
    /// Worn fall detector with a button.
    #[n(5)]
    Pendant,
    /// The gateway itself.
    #[n(6)]
    Gateway,
    /// What this build does not know; it is heard all the same.
    #[n(255)]
    Other,
}

crate::numbered!(Role: i64 {
    HelpButton = 0 "help_button",
    PullCord = 1 "pull_cord",
    BedMat = 2 "bed_mat",
    Motion = 3 "motion",
    Door = 4 "door",
    Pendant = 5 "pendant",
    Gateway = 6 "gateway",
    Other = 255 "other",
});

impl<'b, C> Decode<'b, C> for Role {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        let start = d.position();
        if let Some(role) = d.i64().ok().and_then(Self::from_number) {
            return Ok(role);
        }
        d.set_position(start);
        d.skip().map(|()| Self::Other)
    }
}
