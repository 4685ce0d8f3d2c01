//! Times that pages tell: those of the homes, wherever the server runs; and ages, which are the server's.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::json;

use super::room::Room;

/// `hh:mm` in the configured zone, eight hours before UTC, now and a minute ago.
fn minutes(wall_ms: i64) -> [String; 2] {
    [0, 60_000].map(|back| {
        let minute = (wall_ms - back).div_euclid(60_000) + 8 * 60;
        format!("{:02}:{:02}", minute.div_euclid(60).rem_euclid(24), minute.rem_euclid(60))
    })
}

/// A home with somebody in it.
async fn home(room: &Room, admin: &str) -> String {
    let place = json!({ "name": "示范" });
    let made = room.post("/api/organisations", admin, place).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let place = json!({ "organisation": made.json()["organisation"], "label": "3-502", "address": "示范路 1 号 502" });
    let made = room.post("/api/homes", admin, place).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    made.json()["home"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_page_tells_the_time_of_the_homes() {
    let (room, admin) = Room::staffed().await;
    let home = home(&room, &admin).await;
    let alert = room.raise(0, 1).await.remove(0);
    let pages = ["/console", "/homes", &format!("/homes/{home}"), "/login"].map(str::to_owned);
    for page in pages.iter().chain([&format!("/console/alerts/{alert}")]) {
        let answer = room.get(page, &admin).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}: {}", answer.text);
        let want = minutes(room.app.clock.now().wall_ms);
        let told = want.iter().any(|minute| answer.text.contains(minute.as_str()));
        assert!(told, "{page} tells none of {want:?}");
        if !page.contains("alerts") {
            assert!(answer.text.contains("data-zone=\"Asia/Shanghai\""), "{page} has no clock");
        }
    }
}

#[tokio::test]
async fn the_queue_says_by_which_time_it_counts_ages() {
    let (room, admin) = Room::staffed().await;
    room.raise(0, 1).await;
    let queue = room.get("/api/queue", &admin).await.json();
    let (mono, view) = (queue["mono_ms"].as_i64().unwrap(), &queue["alerts"][0]);
    let counted = view["mono_ms"].as_i64().unwrap();
    assert!(counted <= mono && mono - counted < 5_000, "{counted} and {mono}");
    assert!(view["age_ms"].as_i64().unwrap() < 5_000);
}

#[tokio::test]
async fn a_home_has_a_day_a_week_a_month_and_a_table() {
    let (room, admin) = Room::staffed().await;
    let home = home(&room, &admin).await;
    for (span, title) in [("24h", "过去 24 小时"), ("7d", "过去 7 天"), ("30d", "过去 30 天")]
    {
        let page = room.get(&format!("/homes/{home}?span={span}"), &admin).await;
        assert!(page.text.contains(&format!("<h2 id=\"h24\">{title}</h2>")), "{span}");
        let table = room.get(&format!("/homes/{home}/readings.csv?span={span}"), &admin).await;
        assert_eq!(table.status, StatusCode::OK);
        assert_eq!(table.headers[CONTENT_TYPE], "text/csv; charset=utf-8");
        let file = table.headers[CONTENT_DISPOSITION].to_str().unwrap();
        assert!(file.contains(&format!("-{span}.csv")), "{file}");
        assert!(table.text.starts_with("\u{feff}\"开始\",\"结束\""), "{}", table.text);
    }
    let nowhere = room.get("/homes/H-0000-0000-0000/readings.csv", &admin).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}
