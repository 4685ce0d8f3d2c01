//! An old row that the store refuses to let go keeps no other of its table, no other table, and nothing new.
//!
//! A trigger is the refusal; a damaged page is refused with the same words. Not here: ended alerts and looks (`poison`,
//! `kept`), values (`series`), or the spool of a home box.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
#![expect(clippy::disallowed_methods, reason = "the room waits for a condition, and ends")]

#[path = "apart/room.rs"]
mod room;

use records::Writer;
use records::question::{self, QuestionRow};
use records::state::{self, Quarantined};
use records::{care, desk, event, heard, program, staff};
use room::Room;

/// A table of which old rows go, and what is written of it.
struct Table {
    name: &'static str,
    /// Its columns, and a row by its number 1 to 9.
    columns: &'static str,
    row: fn(usize) -> String,
    /// How a row by its number is found.
    which: fn(usize) -> String,
}

const TABLES: [Table; 9] = [
    Table {
        name: "seen",
        columns: "device, boot, base, bits, touched",
        row: |n| format!("{n}, 1, 0, x'00', {n}"),
        which: |n| format!("device = {n}"),
    },
    Table {
        name: "change",
        columns: "cursor, id, wall",
        row: |n| format!("{n}, 'a', 1"),
        which: |n| format!("cursor = {n}"),
    },
    Table {
        name: "session",
        columns: "hash, staff, created_mono, seen_mono, theme, lang",
        row: |n| format!("'{n}', 'x', {n}, {n}, '', ''"),
        which: |n| format!("hash = '{n}'"),
    },
    Table {
        name: "login_code",
        columns: "hash, staff, until_mono",
        row: |n| format!("'{n}', 'x', {n}"),
        which: |n| format!("hash = '{n}'"),
    },
    Table {
        name: "program_token",
        columns: "id, staff, name, hash, scope, made_by, made_wall, until_mono, until_wall",
        row: |n| format!("'{n}', 'x', '', '', '', '', 1, {n}, 1"),
        which: |n| format!("id = '{n}'"),
    },
    Table {
        name: "heard",
        columns: "home, from_mono, to_mono, inputs",
        row: |n| format!("{n}, 1, {n}, x'00'"),
        which: |n| format!("home = {n}"),
    },
    Table {
        name: "quarantine",
        columns: "id, gateway, wall, reason, bytes",
        row: |n| format!("'{n}', 1, 1, '', x'00'"),
        which: |n| format!("id = '{n}'"),
    },
    Table {
        name: "question",
        columns: "home, incident, kind, asked_wall, until_mono",
        row: |n| format!("77, {n}, 0, 1, {n}"),
        which: |n| format!("incident = {n}"),
    },
    Table {
        name: "event_out",
        columns: "id, channel, home, n, alert, event, kind, severity, wall, made_mono, due_mono, tries",
        row: |n| format!("'{n}', 'far', {n}, 1, 'a', 'raised', 0, 3, 1, {n}, 1, 1"),
        which: |n| format!("id = '{n}'"),
    },
];

/// Nine old rows of each table, of which these are refused.
fn old_rows(room: &Room, refused: &[usize]) {
    for Table { name, columns, row, which } in &TABLES {
        // Sessions name staff that is not here.
        let mut sql = format!("PRAGMA foreign_keys = OFF; DELETE FROM {name};");
        for n in 1..=9 {
            sql += &format!("INSERT INTO {name} ({columns}) VALUES ({});", row(n));
        }
        let held: Vec<String> = refused.iter().map(|n| format!("OLD.{}", which(*n))).collect();
        sql += &format!(
            "CREATE TRIGGER no_{name} BEFORE DELETE ON {name} WHEN {} BEGIN SELECT RAISE(ABORT, 'no'); END",
            held.join(" OR ")
        );
        room.sql(&sql);
    }
}

