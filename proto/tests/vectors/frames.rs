//! What devices say, from words to the bytes of a publication.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use heapless::Vec;
use proto::frame::{HEADER_LEN, Header, TAG_LEN, open_hop, seal_end, seal_hop, verify_end};
use proto::id::{PressId, Seq};
use proto::unit::{Dbm, Millis, NoData, Percent};
use proto::up::{Event, EventKind, Health, Loss, Quantity, Reading, Role, Up, Value as Told};
use serde_json::{Value, json};

use super::keys::derive;
use super::{Speaker, hex, hold, speakers, with};

/// Each word with what it says, field by field as the CDDL numbers them.
fn words() -> std::vec::Vec<(&'static str, Up, Value)> {
    let event = |kind, ms, count| Up::Event(Event { kind, uptime: Millis::new(ms), count });
    let health = |battery: Option<u8>, role| {
        Up::Health(Health {
            uptime: Millis::new(61_500),
            period_s: if battery.is_some() { 3_600 } else { 60 },
            battery: battery.and_then(Percent::new),
            signal: Dbm::new(-71),
            firmware: 0x0001_0203,
            tested: battery.map(|_| Millis::new(4_000)),
            role,
        })
    };
    let told = |quantity, value, no_data, age_s| Told { quantity, value, no_data, age_s };
    let values = [
        told(Quantity::InBed, Some(62.5), None, 0),
        told(Quantity::Heart, None, Some(NoData::NotPresent), 41),
        told(Quantity::Temperature, Some(21.25), None, 12),
    ];
    let reading = Reading {
        uptime: Millis::new(120_000),
        period_s: 60,
        values: Vec::from_slice(&values).expect("three"),
        home: None,
    };
    let loss =
        Loss { count: 17, since: Some(Seq::new(40)), uptime: Millis::new(90_000), home: None };
    vec![
        ("press", event(EventKind::Press, 93_000, Some(2)), json!({ "0": 0, "1": 93_000, "2": 2 })),
        ("fall suspected", event(EventKind::FallSuspected, 5, None), json!({ "0": 2, "1": 5 })),
        (
            "motion",
            event(EventKind::Motion, 4_294_967_296, None),
            json!({ "0": 12, "1": 4_294_967_296u64 }),
        ),
        (
            "health on battery",
            health(Some(87), Role::HelpButton),
            json!({ "0": 61_500, "1": 3_600, "2": 87, "3": -71, "4": 66_051, "5": 4_000, "6": 0 }),
        ),
        (
            "health on mains",
            health(None, Role::BedMat),
            json!({ "0": 61_500, "1": 60, "3": -71, "4": 66_051, "6": 2 }),
        ),
        (
            "reading",
            Up::Reading(reading),
            json!({ "0": 120_000, "1": 60, "2": [[0, 62.5, null, 0], [1, null, 1, 41], [7, 21.25, null, 12]] }),
        ),
        ("loss", Up::Loss(loss), json!({ "0": 17, "1": 40, "2": 90_000 })),
    ]
}

/// Opens a hop frame as the document says, without the crate.
fn opens_as_told(speaker: &Speaker, nonce: [u8; 12], hop: &[u8], open: &[u8]) -> bool {
    let boot = speaker.boot.get().to_be_bytes();
    let key = |own: &[u8; 32]| ChaCha20Poly1305::new(&derive(own, &[b"up", &boot]).into());
    let by_radio = key(speaker.key.hop(speaker.epoch).expose());
    let to_the_end = key(speaker.key.end(speaker.epoch).expose());
    let (sealed, tag) = hop.split_last_chunk::<TAG_LEN>().expect("a tag");
    let (head, text) = sealed.split_at(HEADER_LEN);
    let mut text = text.to_vec();
    let opened = by_radio.decrypt_inout_detached(
        &nonce.into(),
        head,
        text.as_mut_slice().into(),
        tag.into(),
    );
    let (told, tag) = open.split_last_chunk::<TAG_LEN>().expect("a tag");
    let ended =
        to_the_end.decrypt_inout_detached(&nonce.into(), told, (&mut [][..]).into(), tag.into());
    opened.is_ok() && ended.is_ok() && [head, &text].concat() == open
}

fn case(speaker: &Speaker, seq: u32, (name, up, says): &(&str, Up, Value)) -> Value {
    let id = PressId { device: speaker.device, boot: speaker.boot, seq: Seq::new(seq) };
    let header = Header { class: up.class(), epoch: speaker.epoch, id };
    let body = up.to_body().expect("short enough");
    let end = speaker.key.end(speaker.epoch).boot(speaker.boot);
    let by_radio = speaker.key.hop(speaker.epoch).boot(speaker.boot);
    let open = seal_end(&header, &body, &end).expect("short enough");
    let hop = seal_hop(&open, &by_radio).expect("short enough");
    assert_eq!(open_hop(&hop, &by_radio).as_deref(), Ok(&open[..]));
    assert_eq!(verify_end(&open, &end).map(|(_, body)| body), Ok(&body[..]));
    let mut nonce = [0; 12];
    nonce[8..].copy_from_slice(&seq.to_be_bytes());
    assert!(opens_as_told(speaker, nonce, &hop, &open), "{name}");
    with(
        speaker.told(),
        json!({
            "what": name,
            "class": up.class() as u8,
            "seq": seq,
            "says": says,
            "body": hex(&body),
            "nonce": hex(nonce),
            "header": hex(header.to_bytes()),
            "open_frame": hex(&open),
            "hop_frame": hex(&hop),
        }),
    )
}

#[test]
fn frames_are_sealed_as_the_vectors_say() {
    let mut made = std::vec::Vec::new();
    for (speaker, first) in speakers().iter().zip([1, 0x00A0_B0C0]) {
        for (seq, word) in (first..).zip(&words()) {
            made.push(case(speaker, seq, word));
        }
    }
    hold("frames.json", &json!({ "frames": made }));
}
