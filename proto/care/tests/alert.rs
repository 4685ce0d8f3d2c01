//! The life of an alert: one owner at a time, a fence for every write, and only a person ends a call.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::alert::{
    Closer, Course, Ending, Fence, Ladder, Life, Outcome, Refusal, Return, State, Step, Work,
};
use care::policy::{FIRST_ACTION, LEASE, NEXT_ACTION, RENEW, SUSPEND_MAX};
use care::{Kind, Severity};
use proptest::prelude::*;
use proto::unit::{Millis, Mono};

type Alert = Life<char>;

const T0: Mono = Mono::from_millis(1_000_000);

fn at(seconds: u64) -> Mono {
    T0.after(Millis::secs(seconds))
}

fn claimed() -> (Alert, Fence) {
    let mut alert = Alert::new();
    let fence = alert.claim(T0, 'a').unwrap();
    (alert, fence)
}

#[test]
fn the_first_claim_wins_and_the_second_learns_who_has_it() {
    let (mut alert, fence) = claimed();
    assert_eq!(alert.claim(at(3), 'b'), Err(Refusal::Held { owner: 'a', since: T0 }));
    assert_eq!(alert.claim(at(4), 'a'), Ok(fence), "pressing F2 twice is no theft of one's own");
}

#[test]
fn a_renewed_lease_holds_and_a_lapsed_one_goes_back_to_the_queue() {
    let (mut alert, fence) = claimed();
    for n in 1..20 {
        alert.renew(at(n * RENEW.get() / 1000), fence).unwrap();
    }
    let last = at(19 * RENEW.get() / 1000);
    assert_eq!(alert.next_deadline(), Some(last.after(LEASE)));
    assert!(!alert.expire(Mono::from_millis(last.after(LEASE).millis() - 1)));
    assert!(alert.expire(last.after(LEASE)));
    assert_eq!(alert.state, State::Open { returned: Some(Return::Lapsed) });
    assert_eq!(alert.renew(at(200), fence), Err(Refusal::Stale), "a lapsed lease is gone");
}

#[test]
fn a_console_that_slept_writes_nothing() {
    let (mut alert, old) = claimed();
    let new = alert.claim(T0.after(LEASE), 'b').unwrap();
    assert!(new > old);
    let now = at(21);
    assert_eq!(alert.act(now, old), Err(Refusal::Stale));
    assert_eq!(alert.suspend(now, old, Millis::minutes(5)), Err(Refusal::Stale));
    let close = alert.close(now, Closer::Owner('a', old), Outcome::Mistake, false);
    assert_eq!(close, Err(Refusal::Stale));
    assert_eq!(alert.act(now, new), Ok(()));
    let forged = alert.close(now, Closer::Owner('a', new), Outcome::Mistake, false);
    assert_eq!(forged, Err(Refusal::Stale), "a fence is its owner's");
}

#[test]
fn closing_needs_an_action_and_sometimes_a_text() {
    let (mut alert, fence) = claimed();
    let owner = Closer::Owner('a', fence);
    assert_eq!(alert.close(at(1), owner.clone(), Outcome::Mistake, true), Err(Refusal::NoAction));
    alert.act(at(2), fence).unwrap();
    assert_eq!(alert.close(at(3), owner.clone(), Outcome::Other, false), Err(Refusal::NoText));
    alert.close(at(4), owner, Outcome::Other, true).unwrap();
    assert_eq!(alert.state, State::Closed(Ending::By('a', Outcome::Other)));
}

#[test]
fn a_late_claim_opens_nothing_again() {
    let (mut alert, fence) = claimed();
    alert.act(at(1), fence).unwrap();
    alert.close(at(2), Closer::Owner('a', fence), Outcome::FoundWell, false).unwrap();
    let over = alert.clone();
    assert_eq!(alert.claim(at(3), 'b'), Err(Refusal::Over));
    assert_eq!(alert.take_over(at(3), 'c'), Err(Refusal::Over));
    assert_eq!(alert.renew(at(3), fence), Err(Refusal::Over));
    let again = alert.close(at(4), Closer::Supervisor('c'), Outcome::Test, true);
    assert_eq!(again, Err(Refusal::Over));
    assert!(!alert.expire(at(9999)) && !alert.signal() && !alert.pass(at(9999), Severity::Fault));
    assert_eq!(alert, over);
}

#[test]
fn a_supervisor_takes_over_and_closes_what_others_have() {
    let (mut alert, old) = claimed();
    let fence = alert.take_over(at(1), 's').unwrap();
    assert_eq!(alert.act(at(2), old), Err(Refusal::Stale));
    alert.act(at(2), fence).unwrap();
    alert.close(at(3), Closer::Supervisor('t'), Outcome::Duplicate, false).unwrap();
    assert_eq!(alert.state, State::Closed(Ending::By('t', Outcome::Duplicate)));
}

