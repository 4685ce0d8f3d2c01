//! What a question about a span of time or a number of rows is told: all of it, how much is left out, or a refusal
//! that says what can be asked. Never less than was asked for without a word.
//!
//! Not here: what is read from which resolution (`series_embedded`, `series_contract`).

use axum::http::StatusCode;
use centre::alert::story::What;
use records::story::{self, ActionRow, TimelineRow};
use records::{look, staff};
use serde_json::{Value, json};

use crate::room::Room;

const TEN_YEARS: i64 = 3_650 * 24;

async fn home(room: &Room, admin: &str) -> String {
    let organisation = json!({ "name": "演示街道" });
    let organisation = room.post("/api/organisations", admin, organisation).await.json();
    let home = json!({ "organisation": organisation["organisation"], "label": "3-2-501" });
    let home = room.post("/api/homes", admin, home).await.json();
    home["home"].as_str().unwrap().to_owned()
}

async fn refused(room: &Room, admin: &str, path: &str, field: &str, can_be: &str) {
    let answer = room.get(path, admin).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", answer.text);
    let told = answer.json();
    assert_eq!((&told["code"], &told["field"]), (&json!("range"), &json!(field)), "{path}: {told}");
    assert!(told["can_be"].as_str().unwrap().contains(can_be), "{path}: {told}");
    assert!(told["detail"].as_str().unwrap().contains(can_be), "{path}: {told}");
}

#[tokio::test]
async fn readings_of_ten_years_are_answered_for_ten_years_and_more_is_refused() {
    let (room, admin) = Room::staffed().await;
    let series = format!("/api/homes/{}/series?quantity=heart", home(&room, &admin).await);
    for hours in [1, 24, 744, 745, 8_760, TEN_YEARS] {
        let answer = room.get(&format!("{series}&hours={hours}"), &admin).await;
        assert_eq!(answer.status, StatusCode::OK, "{hours}: {}", answer.text);
        let told = answer.json();
        let span = told["to_ms"].as_i64().unwrap() - told["from_ms"].as_i64().unwrap();
        assert_eq!(span, hours * 3_600_000, "{hours}");
        assert!(told["kept_from_ms"].as_i64().unwrap() <= told["from_ms"].as_i64().unwrap());
        assert_eq!((&told["grain_ms"], &told["missing"]), (&json!(0), &json!(false)));
    }
    for hours in [TEN_YEARS + 1, 1_000_000_000, 0, -24] {
        refused(&room, &admin, &format!("{series}&hours={hours}"), "hours", "1–87600").await;
    }
    let nowhere = "/api/homes/0000000001Z/series?quantity=heart";
    let answer = room.get(nowhere, &admin).await;
    assert_eq!((answer.status, &answer.json()["code"]), (StatusCode::NOT_FOUND, &json!("home")));
    for points in [0, 5_001, 4_000_000_000u32] {
        refused(&room, &admin, &format!("{series}&points={points}"), "points", "1–5000").await;
    }
}

