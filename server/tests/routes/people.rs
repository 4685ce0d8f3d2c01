//! Whose an alert is: several live in a home, are edited field by field and leave, and an alert keeps whose it was.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::room::Room;

/// A home as an installer enters it; gives its printed id.
pub(crate) async fn home(room: &Room, admin: &str, label: &str) -> String {
    let made = room.post("/api/organisations", admin, json!({ "name": "机构" })).await.json();
    let body =
        json!({ "organisation": made["organisation"], "label": label, "address": "旧街 5 号" });
    room.post("/api/homes", admin, body).await.json()["home"].as_str().unwrap().to_owned()
}

/// Enters a person; gives their id.
pub(crate) async fn enter(room: &Room, admin: &str, home: &str, body: Value) -> String {
    let made = room.post(&format!("/api/homes/{home}/resident"), admin, body).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    made.json()["resident"].as_str().unwrap().to_owned()
}

fn couple() -> [Value; 2] {
    [
        json!({ "name": "老人甲", "sex": "m", "born": 1938, "phone": "057188881111", "health": "心脏起搏器",
            "entry": "门锁密码 1357", "contacts": [{ "name": "家属甲", "relation": "儿子", "phone": "13811112222" }] }),
        json!({ "name": "老人乙", "sex": "f", "born": 1941, "phone": "057188881111", "health": "糖尿病",
            "alone": true, "contacts": [{ "name": "家属甲", "relation": "女儿", "phone": "13833334444" }] }),
    ]
}

#[tokio::test]
async fn both_of_a_couple_are_on_the_card_and_an_edit_changes_one_field() {
    let (room, admin) = Room::staffed().await;
    let home = home(&room, &admin, "7-1-102").await;
    let [one, two] = couple();
    let first = enter(&room, &admin, &home, one).await;
    let second = enter(&room, &admin, &home, two).await;
    let id = room.raise_in(&home, 1).await;
    let card = room.get(&format!("/api/alerts/{id}"), &admin).await.json();
    assert_eq!(card["person"], "老人甲、老人乙");
    let names: Vec<_> = card["residents"].as_array().unwrap().iter().map(|r| &r["name"]).collect();
    assert_eq!(names, ["老人甲", "老人乙"]);
    assert_eq!(card["contacts"].as_array().unwrap().len(), 2);
    // The same name again is an edit, and what is not told stays as it is.
    let again = json!({ "name": "老人乙", "phone": "057188882222" });
    assert_eq!(enter(&room, &admin, &home, again).await, second);
    let path = format!("/api/residents/{first}");
    let done = room.call(Method::PATCH, &path, &admin, Some(json!({ "dialect": "余姚话" }))).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
    let opened = json!({ "reason": "核对登记资料" });
    room.post(&format!("/api/homes/{home}/open"), &admin, opened).await;
    let shown = room.get(&format!("/api/homes/{home}"), &admin).await.json();
    let (one, two) = (&shown["residents"][0], &shown["residents"][1]);
    assert_eq!((&one["dialect"], &one["health"]), (&json!("余姚话"), &json!("心脏起搏器")));
    assert_eq!((&two["phone"], &two["born"]), (&json!("057188882222"), &json!(1941)));
    assert_eq!((&two["alone"], &two["health"]), (&json!(true), &json!("糖尿病")));
    assert_eq!(two["contacts"][0]["phone"], "13833334444");
}

