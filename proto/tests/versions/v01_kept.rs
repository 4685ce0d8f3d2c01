//! Golden bytes of version 1, part three: what gateway and server say of what has been sent, byte for byte, for ever.
//!
//! These words came after those of `v01.rs` and add to them. If a test in this file fails, **do not change the
//! test**: gateways in homes speak these bytes. Give the change a new version with a file of its own.
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use proto::relay::{GatewayDown, Kept, Mark, Relay, RelayKind};
use proto::unit::Millis;

mod shapes;

const CDDL: &str = include_str!("../../v1.cddl");

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn kepts() -> [(&'static str, Kept<'static>, &'static str); 3] {
    let frame: &'static [u8] = &[1, 2, 3];
    let mark = |through, aside| Mark { line: 9, spool: 7, through: Millis::new(through), aside };
    let (at, ago) = (Millis::new(1_000), Millis::new(500));
    [
        ("mark", Kept::Mark(mark(600, false)), "820081a4000901070219025803f4"),
        ("mark", Kept::Mark(mark(0, true)), "820081a400090107020003f5"),
        ("ended", Kept::Ended { at, ago, frame: frame.into() }, "8201831903e81901f443010203"),
    ]
}

#[test]
fn what_a_gateway_says_of_its_store() {
    for (_, word, golden) in kepts() {
        assert_eq!(hex(&minicbor::to_vec(&word).unwrap()), golden);
        assert_eq!(Kept::read(&bytes(golden)).unwrap(), word);
    }
    let inner: &[u8] = &[1, 2];
    let relay = Relay { kind: RelayKind::Kept, age: Millis::default(), bytes: inner.into() };
    assert_eq!(hex(&minicbor::to_vec(&relay).unwrap()), "a30004010002420102");
}

#[test]
fn what_the_server_says_of_its_rows() {
    let through = Millis::new(600);
    let word = GatewayDown::Reached { lane: 1, line: 9, spool: 7, through, restored: true };
    let golden = "820485010907190258f5";
    assert_eq!(hex(&minicbor::to_vec(&word).unwrap()), golden);
    assert_eq!(GatewayDown::read(&bytes(golden)).unwrap(), word);
}

#[test]
fn the_description_names_what_is_said() {
    let shapes = shapes::read(CDDL);
    for (rule, _, golden) in kepts() {
        // The rule describes what stands in the word: the map of a mark, the list of an end.
        let at = if rule == "mark" { 3 } else { 2 };
        shapes.check(rule, &bytes(golden)[at..]);
    }
    shapes.check("reached", &bytes("85010907190258f5"));
}
