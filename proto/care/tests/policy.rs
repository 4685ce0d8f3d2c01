//! The numbers: each has a source, and the night passes midnight.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::policy::Rules;

#[test]
fn every_number_names_its_source() {
    let text = concat!(
        include_str!("../src/policy.rs"),
        include_str!("../src/policy/bed.rs"),
        include_str!("../src/policy/dates.rs"),
        include_str!("../src/policy/fall.rs"),
        include_str!("../src/policy/kept.rs"),
        include_str!("../src/policy/ladder.rs"),
        include_str!("../src/policy/life.rs"),
        include_str!("../src/policy/night.rs"),
        include_str!("../src/policy/pace.rs"),
        include_str!("../src/policy/rules.rs"),
        include_str!("../src/policy/sensor.rs"),
        include_str!("../src/policy/time.rs"),
        include_str!("../src/policy/vital.rs")
    );
    let mut doc = String::new();
    let mut numbers = 0;
    for line in text.lines() {
        if let Some(words) = line.trim().strip_prefix("///") {
            doc.push_str(words);
        } else {
            if line.starts_with("pub const") && !line.starts_with("pub const fn") {
                numbers += 1;
                assert!(doc.contains("Source:"), "no source beside: {line}");
            }
            doc.clear();
        }
    }
    assert!(numbers > 100, "this test reads the files, it found {numbers} numbers");
}

#[test]
fn a_night_may_pass_midnight_or_not_and_may_be_none() {
    let night = |night_from, night_until| Rules { night_from, night_until, ..Rules::default() };
    let cases = [
        (night(1320, 360), 1319, false),
        (night(1320, 360), 1320, true),
        (night(1320, 360), 0, true),
        (night(1320, 360), 359, true),
        (night(1320, 360), 360, false),
        (night(60, 300), 30, false),
        (night(60, 300), 299, true),
        (night(300, 300), 300, false),
    ];
    for (rules, minute, expected) in cases {
        assert_eq!(rules.is_night(minute), expected, "minute {minute} of {rules:?}");
    }
}
