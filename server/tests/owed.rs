//! An alert is told first, and whose it is is written down after it: also after a power cut, and whatever cannot be read.
#![expect(clippy::disallowed_methods, reason = "waits for a condition, and ends")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "apart/room.rs"]
mod room;

use std::path::Path;

use care::Seen;
use records::contact::{self, Contact};
use records::resident::{self, Resident};
use records::whose::{self, Whose};
use records::{Records, Writer, home};
use room::{Room, WALL};
use tempfile::TempDir;

/// Somebody who lives in a home, with one to call for them.
async fn moves_in(room: &Room, place: usize, name: &str) {
    let mut writer = room.app.records.begin().await.unwrap();
    let who = Resident { name: name.into(), phone: "010-1".into(), ..Resident::default() };
    let home = room.places[place].number();
    let (stay, person, listed) = (format!("s-{name}"), format!("p-{name}"), format!("c-{name}"));
    resident::insert(&mut writer, &person, &who, WALL).await.unwrap();
    resident::move_in(&mut writer, &stay, &person, (home, None), WALL).await.unwrap();
    let call = Contact { name: "女儿".into(), phone: "010-2".into(), ..Contact::default() };
    contact::insert(&mut writer, &listed, &person, &call).await.unwrap();
    writer.commit().await.unwrap();
}

/// The files as they are on the disk between two commits: what a power cut leaves.
async fn cut(room: &Room) -> TempDir {
    let commits_wait = room.app.records.begin().await.unwrap();
    let left = copy(room.folder.path());
    drop(commits_wait);
    left
}

fn copy(from: &Path) -> TempDir {
    let left = tempfile::tempdir().unwrap();
    for part in ["", "keys"] {
        std::fs::create_dir_all(left.path().join(part)).unwrap();
        let found = std::fs::read_dir(from.join(part)).unwrap().flatten();
        for file in found.filter(|entry| entry.file_type().unwrap().is_file()) {
            std::fs::copy(file.path(), left.path().join(part).join(file.file_name())).unwrap();
        }
    }
    left
}

