//! What a gateway hands over is read by the one reader that golden and hostile bytes are held against.
//!
//! Not here: what the words mean (`ingest`), and the bytes themselves (`proto`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use centre::inbox::InboxRow;
use centre::ingest::read::{Loud, Reader, Said, opened_call, speaker};
use centre::provision::Registry;
use proto::RELAY_MAX;
use proto::frame::{Header, seal_end};
use proto::id::{BootId, DeviceId, GatewayId, KeyEpoch, PressId, Seq};
use proto::key::DeviceKey;
use proto::relay::{Relay, RelayKind};
use proto::unit::{Millis, Mono};
use proto::up::{Event, EventKind, Up};

fn press() -> (PressId, Vec<u8>) {
    let (device, boot) = (DeviceId::new(77).unwrap(), BootId::new(5, 1));
    let id = PressId { device, boot, seq: Seq::new(1) };
    let up = Up::Event(Event { kind: EventKind::Press, uptime: Millis::new(9), count: None });
    let header = Header { class: up.class(), epoch: KeyEpoch::new(0), id };
    let seal = DeviceKey::from_bytes([3; 32]).end(header.epoch).boot(boot);
    (id, seal_end(&header, &up.to_body().unwrap(), &seal).unwrap().to_vec())
}

fn envelope(frame: &[u8]) -> Vec<u8> {
    let relay = Relay { kind: RelayKind::Open, age: Millis::new(4), bytes: frame.into() };
    minicbor::to_vec(&relay).unwrap()
}

fn read(bytes: Vec<u8>) -> Said {
    let gateway = GatewayId::new(9).unwrap();
    let row = InboxRow { id: 1, gateway, mono: Mono::from_millis(100), wall_ms: 0, bytes };
    Reader::default().read(&row, &Registry::default())
}

#[test]
fn an_envelope_is_read_to_its_last_byte_and_within_its_bound() {
    let (id, frame) = press();
    let sound = envelope(&frame);
    assert_eq!(opened_call(&sound), Some(id));
    assert_eq!(speaker(&sound, &Registry::default()).0, Some(id.device));
    assert!(matches!(read(sound.clone()), Said::Word(word) if word.id == id));

    let more = [sound, vec![0]].concat();
    let long = envelope(&[&frame[..], &[0; RELAY_MAX]].concat());
    for bytes in [more, long] {
        assert_eq!(opened_call(&bytes), None, "{} bytes", bytes.len());
        assert_eq!(speaker(&bytes, &Registry::default()), (None, None));
        // By its lane: in that of emergencies somebody is told of it.
        let said = read(bytes);
        assert!(matches!(said, Said::Aside("envelope is not readable", Loud::ByLane)), "{said:?}");
    }
}
