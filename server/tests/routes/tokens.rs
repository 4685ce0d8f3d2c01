//! Tokens of programs: what one opens, under whose name it acts, and when it opens nothing any more.
//!
//! Not here: a whole alert worked by a generated client (`tests/tests/programs.rs`).

use axum::body::Body;
use axum::http::header::AUTHORIZATION;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use centre::auth::program::{self, MANY};
use records::program::ProgramRow;
use serde_json::{Value, json};
use tokio_stream::StreamExt as _;

use crate::room::{Answer, Room};

const SCOPES: [&str; 3] = ["read_queue", "work_alerts", "read_values"];

async fn made(room: &Room, admin: &str, name: &str, scope: &[&str]) -> Value {
    let body = json!({ "name": name, "scope": scope, "days": 30 });
    let made = room.post("/api/tokens", admin, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field}: {value}"))
}

/// A request as a program sends it: its token, no cookie, none of our headers.
fn request(method: &Method, path: &str, token: &str, body: Option<Value>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(body.map_or_else(Body::empty, |json| Body::from(json.to_string())))
        .unwrap()
}

async fn answered(answer: Response) -> Answer {
    let (parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, 4 << 20).await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status: parts.status, headers: parts.headers, text }
}

async fn ask(room: &Room, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
    answered(room.raw(request(&method, path, token, body)).await).await
}

#[tokio::test]
async fn a_program_works_an_alert_under_its_own_name() {
    let (room, admin) = Room::staffed().await;
    let token = made(&room, &admin, "派单平台", &SCOPES).await;
    let token = text(&token, "token");
    let id = room.raise(0, 1).await.remove(0);
    let at = |what: &str| format!("/api/alerts/{id}/{what}");
    let queue = ask(&room, Method::GET, "/api/queue", token, None).await.json();
    assert_eq!(queue["alerts"][0]["id"], id.as_str());
    let claim = ask(&room, Method::POST, &at("claim"), token, None).await;
    assert_eq!(claim.status, StatusCode::OK, "{}", claim.text);
    let claim = claim.json();
    assert_eq!(claim["alert"]["owner"]["display"], "API 派单平台");
    let call = json!({ "fence": claim["fence"], "kind": "call_resident", "result": "connected" });
    let done = ask(&room, Method::POST, &at("actions"), token, Some(call)).await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.text);
    let end = json!({ "fence": claim["fence"], "cursor": claim["cursor"], "outcome": 4 });
    let done = ask(&room, Method::POST, &at("close"), token, Some(end)).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
    let card = room.get(&format!("/api/alerts/{id}"), &admin).await.json();
    let lines = card["timeline"].as_array().unwrap();
    let did: Vec<_> =
        lines.iter().filter(|line| line["who"] == claim["alert"]["owner"]["id"]).collect();
    assert_eq!(did.len(), 3, "claim, act and close are its own: {card}");
    let page = room.get(&format!("/console/alerts/{id}"), &admin).await.text;
    assert!(page.contains("API 派单平台"), "{page}");
    let looks = ask(&room, Method::GET, &format!("/api/alerts/{id}"), token, None).await;
    assert_eq!(looks.status, StatusCode::OK, "{}", looks.text);
    let mut c = room.app.records.reader().await.unwrap();
    let looks = records::look::of_home(&mut c, 1000, (0, i64::MAX), 50).await.unwrap();
    let own: Vec<_> = looks.iter().filter(|look| look.display == "API 派单平台").collect();
    assert_eq!((own.len(), own[0].role.as_str(), own[0].why.as_str()), (1, "program", "program"));
}

#[tokio::test]
async fn a_token_opens_the_doors_of_its_scope_as_the_document_says_and_no_others() {
    let (room, admin) = Room::staffed().await;
    let document = room.get("/openapi.json", "").await.json();
    let mut tokens = Vec::new();
    for scope in SCOPES {
        let token = made(&room, &admin, scope, &[scope]).await;
        tokens.push((scope, text(&token, "token").to_owned()));
    }
    let mut opened = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security = operation["security"].as_array().unwrap();
            if security.is_empty() {
                continue;
            }
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let address = path.replace("{id}", "0000000001Z");
            for (scope, token) in &tokens {
                let may = security.iter().any(|one| one["token"] == json!([scope]));
                let body = (method != Method::GET).then(|| json!({ "?": 1 }));
                let answer = room.raw(request(&method, &address, token, body)).await;
                let refused = answer.status() == StatusCode::FORBIDDEN;
                assert_eq!(refused, !may, "{scope} {method} {path}: {}", answer.status());
                opened += usize::from(may);
            }
        }
    }
    assert!(opened >= 12, "{opened}");
    for page in ["/console", "/homes", "/me", "/closed"] {
        let answer = room.raw(request(&Method::GET, page, &tokens[0].1, None)).await;
        assert_ne!(answer.status(), StatusCode::OK, "{page} is for people");
    }
}

