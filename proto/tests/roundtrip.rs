//! Whatever can be said arrives as it was said: through the body, both seals, the envelope and the text forms.
//!
//! Random cases print the smallest one that fails. Not here: the rules themselves.
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use minicbor::bytes::ByteSlice;
use proptest::option::of;
use proptest::prelude::*;
use proto::down::{Down, DownSeal, Receipt, Rung, SettingsOrder};
use proto::frame::{self, Class, EMERGENCY_BODY_MAX, Header, Lane};
use proto::id::{BootId, DeviceId, GatewayId, HomeId, ID_LIMIT, IdError, KeyEpoch, PressId, Seq};
use proto::key::DeviceKey;
use proto::relay::{Relay, RelayKind};
use proto::seat::Seat;
use proto::topic::Topic;
use proto::unit::{Dbm, Millis, Mono, NoData, Percent};
use proto::up::{Event, EventKind, Health, Loss, Quantity, Reading, Role, Up, VALUES_MAX, Value};

fn millis() -> impl Strategy<Value = Millis> {
    any::<u64>().prop_map(Millis::new)
}

fn home() -> impl Strategy<Value = HomeId> {
    (0..ID_LIMIT).prop_map(|n| HomeId::new(n).unwrap())
}

fn device() -> impl Strategy<Value = DeviceId> {
    (0..ID_LIMIT).prop_map(|n| DeviceId::new(n).unwrap())
}

fn value() -> impl Strategy<Value = Value> {
    let reasons = (0..NoData::ALL.len()).prop_map(|reason| NoData::ALL[reason]);
    let number = of(-1.0e6f32..1.0e6);
    (0..Quantity::ALL.len(), number, of(reasons), any::<u64>()).prop_map(
        |(quantity, value, no_data, age_s)| Value {
            quantity: Quantity::ALL[quantity],
            value,
            no_data,
            age_s,
        },
    )
}

fn up() -> impl Strategy<Value = Up> {
    let event =
        (0..EventKind::ALL.len(), millis(), of(any::<u32>())).prop_map(|(kind, uptime, count)| {
            Up::Event(Event { kind: EventKind::ALL[kind], uptime, count })
        });
    let values = proptest::collection::vec(value(), 0..=VALUES_MAX);
    let reading = (millis(), any::<u64>(), values, of(home())).prop_map(
        |(uptime, period_s, values, home)| {
            let values = heapless::Vec::from_slice(&values).unwrap();
            Up::Reading(Reading { uptime, period_s, values, home })
        },
    );
    let battery = of((0..=100u8).prop_map(|p| Percent::new(p).unwrap()));
    let signal = of((-127..=0i8).prop_map(|p| Dbm::new(p).unwrap()));
    let health = (millis(), any::<u64>(), battery, signal, any::<u64>(), of(millis())).prop_map(
        |(uptime, period_s, battery, signal, firmware, tested)| {
            let role = Role::Pendant;
            Up::Health(Health { uptime, period_s, battery, signal, firmware, tested, role })
        },
    );
    let loss = (any::<u64>(), of(any::<u32>().prop_map(Seq::new)), millis(), of(home()))
        .prop_map(|(count, since, uptime, home)| Up::Loss(Loss { count, since, uptime, home }));
    prop_oneof![event, reading, health, loss]
}

fn press() -> impl Strategy<Value = PressId> {
    (device(), any::<u64>(), any::<u32>()).prop_map(|(device, boot, seq)| PressId {
        device,
        boot: BootId::from_raw(boot),
        seq: Seq::new(seq),
    })
}

