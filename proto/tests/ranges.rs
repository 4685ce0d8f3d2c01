//! The ranges of the description are those of the decoder, and a number beyond its range costs only itself.
//!
//! Each field that holds a number is walked: both ends of the range that `v1.cddl` gives it come back as they were
//! written, and what lies beyond leaves every other field as it was. Not here: golden bytes (`versions`).
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use minicbor::Encoder;
use proto::down::{Down, Receipt, Rung, SettingsOrder};
use proto::frame::Class;
use proto::id::{BootId, DeviceId, HomeId, KeyEpoch, PressId, Seq};
use proto::relay::GatewayDown;
use proto::unit::{Millis, NoData};
use proto::up::{EventKind, Quantity, Role, Up};

#[path = "ranges/cddl.rs"]
mod cddl;

use cddl::Ranges;

const CDDL: &str = include_str!("../v1.cddl");

/// What stands in a field.
#[derive(Debug, Clone, PartialEq)]
enum Item {
    Number(i128),
    Raw(Vec<u8>),
}

use Item::{Number, Raw};

fn put(e: &mut Encoder<&mut Vec<u8>>, item: &Item) {
    match item {
        Number(n) if *n < 0 => drop(e.i64(i64::try_from(*n).unwrap()).unwrap()),
        Number(n) => drop(e.u64(u64::try_from(*n).unwrap()).unwrap()),
        Raw(bytes) => e.writer_mut().extend_from_slice(bytes),
    }
}

