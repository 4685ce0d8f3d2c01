//! Dates of presses, whatever comes first. Not here: the clock of one boot (`care::dating`).

use proto::id::Seq;

use super::*;

const START: u64 = 500 * 24 * 3_600_000;
const MINUTE: u64 = 60_000;

fn at(ms: u64) -> Mono {
    Mono::from_millis(START + ms)
}

fn told(boot: (u32, u32), seq: u32, uptime: u64, handed: u64) -> Told {
    let device = DeviceId::new(7).unwrap();
    let id = PressId { device, boot: BootId::new(boot.0, boot.1), seq: Seq::new(seq) };
    let (tag, what) = ([1; TAG_LEN], What::Press);
    Told { id, tag, what, uptime: Millis::new(uptime), handed: at(handed) }
}

fn health(dating: &mut Dating, boot: (u32, u32), uptime: u64, handed: u64) {
    let told = Told { what: What::Health, ..told(boot, 900, uptime, handed) };
    dating.hear(told, at(handed));
}

fn press(dating: &mut Dating, boot: (u32, u32), uptime: u64, handed: u64) -> Dated {
    dating.hear(told(boot, 1, uptime, handed), at(handed))
}

#[test]
fn a_press_of_two_hours_ago_is_dated_by_uptime_alone() {
    let mut dating = Dating::default();
    health(&mut dating, (1, 1), 122 * MINUTE, 0);
    assert_eq!(
        press(&mut dating, (1, 1), 2 * MINUTE, 100),
        Dated { at: Mono::from_millis(START - 120 * MINUTE), late: true }
    );
    assert!(dating.due().is_empty(), "it was right at once");
}

#[test]
fn a_press_that_overtakes_its_boots_first_health_is_late_and_says_so() {
    let mut dating = Dating::default();
    let first = press(&mut dating, (1, 1), 2 * MINUTE, 0);
    assert_eq!(first, Dated { at: at(0), late: false }, "nobody knows better yet");
    health(&mut dating, (1, 1), 122 * MINUTE, 300);
    let id = told((1, 1), 1, 0, 0).id;
    let then = Mono::from_millis(START + 300 - 120 * MINUTE);
    assert_eq!(dating.due(), [Anew { press: id, tag: [1; TAG_LEN], at: then, late: true }]);
    health(&mut dating, (1, 1), 123 * MINUTE, MINUTE);
    assert_eq!(dating.due().len(), 1, "once");
    dating.written(1);
    assert!(dating.due().is_empty());
}

#[test]
fn a_press_of_an_earlier_boot_is_late_and_says_so_whichever_comes_first() {
    let mut dating = Dating::default();
    health(&mut dating, (1, 6), 40 * MINUTE, 0);
    let known = press(&mut dating, (1, 5), 9 * MINUTE, 100);
    assert_eq!(known, Dated { at: Mono::from_millis(START - 40 * MINUTE), late: true });
    let mut dating = Dating::default();
    assert!(!press(&mut dating, (1, 5), 9 * MINUTE, 0).late);
    health(&mut dating, (1, 6), 2_000, 500);
    let told = dating.due().to_vec();
    assert_eq!((told.len(), told[0].at), (1, Mono::from_millis(START - 1_500)));
    health(&mut dating, (1, 6), 62_000, 60_500);
    assert_eq!(dating.due().len(), 1, "once");
}

#[test]
fn a_press_of_an_earlier_boot_that_is_known_is_as_old_as_it_is() {
    let mut dating = Dating::default();
    health(&mut dating, (1, 5), MINUTE, 0);
    health(&mut dating, (1, 6), 3_000, 20 * MINUTE);
    let late = press(&mut dating, (1, 5), 11 * MINUTE, 20 * MINUTE + 200);
    assert_eq!(late, Dated { at: at(10 * MINUTE), late: true });
    let fresh = press(&mut dating, (1, 5), 20 * MINUTE + 50_000, 20 * MINUTE + 200);
    assert!(!fresh.late, "pressed just before the device began anew");
}

#[test]
fn all_presses_that_a_device_held_through_a_new_boot_are_late() {
    let mut dating = Dating::default();
    for (seq, uptime) in [(1, 100_000), (2, 200_000), (3, 201_000)] {
        dating.hear(told((1, 5), seq, uptime, 0), at(0));
    }
    health(&mut dating, (1, 6), 3_000, 700);
    let late: std::collections::BTreeSet<u32> =
        dating.due().iter().map(|anew| anew.press.seq.get()).collect();
    assert_eq!(late.into_iter().collect::<Vec<_>>(), [1, 2, 3], "{:?}", dating.due());
    let fourth = dating.hear(told((1, 5), 4, 202_000, 900), at(900));
    assert!(fourth.late);
}

