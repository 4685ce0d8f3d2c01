//! Rows that cannot be read or are refused are gone past, however many stand before the others.
//!
//! Each loop that takes a bounded number of rows is given more of these than it takes. Not here: one such row among
//! others (`apart`), and whose alerts are (`owed`).
#![expect(clippy::disallowed_methods, reason = "waits for a condition, and ends")]

#[path = "apart/room.rs"]
mod room;

use centre::desk::lapse;
use centre::escalation;
use records::{desk, event, forgotten, notify};
use room::Room;

/// Alerts that are before the others in every order, in this state.
fn alerts(room: &Room, many: usize, state: &str) {
    for n in 0..many {
        room.sql(&format!(
            "INSERT INTO alert (id, home, incident, kind, severity, count, trust, late, raised_wall, raised_mono, \
             cursor, closed_wall, state, owner, fence, lease_mono) VALUES ('00-{n}', {}, 1, 0, 3, 1, 0, 0, 1, 1, 1, 1, \
             {state}, 'x', 1, 1)",
            800_000 + n
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_and_unreadable_steps_of_the_ladder_beyond_its_hand_keep_no_other_from_climbing() {
    for damage in [
        "CREATE TRIGGER no_ladder BEFORE UPDATE ON ladder WHEN NEW.alert LIKE '00-%' \
         BEGIN SELECT RAISE(ABORT, 'no'); END",
        "UPDATE alert SET kind = 'help' WHERE id LIKE '00-%'",
    ] {
        let mut room = Room::open(1).await;
        alerts(&room, 150, "0");
        room.sql(damage);
        room.sql("INSERT INTO ladder (alert, round, step, due) SELECT id, 0, 0, 0 FROM alert");
        room.press(0, 1).await;
        let other = room.calls(0).await.0.remove(0).id;
        room.sql(&format!("UPDATE ladder SET due = 1 WHERE done IS NULL AND alert = '{other}'"));
        let climbed =
            format!("SELECT COUNT(*) FROM ladder WHERE alert = '{other}' AND done IS NOT NULL");
        room.until("the other climbs", async |room| {
            // The server's own ladder is at it as well.
            let _ = escalation::step(&room.app.escalation).await;
            room.count(&climbed) > 0
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_cannot_be_returned_beyond_one_step_keep_no_other_with_a_dead_holder() {
    let mut room = Room::open(1).await;
    // Before there are any: the server itself looks once a second.
    room.sql(
        "CREATE TRIGGER no_alert BEFORE UPDATE ON alert WHEN NEW.id LIKE '00-%' \
         BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    alerts(&room, 510, "1");
    room.press(0, 1).await;
    let other = room.calls(0).await.0.remove(0).id;
    room.sql(&format!(
        "UPDATE alert SET state = 1, owner = 'x', lease_mono = 2, fence = 1, raised_mono = 2 WHERE id = '{other}'"
    ));
    room.until("the other is back", async |room| {
        lapse::step(&room.app.desk).await.unwrap();
        room.count(&format!("SELECT state FROM alert WHERE id = '{other}'")) == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_cannot_be_read_end_no_list_of_what_changed() {
    let room = Room::open(1).await;
    alerts(&room, 30, "0");
    room.sql("UPDATE alert SET kind = 'help' WHERE id LIKE '00-%'");
    room.sql("UPDATE alert SET kind = 0, cursor = 2 WHERE id = '00-29'");
    let mut reader = room.app.records.reader().await.unwrap();
    let seen = desk::after(&mut reader, 0, 10).await.unwrap();
    assert_eq!(seen.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["00-29"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_that_cannot_be_read_or_rest_keep_no_other_in_the_house() {
    let room = Room::open(1).await;
    for n in 0..60 {
        let body = if n < 30 { "CAST(x'ff' AS TEXT)" } else { "'{}'" };
        room.sql(&format!(
            "INSERT INTO outbox (id, channel, alert, reason, round, urgent, body, state, tries, due_mono, \
             created_mono, created_wall) VALUES ('{n}', 'far', 'a{n}', 'unclaimed', 0, 1, {body}, 0, 0, {n}, 1, 1)"
        ));
    }
    let mut reader = room.app.records.reader().await.unwrap();
    let rests = |id: &str| id.parse::<u32>().unwrap() < 58;
    let due = notify::due(&mut reader, "far", (100, 10), rests).await.unwrap();
    assert_eq!(due.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["58", "59"]);
}

fn event(room: &Room, home: i64, n: i64, what: &str) {
    room.sql(&format!(
        "INSERT INTO event_out (id, channel, home, n, alert, event, kind, severity, wall, made_mono, due_mono) \
         VALUES ('{home}-{n}', 'far', {home}, {n}, 'a', {what}, 0, 3, 1, 1, 0)"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_cannot_be_read_keep_no_other_and_are_given_up_and_counted() {
    let room = Room::open(1).await;
    room.sql("INSERT INTO event_receiver (channel) VALUES ('far')");
    for home in 1..=40 {
        event(&room, home, 1, "CAST(x'ff' AS TEXT)");
        event(&room, home, 2, "'closed'");
    }
    event(&room, 41, 1, "'raised'");
    let mut writer = room.app.records.begin().await.unwrap();
    // Of no home: what this server has to say of itself on a busy machine.
    let own = |row: &event::EventRow| row.home == 0;
    let (due, unread) = event::due(&mut writer, "far", (9, 10), own).await.unwrap();
    assert_eq!((due.len(), due[0].home, unread), (1, 41, 40));
    assert_eq!(event::lose_unread(&mut writer, "far", 5).await.unwrap(), 40);
    let (waiting, lost, at) = event::counts(&mut writer, "far").await.unwrap();
    assert_eq!((lost, at), (40, Some(5)));
    assert!(waiting >= 41, "{waiting} wait");
    let (due, unread) = event::due(&mut writer, "far", (9, 100), own).await.unwrap();
    assert_eq!((due.len(), unread), (41, 0), "the homes go on");
    assert!(due.iter().filter(|row| row.home < 41).all(|row| row.n == 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_that_cannot_be_forgotten_keep_no_other_for_ever() {
    let room = Room::open(1).await;
    alerts(&room, 130, "3");
    room.sql(
        "UPDATE alert SET closed_wall = 2 WHERE id IN ('00-128', '00-129'); \
         CREATE TRIGGER no_alert BEFORE DELETE ON alert WHEN OLD.closed_wall = 1 \
         BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    let mut writer = room.app.records.begin().await.unwrap();
    let gone = forgotten::alerts(&mut writer, forgotten::Ended::Persons, 10, 100).await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(gone, 2);
    assert_eq!(room.count("SELECT COUNT(*) FROM alert WHERE id LIKE '00-%'"), 128);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_damaged_row_of_what_is_read_at_a_start_keeps_the_server_from_starting_or_judging() {
    let room = Room::open(1).await;
    for (row, column) in [
        ("connect_proof (gateway, used)", "'hall', x'00'"),
        ("home_way (home, since_wall)", "'here', 1"),
        ("key_epoch (device, heard, oldest)", "'bed', 1, 1"),
        ("reach (gateway, lane, line, spool, through)", "'hall', 0, 1, 1, 1"),
        ("event_receiver (channel)", "CAST(x'ff' AS TEXT)"),
        ("gateway_silent", "'hall', 'a'"),
    ] {
        room.sql(&format!("INSERT INTO {row} VALUES ({column})"));
    }
    let copy = tempfile::tempdir().unwrap();
    let commits_wait = room.app.records.begin().await.unwrap();
    for part in ["", "keys"] {
        std::fs::create_dir_all(copy.path().join(part)).unwrap();
        let found = std::fs::read_dir(room.folder.path().join(part)).unwrap().flatten();
        for file in found.filter(|entry| entry.file_type().unwrap().is_file()) {
            std::fs::copy(file.path(), copy.path().join(part).join(file.file_name())).unwrap();
        }
    }
    drop(commits_wait);
    let config = format!("data = {:?}\n[gateways]\nbind = '127.0.0.1:0'\n", copy.path());
    let running = server::app::start(toml::from_str(&config).unwrap()).await.unwrap();
    let judges =
        centre::ingest::batch::Batcher::new(std::sync::Arc::clone(&running.app.ingest)).await;
    assert!(judges.is_ok(), "{:?}", judges.err());
}
