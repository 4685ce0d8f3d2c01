//! Numbers and words of what the judgement says, as rows keep them: what is written once is read as the same for ever.

use care::alert::{Outcome, Step};
use care::{Kind, Severity, Trust};

/// Number in the stored judgement of a home, which is that of rows too.
fn coded(value: impl minicbor::Encode<()>) -> i64 {
    minicbor::decode(&minicbor::to_vec(value).unwrap()).unwrap()
}

#[test]
fn lists_of_stored_numbers_and_words_are_only_ever_added_to() {
    let kinds: Vec<_> = Kind::TABLE.iter().map(|(_, number, word)| (*number, *word)).collect();
    assert_eq!(
        kinds,
        [
            (0, "help"),
            (1, "fall"),
            (2, "unverified"),
            (3, "unreadable"),
            (4, "bed"),
            (5, "stillness"),
            (6, "silence"),
            (7, "gateway_silence"),
            (8, "fault"),
            (9, "vitals"),
            (10, "restless"),
            (11, "identity_twice"),
            (12, "no_way"),
            (13, "upkeep"),
            (14, "unsteady"),
            (15, "boots"),
            (16, "stuck"),
            (17, "wander"),
        ]
    );
    assert_eq!(
        Severity::TABLE,
        [
            (Severity::Fault, 0, "fault"),
            (Severity::General, 1, "general"),
            (Severity::Important, 2, "important"),
            (Severity::Emergency, 3, "emergency"),
        ]
    );
    assert_eq!(
        Trust::TABLE,
        [(Trust::Verified, 0, "verified"), (Trust::Unverified, 1, "unverified")]
    );
    assert_eq!(
        Step::TABLE,
        [
            (Step::CheckVisible, 0, "check_visible"),
            (Step::RingAll, 1, "ring_all"),
            (Step::Supervisor, 2, "supervisor"),
            (Step::SecondSite, 3, "second_site"),
            (Step::External, 4, "external"),
        ]
    );
    assert_eq!(Outcome::ALL.map(Outcome::code), [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
}

#[test]
fn what_is_stored_under_a_number_is_read_as_the_same_and_stands_for_it_in_the_judgement() {
    for (kind, number, word) in Kind::TABLE {
        assert_eq!((kind.number(), kind.word(), *kind as i64), (*number, *word, *number));
        assert_eq!(Kind::from_number(*number).zip(Kind::from_word(word)), Some((*kind, *kind)));
        assert_eq!(coded(kind), *number);
    }
    for (severity, number, word) in Severity::TABLE {
        let read = Severity::from_number(*number).zip(Severity::from_word(word));
        assert_eq!((read, coded(severity)), (Some((*severity, *severity)), *number));
    }
    for (trust, number, word) in Trust::TABLE {
        let read = Trust::from_number(*number).zip(Trust::from_word(word));
        assert_eq!((read, coded(trust)), (Some((*trust, *trust)), *number));
    }
    for (step, number, _) in Step::TABLE {
        assert_eq!((Step::from_number(*number), coded(step)), (Some(*step), *number));
    }
    assert_eq!((Kind::from_number(18), Step::from_number(5)), (None, None));
}
