//! Who may write to an alert: holding what, having seen what. Nobody ends or hides what they were not shown.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::room::{Answer, Room};

/// An alert in the hands of an operator who has acted, and everybody who might touch it.
pub(crate) struct Desk {
    pub(crate) room: Room,
    pub(crate) id: String,
    pub(crate) holder: String,
    pub(crate) other: String,
    pub(crate) boss: String,
    pub(crate) fence: Value,
    pub(crate) cursor: Value,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        let (room, admin) = Room::staffed().await;
        let holder = room.colleague(&admin, "2001", "operator").await;
        let other = room.colleague(&admin, "2002", "operator").await;
        let boss = room.colleague(&admin, "3001", "supervisor").await;
        let id = room.raise(0, 1).await.remove(0);
        let (fence, cursor) = (Value::Null, Value::Null);
        let mut desk = Self { room, id, holder, other, boss, fence, cursor };
        let claimed = desk.write(&desk.holder, "claim", json!({})).await.json();
        (desk.fence, desk.cursor) = (claimed["fence"].clone(), claimed["cursor"].clone());
        let call = json!({ "fence": desk.fence, "kind": "call_resident", "result": "connected" });
        let done = desk.write(&desk.holder, "actions", call).await;
        assert_eq!(done.status, StatusCode::CREATED, "{}", done.text);
        desk
    }

    pub(crate) async fn write(&self, who: &str, what: &str, body: Value) -> Answer {
        self.room.post(&format!("/api/alerts/{}/{what}", self.id), who, body).await
    }

    pub(crate) async fn card(&self) -> Value {
        self.room.get(&format!("/api/alerts/{}", self.id), &self.holder).await.json()
    }

    pub(crate) fn end(&self) -> Value {
        json!({ "fence": self.fence, "cursor": self.cursor, "outcome": 4 })
    }

    fn aside(&self) -> Value {
        json!({ "fence": self.fence, "cursor": self.cursor, "reason": "later", "minutes": 15 })
    }

    pub(crate) fn by_right(&self) -> Value {
        json!({ "cursor": self.cursor, "outcome": 4 })
    }
}

pub(crate) fn code(answer: &Answer) -> (u16, String) {
    let code = answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), code)
}

#[tokio::test]
async fn a_press_that_joins_after_the_screen_was_drawn_is_never_closed_or_put_aside() {
    let desk = Desk::open().await;
    desk.room.call_again(&desk.id, 2).await;
    let before = desk.card().await;
    for (who, what, body) in [
        (&desk.holder, "close", desk.end()),
        (&desk.holder, "suspend", desk.aside()),
        (&desk.boss, "close", desk.by_right()),
    ] {
        let answer = desk.write(who, what, body).await;
        assert_eq!(code(&answer), (409, "newer".to_owned()), "{what}: {}", answer.text);
        let told = answer.json();
        let newer = told["newer"].as_array().unwrap();
        assert_eq!(newer.len(), 2);
        assert_eq!((&newer[0]["kind"], &newer[0]["trust"]), (&json!("help"), &json!("verified")));
        assert_eq!(newer[1]["late"], false);
        assert!(newer[1]["at_ms"].as_i64().unwrap() >= before["raised_ms"].as_i64().unwrap());
        assert!(newer[1]["device_label"].is_string());
        assert_eq!(told["cursor"], before["cursor"], "from there on it has been seen");
        assert!(told["error"]["message"].as_str().unwrap().contains('2'));
    }
    let after = desk.card().await;
    assert_eq!((&after["state"], &after["count"]), (&json!("claimed"), &json!(3)));
    let seen = json!({ "fence": desk.fence, "cursor": after["cursor"], "outcome": 4 });
    let closed = desk.write(&desk.holder, "close", seen).await;
    assert_eq!(closed.status, StatusCode::NO_CONTENT, "{}", closed.text);
}

