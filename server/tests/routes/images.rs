//! `/api/images`: a signed image is stored, offered, followed and taken back; each deed has its row.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use centre::update::{Heard, Updates};
use proto::id::DeviceId;
use proto::unit::Millis;
use proto::update::package::Package;
use proto::update::{Hardware, IMAGE_MAX, Manifest, Progress, Refusal, Release, Stage};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::room::Room;

const BOARD: Hardware = Hardware { model: 1, revision: 1 };

fn manifest(image: &[u8], version: u32) -> Manifest {
    Manifest {
        hardware: BOARD,
        version,
        minimum: 0,
        size: u32::try_from(image.len()).unwrap(),
        digest: Sha256::digest(image).into(),
        signature: [7; 64],
    }
}

fn file(image: &[u8], version: u32) -> Vec<u8> {
    [&Package::head(&manifest(image, version))[..], image].concat()
}

async fn upload(room: &Room, cookie: &str, file: Vec<u8>) -> (StatusCode, Value) {
    let request = Request::post("/api/images").header("cookie", cookie).header("x-hearthline", "1");
    let answer = room.raw(request.body(Body::from(file)).unwrap()).await;
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 65_536).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// A home with so many devices, through one gateway.
async fn devices(room: &Room, admin: &str, many: u32) -> Vec<DeviceId> {
    let made = room.post("/api/organisations", admin, json!({ "name": "演示" })).await.json();
    let roles = vec!["motion"; many as usize];
    let batch = json!({ "organisation": made["organisation"], "homes": 1, "roles": roles });
    let made = room.post("/api/provision/batch", admin, batch).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let made = made.json();
    let devices = made["homes"][0]["devices"].as_array().unwrap();
    let devices = devices.iter().map(|d| d["device"].as_str().unwrap().parse().unwrap());
    let mut devices: Vec<DeviceId> = devices.collect();
    devices.sort_unstable();
    devices
}

fn said(release: Release, stage: Stage, refusal: Option<Refusal>) -> Heard {
    Heard::Progress(Progress {
        uptime: Millis::new(5),
        release,
        running: 3,
        stage,
        next: None,
        chunks: None,
        refusal,
        hardware: Some(BOARD),
    })
}

/// Waits until a device's stage is the given one.
async fn until(room: &Room, device: DeviceId, stage: Option<Stage>) {
    for _ in 0..2_000 {
        if room.app.updates.known(device).offer.and_then(|offer| offer.stage) == stage {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("never {stage:?}: {:?}", room.app.updates.known(device));
}

#[tokio::test]
async fn a_signed_image_is_stored_once_and_a_damaged_one_never() {
    let (room, admin) = Room::staffed().await;
    let image = vec![5; 200_000];
    let good = file(&image, 0x0001_0203);
    let (status, told) = upload(&room, &admin, good.clone()).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert_eq!((&told["version"], &told["size"]), (&json!("1.2.3"), &json!(200_000)));
    assert_eq!(upload(&room, &admin, good.clone()).await.0, StatusCode::OK, "again is the same");
    let mut damaged = good.clone();
    damaged[100_000] ^= 1;
    for wrong in [damaged, good[..150_000].to_vec(), b"{}".to_vec(), vec![]] {
        assert_eq!(upload(&room, &admin, wrong).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let long = vec![0; IMAGE_MAX as usize + 2_000];
    assert_eq!(upload(&room, &admin, long).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let listed = room.get("/api/images", &admin).await.json();
    assert_eq!(listed["images"].as_array().unwrap().len(), 1);
    assert_eq!(listed["deeds"].as_array().unwrap().len(), 1, "{listed}");
    let operator = room.colleague(&admin, "2001", "operator").await;
    assert_eq!(upload(&room, &operator, good).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_image_is_offered_in_rings_followed_and_taken_back() {
    let (room, admin) = Room::staffed().await;
    let all = devices(&room, &admin, 5).await;
    let (_, told) = upload(&room, &admin, file(b"an image", 9)).await;
    let release: Release = told["release"].as_str().unwrap().parse().unwrap();
    let offer = format!("/api/images/{release}/offer");
    let named = json!({ "devices": [all[4].to_string()] });
    assert_eq!(room.post(&offer, &admin, named).await.json()["offered"], 1);
    let ring = json!({ "all": true, "most": 2 });
    assert_eq!(room.post(&offer, &admin, ring.clone()).await.json()["offered"], 2);
    // One that turns out to be another board, or that runs it already, is left out of the next ring.
    let updates = &room.app.updates;
    updates.heard(all[2], said(release, Stage::Fetching, None));
    updates.heard(all[0], said(release, Stage::Refused, Some(Refusal::Signature)));
    updates.heard(all[1], said(release, Stage::Trial, None));
    updates.heard(all[1], said(release, Stage::Confirmed, None));
    until(&room, all[1], Some(Stage::Confirmed)).await;
    assert_eq!(updates.known(all[2]).offer, None, "it has not been offered anything");
    assert_eq!(room.post(&offer, &admin, ring).await.json()["offered"], 2);
    let shown = room.get(&format!("/api/images/{release}"), &admin).await.json();
    let counts = &shown["image"]["devices"];
    assert_eq!(*counts, json!({ "refused": 1, "confirmed": 1, "offered": 3 }), "{shown}");
    let refused = shown["devices"].as_array().unwrap().iter();
    let refused: Vec<&Value> = refused.filter(|d| d["update"]["stage"] == "refused").collect();
    assert_eq!(refused[0]["update"]["refusal"], "signature");
    let withdrawn = room.post(&format!("/api/images/{release}/withdraw"), &admin, json!({})).await;
    assert_eq!(withdrawn.json()["withdrawn"], 3);
    assert_eq!(updates.known(all[3]).offer, None);
    let deeds = room.get("/api/images", &admin).await.json();
    let deeds = deeds["deeds"].as_array().unwrap().iter();
    let deeds: Vec<_> =
        deeds.map(|d| (d["deed"].as_str().unwrap(), d["devices"].as_i64())).collect();
    let expected = [
        ("withdraw", Some(3)),
        ("offer", Some(2)),
        ("offer", Some(2)),
        ("offer", Some(1)),
        ("add", Some(0)),
    ];
    assert_eq!(deeds, expected);
    // What was said survives a restart of the server.
    let (again, _) = Updates::load(&room.app.records).await.unwrap();
    let stage = |device| again.known(device).offer.and_then(|offer| offer.stage);
    assert_eq!((stage(all[1]), stage(all[3])), (Some(Stage::Confirmed), None));
    assert_eq!(again.known(all[1]).board, Some(BOARD));
}

#[tokio::test]
async fn what_does_not_exist_is_not_offered() {
    let (room, admin) = Room::staffed().await;
    let all = json!({ "all": true });
    let nowhere = "/api/images/00000000000000ff/offer";
    assert_eq!(room.post(nowhere, &admin, all.clone()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(room.post("/api/images/x/offer", &admin, all).await.status, StatusCode::NOT_FOUND);
    let (_, told) = upload(&room, &admin, file(b"an image", 9)).await;
    let offer = format!("/api/images/{}/offer", told["release"].as_str().unwrap());
    let stray = DeviceId::new(77).unwrap().to_string();
    for (body, status) in [
        (json!({ "devices": [stray] }), StatusCode::NOT_FOUND),
        (json!({ "devices": ["?"] }), StatusCode::NOT_FOUND),
        (json!({}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "all": true, "devices": [stray] }), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(room.post(&offer, &admin, body.clone()).await.status, status, "{body}");
    }
}
