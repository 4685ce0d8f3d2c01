//! Enrolment: what is minted can be proved, is in the registry at once, and comes back after a restart.
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use centre::clock::Now;
use centre::provision::kek::KekError;
use centre::provision::{Minted, Provision, ProvisionError, label};
use proto::frame::{Class, Header, seal_end, verify_end};
use proto::id::{BootId, DeviceId, KeyEpoch, PressId, Seq};
use proto::unit::Mono;
use proto::up::Role;
use records::contact::Contact;
use records::home::HomeRow;
use records::resident::{self, Resident};
use records::{Records, home};

const WALL: i64 = 1_790_000_000_000;
const NOW: Now = Now { mono: Mono::from_millis(0), wall_ms: WALL };

struct Room {
    dir: tempfile::TempDir,
    records: Records,
    provision: Provision,
    organisation: String,
}

async fn room() -> Room {
    let dir = tempfile::tempdir().unwrap();
    let records = Records::open(dir.path()).await.unwrap();
    let provision = Provision::open(dir.path(), records.clone()).await.unwrap();
    let organisation = provision.create_organisation("演示机构", WALL).await.unwrap();
    Room { dir, records, provision, organisation }
}

impl Room {
    fn place(&self) -> HomeRow {
        HomeRow {
            organisation: self.organisation.clone(),
            label: "3-2-501".into(),
            address: "演示路 1 号".into(),
            entry: "钥匙在驿站".into(),
            ..HomeRow::default()
        }
    }

    /// A home, its gateway and a help button.
    async fn furnished(&self) -> (proto::id::HomeId, Minted, Minted) {
        let home = self.provision.create_home(self.place(), WALL).await.unwrap();
        let gateway =
            self.provision.create_gateway(&self.organisation, "hall", WALL).await.unwrap();
        let through = gateway.device.as_gateway();
        let button = self.provision.create_device(home, through, Role::HelpButton, "bed", WALL);
        (home, gateway, button.await.unwrap())
    }
}

fn press(of: &Minted, epoch: KeyEpoch) -> (Header, proto::frame::FrameBuf) {
    let boot = BootId::new(7, 1);
    let id = PressId { device: of.device, boot, seq: Seq::new(1) };
    let header = Header { class: Class::Emergency, epoch, id };
    let seal = of.key.end(epoch).boot(boot);
    (header, seal_end(&header, b"body", &seal).unwrap())
}

fn verifies(room: &Provision, of: &Minted, epoch: KeyEpoch) -> bool {
    let (header, frame) = press(of, epoch);
    let info = room.registry().device(of.device).unwrap();
    let key = info.end_key(header.epoch);
    key.is_some_and(|key| verify_end(&frame, &key.boot(header.id.boot)).is_ok())
}

#[tokio::test]
async fn an_enrolled_device_is_verified_at_once_and_after_a_restart() {
    let room = room().await;
    let (home, gateway, button) = room.furnished().await;
    assert!(button.device.reads_aloud() && home.reads_aloud());
    assert!(verifies(&room.provision, &button, button.epoch));
    let Room { dir, records, provision, .. } = room;
    drop(provision);
    let again = Provision::open(dir.path(), records.clone()).await.unwrap();
    assert!(verifies(&again, &button, button.epoch));
    let info = again.registry().device(button.device).unwrap();
    let through = gateway.device.as_gateway();
    assert_eq!((info.home, info.gateway, info.role), (Some(home), Some(through), Role::HelpButton));
    let roster: Vec<DeviceId> = again.registry().roster(through).iter().map(|d| d.device).collect();
    assert_eq!(roster, [button.device]);
    assert_eq!(again.registry().homes(through), [home]);
}

#[tokio::test]
async fn no_key_lies_in_the_database_in_the_open() {
    let room = room().await;
    let (_, gateway, button) = room.furnished().await;
    room.records.close().await;
    for entry in std::fs::read_dir(room.dir.path()).unwrap().flatten() {
        if entry.path().is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            for key in [gateway.key.expose(), button.key.expose()] {
                assert!(!bytes.windows(32).any(|w| w == key), "{:?}", entry.path());
            }
        }
    }
}

#[tokio::test]
async fn without_its_key_file_the_server_refuses_to_forget_its_devices() {
    let room = room().await;
    room.furnished().await;
    std::fs::remove_file(room.dir.path().join("keys/kek")).unwrap();
    let Room { dir, records, provision, .. } = room;
    let taken = Provision::open(dir.path(), records.clone()).await.err().unwrap();
    assert!(matches!(taken, ProvisionError::Taken(_)), "{taken}");
    drop(provision);
    let told = Provision::open(dir.path(), records).await.err().unwrap();
    assert!(matches!(told, ProvisionError::Kek(KekError::Missing { .. })), "{told}");
}

#[tokio::test]
async fn revoking_a_gateway_raises_epochs_and_a_press_under_way_still_counts() {
    let room = room().await;
    let (_, gateway, button) = room.furnished().await;
    let through = gateway.device.as_gateway();
    assert_eq!(room.provision.revoke_gateway(through).await.unwrap(), [button.device]);
    assert!(room.provision.registry().gateway(through).unwrap().revoked);
    let now = room.provision.registry().device(button.device).unwrap().epoch;
    assert_eq!(now.get(), button.epoch.get() + 1);
    assert!(verifies(&room.provision, &button, now));
    assert!(verifies(&room.provision, &button, button.epoch), "sealed before the change arrived");
    room.provision.revoke_gateway(through).await.unwrap();
    let once = room.provision.registry().device(button.device).unwrap().epoch;
    assert_eq!(once, now, "revoking twice raises once");
    let refused = room
        .provision
        .create_device(
            room.provision.create_home(room.place(), WALL).await.unwrap(),
            through,
            Role::BedMat,
            "",
            WALL,
        )
        .await;
    assert!(matches!(refused, Err(ProvisionError::Refused(_))));
}

