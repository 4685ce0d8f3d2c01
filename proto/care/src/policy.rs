//! Every threshold and time-out of the system, in one place, grouped by the question that it answers.
//!
//! Each number has its unit in its type and its *source*: a standard or field report, a measurement, an
//! invariant of the design, or "choice" where nobody has measured. Server, gateway and firmware
//! take their numbers from here; [`Rules`] holds those that a home or an area may set differently.
//! Not here: technical limits such as buffer sizes, which stand in the file that uses them.

pub mod bed;
pub mod dates;
pub mod fall;
pub mod kept;
pub mod ladder;
pub mod life;
pub mod night;
pub mod noise;
pub mod pace;
pub mod rules;
pub mod sensor;
pub mod time;
pub mod uptime;
pub mod vital;
pub mod wander;

use proto::unit::Millis;

pub use self::bed::{
    BED_OUT_LONG, BED_OUT_NIGHT, EXIT_BACK, EXIT_DELAY, EXIT_OUT, IN_BED_SHARE, MAT_DELAY,
    NIGHT_FROM, NIGHT_UNTIL, OUT_OF_BED_SHARE,
};
pub use self::fall::{
    FALL_BLOW_MG, FALL_BLOW_MIN_MG, FALL_DESCENT_CM_S, FALL_DROPPED, FALL_FREE_MG, FALL_GIVE_UP,
    FALL_IMPLAUSIBLE_MG, FALL_NO_RECOVERY, FALL_STILL, FALL_STILL_MG, FALL_TURN_DEG, FALL_UP_BODY,
    FALL_UP_COSINE, FALL_UP_MG, FALL_UP_WRIST,
};
pub use self::kept::{ALERTS_KEPT, FAULTS_KEPT, LOOKS_KEPT, WINDOW_KEPT};
pub use self::ladder::{
    FAULT_EXTERNAL, FAULT_SECOND_SITE, FAULT_SUPERVISOR, NOTICE_FIRST, NOTICE_LIFE, NOTICE_MOST,
    NOTICE_PROBE, RECEIVER_BACK, RECEIVER_DEAD,
};
pub use self::pace::{
    ALERT, AWAY_LEARNED, CALM, HABIT_DAYS, PRIOR_DAYS, Pace, RECORD_FADES, TOLD_LEARNED,
    USUAL_STILL, Usual, Watch,
};
pub use self::rules::{BEDS_MAX, BedLimits, Room, Rules};
pub use self::sensor::{
    ALWAYS_ON, BED_DEAD, CHATTER_COUNT, CHATTER_QUIET, CHATTER_WINDOW, DOOR_DEAD, LIVELY_HOURS,
    MOTION_DEAD, MOTION_REST, NOT_WORN, NOT_WORN_HOURS, OUTAGE_WINDOW,
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
/// The home's own alarm sounds this soon when the way to the server is cut. Source: choice, as long as a person looks at a
/// button and waits.
pub const ISLAND_ALARM: Millis = Millis::secs(2);
/// A press is labelled late when it was this old on arrival. Source: choice, the whole answer time of EN-style
/// codes (docs/sources.md#answer-times, 60 s) is then gone.
pub const LATE_AFTER: Millis = Millis::secs(60);

// How often does everybody say that they live, and when is silence a fault?

/// Health frame of a device on mains. Source: docs/sources.md#load, 60 s x 6 devices x 23,000 beds =
/// 2,300/s.
pub const HEALTH_MAINS: Millis = Millis::secs(60);
/// Health frame of a device on battery. Source: docs/sources.md#radio-supervision, makers of
/// alarm panels miss life-safety devices within 4 h.
pub const HEALTH_BATTERY: Millis = Millis::minutes(60);
/// Summary of one bed. Source: docs/sources.md#load, one message a minute and bed.
pub const READING_PERIOD: Millis = Millis::secs(60);
/// Longest silence of a healthy gateway: it sends its health when nothing else is to be said. Source: a third of
/// [`GATEWAY_SILENT`], so that two lost messages are no fault.
pub const HEALTH_GATEWAY: Millis = Millis::secs(30);
/// A gateway silent for this long is a fault. Source: invariant V11; docs/sources.md#en-50136, EN 50136-1 SP5 has the
/// same 90 s.
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
/// Whatever a device promises, silence is a fault after this. Source: docs/sources.md#zigbee2mqtt, 1,500 min for
/// battery devices.
pub const BATTERY_SILENT_MAX: Millis = Millis::minutes(25 * 60);
/// After the way to a home is back, its backlog gets this long before absence is judged. Source: choice, a gateway
/// sends 72 h of summaries of one home (4,320 frames) in seconds.
pub const CATCH_UP: Millis = Millis::minutes(2);
/// A device that was enrolled and never spoke is a fault after this. Source: docs/sources.md#repair-times, faulty unit
/// within 24 h.
pub const NEVER_HEARD: Millis = Millis::minutes(24 * 60);
/// Battery at or below this is a fault, per cent. Source: choice, about two weeks of a coin cell.
pub const BATTERY_LOW_PERCENT: u8 = 15;
/// Battery at or above this ends that fault, per cent. Source: choice, a fresh cell and not noise.
pub const BATTERY_GOOD_PERCENT: u8 = 30;

// How long until a person has it?

/// An emergency is on a live console within this, else the ladder runs at once. Source: invariant V8.
pub const VISIBLE_WITHIN: Millis = Millis::secs(3);
/// Rings on every console. Source: docs/sources.md#emergency-centres, NENA: 90 % answered in 15 s.
pub const RING_ALL: Millis = Millis::secs(15);
/// Supervisor's screen and phone. Source: choice, twice the ringing of all.
pub const SUPERVISOR: Millis = Millis::secs(30);
/// Second site or the colleague on call. Source: docs/sources.md#answer-times, 97.5 % of calls are
/// answered within 60 s.
pub const SECOND_SITE: Millis = Millis::secs(60);
/// The external contact of the home. Source: docs/sources.md#answer-times, every call over 180 s is
/// investigated.
pub const EXTERNAL: Millis = Millis::secs(120);
/// A claim holds this long without renewal. Source: invariant V9.
pub const LEASE: Millis = Millis::secs(20);
/// A console renews its claims this often. Source: invariant V9.
pub const RENEW: Millis = Millis::secs(5);
/// A dead holder's alert is back in the queue within this. Source: invariant V9.
pub const BACK_IN_QUEUE: Millis = Millis::secs(30);
/// A console that has not been heard for this is not on duty. Source: choice, three lost words of [`PRESENCE`].
pub const CONSOLE_LOST: Millis = Millis::secs(15);
/// A console says this often that it lives. Source: a third of [`CONSOLE_LOST`].
pub const PRESENCE: Millis = Millis::secs(5);
/// The Space key silences a console for this long; one that is silent for longer is not on duty. Source:
/// docs/sources.md#sound, a pause that ends by itself; its length is a choice.
pub const MUTE: Millis = Millis::secs(30);
/// The server tells its consoles this often that it lives. Source: choice, [`LINK_LOST`] has room for two.
pub const BEAT: Millis = Millis::secs(2);
/// A console shows "link lost" after this without a beat. Source: choice, nobody works on a dead screen for longer.
pub const LINK_LOST: Millis = Millis::secs(5);

// How long may work on an alert rest?

/// A claimed alert without any action after this is past its timer. Source: choice, the answer time of
/// docs/sources.md#answer-times.
pub const FIRST_ACTION: Millis = Millis::secs(60);
/// A claimed alert without a further action after this is past its timer. Source: choice, Hangzhou's case log has
/// neighbours on the scene after 6 min (docs/sources.md#hangzhou).
pub const NEXT_ACTION: Millis = Millis::minutes(10);
/// Longest suspension. Source: docs/sources.md#alarm-desks, a suspension has an end; its length is a choice.
pub const SUSPEND_MAX: Millis = Millis::minutes(15);
/// Presses and falls of one home within this are one incident. Source: choice, one call and the way to the door.
pub const INCIDENT_WINDOW: Millis = Millis::minutes(10);
/// A close can be taken back for this long on the console, before it is sent. Source: choice, time to
/// see a wrong key.
pub const CLOSE_UNDO: Millis = Millis::secs(10);
/// A follow-up call after help in the home. Source: choice, the first half hour after it.
pub const FOLLOW_UP_SOON: Millis = Millis::minutes(30);
/// A follow-up call after a rescue. Source: docs/sources.md#visits, within 24 h of a grave change.
pub const FOLLOW_UP_DAY: Millis = Millis::minutes(24 * 60);

// What does the home itself say before an operator is troubled?

/// The home is asked this long before an automatic finding is an alarm. Source:
/// docs/sources.md#passive-alarm, 60 s of warning; never for a press.
pub const ASK: Millis = Millis::secs(60);
/// A fall that is only suspected rises a step after this without a sign of recovery. Source: choice, an
/// operator has it within the 3 min of docs/sources.md#answer-times; two steps of a minute leave one to spare.
pub const FALL_RISE: Millis = Millis::secs(60);
/// Movement this soon after a suspected fall may be the fall itself. Source: choice, hold time of infra-red sensors.
pub const FALL_SETTLE: Millis = Millis::secs(20);
/// Somebody who recovered from a suspected fall and then is not seen for this long is a step graver again. Source:
/// choice, sitting down for a rest.
pub const FALL_QUIET: Millis = Millis::minutes(15);
/// Not back in bed rises a step when nobody is seen for this long. Source: choice, the night's limit once more.
pub const BED_RISE: Millis = Millis::minutes(30);
/// Stillness rises a step after this. Source: docs/sources.md#long-lie, an hour on the floor is the line of harm.
pub const STILL_RISE: Millis = Millis::minutes(60);

// When has a rule cried wolf?

/// So many false alarms of one rule in one home lower it. Source: choice within docs/sources.md#load,
/// three mistakes in 7 days.
pub const BUDGET_COUNT: u8 = 3;
/// Within this. Source: as there.
pub const BUDGET_SPAN: Millis = Millis::minutes(7 * 24 * 60);
/// A rule stays a step lower this long after its last false alarm. Source: choice, one span of the budget.
pub const DEMOTED_FOR: Millis = Millis::minutes(7 * 24 * 60);

// How long may a home be still?

/// Shortest stillness that is ever reported. Source: choice, a nap; a home's own hours ask for more.
pub const STILL_MIN: Millis = Millis::minutes(60);
/// Longest stillness that is not reported, at home. Source: TIHM, a long night and a long morning; docs/sources.md#dwell-limits has
/// a 10 h bedroom limit on sale, which would tell 0.05 a home-day by itself.
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
    assert!(
        2 * ms(HEALTH_BATTERY) + ms(BATTERY_SLACK) <= 4 * 60 * 60_000,
        "docs/sources.md#radio-supervision"
    );
    assert!(ms(BATTERY_SILENT_MAX) > ms(NEVER_HEARD) && BATTERY_LOW_PERCENT < BATTERY_GOOD_PERCENT);
    assert!(ms(VISIBLE_WITHIN) < ms(RING_ALL) && ms(RING_ALL) < ms(SUPERVISOR));
    assert!(ms(SUPERVISOR) < ms(SECOND_SITE) && ms(SECOND_SITE) < ms(EXTERNAL));
    assert!(3 * ms(RENEW) < ms(LEASE), "two lost renewals keep a claim");
    assert!(ms(LEASE) + ms(RENEW) <= ms(BACK_IN_QUEUE));
    assert!(2 * ms(PRESENCE) < ms(CONSOLE_LOST) && 2 * ms(BEAT) < ms(LINK_LOST));
    assert!(ms(FIRST_ACTION) < ms(NEXT_ACTION) && ms(SUSPEND_MAX) <= 15 * 60_000);
    assert!(ms(CHATTER_WINDOW) < ms(CHATTER_QUIET) && ms(CHATTER_QUIET) <= ms(INCIDENT_WINDOW));
    assert!(ms(ASK) < ms(BED_OUT_NIGHT) && ms(FALL_SETTLE) < ms(FALL_RISE));
    assert!(2 * ms(FALL_RISE) <= 3 * 60_000, "docs/sources.md#answer-times");
    assert!(ms(FALL_RISE) < ms(FALL_QUIET) && ms(FALL_QUIET) < ms(STILL_RISE));
    assert!(ms(MOTION_REST) < ms(ALWAYS_ON) && ms(MOTION_DEAD) < ms(DOOR_DEAD));
    assert!(ms(MAT_DELAY) < ms(BED_OUT_NIGHT) && ms(BED_OUT_NIGHT) < ms(BED_OUT_LONG));
    assert!(ms(ASK) < ms(night::BED_QUIET) && ms(night::BED_QUIET) < ms(BED_OUT_NIGHT));
    assert!(NIGHT_FROM < 1440 && NIGHT_UNTIL < 1440 && OUT_OF_BED_SHARE < IN_BED_SHARE);
    assert!(ms(STILL_MIN) < ms(STILL_MAX) && ms(STILL_MAX) < ms(AWAY_MAX));
};
