//! Protection, link by link: what is not known is never green, and each broken link is named.
//!
//! Devices speak through `house`; gateway, server and watch room are told as facts.

use care::Input;
use care::policy::{BATTERY_SILENT_MAX, GATEWAY_SILENT};
use care::protection::{
    Chain, Flaw, Gateway, Outside, Protection, Room, Server, State, Voice, Word, protection,
};
use proto::id::GatewayId;

use proto::up::{EventKind, Role};

use crate::house::{BUTTON, House, MAT, hours, minutes};

const BOX: GatewayId = match GatewayId::new(99) {
    Some(id) => id,
    None => panic!("small numbers are ids"),
};
const STAFFED: Room = Room { consoles: 1, outside: Outside::Proved };

fn house() -> House {
    let mut house = House::with(&[(BUTTON, Role::HelpButton), (MAT, Role::BedMat)]);
    house.health(BUTTON, 3600, Some(90));
    house.health(MAT, 60, None);
    house
}

fn gateway(house: &House) -> Gateway {
    Gateway {
        id: BOX,
        revoked: false,
        heard: Some(house.now),
        known: None,
        listening: house.now,
        listens: true,
        fails: false,
    }
}

/// What is said with this gateway, server and room.
fn told(house: &House, gateway: Gateway, server: Server, room: Room) -> Protection {
    let voices = house.home.watch(house.now);
    let devices: Vec<Voice> =
        voices.iter().map(|voice| Voice { gateway: Some(BOX), ..*voice }).collect();
    protection(&Chain { now: house.now, devices: &devices, gateways: &[gateway], server, room })
}

fn well(house: &House) -> Protection {
    told(house, gateway(house), Server::Works, STAFFED)
}

fn flaws(said: &Protection) -> Vec<Flaw> {
    assert_eq!(said.count, said.causes.len());
    said.causes.iter().map(|cause| cause.flaw).collect()
}

#[test]
fn a_home_is_protected_only_while_every_link_is_proved() {
    let house = house();
    let said = well(&house);
    assert_eq!((said.state, flaws(&said)), (State::Protected, vec![]));
}

#[test]
fn each_device_is_known_for_its_own_time() {
    let mut house = house();
    house.pass(minutes(4));
    assert_eq!(flaws(&well(&house)), [Flaw::Silent], "the mat speaks each minute");
    assert_eq!(well(&house).causes[0].device, Some(MAT));
    house.health(MAT, 60, None);
    assert_eq!(well(&house).state, State::Protected);
    // The button promised to speak each hour: it is not well for a day because the longest limit is one.
    for _ in 0..125 {
        house.pass(minutes(1));
        house.health(MAT, 60, None);
    }
    assert!(hours(3) < BATTERY_SILENT_MAX);
    assert_eq!((well(&house).state, flaws(&well(&house))), (State::Lacking, vec![Flaw::Silent]));
}

#[test]
fn a_device_that_has_never_spoken_is_not_green() {
    let mut house = house();
    house.step(Input::Enrolled { device: crate::house::CORD, role: Role::PullCord });
    let said = well(&house);
    assert_eq!((said.state, flaws(&said)), (State::Lacking, vec![Flaw::Never]));
}

#[test]
fn silence_while_nobody_listened_is_unknown_and_not_green() {
    let mut house = house();
    house.now = house.now.after(minutes(30));
    house.step(Input::Resumed);
    let said = well(&house);
    assert_eq!((said.state, flaws(&said)), (State::Lacking, vec![Flaw::Unheard]));
    house.now = house.now.after(hours(3));
    house.step(Input::Resumed);
    assert_eq!(well(&house).state, State::Unknown, "nobody at all is heard");
}

#[test]
fn a_dead_gateway_leaves_a_home_unprotected_and_its_devices_unknown() {
    let mut house = house();
    let dead = gateway(&house);
    house.now = house.now.after(GATEWAY_SILENT);
    let said = told(&house, dead, Server::Works, STAFFED);
    assert_eq!((said.state, flaws(&said)), (State::Unprotected, vec![Flaw::GatewaySilent]));
    assert_eq!(said.causes[0].since, dead.heard);
    assert!(said.devices.iter().all(|voice| voice.word == Word::Cut));
}

#[test]
fn a_gateway_has_its_time_after_a_start_and_is_unknown_until_it_speaks() {
    let house = house();
    let start = Gateway { heard: None, ..gateway(&house) };
    let said = told(&house, start, Server::Works, STAFFED);
    assert_eq!((said.state, flaws(&said)), (State::Unknown, vec![Flaw::GatewayUnheard]));
    let revoked = Gateway { revoked: true, ..gateway(&house) };
    let said = told(&house, revoked, Server::Works, STAFFED);
    assert_eq!((said.state, flaws(&said)), (State::Unprotected, vec![Flaw::GatewayRevoked]));
    let deaf = Gateway { listens: false, ..gateway(&house) };
    let said = told(&house, deaf, Server::Works, STAFFED);
    assert_eq!((said.state, flaws(&said)), (State::Lacking, vec![Flaw::Uplink]));
}

#[test]
fn one_person_or_one_proved_way_out_is_enough_to_be_heard_and_none_is_not() {
    let house = house();
    let says = |consoles, outside| {
        let said = told(&house, gateway(&house), Server::Works, Room { consoles, outside });
        (said.state, flaws(&said))
    };
    assert_eq!(says(1, Outside::Nobody), (State::Lacking, vec![Flaw::NoWayOut]));
    assert_eq!(says(2, Outside::Unproved(None)), (State::Lacking, vec![Flaw::WayOutUnproved]));
    assert_eq!(says(0, Outside::Proved), (State::Lacking, vec![Flaw::Unstaffed]));
    let nobody = vec![Flaw::Unstaffed, Flaw::WayOutDead];
    assert_eq!(says(0, Outside::Dead(None)), (State::Unprotected, nobody));
}

#[test]
fn a_server_that_fails_or_is_behind_makes_no_home_green() {
    let house = house();
    let says = |server| told(&house, gateway(&house), server, STAFFED);
    assert_eq!(says(Server::Fails).state, State::Unprotected);
    assert_eq!(says(Server::Behind).state, State::Unknown);
    assert_eq!(flaws(&says(Server::Behind)), [Flaw::Backlog]);
}

#[test]
fn what_a_device_tells_of_itself_is_named_until_it_has_passed() {
    let mut house = house();
    for (kind, flaw) in [
        (EventKind::Stuck, Flaw::Stuck),
        (EventKind::Tamper, Flaw::Tampered),
        (EventKind::PowerLost, Flaw::NoMains),
    ] {
        house.event(MAT, kind);
        assert!(flaws(&well(&house)).contains(&flaw), "{flaw:?}");
    }
    house.health(BUTTON, 3600, Some(9));
    assert_eq!(flaws(&well(&house)).len(), 4);
    assert_eq!(well(&house).state, State::Lacking);
    house.event(MAT, EventKind::PowerBack);
    house.health(BUTTON, 3600, Some(95));
    assert_eq!(flaws(&well(&house)), [Flaw::Stuck, Flaw::Tampered]);
}

#[test]
fn a_home_without_devices_is_not_protected() {
    let house = House::with(&[]);
    let now = house.now;
    let chain = Chain { now, devices: &[], gateways: &[], server: Server::Works, room: STAFFED };
    let said = protection(&chain);
    assert_eq!((said.state, flaws(&said)), (State::Unprotected, vec![Flaw::NoDevices]));
}
