//! What is a fall of a worn device?
//!
//! Numbers of a blow, of what follows it, and of getting up again. Not here: how fast a suspected fall becomes graver
//! ([`super::FALL_RISE`]), and how the numbers are used (`detect::fall`).

use proto::unit::Millis;

/// Least peak of a second that is looked at as a blow, milli-g. Source: SisFall, WEDA-FALL, UMAFall: the softest fall
/// that a sensor in order recorded has 1.4 g.
pub const FALL_BLOW_MIN_MG: u16 = 1250;
/// What a sensor of ±16 g cannot say, milli-g on an axis. Source: choice, full scale and 6 % of gain error.
pub const FALL_IMPLAUSIBLE_MG: u16 = 17_000;
/// Below this almost nothing carries the device, milli-g. Source: as [`FALL_DROPPED`].
pub const FALL_FREE_MG: u16 = 250;
/// Carried by nothing for longer, a device falls without its wearer: 38 cm. Source: SisFall, WEDA-FALL, UMAFall and
/// SmartFallMM, 1,942 recordings of falls: none above 200 ms; a drop from a table takes 380 ms.
pub const FALL_DROPPED: Millis = Millis::new(280);
/// Descent that is named as a stage, cm/s. Source: choice, free fall from 5 cm.
pub const FALL_DESCENT_CM_S: u16 = 100;
/// Blow that is named as a stage, milli-g. Source: choice, above sitting down of older people (SisFall SE, 2.5 g).
pub const FALL_BLOW_MG: u16 = 2500;
/// Turn that is named as a stage, degrees. Source: choice, halfway between standing and leaning.
pub const FALL_TURN_DEG: u8 = 45;
/// Mean change between two bins of 40 ms up to which a second is still, milli-g. Source: choice, three times the noise
/// of the sensors of SisFall and UMAFall at rest.
pub const FALL_STILL_MG: u32 = 30;
/// Stillness that confirms a fall. Source: choice, nobody who is unhurt lies still for longer.
pub const FALL_STILL: Millis = Millis::secs(5);
/// A suspected fall is confirmed after this without getting up, since the blow. Source: choice.
pub const FALL_NO_RECOVERY: Millis = Millis::secs(15);
/// Mean distance of the magnitude from 1 g from which a second is movement of the trunk, milli-g. Source: choice, slow
/// walking of older people in SisFall.
pub const FALL_UP_MG: u32 = 60;
/// Down is where it was before: cosine in 1/1024. Source: choice, 37 degrees.
pub const FALL_UP_COSINE: i32 = 820;
/// Seconds of upright movement that mean recovery. Source: choice.
pub const FALL_UP_BODY: Millis = Millis::secs(4);
/// Seconds of unbroken movement of the arm that mean recovery. Source: choice, longer than waving for help.
pub const FALL_UP_WRIST: Millis = Millis::secs(15);
/// Recovery is looked for until this after the blow. Source: choice.
pub const FALL_GIVE_UP: Millis = Millis::minutes(2);
