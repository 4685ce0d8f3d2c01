//! Beds and what belongs to them: a mat is in one bed of its home, is called as it is, and has limits of its own.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::people::home;
use crate::room::Room;

struct Couple {
    room: Room,
    admin: String,
    home: String,
    gateway: String,
}

impl Couple {
    async fn new() -> Self {
        let (room, admin) = Room::staffed().await;
        let home = home(&room, &admin, "7-1-102").await;
        let made = room.post("/api/organisations", &admin, json!({ "name": "机构" })).await.json();
        let body = json!({ "organisation": made["organisation"], "label": "客厅" });
        let made = room.post("/api/gateways", &admin, body).await.json();
        let gateway = made["gateway"].as_str().unwrap().to_owned();
        Self { room, admin, home, gateway }
    }

    async fn bed(&self, home: &str, label: &str) -> String {
        let path = format!("/api/homes/{home}/beds");
        let made = self.room.post(&path, &self.admin, json!({ "label": label })).await;
        made.json()["bed"].as_str().unwrap().to_owned()
    }

    async fn mat(&self, bed: Option<&str>) -> (StatusCode, String) {
        let body =
            json!({ "home": self.home, "gateway": self.gateway, "role": "bed_mat", "bed": bed });
        let made = self.room.post("/api/devices", &self.admin, body).await;
        (made.status, made.json()["device"].as_str().unwrap_or_default().to_owned())
    }

    /// Bed and name of a device, as its home tells them.
    async fn place(&self, device: &str) -> [Value; 2] {
        let told = self.room.get(&format!("/api/homes/{}", self.home), &self.admin).await.json();
        let all = told["devices"].as_array().unwrap();
        let one = all.iter().find(|one| one["device"] == device).unwrap();
        [one["bed"].clone(), one["label"].clone()]
    }

    /// What a card calls a device, from memory.
    fn called(&self, device: &str) -> String {
        let device: proto::id::DeviceId = device.parse().unwrap();
        self.room.app.names.device(device).unwrap_or_default()
    }

    async fn put(&self, device: &str, bed: Value) -> StatusCode {
        let path = format!("/api/devices/{device}/bed");
        self.room.call(Method::POST, &path, &self.admin, Some(json!({ "bed": bed }))).await.status
    }
}

#[tokio::test]
async fn a_mat_belongs_to_a_bed_of_its_home_and_is_called_as_it_is() {
    let house = Couple::new().await;
    let left = house.bed(&house.home, "左床").await;
    let (_, first) = house.mat(None).await;
    assert_eq!(house.place(&first).await, [json!(left), json!("左床")], "there is one bed only");
    let right = house.bed(&house.home, "右床").await;
    let (_, second) = house.mat(None).await;
    assert_eq!(house.place(&second).await, [Value::Null, json!("")], "nobody has said which");
    assert_eq!(house.put(&second, json!(right)).await, StatusCode::NO_CONTENT);
    assert_eq!(house.place(&second).await, [json!(right), json!("右床")]);
    assert_eq!((house.called(&first), house.called(&second)), ("左床".into(), "右床".into()));
    let (_, third) = house.mat(Some(&right)).await;
    assert_eq!(house.place(&third).await, [json!(right), json!("右床")]);
    assert_eq!(house.put(&second, Value::Null).await, StatusCode::NO_CONTENT);
    assert_eq!(house.place(&second).await[0], Value::Null);
    assert_eq!(house.called(&second), "", "and no card calls it by a bed that it is not in");
    let next_door = home(&house.room, &house.admin, "7-1-103").await;
    let foreign = house.bed(&next_door, "床").await;
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    assert_eq!(house.put(&first, json!(foreign)).await, refused, "of another home");
    assert_eq!(house.put(&first, json!("none")).await, refused);
    let moved = json!({ "home": next_door, "gateway": house.gateway });
    let path = format!("/api/devices/{first}/move");
    let moved = house.room.post(&path, &house.admin, moved).await;
    assert!(moved.status.is_success(), "{}", moved.text);
    let told = house.room.get(&format!("/api/homes/{next_door}"), &house.admin).await.json();
    assert_eq!(told["devices"][0]["bed"], Value::Null, "the bed stays where it is");
}

#[tokio::test]
async fn a_bed_that_is_refused_enrols_no_mat() {
    let house = Couple::new().await;
    assert_eq!(house.mat(Some("none")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let told = house.room.get(&format!("/api/homes/{}", house.home), &house.admin).await.json();
    assert_eq!(told["devices"], json!([]));
}

#[tokio::test]
async fn each_bed_has_limits_of_its_own() {
    let house = Couple::new().await;
    let (_, mat) = house.mat(None).await;
    let path = format!("/api/homes/{}/rules", house.home);
    let limits =
        json!({ "breath_low": 8, "breath_high": 24, "beds": [{ "mat": mat, "breath_high": 30 }] });
    let set = house.room.post(&path, &house.admin, limits).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    let told = house.room.get(&path, &house.admin).await.json();
    let own = json!([{ "mat": mat, "breath_low": null, "breath_high": 30, "heart_low": null, "heart_high": null }]);
    assert_eq!((&told["beds"], &told["breath_high"]), (&own, &json!(24)));
    let wrong = json!({ "beds": [{ "mat": mat, "breath_high": 250 }] });
    let refused = house.room.post(&path, &house.admin, wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("beds"), "{}", refused.text);
    assert_eq!(house.room.get(&path, &house.admin).await.json()["beds"], own, "it stays");
}