proptest! {
    #[test]
    fn a_word_travels_through_both_seals_and_the_envelope(
        up in up(),
        id in press(),
        epoch in any::<u16>(),
        key in any::<[u8; 32]>(),
        age in millis(),
    ) {
        let (key, epoch) = (DeviceKey::from_bytes(key), KeyEpoch::new(epoch));
        let (hop, end) = (key.hop(epoch).boot(id.boot), key.end(epoch).boot(id.boot));
        let header = Header { class: up.class(), epoch, id };
        let open = frame::seal_end(&header, &up.to_body().unwrap(), &end).unwrap();
        let radio = frame::seal_hop(&open, &hop).unwrap();
        prop_assert_eq!(&radio, &frame::seal_hop(&open, &hop).unwrap(), "a repeat is the same bytes");
        let at_gateway = frame::open_hop(&radio, &hop).unwrap();
        let bytes: &ByteSlice = at_gateway[..].into();
        let envelope = minicbor::to_vec(Relay { kind: RelayKind::Open, age, bytes }).unwrap();
        let relay = Relay::read(&envelope).unwrap();
        prop_assert_eq!((relay.kind, relay.age), (RelayKind::Open, age));
        let (told, body) = frame::verify_end(relay.bytes, &end).unwrap();
        prop_assert_eq!(told, header);
        prop_assert_eq!(Up::from_body(told.class, body).unwrap(), up);
    }

    #[test]
    fn a_word_to_a_device_arrives(
        id in press(),
        nonce in any::<[u8; 24]>(),
        number in any::<u32>(),
        health_s in of(any::<u16>()),
        which in 0..6u8,
    ) {
        let order = SettingsOrder { number, health_s, reading_s: None };
        let word = match which {
            0 => Down::Receipt(Receipt { press: id, rung: Rung::Stored }),
            1 => Down::Receipt(Receipt { press: id, rung: Rung::Received }),
            2 => Down::Receipt(Receipt { press: id, rung: Rung::Seen }),
            3 => Down::Settings(order),
            4 => Down::Test(number),
            _ => Down::Identify(number),
        };
        let seal = DownSeal::server(&DeviceKey::from_bytes([1; 32]).end(KeyEpoch::new(1)));
        let sealed = seal.seal(id.device, nonce, &word).unwrap();
        prop_assert_eq!(seal.open(id.device, &sealed), Ok(word));
    }

    #[test]
    fn ids_topics_and_seats_are_read_as_they_are_printed(n in 0..ID_LIMIT, m in 0..ID_LIMIT) {
        let (device, gateway) = (DeviceId::new(n).unwrap(), GatewayId::new(m).unwrap());
        prop_assert_eq!(device.to_string().parse(), Ok(device));
        prop_assert_eq!(device.to_string().to_lowercase().parse(), Ok(device), "typed by hand");
        for lane in [Lane::Emergency, Lane::Telemetry] {
            for topic in [Topic::DeviceUp(device, lane), Topic::GatewayUp(gateway, lane)] {
                prop_assert_eq!(topic.to_string().parse(), Ok(topic));
            }
            let seat = Seat::Gateway(gateway, lane);
            prop_assert_eq!(seat.to_string().parse(), Ok(seat));
        }
    }

    /// One digit misread, or two neighbours swapped, is noticed.
    #[test]
    fn a_misread_id_is_noticed(n in 0..ID_LIMIT, place in 0..10usize, digit in 0..32usize) {
        let text = DeviceId::new(n).unwrap().to_string();
        let mut wrong: Vec<char> = text.chars().collect();
        wrong[place] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".chars().nth(digit).unwrap();
        let wrong: String = wrong.into_iter().collect();
        if wrong != text {
            prop_assert_eq!(wrong.parse::<DeviceId>(), Err(IdError::Check));
        }
        let mut swapped: Vec<char> = text.chars().collect();
        swapped.swap(place, (place + 1).min(9));
        let swapped: String = swapped.into_iter().collect();
        if swapped != text {
            prop_assert_eq!(swapped.parse::<DeviceId>(), Err(IdError::Check));
        }
    }

    #[test]
    fn time_never_wraps(at in any::<u64>(), span in any::<u64>()) {
        let (at, span) = (Mono::from_millis(at), Millis::new(span));
        prop_assert!(at.after(span) >= at);
        prop_assert_eq!(at.since(at.after(span)), Millis::default());
        prop_assert!(span.plus(span) >= span && span.less(span) == Millis::default());
    }
}

/// A body as a newer build would say it: one key more, one quantity more.
fn newer_reading() -> Vec<u8> {
    let mut body = Vec::new();
    let mut e = minicbor::Encoder::new(&mut body);
    e.map(4).unwrap().u8(0).unwrap().u64(5).unwrap().u8(1).unwrap().u16(60).unwrap();
    e.u8(2).unwrap().array(2).unwrap();
    e.array(4).unwrap().u8(200).unwrap().f32(1.0).unwrap().null().unwrap().u16(0).unwrap();
    e.array(4).unwrap().u8(1).unwrap().f32(61.0).unwrap().null().unwrap().u16(0).unwrap();
    e.u8(77).unwrap().map(1).unwrap().u8(0).unwrap().str("later").unwrap();
    body
}

#[test]
fn what_a_newer_build_adds_is_skipped_here_and_kept_on_relay() {
    let body = newer_reading();
    let Ok(Up::Reading(reading)) = Up::from_body(Class::Reading, &body) else {
        panic!("a newer reading is readable")
    };
    assert_eq!(reading.values.len(), 1, "the unknown quantity is skipped");
    assert_eq!(reading.values[0].quantity, Quantity::Heart);
    let key = DeviceKey::from_bytes([3; 32]);
    let id =
        PressId { device: DeviceId::new(1).unwrap(), boot: BootId::new(1, 1), seq: Seq::new(1) };
    let header = Header { class: Class::Reading, epoch: KeyEpoch::new(0), id };
    let end = key.end(KeyEpoch::new(0)).boot(id.boot);
    let open = frame::seal_end(&header, &body, &end).unwrap();
    let bytes: &ByteSlice = open[..].into();
    let envelope =
        minicbor::to_vec(Relay { kind: RelayKind::Open, age: Millis::new(1), bytes }).unwrap();
    let relay = Relay::read(&envelope).unwrap();
    assert_eq!(frame::verify_end(relay.bytes, &end).unwrap().1, body, "not one byte is touched");
}

#[test]
fn the_longest_words_fit_their_frames() {
    for kind in EventKind::ALL {
        let event = Event { kind, uptime: Millis::new(u64::MAX), count: Some(u32::MAX) };
        assert!(Up::Event(event).to_body().unwrap().len() <= EMERGENCY_BODY_MAX);
    }
    let value = Value {
        quantity: Quantity::Battery,
        value: Some(1.0e30),
        no_data: Some(NoData::Stale),
        age_s: u64::MAX,
    };
    let reading = Reading {
        uptime: Millis::new(u64::MAX),
        period_s: u64::MAX,
        values: heapless::Vec::from_slice(&[value; VALUES_MAX]).unwrap(),
        home: HomeId::new(ID_LIMIT - 1),
    };
    assert!(Up::Reading(reading).to_body().is_ok());
}
