//! Whether anybody would hear: said by `/health`, by the desk, and by every home, with the same causes.

use serde_json::{Value, json};

use crate::room::Room;

/// A home with one gateway and a button, none of which has ever spoken.
async fn furnished(room: &Room, admin: &str) -> (String, String) {
    let made = room.post("/api/organisations", admin, json!({ "name": "演示" })).await.json();
    let organisation = made["organisation"].clone();
    let home =
        json!({ "organisation": organisation, "label": "3-2-501", "address": "演示路 1 号" });
    let home = room.post("/api/homes", admin, home).await.json();
    let gateway = json!({ "organisation": organisation, "label": "三栋门厅" });
    let gateway = room.post("/api/gateways", admin, gateway).await.json();
    let button = json!({ "home": home["home"], "gateway": gateway["gateway"], "role": "help_button", "label": "卧室" });
    let made = room.post("/api/devices", admin, button).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&home["home"]), text(&gateway["gateway"]))
}

fn causes(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|cause| cause["cause"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn health_and_desk_say_in_words_that_nobody_is_there_and_nothing_leaves_the_house() {
    let (room, admin) = Room::staffed().await;
    let health = room.get("/health", "").await.json();
    let said = causes(&health["watch"]);
    assert!(said.contains(&"nobody_on_duty") && said.contains(&"no_way_out"), "{health}");
    assert!(health["watch"].to_string().contains("没有人可告诉"), "{health}");
    let sound = room.post("/api/presence", &admin, json!({ "sound": true })).await;
    assert_eq!(sound.status, 204, "{}", sound.text);
    let watch = room.get("/api/watch", &admin).await.json();
    assert_eq!(watch["on_duty"], 1);
    assert!(!causes(&watch["lacks"]).contains(&"nobody_on_duty"), "{watch}");
    assert!(causes(&watch["lacks"]).contains(&"no_way_out"), "{watch}");
}

#[tokio::test]
async fn a_home_whose_gateway_nobody_hears_is_never_called_protected() {
    let (room, admin) = Room::staffed().await;
    let (home, gateway) = furnished(&room, &admin).await;
    room.post("/api/presence", &admin, json!({ "sound": true })).await;
    let said = room.get(&format!("/api/homes/{home}"), &admin).await.json();
    let protection = &said["protection"];
    assert!(matches!(protection["state"].as_str(), Some("unknown" | "unprotected")), "{said}");
    let named = causes(&protection["causes"]);
    assert!(named.contains(&"gateway_unheard") && named.contains(&"never"), "{said}");
    let page = room.get(&format!("/homes/{home}"), &admin).await.text;
    let head = page.split("<h1").nth(1).and_then(|rest| rest.split("</h1>").next()).unwrap();
    assert!(!head.contains("受保护") || head.contains("未受保护"), "{head}");
    assert!(
        page.contains("data-kind=\"gateway\"") && page.contains("三栋门厅"),
        "the gateway is a row"
    );
    assert!(page.contains(&gateway) && page.contains("启动后还没有消息"), "{page}");
    let list = room.get("/homes", &admin).await.text;
    assert!(list.contains("未知") || list.contains("未受保护"), "{list}");
}

#[tokio::test]
async fn only_who_answers_for_the_ladder_tries_it() {
    let (room, admin) = Room::staffed().await;
    let operator = room.colleague(&admin, "2001", "operator").await;
    assert_eq!(room.post("/api/ladder/trial", &operator, json!({})).await.status, 403);
    let tried = room.post("/api/ladder/trial", &admin, json!({})).await;
    assert_eq!((tried.status.as_u16(), &tried.json()["receivers"]), (202, &json!(0)));
}
