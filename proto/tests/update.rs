//! Words of an update arrive as they were said, fit their frames, and are refused in every other form.
//!
//! Random cases print the smallest one that fails. Not here: golden bytes (`versions`), who verifies a signature.
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use proptest::option::of;
use proptest::prelude::*;
use proto::down::{DOWN_MAX, Down, DownBuf, DownSeal, Word};
use proto::frame::{FrameError, Lane};
use proto::id::{DeviceId, KeyEpoch};
use proto::key::DeviceKey;
use proto::unit::Millis;
use proto::up::Up;
use proto::update::package::{Package, PackageError};
use proto::update::{
    CHUNK_MAX, Chunk, Hardware, IMAGE_MAX, Manifest, Order, Progress, Refusal, Release, Stage,
};
use sha2::{Digest, Sha256};

const STAGES: [Stage; 6] = [
    Stage::Fetching,
    Stage::Ready,
    Stage::Trial,
    Stage::Confirmed,
    Stage::RolledBack,
    Stage::Refused,
];

fn device() -> DeviceId {
    DeviceId::new(5).unwrap()
}

fn seal() -> DownSeal {
    DownSeal::server(&DeviceKey::from_bytes([9; 32]).end(KeyEpoch::new(1)))
}

fn manifest(image: &[u8]) -> Manifest {
    Manifest {
        hardware: Hardware { model: 1, revision: 2 },
        version: 7,
        minimum: 3,
        size: u32::try_from(image.len()).unwrap(),
        digest: Sha256::digest(image).into(),
        signature: [1; 64],
    }
}

fn package(manifest: &Manifest, image: &[u8]) -> Vec<u8> {
    [&Package::head(manifest)[..], image].concat()
}

proptest! {
    #[test]
    fn what_a_device_says_of_its_image_is_heard(
        numbers in any::<(u64, u64, u64)>(),
        stage in 0..STAGES.len(),
        next in of(any::<u32>()),
        chunks in of(any::<u8>()),
        refused in any::<bool>(),
    ) {
        let progress = Progress {
            uptime: Millis::new(numbers.0),
            release: Release(numbers.1),
            running: numbers.2,
            stage: STAGES[stage],
            next,
            chunks,
            refusal: refused.then_some(Refusal::Signature),
            hardware: refused.then_some(Hardware { model: u16::MAX, revision: u16::MAX }),
        };
        let up = Up::Update(progress);
        prop_assert_eq!(up.class().lane(), Lane::Telemetry, "it waits behind every emergency");
        let body = up.to_body().unwrap();
        prop_assert!(body.len() <= 96, "a device's own frames have 136 bytes");
        prop_assert_eq!(Up::from_body(up.class(), &body), Ok(up));
    }

    #[test]
    fn a_chunk_arrives(
        release in any::<u64>(),
        offset in any::<u32>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..=CHUNK_MAX),
        nonce in any::<[u8; 24]>(),
    ) {
        let order = Order::Chunk(Chunk { release: Release(release), offset, bytes: bytes[..].into() });
        let sealed = seal().seal_order(device(), nonce, &order).unwrap();
        prop_assert_eq!(seal().open(device(), &sealed), Err(FrameError::Word), "no plain word");
        let mut body = DownBuf::new();
        prop_assert_eq!(seal().open_any(device(), &sealed, &mut body), Ok(Word::Update(order)));
    }

    #[test]
    fn any_file_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Package::read(&bytes).is_err(), "nobody makes a SHA-256 by chance");
    }
}

#[test]
fn plain_words_are_read_as_before() {
    let sealed = seal().seal(device(), [1; 24], &Down::Test(4)).unwrap();
    let mut body = DownBuf::new();
    let told = seal().open_any(device(), &sealed, &mut body);
    assert_eq!(told, Ok(Word::Plain(Down::Test(4))));
}

#[test]
fn the_longest_orders_fit_and_all_but_a_chunk_are_short() {
    let bytes = [0xFF; CHUNK_MAX];
    let release = Release(u64::MAX);
    let chunk = Order::Chunk(Chunk { release, offset: u32::MAX, bytes: bytes[..].into() });
    assert!(seal().seal_order(device(), [0; 24], &chunk).unwrap().len() <= DOWN_MAX);
    let offer = Order::Offer(Manifest {
        hardware: Hardware { model: u16::MAX, revision: u16::MAX },
        version: u32::MAX,
        minimum: u32::MAX,
        size: u32::MAX,
        digest: [0xFF; 32],
        signature: [0xFF; 64],
    });
    assert!(seal().seal_order(device(), [0; 24], &offer).unwrap().len() <= 256);
}

#[test]
fn every_changed_bit_of_a_sealed_order_is_noticed() {
    let order = Order::Offer(manifest(b"image"));
    let sealed = seal().seal_order(device(), [3; 24], &order).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(seal().open_any(device(), &changed, &mut DownBuf::new()).is_err(), "bit {bit}");
    }
}

#[test]
fn each_field_is_part_of_what_is_signed() {
    let good = manifest(b"image");
    let mut others = [good; 6];
    others[0].hardware.model += 1;
    others[1].hardware.revision += 1;
    others[2].version += 1;
    others[3].minimum += 1;
    others[4].size += 1;
    others[5].digest[31] ^= 1;
    for other in others {
        assert_ne!(good.signed(), other.signed(), "{other:?}");
    }
    let resigned = Manifest { signature: [2; 64], ..good };
    assert_eq!(good.signed(), resigned.signed());
}

#[test]
fn a_file_is_whole_and_its_own_or_refused() {
    let (image, manifest) = (b"a small image".as_slice(), manifest(b"a small image"));
    let good = package(&manifest, image);
    assert_eq!(Package::read(&good), Ok(Package { manifest, image }));
    for cut in 0..good.len() {
        assert!(Package::read(&good[..cut]).is_err(), "cut to {cut}");
    }
    assert_eq!(Package::read(&[&good[..], b"!"].concat()), Err(PackageError::Image));
    for place in good.len() - image.len()..good.len() {
        let mut changed = good.clone();
        changed[place] ^= 0x40;
        assert_eq!(Package::read(&changed), Err(PackageError::Image), "byte {place}");
    }
}

#[test]
fn stores_and_wire_count_alike() {
    for number in 0..20 {
        let stage = minicbor::decode::<Stage>(&[number]).ok();
        assert_eq!(Stage::of_number(number), stage);
        let refusal = minicbor::decode::<Refusal>(&[number]).ok();
        assert_eq!(Refusal::of_number(number), refusal);
    }
}

#[test]
fn a_manifest_that_cannot_be_is_refused() {
    let good = manifest(b"x");
    let wrong = [
        Manifest { size: 0, ..good },
        Manifest { size: IMAGE_MAX + 1, ..good },
        Manifest { minimum: good.version + 1, ..good },
    ];
    for manifest in wrong {
        assert!(!manifest.is_sound());
        assert_eq!(Package::read(&package(&manifest, b"x")), Err(PackageError::Manifest));
    }
}
