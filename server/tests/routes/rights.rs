//! Who may see what: door code and health with the alert in hand or with a reason; each look is written down as it was.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::people::{enter, home};
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

async fn lived_in(room: &Room, admin: &str) -> String {
    let home = home(room, admin, "5-2-301").await;
    let who = json!({ "name": "老人甲", "phone": "057188881111", "health": "心脏起搏器", "entry": "门锁密码 1357",
        "contacts": [{ "name": "家属甲", "relation": "儿子", "phone": "13811112222" }] });
    enter(room, admin, &home, who).await;
    home
}

/// Whether a text tells what is guarded.
fn tells(text: &str) -> bool {
    let found =
        ["心脏起搏器", "1357", "13811112222", "057188881111"].map(|word| text.contains(word));
    assert!(found.iter().all(|told| *told == found[0]), "all or nothing: {found:?}");
    found[0]
}

#[tokio::test]
async fn what_is_guarded_is_read_with_the_alert_in_hand_or_with_a_reason() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let other = room.colleague(&admin, "2002", "operator").await;
    let home = lived_in(&room, &admin).await;
    let id = room.raise_in(&home, 1).await;
    let (page, data) = (format!("/homes/{home}"), format!("/api/homes/{home}"));
    let places = [format!("/console/alerts/{id}"), format!("/api/alerts/{id}"), page.clone(), data];
    for place in &places {
        assert!(!tells(&room.get(place, &me).await.text), "{place} before the claim");
    }
    let fence =
        room.post(&format!("/api/alerts/{id}/claim"), &me, json!({})).await.json()["fence"].clone();
    for place in &places {
        assert!(tells(&room.get(place, &me).await.text), "{place} with the alert in hand");
        assert!(!tells(&room.get(place, &other).await.text), "{place} for somebody else");
    }
    // Without a reason nothing opens; with one it does, for whoever gave it.
    let open = format!("/homes/{home}/open");
    let (status, _, told) = form(&room, &open, &other, "reason=++").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.contains("请写明理由"), "{told}");
    assert!(!tells(&room.get(&page, &other).await.text));
    let (status, to, _) =
        form(&room, &open, &other, "reason=%E5%AE%B6%E5%B1%9E%E6%9D%A5%E7%94%B5%E8%AF%A2%E9%97%AE")
            .await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, page.as_str()));
    assert!(tells(&room.get(&page, &other).await.text), "opened with a reason");
    let boss = room.colleague(&admin, "3001", "supervisor").await;
    assert!(!tells(&room.get(&page, &boss).await.text), "not for a supervisor either");
    // Supervisors are told until one of them has seen it, and not by their own hand.
    let told = room.get("/closed", &boss).await.text;
    assert!(told.contains("家属来电询问") && told.contains("2002"), "{told}");
    let glass = told.split("/glass/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let (status, ..) = form(&room, &format!("/glass/{glass}/seen"), &boss, "").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(!room.get("/closed", &boss).await.text.contains("家属来电询问"));
    assert_eq!(room.get("/closed", &other).await.status, StatusCode::FORBIDDEN);
    // After the close health facts stay for a day; the door code does not.
    let call = json!({ "fence": fence, "kind": "call_resident", "result": "connected" });
    room.post(&format!("/api/alerts/{id}/actions"), &me, call).await;
    let cursor = room.get(&format!("/api/alerts/{id}"), &me).await.json()["cursor"].clone();
    let end = json!({ "fence": fence, "outcome": 2, "cursor": cursor });
    let done = room.post(&format!("/api/alerts/{id}/close"), &me, end).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
    let after = room.get(&places[1], &me).await.text;
    assert!(
        after.contains("心脏起搏器") && !after.contains("1357") && !after.contains("13811112222")
    );
    let looks = room.get(&format!("{page}/looks"), &admin).await.text;
    assert!(looks.contains("结束后 24 小时内"), "by what right is written down: {looks}");
}