fn map(fields: &[(u64, Item)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut e = Encoder::new(&mut out);
    e.map(fields.len() as u64).unwrap();
    for (key, item) in fields {
        e.u64(*key).unwrap();
        put(&mut e, item);
    }
    out
}

fn with(fields: &[(u64, Item)], key: u64, item: Option<Item>) -> Vec<(u64, Item)> {
    let changed = |(k, old): &(u64, Item)| match (*k == key, &item) {
        (true, None) => None,
        (true, Some(item)) => Some((*k, item.clone())),
        (false, _) => Some((*k, old.clone())),
    };
    fields.iter().filter_map(changed).collect()
}

/// A body of each class with every field, by the rule that describes it.
fn bodies() -> [(&'static str, Class, Vec<(u64, Item)>); 5] {
    let (board, none) = (vec![0x82, 0x07, 0x03], vec![0x80]);
    [
        ("event", Class::Emergency, vec![(0, Number(0)), (1, Number(5_000)), (2, Number(3))]),
        (
            "reading",
            Class::Reading,
            vec![(0, Number(9_000)), (1, Number(60)), (2, Raw(none)), (3, Number(77))],
        ),
        (
            "health",
            Class::Health,
            [9_000, 60, 64, -71, 0x0001_0203, 8, 5]
                .into_iter()
                .enumerate()
                .map(|(key, n)| (key as u64, Number(n)))
                .collect(),
        ),
        (
            "loss",
            Class::Loss,
            vec![(0, Number(3)), (1, Number(17)), (2, Number(8)), (3, Number(77))],
        ),
        (
            "progress",
            Class::Update,
            vec![
                (0, Number(9_000)),
                (1, Number(1 << 60)),
                (2, Number(66)),
                (3, Number(0)),
                (4, Number(4_096)),
                (5, Number(4)),
                (6, Number(1)),
                (7, Raw(board)),
            ],
        ),
    ]
}

/// What a word is and whose it is must be readable; see the head of the description.
const NEEDED: [(&str, u64); 4] = [("event", 0), ("reading", 2), ("progress", 1), ("progress", 3)];

/// What a reader takes in place of what it cannot read; none = the field is left out.
fn untold(rule: &str, key: u64, optional: bool) -> Option<Item> {
    match (rule, key) {
        ("health", 2) => Some(Number(255)),
        ("health", 3) => Some(Number(127)),
        ("health", 6) => Some(Number(255)),
        ("loss", 0) => Some(Number(0)),
        _ if optional => None,
        _ => Some(Number(u64::MAX.into())),
    }
}

fn again(class: Class, body: &[u8]) -> Option<Vec<u8>> {
    Some(Up::from_body(class, body).ok()?.to_body().unwrap().to_vec())
}

#[test]
fn every_number_is_kept_to_both_ends_of_the_range_that_is_written() {
    let (ranges, mut walked) = (Ranges::read(CDDL), 0);
    for (rule, class, fields) in bodies() {
        for field in ranges.fields(rule) {
            let Some((low, high)) = field.range else { continue };
            for end in [low, high] {
                let body = map(&with(&fields, field.key, Some(Number(end))));
                assert_eq!(again(class, &body).as_ref(), Some(&body), "{rule} {} {end}", field.key);
                walked += 1;
            }
        }
    }
    assert!(walked > 30, "{walked}");
}

#[test]
fn a_number_beyond_its_range_costs_only_itself_and_a_press_stays_a_press() {
    let (ranges, mut walked) = (Ranges::read(CDDL), 0);
    for (rule, class, fields) in bodies() {
        for field in ranges.fields(rule).iter().filter(|f| !NEEDED.contains(&(rule, f.key))) {
            // Of a list of names every number that is none of them is beyond.
            let (low, high) = field.range.unwrap_or((0, 254));
            // Home and device of a gateway's reading are keys of their own rules.
            if (rule, field.key) == ("reading", 4) {
                continue;
            }
            let named = field.range.is_none();
            let mut beyond = vec![low - 1, -7_000_000_000, i128::from(i64::MIN)];
            beyond.retain(|n| *n < low && *n >= i128::from(i64::MIN));
            if named || high < i128::from(u64::MAX) {
                beyond.extend([if named { 200 } else { high + 1 }, 70_000_000_000_000_000]);
            }
            let items = beyond.into_iter().map(Number);
            let odd = [vec![0x61, b'x'], vec![0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], vec![0xf5]];
            for item in items.chain(odd.into_iter().map(Raw)) {
                let body = map(&with(&fields, field.key, Some(item.clone())));
                let kept = map(&with(&fields, field.key, untold(rule, field.key, field.optional)));
                let read = again(class, &body);
                assert_eq!(read, Some(kept), "{rule} {} told as {item:?}", field.key);
                walked += 1;
            }
        }
    }
    assert!(walked > 100, "{walked}");
    let body = map(&[(0, Number(0)), (1, Number(-1)), (2, Number(1 << 40))]);
    let Ok(Up::Event(event)) = Up::from_body(Class::Emergency, &body) else { panic!("a press") };
    assert_eq!((event.kind, event.uptime, event.count), (EventKind::Press, Millis::UNTOLD, None));
}

/// Reads a reading of one odd value between two good ones; gives the odd one, if it is kept.
fn odd_value(bytes: &[u8]) -> Option<proto::up::Value> {
    let good = [0x84, 0x00, 0xfa, 0x42, 0xc8, 0, 0, 0xf6, 0x00];
    let values = [&[0x83][..], &good, bytes, &good].concat();
    let body = map(&[(0, Number(9)), (1, Number(100_000)), (2, Raw(values))]);
    let Ok(Up::Reading(reading)) = Up::from_body(Class::Reading, &body) else {
        panic!("a reading with {bytes:02x?}")
    };
    assert_eq!(reading.period_s, 100_000);
    let good = |place: usize| reading.values[place].value == Some(100.0);
    assert!(good(0) && good(reading.values.len() - 1), "the others are there");
    (reading.values.len() == 3).then(|| reading.values[1])
}

#[test]
fn an_odd_value_spoils_no_other() {
    let told = |bytes: &[u8]| odd_value(bytes).map(|v| (v.value, v.no_data, v.age_s));
    let of = |parts: &[&[u8]]| {
        [&[0x80 + u8::try_from(parts.len()).unwrap()][..], &parts.concat()].concat()
    };
    let (heart, single, null, zero) =
        (&[1][..], &[0xfa, 0x42, 0x70, 0, 0][..], &[0xf6][..], &[0][..]);
    let old = [0x1a, 0, 1, 0x11, 0x70];
    assert_eq!(told(&of(&[heart, single, null, &old])), Some((Some(60.0), None, 70_000)));
    for sixty in [&[0xfb, 0x40, 0x4e, 0, 0, 0, 0, 0, 0][..], &[0xf9, 0x53, 0x80], &[0x18, 60]] {
        assert_eq!(
            told(&of(&[heart, sixty, null, zero])),
            Some((Some(60.0), None, 0)),
            "{sixty:x?}"
        );
    }
    let huge = [0xfb, 0x7e, 0x37, 0xe4, 0x3c, 0x88, 0, 0x75, 0x9c];
    assert_eq!(told(&of(&[heart, &huge, null, zero])), Some((Some(f32::INFINITY), None, 0)));
    let fault = Some((None, Some(NoData::Fault), 0));
    assert_eq!(told(&of(&[heart, &[0x61, b'x'], null, zero])), fault, "no number");
    let stale = Some((None, Some(NoData::Stale), 0));
    assert_eq!(told(&of(&[heart, single, null, &[0x20]])), stale, "an age below zero");
    assert_eq!(told(&of(&[heart, single, null])), stale, "without its age");
    let unknown = told(&of(&[heart, single, &[0x18, 99], zero]));
    assert_eq!(unknown, Some((Some(60.0), Some(NoData::Fault), 0)), "a reason to come is one");
    assert_eq!(told(&of(&[&[0x18, 99], single, null, zero])), None, "of a quantity to come");
    assert_eq!(told(&[0x61, b'x']), None, "no value at all");
    assert_eq!(told(&[0x80]), None);
}

#[test]
fn of_more_values_than_a_reading_holds_the_first_are_kept() {
    let one = |n: u8| vec![0x84, n % 11, 0x00, 0xf6, 0x00];
    let values: Vec<u8> = [0x98, 20].into_iter().chain((0..20).flat_map(one)).collect();
    let body = map(&[(0, Number(9)), (1, Number(60)), (2, Raw(values))]);
    let Ok(Up::Reading(reading)) = Up::from_body(Class::Reading, &body) else { panic!("read") };
    assert_eq!((reading.values.len(), reading.values[15].quantity), (16, Quantity::Load));
}

#[test]
fn words_to_devices_and_gateways_keep_what_can_be_read() {
    let order = |health: Item| {
        let settings = map(&[(0, Number(4)), (1, health), (2, Number(3_600))]);
        minicbor::decode::<Down>(&[&[0x82, 0x01, 0x81][..], &settings].concat())
    };
    let told = SettingsOrder { number: 4, health_s: Some(u16::MAX), reading_s: Some(3_600) };
    assert_eq!(order(Number(65_535)).unwrap(), Down::Settings(told));
    let told = SettingsOrder { health_s: None, ..told };
    assert_eq!(order(Number(65_536)).unwrap(), Down::Settings(told));
    let device = DeviceId::new(9).unwrap();
    let enrol = GatewayDown::Enrol {
        device,
        home: HomeId::new(3).unwrap(),
        role: Role::Pendant,
        epoch: KeyEpoch::new(2),
        hop_key: [7; 32].into(),
    };
    let mut bytes = minicbor::to_vec(&enrol).unwrap();
    assert_eq!(bytes[5], 5, "the role");
    bytes[5] = 23;
    let Ok(GatewayDown::Enrol { role, .. }) = GatewayDown::read(&bytes) else { panic!("enrolled") };
    assert_eq!(role, Role::Other, "a device of a newer kind is enrolled all the same");
    let press = PressId { device, boot: BootId::new(1, 1), seq: Seq::new(1) };
    let (sealed, hint): (&[u8], _) = (&[1, 2], Some(Receipt { press, rung: Rung::Seen }));
    let forward = GatewayDown::Forward { device, sealed: sealed.into(), hint };
    let mut bytes = minicbor::to_vec(&forward).unwrap();
    assert_eq!(bytes.pop(), Some(3));
    bytes.push(9);
    let Ok(GatewayDown::Forward { hint, .. }) = GatewayDown::read(&bytes) else { panic!("hinted") };
    assert_eq!(hint, None, "a rung to come is carried to its device all the same");
}
