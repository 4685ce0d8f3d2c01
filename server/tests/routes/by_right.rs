//! Who ends or takes another's alert by right, and what both are told of it.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::hand::{Desk, code};

#[tokio::test]
async fn a_supervisor_closes_by_right_and_the_holder_is_told_by_whom() {
    let desk = Desk::open().await;
    let mut screen = crate::stream::Screen::open(&desk.room, &desk.holder, "").await;
    let closed = desk.write(&desk.boss, "close", desk.by_right()).await;
    assert_eq!(closed.status, StatusCode::NO_CONTENT, "{}", closed.text);
    let told = screen.alerts(1).await.remove(0);
    assert_eq!(told["state"], "closed");
    assert_eq!(told["ended_by"]["display"], "坐席 3001");
    assert_eq!(told["taken_from"]["display"], "坐席 2001");
    let late = json!({ "fence": desk.fence, "kind": "call_120" });
    assert_eq!(code(&desk.write(&desk.holder, "actions", late).await), (409, "over".to_owned()));
}

#[tokio::test]
async fn who_ends_their_own_is_told_of_nobody() {
    let desk = Desk::open().await;
    let mut screen = crate::stream::Screen::open(&desk.room, &desk.holder, "").await;
    assert_eq!(desk.write(&desk.holder, "close", desk.end()).await.status, StatusCode::NO_CONTENT);
    let told = screen.alerts(1).await.remove(0);
    assert_eq!((&told["ended_by"], &told["taken_from"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_take_over_is_told_to_both_and_leaves_the_former_holder_without_a_fence() {
    let desk = Desk::open().await;
    let mut screen = crate::stream::Screen::open(&desk.room, &desk.holder, "").await;
    let taken = desk.write(&desk.boss, "take", json!({})).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    let taken = taken.json();
    assert!(taken["fence"].as_u64() > desk.fence.as_u64());
    for view in [screen.alerts(1).await.remove(0), taken["alert"].clone()] {
        assert_eq!(view["owner"]["display"], "坐席 3001");
        assert_eq!(view["taken_from"]["display"], "坐席 2001");
        assert_eq!(view["ended_by"]["display"], "坐席 3001");
    }
    let renew = json!({ "fence": desk.fence });
    assert_eq!(code(&desk.write(&desk.holder, "renew", renew).await), (409, "stale".to_owned()));
    let card = desk.card().await;
    let line = card["timeline"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(line["what"], "taken");
    assert_eq!((&line["who"], &line["detail"]), (&card["owner"]["id"], &card["taken_from"]["id"]));
    let end = json!({ "fence": taken["fence"], "cursor": taken["cursor"], "outcome": 4 });
    assert_eq!(desk.write(&desk.boss, "close", end).await.status, StatusCode::NO_CONTENT);
}
