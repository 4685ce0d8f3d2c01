//! The life of an alert: one owner at a time, a fence for every write, and only a person ends a call.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::alert::{
    Course, Ending, Fence, Hand, Ladder, Life, Outcome, Refusal, Return, Shown, State, Step, Taken,
    Work,
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

/// The last that the home has said in these tests.
const SPOKE: Shown = Shown::new(7);

/// Somebody who has seen all.
fn seer(who: char) -> Hand<char> {
    Hand::of(who).having_seen(SPOKE)
}

/// The owner of a claim, who has seen all.
fn owner(fence: Fence) -> Hand<char> {
    seer('a').holding(fence)
}

fn claimed() -> (Alert, Fence) {
    let mut alert = Alert { spoke: SPOKE, latest: SPOKE, ..Alert::new() };
    let fence = alert.claim(T0, &Hand::of('a')).unwrap();
    (alert, fence)
}

#[test]
fn the_first_claim_wins_and_the_second_learns_who_has_it() {
    let (mut alert, fence) = claimed();
    let held = Err(Refusal::Held { owner: 'a', since: T0 });
    assert_eq!(alert.claim(at(3), &Hand::of('b')), held);
    let again = alert.claim(at(4), &Hand::of('a'));
    assert_eq!(again, Ok(fence), "pressing F2 twice is no theft of one's own");
}

#[test]
fn a_renewed_lease_holds_and_a_lapsed_one_goes_back_to_the_queue() {
    let (mut alert, fence) = claimed();
    for n in 1..20 {
        alert.renew(at(n * RENEW.get() / 1000), &owner(fence)).unwrap();
    }
    let last = at(19 * RENEW.get() / 1000);
    assert_eq!(alert.next_deadline(), Some(last.after(LEASE)));
    assert!(!alert.expire(Mono::from_millis(last.after(LEASE).millis() - 1)));
    assert!(alert.expire(last.after(LEASE)));
    assert_eq!(alert.state, State::Open { returned: Some(Return::Lapsed) });
    let late = alert.renew(at(200), &owner(fence));
    assert_eq!(late, Err(Refusal::Stale), "a lapsed lease is gone");
}

#[test]
fn a_console_that_slept_writes_nothing() {
    let (mut alert, old) = claimed();
    let new = alert.claim(T0.after(LEASE), &Hand::of('b')).unwrap();
    assert!(new > old);
    let now = at(21);
    assert_eq!(alert.act(now, &owner(old)), Err(Refusal::Stale));
    assert_eq!(alert.suspend(now, &owner(old), Millis::minutes(5)), Err(Refusal::Stale));
    assert_eq!(alert.close(now, &owner(old), Outcome::Mistake, false), Err(Refusal::Stale));
    assert_eq!(alert.act(now, &seer('b').holding(new)), Ok(()));
}

#[test]
fn a_fence_in_another_hand_opens_nothing_whatever_its_office() {
    let (mut alert, fence) = claimed();
    alert.act(at(1), &owner(fence)).unwrap();
    let before = alert.clone();
    for forged in [seer('b').holding(fence), seer('b').holding(fence).supervising()] {
        assert_eq!(alert.renew(at(2), &forged), Err(Refusal::Stale));
        assert_eq!(alert.act(at(2), &forged), Err(Refusal::Stale));
        assert_eq!(alert.suspend(at(2), &forged, Millis::minutes(1)), Err(Refusal::Stale));
        assert_eq!(alert.close(at(2), &forged, Outcome::Mistake, false), Err(Refusal::Stale));
    }
    for wrong in [owner(Fence::new(9)), owner(Fence::new(9)).supervising()] {
        assert_eq!(alert.close(at(2), &wrong, Outcome::Mistake, false), Err(Refusal::Stale));
    }
    assert_eq!(alert.close(at(2), &seer('a'), Outcome::Mistake, false), Err(Refusal::NoRight));
    assert_eq!(alert.take_over(at(2), &seer('b')), Err(Refusal::NoRight));
    assert_eq!(alert, before);
}

