//! What the judgement says: findings, how grave they are, and the reasons that a card can print.
//!
//! A *finding* is what one detector says now, with evidence for and against. Findings of one home and
//! moment share an *incident*, which is one alert on the console. An *activation* is one press or
//! fall: it keeps its own name for ever, whatever incident it joins. Not here: words for people.

mod table;

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::{DeviceId, PressId};
use proto::unit::{Millis, Mono};

/// Most pieces of evidence on one finding.
pub const EVIDENCE_MAX: usize = 8;

/// How far a frame is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Trust {
    /// The end tag verifies: this device said it.
    #[n(0)]
    Verified,
    /// Nobody could verify it; shown as an unverified press, never dropped.
    #[n(1)]
    Unverified,
}

/// What an alert is about; numbers are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    /// A person asked for help: press or pull.
    #[n(0)]
    Help,
    /// A fall, suspected or confirmed by the device.
    #[n(1)]
    Fall,
    /// A press that nobody could verify.
    #[n(2)]
    Unverified,
    /// An emergency of a known device that could not be read.
    #[n(3)]
    Unreadable,
    /// Out of bed and not back.
    #[n(4)]
    Bed,
    /// No sign of life against this person's own hours.
    #[n(5)]
    Stillness,
    /// A device that should speak and does not.
    #[n(6)]
    Silence,
    /// A gateway that should speak and does not; stands for all its devices.
    #[n(7)]
    GatewaySilence,
    /// A device says it is not well: battery, tamper, stuck contact, lost records.
    #[n(8)]
    Fault,
    /// Breath or heart outside the limits set for this person.
    #[n(9)]
    Vitals,
    /// A night unlike this person's others.
    #[n(10)]
    Restless,
    /// One identity speaks with two voices: a copied device or box.
    #[n(11)]
    IdentityTwice,
    /// A home whose devices have no gateway that the server would hear.
    #[n(12)]
    NoWay,
    /// The watch room or a home box itself needs a hand: a store, a certificate, a clock.
    #[n(13)]
    Upkeep,
    /// A device or box that is silent or without mains again and again; stands for each time.
    #[n(14)]
    Unsteady,
    /// A device or box that starts again and again.
    #[n(15)]
    Boots,
    /// A contact that chatters, or does not come back.
    #[n(16)]
    Stuck,
    /// Out by a door at night and not back.
    #[n(17)]
    Wander,
}

/// How soon somebody must act; order matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Severity {
    /// Equipment: a task, not an alarm.
    #[n(0)]
    Fault,
    /// Look at it this shift.
    #[n(1)]
    General,
    /// Look at it within minutes.
    #[n(2)]
    Important,
    /// Now.
    #[n(3)]
    Emergency,
}

/// One reason for or against, with numbers that a card can print.
#[derive(Debug, Clone, Copy, PartialEq, Encode, Decode)]
pub struct Evidence {
    /// What was seen.
    #[n(0)]
    pub what: Seen,
    /// Whether it speaks for the finding, else against.
    #[n(1)]
    pub supports: bool,
    /// When, on the caller's clock.
    #[n(2)]
    pub at: Mono,
    /// The number that goes with it, in the unit that `Seen` names; 0 where there is none.
    #[n(3)]
    pub value: f32,
}

