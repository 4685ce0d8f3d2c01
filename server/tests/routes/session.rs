//! `/api/setup`, `/api/login`, `/api/staff`: coming and going.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::room::{Room, SECRET};

#[tokio::test]
async fn the_setup_token_makes_one_administrator_once() {
    let room = Room::open().await;
    let body = |token: &str| json!({ "token": token, "name": "1000", "password": SECRET, "display": "管理员" });
    assert_eq!(room.post("/api/setup", "", body("wrong")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(room.get("/login", "").await.headers["location"], "/setup");
    assert_eq!(room.post("/api/setup", "", body(&room.setup)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(room.post("/api/setup", "", body(&room.setup)).await.status, StatusCode::CONFLICT);
    let cookie = room.login("1000").await;
    assert_eq!(room.get("/console", &cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_one_time_code_opens_one_session() {
    let (room, admin) = Room::staffed().await;
    let made = room
        .post("/api/staff", &admin, json!({ "name": "2001", "display": "x", "role": "operator" }))
        .await;
    let code = json!({ "code": made.json()["code"] });
    assert_eq!(room.post("/api/login", "", code.clone()).await.status, StatusCode::OK);
    assert_eq!(room.post("/api/login", "", code).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn wrong_passwords_slow_the_guesser_and_leave_sessions_alone() {
    let (room, admin) = Room::staffed().await;
    let guess = json!({ "name": "1000", "password": "not the secret" });
    let mut last = StatusCode::OK;
    for _ in 0..7 {
        last = room.post("/api/login", "", guess.clone()).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(room.get("/api/queue", &admin).await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_is_shut_out_is_out_at_once() {
    let (room, admin) = Room::staffed().await;
    let cookie = room.colleague(&admin, "2001", "operator").await;
    assert_eq!(room.get("/api/queue", &cookie).await.status, StatusCode::OK);
    let mut reader = room.app.records.reader().await.unwrap();
    let row = records::staff::by_name(&mut reader, "2001").await.unwrap().unwrap();
    drop(reader);
    let gone = room.call(Method::DELETE, &format!("/api/staff/{}", row.id), &admin, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(room.get("/api/queue", &cookie).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn logging_out_ends_the_session() {
    let (room, admin) = Room::staffed().await;
    assert_eq!(room.post("/api/logout", &admin, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(room.get("/api/queue", &admin).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn only_hashes_of_secrets_are_in_the_database() {
    let (room, admin) = Room::staffed().await;
    let token = admin.split_once('=').unwrap().1.to_owned();
    if !room.app.records.engine().is_file() {
        return;
    }
    let file = std::fs::read(room.app.config.data.join("records.db")).unwrap();
    let wal = std::fs::read(room.app.config.data.join("records.db-wal")).unwrap_or_default();
    for secret in [token.as_str(), SECRET] {
        let found = file
            .windows(secret.len())
            .chain(wal.windows(secret.len()))
            .any(|w| w == secret.as_bytes());
        assert!(!found, "a secret lies in the open");
    }
}

/// A session that began and was last used so many minutes ago; gives its cookie.
async fn session_of(room: &Room, began: i64, used: i64) -> String {
    let token = centre::auth::token::token().unwrap();
    let hash = centre::auth::token::hash(&token);
    let now = i64::try_from(room.app.clock.mono().millis()).unwrap();
    let mut writer = room.app.records.begin().await.unwrap();
    let row = records::staff::by_name(&mut writer, "1000").await.unwrap().unwrap();
    let began = now - began * 60_000;
    records::staff::begin(&mut writer, &hash, &row.id, began, "zh-CN").await.unwrap();
    records::staff::touch(&mut writer, &hash, now - used * 60_000).await.unwrap();
    writer.commit().await.unwrap();
    centre::auth::token::cookie(&token, false).split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_ends_by_idleness_and_by_age() {
    let (room, _) = Room::staffed().await;
    for (began, used, status) in [
        (0, 0, StatusCode::OK),
        (59, 59, StatusCode::OK),
        (61, 61, StatusCode::UNAUTHORIZED),
        (12 * 60, 0, StatusCode::OK),
        (13 * 60 + 1, 0, StatusCode::UNAUTHORIZED),
    ] {
        let cookie = session_of(&room, began, used).await;
        let answer = room.get("/api/queue", &cookie).await.status;
        assert_eq!(answer, status, "began {began} min ago, used {used} min ago");
    }
}

#[tokio::test]
async fn a_session_that_time_has_ended_leaves_no_row() {
    let (room, _) = Room::staffed().await;
    let (over, idle) = (session_of(&room, 14 * 60, 0).await, session_of(&room, 62, 61).await);
    let young = session_of(&room, 1, 0).await;
    centre::upkeep::Sweeps::default().step(&room.app.upkeep).await;
    let mut reader = room.app.records.reader().await.unwrap();
    let mut left = Vec::new();
    for cookie in [&over, &idle, &young] {
        let hash = centre::auth::token::hash(cookie.split_once('=').unwrap().1);
        let row = records::staff::session(&mut reader, &hash).await.unwrap();
        left.push(row.is_some());
    }
    assert_eq!(left, [false, false, true]);
}
