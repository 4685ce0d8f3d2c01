//! `/api/alerts/{id}/…`: one owner, one story, one end.

use axum::http::{Method, StatusCode};
use centre::escalation;
use records::chain::{self, Batch, Growth};
use records::due;
use serde_json::{Value, json};

use crate::room::Room;

fn queue_entry<'a>(queue: &'a Value, id: &str) -> Option<&'a Value> {
    queue["alerts"].as_array().unwrap().iter().find(|alert| alert["id"] == id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_claimers_exactly_one_has_each_of_a_hundred_alerts() {
    let (room, admin) = Room::staffed().await;
    let mut claimers = Vec::new();
    for n in 0..20 {
        claimers.push(room.colleague(&admin, &format!("2{n:03}"), "operator").await);
    }
    let ids = room.raise(0, 100).await;
    let mut won = vec![0; ids.len()];
    for (n, id) in ids.iter().enumerate() {
        let path = format!("/api/alerts/{id}/claim");
        let tries = claimers.iter().map(|cookie| {
            let request = axum::http::Request::builder()
                .method(Method::POST)
                .uri(&path)
                .header("cookie", cookie)
                .header("x-hearthline", "1")
                .body(axum::body::Body::empty())
                .unwrap();
            let router = room.router.clone();
            tokio::spawn(async move {
                tower::ServiceExt::oneshot(router, request).await.unwrap().status()
            })
        });
        for answer in tries.collect::<Vec<_>>() {
            match answer.await.unwrap() {
                StatusCode::OK => won[n] += 1,
                status => assert_eq!(status, StatusCode::CONFLICT),
            }
        }
    }
    assert!(won.iter().all(|wins| *wins == 1), "{won:?}");
}

#[tokio::test]
async fn a_loser_is_told_who_has_it_and_since_when() {
    let (room, admin) = Room::staffed().await;
    let (first, second) = (
        room.colleague(&admin, "2001", "operator").await,
        room.colleague(&admin, "2002", "operator").await,
    );
    let id = room.raise(0, 1).await.remove(0);
    let path = format!("/api/alerts/{id}/claim");
    let won = room.post(&path, &first, json!({})).await;
    assert_eq!(won.status, StatusCode::OK, "{}", won.text);
    assert_eq!(won.json()["lease_ms"], 20_000);
    let lost = room.post(&path, &second, json!({})).await;
    assert_eq!(lost.status, StatusCode::CONFLICT);
    let lost = lost.json();
    assert_eq!(lost["owner"]["display"], "坐席 2001");
    assert_eq!(lost["error"]["code"], "held");
    assert!(lost["since_ms"].as_u64().unwrap() < 20_000);
}

#[tokio::test]
async fn an_alert_that_is_seen_and_not_claimed_climbs_to_the_last_step() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    let now = room.app.clock.now();
    let due = now.mono;
    let mut writer = room.app.records.begin().await.unwrap();
    let raised = vec![Growth { id: id.clone(), ..Growth::default() }];
    let ladder = vec![(id.clone(), care::alert::Step::CheckVisible, due)];
    let mut first = Batch { grown: raised, ladder, ..Batch::default() };
    chain::write(&mut writer, &mut first, now.wall_ms).await.unwrap();
    writer.commit().await.unwrap();
    let seen = format!("/api/alerts/{id}/visible");
    assert_eq!(room.post(&seen, &me, json!({})).await.status, StatusCode::NO_CONTENT);
    for step in 0..5 {
        // The server's own ladder may have been faster.
        let climbed = escalation::step(&room.app.escalation).await.unwrap();
        assert!(climbed <= 1, "step {step} is one step");
        // What waits for its time is as good as due.
        let mut writer = room.app.records.begin().await.unwrap();
        due::all_at_once(&mut writer, due).await.unwrap();
        writer.commit().await.unwrap();
    }
    assert_eq!(
        escalation::step(&room.app.escalation).await.unwrap(),
        0,
        "the last step is the last"
    );
    let card = room.get(&format!("/api/alerts/{id}"), &me).await.json();
    let told: Vec<&str> =
        card["timeline"].as_array().unwrap().iter().map(|l| l["what"].as_str().unwrap()).collect();
    assert_eq!(told, ["visible", "step", "step", "nobody", "step", "nobody", "step", "nobody"]);
}