#[tokio::test]
async fn a_released_device_leaves_its_roster_and_can_be_moved_on() {
    let room = room().await;
    let (home, gateway, button) = room.furnished().await;
    let through = gateway.device.as_gateway();
    assert_eq!(room.provision.release(button.device, NOW).await.unwrap(), Some(through));
    let registry = room.provision.registry();
    assert!(registry.device(button.device).unwrap().revoked);
    assert_eq!(registry.roster(through).len(), 0);
    room.provision.move_device(button.device, home, through, NOW).await.unwrap();
    let info = registry.device(button.device).unwrap();
    assert!(!info.revoked);
    assert_eq!(info.epoch.get(), button.epoch.get() + 1);
    assert_eq!(registry.roster(through).len(), 1);
}

#[tokio::test]
async fn a_resident_and_whom_to_call_are_read_back_in_order() {
    let room = room().await;
    let (home, ..) = room.furnished().await;
    let person = Resident {
        name: "演示一号".into(),
        call_as: "一号阿姨".into(),
        sex: "f".into(),
        born: Some(1941),
        talk: "左耳听不清".into(),
        health: "高血压\n怕冷".into(),
        entry: "敲三下".into(),
        ..Resident::default()
    };
    let contact = |name: &str| Contact {
        name: name.into(),
        relation: "女儿".into(),
        phone: "000-0000".into(),
        ..Contact::default()
    };
    let contacts = [contact("演示二号"), contact("演示三号")];
    room.provision.create_resident(home, &person, &contacts, WALL).await.unwrap();
    let number = home.get() as i64;
    let mut reader = room.records.reader().await.unwrap();
    assert_eq!(resident::of_home(&mut reader, number).await.unwrap(), Some(person.clone()));
    assert_eq!(resident::contacts(&mut reader, number).await.unwrap(), contacts);
    let name = home::name(&mut reader, number).await.unwrap().unwrap();
    assert_eq!((name.label.as_str(), name.person.as_str()), ("3-2-501", "演示一号"));
    let long = Resident { health: "1\n2\n3\n4".into(), ..person };
    let refused = room.provision.create_resident(home, &long, &[], WALL).await;
    assert!(matches!(refused, Err(ProvisionError::Refused(_))));
}

#[tokio::test]
async fn a_batch_is_there_at_once_and_after_a_restart() {
    let room = room().await;
    let roles = [Role::HelpButton, Role::BedMat];
    let made = room.provision.batch(&room.organisation, 1_500, &roles, WALL).await.unwrap();
    assert_eq!(made.len(), 1_500);
    assert_eq!(room.provision.registry().len(), 4_500);
    let Room { dir, records, provision, .. } = room;
    drop(provision);
    let again = Provision::open(dir.path(), records.clone()).await.unwrap();
    assert_eq!(again.registry().len(), 4_500);
    for home in [&made[0], &made[1_499]] {
        assert_eq!(again.registry().roster(home.gateway.device.as_gateway()).len(), 2);
        assert!(home.devices.iter().all(|d| verifies(&again, d, d.epoch)));
    }
    assert!(again.batch("unknown", 1, &roles, WALL).await.is_err());
}

#[test]
fn a_label_holds_the_code_and_the_printed_id() {
    let device = (1u64..).filter_map(DeviceId::new).find(|d| d.reads_aloud()).unwrap();
    let drawn = label::svg(device, Role::PullCord).unwrap();
    let text = device.to_string();
    assert!(drawn.starts_with("<?xml") && drawn.ends_with("</svg>"));
    assert!(drawn.contains(&format!(">{} {} {}<", &text[..4], &text[4..8], &text[8..])));
    assert_eq!(drawn.matches("<path").count(), 1);
    assert_eq!(drawn.matches("<svg").count(), drawn.matches("</svg>").count());
    assert_eq!(label::text(device), format!("hearthline:{text}"));
}

#[test]
fn a_gateways_certificate_is_signed_by_the_root_and_names_it() {
    use centre::provision::certificate::Authority;
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::open(dir.path(), WALL).unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let server = authority.server(&names, WALL).unwrap();
    authority.keep(&server).unwrap();
    let again = Authority::open(dir.path(), WALL).unwrap();
    assert_eq!(again.root_pem(), authority.root_pem());
    assert_eq!(again.kept(&names).unwrap(), server);
    assert_eq!(again.kept(&names[..1]), None, "another name is another certificate");
    let gateway = DeviceId::new(99).unwrap().as_gateway();
    let issued = again.gateway(gateway, WALL).unwrap();
    assert_eq!(issued.life.until - WALL / 86_400_000 * 86_400, 90 * 86_400);
    let root = x509(&again.root_pem());
    for (pem, name) in
        [(&server.pem, "hearthline server".to_owned()), (&issued.pem, gateway.to_string())]
    {
        let der = x509(pem);
        let (_, leaf) = x509_parser::parse_x509_certificate(&der).unwrap();
        let (_, root) = x509_parser::parse_x509_certificate(&root).unwrap();
        assert_eq!(leaf.issuer(), root.subject());
        let called = leaf.subject().iter_common_name().next().unwrap().as_str().unwrap();
        assert_eq!(called, name);
    }
    use std::os::unix::fs::PermissionsExt;
    for secret in ["root.key", "server.key"] {
        let mode = std::fs::metadata(dir.path().join("pki").join(secret)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{secret}");
    }
}

fn x509(pem: &str) -> Vec<u8> {
    x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1.contents
}
