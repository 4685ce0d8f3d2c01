//! Every threshold and time-out of the system, in one place, grouped by the question that it answers.
//!
//! Each number has its unit in its type and its *source*: a standard or field report, a measurement, an
//! invariant of the design, or "choice" where nobody has measured. Server, gateway and firmware
//! take their numbers from here; [`Rules`] holds those that a home or an area may set differently.
//! Not here: technical limits such as buffer sizes, which stand in the file that uses them.

pub mod dates;
pub mod kept;
pub mod ladder;
pub mod life;
pub mod night;
pub mod pace;
pub mod time;
pub mod vital;

use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::Millis;

pub use self::kept::WINDOW_KEPT;
pub use self::ladder::{
    FAULT_EXTERNAL, FAULT_SECOND_SITE, FAULT_SUPERVISOR, NOTICE_FIRST, NOTICE_LIFE, NOTICE_MOST,
    NOTICE_PROBE, RECEIVER_BACK, RECEIVER_DEAD,
};
pub use self::pace::{
    ALERT, AWAY_LEARNED, CALM, HABIT_DAYS, PRIOR_DAYS, Pace, RECORD_FADES, TOLD_LEARNED,
    USUAL_STILL, Usual, Watch,
};

// How long may a device wait before it says that nobody heard?

/// No `stored` within this: the device says so itself. Source: invariant V3.
pub const NO_STORED: Millis = Millis::secs(10);
/// First pause before a device or gateway connects again. Source: choice, a lost packet should cost one second.
pub const BACKOFF_MIN: Millis = Millis::secs(1);
/// Longest pause before a device or gateway connects again. Source: invariant V3.
pub const BACKOFF_MAX: Millis = Millis::secs(30);
/// A button held this long means "it is nothing". Source: choice, longer than any press by mistake.
pub const CANCEL_HOLD: Millis = Millis::secs(3);
/// A contact closed this long is stuck. Source: choice, nobody holds a button for half a minute.
pub const STUCK_HOLD: Millis = Millis::secs(30);
/// The home's own alarm sounds this soon when the way to the server is cut. Source: issue 3, island behaviour.
pub const ISLAND_ALARM: Millis = Millis::secs(2);
/// A press is labelled late when it was this old on arrival. Source: choice, the whole answer time of EN-style
/// codes (60 s, field.md 4a) is then gone.
pub const LATE_AFTER: Millis = Millis::secs(60);

// How often does everybody say that they live, and when is silence a fault?

/// Health frame of a device on mains. Source: field.md 4d, 60 s x 6 devices x 23,000 beds = 2,300/s.
pub const HEALTH_MAINS: Millis = Millis::secs(60);
/// Health frame of a device on battery. Source: field.md 4e, life-safety devices are missed within 4 h.
pub const HEALTH_BATTERY: Millis = Millis::minutes(60);
/// Summary of one bed. Source: design section 8, one message a minute and bed.
pub const READING_PERIOD: Millis = Millis::secs(60);
/// Longest silence of a healthy gateway: it sends its health when nothing else is to be said. Source: a third of
/// [`GATEWAY_SILENT`], so that two lost messages are no fault.
pub const HEALTH_GATEWAY: Millis = Millis::secs(30);
/// A gateway silent for this long is a fault. Source: invariant V11; EN 50136-1 SP5 has the same 90 s.
pub const GATEWAY_SILENT: Millis = Millis::secs(90);
/// A mains device silent for this long is a fault. Source: invariant V11.
pub const DEVICE_SILENT: Millis = Millis::secs(200);
/// A mains device may be this much later than two periods. Source: what [`DEVICE_SILENT`] leaves to one that speaks
/// each minute, more than two of the longest backoffs.
pub const MAINS_SLACK: Millis = Millis::secs(80);
/// No device is called silent sooner, whatever rhythm it promises. Source: choice, the silence of its gateway must be
/// known before.
pub const DEVICE_SILENT_MIN: Millis = Millis::secs(120);
/// A battery device may be this much later than two periods. Source: choice, a reconnect at the longest backoff.
pub const BATTERY_SLACK: Millis = Millis::secs(90);
/// Whatever a device promises, silence is a fault after this. Source: Zigbee2MQTT's 1,500 min for battery devices,
/// the floor that field.md 4e allows.
pub const BATTERY_SILENT_MAX: Millis = Millis::minutes(25 * 60);
/// After the way to a home is back, its backlog gets this long before absence is judged. Source: choice, a gateway
/// sends 72 h of summaries of one home (4,320 frames) in seconds.
pub const CATCH_UP: Millis = Millis::minutes(2);
/// A device that was enrolled and never spoke is a fault after this. Source: field.md 4a, faulty unit within 24 h.
pub const NEVER_HEARD: Millis = Millis::minutes(24 * 60);
/// Battery at or below this is a fault, per cent. Source: choice, about two weeks of a coin cell.
pub const BATTERY_LOW_PERCENT: u8 = 15;
/// Battery at or above this ends that fault, per cent. Source: choice, a fresh cell and not noise.
pub const BATTERY_GOOD_PERCENT: u8 = 30;

