//! Names in memory and the rows behind them, while others edit; and requests whose sender has gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use axum::http::Method;
use centre::live::read;
use records::home;
use serde_json::json;
use tokio::time::Instant;

use crate::people::home;
use crate::room::Room;

/// Edits of a home that others read meanwhile.
const EDITS: i64 = 40;
/// Homes that are read in one go after the one that is edited, so that an edit falls into it.
const BESIDE: i64 = 1_500;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_edits_and_readers_meet_the_name_that_is_kept_is_the_last_one() {
    let (room, admin) = Room::staffed().await;
    let id = home(&room, &admin, "7-1-100").await;
    let number = id.parse::<proto::id::HomeId>().unwrap().get().cast_signed();
    let path = format!("/api/homes/{id}");
    let fresh = Arc::new(AtomicI64::new(number + 1));
    for n in 0..EDITS {
        // Nobody knows it, so that whoever asks now reads its row of before the edit.
        room.app.names.forget_home(number);
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (app, fresh) = (Arc::clone(&room.app), Arc::clone(&fresh));
                tokio::spawn(async move {
                    for _ in 0..3 {
                        let from = fresh.fetch_add(BESIDE, Relaxed);
                        let homes = std::iter::once(number).chain(from..from + BESIDE);
                        let mut reader = app.records.reader().await.unwrap();
                        read::learn(&app.names, &mut reader, homes).await.unwrap();
                    }
                })
            })
            .collect();
        let label = format!("9-9-{n}");
        let edit = json!({ "label": label });
        let done = room.call(Method::PATCH, &path, &admin, Some(edit)).await;
        assert!(done.status.is_success(), "{}", done.text);
        for reader in readers {
            reader.await.unwrap();
        }
        let mut reader = room.app.records.reader().await.unwrap();
        let row = home::find(&mut reader, number).await.unwrap().unwrap();
        assert_eq!(row.label, label);
        let kept = room.app.names.home(number).map(|name| name.label);
        assert!(kept.is_none() || kept.as_ref() == Some(&label), "{n}: {kept:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_sender_has_gone_is_carried_to_its_end_in_rows_and_in_memory() {
    let (room, admin) = Room::staffed().await;
    let home = home(&room, &admin, "7-1-101").await;
    let made = room.post("/api/organisations", &admin, json!({ "name": "机构" })).await.json();
    let body = json!({ "organisation": made["organisation"], "label": "客厅" });
    let made = room.post("/api/gateways", &admin, body).await.json();
    let body = json!({ "home": home, "gateway": made["gateway"], "role": "bed_mat" });
    // The request waits for the writer; then nobody waits for the request.
    let writer = room.app.records.begin().await.unwrap();
    let asked = room.post("/api/devices", &admin, body);
    assert!(tokio::time::timeout(Duration::from_millis(500), asked).await.is_err(), "it waits");
    drop(writer);
    let number: proto::id::HomeId = home.parse().unwrap();
    let since = Instant::now();
    loop {
        let mut reader = room.app.records.reader().await.unwrap();
        let rows = records::device::of_home(&mut reader, number.get().cast_signed());
        let rows = rows.await.unwrap();
        drop(reader);
        if let [row] = rows.as_slice() {
            let device = proto::id::DeviceId::new(row.id.unsigned_abs()).unwrap();
            if room.app.registry.device(device).is_some() {
                return;
            }
        }
        assert!(since.elapsed() < Duration::from_secs(10), "never: it is enrolled");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
