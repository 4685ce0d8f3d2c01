//! What is lost is told: by a home box of itself, by the server's own stores, once a cause, and read by a command.
//!
//! A box speaks as it does in a home. Not here: when a box loses something (`gateway`), calls (`inbox`).
#![expect(clippy::disallowed_methods, reason = "waits for a condition, and ends")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "../../proto/door/tests/convention/prometheus.rs"]
mod prometheus;
#[path = "apart/room.rs"]
mod room;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use care::Seen;
use care::policy::noise::STEADY;
use centre::faults::{self, Fault, Faults};
use centre::live::fold::{Matter, matters};
use centre::live::read;
use centre::provision::Minted;
use proto::frame::{Header, Lane, seal_end};
use proto::id::{BootId, GatewayId, PressId, Seq};
use proto::unit::{Millis, Mono};
use proto::up::{Event, EventKind, Loss, Up};
use room::{Room, WALL};
use serde_json::Value;
use server::router::router;
use server::tools::faults as command;
use tower::ServiceExt;

const CLOSED: records::desk::AlertState = records::desk::AlertState::Closed;

async fn get(room: &Room, path: &str) -> String {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = router(Arc::clone(&room.app)).oneshot(request).await.unwrap();
    String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

async fn says(room: &Room, word: &str) -> bool {
    let health: Value = serde_json::from_str(&get(room, "/health").await).unwrap();
    health["faults"].as_array().unwrap().iter().any(|said| said == word)
}

/// Boxes under which an alert of this cause stands.
async fn standing(room: &Room, word: &str) -> Vec<Option<i64>> {
    let mut alerts = room.alerts().await;
    alerts.retain(|alert| {
        let evidence = String::from_utf8(alert.evidence.clone().unwrap_or_default()).unwrap();
        alert.state != CLOSED && evidence.contains(&format!("\"{word}\""))
    });
    alerts.iter().map(|alert| alert.gateway.map(|id| id.get().cast_signed())).collect()
}

async fn figure(room: &Room, name: &str) -> u64 {
    let text = get(room, "/metrics").await;
    let row = format!("hearthline_{name} ");
    let found = text.lines().find_map(|line| line.strip_prefix(&row));
    found.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

async fn hear(room: &mut Room, of: &Minted, seq: u32, up: &Up) {
    let (device, boot) = (of.device, BootId::new(7, 1));
    let id = PressId { device, boot, seq: Seq::new(seq) };
    let header = Header { class: up.class(), epoch: of.epoch, id };
    let frame = seal_end(&header, &up.to_body().unwrap(), &of.key.end(of.epoch).boot(boot));
    let row = room.row(0, 0, &frame.unwrap());
    room.take(Lane::Telemetry, vec![row]).await;
}

fn loss(count: u64) -> Up {
    Up::Loss(Loss { count, since: None, uptime: Millis::new(1_000), home: None })
}

fn event(kind: EventKind, count: Option<u32>) -> Up {
    Up::Event(Event { kind, uptime: Millis::new(1_000), count })
}

async fn a_box(room: &Room) -> (Minted, Option<i64>) {
    let organisation = room.app.provision.create_organisation("演示机构", WALL).await.unwrap();
    let hall = room.app.provision.create_gateway(&organisation, "hall", WALL).await.unwrap();
    let number = Some(hall.device.get().cast_signed());
    (hall, number)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_box_has_dropped_is_one_fault_of_the_box_and_counted() {
    let mut room = Room::open(1).await;
    let (hall, number) = a_box(&room).await;
    assert!(!says(&room, "lost").await);
    hear(&mut room, &hall, 1, &loss(13_525)).await;
    assert!(says(&room, "lost").await);
    room.until("it has its row", async |room| standing(room, "lost").await == [number]).await;
    hear(&mut room, &hall, 2, &loss(5)).await;
    // The same word again is no other loss.
    hear(&mut room, &hall, 2, &loss(5)).await;
    assert_eq!(figure(&room, "box_lost_total").await, 13_530);
    assert_eq!(standing(&room, "lost").await, [number], "one row a cause");
    let told = command::told(&room.app.config).await.unwrap();
    let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line =
        lines.iter().find(|line| line["fault"] == "lost").unwrap_or_else(|| panic!("{told}"));
    assert_eq!(line["gateway"], hall.device.to_string(), "{told}");
    assert_eq!((&line["value"], &line["ended"]), (&13_525.0.into(), &false.into()), "{told}");
    assert_eq!(lines.last().unwrap()["standing"], lines.len() - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_boxes_have_dropped_is_one_line_at_the_desk() {
    let mut room = Room::open(1).await;
    for _ in 0..3 {
        let (hall, _) = a_box(&room).await;
        hear(&mut room, &hall, 1, &loss(7)).await;
        hear(&mut room, &hall, 2, &event(EventKind::DiskFull, None)).await;
    }
    room.until("each has its row", async |room| {
        standing(room, "lost").await.len() == 3 && standing(room, "box_disk_full").await.len() == 3
    })
    .await;
    let rows = room.alerts().await;
    let mut reader = room.app.records.reader().await.unwrap();
    let views = read::views((&room.app.names, room.app.clock.now().mono), &mut reader, &rows)
        .await
        .unwrap();
    assert_eq!(views.len(), rows.len());
    let sizes = |what: &str, matters: &[Matter]| -> Vec<usize> {
        let of = |matter: &&Matter| matter.head().is_some_and(|v| v.evidence[0]["what"] == what);
        matters.iter().filter(of).map(|matter| matter.alerts.len()).collect()
    };
    let matters = matters(rows.into_iter().zip(views));
    assert_eq!(sizes("lost", &matters), [3]);
    assert_eq!(sizes("box_disk_full", &matters), [1, 1, 1], "each disk is a task of its own");
}

/// What the card of the only alert of this cause shows.
async fn shown(room: &Room, word: &str) -> Option<f64> {
    let rows = room.alerts().await;
    let all = rows.iter().filter_map(|row| {
        let reasons: Vec<Value> = serde_json::from_slice(row.evidence.as_deref()?).ok()?;
        reasons.iter().find(|reason| reason["what"] == word)?["value"].as_f64()
    });
    let all: Vec<f64> = all.collect();
    (all.len() == 1).then(|| all[0])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_that_goes_on_is_shown_as_it_has_grown_and_never_smaller() {
    let room = Room::open(1).await;
    let start = room.app.clock.mono();
    let lost = Fault::upkeep(Seen::Shed);
    let after = |minutes| start.after(Millis::minutes(minutes));
    room.app.faults.raise_more(lost.of(3), start);
    room.until("it has its row", async |room| shown(room, "telemetry_shed").await == Some(3.0))
        .await;
    room.app.faults.raise_more(lost.of(50), after(1));
    room.app.faults.raise_more(lost.of(13_525), after(6));
    room.until("it has grown", async |room| shown(room, "telemetry_shed").await == Some(13_525.0))
        .await;
    room.app.faults.raise_more(lost.of(7), after(12));
    faults::step(&room.app.ledger).await.unwrap();
    assert_eq!(shown(&room, "telemetry_shed").await, Some(13_525.0), "one row, and not smaller");
}

#[tokio::test(flavor = "multi_thread")]
async fn losses_of_a_home_bus_are_one_fault_of_its_box() {
    let mut room = Room::open(1).await;
    let (hall, number) = a_box(&room).await;
    for (seq, count) in [(1, 400), (2, 20)] {
        hear(&mut room, &hall, seq, &event(EventKind::BusLost, Some(count))).await;
    }
    assert!(says(&room, "bus_lost").await);
    room.until("it has its row", async |room| standing(room, "bus_lost").await == [number]).await;
    assert_eq!(figure(&room, "bus_lost_total").await, 420);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_a_box_is_told_until_it_has_room_again() {
    let mut room = Room::open(1).await;
    let (hall, number) = a_box(&room).await;
    hear(&mut room, &hall, 1, &event(EventKind::DiskFull, None)).await;
    assert!(says(&room, "box_disk_full").await && !says(&room, "disk_full").await);
    room.until("it has its row", async |room| standing(room, "box_disk_full").await == [number])
        .await;
    hear(&mut room, &hall, 2, &event(EventKind::DiskRoom, None)).await;
    assert!(!says(&room, "box_disk_full").await);
    room.until("it is over", async |room| standing(room, "box_disk_full").await.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_losses_only_a_verified_box_is_believed_and_a_device_speaks_for_its_home() {
    let mut room = Room::open(1).await;
    let word = room.places[0].says(1, &loss(7));
    let row = room.row(0, 0, &word);
    room.take(Lane::Telemetry, vec![row]).await;
    assert_eq!(
        (figure(&room, "box_lost_total").await, figure(&room, "device_lost_total").await),
        (0, 7)
    );
    let word = room.places[0].event(2, EventKind::DiskFull);
    let row = room.row(0, 0, &word);
    room.take(Lane::Telemetry, vec![row]).await;
    assert!(!says(&room, "box_disk_full").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_have_their_sentence_their_kind_and_their_unit() {
    let room = Room::open(1).await;
    let text = get(&room, "/metrics").await;
    prometheus::is_by_convention(&text, "hearthline_");
    for name in [
        "alive",
        "healthy",
        "disk_full",
        "points_total",
        "aside_total",
        "box_lost_total",
        "bus_lost_total",
        "inbox_shed_total",
        "inbox_refused_total",
        "notices_dead_total",
        "series_lost_total",
        "worker_restarts_total{worker=\"ingest\"}",
        "worker_still{worker=\"ladder\"}",
        "worker_still{worker=\"series\"}",
        "worker_still{worker=\"commit\"}",
        "worker_quiet_seconds{worker=\"door.watchdog\"}",
        "inbox_waiting{lane=\"emergency\"}",
    ] {
        assert!(text.contains(&format!("\nhearthline_{name} ")), "no {name}: {text}");
    }
}

#[test]
fn what_is_put_aside_is_no_fault_of_its_box_and_over_after_a_day_without() {
    let faults = Faults::default();
    let gateway = GatewayId::new(7).unwrap();
    let aside = Fault { gateway: Some(gateway), ..Fault::upkeep(Seen::PutAside) };
    let (start, day) = (Mono::from_millis(0), STEADY);
    let at = |hours: u64| start.after(Millis::minutes(60 * hours));
    faults.raise_again(aside, at(30));
    assert_eq!(faults.words(), ["put_aside"]);
    assert!(!faults.stands_against(gateway), "its homes are heard");
    faults.calm(Seen::PutAside, (at(53), start), day);
    assert_eq!(faults.words(), ["put_aside"]);
    faults.raise_again(aside, at(53));
    faults.calm(Seen::PutAside, (at(76), start), day);
    assert_eq!(faults.words(), ["put_aside"], "it has happened again");
    faults.calm(Seen::PutAside, (at(78), start), day);
    assert!(faults.words().is_empty());
    // The box's own store is another matter.
    faults.raise(Fault { gateway: Some(gateway), ..Fault::upkeep(Seen::SpoolDamaged) });
    assert!(faults.stands_against(gateway));
}
