//! One damaged or refused row costs its own home, and stops nobody else's time, presses or notices.
#![expect(clippy::disallowed_methods, reason = "waits for a condition, and ends")]

#[path = "apart/room.rs"]
mod room;

use care::{Kind, Severity};
use centre::desk::{lapse, queue};
use centre::escalation;
use proto::frame::Lane;
use proto::up::EventKind;
use records::care as care_rows;
use room::Room;

const RECEIVED: Option<proto::down::Rung> = Some(proto::down::Rung::Received);
const EMERGENCY: Severity = Severity::Emergency;

/// A suspected fall so old that it becomes an emergency within a second.
async fn nearly_risen(room: &mut Room, place: usize) {
    let frame = room.places[place].event(1, EventKind::FallSuspected);
    let age = care::policy::FALL_RISE.get() - 900;
    let row = room.row(place, age, &frame);
    room.take(Lane::Emergency, vec![row]).await;
}

async fn has_risen(room: &Room, place: usize) -> bool {
    room.calls(place).await.0.iter().any(|alert| alert.severity == EMERGENCY)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_whose_state_is_refused_keeps_no_other_waiting_and_its_press_is_received() {
    let mut room = Room::open(3).await;
    let refused = room.places[0].number();
    for place in 0..3 {
        nearly_risen(&mut room, place).await;
    }
    room.refuse("UPDATE ON care_state", &format!("NEW.home = {refused}"));
    room.refuse("INSERT ON care_state", &format!("NEW.home = {refused}"));
    room.ticks_until("the others' time goes on", async |room| {
        has_risen(room, 1).await && has_risen(room, 2).await && has_risen(room, 0).await
    })
    .await;
    room.press(0, 2).await;
    let (calls, presses) = room.calls(0).await;
    assert!(calls.iter().all(|a| a.kind != Kind::Unreadable), "{calls:?}");
    assert_eq!(
        presses.iter().filter(|p| p.rung == RECEIVED && p.trust == care::Trust::Verified).count(),
        2
    );
    room.until("it is told", async |room| room.told(refused, "home_state").await).await;
    assert!(room.app.faults.words().contains(&"home_state"));
    room.press(1, 2).await;
    assert_eq!(room.calls(1).await.1.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_state_costs_its_home_its_memory_and_nobody_a_press() {
    for damage in [
        "substr(state, 1, 20) || x'ff' || substr(state, 22)",
        "substr(state, 1, 9)",
        "x''",
        "x'0102030405'",
        "'words'",
    ] {
        let mut room = Room::open(2).await;
        let home = room.places[0].number();
        room.press(0, 1).await;
        room.press(1, 1).await;
        room.sql(&format!("UPDATE care_state SET state = {damage} WHERE home = {home}"));
        let was =
            room.bytes(&format!("SELECT CAST(state AS BLOB) FROM care_state WHERE home = {home}"));
        room.begin_anew().await;
        room.press(0, 2).await;
        room.press(1, 2).await;
        let (calls, presses) = room.calls(0).await;
        assert_eq!(presses.len(), 2, "{damage}: {calls:?}");
        assert!(
            presses.iter().all(|p| p.rung == RECEIVED && p.trust == care::Trust::Verified),
            "{presses:?}"
        );
        assert!(calls.iter().all(|a| a.kind == Kind::Help), "{damage}: {calls:?}");
        assert_eq!(room.calls(1).await.1.len(), 2, "{damage}: the other home");
        room.until("it is told", async |room| room.told(home, "home_state").await).await;
        let mut reader = room.app.records.reader().await.unwrap();
        let kept = care_rows::aside(&mut reader, home).await.unwrap();
        if was[0].len() > 5 || damage.starts_with("x'0") {
            assert_eq!(kept.len(), 1, "{damage}: kept for support");
            assert_eq!(kept[0].1, was[0], "{damage}");
        }
        // What took its place is of use: nothing is told or put aside again.
        drop(reader);
        room.begin_anew().await;
        room.press(0, 3).await;
        let mut reader = room.app.records.reader().await.unwrap();
        assert_eq!(care_rows::aside(&mut reader, home).await.unwrap().len(), kept.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_a_newer_build_is_kept_before_it_is_written_over() {
    let mut room = Room::open(1).await;
    let home = room.places[0].number();
    room.press(0, 1).await;
    let mut newer = room.bytes("SELECT state FROM care_state").remove(0);
    newer[0] += 1;
    newer.extend([0x18, 99, 0x83, 1, 2, 3]);
    let hex: String = newer.iter().map(|byte| format!("{byte:02x}")).collect();
    room.sql(&format!("UPDATE care_state SET state = x'{hex}', check_sum = NULL"));
    room.begin_anew().await;
    room.press(0, 2).await;
    let (calls, presses) = room.calls(0).await;
    assert_eq!((calls.len(), presses.len()), (1, 2), "what this build understands, it uses");
    let mut reader = room.app.records.reader().await.unwrap();
    let kept = care_rows::aside(&mut reader, home).await.unwrap();
    assert_eq!(kept, [("newer".to_owned(), newer)]);
    drop(reader);
    room.until("it is told", async |room| room.told(home, "home_state").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_has_counted_less_than_the_rows_counts_on_from_them() {
    let mut room = Room::open(2).await;
    let home = room.places[0].number();
    for n in 1..4 {
        // Rows that another server of this home wrote, from before a copy was put back.
        room.sql(&format!(
            "INSERT INTO alert (id, home, incident, kind, severity, count, trust, late, raised_wall, \
             raised_mono, cursor, state) VALUES ('other{n}', {home}, {n}, 0, 3, 1, 0, 0, 1, 1, 0, 3)"
        ));
    }
    let rows = (0..2).map(|place| {
        let frame = room.places[place].event(1, EventKind::Press);
        room.row(place, 0, &frame)
    });
    let rows = rows.collect();
    room.take(Lane::Emergency, rows).await;
    for place in 0..2 {
        let (_, presses) = room.calls(place).await;
        assert_eq!(presses.iter().filter(|p| p.rung == RECEIVED).count(), 1, "home {place}");
    }
    let numbers: Vec<_> = room.calls(0).await.0.iter().map(|a| a.incident).collect();
    assert!(numbers.contains(&4), "{numbers:?}");
    // Somebody restores rows between two starts: the next start counts on at once.
    room.sql(&format!(
        "UPDATE alert SET incident = 90, state = 3 WHERE incident = 4 AND home = {home}"
    ));
    room.begin_anew().await;
    room.press(0, 2).await;
    let numbers: Vec<_> = room.calls(0).await.0.iter().map(|a| a.incident).collect();
    assert!(numbers.contains(&91), "{numbers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_gateways_that_turn_together_one_that_is_refused_keeps_no_other_silent() {
    let mut room = Room::open(3).await;
    for place in &room.places {
        let gateway = place.gateway.get();
        room.sql(&format!("INSERT INTO gateway_silent VALUES ({gateway}, 'a{gateway}')"));
    }
    let refused = room.places[1].gateway.get();
    room.refuse("DELETE ON gateway_silent", &format!("OLD.gateway = {refused}"));
    room.begin_anew().await;
    for place in 0..3 {
        let frame = room.places[place].event(1, EventKind::Motion);
        let row = room.row(place, 0, &frame);
        room.take(Lane::Telemetry, vec![row]).await;
    }
    room.batcher.tick().await;
    assert_eq!(room.count("SELECT COUNT(*) FROM gateway_silent"), 1, "only the refused one");
    room.until("it is told", async |room| room.told(0, "row_refused").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_step_of_the_ladder_rests_and_the_others_climb() {
    let mut room = Room::open(2).await;
    room.press(0, 1).await;
    room.press(1, 1).await;
    let refused = room.calls(0).await.0.remove(0).id;
    let other = room.calls(1).await.0.remove(0).id;
    room.refuse("UPDATE OF done ON ladder", &format!("NEW.alert = '{refused}'"));
    room.sql("UPDATE ladder SET due = 0 WHERE done IS NULL");
    let climbed = format!("SELECT COUNT(*) FROM ladder WHERE alert = '{other}' AND done > 0");
    room.until("the other climbs", async |room| {
        escalation::step(&room.app.escalation).await.unwrap();
        room.count(&climbed) > 0
    })
    .await;
    room.until("it is told", async |room| room.told(0, "row_refused").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_cannot_be_returned_keeps_no_other_with_a_dead_holder() {
    let mut room = Room::open(2).await;
    room.press(0, 1).await;
    room.press(1, 1).await;
    let refused = room.calls(0).await.0.remove(0).id;
    let other = room.calls(1).await.0.remove(0).id;
    room.sql("UPDATE alert SET state = 1, owner = 'x', lease_mono = 1, fence = 1");
    room.refuse("UPDATE ON alert", &format!("NEW.id = '{refused}'"));
    room.until("the other is back", async |room| {
        lapse::step(&room.app.desk).await.unwrap();
        room.count(&format!("SELECT state FROM alert WHERE id = '{other}'")) == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_homes_say_is_kept_though_one_row_of_it_is_refused() {
    let mut room = Room::open(3).await;
    for place in 0..3 {
        room.press(place, 1).await;
    }
    let refused = room.places[0].number();
    room.refuse("INSERT ON heard", &format!("NEW.home = {refused}"));
    centre::history::keep(&room.app.archive, true).await;
    assert_eq!(room.count("SELECT COUNT(*) FROM heard"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_cannot_be_written_hides_no_other() {
    let room = Room::open(2).await;
    let (one, other) = (room.places[0].number(), room.places[1].number());
    room.refuse("INSERT ON fault", &format!("NEW.home = {one}"));
    for home in [one, other] {
        let fault = centre::faults::Fault::upkeep(care::Seen::Stuck);
        room.app.faults.raise(centre::faults::Fault { home, ..fault });
    }
    room.until("the other is told", async |room| room.told(other, "stuck").await).await;
    assert!(!room.told(one, "stuck").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_cannot_be_read_hides_no_other_from_the_queue() {
    let mut room = Room::open(2).await;
    room.press(0, 1).await;
    room.press(1, 1).await;
    let damaged = room.calls(0).await.0.remove(0).id;
    let other = room.calls(1).await.0.remove(0).id;
    room.sql(&format!("UPDATE alert SET note = CAST(x'ff' AS TEXT) WHERE id = '{damaged}'"));
    let views = queue::snapshot(&room.app.desk, "").await.unwrap().alerts;
    assert!(views.iter().any(|view| view.id == other), "the other is on the queue");
    assert!(views.iter().all(|view| view.id != damaged));
    room.until("it is told", async |room| room.told(0, "row_refused").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_emergency_raises_an_alert_and_is_kept() {
    let mut room = Room::open(2).await;
    let poison = room.places[0].button.device.get();
    room.refuse("INSERT ON activation", &format!("NEW.device = {poison} AND NEW.trust = 0"));
    let frames = [(0, 1), (1, 1), (1, 2)];
    let rows = frames.map(|(place, seq)| {
        let frame = room.places[place].event(seq, EventKind::Press);
        room.row(place, 0, &frame)
    });
    room.take(Lane::Emergency, rows.to_vec()).await;
    let (calls, _) = room.calls(0).await;
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!((calls[0].kind, calls[0].severity), (Kind::Unreadable, EMERGENCY));
    assert_eq!(room.calls(1).await.1.len(), 2, "those behind it are taken");
    assert_eq!(room.count("SELECT COUNT(*) FROM quarantine"), 1);
    room.until("it is told", async |room| room.told(0, "put_aside").await).await;
    // Its home itself is refused: the alert is nobody's then, and still rings.
    let home = room.places[0].number();
    room.refuse("INSERT ON alert", &format!("NEW.home = {home}"));
    room.sql("UPDATE alert SET state = 3");
    room.press(0, 2).await;
    let alerts = room.alerts().await;
    let shown = alerts.iter().find(|a| a.home == 0 && a.kind == Kind::Unreadable).unwrap();
    assert_eq!(shown.severity, EMERGENCY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_refuses_everybody_makes_nobody_poison() {
    let mut room = Room::open(1).await;
    let frame = room.places[0].event(1, EventKind::Press);
    let row = room.row(0, 0, &frame);
    // Each commit writes to one of these: the press and the probe are refused alike.
    room.refuse("INSERT ON activation", "1");
    room.refuse("INSERT ON clock", "1");
    for _ in 0..6 {
        assert!(!room.batcher.take(Lane::Emergency, vec![row.clone()]).await, "it comes again");
    }
    assert_eq!(room.count("SELECT COUNT(*) FROM quarantine"), 0);
    room.sql("DROP TRIGGER no_insert_on_activation; DROP TRIGGER no_insert_on_clock");
    room.take(Lane::Emergency, vec![row]).await;
    let (calls, presses) = room.calls(0).await;
    assert_eq!((calls.len(), presses.len(), calls[0].kind), (1, 1, Kind::Help));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_in_the_moment_of_a_press_never_swallows_the_press() {
    let mut room = Room::open(1).await;
    room.press(0, 1).await;
    let first = room.calls(0).await.0.remove(0).id;
    let frame = room.places[0].event(2, EventKind::Press);
    let row = room.row(0, 0, &frame);
    // The desk closes it: not committed yet, so the judgement still finds it open.
    let mut desk = room.app.records.begin().await.unwrap();
    let over = records::chain::Growth { id: first.clone(), passed: true, ..Default::default() };
    let mut batch = records::chain::Batch { grown: vec![over], ..Default::default() };
    records::chain::write(&mut desk, &mut batch, room::WALL).await.unwrap();
    {
        let mut take = std::pin::pin!(room.batcher.take(Lane::Emergency, vec![row]));
        let waits = tokio::time::timeout(std::time::Duration::from_millis(800), &mut take).await;
        assert!(waits.is_err(), "there is one writer, and the desk has it");
        desk.commit().await.unwrap();
        assert!(take.await);
    }
    let (calls, presses) = room.calls(0).await;
    assert_eq!((calls.len(), presses.len()), (2, 2), "{calls:?}");
    let open: Vec<_> =
        calls.iter().filter(|a| a.state != records::desk::AlertState::Closed).collect();
    assert!(open.len() == 1 && open[0].id != first, "the press is on the queue: {calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_whose_row_is_damaged_does_not_keep_the_server_from_starting() {
    let room = Room::open(3).await;
    let damaged = room.places[0].button.device.get();
    room.sql(&format!("UPDATE device SET wrapped = x'00' WHERE id = {damaged}"));
    room.sql("INSERT INTO home_rules VALUES (5, 'no bytes', 'x', 'y')");
    let copy = tempfile::tempdir().unwrap();
    for part in ["", "keys"] {
        std::fs::create_dir_all(copy.path().join(part)).unwrap();
        let found = std::fs::read_dir(room.folder.path().join(part)).unwrap().flatten();
        for file in found.filter(|entry| entry.file_type().unwrap().is_file()) {
            std::fs::copy(file.path(), copy.path().join(part).join(file.file_name())).unwrap();
        }
    }
    let config = format!("data = {:?}\n[gateways]\nbind = '127.0.0.1:0'\n", copy.path());
    let running = server::app::start(toml::from_str(&config).unwrap()).await.unwrap();
    let registry = &running.app.registry;
    assert!(registry.device(room.places[0].button.device).is_none());
    assert!(registry.device(room.places[1].button.device).is_some());
    assert!(running.app.faults.words().contains(&"row_refused"), "and it is told");
}
