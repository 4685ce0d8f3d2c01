//! Keys from a device's own one, and the password of a connection.

use hkdf::Hkdf;
use proto::id::BootId;
use proto::key::PROOF_LEN;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Speaker, hex, hold, speakers, with};

/// What the document says of a derived key, done once more.
pub(super) fn derive(key: &[u8; 32], info: &[&[u8]]) -> [u8; 32] {
    let mut out = [0; 32];
    let hkdf = Hkdf::<Sha256>::new(Some(b"hearthline/v1"), key);
    hkdf.expand_multi_info(info, &mut out).expect("short enough");
    out
}

fn case(speaker: &Speaker) -> Value {
    let (epoch, boot) = (speaker.epoch.get().to_be_bytes(), speaker.boot.get().to_be_bytes());
    let (hop, end) = (speaker.key.hop(speaker.epoch), speaker.key.end(speaker.epoch));
    assert_eq!(&derive(speaker.key.expose(), &[b"hop", &epoch]), hop.expose());
    assert_eq!(&derive(speaker.key.expose(), &[b"e2e", &epoch]), end.expose());
    let proofs: Vec<Value> = [1, 2, 0x0001_0203]
        .map(|counter| (counter, hop.connect_proof(speaker.boot, counter)))
        .map(|(counter, proof)| {
            assert_eq!(hop.check_connect_proof(&proof), Some((speaker.boot, counter)));
            let text = hex(proof);
            assert_eq!(hop.check_connect_proof(text.as_bytes()), Some((speaker.boot, counter)));
            assert_eq!((proof.len(), PROOF_LEN), (28, 28));
            json!({ "counter": counter, "password": text })
        })
        .into();
    with(
        speaker.told(),
        json!({
            "k_hop": hex(hop.expose()),
            "k_e2e": hex(end.expose()),
            "hop_key_of_boot": hex(derive(hop.expose(), &[b"up", &boot])),
            "end_key_of_boot": hex(derive(end.expose(), &[b"up", &boot])),
            "down_key_of_gateway": hex(derive(hop.expose(), &[b"down"])),
            "down_key_of_server": hex(derive(end.expose(), &[b"down"])),
            "connect_key": hex(derive(hop.expose(), &[b"connect"])),
            "connect_proofs": proofs,
        }),
    )
}

#[test]
fn keys_and_passwords_are_made_as_the_vectors_say() {
    hold("keys.json", &json!({ "keys": speakers().map(|speaker| case(&speaker)) }));
}

/// A digit may be a letter of either case and nothing else: a sign, which parsers of numbers take, is none.
#[test]
fn a_password_in_digits_is_read_strictly() {
    let [speaker, _] = speakers();
    let hop = speaker.key.hop(speaker.epoch);
    let proof = hop.connect_proof(BootId::from_raw(0x0102_0304_0506_0708), 1);
    let (told, digits) = (Some((BootId::from_raw(0x0102_0304_0506_0708), 1)), hex(proof));
    assert_eq!(hop.check_connect_proof(digits.as_bytes()), told);
    assert_eq!(hop.check_connect_proof(digits.to_uppercase().as_bytes()), told);
    let signed = digits.replacen("01", "+1", 1);
    assert_eq!(hop.check_connect_proof(signed.as_bytes()), None, "{signed}");
    let spaced = digits.replacen("01", " 1", 1);
    assert_eq!(hop.check_connect_proof(spaced.as_bytes()), None, "{spaced}");
}
