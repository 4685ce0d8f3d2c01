//! The queue law, case by case: who stands above whom, and that there is always an answer.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::alert::{Band, Standing, Work, queue_rank};
use care::{Kind, Severity};
use proptest::prelude::*;
use proto::id::HomeId;
use proto::unit::Mono;

fn standing(kind: Kind, severity: Severity, work: Work, raised: u64) -> Standing {
    let home = HomeId::new(1).unwrap();
    Standing { kind, severity, work, raised: Mono::from_millis(raised), home, incident: 1 }
}

#[test]
fn the_queue_reads_from_what_nobody_has_to_what_is_over() {
    use Severity::{Emergency, Fault, General, Important};
    let overdue = Work::Claimed { overdue: true };
    let in_time = Work::Claimed { overdue: false };
    let law = [
        (standing(Kind::Help, Emergency, Work::Open, 10), Band::Waiting),
        (standing(Kind::Fall, Emergency, Work::Open, 20), Band::Waiting),
        (standing(Kind::Help, Emergency, overdue, 1), Band::Overdue),
        (standing(Kind::Help, Emergency, Work::Returned, 1), Band::Returned),
        (standing(Kind::Unreadable, Emergency, Work::Open, 0), Band::Unverified),
        (standing(Kind::Unreadable, Emergency, overdue, 1), Band::Unverified),
        (standing(Kind::Unverified, Important, Work::Open, 1), Band::Unverified),
        (standing(Kind::Unverified, Important, overdue, 2), Band::Unverified),
        (standing(Kind::Bed, Important, Work::Open, 5), Band::Automatic),
        (standing(Kind::Stillness, Important, overdue, 6), Band::Automatic),
        (standing(Kind::Stillness, General, Work::Open, 1), Band::Automatic),
        (standing(Kind::GatewaySilence, Fault, Work::Open, 1), Band::Faults),
        (standing(Kind::Silence, Fault, Work::Open, 2), Band::Faults),
        (standing(Kind::Help, Emergency, in_time, 1), Band::InWork),
        (standing(Kind::Fault, Fault, in_time, 1), Band::InWork),
        (standing(Kind::Help, Emergency, Work::Suspended, 1), Band::Aside),
        (standing(Kind::Help, Emergency, Work::Closed, 1), Band::Closed),
    ];
    for (alert, band) in law {
        assert_eq!(queue_rank(&alert).band, band, "{alert:?}");
    }
    for pair in law.windows(2) {
        assert!(queue_rank(&pair[0].0) < queue_rank(&pair[1].0), "{pair:?}");
    }
}

fn any_standing() -> impl Strategy<Value = Standing> {
    let kinds = prop_oneof![
        Just(Kind::Help),
        Just(Kind::Fall),
        Just(Kind::Unverified),
        Just(Kind::Unreadable),
        Just(Kind::Bed),
        Just(Kind::Fault)
    ];
    let severities = prop_oneof![
        Just(Severity::Fault),
        Just(Severity::General),
        Just(Severity::Important),
        Just(Severity::Emergency)
    ];
    let works = prop_oneof![
        Just(Work::Open),
        Just(Work::Returned),
        any::<bool>().prop_map(|overdue| Work::Claimed { overdue }),
        Just(Work::Suspended),
        Just(Work::Closed)
    ];
    (kinds, severities, works, 0..50u64, 0..4u64, 0..4u32).prop_map(
        |(kind, severity, work, raised, home, incident)| Standing {
            kind,
            severity,
            work,
            raised: Mono::from_millis(raised),
            home: HomeId::new(home).unwrap(),
            incident,
        },
    )
}

proptest! {
    /// Two different alerts never share a place, and an open emergency stands above all that is none.
    #[test]
    fn the_order_is_total_and_emergencies_are_on_top(a in any_standing(), b in any_standing()) {
        let (one, other) = (queue_rank(&a), queue_rank(&b));
        if (a.home, a.incident) != (b.home, b.incident) {
            prop_assert_ne!(one, other);
        }
        let known = |s: &Standing| {
            let doubted = matches!(s.kind, Kind::Unverified | Kind::Unreadable);
            s.severity == Severity::Emergency && !doubted
        };
        let waits = |s: &Standing| known(s) && s.work == Work::Open;
        let hand = |s: &Standing| {
            matches!(s.work, Work::Open | Work::Returned | Work::Claimed { overdue: true })
        };
        if known(&a) && hand(&a) && !known(&b) {
            prop_assert!(one < other, "what nobody could read or verify never stands above it");
        }
        if waits(&a) && !waits(&b) {
            prop_assert!(one < other);
        }
        if waits(&a) && waits(&b) && a.raised < b.raised {
            prop_assert!(one < other, "the oldest on top");
        }
    }
}
