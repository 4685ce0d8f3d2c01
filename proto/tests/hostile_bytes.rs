//! Hostile bytes: truncated, oversized, forged, changed. Each is an error of its own kind and never a panic.
//!
//! Random cases print the smallest one that fails. Not here: the rules themselves.
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use proptest::prelude::*;
use proto::down::{DOWN_MAX, Down, DownSeal};
use proto::frame::{self, Class, FrameError, Header};
use proto::id::{BootId, DeviceId, KeyEpoch, PressId, Seq};
use proto::key::DeviceKey;
use proto::relay::{GatewayDown, Relay};
use proto::seat::Seat;
use proto::topic::Topic;
use proto::unit::Millis;
use proto::up::{BodyError, Event, EventKind, Up};
use proto::{EMERGENCY_MAX, FRAME_MAX, RELAY_MAX};

#[path = "../fuzz/read_all.rs"]
mod read_all;

fn id() -> PressId {
    PressId { device: DeviceId::new(5).unwrap(), boot: BootId::new(1, 1), seq: Seq::new(3) }
}

fn header(class: Class) -> Header {
    Header { class, epoch: KeyEpoch::new(1), id: id() }
}

fn key() -> DeviceKey {
    DeviceKey::from_bytes([9; 32])
}

fn press() -> Up {
    Up::Event(Event { kind: EventKind::Press, uptime: Millis::new(1), count: None })
}

fn open_frame() -> Vec<u8> {
    let end = key().end(KeyEpoch::new(1)).boot(id().boot);
    frame::seal_end(&header(Class::Emergency), &press().to_body().unwrap(), &end).unwrap().to_vec()
}

fn hop_frame() -> Vec<u8> {
    let hop = key().hop(KeyEpoch::new(1)).boot(id().boot);
    frame::seal_hop(&open_frame(), &hop).unwrap().to_vec()
}

#[test]
fn every_truncation_of_a_frame_is_refused() {
    let (hop, end) = (key().hop(KeyEpoch::new(1)), key().end(KeyEpoch::new(1)));
    let (hop_frame, open) = (hop_frame(), open_frame());
    for cut in 0..hop_frame.len() {
        assert!(frame::open_hop(&hop_frame[..cut], &hop.boot(id().boot)).is_err());
    }
    for cut in 0..open.len() {
        assert!(frame::verify_end(&open[..cut], &end.boot(id().boot)).is_err());
    }
}

#[test]
fn every_changed_bit_of_a_frame_is_noticed() {
    let (hop, end) = (key().hop(KeyEpoch::new(1)), key().end(KeyEpoch::new(1)));
    let (hop_frame, open) = (hop_frame(), open_frame());
    for bit in 0..hop_frame.len() * 8 {
        let mut changed = hop_frame.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(frame::open_hop(&changed, &hop.boot(id().boot)).is_err(), "bit {bit}");
    }
    for bit in 0..open.len() * 8 {
        let mut changed = open.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(frame::verify_end(&changed, &end.boot(id().boot)).is_err(), "bit {bit}");
    }
}

#[test]
fn what_the_gateway_can_make_is_not_what_the_server_believes() {
    let forged = frame::seal_end(
        &header(Class::Emergency),
        &press().to_body().unwrap(),
        // The best a stolen gateway can do: its hop key in place of the end key.
        &proto::key::EndKey::from_bytes(*key().hop(KeyEpoch::new(1)).expose()).boot(id().boot),
    )
    .unwrap();
    let end = key().end(KeyEpoch::new(1)).boot(id().boot);
    assert_eq!(frame::verify_end(&forged, &end), Err(FrameError::Seal));
}

#[test]
fn a_frame_of_another_boot_or_epoch_does_not_open() {
    let hop = hop_frame();
    let other_boot = key().hop(KeyEpoch::new(1)).boot(BootId::new(1, 2));
    let other_epoch = key().hop(KeyEpoch::new(2)).boot(id().boot);
    for seal in [other_boot, other_epoch] {
        assert_eq!(frame::open_hop(&hop, &seal), Err(FrameError::Seal));
    }
}