/// What a piece of evidence is; numbers are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Seen {
    /// A press or pull.
    #[n(0)]
    Pressed,
    /// A fall, told by the device.
    #[n(1)]
    Fell,
    /// Left the bed; value = minutes ago.
    #[n(2)]
    LeftBed,
    /// In bed; value = minutes.
    #[n(3)]
    InBed,
    /// Movement; value = minutes ago.
    #[n(4)]
    Moved,
    /// A door went; value = minutes ago.
    #[n(5)]
    Door,
    /// Nothing seen; value = minutes.
    #[n(6)]
    Nothing,
    /// Device silent; value = minutes.
    #[n(7)]
    Silent,
    /// The press was taken back by a long hold.
    #[n(8)]
    Cancelled,
    /// Battery; value = per cent.
    #[n(9)]
    Battery,
    /// Cover opened.
    #[n(10)]
    Tampered,
    /// Contact does not come back.
    #[n(11)]
    Stuck,
    /// Records dropped; value = how many.
    #[n(12)]
    Lost,
    /// Mains power lost.
    #[n(13)]
    NoMains,
    /// Last seen up and about; value = minutes ago: the long-lie clock.
    #[n(40)]
    Upright,
    /// The home was asked and nobody did anything; value = minutes asked.
    #[n(41)]
    NoAnswer,
    /// The home was asked, and somebody did something.
    #[n(42)]
    Answered,
    /// This rule has been wrong here lately and starts lower; value = how often.
    #[n(43)]
    Demoted,
    /// Put aside while the home is lively; value = minutes.
    #[n(44)]
    NotWorn,
    /// Tells nothing new while others do; value = minutes.
    #[n(45)]
    Unchanging,
    /// Tells the same without a rest; value = minutes.
    #[n(46)]
    AlwaysOn,
    /// How long stillness from such an hour usually lasts in this home at most; value = minutes.
    #[n(60)]
    Usual,
    /// In one room and nowhere else; value = minutes.
    #[n(61)]
    InRoom,
    /// Breathing rate; value = breaths a minute.
    #[n(80)]
    Breath,
    /// Heart rate; value = beats a minute.
    #[n(81)]
    Heart,
    /// Lasts so long already; value = minutes.
    #[n(82)]
    Sustained,
    /// Restless in bed; value = per cent of the time there.
    #[n(83)]
    Restless,
    /// What is usual of that in this person's nights; value = per cent.
    #[n(84)]
    RestlessUsual,
    /// The stored judgement of a home cannot be read or written.
    #[n(100)]
    HomeState,
    /// The series store was damaged and set aside; a new one runs.
    #[n(101)]
    SeriesAside,
    /// The inbox was damaged and set aside; a new one runs.
    #[n(102)]
    InboxAside,
    /// A home box found its spool damaged; a new one runs.
    #[n(103)]
    SpoolDamaged,
    /// A certificate ends soon; value = days left.
    #[n(104)]
    CertificateEnds,
    /// A certificate has ended.
    #[n(105)]
    CertificateEnded,
    /// The same id came with other bytes.
    #[n(106)]
    TwoVoices,
    /// The series store refuses measured values.
    #[n(107)]
    PointsRefused,
    /// The clock on the wall cannot be right.
    #[n(108)]
    WrongTime,
    /// A receiver of notices does not answer.
    #[n(109)]
    ReceiverDead,
    /// No gateway that the server would hear; value = minutes.
    #[n(110)]
    NoGateway,
    /// A loop of the server had to be started again.
    #[n(111)]
    LoopRestarted,
    /// File handles run out.
    #[n(112)]
    HandlesShort,
    /// The records were restored from a backup; homes say again what it lacks.
    #[n(113)]
    Restored,
    /// The home's sounder could not be switched.
    #[n(114)]
    SounderFailed,
    /// A record could not be taken in and was put aside.
    #[n(115)]
    PutAside,
    /// The records do not take what is written.
    #[n(116)]
    RecordsRefuse,
    /// What homes say waits unheard in the inbox: nobody's silence can be told.
    #[n(128)]
    Backlog,
    /// A row of the records cannot be read or written; what depends on it rests.
    #[n(129)]
    RowRefused,
    /// A person had ended it before the records were restored; value = minutes ago.
    #[n(132)]
    EndedBefore,
    /// Gone and back again; value = how often in a row with less than a day between.
    #[n(150)]
    Wavered,
    /// Started; value = how often lately.
    #[n(151)]
    Booted,
    /// Closed since before its device started: nobody has let go of it.
    #[n(152)]
    HeldAtBoot,
    /// Enrolled and never heard; value = minutes since.
    #[n(153)]
    NotInstalled,
    /// Went out by a door; value = minutes ago.
    #[n(154)]
    WentOut,
    /// The door stands open since; value = minutes ago.
    #[n(155)]
    DoorStandsOpen,
    /// Connected; value = how often lately.
    #[n(156)]
    Connected,
    /// A part of the server stands still.
    #[n(170)]
    WorkerStill,
    /// The disk is full: what is left of it is for calls.
    #[n(171)]
    DiskFull,
    /// What homes say was dropped for want of room at the server; value = how many.
    #[n(172)]
    Shed,
    /// Calls that the server could not keep and did not acknowledge; value = how many.
    #[n(173)]
    Refused,
    /// Notices that nobody outside has confirmed, given up; value = how many.
    #[n(174)]
    NoticesDead,
    /// Messages that the local bus of a home has lost; value = how many.
    #[n(175)]
    BusLost,
    /// The disk of a home box is full: what is left of it is for calls.
    #[n(176)]
    BoxDiskFull,
    /// A file of the server that somebody has changed cannot be used: what it said before stays in force.
    #[n(177)]
    FileUnread,
    /// The configuration has changed and counts after a new start.
    #[n(178)]
    ConfigChanged,
}

/// What one detector says, and in which incident of this home.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Incident number, counted within the home; an open incident takes what follows within its window.
    pub incident: u32,
    /// Whether this finding opens the incident.
    pub opens: bool,
    /// What it is about.
    pub kind: Kind,
    /// How soon.
    pub severity: Severity,
    /// The frame that is this activation, for presses and falls.
    pub activation: Option<PressId>,
    /// Whose, if one device's.
    pub device: Option<DeviceId>,
    /// When it happened, on the caller's clock.
    pub at: Mono,
    /// Reasons for and against.
    pub evidence: Vec<Evidence, EVIDENCE_MAX>,
}

/// A span in minutes, for a card.
#[expect(clippy::cast_precision_loss, reason = "a card shows minutes, not milliseconds")]
pub(crate) fn minutes(span: Millis) -> f32 {
    span.get() as f32 / 60_000.0
}

/// Evidence whose number is how long ago it was.
pub(crate) fn ago(what: Seen, supports: bool, at: Mono, now: Mono) -> Evidence {
    Evidence { what, supports, at, value: minutes(now.since(at)) }
}

/// Evidence without a number.
pub(crate) fn bare(what: Seen, at: Mono) -> Evidence {
    Evidence { what, supports: true, at, value: 0.0 }
}