#[test]
fn nobody_ends_or_hides_what_they_have_not_seen() {
    let (mut alert, fence) = claimed();
    alert.act(at(1), &owner(fence)).unwrap();
    (alert.spoke, alert.latest) = (Shown::new(9), Shown::new(12));
    let before = alert.clone();
    let (mine, boss) = (Hand::of('a').holding(fence), Hand::of('s').supervising());
    for (seen, told) in [(None, 0), (Some(8), 8), (Some(13), 0), (Some(u64::MAX), 0)] {
        let seen = seen.map(Shown::new);
        let unseen = Err(Refusal::Unseen { seen: Shown::new(told) });
        for hand in [Hand { seen, ..mine.clone() }, Hand { seen, ..boss.clone() }] {
            assert_eq!(alert.close(at(2), &hand, Outcome::Mistake, false), unseen, "{hand:?}");
        }
        let hidden = alert.suspend(at(2), &Hand { seen, ..mine.clone() }, Millis::minutes(1));
        assert_eq!(hidden, unseen);
    }
    assert_eq!(alert, before);
    // What hides nothing needs no look: a claim must not wait for one.
    assert_eq!(alert.renew(at(2), &mine), Ok(()));
    assert_eq!(alert.act(at(2), &mine), Ok(()));
    let seen = mine.having_seen(Shown::new(9));
    assert_eq!(alert.close(at(2), &seen, Outcome::Mistake, false), Ok(()));
}

#[test]
fn closing_needs_an_action_and_sometimes_a_text() {
    let (mut alert, fence) = claimed();
    let owner = owner(fence);
    assert_eq!(alert.close(at(1), &owner, Outcome::Mistake, true), Err(Refusal::NoAction));
    alert.act(at(2), &owner).unwrap();
    assert_eq!(alert.close(at(3), &owner, Outcome::Other, false), Err(Refusal::NoText));
    alert.close(at(4), &owner, Outcome::Other, true).unwrap();
    assert_eq!(alert.state, State::Closed(Ending::By('a', Outcome::Other)));
    assert_eq!(alert.taken, None, "it was their own");
}

#[test]
fn a_late_claim_opens_nothing_again() {
    let (mut alert, fence) = claimed();
    alert.act(at(1), &owner(fence)).unwrap();
    alert.close(at(2), &owner(fence), Outcome::FoundWell, false).unwrap();
    let over = alert.clone();
    let boss = seer('c').supervising();
    assert_eq!(alert.claim(at(3), &Hand::of('b')), Err(Refusal::Over));
    assert_eq!(alert.take_over(at(3), &boss), Err(Refusal::Over));
    assert_eq!(alert.renew(at(3), &owner(fence)), Err(Refusal::Over));
    assert_eq!(alert.close(at(4), &boss, Outcome::Test, true), Err(Refusal::Over));
    assert!(!alert.expire(at(9999)) && !alert.signal() && !alert.pass(at(9999), Severity::Fault));
    assert_eq!(alert, over);
}

#[test]
fn a_supervisor_takes_over_and_closes_what_others_have_and_both_are_named() {
    let (mut alert, old) = claimed();
    let (boss, other) = (seer('s').supervising(), seer('t').supervising());
    let fence = alert.take_over(at(1), &boss).unwrap();
    assert!(fence > old);
    assert_eq!(alert.taken, Some(Taken { from: 'a', by: 's' }));
    assert_eq!(alert.act(at(2), &owner(old)), Err(Refusal::Stale));
    alert.act(at(2), &boss.clone().holding(fence)).unwrap();
    assert_eq!(alert.take_over(at(2), &boss), Ok(fence), "taking one's own changes no hands");
    alert.close(at(3), &other, Outcome::Duplicate, false).unwrap();
    assert_eq!(alert.state, State::Closed(Ending::By('t', Outcome::Duplicate)));
    assert_eq!(alert.taken, Some(Taken { from: 's', by: 't' }));
}

#[test]
fn what_was_told_of_a_take_over_is_old_when_it_changes_hands_again() {
    let (mut alert, _) = claimed();
    let fence = alert.take_over(at(1), &seer('s').supervising()).unwrap();
    alert.suspend(at(2), &seer('s').holding(fence), Millis::minutes(1)).unwrap();
    assert_eq!(alert.taken, None);
}