#[tokio::test]
async fn looks_are_written_down_as_they_were() {
    let (room, admin) = Room::staffed().await;
    let twin = |name: &'static str| json!({ "name": name, "display": "王芳", "role": "operator" });
    let mut twins = Vec::new();
    for name in ["2001", "2002"] {
        let made = room.post("/api/staff", &admin, twin(name)).await.json();
        let body = json!({ "code": made["code"] });
        let answer = room.post("/api/login", "", body).await;
        let set = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap();
        twins.push(set.to_owned());
    }
    let home = lived_in(&room, &admin).await;
    let id = room.raise_in(&home, 1).await;
    // A screen on which nobody does anything shows the first card.
    for cookie in [&twins[0], &twins[1], &twins[1]] {
        room.get(&format!("/console/alerts/{id}"), cookie).await;
    }
    room.get(&format!("/homes/{home}"), &twins[0]).await;
    let looks = format!("/homes/{home}/looks");
    let page = room.get(&looks, &admin).await.text;
    assert_eq!(
        page.matches("屏上显示，未接警").count(),
        2,
        "two people of one name are two: {page}"
    );
    assert!(page.contains("2001") && page.contains("2002") && !page.contains("接警在手"), "{page}");
    room.post(&format!("/api/alerts/{id}/claim"), &twins[1], json!({})).await;
    room.get(&format!("/console/alerts/{id}"), &twins[1]).await;
    let page = room.get(&looks, &admin).await.text;
    assert_eq!(page.matches("接警在手").count(), 1, "{page}");
    assert!(page.contains("含门禁或健康"));
    let other = room.get(&format!("{looks}?month=2020-01"), &admin).await.text;
    assert!(other.contains("没有人看过") && other.contains("2019-12"), "{other}");
}

#[tokio::test]
async fn numbers_that_lie_in_a_console_are_a_look_at_each_home() {
    let (room, admin) = Room::staffed().await;
    let operator = room.colleague(&admin, "2001", "operator").await;
    let home = lived_in(&room, &admin).await;
    let id = room.raise_in(&home, 1).await;
    let looks = format!("/homes/{home}/looks");
    let calm = lived_in(&room, &admin).await;
    for _ in 0..3 {
        let page = room.get("/console/fallback", &operator).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.text.matches("057188881111").count(), 2, "one home's: {}", page.text);
    }
    let page = room.get(&looks, &admin).await.text;
    assert_eq!(page.matches("断线时的电话").count(), 1, "once in ten minutes: {page}");
    assert!(
        page.contains("2001") && page.contains("屏上显示，未接警"),
        "whose console, why: {page}"
    );
    let page = room.get(&format!("/homes/{calm}/looks"), &admin).await.text;
    assert!(!page.contains("断线时的电话"), "a home without a call has not been looked at: {page}");
    room.post(&format!("/api/alerts/{id}/claim"), &operator, json!({})).await;
    room.get("/console/fallback", &operator).await;
    let page = room.get(&looks, &admin).await.text;
    assert_eq!(page.matches("断线时的电话").count(), 2, "with the alert in hand: {page}");
}

#[tokio::test]
async fn whoever_does_not_work_at_the_desk_has_a_page_and_a_way_out() {
    let (room, admin) = Room::staffed().await;
    for (name, role, word) in [("4001", "installer", "安装员"), ("5001", "official", "民政")] {
        let cookie = room.colleague(&admin, name, role).await;
        assert_eq!(room.get("/console", &cookie).await.headers["location"], "/start");
        let page = room.get("/start", &cookie).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.text.contains(word) && page.text.contains("action=\"/logout\""),
            "{}",
            page.text
        );
        assert_eq!(room.get("/homes", &cookie).await.status, StatusCode::FORBIDDEN);
        let (status, to, _) = form(&room, "/logout", &cookie, "").await;
        assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/login"));
        assert_eq!(room.get("/start", &cookie).await.headers["location"], "/login");
    }
    assert_eq!(room.get("/start", &admin).await.headers["location"], "/console");
    assert_eq!(room.get("/start", "").await.headers["location"], "/login");
}

#[tokio::test]
async fn supervisors_list_what_has_ended_over_homes() {
    let (room, admin) = Room::staffed().await;
    let boss = room.colleague(&admin, "3001", "supervisor").await;
    let home = lived_in(&room, &admin).await;
    for (incident, outcome) in [(1, 4), (2, 2)] {
        let id = room.raise_in(&home, incident).await;
        let fence =
            room.post(&format!("/api/alerts/{id}/claim"), &boss, json!({})).await.json()["fence"]
                .clone();
        let call = json!({ "fence": fence, "kind": "call_resident", "result": "connected" });
        room.post(&format!("/api/alerts/{id}/actions"), &boss, call).await;
        let cursor = room.get(&format!("/api/alerts/{id}"), &boss).await.json()["cursor"].clone();
        let end = json!({ "fence": fence, "outcome": outcome, "cursor": cursor });
        let done = room.post(&format!("/api/alerts/{id}/close"), &boss, end).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
    }
    let listed = async |query: &str| room.get(&format!("/closed{query}"), &boss).await.text;
    assert!(listed("").await.contains("已结束 2 件"));
    assert!(listed("?outcome=4").await.contains("已结束 1 件"));
    assert!(listed("?answer=15").await.contains("已结束 2 件"));
    assert!(listed("?answer=never").await.contains("已结束 0 件"));
    assert!(listed("?from=2020-01-01&to=2020-01-31").await.contains("已结束 0 件"));
    assert!(listed("?from=&outcome=&answer=").await.contains("5-2-301"), "a form left empty");
}