// How long until a person has it?

/// An emergency is on a live console within this, else the ladder runs at once. Source: invariant V8.
pub const VISIBLE_WITHIN: Millis = Millis::secs(3);
/// Rings on every console. Source: ux.md 2.5.
pub const RING_ALL: Millis = Millis::secs(15);
/// Supervisor's screen and phone. Source: ux.md 2.5.
pub const SUPERVISOR: Millis = Millis::secs(30);
/// Second site or the colleague on call. Source: ux.md 2.5; field.md 4a, 97.5 % of calls are answered within 60 s.
pub const SECOND_SITE: Millis = Millis::secs(60);
/// The external contact of the home. Source: ux.md 2.5; field.md 4a, every call over 180 s is investigated.
pub const EXTERNAL: Millis = Millis::secs(120);
/// A claim holds this long without renewal. Source: invariant V9.
pub const LEASE: Millis = Millis::secs(20);
/// A console renews its claims this often. Source: invariant V9.
pub const RENEW: Millis = Millis::secs(5);
/// A dead holder's alert is back in the queue within this. Source: invariant V9.
pub const BACK_IN_QUEUE: Millis = Millis::secs(30);
/// A console that has not been heard for this is not on duty. Source: ux.md 2.4.
pub const CONSOLE_LOST: Millis = Millis::secs(15);
/// A console says this often that it lives. Source: a third of [`CONSOLE_LOST`].
pub const PRESENCE: Millis = Millis::secs(5);
/// The Space key silences a console for this long; one that is silent for longer is not on duty. Source: ux.md 3.2.
pub const MUTE: Millis = Millis::secs(30);
/// The server tells its consoles this often that it lives. Source: ux.md 3.1, link lost is shown within 5 s.
pub const BEAT: Millis = Millis::secs(2);
/// A console shows "link lost" after this without a beat. Source: ux.md 3.1.
pub const LINK_LOST: Millis = Millis::secs(5);

// How long may work on an alert rest?

/// A claimed alert without any action after this is past its timer. Source: choice, the answer time of field.md 4a.
pub const FIRST_ACTION: Millis = Millis::secs(60);
/// A claimed alert without a further action after this is past its timer. Source: choice, Hangzhou's case log has
/// neighbours on the scene after 6 min (field.md 4b).
pub const NEXT_ACTION: Millis = Millis::minutes(10);
/// Longest suspension. Source: ux.md 2.7.
pub const SUSPEND_MAX: Millis = Millis::minutes(15);
/// Presses and falls of one home within this are one incident. Source: ux.md 2.6.
pub const INCIDENT_WINDOW: Millis = Millis::minutes(10);
/// A close can be taken back for this long on the console, before it is sent. Source: ux.md 2.8.
pub const CLOSE_UNDO: Millis = Millis::secs(10);
/// A follow-up call after help in the home. Source: ux.md 3.3.
pub const FOLLOW_UP_SOON: Millis = Millis::minutes(30);
/// A follow-up call after a rescue. Source: ux.md 3.3.
pub const FOLLOW_UP_DAY: Millis = Millis::minutes(24 * 60);

// What does the home itself say before an operator is troubled?

/// The home is asked this long before an automatic finding is an alarm. Source: field.md 2 A3, 60 s; never for a press.
pub const ASK: Millis = Millis::secs(60);
/// A fall that is only suspected rises a step after this without a sign of recovery. Source: field.md 2 D4, an
/// operator has it within 3 min; two steps of a minute leave one to spare.
pub const FALL_RISE: Millis = Millis::secs(60);
/// Movement this soon after a suspected fall may be the fall itself. Source: choice, hold time of infra-red sensors.
pub const FALL_SETTLE: Millis = Millis::secs(20);
/// Somebody who recovered from a suspected fall and then is not seen for this long is a step graver again. Source:
/// choice, sitting down for a rest.
pub const FALL_QUIET: Millis = Millis::minutes(15);
/// Not back in bed rises a step when nobody is seen for this long. Source: choice, the night's limit once more.
pub const BED_RISE: Millis = Millis::minutes(30);
/// Stillness rises a step after this. Source: field.md 3 (7), an hour on the floor is the line of harm.
pub const STILL_RISE: Millis = Millis::minutes(60);