#[test]
fn headers_say_what_is_wrong_with_them() {
    let good = header(Class::Emergency).to_bytes();
    let with = |place: usize, byte: u8| {
        let mut bytes = good.to_vec();
        bytes[place] = byte;
        Header::parse(&bytes).map(|(header, _)| header)
    };
    assert_eq!(with(0, 2), Err(FrameError::Version(2)));
    assert_eq!(with(0, 0), Err(FrameError::Version(0)));
    assert_eq!(with(1, 0), Err(FrameError::Class(0)));
    assert_eq!(with(1, 7), Err(FrameError::Class(7)));
    assert_eq!(with(4, 0xFF), Err(FrameError::Device));
    assert_eq!(Header::parse(&good[..23]), Err(FrameError::Truncated));
    let mut long = good.to_vec();
    long.resize(EMERGENCY_MAX + 1, 0);
    assert_eq!(Header::parse(&long), Err(FrameError::Oversized));
}

#[test]
fn a_body_ends_where_its_word_ends() {
    let mut body = press().to_body().unwrap();
    assert!(Up::from_body(Class::Emergency, &body).is_ok());
    body.push(0).unwrap();
    assert_eq!(Up::from_body(Class::Emergency, &body), Err(BodyError));
}

#[test]
fn a_class_cannot_carry_the_kinds_of_another() {
    let motion = Event { kind: EventKind::Motion, uptime: Millis::new(1), count: None };
    let body = Up::Event(motion).to_body().unwrap();
    assert!(Up::from_body(Class::Event, &body).is_ok());
    assert_eq!(Up::from_body(Class::Emergency, &body), Err(BodyError), "motion jumps no queue");
    let press = press().to_body().unwrap();
    assert_eq!(Up::from_body(Class::Event, &press), Err(BodyError), "a press does not hide");
    for class in [Class::Reading, Class::Health, Class::Loss, Class::Update] {
        assert_eq!(Up::from_body(class, &press), Err(BodyError));
    }
}

#[test]
fn a_word_from_above_is_for_one_device_and_from_one_sealer() {
    let gateway = DownSeal::gateway(&key().hop(KeyEpoch::new(1)));
    let server = DownSeal::server(&key().end(KeyEpoch::new(1)));
    let sealed = gateway.seal(id().device, [3; 24], &Down::Test(1)).unwrap();
    assert_eq!(gateway.open(id().device, &sealed), Ok(Down::Test(1)));
    assert_eq!(gateway.open(DeviceId::new(6).unwrap(), &sealed), Err(FrameError::Seal));
    assert_eq!(server.open(id().device, &sealed), Err(FrameError::Seal));
    let mut claimed = sealed.clone();
    claimed[1] = 2;
    assert_eq!(
        server.open(id().device, &claimed),
        Err(FrameError::Seal),
        "no gateway is the server"
    );
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(gateway.open(id().device, &changed).is_err(), "bit {bit}");
    }
    let long = vec![1; DOWN_MAX + 1];
    assert_eq!(gateway.open(id().device, &long), Err(FrameError::Oversized));
}

#[test]
fn envelopes_are_bounded_and_end_where_they_end() {
    assert!(Relay::read(&vec![0; RELAY_MAX + 1]).is_err());
    assert!(Relay::read(&[]).is_err());
    // An alarm of home 1, then one byte more.
    let word = minicbor::to_vec(GatewayDown::Alarm {
        home: proto::id::HomeId::new(1).unwrap(),
        open: true,
    })
    .unwrap();
    assert!(GatewayDown::read(&word).is_ok());
    assert!(GatewayDown::read(&[&word[..], &[0]].concat()).is_err());
}

