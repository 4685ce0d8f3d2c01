//! A gateway is replaced by a command: its device is told its new keys through the new box, and nothing is flashed anew.
//!
//! Server, gateways and device run as they ship; the new box comes to the address of the old one. Not here: homes that
//! nobody hears (`server/tests/way.rs`).

use std::path::Path;
use std::time::Duration;

use firmware::device::Light;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use tests::clock::Watch;
use tests::enrol;
use tests::scene::{Scene, of_kind};
use tests::stage::Setting;
use tests::trouble::{Outcome, Trouble};

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

fn look(path: &Path, sql: &str) -> i64 {
    let read = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|open| open.query_row(sql, [], |row| row.get(0)));
    // A row that is not there yet is none.
    read.unwrap_or(-1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_follows_its_replaced_gateway_without_being_flashed_and_the_old_box_is_shut_out()
-> Outcome {
    let mut scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    scene.press(0).await?;
    scene.buttons[0].light_among(&[Light::Received]).await?;
    // The old box breaks; what is pressed now stays in the device.
    scene.gateway.process.kill()?;
    scene.press(0).await?;
    scene.buttons[0].light_among(&[Light::Sending, Light::Failed]).await?;
    let admin = &scene.stage.admin;
    let new = enrol::gateway(admin, &scene.organisation, "new")?;
    let old = scene.enrolled.gateway;
    let by = json!({ "by": new.gateway.to_string() });
    let told = admin.post(&format!("/api/gateways/{old}/replace"), &by)?.good()?;
    assert_eq!(told["devices"], json!([scene.buttons[0].device.to_string()]));
    let at = scene.gateway.devices;
    let fresh = scene.stage.gateway_at(&new, scene.proxy.address, at.port())?;
    assert_eq!(fresh.devices, at);
    // What was sealed under the old keys arrives through the new box, and then the device answers under the new ones.
    scene
        .until("both presses", 60, |book| book.made().count() == 2 && book.all_on_screen())
        .await?;
    let records = scene.stage.dir.join("server/records.db");
    let heard = || look(&records, "SELECT heard FROM key_epoch");
    scene.until_true("the new epoch", 60, || heard() == 2).await?;
    let spool = scene.stage.dir.join(format!("gateway-{}/data/spool.db", new.gateway));
    let older = || look(&spool, "SELECT COUNT(*) FROM former");
    scene.until_true("the older key to be forgotten", 20, || older() == 0).await?;
    scene.press(0).await?;
    scene
        .until("a press under it", 30, |book| book.made().count() == 3 && book.all_on_screen())
        .await?;
    scene.buttons[0].light_among(&[Light::Received]).await?;
    assert!(of_kind(&scene.shared.book(), "unverified").is_empty(), "all of it is believed");
    // It survives a loss of power: the new epoch is in its flash.
    scene.buttons[0].order(tests::device::Order::Power(false));
    scene.buttons[0].order(tests::device::Order::Power(true));
    scene.press(0).await?;
    scene
        .until("a press after it", 60, |book| book.made().count() == 4 && book.all_on_screen())
        .await?;
    let verdict = scene.verdict()?;
    assert_eq!((verdict.presses, verdict.lost, verdict.doubled), (4, 0, 0));
    shut_out(&mut scene, &new.gateway.to_string()).await
}

/// The old box comes back, at an address of its own: the server does not let it in.
async fn shut_out(scene: &mut Scene, new: &str) -> Outcome {
    let gone = scene.stage.gateway_at(&scene.enrolled, scene.proxy.address, 0)?;
    let wait = Watch::start();
    let metric = |at: std::net::SocketAddr| -> Outcome<String> {
        Ok(ureq::get(format!("http://{at}/metrics")).call()?.into_body().read_to_string()?)
    };
    while wait.ms() < 3_000 {
        assert!(metric(gone.health)?.contains("uplink_up 0"), "the old box is let in");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let log = gone.process.log_tail();
    if log.contains(new) { Err(Trouble::new("the old box hears of the new one")) } else { Ok(()) }
}
