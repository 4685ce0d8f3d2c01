//! `kill -9` of the gateway: what it has stored is there afterwards, and reaches a screen once.
//!
//! Not here: kills of the server (`kill_server`), or many kills in a row (`load kill`).

use firmware::device::Light;
use tests::clock::Watch;
use tests::proxy::Way;
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_press_survives_the_gateway() -> Outcome {
    let mut scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    scene.proxy.set(Way::Cut);
    scene.press(0).await?;
    scene.buttons[0].light_among(&[Light::Stored]).await?;
    scene.gateway.process.kill()?;
    scene.proxy.set(Way::Open);
    scene.gateway.process.again()?;
    let back = Watch::start();
    scene
        .until("the press on a screen", 20, |book| book.made().count() == 1 && book.all_on_screen())
        .await?;
    assert!(back.secs() <= 10.0, "on a screen {:.1} s after the restart", back.secs());
    scene.buttons[0].light_among(&[Light::Received]).await?;
    let verdict = scene.verdict()?;
    assert_eq!((verdict.presses, verdict.lost, verdict.doubled), (1, 0, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_while_the_gateway_is_dead_is_kept_by_the_device() -> Outcome {
    let mut scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    scene.gateway.process.kill()?;
    scene.press(0).await?;
    scene.buttons[0].light_among(&[Light::Sending, Light::Failed]).await?;
    scene.gateway.process.again()?;
    // The device's own patience is at most 30 s; an emergency shortens it.
    scene
        .until("the press on a screen", 40, |book| book.made().count() == 1 && book.all_on_screen())
        .await?;
    let verdict = scene.verdict()?;
    assert_eq!((verdict.presses, verdict.lost, verdict.doubled), (1, 0, 0));
    Ok(())
}
