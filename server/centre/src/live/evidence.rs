//! Reasons of an alert as rows and screens have them: a list of what was seen, for or against, when, how much.
//!
//! A new reason takes the place of an older one of the same sort, so that a card never says a thing twice.
//! Not here: words for people (`locales`).

use care::{Evidence, Seen};
use proto::unit::Mono;
use serde_json::{Value, json};

use crate::clock::Now;
use records::column::number;

/// Reasons as JSON.
pub(crate) fn evidence_json(now: Now, evidence: &[Evidence]) -> Vec<u8> {
    serde_json::to_vec(&list(now, evidence)).unwrap_or_default()
}

/// Reasons that are known, with newer ones.
pub(crate) fn with(now: Now, known: &[u8], newer: &[Evidence]) -> Vec<u8> {
    let newer = list(now, newer);
    let mut all: Vec<Value> = serde_json::from_slice(known).unwrap_or_default();
    all.retain(|old| !newer.iter().any(|new| sort(new) == sort(old)));
    all.extend(newer);
    serde_json::to_vec(&all).unwrap_or_default()
}

/// What a reason is about: who left the bed is not in it any more.
fn sort(reason: &Value) -> &str {
    match reason.get("what").and_then(Value::as_str).unwrap_or_default() {
        "in_bed" | "left_bed" => "bed",
        what => what,
    }
}

/// Reasons as values, each with its time on the wall clock.
pub fn list(now: Now, evidence: &[Evidence]) -> Vec<Value> {
    let one = |e: &Evidence| {
        json!({
            "what": seen_word(e.what), "supports": e.supports,
            "at_ms": wall_of(now, e.at), "value": e.value,
        })
    };
    evidence.iter().map(one).collect()
}

/// A point of the server's clock on the wall clock.
pub(crate) fn wall_of(now: Now, at: Mono) -> i64 {
    now.wall_ms - number(now.mono.since(at).get())
}

/// Word of a reason.
pub const fn seen_word(seen: Seen) -> &'static str {
    match (home_word(seen), upkeep_word(seen)) {
        (Some(word), _) | (None, Some(word)) => word,
        (None, None) => "unknown",
    }
}

/// Word of what was seen of people and their devices.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others are in its sister")]
const fn home_word(seen: Seen) -> Option<&'static str> {
    Some(match seen {
        Seen::Pressed => "pressed",
        Seen::Fell => "fell",
        Seen::LeftBed => "left_bed",
        Seen::InBed => "in_bed",
        Seen::Moved => "moved",
        Seen::Door => "door",
        Seen::Nothing => "nothing",
        Seen::Silent => "silent",
        Seen::Cancelled => "cancelled",
        Seen::Battery => "battery",
        Seen::Tampered => "tampered",
        Seen::Stuck => "stuck",
        Seen::Lost => "lost",
        Seen::NoMains => "no_mains",
        Seen::Upright => "upright",
        Seen::NoAnswer => "no_answer",
        Seen::Answered => "answered",
        Seen::Demoted => "demoted",
        Seen::NotWorn => "not_worn",
        Seen::Unchanging => "unchanging",
        Seen::AlwaysOn => "always_on",
        Seen::Usual => "usual",
        Seen::InRoom => "in_room",
        Seen::Breath => "breath",
        Seen::Heart => "heart",
        Seen::Sustained => "sustained",
        Seen::Restless => "restless",
        Seen::RestlessUsual => "restless_usual",
        Seen::EndedBefore => "ended_before",
        Seen::Wavered => "wavered",
        Seen::Booted => "booted",
        Seen::HeldAtBoot => "held_at_boot",
        Seen::NotInstalled => "not_installed",
        Seen::WentOut => "went_out",
        Seen::DoorStandsOpen => "door_stands_open",
        Seen::Connected => "connected",
        _ => return None,
    })
}

/// Word of what is wrong with a server or a home box.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others are in its sister")]
const fn upkeep_word(seen: Seen) -> Option<&'static str> {
    Some(match seen {
        Seen::HomeState => "home_state",
        Seen::SeriesAside => "series_aside",
        Seen::InboxAside => "inbox_aside",
        Seen::SpoolDamaged => "spool_damaged",
        Seen::CertificateEnds => "certificate_ends",
        Seen::CertificateEnded => "certificate_ended",
        Seen::TwoVoices => "two_voices",
        Seen::PointsRefused => "points_refused",
        Seen::WrongTime => "wrong_time",
        Seen::ReceiverDead => "receiver_dead",
        Seen::NoGateway => "no_gateway",
        Seen::LoopRestarted => "loop_restarted",
        Seen::HandlesShort => "handles_short",
        Seen::Restored => "restored",
        Seen::SounderFailed => "sounder_failed",
        Seen::PutAside => "put_aside",
        Seen::RecordsRefuse => "records_refuse",
        Seen::Backlog => "backlog",
        Seen::RowRefused => "row_refused",
        Seen::WorkerStill => "worker_still",
        Seen::DiskFull => "disk_full",
        Seen::Shed => "telemetry_shed",
        Seen::Refused => "calls_refused",
        Seen::NoticesDead => "notices_dead",
        Seen::BusLost => "bus_lost",
        Seen::BoxDiskFull => "box_disk_full",
        Seen::FileUnread => "file_unread",
        Seen::ConfigChanged => "config_changed",
        _ => return None,
    })
}