#[tokio::test]
async fn a_page_or_a_table_of_a_span_that_there_is_not_is_refused_with_those_that_there_are() {
    let (room, admin) = Room::staffed().await;
    let home = home(&room, &admin).await;
    for path in ["", "/readings.csv"] {
        let path = format!("/homes/{home}{path}?span=10y");
        refused(&room, &admin, &path, "span", "24h, 7d, 30d").await;
    }
    let path = format!("/homes/{home}/rehearsal?days=3650");
    refused(&room, &admin, &path, "days", "1–90").await;
    for month in ["soon", "9000-01", "2026-13"] {
        let path = format!("/homes/{home}/looks?month={month}");
        refused(&room, &admin, &path, "month", "–20").await;
    }
    assert_eq!(
        room.get(&format!("/homes/{home}/looks?month="), &admin).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn ended_alerts_are_asked_for_by_days_that_can_be_read() {
    let (room, admin) = Room::staffed().await;
    for (query, field, can_be) in [
        ("from=yesterday", "from", "2000-01-31"),
        ("to=2026-02-30", "to", "2000-01-31"),
        ("from=2026-03-01&to=2026-02-01", "from", "–2026-02-01"),
        ("outcome=77", "outcome", "1, 2, 3"),
        ("answer=soon", "answer", "any, 15, 60"),
    ] {
        refused(&room, &admin, &format!("/closed?{query}"), field, can_be).await;
    }
    let all = room.get("/closed?from=2016-01-01&to=&outcome=&answer=", &admin).await;
    assert_eq!(all.status, StatusCode::OK);
}

#[tokio::test]
async fn a_card_says_how_much_of_its_story_it_leaves_out() {
    let (room, admin) = Room::staffed().await;
    let id = room.raise_in(&home(&room, &admin).await, 1).await;
    let card = room.get(&format!("/api/alerts/{id}"), &admin).await.json();
    let none = json!({ "activations": 0, "actions": 0, "timeline": 0 });
    assert_eq!(card["left_out"], none, "{card}");
    let mut writer = room.app.records.begin().await.unwrap();
    for n in 0..200 {
        let line = TimelineRow::of(What::Step.number(), n, n);
        story::tell(&mut writer, &id, &line).await.unwrap();
        let (staff, kind) = ("x".to_owned(), "note".to_owned());
        let action = ActionRow { staff, kind, result: None, text: None, wall: n };
        story::act(&mut writer, &format!("a{n}"), &id, &action).await.unwrap();
    }
    writer.commit().await.unwrap();
    let card = room.get(&format!("/api/alerts/{id}"), &admin).await.json();
    let all = |list: &str| {
        card[list].as_array().map_or(0, Vec::len) as u64 + number(&card["left_out"][list])
    };
    assert_eq!(all("actions"), 200, "{}", card["left_out"]);
    assert!(number(&card["left_out"]["timeline"]) > 0, "{}", card["left_out"]);
    assert_eq!(all("activations"), 1);
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[tokio::test]
async fn pages_that_list_a_bounded_number_say_that_there_is_more() {
    let (room, admin) = Room::staffed().await;
    let home: proto::id::HomeId = home(&room, &admin).await.parse().unwrap();
    room.colleague(&admin, "2001", "operator").await;
    let mut writer = room.app.records.begin().await.unwrap();
    let staff = staff::by_name(&mut writer, "2001").await.unwrap().unwrap();
    for wall in 0..101 {
        let who = (staff.id.as_str(), home.get().cast_signed());
        look::open(&mut writer, who, "a reason", wall, wall).await.unwrap();
    }
    writer.commit().await.unwrap();
    let page = room.get("/closed", &admin).await.text;
    assert!(page.contains("100+ 次待核"), "{page}");
    assert_eq!(page.matches("/seen\" method").count(), 100);
    room.raise(0, 53).await;
    let page = room.get("/console/fallback", &admin).await.text;
    assert!(page.contains("另有 3 户"), "{page}");
}

#[tokio::test]
async fn a_home_says_how_many_alerts_are_not_listed() {
    let (room, admin) = Room::staffed().await;
    let home = home(&room, &admin).await;
    for n in 1..=9 {
        room.raise_in(&home, n).await;
    }
    let page = room.get(&format!("/homes/{home}"), &admin).await.text;
    assert!(page.contains("最近 8 件，共 9 件"), "{page}");
}

#[tokio::test]
async fn lists_of_what_was_done_say_whether_there_is_more() {
    let (room, admin) = Room::staffed().await;
    for path in ["/api/kept", "/api/images"] {
        assert_eq!(room.get(path, &admin).await.json()["more"], json!(false), "{path}");
    }
    let mut writer = room.app.records.begin().await.unwrap();
    for wall in 0..101 {
        let pass =
            records::forgotten::Forgotten { class: "looks".to_owned(), wall, edge: 0, lines: 1 };
        records::forgotten::tell(&mut writer, &pass).await.unwrap();
    }
    writer.commit().await.unwrap();
    let kept = room.get("/api/kept", &admin).await.json();
    assert_eq!((&kept["more"], kept["forgotten"].as_array().unwrap().len()), (&json!(true), 100));
}
