//! What holds for every door: a session, a role, our header, the same security headers, and its place
//! in the document of the API.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::room::Room;

/// Doors that anybody may come to.
const OPEN: [&str; 2] = ["/api/setup", "/api/login"];

fn doors(document: &Value) -> Vec<(Method, String)> {
    let mut out = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            out.push((method, path.replace("{id}", "0000000001Z")));
        }
    }
    out
}

#[tokio::test]
async fn every_api_door_is_in_the_document() {
    let page = include_str!("../../src/router.rs");
    let room = Room::open().await;
    let document = room.get("/openapi.json", "").await.json();
    let routes: Vec<&str> = page
        .split(".route(\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .filter(|path| path.starts_with("/api/"))
        .collect();
    assert!(routes.len() >= 25, "{}", routes.len());
    for path in routes {
        assert!(document["paths"].get(path).is_some(), "{path} is not described");
    }
}

#[tokio::test]
async fn without_a_session_no_door_says_anything() {
    let (room, _) = Room::staffed().await;
    let document = room.get("/openapi.json", "").await.json();
    for (method, path) in doors(&document) {
        if OPEN.contains(&path.as_str()) {
            continue;
        }
        let answer = room.call(method.clone(), &path, "", Some(json!({}))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        let forged = format!("hl_session={}", "0".repeat(64));
        let answer = room.call(method.clone(), &path, &forged, Some(json!({}))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path} with a forged cookie");
    }
    for page in ["/console", "/homes", "/homes/0000000001Z", "/homes/0000000001Z/rehearsal"] {
        assert_eq!(room.get(page, "").await.headers["location"], "/login", "{page}");
    }
}

#[tokio::test]
async fn a_role_opens_its_own_doors_only() {
    let (room, admin) = Room::staffed().await;
    let document = room.get("/openapi.json", "").await.json();
    let installer = room.colleague(&admin, "4001", "installer").await;
    let official = room.colleague(&admin, "5001", "official").await;
    let operator = room.colleague(&admin, "2001", "operator").await;
    let enrols = ["organisations", "gateways", "devices", "beds", "resident", "contacts"];
    for (method, path) in doors(&document) {
        let anybody = OPEN.contains(&path.as_str())
            || ["/api/logout", "/api/shift"].contains(&path.as_str())
            || path.starts_with("/api/me/");
        if anybody || path == "/api/stream" {
            continue;
        }
        let enrolling = method != Method::GET
            && (path == "/api/homes" || enrols.iter().any(|word| path.contains(word)))
            || method == Method::PATCH
            || path.ends_with("/label");
        let setting = method == Method::POST
            && (path.ends_with("/rules") || path.ends_with("/trial"))
            || path.starts_with("/api/glass");
        let releasing = path.ends_with("/release") || path.ends_with("/revoke") || setting;
        let administering =
            ["/api/staff", "/api/provision", "/api/images", "/api/tokens", "/api/kept"]
                .iter()
                .any(|p| path.starts_with(p));
        for (cookie, who) in
            [(&installer, "installer"), (&official, "official"), (&operator, "operator")]
        {
            let may = match who {
                "installer" => enrolling && !releasing,
                "operator" => !enrolling && !releasing && !administering,
                _ => false,
            };
            let status =
                room.call(method.clone(), &path, cookie, Some(json!({ "?": 1 }))).await.status;
            assert_eq!(status != StatusCode::FORBIDDEN, may, "{who} {method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_same_security_headers() {
    let (room, admin) = Room::staffed().await;
    for (path, cookie) in [
        ("/login", ""),
        ("/console", admin.as_str()),
        ("/api/queue", admin.as_str()),
        ("/api/queue", ""),
        ("/nowhere", ""),
        ("/health", ""),
    ] {
        let headers = room.get(path, cookie).await.headers;
        let policy = headers["content-security-policy"].to_str().unwrap().to_owned();
        for part in [
            "default-src 'none'",
            "script-src 'self';",
            "frame-ancestors 'none'",
            "object-src 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert!(headers.get("server").is_none());
    }
}

#[tokio::test]
async fn a_write_without_our_header_or_from_elsewhere_is_refused() {
    let (room, admin) = Room::staffed().await;
    let request = |origin: &str, ours: bool| {
        let mut request =
            Request::post("/api/presence").header("cookie", &admin).header("host", "desk.local");
        if !origin.is_empty() {
            request = request.header("origin", origin);
        }
        if ours {
            request = request.header("x-hearthline", "1");
        }
        request.body(Body::from(r#"{"sound":true}"#)).unwrap()
    };
    assert_eq!(room.raw(request("", true)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(room.raw(request("http://desk.local", true)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(room.raw(request("", false)).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        room.raw(request("http://evil.example", true)).await.status(),
        StatusCode::FORBIDDEN
    );
    let rebound = Request::get("/login").header("host", "evil.example").body(Body::empty());
    assert_eq!(room.raw(rebound.unwrap()).await.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn text_of_people_is_text_on_every_page() {
    let (room, admin) = Room::staffed().await;
    let canary = "<img src=x onerror=alert(1)>\"'&";
    let organisation =
        room.post("/api/organisations", &admin, json!({ "name": canary })).await.json();
    let home = json!({ "organisation": organisation["organisation"], "label": canary, "address": canary, "entry": canary });
    let made = room.post("/api/homes", &admin, home).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let home = made.json()["home"].as_str().unwrap().to_owned();
    let person = json!({ "name": canary, "call_as": canary, "health": canary, "talk": canary,
        "contacts": [{ "name": canary, "phone": canary, "relation": canary, "note": canary }] });
    let entered = room.post(&format!("/api/homes/{home}/resident"), &admin, person).await;
    assert_eq!(entered.status, StatusCode::OK, "{}", entered.text);
    for page in ["/homes".to_owned(), format!("/homes/{home}")] {
        let answer = room.get(&page, &admin).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}: {}", answer.text);
        assert!(answer.text.contains("&lt;img"), "{page}");
        assert!(!answer.text.contains("<img"), "{page}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_not_read_to_its_end() {
    let (room, admin) = Room::staffed().await;
    let long = json!({ "sound": "x".repeat(100_000) });
    let answer = room.post("/api/presence", &admin, long).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_refusal_is_said_in_the_callers_language() {
    let (room, _) = Room::staffed().await;
    for (lang, sentence) in [("en-GB", "Not logged in"), ("zh-CN", "没有登录")] {
        let request = Request::get("/api/queue").header("accept-language", lang);
        let answer = room.raw(request.body(Body::empty()).unwrap()).await;
        let bytes = axum::body::to_bytes(answer.into_body(), 65_536).await.unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains(sentence));
    }
}

#[tokio::test]
async fn a_person_reads_a_page_where_a_program_reads_json() {
    let (room, admin) = Room::staffed().await;
    for (path, accept, page) in [
        ("/nowhere", "text/html,*/*", true),
        ("/nowhere", "*/*", false),
        ("/homes/0000000001Z", "text/html", true),
        ("/api/nowhere", "text/html", false),
    ] {
        let request = Request::builder()
            .uri(path)
            .header("cookie", &admin)
            .header("accept", accept)
            .body(Body::empty())
            .unwrap();
        let answer = room.raw(request).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(kind.starts_with("text/html"), page, "{path} {accept}: {kind}");
    }
}

#[tokio::test]
async fn a_page_that_refuses_lets_the_desk_hear_a_press() {
    let (room, admin) = Room::staffed().await;
    let operator = room.colleague(&admin, "2001", "operator").await;
    let official = room.colleague(&admin, "5001", "official").await;
    for (cookie, hears) in [(&operator, true), (&official, false), (&String::new(), false)] {
        let asked = Request::get("/nowhere").header("cookie", cookie);
        let asked = asked.header("accept", "text/html").body(Body::empty()).unwrap();
        let answer = room.raw(asked).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let page = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let page = String::from_utf8_lossy(&page);
        assert_eq!(page.contains("data-me=") && page.contains("id=\"line\""), hears, "{page}");
        assert!(page.contains("没有这个页面") && page.contains("再按姓名或房号查找"), "{page}");
        assert!(page.contains("href=\"/\""), "a way back: {page}");
    }
}

#[tokio::test]
async fn who_may_not_see_a_page_reads_whom_to_ask_on_a_page_of_their_own() {
    let (room, admin) = Room::staffed().await;
    let operator = room.colleague(&admin, "2001", "operator").await;
    let boss = room.colleague(&admin, "3001", "supervisor").await;
    let official = room.colleague(&admin, "5001", "official").await;
    for (cookie, path, desk, next) in [
        (&operator, "/closed", true, "要看的请班长来看"),
        (&operator, "/tokens", true, "请管理员来做"),
        (&boss, "/tokens", true, "请管理员来做"),
        (&official, "/homes", false, "这一页归值守台"),
        (&official, "/closed", false, "要看的请班长来看"),
    ] {
        let asked = Request::get(path).header("cookie", cookie).header("accept", "text/html");
        let answer = room.raw(asked.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
        let page = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let page = String::from_utf8_lossy(&page);
        assert!(page.contains("您的岗位不能看这一页") && page.contains(next), "{path}: {page}");
        assert!(page.contains("href=\"/\"") && page.contains("action=\"/logout\""), "{path}");
        // At the desk it is a page of the desk: live, with the way on, and nothing of what was asked for.
        let live = ["data-me=", "id=\"line\"", "id=\"on-duty\"", "href=\"/console\""];
        let found = live.iter().filter(|part| page.contains(**part)).count();
        assert_eq!(found, if desk { live.len() } else { 0 }, "{path}: {page}");
        assert!(!page.contains("<table"), "{path}");
    }
}
