//! The uplink is cut and comes back: the home's own alarm sounds, then every press arrives once, the newest first.
//!
//! Not here: what a late press means for an operator (`care`).

use proto::frame::Lane;
use proto::topic::Topic;
use proto::up::Role;
use serde_json::Value;
use tests::enrol;
use tests::mqtt::{Link, Said};
use tests::proxy::Way;
use tests::scene::{Scene, of_kind};
use tests::speaker::{Speaker, fresh_boot, login, relay_aged};
use tests::stage::Setting;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_emergency_arrives_first_and_each_one_once() -> Outcome {
    let scene = Scene::open(PROGRAM, 4, Setting::default()).await?;
    scene.proxy.set(Way::Cut);
    for n in 0..4 {
        scene.press(n).await?;
        scene
            .until("the press stored", 10, |book| {
                book.made().filter(|(_, life)| life.stored.is_some()).count() == n + 1
            })
            .await?;
    }
    let alarm = scene.gateway.alarm.clone();
    let sounds = || std::fs::read_to_string(&alarm).is_ok_and(|text| text.trim() == "1");
    scene.until_true("the home's own alarm", 10, sounds).await?;
    scene.proxy.set(Way::Open);
    scene
        .until("every press on a screen", 60, |book| {
            book.made().count() == 4 && book.all_on_screen()
        })
        .await?;
    let mut order: Vec<(u64, u64)> = {
        let book = scene.shared.book();
        book.made().filter_map(|(_, life)| Some((life.on_screen?, life.pressed?))).collect()
    };
    order.sort_unstable();
    let newest = order.iter().map(|(_, pressed)| *pressed).max();
    assert_eq!(order.first().map(|(_, pressed)| *pressed), newest, "{order:?}");
    let verdict = scene.verdict()?;
    assert_eq!((verdict.presses, verdict.lost, verdict.doubled), (4, 0, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_waited_for_hours_is_marked_late() -> Outcome {
    let scene = Scene::open(PROGRAM, 1, Setting::default()).await?;
    let organisation = enrol::organisation(&scene.stage.admin, "outage")?;
    let place = enrol::many(&scene.stage.admin, &organisation, 1, &[Role::HelpButton])?.remove(0);
    let (button, boot) = (&place.devices[0], fresh_boot()?);
    let mut speaker = Speaker::new(button.device, &button.key, button.epoch, boot);
    let (_, frame) = speaker.press(60_000)?;
    let login = login(&place.gateway, Lane::Emergency, boot, 1);
    let mut link = Link::plain(scene.stage.server.gateways, &login).await?;
    let topic = Topic::GatewayUp(place.gateway.gateway, Lane::Emergency).to_string();
    link.publish(&topic, relay_aged(&frame, 3 * 3600 * 1000)?);
    link.flush().await?;
    while !matches!(link.next().await?, Said::Acked(_)) {}
    scene.until("the late press", 10, |book| of_kind(book, "help").len() == 1).await?;
    let alert = of_kind(&scene.shared.book(), "help")[0].clone();
    assert_eq!(alert.get("late"), Some(&Value::Bool(true)), "{alert}");
    Ok(())
}
