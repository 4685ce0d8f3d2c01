//! The silence of a gateway: told once within 90 s, and once when it is back.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::GatewayWatch;
use care::policy::GATEWAY_SILENT;
use proto::unit::{Millis, Mono};

const START: Mono = Mono::from_millis(5_000);

#[test]
fn a_silent_gateway_is_told_once_at_its_limit() {
    let mut watch = GatewayWatch::new(START);
    let due = START.after(GATEWAY_SILENT);
    assert_eq!(watch.next_deadline(), Some(due));
    assert_eq!(watch.step(Mono::from_millis(due.millis() - 1)), None);
    assert_eq!(watch.step(due), Some(false));
    assert_eq!((watch.step(due), watch.next_deadline(), watch.is_up()), (None, None, false));
}

#[test]
fn every_word_gives_it_its_whole_time_again() {
    let mut watch = GatewayWatch::new(START);
    let later = START.after(Millis::secs(60));
    watch.heard(later);
    assert_eq!(watch.step(START.after(GATEWAY_SILENT)), None);
    assert_eq!(watch.next_deadline(), Some(later.after(GATEWAY_SILENT)));
}

#[test]
fn a_gateway_that_is_back_is_told_once_and_at_once() {
    let mut watch = GatewayWatch::new(START);
    watch.step(START.after(GATEWAY_SILENT));
    let back = START.after(Millis::secs(500));
    watch.heard(back);
    assert_eq!(watch.next_deadline(), Some(back));
    assert_eq!((watch.step(back), watch.step(back)), (Some(true), None));
    assert!(watch.is_up());
}

#[test]
fn a_gateway_that_was_down_before_a_restart_is_not_told_again() {
    let mut watch = GatewayWatch::down(START);
    assert_eq!((watch.step(START.after(GATEWAY_SILENT)), watch.next_deadline()), (None, None));
    watch.heard(START.after(Millis::secs(9)));
    assert_eq!(watch.step(START.after(Millis::secs(9))), Some(true));
}