#[tokio::test]
async fn an_alert_keeps_whose_it_was_where_and_whom_to_call() {
    let (room, admin) = Room::staffed().await;
    let boss = room.colleague(&admin, "3001", "supervisor").await;
    let home = home(&room, &admin, "7-1-102").await;
    let [_, her] = couple();
    enter(&room, &admin, &home, her).await;
    let (open, old) = (room.raise_in(&home, 1).await, room.raise_in(&home, 2).await);
    let fence =
        room.post(&format!("/api/alerts/{old}/claim"), &boss, json!({})).await.json()["fence"]
            .clone();
    let call = json!({ "fence": fence, "kind": "call_resident", "result": "connected" });
    room.post(&format!("/api/alerts/{old}/actions"), &boss, call).await;
    let cursor = room.get(&format!("/api/alerts/{old}"), &boss).await.json()["cursor"].clone();
    let end = json!({ "fence": fence, "outcome": 4, "cursor": cursor });
    let done = room.post(&format!("/api/alerts/{old}/close"), &boss, end).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
    let gone = room
        .post(&format!("/api/homes/{home}/resident/leave"), &admin, json!({ "why": "died" }))
        .await;
    assert_eq!(gone.json()["left"].as_array().unwrap().len(), 1, "{}", gone.text);
    let new = json!({ "name": "老人丙", "phone": "9", "contacts": [{ "name": "家属丙", "phone": "333" }] });
    enter(&room, &admin, &home, new).await;
    let path = format!("/api/homes/{home}");
    let moved = json!({ "address": "新街 9 号", "label": "9-9-999" });
    assert_eq!(
        room.call(Method::PATCH, &path, &admin, Some(moved)).await.status,
        StatusCode::NO_CONTENT
    );
    for id in [&open, &old] {
        let card = room.get(&format!("/api/alerts/{id}"), &boss).await;
        assert!(!card.text.contains("老人丙") && !card.text.contains("家属丙"), "{}", card.text);
        let card = card.json();
        assert_eq!((&card["person"], &card["address"]), (&json!("老人乙"), &json!("旧街 5 号")));
        assert_eq!((&card["home_label"], &card["edited"]), (&json!("7-1-102"), &json!(true)));
        assert_eq!(card["contacts"][0]["name"], "家属甲");
    }
    let queue = room.get("/api/queue", &boss).await.json();
    assert_eq!(queue["alerts"][0]["person"], "老人乙");
    // What happened before the new one came is not theirs.
    let next = room.raise_in(&home, 3).await;
    let card = room.get(&format!("/console/alerts/{next}"), &boss).await.text;
    assert!(
        card.contains("家属丙") && !card.contains("误触</td>") && !card.contains("老人乙"),
        "{card}"
    );
}