#[test]
fn a_fresh_press_stays_fresh() {
    let mut dating = Dating::default();
    assert!(!press(&mut dating, (1, 1), 5 * MINUTE, 0).late);
    health(&mut dating, (1, 1), 5 * MINUTE + 400, 400);
    assert!(dating.due().is_empty());
    // Another life, as after a reset: nothing orders the two.
    health(&mut dating, (2, 1), 90 * MINUTE, 500);
    assert!(!press(&mut dating, (1, 1), 6 * MINUTE, MINUTE).late);
    assert!(dating.due().is_empty());
}

#[test]
fn of_two_voices_with_one_name_none_is_dated_by_the_uptime_of_the_other() {
    let mut dating = Dating::default();
    health(&mut dating, (1, 1), 150 * MINUTE, 0);
    dating.doubt(DeviceId::new(7).unwrap(), BootId::new(1, 1));
    health(&mut dating, (1, 1), 150 * MINUTE, 0);
    let dated = press(&mut dating, (1, 1), 5_000, 10);
    assert_eq!(dated, Dated { at: at(10), late: false });
}

#[test]
fn what_waited_at_its_gateway_is_late_by_that() {
    let mut dating = Dating::default();
    let told = told((1, 1), 1, MINUTE, 0);
    let dated = dating.hear(told, at(3 * 24 * 60 * MINUTE));
    assert_eq!(dated, Dated { at: at(0), late: true });
}

/// A table of what has been found out by now: the last date of each press.
fn dates(dating: &Dating) -> Vec<(u64, bool)> {
    dating
        .due()
        .iter()
        .map(|anew| (anew.at.millis() - (START - 1_000 * MINUTE), anew.late))
        .collect()
}

#[test]
fn a_press_that_goes_ahead_of_its_gateways_backlog_is_dated_by_the_rate_that_the_backlog_shows() {
    for per_mille in [950, 970, 1_000, 1_030, 1_050u64] {
        let mut dating = Dating::default();
        // The device began 720 minutes before START; it counts its own minutes.
        let uptime = |minute: u64| 1_000 + minute * MINUTE * per_mille / 1_000;
        let back = |minute: u64| Mono::from_millis(START - (720 - minute) * MINUTE);
        press(&mut dating, (1, 1), uptime(630), 0);
        for minute in (0..720).step_by(60) {
            let told = Told { handed: back(minute), ..told((1, 1), 900, uptime(minute), 0) };
            dating.hear(Told { what: What::Health, ..told }, at(0));
        }
        health(&mut dating, (1, 1), uptime(720), 100);
        let found = dates(&dating);
        assert_eq!(found.len(), 1, "{per_mille}: each press waits once");
        let (then, late) = found[0];
        assert!(late && then.abs_diff(910 * MINUTE) < MINUTE, "{per_mille}: {}", then / MINUTE);
    }
}

#[test]
fn a_press_from_before_its_counter_wrapped_is_late_whichever_comes_first() {
    let lap = 1 << 32;
    let mut dating = Dating::default();
    assert!(!press(&mut dating, (1, 1), lap - 5 * MINUTE, 0).late);
    health(&mut dating, (1, 1), 5 * MINUTE, 100);
    assert_eq!(dates(&dating), [(990 * MINUTE + 100, true)]);
    health(&mut dating, (1, 1), 6 * MINUTE, MINUTE + 100);
    let fresh = dating.hear(told((1, 1), 2, 6 * MINUTE, MINUTE + 200), at(MINUTE + 200));
    assert!(!fresh.late);
    let mut dating = Dating::default();
    health(&mut dating, (1, 1), 5 * MINUTE, 0);
    assert!(press(&mut dating, (1, 1), lap - 5 * MINUTE, 100).late);
}

#[test]
fn what_a_boot_is_remembered_by_dates_as_before() {
    let mut dating = Dating::default();
    health(&mut dating, (1, 6), 40 * MINUTE, 0);
    let device = DeviceId::new(7).unwrap();
    let boot = BootId::new(1, 6);
    let mark = dating.mark(device, boot).unwrap();
    let mut next = Dating::default();
    assert!(!next.knows(device));
    next.recall(device, &[(boot, mark)], &[]);
    let dated = press(&mut next, (1, 5), 9 * MINUTE, 100);
    assert_eq!(dated, Dated { at: Mono::from_millis(START - 40 * MINUTE), late: true });
    for junk in [vec![], vec![7; 49], vec![7; 50], vec![0xFF; 51]] {
        let mut next = Dating::default();
        next.recall(device, &[(boot, junk)], &[]);
        assert!(!press(&mut next, (1, 6), MINUTE, 0).late, "damage dates nothing");
    }
}
