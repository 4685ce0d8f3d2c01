//! Golden bytes of version 1: what this version says, byte for byte, for ever.
//!
//! If a test in this file fails, **do not change the test**: devices in homes speak these bytes. Give the
//! change a new version with a file of its own.
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use minicbor::bytes::ByteArray;
use proto::down::{Down, DownSeal, Receipt, Rung, SettingsOrder};
use proto::frame::{self, Class, Header, Lane};
use proto::id::{BootId, DeviceId, GatewayId, HomeId, KeyEpoch, PressId, Seq};
use proto::key::DeviceKey;
use proto::relay::{GatewayDown, Relay, RelayKind};
use proto::seat::Seat;
use proto::topic::Topic;
use proto::unit::{Dbm, Millis, NoData, Percent};
use proto::up::{Event, EventKind, Health, Loss, Quantity, Reading, Role, Up, Value};

mod shapes;

fn device() -> DeviceId {
    DeviceId::new(0x1_2345_6789_ABCD).unwrap()
}

fn gateway() -> GatewayId {
    GatewayId::new(0x2_0000_0000_0007).unwrap()
}

fn home() -> HomeId {
    HomeId::new(77).unwrap()
}

fn press() -> PressId {
    PressId { device: device(), boot: BootId::new(0xDEAD_BEEF, 3), seq: Seq::new(41) }
}

fn key() -> DeviceKey {
    DeviceKey::from_bytes(core::array::from_fn(|n| u8::try_from(n).unwrap()))
}

fn event(kind: EventKind, count: Option<u32>) -> Up {
    Up::Event(Event { kind, uptime: Millis::new(123_456), count })
}

fn summary() -> Up {
    let value = |quantity, value, no_data, age_s| Value { quantity, value, no_data, age_s };
    let values = [
        value(Quantity::InBed, Some(87.5), None, 0),
        value(Quantity::Heart, None, Some(NoData::Timeout), 90),
        value(Quantity::Battery, Some(99.0), None, 3600),
    ];
    let values = heapless::Vec::from_slice(&values).unwrap();
    Up::Reading(Reading { uptime: Millis::new(60_000), period_s: 60, values, home: Some(home()) })
}

fn bodies() -> [(&'static str, Up, &'static str); 9] {
    let health = Health {
        uptime: Millis::new(1),
        period_s: 60,
        battery: None,
        signal: None,
        firmware: 0x0001_0203,
        tested: None,
        role: Role::BedMat,
    };
    let full = Health {
        battery: Percent::new(64),
        signal: Dbm::new(-71),
        tested: Some(Millis::new(9)),
        ..health
    };
    let empty =
        Reading { uptime: Millis::new(5), period_s: 0, values: heapless::Vec::new(), home: None };
    let loss = Loss { count: 3, since: None, uptime: Millis::new(8), home: None };
    let told = Loss { since: Some(Seq::new(17)), home: Some(home()), ..loss };
    [
        ("event", event(EventKind::Press, None), "a20000011a0001e240"),
        ("event", event(EventKind::Tamper, Some(9)), "a30014011a0001e2400209"),
        ("reading", Up::Reading(empty), "a3000501000280"),
        (
            "reading",
            summary(),
            "a40019ea6001183c02838400fa42af0000f6008401f602185a840afa42c60000f6190e1003184d",
        ),
        ("health", Up::Health(health), "a4000101183c041a000102030602"),
        ("health", Up::Health(full), "a7000101183c021840033846041a0001020305090602"),
        ("loss", Up::Loss(loss), "a200030208"),
        ("loss", Up::Loss(told), "a400030111020803184d"),
        ("event", event(EventKind::FallConfirmed, Some(1)), "a30003011a0001e2400201"),
    ]
}

fn receipt() -> Receipt {
    Receipt { press: press(), rung: Rung::Received }
}

fn downs() -> [(Down, &'static str); 5] {
    let some = SettingsOrder { number: 4, health_s: Some(30), reading_s: None };
    let all = SettingsOrder { number: 5, health_s: Some(60), reading_s: Some(3600) };
    [
        (Down::Receipt(receipt()), "82008182831b000123456789abcd1bdeadbeef00000003182902"),
        (Down::Settings(some), "820181a2000401181e"),
        (Down::Settings(all), "820181a3000501183c02190e10"),
        (Down::Test(6), "82028106"),
        (Down::Identify(7), "82038107"),
    ]
}

fn relays() -> [(Relay<'static>, &'static str); 3] {
    let relay = |kind, age, bytes: &'static [u8]| Relay {
        kind,
        age: Millis::new(age),
        bytes: bytes.into(),
    };
    [
        (relay(RelayKind::Open, 0, &[1, 2, 3]), "a3000001000243010203"),
        (relay(RelayKind::Stranger, 1_000, &[4]), "a30001011903e8024104"),
        (relay(RelayKind::Unreadable, 259_200_000, &[]), "a30002011a0f7314000240"),
    ]
}