#[test]
fn suspension_has_a_limit_and_any_signal_ends_it() {
    let (mut alert, fence) = claimed();
    for span in [Millis::default(), SUSPEND_MAX.plus(Millis::new(1))] {
        assert_eq!(alert.suspend(at(1), fence, span), Err(Refusal::Span));
    }
    alert.suspend(at(1), fence, SUSPEND_MAX).unwrap();
    assert_eq!(alert.work(at(2)), Work::Suspended);
    assert!(alert.signal());
    assert_eq!(alert.work(at(2)), Work::Returned);
    assert_eq!(alert.act(at(3), fence), Err(Refusal::Stale), "its claim ended with the suspension");
    let fence = alert.claim(at(3), 'b').unwrap();
    alert.suspend(at(4), fence, Millis::minutes(1)).unwrap();
    assert!(alert.expire(at(64)));
    assert_eq!(alert.state, State::Open { returned: Some(Return::Resumed) });
}

#[test]
fn a_claim_without_action_runs_out_of_time_in_the_queue() {
    let (mut alert, fence) = claimed();
    let keep = |alert: &mut Alert, until: Mono| {
        if let State::Claimed { lease, .. } = &mut alert.state {
            *lease = until.after(LEASE);
        }
    };
    keep(&mut alert, T0.after(FIRST_ACTION));
    assert_eq!(
        alert.work(Mono::from_millis(T0.after(FIRST_ACTION).millis() - 1)),
        Work::Claimed { overdue: false }
    );
    assert_eq!(alert.work(T0.after(FIRST_ACTION)), Work::Claimed { overdue: true });
    alert.act(T0.after(FIRST_ACTION), fence).unwrap();
    keep(&mut alert, T0.after(FIRST_ACTION).after(NEXT_ACTION));
    assert_eq!(alert.work(at(61)), Work::Claimed { overdue: false });
    assert_eq!(
        alert.work(T0.after(FIRST_ACTION).after(NEXT_ACTION)),
        Work::Claimed { overdue: true }
    );
}

#[test]
fn only_a_fault_that_nobody_works_on_passes_by_itself() {
    for severity in [Severity::General, Severity::Important, Severity::Emergency] {
        assert!(!Alert::new().pass(T0, severity));
    }
    let mut fault = Alert::new();
    assert!(fault.pass(T0, Severity::Fault));
    assert_eq!(fault.state, State::Closed(Ending::Passed));
    let (mut worked, _) = claimed();
    assert!(!worked.pass(at(1), Severity::Fault), "somebody has it");
}

#[test]
fn the_ladder_climbs_in_five_steps_and_ends() {
    let steps: Vec<_> = (0..).map_while(Ladder::step).collect();
    let told: Vec<_> = steps.iter().map(|(after, step)| (after.get() / 1000, *step)).collect();
    assert_eq!(
        told,
        [
            (3, Step::CheckVisible),
            (15, Step::RingAll),
            (30, Step::Supervisor),
            (60, Step::SecondSite),
            (120, Step::External),
        ]
    );
    assert_eq!(Ladder::due(T0, 4), Some(at(120)));
    assert_eq!(Ladder::due(T0, 5), None);
    assert!(Ladder::climbs(Kind::Help, Severity::Emergency));
    assert!(Ladder::climbs(Kind::Unverified, Severity::Important));
    assert!(!Ladder::climbs(Kind::Bed, Severity::Important));
}

#[test]
fn a_gateway_with_homes_behind_it_is_somebodys_task_within_minutes_and_rings_nobody() {
    for kind in [Kind::GatewaySilence, Kind::NoWay] {
        let course = Course::of(kind, Severity::Fault).unwrap();
        let mut told = vec![course.begin(T0)];
        while let Some(next) = told.last().and_then(|(step, due)| course.next(*step, *due)) {
            told.push(next);
        }
        let expected =
            [(Step::Supervisor, at(60)), (Step::SecondSite, at(120)), (Step::External, at(180))];
        assert_eq!(told, expected);
        assert!(!course.hurries());
    }
    for kind in [Kind::Silence, Kind::Fault, Kind::Upkeep, Kind::Bed] {
        assert_eq!(Course::of(kind, Severity::Fault), None, "{kind:?}");
    }
}

#[test]
fn a_course_follows_the_times_of_the_ladder_whenever_a_step_was_due() {
    let course = Course::of(Kind::Help, Severity::Emergency).unwrap();
    let mut told = vec![course.begin(T0)];
    while let Some(next) = told.last().and_then(|(step, due)| course.next(*step, *due)) {
        told.push(next);
    }
    let expected: Vec<_> = Ladder::STEPS.iter().map(|(after, s)| (*s, T0.after(*after))).collect();
    assert_eq!(told, expected);
    assert_eq!(course.next(Step::RingAll, at(500)), Some((Step::Supervisor, at(515))));
    assert!((0..5).all(|n| Step::from_number(n).is_some_and(|step| step as i64 == n)));
    assert_eq!(Step::from_number(5), None);
}