fn rows(folder: &Path, sql: &str) -> Vec<String> {
    let file = rusqlite::Connection::open(folder.join("records.db")).unwrap();
    file.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    let mut statement = file.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// A power cut after the commit of an alert, before it was written down whose it is.
async fn cut_in_the_window() -> (Room, TempDir) {
    let mut room = Room::open(1).await;
    moves_in(&room, 0, "李桂英").await;
    for seq in 1..100 {
        // A new alert each time.
        room.sql("UPDATE alert SET state = 3");
        room.begin_anew().await;
        room.press(0, seq).await;
        let left = cut(&room).await;
        if !rows(left.path(), "SELECT alert FROM alert_owed").is_empty() {
            return (room, left);
        }
    }
    panic!("never: an alert of which it is still owed whose it is");
}

/// What was kept of the alert that is owed in these files.
fn kept(folder: &Path, alert: &str) -> Option<Whose> {
    let sql = format!("SELECT facts FROM alert_whose WHERE alert = '{alert}'");
    rows(folder, &sql).pop().map(|facts| serde_json::from_str(&facts).unwrap())
}

fn as_it_was(whose: &Whose) -> bool {
    let [person] = whose.persons.as_slice() else { return false };
    let [listed] = person.contacts.as_slice() else { return false };
    (whose.label.as_str(), whose.address.as_str()) == ("3-2-500", "演示路 1 号")
        && (person.who.name.as_str(), person.who.phone.as_str()) == ("李桂英", "010-1")
        && (listed.contact.name.as_str(), listed.contact.phone.as_str()) == ("女儿", "010-2")
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_power_cut_between_an_alert_and_whose_it_is_that_is_written_from_the_rows() {
    let (room, left) = cut_in_the_window().await;
    let alert = rows(left.path(), "SELECT alert FROM alert_owed").pop().unwrap();
    assert_eq!(kept(left.path(), &alert), None);
    let config = format!("data = {:?}\n[gateways]\nbind = '127.0.0.1:0'\n", left.path());
    let running = server::app::start(toml::from_str(&config).unwrap()).await.unwrap();
    room.until("it is written", async |_| kept(left.path(), &alert).is_some()).await;
    let whose = kept(left.path(), &alert).unwrap();
    assert!(as_it_was(&whose), "{whose:?}");
    assert!(rows(left.path(), "SELECT alert FROM alert_owed").is_empty());
    drop(running);
}

/// Every way in which a home, who lives there, or whom to call for them is edited.
const EDITS: [&str; 7] =
    ["home", "person", "moves in", "moves out", "contact added", "contact", "contact ended"];

async fn edit(c: &mut Writer, what: &str, number: i64) {
    let person = "p-李桂英";
    let other = Resident { name: "别人".into(), phone: "000".into(), ..Resident::default() };
    let call = Contact { name: "别人".into(), phone: "000".into(), ..Contact::default() };
    match what {
        "home" => {
            let row = home::find(c, number).await.unwrap().unwrap();
            let row =
                home::HomeRow { label: "9-9-999".into(), address: "别处 9 号".into(), ..row };
            home::update(c, &row).await.unwrap();
        }
        "person" => resident::update(c, person, &other).await.unwrap(),
        "moves in" => {
            resident::insert(c, "p-2", &other, WALL).await.unwrap();
            resident::move_in(c, "s-2", "p-2", (number, None), WALL).await.unwrap();
        }
        "moves out" => {
            assert!(resident::leave(c, (number, person), "moved", WALL).await.unwrap());
        }
        "contact added" => contact::insert(c, "c-2", person, &call).await.unwrap(),
        "contact" => contact::update(c, "c-李桂英", &call).await.unwrap(),
        _ => assert!(contact::end(c, "c-李桂英", WALL).await.unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_power_cut_whose_an_alert_is_is_written_before_any_edit_of_home_person_or_contact()
{
    let (room, left) = cut_in_the_window().await;
    let alert = rows(left.path(), "SELECT alert FROM alert_owed").pop().unwrap();
    let mut wrong = Vec::new();
    for what in EDITS {
        let again = copy(left.path());
        let records = Records::open(again.path()).await.unwrap();
        let mut writer = records.begin().await.unwrap();
        edit(&mut writer, what, room.places[0].number()).await;
        writer.commit().await.unwrap();
        records.close().await;
        let whose = kept(again.path(), &alert);
        if !whose.as_ref().is_some_and(as_it_was) {
            wrong.push((what, whose));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether whose it is has been written down for an alert of this home.
fn is_kept(room: &Room, place: usize) -> bool {
    let home = room.places[place].number();
    let sql = format!(
        "SELECT COUNT(*) FROM alert_whose w JOIN alert a ON a.id = w.alert WHERE a.home = {home} AND a.kind = 0"
    );
    room.count(&sql) > 0
}

fn is_told(room: &Room, place: usize) -> bool {
    let standing = room.app.faults.standing(Seen::RowRefused);
    standing.contains(&(room.places[place].number(), 0))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_cannot_be_read_at_its_turn_is_told_stays_owed_and_keeps_no_other_waiting() {
    for (damage, repair) in [
        (
            "UPDATE home SET label = CAST(x'ff' AS TEXT) WHERE id = HOME",
            "UPDATE home SET label = 'again' WHERE id = HOME",
        ),
        (
            "UPDATE person SET phone = CAST(x'ff' AS TEXT) WHERE id = 'p-one'",
            "UPDATE person SET phone = 'again' WHERE id = 'p-one'",
        ),
        (
            "UPDATE person_contact SET phone = CAST(x'ff' AS TEXT) WHERE id = 'c-one'",
            "UPDATE person_contact SET phone = 'again' WHERE id = 'c-one'",
        ),
        (
            "CREATE TRIGGER no_whose BEFORE INSERT ON alert_whose WHEN EXISTS (SELECT 1 FROM alert \
             WHERE id = NEW.alert AND home = HOME) BEGIN SELECT RAISE(ABORT, 'no'); END",
            "DROP TRIGGER no_whose",
        ),
    ] {
        let mut room = Room::open(2).await;
        moves_in(&room, 0, "one").await;
        moves_in(&room, 1, "two").await;
        let home = room.places[0].number();
        room.sql(&damage.replace("HOME", &home.to_string()));
        room.press(0, 1).await;
        room.press(1, 1).await;
        room.ticks_until("the other's is written", async |room| is_kept(room, 1)).await;
        room.ticks_until("it is told", async |room| room.told(home, "row_refused").await).await;
        assert!(!is_kept(&room, 0), "{damage}");
        let owed = format!(
            "SELECT COUNT(*) FROM alert_owed o JOIN alert a ON a.id = o.alert \
             WHERE a.home = {home} AND a.kind = 0"
        );
        assert_eq!(room.count(&owed), 1, "it stays owed: {damage}");
        assert!(!is_told(&room, 1), "{damage}");
        room.sql(&repair.replace("HOME", &home.to_string()));
        room.sql("UPDATE owed_rest SET until_mono = 0");
        room.ticks_until("it is tried again", async |room| is_kept(room, 0)).await;
        room.ticks_until("it is over", async |room| !is_told(room, 0)).await;
        assert_eq!(room.count("SELECT COUNT(*) FROM owed_rest"), 0, "{damage}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lives_in_a_damaged_home_and_whom_to_call_is_shown_though_its_address_cannot_be_read() {
    let mut room = Room::open(1).await;
    moves_in(&room, 0, "one").await;
    room.sql("UPDATE home SET address = CAST(x'ff' AS TEXT)");
    room.press(0, 1).await;
    let call = room.calls(0).await.0.remove(0);
    let mut reader = room.app.records.reader().await.unwrap();
    let shown = whose::of_alert(&mut reader, &call.id, (call.home, call.raised_wall)).await;
    let now = whose::now(&mut reader, call.home).await.unwrap();
    for whose in [shown.unwrap(), now.unwrap()] {
        assert_eq!(whose.persons[0].who.phone, "010-1");
        assert_eq!(whose.persons[0].contacts[0].contact.phone, "010-2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_an_edit_what_can_be_read_of_a_damaged_home_is_kept_and_the_edit_is_made() {
    let (room, left) = cut_in_the_window().await;
    let alert = rows(left.path(), "SELECT alert FROM alert_owed").pop().unwrap();
    let damage = "UPDATE person_contact SET phone = CAST(x'ff' AS TEXT)";
    let file = rusqlite::Connection::open(left.path().join("records.db")).unwrap();
    assert!(file.execute(damage, []).unwrap() > 0);
    drop(file);
    let records = Records::open(left.path()).await.unwrap();
    let mut writer = records.begin().await.unwrap();
    edit(&mut writer, "home", room.places[0].number()).await;
    writer.commit().await.unwrap();
    records.close().await;
    let whose = kept(left.path(), &alert).unwrap();
    assert_eq!(whose.label, "3-2-500");
    assert_eq!(whose.persons[0].who.name, "李桂英");
    assert_eq!(rows(left.path(), "SELECT label FROM home"), ["9-9-999"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_unreadable_rows_keep_no_alert_from_having_it_written_whose_it_is() {
    let mut room = Room::open(1).await;
    for n in 0..200 {
        // An alert whose name is no text, and one of a home that cannot be read; both are before all others.
        room.sql(&format!(
            "INSERT INTO alert_owed (alert, home) VALUES (CAST(x'01{n:02x}ff' AS TEXT), 1); \
             INSERT INTO home SELECT 900000 + {n}, id, CAST(x'ff' AS TEXT), '', '', 1 FROM organisation LIMIT 1; \
             INSERT INTO alert (id, home, incident, kind, severity, count, trust, late, raised_wall, raised_mono, \
             cursor, state) VALUES ('00-{n}', 900000 + {n}, 1, 0, 3, 1, 0, 0, 1, 1, 0, 3); \
             INSERT INTO alert_owed (alert, home) VALUES ('00-{n}', 900000 + {n})"
        ));
    }
    room.press(0, 1).await;
    room.ticks_until("it is written", async |room| is_kept(room, 0)).await;
    let stay = "SELECT COUNT(*) FROM alert_owed WHERE alert LIKE '00-%'";
    assert_eq!(room.count(stay), 200, "what cannot be read yet stays owed");
    let standing = room.app.faults.standing(Seen::RowRefused);
    let homes = standing.iter().filter(|(home, _)| *home >= 900_000).count();
    assert_eq!(homes, 200, "and each home is told");
    room.until("rows without a name are told", async |room| room.told(0, "row_refused").await)
        .await;
}
