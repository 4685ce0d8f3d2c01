//! What a gateway is told: all of it however much that is, and that people have what nobody can verify.
//!
//! A server in this process and a gateway's session over its real door. Not here: what leaves before a commit (`received`).
#![expect(clippy::expect_used, reason = "a test that cannot go on fails here")]
#![expect(clippy::disallowed_methods, reason = "waits end")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use centre::provision::Minted;
use door::proofs::{Proof, Proofs};
use proto::frame::{Class, Header, Lane, seal_end};
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::key::DeviceKey;
use proto::relay::GatewayDown;
use proto::topic::Topic;
use proto::unit::Millis;
use proto::up::{Event, EventKind, Role, Up};
use records::chain::{self, Batch, NewActivation, NewAlert};
use records::home::HomeRow;
use records::{Records, used};
use server::app::{self, App, Running};
use tests::enrol::GatewayBox;
use tests::mqtt::{Link, Said};
use tests::speaker::{fresh_boot, login, relay};
use tests::trouble::Outcome;
use tokio::net::TcpStream;

const WALL: i64 = 1_790_000_000_000;
const WITHIN: Duration = Duration::from_secs(30);

struct Room {
    app: Arc<App>,
    home: i64,
    button: Minted,
    gateway: GatewayBox,
    boot: BootId,
    running: Running,
    folder: tempfile::TempDir,
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
        let made = make.create_device(home, gateway.gateway, Role::HelpButton, "bed", WALL).await;
        let (button, boot) = (made.expect("made"), fresh_boot()?);
        let home = i64::try_from(home.get())?;
        Ok(Self { app, home, button, gateway, boot, running, folder })
    }

    async fn session(&self, counter: u32) -> Outcome<Link<TcpStream>> {
        let login = login(&self.gateway, Lane::Emergency, self.boot, counter);
        let mut link = Link::plain(self.running.door.address(), &login).await?;
        link.subscribe(&Topic::GatewayDown(self.gateway.gateway).to_string()).await?;
        Ok(link)
    }

    /// An emergency as the gateway has opened it.
    fn call(
        &self,
        (device, key): (DeviceId, &DeviceKey),
        seq: u32,
        body: &[u8],
    ) -> (PressId, Bytes) {
        let id = PressId { device, boot: self.boot, seq: Seq::new(seq) };
        let header = Header { class: Class::Emergency, epoch: self.button.epoch, id };
        let seal = key.end(self.button.epoch).boot(self.boot);
        let open = seal_end(&header, body, &seal).expect("sealed");
        (id, relay(&open).expect("an envelope"))
    }

    /// Presses that belong to one open alert of the home.
    async fn hold_open(&self, presses: u32) {
        let alert = NewAlert {
            id: "019a0000-0000-7000-8000-000000000001".into(),
            home: self.home,
            incident: 1,
            kind: care::Kind::Help,
            severity: care::Severity::Emergency,
            device: None,
            gateway: None,
            count: presses.into(),
            trust: care::Trust::Verified,
            late: false,
            raised_wall: WALL,
            raised_mono: 1,
            evidence: b"[]".to_vec(),
            cursor: 0,
        };
        let one = |seq: u32| NewActivation {
            device: i64::try_from(self.button.device.get()).expect("a number"),
            boot: self.boot.get().cast_signed(),
            seq: seq.into(),
            trust: care::Trust::Verified,
            hash: vec![1; 16],
            alert: alert.id.clone(),
            kind: care::Kind::Help,
            rung: proto::down::Rung::Received,
            pressed_mono: 1,
            pressed_wall: WALL,
            stored_mono: 1,
            received_wall: WALL,
            late: false,
            uptime: None,
        };
        let activations = (1..=presses).map(one).collect();
        let mut batch = Batch { alerts: vec![alert.clone()], activations, ..Batch::default() };
        let mut writer = self.app.records.begin().await.expect("the writer");
        chain::write(&mut writer, &mut batch, WALL).await.expect("rows");
        writer.commit().await.expect("kept");
    }
}