#[test]
fn a_proof_is_good_for_its_key_and_its_whole_length() {
    let hop = key().hop(KeyEpoch::new(1));
    let proof = hop.connect_proof(id().boot, 8);
    assert_eq!(hop.check_connect_proof(&proof), Some((id().boot, 8)));
    for cut in 0..proof.len() {
        assert_eq!(hop.check_connect_proof(&proof[..cut]), None);
    }
    assert_eq!(hop.check_connect_proof(&[&proof[..], &[0]].concat()), None);
    assert_eq!(key().hop(KeyEpoch::new(2)).check_connect_proof(&proof), None);
    for bit in 0..proof.len() * 8 {
        let mut changed = proof;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(hop.check_connect_proof(&changed), None);
    }
}

#[test]
fn topics_and_seats_have_one_spelling() {
    let device = DeviceId::new(1).unwrap();
    let good = Topic::DeviceDown(device).to_string();
    assert!(good.parse::<Topic>().is_ok());
    let seat = Seat::Device(device).to_string();
    for (from, to) in [("0", "O"), ("0000000001", "000000000I"), ("0", "o")] {
        assert!(good.replacen(from, to, 1).parse::<Topic>().is_err(), "{from} as {to}");
        assert!(seat.replacen(from, to, 1).parse::<Seat>().is_err());
    }
    let slash = good.chars().nth(3).unwrap();
    let twisted = [
        format!("{slash}{good}"),
        format!("{good}{slash}"),
        good.replace(slash, &format!("{slash}{slash}")),
        good.replace("down", "#"),
        good.replace("down", "+"),
        format!("{good}\0"),
        String::new(),
    ];
    for text in twisted {
        assert!(text.parse::<Topic>().is_err(), "{text:?}");
    }
}

#[test]
fn nothing_printed_for_support_shows_a_key() {
    let secret = key();
    let hop = secret.hop(KeyEpoch::new(1));
    let word = GatewayDown::Enrol {
        device: id().device,
        home: proto::id::HomeId::new(1).unwrap(),
        role: proto::up::Role::BedMat,
        epoch: KeyEpoch::new(1),
        hop_key: (*hop.expose()).into(),
    };
    let bytes = open_frame();
    let relay =
        Relay { kind: proto::relay::RelayKind::Open, age: Millis::new(1), bytes: bytes[..].into() };
    let end = secret.end(KeyEpoch::new(1));
    let printed =
        format!("{word:?} {relay:?} {secret:?} {hop:?} {end:?} {:?}", header(Class::Loss));
    for key in [secret.expose(), hop.expose(), end.expose()] {
        let as_list = format!("{}, {}, {}", key[0], key[1], key[2]);
        let as_hex = format!("{:02x}{:02x}{:02x}", key[0], key[1], key[2]);
        assert!(!printed.contains(&as_list) && !printed.to_lowercase().contains(&as_hex));
    }
    assert!(!printed.contains(&format!("{}, {}, {}", bytes[24], bytes[25], bytes[26])));
}

#[test]
fn the_fuzzers_corpus_is_read() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/words");
    let mut count = 0;
    for file in std::fs::read_dir(corpus).unwrap() {
        read_all::read_all(&std::fs::read(file.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 20, "{count} files in the corpus");
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..FRAME_MAX + 80)) {
        read_all::read_all(&bytes);
    }

    /// Bytes that begin like something real get further in.
    #[test]
    fn nearly_good_bytes_are_read(
        which in 0..3u8,
        place in 0..200usize,
        byte in any::<u8>(),
        tail in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut bytes = match which {
            0 => hop_frame(),
            1 => open_frame(),
            _ => press().to_body().unwrap().to_vec(),
        };
        let place = place % bytes.len();
        bytes[place] = byte;
        bytes.extend(tail);
        read_all::read_all(&bytes);
    }

    #[test]
    fn any_text_is_read(text in "[hdsg0-9A-Za-z*~$=#+_./-]{0,60}") {
        read_all::read_all(text.as_bytes());
    }
}
