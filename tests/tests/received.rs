//! What a gateway is told, held against what is in the rows: nothing leaves before its commit.
//!
//! A server in this process, a gateway's session over its real door, and a writer of the records that the test holds.
#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails here; waits end"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use centre::inbox::InboxRow;
use centre::ingest::batch::Batcher;
use centre::provision::Minted;
use proto::down::Rung;
use proto::frame::{Header, Lane, seal_end};
use proto::id::{BootId, PressId, Seq};
use proto::relay::GatewayDown;
use proto::topic::Topic;
use proto::unit::Millis;
use proto::up::{Event, EventKind, Health, Role, Up};
use records::{desk, home::HomeRow};
use server::app::{self, App, Running};
use tests::enrol::GatewayBox;
use tests::mqtt::{Link, Said};
use tests::speaker::{fresh_boot, login, relay};
use tests::trouble::Outcome;
use tokio::net::TcpStream;

const WALL: i64 = 1_790_000_000_000;
const SILENT: care::Kind = care::Kind::GatewaySilence;

struct Room {
    app: Arc<App>,
    button: Minted,
    gateway: GatewayBox,
    boot: BootId,
    running: Running,
    _folder: tempfile::TempDir,
}

impl Room {
    async fn open() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let bind = serde_json::json!({ "bind": "127.0.0.1:0" });
        let config = serde_json::json!({ "data": folder.path(), "gateways": bind });
        let config: centre::config::Config = serde_json::from_value(config)?;
        config.prepare_data().expect("a folder");
        let running = app::start(config).await.expect("a server");
        let app = Arc::clone(&running.app);
        let make = &app.provision;
        let organisation = make.create_organisation("演示机构", WALL).await.expect("made");
        let place = HomeRow {
            organisation: organisation.clone(),
            label: "3-2-501".into(),
            ..HomeRow::default()
        };
        let home = make.create_home(place, WALL).await.expect("made");
        let hall = make.create_gateway(&organisation, "hall", WALL).await.expect("made");
        let gateway = GatewayBox {
            gateway: hall.device.as_gateway(),
            key: hall.key.clone(),
            epoch: hall.epoch,
            credentials: serde_json::Value::Null,
        };
        let button = make
            .create_device(home, gateway.gateway, Role::HelpButton, "bed", WALL)
            .await
            .expect("made");
        Ok(Self { app, button, gateway, boot: fresh_boot()?, running, _folder: folder })
    }

    async fn session(&self, lane: Lane) -> Outcome<Link<TcpStream>> {
        let login = login(&self.gateway, lane, self.boot, 1 + lane as u32);
        let mut link = Link::plain(self.running.door.address(), &login).await?;
        link.subscribe(&Topic::GatewayDown(self.gateway.gateway).to_string()).await?;
        Ok(link)
    }

    fn frame(&self, seq: u32, up: &Up) -> Bytes {
        let (device, boot) = (self.button.device, self.boot);
        let id = PressId { device, boot, seq: Seq::new(seq) };
        let header = Header { class: up.class(), epoch: self.button.epoch, id };
        let seal = self.button.key.end(self.button.epoch).boot(boot);
        let open = seal_end(&header, &up.to_body().expect("a body"), &seal).expect("sealed");
        relay(&open).expect("an envelope")
    }

    fn press(&self, seq: u32) -> Bytes {
        let (kind, uptime) = (EventKind::Press, Millis::new(1_000));
        self.frame(seq, &Up::Event(Event { kind, uptime, count: None }))
    }

    fn health(&self, seq: u32) -> Bytes {
        let (uptime, role) = (Millis::new(1_000), Role::HelpButton);
        let health = Health {
            uptime,
            period_s: 600,
            battery: None,
            signal: None,
            firmware: 1,
            tested: None,
            role,
        };
        self.frame(seq, &Up::Health(health))
    }
}

/// What a session hears within a time: rungs of presses, and whether an alarm is open.
async fn hears(
    link: &mut Link<TcpStream>,
    within: Duration,
    mut so: impl FnMut(&GatewayDown<'_>) -> bool,
) -> bool {
    let until = Instant::now() + within;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        match tokio::time::timeout(left, link.next()).await {
            Ok(Ok(Said::Told(bytes))) => {
                if GatewayDown::read(&bytes).is_ok_and(|word| so(&word)) {
                    return true;
                }
            }
            Ok(Ok(_)) => {}
            Ok(Err(trouble)) => panic!("the session ended: {trouble}"),
            Err(_) => return false,
        }
    }
    false
}

fn is_receipt(word: &GatewayDown<'_>) -> bool {
    matches!(word, GatewayDown::Forward { hint: Some(receipt), .. } if receipt.rung == Rung::Received)
}

