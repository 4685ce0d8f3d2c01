//! Two keys of one device at the gate: the older one lets it in until it has proved the new one, also over a restart.
//!
//! The roster alone, on its store. Not here: sessions (`door`), and who decides that keys change (`server`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

use door::{Gate, Hello};
use gateway::enrol::{Change, Member, Roster};
use gateway::spool::{Bounds, Spool};
use proto::id::{BootId, DeviceId, HomeId, KeyEpoch};
use proto::key::DeviceKey;
use proto::seat::Seat;
use proto::unit::Millis;
use proto::up::Role;

const OLD: KeyEpoch = KeyEpoch::new(1);
const NEW: KeyEpoch = KeyEpoch::new(2);

fn device() -> DeviceId {
    DeviceId::new(77).unwrap()
}

fn key() -> DeviceKey {
    DeviceKey::from_bytes([7; 32])
}

fn told() -> Member {
    let (home, role) = (HomeId::new(12).unwrap(), Role::HelpButton);
    Member { home, role, epoch: NEW, key: key().hop(NEW), other: None }
}

fn enters(roster: &Roster, epoch: KeyEpoch, counter: u32) -> bool {
    let proof = key().hop(epoch).connect_proof(BootId::new(9, 1), counter);
    let (seat, login) = (Seat::Device(device()).to_string(), device().to_string());
    let hello = Hello {
        peer: ([127, 0, 0, 1], 9).into(),
        client_id: &seat,
        login: Some(&login),
        password: Some(&proof),
        certificate: None,
    };
    roster.admit(&hello).is_ok()
}

#[test]
fn the_older_key_lets_a_device_in_until_it_has_proved_the_new_one() {
    let roster = Roster::new(Vec::new());
    assert_eq!(roster.enrol(device(), told()).0, Change::Joined);
    assert!(!enters(&roster, OLD, 1), "nobody has said that it may");
    roster.former(device(), OLD, key().hop(OLD)).expect("a row to be kept");
    assert!(roster.former(device(), OLD, key().hop(OLD)).is_none(), "said before");
    assert!(enters(&roster, OLD, 2));
    let member = roster.find(device()).unwrap();
    assert_eq!(member.key.expose(), key().hop(OLD).expose(), "what it is told it can open");
    assert_eq!(member.other.unwrap().expose(), key().hop(NEW).expose());
    assert!(!enters(&roster, OLD, 2), "a copy of a proof is no proof");
    assert!(enters(&roster, NEW, 3));
    let member = roster.find(device()).unwrap();
    assert_eq!(member.key.expose(), key().hop(NEW).expose());
    assert!(member.other.is_some(), "what is still on its way can be opened");
    assert!(!enters(&roster, OLD, 4), "the older key is good for nothing any more");
}

#[test]
fn an_older_key_is_no_way_around_a_release_or_a_newer_enrolment() {
    let roster = Roster::new(Vec::new());
    assert!(roster.former(device(), OLD, key().hop(OLD)).is_none(), "not ours");
    roster.enrol(device(), told());
    assert!(roster.former(device(), NEW, key().hop(NEW)).is_none(), "not older");
    roster.former(device(), OLD, key().hop(OLD)).unwrap();
    roster.release(device());
    assert!(!enters(&roster, OLD, 1));
    assert!(roster.former(device(), OLD, key().hop(OLD)).is_none());
    roster.enrol(device(), told());
    assert!(!enters(&roster, OLD, 2), "it goes with the release");
}

#[test]
fn the_older_key_survives_a_restart_and_its_end_does_too() {
    let folder = tempfile::tempdir().unwrap();
    let (raw_for, sent_for) = (Millis::secs(3600), Millis::secs(3600));
    let bounds = || Bounds { spool_bytes: 8 << 20, reserve_bytes: 1 << 20, raw_for, sent_for };
    let open = || Spool::open(folder.path(), bounds()).unwrap();
    {
        let (roster, spool) = (Roster::new(Vec::new()), open());
        spool.enrol(&roster.enrol(device(), told()).1.unwrap()).unwrap();
        spool.enrol(&roster.former(device(), OLD, key().hop(OLD)).unwrap()).unwrap();
    }
    {
        let spool = open();
        let roster = Roster::new(spool.roster().unwrap());
        assert!(enters(&roster, OLD, 1));
        assert!(enters(&roster, NEW, 2));
        let (_, proved) = roster.news();
        spool.note_proofs(&proved).unwrap();
    }
    let roster = Roster::new(open().roster().unwrap());
    assert!(!enters(&roster, OLD, 3));
    assert!(enters(&roster, NEW, 3));
}
