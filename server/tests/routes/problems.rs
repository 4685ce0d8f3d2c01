//! Every refusal is problem details with a stable code, whoever refuses: a door, the guard, or the framework itself.
//!
//! The codes of the source and those of the document are the same list. Not here: whether the whole document is valid
//! and true, which a real validator and a real client find out (`tests/tests/programs.rs`).

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use server::api_error::codes::CODES;

use crate::room::Room;

fn codes(document: &Value) -> BTreeSet<String> {
    let listed = document["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap();
    listed.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

/// Method, address, headers, body; then the status and the code that are to come.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16, &'a str);

const OURS: (&str, &str) = ("x-hearthline", "1");
const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

const CASES: &[Case<'static>] = &[
    ("GET", "/nowhere", &[], "", 404, "not_found"),
    ("GET", "/api/nowhere", &[], "", 404, "not_found"),
    ("PUT", "/api/queue", &[OURS], "", 405, "method"),
    ("DELETE", "/health", &[], "", 405, "method"),
    ("GET", "/api/alerts/%FF", &[], "", 400, "malformed"),
    ("GET", "/api/alerts/%00", &[], "", 400, "malformed"),
    ("GET", "/api/homes?text=%00", &[], "", 400, "malformed"),
    ("POST", "/api/login", &[OURS, JSON], r#"{"name": "a\u0000", "password": "x"}"#, 422, "json"),
    ("POST", "/login", &[FORM], "name=a%00&password=x", 422, "input"),
    ("GET", "/api/homes/0000000001Z/series", &[], "", 400, "query"),
    ("GET", "/api/homes/0000000001Z/series?quantity=heart&hours=x", &[], "", 400, "query"),
    ("GET", "/api/stream?after=x", &[], "", 400, "query"),
    ("POST", "/api/presence", &[OURS, ("content-type", "text/xml")], "<a/>", 415, "media"),
    ("POST", "/api/presence", &[OURS, JSON], "{", 422, "json"),
    ("POST", "/api/presence", &[OURS, JSON], r#"{"no": 1}"#, 422, "json"),
    ("POST", "/api/presence", &[JSON], "{}", 403, "no_header"),
    ("POST", "/api/presence", &[OURS, ("origin", "http://evil.example")], "{}", 403, "origin"),
    ("GET", "/api/queue", &[("host", "evil.example")], "", 421, "host"),
    ("GET", "/api/alerts/none", &[], "", 404, "alert"),
    ("POST", "/me/password", &[("content-type", "text/xml")], "<a/>", 415, "media"),
];

#[tokio::test]
async fn every_refusal_is_problem_details_with_a_code_of_the_document_also_of_the_framework() {
    let (room, admin) = Room::staffed().await;
    let known = codes(&room.get("/openapi.json", "").await.json());
    let long = "x".repeat(70_000);
    let mut cases = CASES.to_vec();
    cases.push(("POST", "/api/presence", &[OURS, JSON], &long, 413, "too_large"));
    for (method, path, headers, body, status, code) in cases {
        let mut request = Request::builder().method(method).uri(path).header("cookie", &admin);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = room.raw(request.body(Body::from(body.to_owned())).unwrap()).await;
        let (told, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = axum::body::to_bytes(answer.into_body(), 65_536).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(told, status, "{method} {path}: {text}");
        assert_eq!(headers["content-type"], "application/problem+json", "{method} {path}: {text}");
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["code"], code, "{method} {path}: {problem}");
        assert_eq!(problem["type"], format!("urn:hearthline:problem:{code}"));
        assert_eq!(
            (&problem["error"]["code"], &problem["error"]["message"]),
            (&problem["code"], &problem["detail"])
        );
        assert!(problem["title"].as_str().unwrap().len() > 2, "{problem}");
        assert!(problem["detail"].as_str().unwrap().chars().count() > 3, "{problem}");
        assert!(known.contains(code), "{code} is not in the document");
        assert_eq!(headers.contains_key("allow"), status == 405, "{method} {path}");
    }
}

#[tokio::test]
async fn a_refusal_says_how_to_come_in_and_when_to_come_again() {
    let (room, _) = Room::staffed().await;
    let answer = room.get("/api/queue", "").await;
    assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"hearthline\"");
    let wrong = json!({ "code": "00000-00000-00000-00000" });
    for _ in 0..100 {
        let answer = room.post("/api/login", "", wrong.clone()).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(answer.json()["code"], "wait");
            assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
            return;
        }
    }
    panic!("nobody is told to wait");
}

#[tokio::test]
async fn every_code_of_the_source_is_in_the_document_and_the_other_way_round() {
    let room = Room::open().await;
    let listed = codes(&room.get("/openapi.json", "").await.json());
    let mut written = BTreeSet::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut written);
    let told: BTreeSet<String> = written.iter().map(|(code, _)| code.clone()).collect();
    assert_eq!(told, listed);
    for (code, status) in &written {
        let Some(status) = status else { continue };
        let known = CODES.iter().find(|(known, _)| known == code).unwrap().1;
        assert_eq!(StatusCode::from_u16(known).unwrap(), *status, "{code}");
    }
}

/// Codes in a folder of source: the constructors' own, and those that are handed to `unknown`.
fn read(folder: &Path, out: &mut BTreeSet<(String, Option<StatusCode>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, out);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for rest in text.split("Self::new(StatusCode::").skip(1) {
            let (status, rest) = rest.split_once(", ").unwrap();
            // What is handed on is found where it is handed in.
            let Some(code) = rest.strip_prefix('"') else { continue };
            out.insert((code.split('"').next().unwrap().to_owned(), Some(named(status))));
        }
        for rest in text.split("Self::new(status, \"").skip(1) {
            out.insert((rest.split('"').next().unwrap().to_owned(), None));
        }
        for rest in text.split("ApiError::unknown(").skip(1) {
            let code = rest.trim_start().strip_prefix('"').expect("a code as a literal");
            let code = code.split('"').next().unwrap().to_owned();
            out.insert((code, Some(StatusCode::NOT_FOUND)));
        }
    }
}

fn named(name: &str) -> StatusCode {
    let all = (400..600).filter_map(|n| StatusCode::from_u16(n).ok());
    let wanted = name.replace('_', "").to_lowercase();
    let plain = |status: &StatusCode| {
        let reason = status.canonical_reason().unwrap_or_default();
        reason.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
    };
    all.into_iter().find(|status| plain(status) == wanted).unwrap_or_else(|| panic!("{name}"))
}

#[tokio::test]
async fn each_operation_has_a_name_of_its_own_and_says_each_status_that_stands_before_it() {
    let room = Room::open().await;
    let document = room.get("/openapi.json", "").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is said twice");
            let told = operation["responses"].as_object().unwrap();
            let mut needed = vec!["400", "403", "421", "500"];
            if !operation["requestBody"].is_null() {
                needed.extend(["413", "415", "422"]);
            }
            if !["/api/login", "/api/setup"].contains(&path.as_str()) {
                needed.push("401");
            }
            for status in needed {
                assert!(told.contains_key(status), "{method} {path}: {status}");
            }
            for (status, answer) in told {
                assert!(!answer["description"].as_str().unwrap_or_default().is_empty());
                let problem = &answer["content"]["application/problem+json"]["schema"]["$ref"];
                let refused = status.starts_with(['4', '5']);
                assert_eq!(problem == "#/components/schemas/Problem", refused, "{path} {status}");
            }
        }
    }
    let method = Method::OPTIONS;
    assert_eq!(
        room.call(method, "/api/queue", "", None).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}
