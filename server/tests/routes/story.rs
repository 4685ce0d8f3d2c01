//! The story of an alert that goes on and on: what people did stands in it, and a card stays small.

use axum::http::StatusCode;
use records::desk;
use serde_json::{Value, json};

use crate::room::Room;

/// Largest card, bytes.
const CARD_MAX: usize = 200_000;

fn words(card: &Value) -> Vec<&str> {
    card["timeline"].as_array().unwrap().iter().map(|l| l["what"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn claims_and_acts_stand_in_the_story_of_six_hundred_signals_and_its_card_stays_small() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    let path = |what: &str| format!("/api/alerts/{id}/{what}");
    room.call_again(&id, 600).await;
    let claimed = room.post(&path("claim"), &me, json!({})).await.json();
    let call = json!({ "fence": claimed["fence"], "kind": "call_120", "result": "connected" });
    assert_eq!(room.post(&path("actions"), &me, call).await.status, StatusCode::CREATED);
    room.call_again(&id, 600).await;

    let answer = room.get(&format!("/api/alerts/{id}"), &me).await;
    assert!(answer.text.len() <= CARD_MAX, "{} bytes", answer.text.len());
    let card = answer.json();
    assert_eq!(words(&card), ["again", "claimed", "action", "again"]);
    assert_eq!((&card["count"], &card["timeline"][0]["count"]), (&json!(1201), &json!(600)));
    assert_eq!(card["timeline"][3]["count"], 600);
    let page = room.get(&format!("/console/alerts/{id}"), &me).await;
    assert!(page.text.len() <= CARD_MAX, "{} bytes", page.text.len());
    for told in ["接警", "坐席 2001", "×600"] {
        assert!(page.text.contains(told), "{told}");
    }
}

#[tokio::test]
async fn a_card_of_many_long_notes_stays_small_and_has_the_newest_whole() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    let path = |what: &str| format!("/api/alerts/{id}/{what}");
    let fence = room.post(&path("claim"), &me, json!({})).await.json()["fence"].clone();
    let text = "门开着，没有人应答。".repeat(199);
    for n in 0..150 {
        let note = json!({ "fence": fence, "kind": "note", "text": format!("{n} {text}") });
        let noted = room.post(&path("actions"), &me, note).await;
        assert_eq!(noted.status, StatusCode::CREATED, "{}", noted.text);
    }
    let answer = room.get(&format!("/api/alerts/{id}"), &me).await;
    assert!(answer.text.len() <= CARD_MAX, "{} bytes", answer.text.len());
    let card = answer.json();
    let acts = card["actions"].as_array().unwrap();
    assert_eq!(acts.last().unwrap()["text"], format!("149 {text}"));
}

#[tokio::test]
async fn a_claim_tells_each_device_one_word() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    room.call_again(&id, 600).await;
    let mut writer = room.app.records.begin().await.unwrap();
    let told = desk::climb(&mut writer, &id, proto::down::Rung::Seen).await.unwrap();
    drop(writer);
    assert_eq!(told.len(), 1, "one device has called");
    assert_eq!(told[0].seq, 609, "its last press is what its light shows");
    room.post(&format!("/api/alerts/{id}/claim"), &me, json!({})).await;
    let card = room.get(&format!("/api/alerts/{id}"), &me).await.json();
    let presses = card["activations"].as_array().unwrap();
    assert!(presses.iter().all(|press| press["rung"] == "seen"));
    assert_eq!(presses.last().unwrap()["seq"], 609);
}

#[tokio::test]
async fn the_words_of_a_note_stand_in_the_story_however_long_it_waited_to_be_written() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    let path = |what: &str| format!("/api/alerts/{id}/{what}");
    let fence = room.post(&path("claim"), &me, json!({})).await.json()["fence"].clone();
    // Somebody else writes meanwhile: what is noted waits for that, and is dated later than it was said.
    let busy = room.app.records.begin().await.unwrap();
    let from = room.app.clock.now().wall_ms;
    let hold = async {
        while room.app.clock.now().wall_ms < from + 50 {
            tokio::task::yield_now().await;
        }
        drop(busy);
    };
    let note = json!({ "fence": fence, "kind": "note", "text": "门开着，邻居在" });
    let actions = path("actions");
    let (noted, ()) = tokio::join!(room.post(&actions, &me, note), hold);
    assert_eq!(noted.status, StatusCode::CREATED, "{}", noted.text);
    for text in ["门口有血迹", "已叫锁匠"] {
        let note = json!({ "fence": fence, "kind": "note", "text": text });
        let noted = room.post(&actions, &me, note).await;
        assert_eq!(noted.status, StatusCode::CREATED, "{}", noted.text);
    }
    let page = room.get(&format!("/console/alerts/{id}"), &me).await.text;
    for text in ["门开着，邻居在", "门口有血迹", "已叫锁匠"] {
        assert_eq!(page.matches(text).count(), 1, "{text}: {page}");
    }
    let card = room.get(&format!("/api/alerts/{id}"), &me).await.json();
    let act = card["actions"].as_array().unwrap().iter().find(|a| a["text"] == "门开着，邻居在");
    assert!(act.is_some(), "{card}");
}