#[tokio::test]
async fn whom_to_call_is_edited_one_at_a_time() {
    let (room, admin) = Room::staffed().await;
    let home = home(&room, &admin, "7-1-102").await;
    let [him, _] = couple();
    let person = enter(&room, &admin, &home, him).await;
    let list = format!("/api/residents/{person}/contacts");
    let body = json!({ "name": "邻居", "phone": "222", "has_key": true, "distance": "同楼" });
    let added = room.post(&list, &admin, body).await.json()["contact"].as_str().unwrap().to_owned();
    let one = format!("/api/contacts/{added}");
    let done = room.call(Method::PATCH, &one, &admin, Some(json!({ "phone": "223" }))).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
    room.post(&format!("/api/homes/{home}/open"), &admin, json!({ "reason": "核对联系人" })).await;
    let contacts =
        async || room.get(&format!("/api/homes/{home}"), &admin).await.json()["contacts"].clone();
    for nobody in [json!({ "name": "", "phone": "222" }), json!({ "name": "邻居", "phone": " " })]
    {
        let refused = room.post(&list, &admin, nobody.clone()).await.status;
        assert_eq!(refused, StatusCode::UNPROCESSABLE_ENTITY, "whom nobody can call: {nobody}");
    }
    let emptied = room.call(Method::PATCH, &one, &admin, Some(json!({ "phone": "" }))).await;
    assert_eq!(emptied.status, StatusCode::UNPROCESSABLE_ENTITY, "a number is not taken away");
    let both = contacts().await;
    assert_eq!((&both[0]["name"], &both[1]["name"]), (&json!("家属甲"), &json!("邻居")));
    assert_eq!((&both[1]["phone"], &both[1]["has_key"]), (&json!("223"), &json!(true)));
    assert_eq!(room.call(Method::DELETE, &one, &admin, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(contacts().await.as_array().unwrap().len(), 1);
    let none = room.call(Method::DELETE, &one, &admin, None).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_turns_a_text_is_shown_and_control_characters_are_refused() {
    let (room, admin) = Room::staffed().await;
    let home = home(&room, &admin, "7-1-102").await;
    let path = format!("/api/homes/{home}/resident");
    for body in [
        json!({ "name": "老\u{0}人" }),
        json!({ "name": "甲", "health": "a\u{1b}[31m" }),
        json!({ "name": "甲", "contacts": [{ "name": "乙\n丙", "phone": "1" }] }),
        json!({ "name": "甲".repeat(121) }),
        json!({ "name": "甲", "sex": "female" }),
        json!({ "name": "甲", "birth": "1938-13-01" }),
    ] {
        let answer = room.post(&path, &admin, body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    }
    enter(&room, &admin, &home, json!({ "name": "王\u{202E}奶奶" })).await;
    let page = room.get("/homes", &admin).await.text;
    assert!(page.contains("王[202E]奶奶") && !page.contains('\u{202E}'));
    let id = room.raise_in(&home, 1).await;
    let fence =
        room.post(&format!("/api/alerts/{id}/claim"), &admin, json!({})).await.json()["fence"]
            .clone();
    let note = |text: &str| json!({ "fence": fence, "kind": "note", "text": text });
    let acts = format!("/api/alerts/{id}/actions");
    let refused = room.post(&acts, &admin, note("a\u{7}b")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(room.post(&acts, &admin, note("已\u{2066}到")).await.status, StatusCode::CREATED);
    let card = room.get(&format!("/api/alerts/{id}"), &admin).await.text;
    assert!(card.contains("已[2066]到"), "{card}");
}

#[tokio::test]
async fn an_edit_in_the_moment_of_an_alert_changes_nothing_of_it() {
    let (room, admin) = Room::staffed().await;
    let boss = room.colleague(&admin, "3001", "supervisor").await;
    let home = home(&room, &admin, "7-1-102").await;
    let [_, her] = couple();
    let person = enter(&room, &admin, &home, her).await;
    room.post(&format!("/api/homes/{home}/open"), &boss, json!({ "reason": "核对联系人" })).await;
    let shown = room.get(&format!("/api/homes/{home}"), &boss).await.json();
    let contact = shown["contacts"][0]["id"].as_str().unwrap_or_default().to_owned();
    let resident = format!("/api/residents/{person}");
    let list = format!("{resident}/contacts");
    let edits = [
        (Method::PATCH, resident, Some(json!({ "name": "改名" }))),
        (Method::PATCH, format!("/api/contacts/{contact}"), Some(json!({ "phone": "1" }))),
        (Method::POST, list, Some(json!({ "name": "邻居", "phone": "222" }))),
        (Method::DELETE, format!("/api/contacts/{contact}"), None),
        (Method::PATCH, format!("/api/homes/{home}"), Some(json!({ "address": "新街 9 号" }))),
    ];
    for (incident, (method, path, body)) in (1..).zip(edits) {
        let id = room.raise_in(&home, incident).await;
        let before = facts(&room, &id, &boss).await;
        let done = room.call(method, &path, &admin, body).await;
        assert!(done.status.is_success(), "{path}: {}", done.text);
        assert_eq!(facts(&room, &id, &boss).await, before, "{path}");
    }
}

/// Whose an alert is, as its holder sees it.
async fn facts(room: &Room, id: &str, boss: &str) -> Value {
    room.post(&format!("/api/alerts/{id}/claim"), boss, json!({})).await;
    let card = room.get(&format!("/api/alerts/{id}"), boss).await.json();
    assert!(card["person"].is_string() && card["contacts"].is_array(), "{card}");
    json!([card["person"], card["address"], card["contacts"]])
}