// When has a rule cried wolf?

/// So many false alarms of one rule in one home lower it. Source: ux.md 3.3, three mistakes in 7 days.
pub const BUDGET_COUNT: u8 = 3;
/// Within this. Source: as there.
pub const BUDGET_SPAN: Millis = Millis::minutes(7 * 24 * 60);
/// A rule stays a step lower this long after its last false alarm. Source: choice, one span of the budget.
pub const DEMOTED_FOR: Millis = Millis::minutes(7 * 24 * 60);

// When is a sensor that speaks nevertheless dead, stuck or put aside?

/// A motion sensor that sees nothing this long while the home is lively is a fault. Source: field.md 2 D15, 24 h.
pub const MOTION_DEAD: Millis = Millis::minutes(24 * 60);
/// The same for a bed that never changes. Source: choice, a night away and a day.
pub const BED_DEAD: Millis = Millis::minutes(48 * 60);
/// The same for a door that never opens. Source: choice, somebody is brought food or goes out within a fortnight.
pub const DOOR_DEAD: Millis = Millis::minutes(14 * 24 * 60);
/// A home is lively enough to tell a dead sensor after so many hours with life elsewhere. Source: choice, half of the
/// waking hours of a day.
pub const LIVELY_HOURS: u8 = 8;
/// A sensor that never rests for this long sees something that is no person. Source: choice, every sleeper leaves it
/// more, and what a battery device repeats with its hourly health is no rest; TIHM: 4 such days in 1,802, with 60 min 1.
pub const MOTION_REST: Millis = Millis::minutes(75);
/// Going on without such a rest for this long it is stuck. Source: field.md 2 D15, always true for 24 h.
pub const ALWAYS_ON: Millis = Millis::minutes(24 * 60);
/// A pendant that lies still this long while the home is lively is not worn. Source: field.md 2 A15, 4 h of waking.
pub const NOT_WORN: Millis = Millis::minutes(4 * 60);
/// Hours with life elsewhere by day before that is said. Source: as there.
pub const NOT_WORN_HOURS: u8 = 4;
/// Mains lost by several devices of one home within this is one cause. Source: choice, they tell it within a health
/// period and a reconnect.
pub const OUTAGE_WINDOW: Millis = Millis::minutes(5);

// What is a chattering contact?

/// So many activations of one device within [`CHATTER_WINDOW`] are a stuck or bouncing contact. Source: choice,
/// debounced presses of a person in fear stay below 2/s; the fault of reliability.md T24 makes 10/s.
pub const CHATTER_COUNT: u8 = 20;
/// Window of [`CHATTER_COUNT`]. Source: as there.
pub const CHATTER_WINDOW: Millis = Millis::secs(10);
/// A chattering contact that rests this long is sound again. Source: choice, as long as an incident stays open.
pub const CHATTER_QUIET: Millis = Millis::minutes(10);

// How long may a person be out of bed?

/// Night begins, minutes after midnight. Source: choice, 22:00; settable per home.
pub const NIGHT_FROM: u16 = 22 * 60;
/// Night ends, minutes after midnight. Source: choice, 06:00; settable per home.
pub const NIGHT_UNTIL: u16 = 6 * 60;
/// Out of bed at night for longer is important. Source: ux.md 3.1 shows 25 min; choice of 30; settable per home.
pub const BED_OUT_NIGHT: Millis = Millis::minutes(30);
/// Out of bed for longer is worth a look at any hour, also when the hour is unknown. Source: choice, a long day of
/// 18 h; above every healthy day.
pub const BED_OUT_LONG: Millis = Millis::minutes(18 * 60);
/// A load-cell mat tells "out" this much after the fact at most. Source: device core's debounce; radars on sale
/// need 30-40 s (field.md 4e) and get an own line when they come.
pub const MAT_DELAY: Millis = Millis::secs(10);
/// Share of a summary's span in bed at or above which the person is in bed, per cent. Source: choice, the majority.
pub const IN_BED_SHARE: f32 = 50.0;
/// Share of a summary's span in bed at or below which the person is out, per cent. Source: choice, a minute with
/// less than 6 s in bed; between both nothing is concluded.
pub const OUT_OF_BED_SHARE: f32 = 10.0;

// When has somebody who wears a sensor left the bed?