#[tokio::test]
async fn a_press_that_joins_a_claim_is_seen_with_the_first_renewal_by_a_screen_that_shows_it() {
    let desk = Desk::open().await;
    desk.room.call_again(&desk.id, 2).await;
    let waiting = async || {
        let card = desk.card().await;
        let presses = card["activations"].as_array().unwrap().clone();
        presses.iter().filter(|press| press["rung"] != "seen").count()
    };
    let latest = desk.card().await["cursor"].clone();
    for blind in [Value::Null, desk.cursor.clone(), json!(9_999_999)] {
        let body = json!({ "fence": desk.fence, "cursor": blind });
        let renewed = desk.write(&desk.holder, "renew", body).await;
        assert_eq!(renewed.status, StatusCode::NO_CONTENT, "{}", renewed.text);
        assert_eq!(waiting().await, 2, "nobody was shown them: {blind}");
    }
    let body = json!({ "fence": desk.fence, "cursor": latest });
    assert_eq!(desk.write(&desk.holder, "renew", body).await.status, StatusCode::NO_CONTENT);
    assert_eq!(waiting().await, 0);
}

#[tokio::test]
async fn what_people_did_since_is_nothing_that_the_home_has_said() {
    let desk = Desk::open().await;
    let note = json!({ "fence": desk.fence, "kind": "note", "text": "门开着" });
    assert_eq!(desk.write(&desk.holder, "actions", note).await.status, StatusCode::CREATED);
    // The cursor is that of the claim: two acts have followed it.
    assert!(desk.card().await["cursor"].as_i64() > desk.cursor.as_i64());
    let aside = desk.write(&desk.holder, "suspend", desk.aside()).await;
    assert_eq!(aside.status, StatusCode::NO_CONTENT, "{}", aside.text);
    let claimed = desk.write(&desk.holder, "claim", json!({})).await.json();
    let end = json!({ "fence": claimed["fence"], "cursor": desk.cursor, "outcome": 4 });
    let closed = desk.write(&desk.holder, "close", end).await;
    assert_eq!(closed.status, StatusCode::NO_CONTENT, "{}", closed.text);
}

