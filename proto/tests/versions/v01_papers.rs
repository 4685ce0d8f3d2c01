//! Golden bytes of version 1, part three: how a gateway gets its next certificate, byte for byte, for ever.
//!
//! These words came after those of `v01.rs` and add to them. If a test in this file fails, **do not change the
//! test**: gateways in homes speak these bytes. Give the change a new version with a file of its own.
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use proto::relay::{GatewayDown, Relay, RelayKind};
use proto::unit::Millis;

mod shapes;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_petition_goes_up_in_an_envelope_of_its_own_kind() {
    let bytes: &[u8] = &[0x30, 1, 2];
    let relay = Relay { kind: RelayKind::Petition, age: Millis::new(0), bytes: bytes.into() };
    let told = minicbor::to_vec(&relay).unwrap();
    assert_eq!(hex(&told), "a3000301000243300102");
    assert_eq!(Relay::read(&told).unwrap(), relay);
}

#[test]
fn papers_and_the_wish_for_a_petition_come_down() {
    let shapes = shapes::read(include_str!("../../v1.cddl"));
    let papers = GatewayDown::Papers { chain: "c", roots: "r" };
    for (word, golden) in [(papers, "82068261636172"), (GatewayDown::Petition, "820780")] {
        let told = minicbor::to_vec(&word).unwrap();
        assert_eq!(hex(&told), golden);
        assert_eq!(GatewayDown::read(&told).unwrap(), word);
    }
    shapes.check("papers", &minicbor::to_vec(("c", "r")).unwrap());
}