/// A worn sensor tells "out" and "in" this much after the fact. Source: UCI 427 room S1; 20 s was no better.
pub const EXIT_DELAY: Millis = Millis::secs(10);
/// Belief above which somebody in bed has left it, in 64ths of log odds. Source: UCI 427 room S1, the middle of where
/// recall and precision of unseen stretches of trials are level.
pub const EXIT_OUT: i32 = 16;
/// Belief below which somebody who left is back in bed, in 64ths of log odds. Source: as there.
pub const EXIT_BACK: i32 = -80;

// How long may a home be still?

/// Shortest stillness that is ever reported. Source: choice, a nap; a home's own hours ask for more.
pub const STILL_MIN: Millis = Millis::minutes(60);
/// Longest stillness that is not reported, at home. Source: TIHM, a long night and a long morning; field.md 4b has a
/// 10 h bedroom limit on sale, which would tell 0.05 a home-day by itself.
pub const STILL_MAX: Millis = Millis::minutes(16 * 60);
/// Longest absence through the door that is not reported. Source: choice, a week: longer journeys are announced. In
/// TIHM nobody who had left by the door was missed for good, and 13 were away for more than 36 h.
pub const AWAY_MAX: Millis = Millis::minutes(7 * 24 * 60);
/// A visit to the watched room may last so much of the longest that the home has shown, per cent. Source: choice, half
/// as long again.
pub const DWELL_RECORD: u64 = 150;
/// And never more than so many times what the home has set. Source: choice, a long bath.
pub const DWELL_MOST: u64 = 3;
/// With each visit the longest fades by one of so many. Source: choice, about a week of ten visits a day.
pub const DWELL_FADES: u64 = 64;
/// Movement this soon after a door is still the one who leaves. Source: choice, hold time of infra-red sensors.
pub const DOOR_SETTLE: Millis = Millis::minutes(2);
/// A movement this soon before a door belongs to who opens it. Source: choice, putting on shoes.
pub const DOOR_BEFORE: Millis = Millis::minutes(10);

// What is a fall of a worn device?

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

const _: () = {
    const fn ms(span: Millis) -> u64 {
        span.get()
    }
    assert!(ms(BACKOFF_MIN) < ms(BACKOFF_MAX) && ms(CANCEL_HOLD) < ms(STUCK_HOLD));
    assert!(ms(NO_STORED) < ms(LATE_AFTER), "the device speaks before the server calls it late");
    assert!(ms(HEALTH_GATEWAY) * 3 <= ms(GATEWAY_SILENT), "two lost messages are no fault");
    assert!(
        ms(GATEWAY_SILENT) < ms(DEVICE_SILENT_MIN),
        "the root cause is known before its effects"
    );
    assert!(ms(DEVICE_SILENT_MIN) < ms(DEVICE_SILENT));
    assert!(ms(HEALTH_MAINS) * 3 < ms(DEVICE_SILENT), "two lost health frames are no fault");
    assert!(2 * ms(HEALTH_MAINS) + ms(MAINS_SLACK) == ms(DEVICE_SILENT));
    assert!(ms(BATTERY_SLACK) > 2 * ms(BACKOFF_MAX));
    assert!(2 * ms(HEALTH_BATTERY) + ms(BATTERY_SLACK) <= 4 * 60 * 60_000, "field.md 4e");
    assert!(ms(BATTERY_SILENT_MAX) > ms(NEVER_HEARD) && BATTERY_LOW_PERCENT < BATTERY_GOOD_PERCENT);
    assert!(ms(VISIBLE_WITHIN) < ms(RING_ALL) && ms(RING_ALL) < ms(SUPERVISOR));
    assert!(ms(SUPERVISOR) < ms(SECOND_SITE) && ms(SECOND_SITE) < ms(EXTERNAL));
    assert!(3 * ms(RENEW) < ms(LEASE), "two lost renewals keep a claim");
    assert!(ms(LEASE) + ms(RENEW) <= ms(BACK_IN_QUEUE));
    assert!(2 * ms(PRESENCE) < ms(CONSOLE_LOST) && 2 * ms(BEAT) < ms(LINK_LOST));
    assert!(ms(FIRST_ACTION) < ms(NEXT_ACTION) && ms(SUSPEND_MAX) <= 15 * 60_000);
    assert!(ms(CHATTER_WINDOW) < ms(CHATTER_QUIET) && ms(CHATTER_QUIET) <= ms(INCIDENT_WINDOW));
    assert!(ms(ASK) < ms(BED_OUT_NIGHT) && ms(FALL_SETTLE) < ms(FALL_RISE));
    assert!(2 * ms(FALL_RISE) <= 3 * 60_000, "field.md D4");
    assert!(ms(FALL_RISE) < ms(FALL_QUIET) && ms(FALL_QUIET) < ms(STILL_RISE));
    assert!(ms(MOTION_REST) < ms(ALWAYS_ON) && ms(MOTION_DEAD) < ms(DOOR_DEAD));
    assert!(ms(MAT_DELAY) < ms(BED_OUT_NIGHT) && ms(BED_OUT_NIGHT) < ms(BED_OUT_LONG));
    assert!(ms(ASK) < ms(night::BED_QUIET) && ms(night::BED_QUIET) < ms(BED_OUT_NIGHT));
    assert!(NIGHT_FROM < 1440 && NIGHT_UNTIL < 1440 && OUT_OF_BED_SHARE < IN_BED_SHARE);
    assert!(ms(STILL_MIN) < ms(STILL_MAX) && ms(STILL_MAX) < ms(AWAY_MAX));
};