#[tokio::test]
async fn a_cursor_is_asked_for_and_one_that_the_alert_never_had_is_no_look_at_it() {
    let desk = Desk::open().await;
    for (what, mut body) in [("close", desk.end()), ("suspend", desk.aside())] {
        for made_up in [json!(9_999_999), json!(0)] {
            body["cursor"] = made_up;
            let answer = desk.write(&desk.holder, what, body.clone()).await;
            assert_eq!(code(&answer), (409, "newer".to_owned()), "{what}: {}", answer.text);
        }
        for wrong in [json!(-1), json!("1"), Value::Null] {
            body["cursor"] = wrong;
            let answer = desk.write(&desk.holder, what, body.clone()).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {}", answer.text);
        }
        body.as_object_mut().unwrap().remove("cursor");
        let answer = desk.write(&desk.holder, what, body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {}", answer.text);
        assert!(answer.text.contains("cursor"), "{}", answer.text);
    }
    assert_eq!(desk.card().await["state"], "claimed");
}

#[tokio::test]
async fn no_hand_but_the_holders_writes_even_with_the_right_fence() {
    let desk = Desk::open().await;
    let (fence, act) = (&desk.fence, "call_120");
    for who in [&desk.other, &desk.boss] {
        for (what, body) in [
            ("renew", json!({ "fence": fence })),
            ("actions", json!({ "fence": fence, "kind": act })),
            ("suspend", desk.aside()),
            ("close", desk.end()),
        ] {
            let answer = desk.write(who, what, body).await;
            assert_eq!(code(&answer), (409, "stale".to_owned()), "{what}: {}", answer.text);
        }
    }
    let held = desk.write(&desk.other, "claim", json!({})).await;
    assert_eq!(code(&held), (409, "held".to_owned()));
    let taken = desk.write(&desk.other, "take", json!({})).await;
    assert_eq!(code(&taken), (403, "forbidden".to_owned()), "an operator takes nothing");
    let ended = desk.write(&desk.other, "close", desk.by_right()).await;
    assert_eq!(code(&ended), (403, "forbidden".to_owned()), "and ends nothing by right");
    let ended = desk.write(&desk.holder, "close", desk.by_right()).await;
    assert_eq!(code(&ended), (403, "forbidden".to_owned()), "nor do holders without their fence");
    let card = desk.card().await;
    assert_eq!((&card["state"], card["actions"].as_array().unwrap().len()), (&json!("claimed"), 1));
}

#[tokio::test]
async fn a_wrong_fence_is_refused_for_everybody_and_one_that_is_no_number_is_none() {
    let desk = Desk::open().await;
    let right = desk.fence.as_u64().unwrap();
    for who in [&desk.holder, &desk.other, &desk.boss] {
        for wrong in [0, right + 1, u64::MAX] {
            let mut body = desk.end();
            body["fence"] = wrong.into();
            let answer = desk.write(who, "close", body).await;
            assert_eq!(code(&answer), (409, "stale".to_owned()), "{wrong}: {}", answer.text);
        }
    }
    for what in ["renew", "actions", "suspend", "close"] {
        let mut body = match what {
            "renew" => json!({}),
            "actions" => json!({ "kind": "call_120" }),
            "suspend" => desk.aside(),
            _ => desk.end(),
        };
        for wrong in [json!(-1), json!(-7), json!(1.5), json!("1")] {
            body["fence"] = wrong;
            let answer = desk.write(&desk.holder, what, body.clone()).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn fences_are_told_to_their_holders_only() {
    let desk = Desk::open().await;
    let mut screen = crate::stream::Screen::open(&desk.room, &desk.other, "?after=0").await;
    for view in screen.alerts(1).await {
        assert!(view.get("fence").is_none(), "{view}");
    }
    for who in [&desk.holder, &desk.other, &desk.boss] {
        let queue = desk.room.get("/api/queue", who).await.json();
        assert!(queue["alerts"].as_array().unwrap().iter().all(|a| a.get("fence").is_none()));
        let mine = if who == &desk.holder { json!({ &desk.id: desk.fence }) } else { json!({}) };
        assert_eq!(queue["fences"], mine);
        let card = desk.room.get(&format!("/api/alerts/{}", desk.id), who).await.json();
        assert!(card.get("fence").is_none(), "{card}");
    }
}

#[tokio::test]
async fn a_second_claim_of_the_holder_is_a_renewal_and_no_news() {
    let desk = Desk::open().await;
    let before = desk.card().await;
    let again = desk.write(&desk.holder, "claim", json!({})).await.json();
    assert_eq!(again["fence"], desk.fence);
    let after = desk.card().await;
    assert_eq!(after["cursor"], before["cursor"]);
    assert_eq!(after["timeline"], before["timeline"]);
}

#[tokio::test]
async fn what_has_become_graver_is_no_more_closed_unseen_than_a_press() {
    let desk = Desk::open().await;
    desk.room.graded(&desk.id, care::Severity::General).await;
    let seen = desk.card().await["cursor"].clone();
    let end = json!({ "fence": desk.fence, "cursor": seen, "outcome": 4 });
    desk.room.graded(&desk.id, care::Severity::Emergency).await;
    let answer = desk.write(&desk.holder, "close", end).await;
    assert_eq!(code(&answer), (409, "newer".to_owned()), "{}", answer.text);
    let seen = answer.json()["cursor"].clone();
    desk.room.graded(&desk.id, care::Severity::Fault).await;
    // What has sunk hides nothing.
    let end = json!({ "fence": desk.fence, "cursor": seen, "outcome": 4 });
    let closed = desk.write(&desk.holder, "close", end).await;
    assert_eq!(closed.status, StatusCode::NO_CONTENT, "{}", closed.text);
}
