//! The forms of all pages as a browser sends them by itself, when no script of the page runs.
//!
//! Not here: log-in and set-up (`entry`), tokens (`tokens_page`), what their scripts do (browser tests).

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::people::home;
use crate::room::Room;

pub(crate) async fn send(
    room: &Room,
    path: &str,
    cookie: &str,
    body: &str,
) -> (StatusCode, String, String) {
    let request = Request::post(path)
        .header(COOKIE, cookie)
        .header("accept", "text/html")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = room.raw(request).await;
    let (status, to) = (answer.status(), answer.headers().get("location").cloned());
    let bytes = axum::body::to_bytes(answer.into_body(), 4 << 20).await.unwrap();
    let to = to.map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, to, String::from_utf8_lossy(&bytes).into_owned())
}

/// Method, address and fields of each form of a page that goes to the server.
fn forms(page: &str) -> Vec<(String, String, String)> {
    let value = |tag: &str, name: &str| {
        let rest = tag.split_once(&format!(" {name}=\""))?.1;
        Some(rest.split('"').next().unwrap_or_default().to_owned())
    };
    let read = |rest: &str| {
        let (tag, inside) = rest.split_once('>')?;
        let tag = format!(" {tag}");
        let inside = inside.split("</form>").next().unwrap_or_default();
        let fields = inside.split('<').filter(|tag| {
            ["input ", "select ", "button "].iter().any(|kind| tag.starts_with(kind))
        });
        let fields = fields.filter_map(|tag| Some((value(tag, "name")?, value(tag, "value"))));
        let fields: Vec<String> =
            fields.map(|(name, given)| format!("{name}={}", given.unwrap_or_default())).collect();
        let method = value(&tag, "method").unwrap_or_default();
        Some((method, value(&tag, "action").unwrap_or_default(), fields.join("&")))
    };
    let all = page.split("<form").skip(1).filter_map(read);
    all.filter(|(method, ..)| method != "dialog").collect()
}

#[tokio::test]
async fn every_form_of_every_page_is_answered_where_no_script_runs() {
    let (room, admin) = Room::staffed().await;
    let operator = room.colleague(&admin, "2001", "operator").await;
    let home = home(&room, &admin, "5-2-301").await;
    let body = json!({ "reason": "家属来电询问" });
    room.post(&format!("/api/homes/{home}/open"), &operator, body).await;
    let at = format!("/homes/{home}");
    let (looks, rehearsal) = (format!("{at}/looks"), format!("{at}/rehearsal"));
    let pages =
        ["/console", "/homes", &at, &looks, &rehearsal, "/faults", "/closed", "/me", "/tokens"];
    let mut seen = Vec::new();
    for path in pages.into_iter().chain(["/nowhere", "/login", "/login?code=1"]) {
        let page = room.get(path, &admin).await;
        for (method, action, fields) in forms(&page.text) {
            // Whoever leaves sees no further page.
            let way_out = action == "/logout";
            if way_out || seen.contains(&(method.clone(), action.clone())) {
                seen.push((method, action));
                continue;
            }
            let status = if method == "post" {
                // One field as a hand would send it: of two buttons the first.
                let first = fields.split('&').next().unwrap_or_default();
                let body = if action == "/shift" { first } else { &fields };
                send(&room, &action, &admin, body).await.0
            } else {
                room.get(&format!("{action}?{fields}"), &admin).await.status
            };
            let unheard = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
            assert!(!unheard.contains(&status), "{path}: {method} {action}: {status}");
            assert!(!status.is_server_error(), "{path}: {method} {action}: {status}");
            seen.push((method, action));
        }
        if page.text.contains("id=\"logout\"") {
            let out = seen.iter().any(|(_, action)| action == "/logout");
            assert!(out, "{path}: nobody gets out without a script");
        }
    }
    let glass = |of: &(String, String)| of.1.starts_with("/glass/");
    assert!(seen.iter().any(glass), "the row of what was opened is a form: {seen:?}");
    seen.sort();
    seen.dedup();
    assert!(seen.len() >= 9, "{seen:?}");
}

#[tokio::test]
async fn a_search_without_a_script_finds_and_keeps_the_name_out_of_the_address() {
    let (room, admin) = Room::staffed().await;
    let operator = room.colleague(&admin, "2001", "operator").await;
    let (one, other) = (home(&room, &admin, "5-2-301").await, home(&room, &admin, "7-1-102").await);
    let (status, to, page) = send(&room, "/homes", &operator, "q=5-2").await;
    assert_eq!((status, to.as_str()), (StatusCode::OK, ""), "{page}");
    assert!(page.contains(&one) && !page.contains(&other), "{page}");
    assert!(page.contains("value=\"5-2\""), "what was asked stands in the field: {page}");
    assert!(!page.contains("data-now=\"homes\""), "an answer is not replaced by the whole list");
    let (status, _, page) = send(&room, "/homes", &operator, "q=").await;
    assert!(status == StatusCode::OK && page.contains(&one) && page.contains(&other));
    let long = format!("q={}", "x".repeat(101));
    assert_eq!(send(&room, "/homes", &operator, &long).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(send(&room, "/homes", "", "q=5").await.1, "/login");
}

#[tokio::test]
async fn light_language_and_the_way_out_need_no_script() {
    let (room, admin) = Room::staffed().await;
    let dressed = send(&room, "/shift", &admin, "lang=en").await;
    assert_eq!((dressed.0, dressed.1.as_str()), (StatusCode::SEE_OTHER, "/console"));
    send(&room, "/shift", &admin, "theme=night").await;
    let page = room.get("/console", &admin).await.text;
    assert!(page.contains("lang=\"en\"") && page.contains("data-theme=\"night\""), "{page}");
    assert_eq!(
        send(&room, "/shift", &admin, "theme=pink").await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let out = send(&room, "/logout", &admin, "").await;
    assert_eq!((out.0, out.1.as_str()), (StatusCode::SEE_OTHER, "/login"));
    assert_eq!(room.get("/console", &admin).await.headers["location"], "/login");
}

#[tokio::test]
async fn nobody_is_offered_to_see_what_they_opened_themselves() {
    let (room, admin) = Room::staffed().await;
    let boss = room.colleague(&admin, "3001", "supervisor").await;
    let other = room.colleague(&admin, "3002", "supervisor").await;
    let home = home(&room, &admin, "5-2-301").await;
    let opened = send(&room, &format!("/homes/{home}/open"), &boss, "reason=check+the+file").await;
    assert_eq!(opened.0, StatusCode::SEE_OTHER, "{}", opened.2);
    let own = room.get("/closed", &boss).await.text;
    assert!(own.contains("check the file") && !own.contains("/seen\""), "{own}");
    assert!(own.contains("由另一位班长核实"), "{own}");
    let theirs = room.get("/closed", &other).await.text;
    let action = theirs.split("action=\"/glass/").nth(1).expect("a button for a colleague");
    let id = action.split('/').next().unwrap();
    send(&room, &format!("/glass/{id}/seen"), &other, "").await;
    assert!(!room.get("/closed", &boss).await.text.contains("check the file"));
}