fn gateway_downs() -> [(&'static str, GatewayDown<'static>, &'static str); 5] {
    let sealed: &'static [u8] = &[9, 8, 7];
    let (device, home) = (device(), home());
    let hop_key = ByteArray::from([0xA5; 32]);
    let epoch = KeyEpoch::new(2);
    [
        (
            "forward",
            GatewayDown::Forward { device, sealed: sealed.into(), hint: None },
            "8200821b000123456789abcd43090807",
        ),
        (
            "forward",
            GatewayDown::Forward { device, sealed: sealed.into(), hint: Some(receipt()) },
            "8200831b000123456789abcd4309080782831b000123456789abcd1bdeadbeef00000003182902",
        ),
        (
            "enrol",
            GatewayDown::Enrol { device, home, role: Role::PullCord, epoch, hop_key },
            "8201851b000123456789abcd184d01025820a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5",
        ),
        ("release", GatewayDown::Release { device }, "8202811b000123456789abcd"),
        ("alarm", GatewayDown::Alarm { home, open: true }, "820382184df5"),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |n| u8::from_str_radix(&text[n..n + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

fn open_frame() -> frame::FrameBuf {
    let header = Header { class: Class::Emergency, epoch: KeyEpoch::new(2), id: press() };
    let body = event(EventKind::Press, None).to_body().unwrap();
    frame::seal_end(&header, &body, &key().end(header.epoch).boot(press().boot)).unwrap()
}

#[test]
fn what_a_device_says() {
    for (_, up, golden) in bodies() {
        assert_eq!(hex(&up.to_body().unwrap()), golden, "{up:?}");
        assert_eq!(Up::from_body(up.class(), &unhex(golden)), Ok(up));
    }
}

#[test]
fn what_a_device_is_told() {
    for (down, golden) in downs() {
        assert_eq!(hex(&minicbor::to_vec(down).unwrap()), golden, "{down:?}");
        assert_eq!(minicbor::decode::<Down>(&unhex(golden)).unwrap(), down);
    }
}

#[test]
fn what_gateway_and_server_say() {
    for (relay, golden) in relays() {
        assert_eq!(hex(&minicbor::to_vec(&relay).unwrap()), golden, "{relay:?}");
        assert_eq!(Relay::read(&unhex(golden)).unwrap(), relay);
    }
    for (_, word, golden) in gateway_downs() {
        assert_eq!(hex(&minicbor::to_vec(&word).unwrap()), golden, "{word:?}");
        assert_eq!(GatewayDown::read(&unhex(golden)).unwrap(), word);
    }
}

#[test]
fn the_two_seals_upwards() {
    let (open, epoch, boot) = (open_frame(), KeyEpoch::new(2), press().boot);
    assert_eq!(
        hex(&open),
        "01010002000123456789abcddeadbeef0000000300000029a20000011a0001e240425e95ff609e0964d18416a8b3ca5ecf"
    );
    let hop = frame::seal_hop(&open, &key().hop(epoch).boot(boot)).unwrap();
    assert_eq!(
        hex(&hop),
        "01010002000123456789abcddeadbeef00000003000000291adb75fce4bbcc4cb05a1b73e852fb5fb7daf0a10ba0b6324c1082f6f38267ee740d037fd0f266dcfc"
    );
    let opened = frame::open_hop(&hop, &key().hop(epoch).boot(boot)).unwrap();
    let (header, body) = frame::verify_end(&opened, &key().end(epoch).boot(boot)).unwrap();
    assert_eq!((header.class, header.epoch, header.id), (Class::Emergency, epoch, press()));
    assert_eq!(Up::from_body(header.class, body), Ok(event(EventKind::Press, None)));
}

#[test]
fn the_two_seals_downwards() {
    let (epoch, nonce) = (KeyEpoch::new(2), [0x42; 24]);
    let word = Down::Receipt(receipt());
    let sealed = [
        (
            DownSeal::gateway(&key().hop(epoch)),
            "0101000123456789abcd424242424242424242424242424242424242424242424242a974c74a427b90c860c65e8a9a823fcb2106584055d5d7e18cf681083fcb8805b1e28b7c9745dcac8440",
        ),
        (
            DownSeal::server(&key().end(epoch)),
            "0102000123456789abcd4242424242424242424242424242424242424242424242428291b1dfb246cfe91b052867fd7eff313577b18b4eb0e95a8bb89b02e05e145dc53a8b07f732d97e9e18",
        ),
    ];
    for (seal, golden) in sealed {
        assert_eq!(hex(&seal.seal(device(), nonce, &word).unwrap()), golden);
        assert_eq!(seal.open(device(), &unhex(golden)), Ok(word));
    }
}

#[test]
fn the_password_of_a_connection() {
    let hop = key().hop(KeyEpoch::new(2));
    let proof = hop.connect_proof(press().boot, 12);
    assert_eq!(hex(&proof), "deadbeef000000030000000c59f75edf9ab2c44b283d655f0f5a31ac");
    assert_eq!(hop.check_connect_proof(&proof), Some((press().boot, 12)));
}

#[test]
fn ids_seats_and_topics_as_text() {
    use Lane::{Emergency, Telemetry};
    let seats = [
        (Seat::Device(device()), "d-938NKRKAYDV"),
        (Seat::Stranger(device()), "s-938NKRKAYDV"),
        (Seat::Gateway(gateway(), Emergency), "g-G000000007P-e"),
        (Seat::Gateway(gateway(), Telemetry), "g-G000000007P-t"),
    ];
    for (seat, text) in seats {
        assert_eq!((seat.to_string().as_str(), text.parse()), (text, Ok(seat)));
    }
    let topics = [
        (Topic::DeviceUp(device(), Emergency), "hl1/d/938NKRKAYDV/up/e"),
        (Topic::DeviceUp(device(), Telemetry), "hl1/d/938NKRKAYDV/up/t"),
        (Topic::DeviceDown(device()), "hl1/d/938NKRKAYDV/down"),
        (Topic::StrangerUp(device()), "hl1/s/938NKRKAYDV/up/e"),
        (Topic::GatewayUp(gateway(), Emergency), "hl1/g/G000000007P/up/e"),
        (Topic::GatewayUp(gateway(), Telemetry), "hl1/g/G000000007P/up/t"),
        (Topic::GatewayDown(gateway()), "hl1/g/G000000007P/down"),
        (Topic::BusState(home(), device()), "hl1/bus/000000002D3/938NKRKAYDV/state"),
        (Topic::BusReceipt(home(), device()), "hl1/bus/000000002D3/938NKRKAYDV/receipt"),
        (Topic::BusAlarm(home()), "hl1/bus/000000002D3/alarm"),
        (Topic::Watchdog, "hl1/watchdog"),
    ];
    for (topic, text) in topics {
        assert_eq!((topic.to_string().as_str(), text.parse()), (text, Ok(topic)));
    }
}

fn numbers(codes: &[Vec<u8>]) -> Vec<u8> {
    codes.iter().map(|code| code[0]).collect()
}

#[test]
fn numbers_of_events_never_move() {
    use EventKind as E;
    let events = [
        E::Press,
        E::Pull,
        E::FallSuspected,
        E::FallConfirmed,
        E::Cancel,
        E::BedIn,
        E::BedOut,
        E::Motion,
        E::DoorOpen,
        E::DoorClosed,
        E::Tamper,
        E::BatteryLow,
        E::Stuck,
        E::PowerLost,
        E::PowerBack,
    ];
    let told = events.map(|kind| minicbor::to_vec(kind).unwrap());
    assert_eq!(
        numbers(&told),
        [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23]
            .into_iter()
            .chain([0x18])
            .collect::<Vec<_>>()
    );
    assert_eq!(told[14], [0x18, 24]);
}

#[test]
fn numbers_of_classes_roles_and_quantities_never_move() {
    let classes = [Class::Emergency, Class::Event, Class::Reading, Class::Health, Class::Loss];
    assert_eq!(classes.map(|class| class as u8), [1, 2, 3, 4, 5]);
    let roles = [
        Role::HelpButton,
        Role::PullCord,
        Role::BedMat,
        Role::Motion,
        Role::Door,
        Role::Pendant,
        Role::Gateway,
    ];
    assert_eq!(numbers(&roles.map(|role| minicbor::to_vec(role).unwrap())), [0, 1, 2, 3, 4, 5, 6]);
    let quantities = [
        Quantity::InBed,
        Quantity::Heart,
        Quantity::Breath,
        Quantity::Restless,
        Quantity::Load,
        Quantity::Motion,
        Quantity::Door,
        Quantity::Temperature,
        Quantity::Humidity,
        Quantity::Signal,
        Quantity::Battery,
    ];
    let told = quantities.map(|quantity| minicbor::to_vec(quantity).unwrap());
    assert_eq!(numbers(&told), (0..11).collect::<Vec<_>>());
    let reasons = [NoData::Off, NoData::NotPresent, NoData::Timeout, NoData::Fault, NoData::Stale];
    let told = reasons.map(|reason| minicbor::to_vec(reason).unwrap());
    assert_eq!(numbers(&told), [0, 1, 2, 3, 4]);
    let rungs = [Rung::Stored, Rung::Received, Rung::Seen].map(|r| minicbor::to_vec(r).unwrap());
    assert_eq!(numbers(&rungs), [1, 2, 3]);
}

#[test]
fn the_description_for_other_languages_knows_every_key() {
    let shapes = shapes::read(include_str!("../../v1.cddl"));
    for (rule, up, _) in bodies() {
        shapes.check(rule, &up.to_body().unwrap());
    }
    for (down, _) in downs() {
        match down {
            Down::Receipt(receipt) => shapes.check("receipt", &minicbor::to_vec(receipt).unwrap()),
            Down::Settings(order) => {
                shapes.check("settings-order", &minicbor::to_vec(order).unwrap());
            }
            Down::Test(_) | Down::Identify(_) => {}
        }
    }
    for (relay, _) in relays() {
        shapes.check("relay", &minicbor::to_vec(relay).unwrap());
    }
    for (rule, word, _) in gateway_downs() {
        // The word is [number, fields]; the fields follow one byte of array head and one of number.
        shapes.check(rule, &minicbor::to_vec(word).unwrap()[2..]);
    }
    shapes.check("press-id", &minicbor::to_vec(press()).unwrap());
}