/// Every sweep of these tables, each for what its number says is older than 9.
async fn sweep(c: &mut Writer) {
    state::forget_seen(c, 10).await.unwrap();
    desk::forget_changes(c, 1).await.unwrap();
    staff::sweep(c, 10, 10, 10).await.unwrap();
    program::sweep(c, 10).await.unwrap();
    heard::forget(c, 10).await.unwrap();
    event::lose(c, "far", (10, 100), 5).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_old_row_that_is_refused_keeps_no_other_of_its_table_nor_another_table() {
    let room = Room::open(1).await;
    room.sql("INSERT INTO event_receiver (channel) VALUES ('far')");
    old_rows(&room, &[1, 5]);
    let mut writer = room.app.records.begin().await.unwrap();
    sweep(&mut writer).await;
    let newest =
        Quarantined { id: "99".into(), gateway: 1, wall: 1, reason: String::new(), bytes: vec![0] };
    state::quarantine(&mut writer, &newest).await.unwrap();
    assert_eq!(state::bound_quarantine(&mut writer, 1).await.unwrap(), 7);
    writer.commit().await.unwrap();
    for Table { name, .. } in TABLES.iter().filter(|table| table.name != "question") {
        let left = room.count(&format!("SELECT COUNT(*) FROM {name}"));
        // The newest change and the record that was just put aside are kept by right.
        let own = i64::from(["change", "quarantine"].contains(name));
        assert_eq!(left, 2 + own, "{name}");
    }
    assert_eq!(room.count("SELECT lost FROM event_receiver WHERE channel = 'far'"), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_question_that_is_refused_keeps_no_new_one_from_being_asked() {
    let room = Room::open(1).await;
    old_rows(&room, &[5]);
    let ask = QuestionRow {
        home: 77,
        incident: 100,
        kind: ::care::Kind::Help,
        device: None,
        asked_wall: 1,
        until_mono: 1_000 * 24 * 60 * 60 * 1_000,
        ended_wall: None,
        answer: question::Answer::None,
    };
    let mut writer = room.app.records.begin().await.unwrap();
    question::ask(&mut writer, &ask).await.unwrap();
    writer.commit().await.unwrap();
    let left = room.count("SELECT SUM(incident) FROM question WHERE home = 77");
    assert_eq!(left, 105, "the refused one and the new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_state_that_is_refused_keeps_no_new_one_from_being_put_aside() {
    let room = Room::open(1).await;
    let mut sql = String::new();
    for place in 1..=9 {
        sql += &format!("INSERT INTO care_aside VALUES (77, {place}, 'old', x'00');");
    }
    room.sql(&sql);
    room.refuse("DELETE ON care_aside", "OLD.place = 2");
    let row = care::CareRow {
        home: 77,
        state: vec![1],
        due: None,
        check: 0,
        aside: Some(("damaged", vec![2])),
    };
    let mut writer = room.app.records.begin().await.unwrap();
    care::put(&mut writer, &[row]).await.unwrap();
    let aside = care::aside(&mut writer, 77).await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(aside.last(), Some(&("damaged".to_owned(), vec![2])));
    let first = room.count("SELECT COUNT(*) FROM care_aside WHERE home = 77 AND place = 1");
    assert_eq!(first, 0, "the others have made room");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_refused_rows_than_are_looked_at_at_once_keep_no_other_for_ever() {
    let room = Room::open(1).await;
    let mut sql = String::from("BEGIN; DELETE FROM seen;");
    for n in 1..=1_300 {
        sql += &format!(
            "INSERT INTO seen (device, boot, base, bits, touched) VALUES ({n}, 1, 0, x'00', 1);"
        );
    }
    room.sql(&(sql + "COMMIT;"));
    room.refuse("DELETE ON seen", "OLD.device <= 1295");
    for _ in 0..3 {
        let mut writer = room.app.records.begin().await.unwrap();
        state::forget_seen(&mut writer, 10).await.unwrap();
        writer.commit().await.unwrap();
    }
    assert_eq!(room.count("SELECT COUNT(*) FROM seen"), 1_295);
}
