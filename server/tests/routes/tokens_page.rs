//! The page of programs' tokens: what an administrator reads and does there, without a script.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::room::Room;

async fn form(room: &Room, path: &str, cookie: &str, body: &str) -> (StatusCode, String, String) {
    let request = Request::post(path)
        .header(COOKIE, cookie)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = room.raw(request).await;
    let (status, to) = (answer.status(), answer.headers().get("location").cloned());
    let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let to = to.map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, to, String::from_utf8_lossy(&bytes).into_owned())
}

/// The token that a page shows.
fn shown(page: &str) -> Option<String> {
    let rest = page.split_once("id=\"token\"")?.1.split_once('>')?.1;
    rest.split_once('<').map(|(token, _)| token.to_owned())
}

async fn reads_queue(room: &Room, token: &str) -> StatusCode {
    let request = Request::get("/api/queue").header("authorization", format!("Bearer {token}"));
    room.raw(request.body(Body::empty()).unwrap()).await.status()
}

#[tokio::test]
async fn a_token_is_made_on_the_page_shown_once_listed_and_ended() {
    let (room, admin) = Room::staffed().await;
    let page = room.get("/tokens", &admin).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("还没有令牌") && page.text.contains("0 个令牌可用"),
        "{}",
        page.text
    );
    let wanted = "name=%E6%8A%A5%E8%A1%A8&read_queue=on&days=30";
    let (status, _, made) = form(&room, "/tokens", &admin, wanted).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let token = shown(&made).unwrap_or_else(|| panic!("no token on {made}"));
    assert_eq!(reads_queue(&room, &token).await, StatusCode::OK);
    let page = room.get("/tokens", &admin).await.text;
    assert!(!page.contains(&token) && shown(&page).is_none(), "it is shown once");
    for told in ["API 报表", "看队列和警情", "管理员", "还剩 30 天", "1 个令牌可用"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains(">看住户和测量值</span>"), "what it may not do is not said of it");
    // The same page in the other language.
    let dress = room.post("/api/shift", &admin, json!({ "lang": "en" })).await;
    assert!(dress.status.is_success(), "{}", dress.text);
    let english = room.get("/tokens", &admin).await.text;
    assert!(english.contains("read queue and alerts") && english.contains("days left: 30"));

    let id = page.split("/tokens/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let (status, to, _) = form(&room, &format!("/tokens/{id}/end"), &admin, "").await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/tokens"));
    assert_eq!(reads_queue(&room, &token).await, StatusCode::UNAUTHORIZED);
    let page = room.get("/tokens", &admin).await.text;
    assert!(page.contains("shut out") && !page.contains("/end\""), "{page}");
    let (status, ..) = form(&room, &format!("/tokens/{id}/end"), &admin, "").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "there is none to be ended");
}

#[tokio::test]
async fn what_a_new_token_lacks_is_said_with_the_words_still_in_the_form() {
    let (room, admin) = Room::staffed().await;
    let (status, _, page) = form(&room, "/tokens", &admin, "name=board&days=180").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("请至少选一项") && page.contains("value=\"board\""), "{page}");
    assert!(page.contains("value=\"180\" selected"), "{page}");
    for days in ["0", "400", "soon"] {
        let wanted = format!("name=board&read_values=on&days={days}");
        let (status, _, page) = form(&room, "/tokens", &admin, &wanted).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{days}");
        assert!(shown(&page).is_none());
    }
    let wanted = "name=board&read_values=on&work_alerts=on&days=366";
    assert_eq!(form(&room, "/tokens", &admin, wanted).await.0, StatusCode::CREATED);
    let (status, _, page) = form(&room, "/tokens", &admin, wanted).await;
    assert_eq!(status, StatusCode::CONFLICT, "one good token a name");
    assert!(shown(&page).is_none() && page.contains("role=\"alert\""), "{page}");
}

#[tokio::test]
async fn the_page_of_tokens_is_an_administrators_and_whats_in_a_name_is_text() {
    let (room, admin) = Room::staffed().await;
    for (n, role) in ["supervisor", "operator", "installer", "official"].into_iter().enumerate() {
        let cookie = room.colleague(&admin, &format!("700{n}"), role).await;
        assert_eq!(room.get("/tokens", &cookie).await.status, StatusCode::FORBIDDEN, "{role}");
        let (status, ..) = form(&room, "/tokens", &cookie, "name=x&read_queue=on&days=9").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{role}");
        assert!(!room.get("/homes", &cookie).await.text.contains("href=\"/tokens\""), "{role}");
    }
    assert!(room.get("/homes", &admin).await.text.contains("href=\"/tokens\""));
    assert_eq!(room.get("/tokens", "").await.headers["location"], "/login");
    let wanted = "name=%3Cimg+src%3Dx%3E&read_queue=on&days=9";
    let (_, _, page) = form(&room, "/tokens", &admin, wanted).await;
    assert!(page.contains("&lt;img src=x&gt;") && !page.contains("<img"), "{page}");
    // From a page of somebody else nothing is made.
    let request = Request::post("/tokens")
        .header(COOKIE, &admin)
        .header("origin", "http://evil.example")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("name=theirs&read_queue=on&days=9"))
        .unwrap();
    assert_eq!(room.raw(request).await.status(), StatusCode::FORBIDDEN);
    assert!(!room.get("/tokens", &admin).await.text.contains("theirs"));
}
