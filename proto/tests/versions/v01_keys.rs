//! Golden bytes of version 1, part three: how keys change, byte for byte, for ever.
//!
//! These words came after those of `v01.rs` and `v01_update.rs` and add to them. If a test in this file fails, **do not
//! change the test**: devices and boxes in homes speak these bytes. Give the change a new version with a file of its own.
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use proto::down::{Down, DownBuf, DownSeal, Keys, Word};
use proto::id::{DeviceId, KeyEpoch};
use proto::key::DeviceKey;
use proto::relay::GatewayDown;

mod shapes;

fn device() -> DeviceId {
    DeviceId::new(0x1_2345_6789_ABCD).unwrap()
}

fn key() -> DeviceKey {
    DeviceKey::from_bytes(core::array::from_fn(|n| u8::try_from(n).unwrap()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_word_that_keys_change() {
    let word = Keys::Renew(KeyEpoch::new(3));
    assert_eq!(hex(&minicbor::to_vec(word).unwrap()), "82078103");
    let seal = DownSeal::server(&key().end(KeyEpoch::new(2)));
    let sealed = seal.seal_keys(device(), [0x42; 24], &word).unwrap();
    assert_eq!(
        hex(&sealed),
        "0102000123456789abcd4242424242424242424242424242424242424242424242428296b15eaad1a904c0bfdfa715613339fb4c7e50"
    );
    let mut body = DownBuf::new();
    assert_eq!(seal.open_any(device(), &sealed, &mut body), Ok(Word::Keys(word)));
    assert_eq!(Word::read_own(&body), Ok(Word::Keys(word)));
    // A device of before hears a word that it does not know, and goes on.
    assert!(seal.open(device(), &sealed).is_err());
}

#[test]
fn the_older_words_are_read_as_before() {
    let seal = DownSeal::server(&key().end(KeyEpoch::new(2)));
    let sealed = seal.seal(device(), [0x42; 24], &Down::Identify(7)).unwrap();
    let mut body = DownBuf::new();
    assert_eq!(seal.unseal(device(), &sealed, &mut body), Ok(()));
    assert_eq!(Word::read_own(&body), Ok(Word::Plain(Down::Identify(7))));
}

#[test]
fn the_key_that_a_device_may_still_speak_under() {
    let hop_key = (*key().hop(KeyEpoch::new(2)).expose()).into();
    let word = GatewayDown::Former { device: device(), epoch: KeyEpoch::new(2), hop_key };
    let bytes = minicbor::to_vec(&word).unwrap();
    assert_eq!(
        hex(&bytes),
        "8208831b000123456789abcd025820d964744d34493cd2e1c74bb1930ee8ab9cc63a851c86bd6d69b7eb790ca2152f"
    );
    assert_eq!(GatewayDown::read(&bytes).unwrap(), word);
    let shapes = shapes::read(include_str!("../../v1.cddl"));
    shapes.check("former", &bytes[2..]);
    assert!(!format!("{word:?}").contains(&hex(key().hop(KeyEpoch::new(2)).expose())));
}
