//! `/api/stream`: no gap, no reorder, and an end when the session ends.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use tokio_stream::StreamExt;

use crate::room::Room;

/// Longest wait for an event that must come; the test fails, it does not hang.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Screen {
    bytes: BodyDataStream,
    text: String,
}

impl Screen {
    pub(crate) async fn open(room: &Room, cookie: &str, query: &str) -> Self {
        let request = Request::builder()
            .method(Method::GET)
            .uri(format!("/api/stream{query}"))
            .header("cookie", cookie)
            .body(Body::empty())
            .unwrap();
        let answer = room.raw(request).await;
        assert_eq!(answer.status(), 200);
        Self { bytes: answer.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event that is no beat: its name and data; none when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        let until = Instant::now() + PATIENCE;
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    event.lines().find_map(|l| l.strip_prefix(name)).map(|v| v.trim().to_owned())
                };
                let (name, data) = (field("event:"), field("data:"));
                self.text = rest.to_owned();
                if let (Some(name), Some(data)) = (name, data)
                    && name != "beat"
                {
                    return Some((name, serde_json::from_str(&data).unwrap()));
                }
            }
            let chunk =
                timeout_at(until, self.bytes.next()).await.expect("the stream is silent")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// What supervisors are told next of what was opened without an alert in hand.
    pub(crate) async fn glass(&mut self) -> Value {
        let (name, data) = self.next().await.expect("the stream has ended");
        assert_eq!(name, "glass");
        data
    }

    pub(crate) async fn alerts(&mut self, many: usize) -> Vec<Value> {
        let mut out = Vec::new();
        while out.len() < many {
            let (name, data) = self.next().await.expect("the stream has ended");
            assert_eq!(name, "alert");
            out.push(data);
        }
        out
    }
}

fn cursors(alerts: &[Value]) -> Vec<i64> {
    alerts.iter().map(|alert| alert["cursor"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screen_sees_every_change_once_and_in_order() {
    let (room, admin) = Room::staffed().await;
    let mut screen = Screen::open(&room, &admin, "?after=0").await;
    room.raise(0, 300).await;
    room.raise(300, 700).await;
    let seen = cursors(&screen.alerts(1000).await);
    assert_eq!(seen, (1..=1000).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_screen_that_comes_back_has_missed_nothing() {
    let (room, admin) = Room::staffed().await;
    room.raise(0, 5).await;
    let mut screen = Screen::open(&room, &admin, "?after=2").await;
    room.raise(5, 2).await;
    assert_eq!(cursors(&screen.alerts(5).await), [3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn a_cursor_of_another_database_makes_the_screen_start_anew() {
    let (room, admin) = Room::staffed().await;
    room.raise(0, 1).await;
    let mut screen = Screen::open(&room, &admin, "?after=99999999").await;
    let (name, data) = screen.next().await.unwrap();
    assert_eq!((name.as_str(), data["cursor"].as_i64()), ("resync", Some(1)));
}

#[tokio::test]
async fn a_change_that_nobody_published_is_found_by_the_next_beat() {
    let (room, admin) = Room::staffed().await;
    let id = room.raise(0, 1).await.remove(0);
    let mut screen = Screen::open(&room, &admin, "?after=1").await;
    let mut writer = room.app.records.begin().await.unwrap();
    let row = records::desk::find(&mut writer, &id).await.unwrap().unwrap();
    let saved = records::desk::save(&mut writer, &row, (row.fence, row.state), 1).await;
    assert_eq!(saved.unwrap(), Some(2));
    writer.commit().await.unwrap();
    assert_eq!(cursors(&screen.alerts(1).await), [2]);
}

#[tokio::test]
async fn a_change_that_comes_before_the_one_it_follows_waits_for_it() {
    let (room, admin) = Room::staffed().await;
    let id = room.raise(0, 1).await.remove(0);
    let mut screen = Screen::open(&room, &admin, "?after=0").await;
    assert_eq!(cursors(&screen.alerts(1).await), [1]);
    // Committed and told to nobody: the next one that is told has a gap before it.
    let mut writer = room.app.records.begin().await.unwrap();
    let row = records::desk::find(&mut writer, &id).await.unwrap().unwrap();
    let saved = records::desk::save(&mut writer, &row, (row.fence, row.state), 1).await;
    assert_eq!(saved.unwrap(), Some(2));
    writer.commit().await.unwrap();
    room.raise(1, 1).await;
    assert_eq!(cursors(&screen.alerts(2).await), [2, 3]);
}

#[tokio::test]
async fn a_claim_is_on_every_screen() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let id = room.raise(0, 1).await.remove(0);
    let mut screen = Screen::open(&room, &admin, "?after=1").await;
    room.post(&format!("/api/alerts/{id}/claim"), &me, json!({})).await;
    let seen = screen.alerts(1).await.remove(0);
    assert_eq!(seen["state"], "claimed");
    assert_eq!(seen["owner"]["display"], "坐席 2001");
}

#[tokio::test]
async fn the_stream_of_somebody_shut_out_ends() {
    let (room, admin) = Room::staffed().await;
    let me = room.colleague(&admin, "2001", "operator").await;
    let mut screen = Screen::open(&room, &me, "").await;
    assert_eq!(room.post("/api/logout", &me, json!({})).await.status, 204);
    assert!(screen.next().await.is_none());
}