#[test]
fn suspension_has_a_limit_and_any_signal_ends_it() {
    let (mut alert, fence) = claimed();
    for span in [Millis::default(), SUSPEND_MAX.plus(Millis::new(1))] {
        assert_eq!(alert.suspend(at(1), &owner(fence), span), Err(Refusal::Span));
    }
    alert.suspend(at(1), &owner(fence), SUSPEND_MAX).unwrap();
    assert_eq!(alert.work(at(2)), Work::Suspended);
    assert!(alert.signal());
    assert_eq!(alert.work(at(2)), Work::Returned);
    let late = alert.act(at(3), &owner(fence));
    assert_eq!(late, Err(Refusal::Stale), "its claim ended with the suspension");
    let fence = alert.claim(at(3), &Hand::of('b')).unwrap();
    alert.suspend(at(4), &seer('b').holding(fence), Millis::minutes(1)).unwrap();
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
    alert.act(T0.after(FIRST_ACTION), &owner(fence)).unwrap();
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
    TakeOver(Hand<char>),
    Renew(Hand<char>),
    Act(Hand<char>),
    Suspend(Hand<char>, u64),
    Close(Hand<char>, Outcome, bool),
    Speak,
    Pass,
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let who = || prop_oneof![Just('a'), Just('b'), Just('c')];
    let fence = || prop_oneof![1 => Just(None), 3 => (0..12u64).prop_map(|n| Some(Fence::new(n)))];
    let seen = || prop_oneof![1 => Just(None), 3 => (0..6u64).prop_map(|n| Some(Shown::new(n)))];
    let hand =
        || {
            (who(), any::<bool>(), fence(), seen())
                .prop_map(|(who, supervises, fence, seen)| Hand { who, supervises, fence, seen })
        };
    let outcome = || (0..10u8).prop_map(|code| Outcome::from_code(code).unwrap());
    let one = prop_oneof![
        4 => (0..30_000u64).prop_map(Wish::Wait),
        3 => who().prop_map(Wish::Claim),
        1 => hand().prop_map(Wish::TakeOver),
        2 => hand().prop_map(Wish::Renew),
        3 => hand().prop_map(Wish::Act),
        1 => (hand(), 0..1_000_000u64).prop_map(|(hand, span)| Wish::Suspend(hand, span)),
        3 => (hand(), outcome(), any::<bool>()).prop_map(|(h, o, t)| Wish::Close(h, o, t)),
        1 => Just(Wish::Speak),
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
        Wish::Claim(who) => alert.claim(*now, &Hand::of(who)).is_ok(),
        Wish::TakeOver(hand) => alert.take_over(*now, &hand).is_ok(),
        Wish::Renew(hand) => alert.renew(*now, &hand).is_ok(),
        Wish::Act(hand) => alert.act(*now, &hand).is_ok(),
        Wish::Suspend(hand, ms) => alert.suspend(*now, &hand, Millis::new(ms)).is_ok(),
        Wish::Close(hand, outcome, text) => alert.close(*now, &hand, outcome, text).is_ok(),
        Wish::Speak => {
            alert.latest = Shown::new(alert.latest.get() + 1);
            alert.spoke = alert.latest;
            alert.signal()
        }
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
                prop_assert!(matches!(wish, Wish::Close(..)));
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
    /// What was granted was the holder's with their own fence, or a supervisor's by right; and who ended or
    /// hid an alert had seen all that the home had said.
    #[test]
    fn every_write_is_its_holders_and_hides_nothing_unseen(wishes in wishes()) {
        let (mut alert, mut now) = (Alert::new(), T0);
        for wish in &wishes {
            let before = alert.clone();
            if !grant(&mut alert, &mut now, wish, Severity::Emergency) {
                continue;
            }
            let (hand, hides) = match wish {
                Wish::Renew(hand) | Wish::Act(hand) => (hand, false),
                Wish::Suspend(hand, _) | Wish::Close(hand, ..) => (hand, true),
                Wish::TakeOver(hand) => {
                    prop_assert!(hand.supervises);
                    continue;
                }
                Wish::Wait(_) | Wish::Claim(_) | Wish::Speak | Wish::Pass => continue,
            };
            let held = matches!(&before.state, State::Claimed { owner, .. } if *owner == hand.who);
            let by_right = hand.supervises && hand.fence.is_none() && matches!(wish, Wish::Close(..));
            prop_assert!(by_right || (held && hand.fence == Some(before.fence)));
            prop_assert!(!hides || hand.seen.is_some_and(|seen| seen >= before.spoke));
        }
    }
}