/// What a home or an area may set for itself; the default is the numbers above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Rules {
    /// Night begins, minutes after local midnight, below 1440; equal to `night_until` = never night.
    #[n(0)]
    pub night_from: u16,
    /// Night ends, minutes after local midnight, below 1440.
    #[n(1)]
    pub night_until: u16,
    /// Longest time out of bed at night; none = not watched.
    #[n(2)]
    pub bed_out_night: Option<Millis>,
    /// Longest time out of bed at any hour; none = not watched.
    #[n(3)]
    pub bed_out_long: Option<Millis>,
    /// Shortest stillness that is reported; none = not watched.
    #[n(4)]
    pub still_min: Option<Millis>,
    /// Stillness that is reported whatever the hours of the person say; at least `still_min`.
    #[n(5)]
    pub still_max: Option<Millis>,
    /// How long the home is asked before an automatic finding is an alarm, [`ASK`] where it can; none = it has
    /// nothing to ask with, and everything is raised at once.
    #[n(16)]
    pub ask: Option<Millis>,
    /// How readily stillness is told.
    #[cbor(n(8), default)]
    pub watch: Watch,
    /// A room in which nobody should stay too long, such as the bathroom; none = not watched.
    #[n(9)]
    pub dwell: Option<Room>,
    /// Slowest breath that is not told, per minute; none = not watched. Check it with [`crate::reading::limit`].
    #[n(20)]
    pub breath_low: Option<u8>,
    /// Fastest breath that is not told, per minute; none = not watched.
    #[n(21)]
    pub breath_high: Option<u8>,
    /// Slowest heart that is not told, per minute; none = not watched.
    #[n(22)]
    pub heart_low: Option<u8>,
    /// Fastest heart that is not told, per minute; none = not watched.
    #[n(23)]
    pub heart_high: Option<u8>,
    /// Longest time out of a bed that was left in an hour of the day, minutes; 0 = `bed_out_night`, which must be set.
    #[cbor(n(24), default)]
    pub bed_out_hours: [u8; 24],
    /// Longest time out of bed at night in which nobody is seen in the home; none = not watched.
    #[n(25)]
    pub bed_quiet: Option<Millis>,
    /// Whether a night that is unlike this person's others is told.
    #[cbor(n(26), default)]
    pub restless: bool,
}

/// A room in which nobody should stay too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Room {
    /// Its motion sensor.
    #[n(0)]
    pub sensor: DeviceId,
    /// A visit that lasts at least so long is told; longer if the home's own visits do.
    #[n(1)]
    pub least: Millis,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            night_from: NIGHT_FROM,
            night_until: NIGHT_UNTIL,
            bed_out_night: Some(BED_OUT_NIGHT),
            bed_out_long: Some(BED_OUT_LONG),
            still_min: Some(STILL_MIN),
            still_max: Some(STILL_MAX),
            ask: None,
            watch: Watch::Calm,
            dwell: None,
            breath_low: None,
            breath_high: None,
            heart_low: None,
            heart_high: None,
            bed_out_hours: [0; 24],
            bed_quiet: Some(night::BED_QUIET),
            restless: true,
        }
    }
}

impl Rules {
    /// Longest time out of a bed that was left at a local minute of a night; none = not watched.
    pub fn bed_out(&self, minute_of_day: u16) -> Option<Millis> {
        let night = self.bed_out_night?;
        let own = self.bed_out_hours.get(usize::from(minute_of_day / 60)).copied().unwrap_or(0);
        Some(if own == 0 { night } else { Millis::minutes(own.into()) })
    }

    /// Whether a local minute of the day belongs to the night; a night may pass midnight.
    pub const fn is_night(&self, minute_of_day: u16) -> bool {
        if self.night_from <= self.night_until {
            minute_of_day >= self.night_from && minute_of_day < self.night_until
        } else {
            minute_of_day >= self.night_from || minute_of_day < self.night_until
        }
    }
}