/// Hears until `so` says that it is enough; false if that takes too long.
async fn hears(link: &mut Link<TcpStream>, mut so: impl FnMut(&GatewayDown<'_>) -> bool) -> bool {
    let until = Instant::now() + WITHIN;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_behind_ten_thousand_open_presses_is_told_all_of_them_and_stays() -> Outcome {
    let room = Room::open().await?;
    room.hold_open(10_000).await;
    let mut link = room.session(1).await?;
    let (mut told, mut alarm_at, mut words) = (BTreeSet::new(), None, 0);
    let all = hears(&mut link, |word| {
        words += 1;
        if let GatewayDown::Alarm { open: true, .. } = word {
            alarm_at = alarm_at.or(Some(words));
        } else if let GatewayDown::Forward { hint: Some(receipt), .. } = word {
            told.insert(receipt.press.seq.get());
        }
        told.len() == 10_000
    });
    assert!(all.await, "told {} of 10,000", told.len());
    assert!(alarm_at.is_some_and(|at| at < 100), "that the home rings comes first: {alarm_at:?}");
    assert_eq!(room.running.door.counters().overflows, 0);
    // A press of now is answered on the same link.
    let press = Event { kind: EventKind::Press, uptime: Millis::new(1_000), count: None };
    let body = Up::Event(press).to_body().expect("a body");
    let (id, bytes) = room.call((room.button.device, &room.button.key), 20_000, &body);
    link.publish(&Topic::GatewayUp(room.gateway.gateway, Lane::Emergency).to_string(), bytes);
    link.flush().await?;
    let own = |word: &GatewayDown<'_>| matches!(word, GatewayDown::Forward { hint: Some(receipt), .. } if receipt.press == id);
    assert!(hears(&mut link, own).await);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_have_what_nobody_can_verify_and_its_gateway_is_told_so_without_a_rung() -> Outcome {
    let room = Room::open().await?;
    let mut link = room.session(1).await?;
    let topic = Topic::GatewayUp(room.gateway.gateway, Lane::Emergency).to_string();
    let press = Event { kind: EventKind::Press, uptime: Millis::new(1_000), count: None };
    let press = Up::Event(press).to_body().expect("a body");
    // Of a newer firmware: a kind to come.
    let newer = [0xa2, 0x00, 0x18, 0x63, 0x01, 0x05];
    let (own, wrong) = (room.button.key.clone(), DeviceKey::from_bytes([7; 32]));
    let stranger = DeviceId::new(77_777).expect("an id");
    let calls = [
        ("a wrong tag", (room.button.device, &wrong), 1, &press[..], false),
        ("a device of after the backup", (stranger, &wrong), 2, &press[..], false),
        (
            "nothing that can be read, unverified",
            (room.button.device, &wrong),
            3,
            &newer[..],
            false,
        ),
        ("a device that nobody knows, unreadable", (stranger, &wrong), 4, &newer[..], false),
        ("nothing that can be read, verified", (room.button.device, &own), 5, &newer[..], true),
        ("a press", (room.button.device, &own), 6, &press[..], true),
    ];
    for (what, who, seq, body, verified) in calls {
        let (id, bytes) = room.call(who, seq, body);
        // A copy is answered like the first: the answer may be what was lost.
        for copy in 0..2 {
            link.publish(&topic, bytes.clone());
            link.flush().await?;
            let mut rung = None;
            let told = hears(&mut link, |word| {
                if matches!(word, GatewayDown::Accepted(press) if *press == id) {
                    rung = Some(false);
                } else if let GatewayDown::Forward { hint: Some(receipt), .. } = word
                    && receipt.press == id
                {
                    rung = Some(true);
                }
                rung.is_some()
            });
            assert!(told.await, "{what}, copy {copy}: never answered");
            assert_eq!(rung, Some(verified), "{what}, copy {copy}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connect_proof_counts_once_also_after_a_restart_and_a_hundred_boots() -> Outcome {
    let mut room = Room::open().await?;
    let first = room.boot;
    drop(room.session(1).await?);
    assert!(room.session(1).await.is_err(), "the same again");
    for n in 2..=100 {
        room.boot = BootId::new(u32::try_from(first.get() >> 32)?, n);
        drop(room.session(1).await?);
    }
    room.boot = first;
    assert!(room.session(1).await.is_err(), "of a hundred boots ago");
    let newest = BootId::new(u32::try_from(first.get() >> 32)?, 100);
    let until = Instant::now() + WITHIN;
    let known = loop {
        let other = Records::open(room.folder.path()).await.expect("records");
        let rows = used::all(&mut other.reader().await.expect("a reader")).await.expect("rows");
        let proofs = rows.first().map(|(_, bytes)| Proofs::from_bytes(bytes)).unwrap_or_default();
        if proofs.look(newest, 1) == Proof::Used {
            break proofs;
        }
        assert!(Instant::now() < until, "never written");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(known.look(first, 1), Proof::Used);
    assert_eq!(known.look(newest, 2), Proof::Next);
    Ok(())
}
