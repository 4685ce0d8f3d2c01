//! Numbers and words of what the judgement says, as rows hold them and programs read them.
//!
//! Not here: their numbers in the stored judgement of a home, which are the same and stand on the enums; words for people.

use super::{Kind, Severity, Trust};

proto::numbered!(Kind: i64 {
    Help = 0 "help",
    Fall = 1 "fall",
    Unverified = 2 "unverified",
    Unreadable = 3 "unreadable",
    Bed = 4 "bed",
    Stillness = 5 "stillness",
    Silence = 6 "silence",
    GatewaySilence = 7 "gateway_silence",
    Fault = 8 "fault",
    Vitals = 9 "vitals",
    Restless = 10 "restless",
    IdentityTwice = 11 "identity_twice",
    NoWay = 12 "no_way",
    Upkeep = 13 "upkeep",
    Unsteady = 14 "unsteady",
    Boots = 15 "boots",
    Stuck = 16 "stuck",
    Wander = 17 "wander",
});

proto::numbered!(Severity: i64 {
    Fault = 0 "fault",
    General = 1 "general",
    Important = 2 "important",
    Emergency = 3 "emergency",
});

proto::numbered!(Trust: i64 {
    Verified = 0 "verified",
    Unverified = 1 "unverified",
});