#[test]
fn outcomes_are_the_digits_of_the_console() {
    for outcome in Outcome::ALL {
        assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
    }
    assert_eq!(Outcome::from_code(4), Some(Outcome::Mistake));
    assert_eq!((Outcome::from_code(10), Outcome::from_code(255)), (None, None));
    assert!(Outcome::ALL.iter().all(|o| o.needs_text() == (*o == Outcome::Other)));
}

#[derive(Debug, Clone)]
enum Wish {
    Wait(u64),
    Claim(char),
    TakeOver(char),
    Renew(u64),
    Act(u64),
    Suspend(u64, u64),
    Close(char, u64, Outcome, bool),
    CloseAsSupervisor(char, Outcome, bool),
    Signal,
    Pass,
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let who = || prop_oneof![Just('a'), Just('b'), Just('c')];
    let outcome = || (0..10u8).prop_map(|code| Outcome::from_code(code).unwrap());
    let one = prop_oneof![
        4 => (0..30_000u64).prop_map(Wish::Wait),
        3 => who().prop_map(Wish::Claim),
        1 => who().prop_map(Wish::TakeOver),
        2 => (0..12u64).prop_map(Wish::Renew),
        2 => (0..12u64).prop_map(Wish::Act),
        1 => (0..12u64, 0..1_000_000u64).prop_map(|(f, span)| Wish::Suspend(f, span)),
        2 => (who(), 0..12u64, outcome(), any::<bool>()).prop_map(|(w, f, o, t)| Wish::Close(w, f, o, t)),
        1 => (who(), outcome(), any::<bool>()).prop_map(|(w, o, t)| Wish::CloseAsSupervisor(w, o, t)),
        1 => Just(Wish::Signal),
        1 => Just(Wish::Pass),
    ];
    proptest::collection::vec(one, 0..80)
}

fn grant(alert: &mut Alert, now: &mut Mono, wish: &Wish, severity: Severity) -> bool {
    match wish.clone() {
        Wish::Wait(ms) => {
            *now = now.after(Millis::new(ms));
            alert.expire(*now);
            true
        }
        Wish::Claim(who) => alert.claim(*now, who).is_ok(),
        Wish::TakeOver(who) => alert.take_over(*now, who).is_ok(),
        Wish::Renew(fence) => alert.renew(*now, Fence::new(fence)).is_ok(),
        Wish::Act(fence) => alert.act(*now, Fence::new(fence)).is_ok(),
        Wish::Suspend(fence, ms) => alert.suspend(*now, Fence::new(fence), Millis::new(ms)).is_ok(),
        Wish::Close(who, fence, outcome, text) => {
            alert.close(*now, Closer::Owner(who, Fence::new(fence)), outcome, text).is_ok()
        }
        Wish::CloseAsSupervisor(who, outcome, text) => {
            alert.close(*now, Closer::Supervisor(who), outcome, text).is_ok()
        }
        Wish::Signal => alert.signal(),
        Wish::Pass => alert.pass(*now, severity),
    }
}

proptest! {
    /// V10: no sequence ends a call for help without a person's close, an action before it and an outcome.
    #[test]
    fn only_a_person_closes(wishes in wishes()) {
        let (mut alert, mut now, mut acted) = (Alert::new(), T0, false);
        for wish in &wishes {
            let was_closed = matches!(alert.state, State::Closed(_));
            let granted = grant(&mut alert, &mut now, wish, Severity::Emergency);
            acted |= granted && matches!(wish, Wish::Act(_));
            let is_closed = matches!(alert.state, State::Closed(_));
            prop_assert!(is_closed || !was_closed, "what is over stays over");
            if is_closed && !was_closed {
                prop_assert!(granted && acted);
                prop_assert!(matches!(wish, Wish::Close(..) | Wish::CloseAsSupervisor(..)));
                prop_assert!(matches!(alert.state, State::Closed(Ending::By(..))));
            }
        }
    }

    /// V9: at most one owner, changed only by a claim that found none or by a supervisor; fences only rise, and each
    /// change of hands has its own.
    #[test]
    fn one_owner_at_a_time(wishes in wishes()) {
        let owner = |alert: &Alert| match &alert.state {
            State::Claimed { owner, .. } => Some(*owner),
            State::Open { .. } | State::Suspended { .. } | State::Closed(_) => None,
        };
        let (mut alert, mut now) = (Alert::new(), T0);
        for wish in &wishes {
            let (before, fence) = (owner(&alert), alert.fence);
            grant(&mut alert, &mut now, wish, Severity::Emergency);
            let after = owner(&alert);
            prop_assert!(alert.fence >= fence);
            if after != before && after.is_some() {
                prop_assert!(alert.fence > fence, "a new owner has a new fence");
                let by_claim = matches!(wish, Wish::Claim(_)) && before.is_none();
                prop_assert!(by_claim || matches!(wish, Wish::TakeOver(_)));
            }
        }
    }
}
