//! What holds whoever is at the desk: a claim ends with its holder, and a look at a person is written down.

use proto::unit::Mono;
use records::{desk, look};
use serde_json::{Value, json};

use crate::room::Room;

#[tokio::test]
async fn a_claim_whose_holder_is_gone_comes_back_to_everybody() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    let claimed = room.post(&format!("/api/alerts/{id}/claim"), &me, json!({})).await;
    assert_eq!(claimed.status, 200, "{}", claimed.text);
    // Nobody has renewed it for as long as a lease lasts.
    let mut writer = room.app.records.begin().await.unwrap();
    let mut row = desk::find(&mut writer, &id).await.unwrap().unwrap();
    row.lease_mono = Some(Mono::from_millis(1));
    let was = (row.fence, row.state);
    assert!(desk::save(&mut writer, &row, was, 1).await.unwrap().is_some());
    writer.commit().await.unwrap();
    centre::desk::lapse::step(&room.app.desk).await.unwrap();
    let seen = room.get(&format!("/api/alerts/{id}"), &admin).await.json();
    assert_eq!((&seen["state"], &seen["interrupted"]), (&json!("open"), &json!(true)), "{seen}");
    let renew = json!({ "fence": claimed.json()["fence"] });
    let late = room.post(&format!("/api/alerts/{id}/renew"), &me, renew).await;
    assert_eq!(late.status, 409, "the old hold is worth nothing: {}", late.text);
}

#[tokio::test]
async fn who_opens_a_card_is_in_the_log_of_that_home() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    assert_eq!(room.get(&format!("/api/alerts/{id}"), &me).await.status, 200);
    let mut reader = room.app.records.reader().await.unwrap();
    let looks = look::of_home(&mut reader, 1000, (0, i64::MAX), 20).await.unwrap();
    let named: Vec<_> =
        looks.iter().map(|l| (l.display.as_str(), l.what.as_str(), l.why.as_str())).collect();
    assert_eq!(named, [("坐席 2001", "card", "screen")], "nobody has claimed it");
}

#[tokio::test]
async fn a_page_that_has_not_read_the_queue_does_not_say_that_nothing_waits() {
    let (room, admin) = Room::staffed().await;
    room.raise(0, 1).await;
    let page = room.get("/console", &admin).await.text;
    assert!(page.contains(r#"id="calm" hidden"#), "calm is the script's word, once it knows");
    assert!(!page.contains(r#"id="count">0<"#) && !page.contains(r#"id="count-1">0<"#), "{page}");
    for path in ["/console", "/homes", "/faults"] {
        let page = room.get(path, &admin).await.text;
        assert!(page.contains(r#"id="unheard""#), "{path} is deaf without its script, and says so");
    }
}

#[tokio::test]
async fn on_duty_is_who_would_hear_a_ring() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    for (said, there) in [
        (json!({ "sound": true }), 1),
        (json!({ "sound": false }), 0),
        (json!({ "sound": "on", "hidden": true, "muted_ms": 0 }), 1),
        (json!({ "sound": "muted", "hidden": false, "muted_ms": 29_000 }), 1),
        (json!({ "sound": "muted", "hidden": false, "muted_ms": 31_000 }), 0),
        (json!({ "sound": "blocked", "hidden": false, "muted_ms": 0 }), 0),
    ] {
        let answer = room.post("/api/presence", &me, said.clone()).await;
        assert_eq!(answer.status, 204, "{said}: {}", answer.text);
        let queue = room.get("/api/queue", &admin).await.json();
        assert_eq!(queue["on_duty"], there, "{said}");
    }
    for said in [json!({ "sound": "loud" }), json!({ "sound": "on", "tab": "x".repeat(65) })] {
        assert_eq!(room.post("/api/presence", &me, said).await.status, 422);
    }
}

#[tokio::test]
async fn what_a_screen_shows_that_would_not_ring_is_seen_by_nobody() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    let path = format!("/api/alerts/{id}/visible");
    let told = async || {
        let card = room.get(&format!("/api/alerts/{id}"), &me).await.json();
        card["timeline"].as_array().unwrap().iter().any(|line| line["what"] == "visible")
    };
    let say = async |sound: Value| {
        assert_eq!(room.post("/api/presence", &me, sound).await.status, 204);
        assert_eq!(room.post(&path, &me, json!({})).await.status, 204);
    };
    say(json!({ "sound": "blocked", "hidden": false, "muted_ms": 0 })).await;
    assert!(!told().await, "nobody near it hears, and the ladder does not wait for them");
    say(json!({ "sound": true })).await;
    assert!(told().await);
}
