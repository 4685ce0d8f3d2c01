//! What is opened without an alert in hand: supervisors hear of it at once, each until one has seen it; and who looked
//! in any month is three presses away.

use axum::http::StatusCode;
use records::look::{self, Look};
use serde_json::{Value, json};

use crate::people::home;
use crate::room::Room;
use crate::stream::Screen;

async fn opened(room: &Room, home: &str, who: &str, reason: &str) {
    let body = json!({ "reason": reason });
    let done = room.post(&format!("/api/homes/{home}/open"), who, body).await;
    assert!(done.status.is_success(), "{}", done.text);
}

fn reasons(told: &Value) -> Vec<&str> {
    told["open"].as_array().unwrap().iter().filter_map(|one| one["reason"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_hears_at_once_what_was_opened_and_again_on_coming_until_it_is_seen() {
    let (room, admin) = Room::staffed().await;
    let operator = room.colleague(&admin, "2001", "operator").await;
    let boss = room.colleague(&admin, "3001", "supervisor").await;
    let other = room.colleague(&admin, "3002", "supervisor").await;
    let home = home(&room, &admin, "5-2-301").await;
    let mut screen = Screen::open(&room, &boss, "").await;
    opened(&room, &home, &operator, "家属来电询问").await;
    let told = screen.glass().await;
    assert_eq!(reasons(&told), ["家属来电询问"]);
    let one = &told["open"][0];
    assert_eq!((&one["number"], &one["label"]), (&json!("2001"), &json!("5-2-301")));
    assert_eq!(one["home"], home);
    // Whoever opens a console later hears of it too; an operator hears of nothing.
    assert_eq!(reasons(&Screen::open(&room, &other, "").await.glass().await), ["家属来电询问"]);
    let mut theirs = Screen::open(&room, &operator, "").await;
    // What a supervisor opens is told to the others and not to themselves.
    opened(&room, &home, &other, "查核记录").await;
    assert_eq!(reasons(&screen.glass().await), ["家属来电询问", "查核记录"]);
    assert_eq!(reasons(&Screen::open(&room, &other, "").await.glass().await), ["家属来电询问"]);

    let seen = |id: &Value| format!("/api/glass/{}/seen", id.as_str().unwrap());
    let path = seen(&one["id"]);
    let refused = room.post(&path, &operator, json!({})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let done = room.post(&path, &boss, json!({})).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
    assert_eq!(reasons(&screen.glass().await), ["查核记录"]);
    let twice = room.post(&path, &boss, json!({})).await;
    assert_eq!((twice.status, &twice.json()["code"]), (StatusCode::NOT_FOUND, &json!("glass")));
    assert_eq!(reasons(&screen.glass().await), ["查核记录"], "told anew, and the same");
    // Nobody sees what they opened themselves.
    let own = Screen::open(&room, &boss, "").await.glass().await["open"][0]["id"].clone();
    let refused = room.post(&seen(&own), &other, json!({})).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    room.post(&seen(&own), &boss, json!({})).await;
    screen.glass().await;
    assert_eq!(reasons(&screen.glass().await), Vec::<&str>::new(), "nothing is left");
    // The operator's stream has said nothing of all this: the next thing on it is a call.
    room.raise(0, 1).await;
    assert_eq!(theirs.next().await.map(|told| told.0), Some("alert".to_owned()));
}

/// The first address on a page that begins and ends so.
fn link(page: &str, begins: &str, ends: &str) -> String {
    let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut fits = links.filter(|to| to.starts_with(begins) && to.ends_with(ends));
    fits.next().unwrap_or_else(|| panic!("no {begins}…{ends} in {page}")).to_owned()
}

#[tokio::test]
async fn who_saw_a_resident_in_a_month_long_past_and_why_is_three_presses_from_the_console() {
    let (room, admin) = Room::staffed().await;
    let boss = room.colleague(&admin, "3001", "supervisor").await;
    room.colleague(&admin, "2001", "operator").await;
    let staff = room.get("/api/staff", &admin).await.json();
    let of = |name: &str| {
        let all = staff["staff"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let id = home(&room, &admin, "5-2-301").await;
    let number: proto::id::HomeId = id.parse().unwrap();
    // Seven months before now, as many days of 24 hours.
    let then = room.app.clock.now().wall_ms - 7 * 30 * 24 * 3_600_000;
    let month = room.app.wall().date(then).strftime("%Y-%m").to_string();
    let entry = Look {
        staff: of("2001"),
        home: number.get().cast_signed(),
        what: "glass",
        why: "glass",
        detail: "家属来电询问".to_owned(),
        shown: true,
    };
    let mut writer = room.app.records.begin().await.unwrap();
    look::insert(&mut writer, &entry, then).await.unwrap();
    writer.commit().await.unwrap();

    let first = link(&room.get("/console", &boss).await.text, "/homes", "/homes");
    let second = link(&room.get(&first, &boss).await.text, &format!("/homes/{id}"), &id);
    let third = link(&room.get(&second, &boss).await.text, "/homes/", &format!("month={month}"));
    let page = room.get(&third, &boss).await.text;
    assert!(page.contains("家属来电询问") && page.contains("2001"), "{page}");
}
