//! What is over for long is forgotten by class, with all that belongs to it; what is open never is.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "scene/house.rs"]
mod house;

use centre::retention::{Class, Keeper};
use records::chain::{self, Batch, Growth, Line, NewActivation, NewAlert};
use records::look::{self, Look};
use records::{desk, forgotten};

use care::alert::Step;
use house::{Room, WALL};
use proto::unit::Mono;

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Alerts of one class, more than one step takes.
const MANY: usize = 250;

/// Alerts of a severity that were raised at `wall` and ended then, if `over`; their ids.
async fn alerts(
    room: &Room,
    word: &str,
    severity: care::Severity,
    wall: i64,
    over: bool,
    n: usize,
) -> Vec<String> {
    let ids: Vec<String> = (0..n).map(|k| format!("{word}-{k:04}")).collect();
    let base =
        i64::from(word.bytes().fold(7u32, |sum, b| sum.wrapping_mul(31) ^ u32::from(b)) >> 4);
    let mut raised = Batch::default();
    for (k, id) in (0..).zip(&ids) {
        raised.alerts.push(NewAlert {
            id: id.clone(),
            home: 77,
            incident: base * 1_000 + k,
            kind: care::Kind::Help,
            severity,
            device: Some(9),
            gateway: None,
            count: 1,
            trust: care::Trust::Verified,
            late: false,
            raised_wall: wall,
            raised_mono: 1,
            evidence: b"[]".to_vec(),
            cursor: 0,
        });
        raised.activations.push(NewActivation {
            device: 9,
            boot: base,
            seq: k,
            trust: care::Trust::Verified,
            hash: id.as_bytes().to_vec(),
            alert: id.clone(),
            kind: care::Kind::Help,
            rung: proto::down::Rung::Stored,
            pressed_mono: 1,
            pressed_wall: wall,
            stored_mono: 1,
            received_wall: wall,
            late: false,
            uptime: None,
        });
        raised.lines.push(Line { alert: id.clone(), wall, mono: 1, what: 0, ..Line::default() });
        raised.ladder.push((id.clone(), Step::CheckVisible, Mono::from_millis(1)));
    }
    let mut writer = room.house.app.records.begin().await.unwrap();
    chain::write(&mut writer, &mut raised, wall).await.unwrap();
    if over {
        let grown =
            ids.iter().map(|id| Growth { id: id.clone(), passed: true, ..Growth::default() });
        let mut ended = Batch { grown: grown.collect(), ..Batch::default() };
        chain::write(&mut writer, &mut ended, wall).await.unwrap();
    }
    writer.commit().await.unwrap();
    ids
}

async fn stand(room: &Room, ids: &[String]) -> usize {
    let mut reader = room.house.app.records.reader().await.unwrap();
    let mut count = 0;
    for id in ids {
        count += usize::from(desk::find(&mut reader, id).await.unwrap().is_some());
    }
    count
}

fn days(class: Class) -> i64 {
    i64::try_from(class.kept().get()).unwrap() / DAY
}

/// Steps until nothing more goes.
async fn forget(room: &Room, edge: i64) {
    let mut keeper = Keeper::default();
    for _ in 0..10 {
        keeper.step_by(&room.house.app.upkeep.retention, Some(edge)).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_over_is_kept_for_its_class_and_then_goes_with_all_that_belongs_to_it() {
    let room = Room::open().await;
    let persons = days(Class::Alerts);
    let old =
        alerts(&room, "old", care::Severity::Emergency, WALL - (persons + 1) * DAY, true, MANY)
            .await;
    let young =
        alerts(&room, "young", care::Severity::Emergency, WALL - (persons - 1) * DAY, true, 3)
            .await;
    let open =
        alerts(&room, "open", care::Severity::Emergency, WALL - 2 * persons * DAY, false, 3).await;
    let faults = alerts(
        &room,
        "fault",
        care::Severity::Fault,
        WALL - (days(Class::Faults) + 1) * DAY,
        true,
        3,
    )
    .await;
    forget(&room, WALL).await;
    assert_eq!(stand(&room, &old).await, 0, "older than its class is kept");
    assert_eq!(stand(&room, &faults).await, 0, "equipment is kept for less long");
    assert_eq!(stand(&room, &young).await, 3, "a day too young to go");
    assert_eq!(stand(&room, &open).await, 3, "nobody has ended these");
    let mut reader = room.house.app.records.reader().await.unwrap();
    for id in [&old[0], &old[MANY - 1]] {
        let presses = desk::activations(&mut reader, id, 10).await.unwrap();
        assert!(presses.is_empty(), "presses go with their alert");
        let lines = records::story::timeline(&mut reader, id, 10).await.unwrap();
        assert!(lines.is_empty(), "its story goes too");
    }
    assert_eq!(desk::activations(&mut reader, &young[0], 10).await.unwrap().len(), 1);
    let passes = forgotten::lately(&mut reader, 10).await.unwrap();
    let lines = |word: &str| passes.iter().find(|p| p.class == word).map(|p| p.lines);
    assert_eq!(lines("alerts"), Some(MANY as i64), "what went is told");
    assert_eq!(lines("faults"), Some(3));
    assert_eq!(lines("looks"), None, "nothing went, nothing is told");
}

#[tokio::test]
async fn nothing_is_forgotten_while_the_clock_is_not_proved() {
    let room = Room::open().await;
    let old = alerts(&room, "old", care::Severity::Emergency, WALL - 9_999 * DAY, true, 3).await;
    let mut keeper = Keeper::default();
    keeper.step_by(&room.house.app.upkeep.retention, None).await.unwrap();
    assert_eq!(stand(&room, &old).await, 3);
}

#[tokio::test]
async fn a_look_is_kept_for_its_class_and_then_goes() {
    let room = Room::open().await;
    let looked = Look {
        staff: "nobody".into(),
        home: 77,
        what: "page",
        why: "",
        detail: String::new(),
        shown: false,
    };
    let mut writer = room.house.app.records.begin().await.unwrap();
    for age in [days(Class::Looks) + 1, days(Class::Looks) - 1] {
        look::insert(&mut writer, &looked, WALL - age * DAY).await.unwrap();
    }
    writer.commit().await.unwrap();
    forget(&room, WALL).await;
    let mut reader = room.house.app.records.reader().await.unwrap();
    let passes = forgotten::lately(&mut reader, 10).await.unwrap();
    assert_eq!(
        passes.iter().map(|p| (p.class.as_str(), p.lines)).collect::<Vec<_>>(),
        [("looks", 1)]
    );
}
