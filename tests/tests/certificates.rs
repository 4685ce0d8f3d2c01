//! Certificates in real processes: renewed while everybody is connected, and an end that silences nobody.
//!
//! Lives of seconds are given to real certificates by the server's own authority. Not here: dates (`care`), the
//! server's book of certificates (`server`).

use serde_json::Value;
use tests::scene::Scene;
use tests::stage::{Lives, Setting};
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

/// A page of the gateway for support, as JSON.
fn health(scene: &Scene) -> Option<Value> {
    let mut answer = ureq::get(format!("http://{}/health", scene.gateway.health)).call().ok()?;
    serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()
}

fn is_renewed(scene: &Scene) -> bool {
    health(scene).is_some_and(|page| {
        page["certificate_days"].as_i64().is_some_and(|days| days > 80)
            && page["uplink"] == true
            && page["uplink_telemetry"] == true
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_renewed_while_the_emergency_lane_stays_up() -> Outcome {
    let lives = Lives { server: Some((-10, 20)), gateway: (-10, 20) };
    let setting = Setting { tls: true, lives: Some(lives), ..Setting::default() };
    let scene = Scene::open(PROGRAM, 1, setting).await?;
    scene.press(0).await?;
    scene.until("the press on a screen", 30, |book| book.all_on_screen()).await?;
    scene.until_true("the box's own papers to be new", 60, || is_renewed(&scene)).await?;
    // The one that lives for seconds, and the one that followed it while the server ran.
    let log = scene.stage.dir.join("server.log");
    let shown = || {
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        log.matches("another server certificate is shown").count() >= 2
    };
    scene.until_true("the server's certificate to be new", 60, shown).await?;
    scene.press(0).await?;
    let both = |book: &tests::book::Book| book.made().count() == 2 && book.all_on_screen();
    scene.until("the second press on a screen", 30, both).await?;
    let log = std::fs::read_to_string(
        scene.stage.dir.join(format!("gateway-{}/gateway.log", scene.enrolled.gateway)),
    )?;
    assert!(!log.contains("uplink lost lane=Emergency"), "{log}");
    let verdict = scene.verdict()?;
    assert_eq!((verdict.presses, verdict.lost, verdict.doubled), (2, 0, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_of_an_expired_gateway_arrives_and_the_gateway_heals_by_itself() -> Outcome {
    const DAY: i64 = 86_400;
    let lives = Lives { server: None, gateway: (-101 * DAY, -11 * DAY) };
    let setting = Setting { tls: true, lives: Some(lives), ..Setting::default() };
    let scene = Scene::open(PROGRAM, 1, setting).await?;
    scene.press(0).await?;
    scene.until("the press on a screen", 30, |book| book.all_on_screen()).await?;
    scene
        .until_true("the box to have new papers and both lanes", 90, || is_renewed(&scene))
        .await?;
    let verdict = scene.verdict()?;
    assert_eq!((verdict.presses, verdict.lost, verdict.doubled), (1, 0, 0));
    Ok(())
}