#[tokio::test]
async fn an_alert_is_worked_from_claim_to_close_and_tells_its_story() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    let path = |what: &str| format!("/api/alerts/{id}/{what}");
    assert_eq!(room.post(&path("visible"), &me, json!({})).await.status, StatusCode::NO_CONTENT);
    let claimed = room.post(&path("claim"), &me, json!({})).await.json();
    let (fence, cursor) = (&claimed["fence"], &claimed["cursor"]);
    let end = |outcome: i64| json!({ "fence": fence, "cursor": cursor, "outcome": outcome });
    let early = room.post(&path("close"), &me, end(4)).await;
    assert_eq!(
        (early.status, early.json()["error"]["code"].clone()),
        (StatusCode::UNPROCESSABLE_ENTITY, json!("no_action"))
    );
    let call = json!({ "fence": fence, "kind": "call_resident", "result": "connected" });
    assert_eq!(room.post(&path("actions"), &me, call).await.status, StatusCode::CREATED);
    assert_eq!(
        room.post(&path("renew"), &me, json!({ "fence": fence })).await.status,
        StatusCode::NO_CONTENT
    );
    let other = room.post(&path("close"), &me, end(0)).await;
    assert_eq!(other.json()["error"]["code"], "no_text");
    let card = room.get(&format!("/api/alerts/{id}"), &me).await.json();
    assert_eq!(card["state"], "claimed");
    assert_eq!(card["activations"][0]["rung"], "seen");
    assert_eq!(card["activations"][0]["boot"], (-7i64).cast_unsigned().to_string());
    let told: Vec<&str> =
        card["timeline"].as_array().unwrap().iter().map(|l| l["what"].as_str().unwrap()).collect();
    assert_eq!(told, ["visible", "claimed", "action"]);
    assert_eq!(room.post(&path("close"), &me, end(4)).await.status, StatusCode::NO_CONTENT);
    let queue = room.get("/api/queue", &me).await.json();
    assert!(queue_entry(&queue, &id).is_none());
    let late = room.post(&path("claim"), &me, json!({})).await;
    assert_eq!(late.json()["error"]["code"], "over", "a late claim opens nothing");
}

#[tokio::test]
async fn a_fence_of_an_earlier_claim_writes_nothing() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    let path = |what: &str| format!("/api/alerts/{id}/{what}");
    let claimed = room.post(&path("claim"), &me, json!({})).await.json();
    let (old, seen) = (claimed["fence"].as_i64().unwrap(), &claimed["cursor"]);
    let aside = json!({ "fence": old, "cursor": seen, "reason": "等家属回电", "minutes": 5 });
    assert_eq!(room.post(&path("suspend"), &me, aside).await.status, StatusCode::NO_CONTENT);
    let fence = room.post(&path("claim"), &me, json!({})).await.json()["fence"].as_i64().unwrap();
    assert!(fence > old);
    for (what, body) in [
        ("renew", json!({ "fence": old })),
        ("actions", json!({ "fence": old, "kind": "call_120" })),
        ("suspend", json!({ "fence": old, "cursor": seen, "reason": "x", "minutes": 5 })),
        ("close", json!({ "fence": old, "cursor": seen, "outcome": 4 })),
    ] {
        let answer = room.post(&path(what), &me, body).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{what}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_unknown_field_is_named_and_nothing_is_saved() {
    let (room, admin) = Room::staffed().await;
    let id = room.raise(0, 1).await.remove(0);
    let fence =
        room.post(&format!("/api/alerts/{id}/claim"), &admin, json!({})).await.json()["fence"]
            .clone();
    let body = json!({ "fence": fence, "cursor": 1, "outcome": 4, "closed_by": "me" });
    let answer = room.post(&format!("/api/alerts/{id}/close"), &admin, body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("closed_by"), "{}", answer.text);
}

#[tokio::test]
async fn the_next_step_on_the_card_follows_from_how_the_calls_went() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    let next = async || {
        let page = room.get(&format!("/console/alerts/{id}"), &me).await.text;
        let (_, after) = page.split_once("data-next=\"").expect("a next step");
        after.split('"').next().unwrap_or_default().to_owned()
    };
    assert_eq!(next().await, "claim");
    let claimed = room.post(&format!("/api/alerts/{id}/claim"), &me, json!({})).await.json();
    assert_eq!(next().await, "call_resident");
    for (result, then) in
        [("no_answer", "call_resident"), ("busy", "call_120"), ("connected", "close")]
    {
        let call = json!({ "fence": claimed["fence"], "kind": "call_resident", "result": result });
        let done = room.post(&format!("/api/alerts/{id}/actions"), &me, call).await;
        assert_eq!(done.status, StatusCode::CREATED, "{}", done.text);
        assert_eq!(next().await, then, "after {result}");
    }
    let call = json!({ "fence": claimed["fence"], "kind": "call_120", "result": "connected" });
    room.post(&format!("/api/alerts/{id}/actions"), &me, call).await;
    assert_eq!(next().await, "call_family");
}
