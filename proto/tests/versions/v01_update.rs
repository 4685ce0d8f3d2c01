//! Golden bytes of version 1, part two: what is said of updates, byte for byte, for ever.
//!
//! These words came after those of `v01.rs` and add to them. If a test in this file fails, **do not change the
//! test**: devices in homes speak these bytes. Give the change a new version with a file of its own.
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use proto::down::{DownBuf, DownSeal, Word};
use proto::frame::Class;
use proto::id::{DeviceId, KeyEpoch};
use proto::key::DeviceKey;
use proto::unit::Millis;
use proto::up::Up;
use proto::update::package::Package;
use proto::update::{Chunk, Hardware, Manifest, Order, Progress, Refusal, Stage};

mod shapes;

fn manifest() -> Manifest {
    Manifest {
        hardware: Hardware { model: 0x0102, revision: 3 },
        version: 0x0001_0203,
        minimum: 0x0001_0000,
        size: 3,
        // SHA-256 of "abc"
        digest: array("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        signature: [0xA5; 64],
    }
}

fn progress() -> Progress {
    Progress {
        uptime: Millis::new(61_000),
        release: manifest().release(),
        running: 0x0001_0202,
        stage: Stage::Fetching,
        next: Some(4_096),
        chunks: Some(4),
        refusal: None,
        hardware: Some(manifest().hardware),
    }
}

fn orders() -> [(Order<'static>, &'static str); 3] {
    let bytes: &'static [u8] = &[9, 8, 7];
    let chunk = Chunk { release: manifest().release(), offset: 512, bytes: bytes.into() };
    [
        (
            Order::Offer(manifest()),
            "820481a6008219010203011a00010203021a000100000303045820ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad055840a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5",
        ),
        (Order::Chunk(chunk), "820581831bba7816bf8f01cfea19020043090807"),
        (Order::Heard(manifest().release()), "8206811bba7816bf8f01cfea"),
    ]
}

fn words() -> [(Progress, &'static str); 3] {
    let quiet = Progress { next: None, chunks: None, ..progress() };
    [
        (progress(), "a70019ee48011bba7816bf8f01cfea021a000102020300041910000504078219010203"),
        (
            Progress { stage: Stage::Trial, hardware: None, ..quiet },
            "a40019ee48011bba7816bf8f01cfea021a000102020302",
        ),
        (
            Progress { stage: Stage::RolledBack, refusal: Some(Refusal::Trial), ..quiet },
            "a60019ee48011bba7816bf8f01cfea021a0001020203040607078219010203",
        ),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |n| u8::from_str_radix(&text[n..n + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    unhex(text).try_into().unwrap()
}

#[test]
fn what_a_device_is_told_of_its_image() {
    for (order, golden) in orders() {
        assert_eq!(hex(&minicbor::to_vec(order).unwrap()), golden, "{order:?}");
        assert_eq!(minicbor::decode::<Order<'_>>(&unhex(golden)).unwrap(), order);
    }
}

#[test]
fn what_a_device_says_of_its_image() {
    for (progress, golden) in words() {
        let up = Up::Update(progress);
        assert_eq!(hex(&up.to_body().unwrap()), golden, "{up:?}");
        assert_eq!(Up::from_body(Class::Update, &unhex(golden)), Ok(up));
    }
    assert_eq!(Class::Update as u8, 6);
}

#[test]
fn what_the_firm_signs() {
    let golden = "6865617274686c696e6520696d6167652076310001020003000102030001000000000003ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex(&manifest().signed()), golden);
}

#[test]
fn the_seal_of_an_order() {
    let device = DeviceId::new(0x1_2345_6789_ABCD).unwrap();
    let key = DeviceKey::from_bytes(core::array::from_fn(|n| u8::try_from(n).unwrap()));
    let seal = DownSeal::server(&key.end(KeyEpoch::new(2)));
    let order = Order::Heard(manifest().release());
    let golden = "0102000123456789abcd4242424242424242424242424242424242424242424242428297b1468b25d957b74180045eee2d28a685c4e1c7ac6cca526563d8";
    assert_eq!(hex(&seal.seal_order(device, [0x42; 24], &order).unwrap()), golden);
    let mut body = DownBuf::new();
    let told = seal.open_any(device, &unhex(golden), &mut body);
    assert_eq!(told, Ok(Word::Update(order)));
}

#[test]
fn the_file_of_a_signed_image() {
    let head = Package::head(&manifest());
    let golden = "484c494d41474531007ba6008219010203011a00010203021a000100000303045820ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad055840a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5";
    assert_eq!(hex(&head), golden);
    let file = [&head[..], b"abc"].concat();
    assert_eq!(Package::read(&file), Ok(Package { manifest: manifest(), image: b"abc" }));
}

#[test]
fn numbers_of_stages_and_refusals_never_move() {
    use Refusal as R;
    use Stage as S;
    let stages = [S::Fetching, S::Ready, S::Trial, S::Confirmed, S::RolledBack, S::Refused];
    let told: Vec<u8> = stages.iter().flat_map(|s| minicbor::to_vec(s).unwrap()).collect();
    assert_eq!(told, [0, 1, 2, 3, 4, 5]);
    let refusals = [
        R::Hardware,
        R::Old,
        R::Minimum,
        R::Size,
        R::Signature,
        R::Digest,
        R::Flash,
        R::Trial,
        R::Boot,
        R::NoSlots,
    ];
    let told: Vec<u8> = refusals.iter().flat_map(|r| minicbor::to_vec(r).unwrap()).collect();
    assert_eq!(told, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn the_description_for_other_languages_knows_every_key() {
    let shapes = shapes::read(include_str!("../../v1.cddl"));
    for (progress, _) in words() {
        shapes.check("progress", &minicbor::to_vec(progress).unwrap());
    }
    shapes.check("manifest", &minicbor::to_vec(manifest()).unwrap());
    shapes.check("hardware", &minicbor::to_vec(manifest().hardware).unwrap());
    let bytes: &[u8] = &[1];
    let chunk = Chunk { release: manifest().release(), offset: 0, bytes: bytes.into() };
    shapes.check("chunk", &minicbor::to_vec(chunk).unwrap());
}