#[tokio::test]
async fn a_token_that_was_ended_is_refused_on_the_next_request_and_its_streams_end_at_once() {
    let (room, admin) = Room::staffed().await;
    let token = made(&room, &admin, "报表", &["read_queue"]).await;
    let (id, token) = (text(&token, "id"), text(&token, "token"));
    let stream = room.raw(request(&Method::GET, "/api/stream", token, None)).await;
    assert_eq!(stream.status(), StatusCode::OK);
    let mut stream = stream.into_body().into_data_stream();
    assert!(stream.next().await.is_some(), "it speaks");
    let person = Request::get("/api/stream").header("cookie", &admin).body(Body::empty()).unwrap();
    let mut person = room.raw(person).await.into_body().into_data_stream();
    assert!(person.next().await.is_some(), "it speaks");
    let path = format!("/api/tokens/{id}");
    let ended = room.call(Method::DELETE, &path, &admin, None).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let answer = ask(&room, Method::GET, "/api/queue", token, None).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("program"))
    );
    // A beat would end it within five seconds; it must not wait for one.
    let rest = async { while stream.next().await.is_some() {} };
    let soon = std::time::Duration::from_secs(3);
    tokio::time::timeout(soon, rest).await.expect("the stream of an ended token has ended");
    let other = async { while person.next().await.is_some() {} };
    let beat = std::time::Duration::from_millis(200);
    assert!(tokio::time::timeout(beat, other).await.is_err(), "nobody else's stream ends");
    let again = room.call(Method::DELETE, &path, &admin, None).await;
    assert_eq!(again.json()["code"], "program_token");
    let list = room.get("/api/tokens", &admin).await.json();
    assert_eq!(list["tokens"][0]["good"], false);
    assert_eq!(list["tokens"][0]["revoked_by"], "管理员");
}

#[tokio::test]
async fn a_token_opens_nothing_after_its_last_day() {
    let (room, admin) = Room::staffed().await;
    let now = room.app.clock.now();
    let mono = centre::alert::life::stored(now.mono);
    for (name, until_mono, until_wall, good) in [
        ("good", mono + 60_000, now.wall_ms + 60_000, true),
        ("over", mono, now.wall_ms + 60_000, false),
        ("past", mono + 60_000, now.wall_ms, false),
    ] {
        let made = program::make().unwrap();
        let row = ProgramRow {
            id: made.id,
            staff: uuid::Uuid::now_v7().to_string(),
            name: name.to_owned(),
            hash: made.hash,
            scope: "read_queue".to_owned(),
            made_by: String::new(),
            made_wall: now.wall_ms,
            until_mono,
            until_wall,
            used_wall: None,
            revoked_by: None,
            revoked_wall: None,
        };
        program::enter(&room.app.access, &row).await.unwrap();
        let answer = ask(&room, Method::GET, "/api/queue", &made.whole, None).await;
        assert_eq!(answer.status == StatusCode::OK, good, "{name}: {}", answer.text);
        let list = room.get("/api/tokens", &admin).await.json();
        let told = list["tokens"].as_array().unwrap().iter().find(|t| t["name"] == name).unwrap();
        assert_eq!(told["good"], good, "{told}");
    }
}