#[tokio::test(flavor = "multi_thread")]
async fn received_and_the_alarm_leave_only_after_the_commit() -> Outcome {
    let room = Room::open().await?;
    let mut link = room.session(Lane::Emergency).await?;
    let topic = Topic::GatewayUp(room.gateway.gateway, Lane::Emergency).to_string();
    let held = room.app.records.begin().await.expect("the writer");
    link.publish(&topic, room.press(1));
    link.flush().await?;
    let early =
        |word: &GatewayDown<'_>| is_receipt(word) || matches!(word, GatewayDown::Alarm { .. });
    assert!(
        !hears(&mut link, Duration::from_millis(1_500), early).await,
        "told before it is in the rows"
    );
    drop(held);
    let (mut receipt, mut alarm) = (false, false);
    let both = hears(&mut link, Duration::from_secs(20), |word| {
        receipt |= is_receipt(word);
        alarm |= matches!(word, GatewayDown::Alarm { open: true, .. });
        receipt && alarm
    });
    assert!(both.await, "received {receipt}, alarm {alarm}");
    let mut reader = room.app.records.reader().await.expect("a reader");
    assert_eq!(desk::open(&mut reader).await.expect("rows").len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_words_wait_in_the_inbox_is_not_silent() -> Outcome {
    let room = Room::open().await?;
    let mut batcher = Batcher::new(Arc::clone(&room.app.ingest)).await.expect("a batcher");
    // This batcher has heard everything until now, a word of the gateway at last.
    let now = room.app.clock.now();
    let row = InboxRow {
        id: 0,
        gateway: room.gateway.gateway,
        mono: now.mono,
        wall_ms: now.wall_ms,
        bytes: room.health(1).to_vec(),
    };
    assert!(batcher.take(Lane::Telemetry, vec![row]).await);
    batcher.tick_at(now).await;
    // The gateway speaks, but the records stand still: its words are in the inbox and nobody takes them.
    let mut link = room.session(Lane::Telemetry).await?;
    let topic = Topic::GatewayUp(room.gateway.gateway, Lane::Telemetry).to_string();
    let held = room.app.records.begin().await.expect("the writer");
    link.publish(&topic, room.health(2));
    link.flush().await?;
    let until = Instant::now() + Duration::from_secs(20);
    while room.app.inbox.waiting().1 == 0 {
        assert!(Instant::now() < until, "the word never waits");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // By this batcher's time the gateway has been unheard for long.
    let later = centre::clock::Now { mono: now.mono.after(Millis::secs(200)), ..now };
    let tick = tokio::time::timeout(Duration::from_secs(5), batcher.tick_at(later)).await;
    assert!(tick.is_ok(), "a silence was about to be written");
    drop(held);
    while room.app.inbox.waiting().1 > 0 {
        assert!(Instant::now() < until, "the word is never taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let silent = async || {
        let mut reader = room.app.records.reader().await.expect("a reader");
        let rows = desk::open(&mut reader).await.expect("rows");
        rows.iter().filter(|row| row.kind == SILENT).count()
    };
    assert_eq!(silent().await, 0);
    // Nothing waits any more, and this batcher has heard nothing since: now it says so.
    batcher.tick_at(later).await;
    assert_eq!(silent().await, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_district_that_falls_silent_is_told_whole_and_keeps_no_emergency_waiting() -> Outcome {
    const GATEWAYS: usize = 600;
    let room = Room::open().await?;
    let organisation = room.app.provision.create_organisation("甲", WALL).await.expect("made");
    let mut boxes = vec![room.gateway.gateway];
    for n in 0..GATEWAYS {
        let label = format!("{n}");
        let made = room.app.provision.create_gateway(&organisation, &label, WALL).await;
        boxes.push(made.expect("made").device.as_gateway());
    }
    let mut batcher = Batcher::new(Arc::clone(&room.app.ingest)).await.expect("a batcher");
    let now = room.app.clock.now();
    // Each has spoken once: one that never has waits for its fitter.
    let word = |(id, gateway)| InboxRow {
        id,
        gateway,
        mono: now.mono,
        wall_ms: now.wall_ms,
        bytes: b"a word".to_vec(),
    };
    let words = (1..).zip(boxes).map(word).collect();
    assert!(batcher.take(Lane::Telemetry, words).await);
    let later = centre::clock::Now { mono: now.mono.after(Millis::secs(200)), ..now };
    let silent = async || {
        let mut reader = room.app.records.reader().await.expect("a reader");
        let rows = desk::open(&mut reader).await.expect("rows");
        rows.iter().filter(|row| row.kind == SILENT).count()
    };
    assert!(batcher.tick_until(later, &|| true).await, "it says that there is more to do");
    let told = silent().await;
    assert!(told > 0 && told <= GATEWAYS / 2, "{told} gateways were told before it looked up");
    assert!(!batcher.tick_until(later, &|| false).await);
    assert_eq!(silent().await, GATEWAYS + 1, "the rest is told afterwards");
    Ok(())
}
