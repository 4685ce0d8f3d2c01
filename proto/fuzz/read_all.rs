//! Whatever the bytes are: every reader of the agreement answers, none panics, and what is read is what was written.
//!
//! One function, run by the fuzzer (`fuzz_targets/words.rs`) and, over its corpus, by the ordinary tests.

use proto::down::{DownBuf, DownSeal, Word, sealer_of};
use proto::frame::{self, Class, Header};
use proto::id::{BootId, DeviceId, KeyEpoch, PressId, Seq};
use proto::key::{DeviceKey, PROOF_LEN};
use proto::relay::{GatewayDown, Kept, Relay};
use proto::seat::Seat;
use proto::topic::Topic;
use proto::up::Up;
use proto::update::Order;
use proto::update::package::Package;

const CLASSES: [Class; 6] =
    [Class::Emergency, Class::Event, Class::Reading, Class::Health, Class::Loss, Class::Update];

/// Reads bytes as everything that can come from outside.
pub(crate) fn read_all(bytes: &[u8]) {
    frames(bytes);
    words(bytes);
    if let Ok(text) = core::str::from_utf8(bytes) {
        texts(text);
    }
}

fn frames(bytes: &[u8]) {
    let key = DeviceKey::from_bytes([7; 32]);
    let (hop, end) = (key.hop(KeyEpoch::new(1)), key.end(KeyEpoch::new(1)));
    let boot = BootId::new(1, 1);
    let (hop_seal, end_seal) = (hop.boot(boot), end.boot(boot));
    if let Ok((header, rest)) = Header::parse(bytes) {
        assert_eq!(header.to_bytes()[..], bytes[..bytes.len() - rest.len()]);
    }
    assert!(frame::open_hop(bytes, &hop_seal).is_err(), "nobody forges a hop tag by chance");
    assert!(frame::verify_end(bytes, &end_seal).is_err(), "nor an end tag");
    let _ = frame::read_open(bytes);
    let Some(device) = DeviceId::new(5) else { return };
    let _ = sealer_of(bytes);
    assert!(DownSeal::gateway(&hop).open(device, bytes).is_err(), "nor a word from above");
    assert!(DownSeal::server(&end).open(device, bytes).is_err());
    assert!(DownSeal::server(&end).open_any(device, bytes, &mut DownBuf::new()).is_err());
    if bytes.len() != PROOF_LEN {
        assert!(hop.check_connect_proof(bytes).is_none());
    }
    // The same bytes as a body under good seals: they come out as they went in.
    let id = PressId { device, boot, seq: Seq::new(9) };
    let header = Header { class: Class::Reading, epoch: KeyEpoch::new(1), id };
    if let Ok(open) = frame::seal_end(&header, bytes, &end_seal) {
        let opened = frame::seal_hop(&open, &hop_seal)
            .and_then(|sealed| frame::open_hop(&sealed, &hop_seal))
            .ok();
        assert_eq!(opened.as_deref(), Some(&open[..]));
        assert_eq!(frame::verify_end(&open, &end_seal), Ok((header, bytes)));
    }
}

fn words(bytes: &[u8]) {
    for class in CLASSES {
        let Ok(up) = Up::from_body(class, bytes) else { continue };
        let Ok(body) = up.to_body() else { continue };
        // A number that is none is unequal to itself, so bytes are compared.
        let again = Up::from_body(class, &body).ok().and_then(|up| up.to_body().ok());
        assert_eq!(again.as_deref(), Some(&body[..]), "what is read can be said");
    }
    if let Ok(relay) = Relay::read(bytes) {
        let _ = frame::read_open(relay.bytes);
    }
    let _ = GatewayDown::read(bytes);
    if let Ok(Kept::Ended { frame, .. }) = Kept::read(bytes) {
        let _ = frame::read_open(frame);
    }
    let _ = minicbor::decode::<Order<'_>>(bytes);
    let _ = Word::read(bytes);
    let _ = Package::read(bytes);
}

fn texts(text: &str) {
    if let Ok(topic) = text.parse::<Topic>() {
        assert_eq!(topic.to_string(), text, "one topic has one spelling");
    }
    if let Ok(seat) = text.parse::<Seat>() {
        assert_eq!(seat.to_string(), text, "one seat has one spelling");
    }
    if let Ok(device) = text.parse::<DeviceId>() {
        assert_eq!(device.to_string().parse(), Ok(device));
    }
}