#[tokio::test]
async fn a_token_counts_in_its_header_only_and_beside_it_no_cookie_does() {
    let (room, admin) = Room::staffed().await;
    let token = made(&room, &admin, "一", &SCOPES).await;
    let token = text(&token, "token");
    for address in [format!("/api/queue?access_token={token}"), format!("/api/alerts/{token}")] {
        for cookie in ["", admin.as_str()] {
            let answer = room.get(&address, cookie).await;
            assert_eq!(
                (answer.status, answer.json()["code"].as_str()),
                (StatusCode::BAD_REQUEST, Some("token_in_url"))
            );
            assert!(!answer.text.contains(token));
        }
    }
    for cookie in [format!("hl_session={token}"), format!("hl_session={}", &token[20..84])] {
        assert_eq!(room.get("/api/queue", &cookie).await.status, StatusCode::UNAUTHORIZED);
    }
    let both = |method: Method, path: &str, shown: &str| {
        let request = Request::builder().method(method).uri(path).header("cookie", &admin);
        request
            .header(AUTHORIZATION, shown)
            .header("x-hearthline", "1")
            .body(Body::empty())
            .unwrap()
    };
    let shown = format!("Bearer {token}");
    let answer = room.raw(both(Method::GET, "/api/staff", &shown)).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "the program asks, not the administrator");
    let answer = room.raw(both(Method::GET, "/api/staff", "Bearer nothing")).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let answer = room.raw(both(Method::GET, "/api/staff", "Basic cHJveHk6cHJveHk=")).await;
    assert_eq!(answer.status(), StatusCode::OK, "what a proxy asked for is not ours");
    // No page can write with a cookie by showing half of a token.
    let cross = Request::post("/api/presence").header("cookie", &admin);
    let cross = cross.header(AUTHORIZATION, "Bearer x").body(Body::from("{\"sound\":true}"));
    assert_eq!(room.raw(cross.unwrap()).await.status(), StatusCode::UNAUTHORIZED);
    let other = program::make().unwrap().whole;
    let answer = ask(&room, Method::GET, "/api/queue", &other, None).await;
    assert_eq!(
        answer.status,
        StatusCode::UNAUTHORIZED,
        "a token of the right shape that nobody made"
    );
}

#[tokio::test]
async fn a_token_makes_no_tokens_and_nobody_logs_in_as_a_program() {
    let (room, admin) = Room::staffed().await;
    let token = made(&room, &admin, "一", &SCOPES).await;
    let token = text(&token, "token");
    let body = json!({ "name": "二", "scope": ["read_queue"], "days": 1 });
    let answer = ask(&room, Method::POST, "/api/tokens", token, Some(body.clone())).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (StatusCode::FORBIDDEN, Some("forbidden"))
    );
    for role in ["operator", "supervisor", "installer"] {
        let cookie = room.colleague(&admin, role, role).await;
        assert_eq!(
            room.post("/api/tokens", &cookie, body.clone()).await.status,
            StatusCode::FORBIDDEN
        );
    }
    let mut c = room.app.records.reader().await.unwrap();
    let row = records::program::all(&mut c).await.unwrap().remove(0);
    drop(c);
    for act in ["code", "admit"] {
        let path = format!("/api/staff/{}/{act}", row.staff);
        assert_eq!(
            room.post(&path, &admin, json!({})).await.status,
            StatusCode::NOT_FOUND,
            "{act}"
        );
    }
    assert!(!room.get("/api/staff", &admin).await.text.contains(&row.staff));
    let login = json!({ "name": format!("program/{}", row.staff), "password": "" });
    assert_eq!(room.post("/api/login", "", login).await.status, StatusCode::UNAUTHORIZED);
    let person = json!({ "name": "9", "display": "9", "role": "program" });
    assert_eq!(
        room.post("/api/staff", &admin, person).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn tokens_are_bounded_and_what_opens_something_is_nowhere_kept() {
    let (room, admin) = Room::staffed().await;
    let ask =
        |name: &str, scope: Value, days: i64| json!({ "name": name, "scope": scope, "days": days });
    for (body, status, code) in [
        (ask("a", json!(["read_queue"]), 0), 422, "input"),
        (ask("a", json!(["read_queue"]), 367), 422, "input"),
        (ask("a", json!([]), 1), 422, "input"),
        (ask("a", json!(["administer"]), 1), 422, "json"),
        (ask("", json!(["read_queue"]), 1), 422, "input"),
        (json!({ "name": "a", "scope": ["read_queue"] }), 422, "json"),
    ] {
        let answer = room.post("/api/tokens", &admin, body.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_str()),
            (status, Some(code)),
            "{body}"
        );
    }
    let first = made(&room, &admin, "a", &["read_queue"]).await;
    let token = text(&first, "token");
    assert!(token.starts_with("hlp_") && token.len() == 92, "{token}");
    let twice = room.post("/api/tokens", &admin, ask("a", json!(["read_queue"]), 1)).await;
    assert_eq!(twice.json()["code"], "name_taken");
    let list = room.get("/api/tokens", &admin).await.text;
    let secret = &token[20..84];
    assert!(!list.contains(secret), "{list}");
    for entry in std::fs::read_dir(&room.app.config.data).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let kept = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!kept, "{} holds the secret", path.display());
    }
    for n in 1..MANY {
        made(&room, &admin, &format!("n{n}"), &["read_queue"]).await;
    }
    let more = room.post("/api/tokens", &admin, ask("more", json!(["read_queue"]), 1)).await;
    assert_eq!(more.json()["code"], "many");
}
