//! The board with a radio: its image is made whole, fits its slot, and a fitted flash says what it should.
//!
//! No test here runs on a chip. Not here: what the same core does on a machine that exists everywhere (`qemu`).

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use firmware::flash_model::FlashModel;
use firmware::provision::Identity;
use firmware::queue::{FlashQueue, Layout};
use firmware::settings::Settings;
use firmware::update::{Partition, Slot, slots};
use proto::id::{DeviceId, HomeId, KeyEpoch};
use proto::key::DeviceKey;
use proto::up::Role;
use tests::enrol::Enrolled;
use tests::image::esp32c6::fitting::{Fitting, parts, place};
use tests::image::esp32c6::image;
use tests::qemu::compiler;

fn fitting() -> Fitting {
    let of = Enrolled {
        device: DeviceId::new(77).unwrap(),
        key: DeviceKey::from_bytes([7; 32]),
        epoch: KeyEpoch::new(3),
        role: Role::Pendant,
        home: HomeId::new(12).unwrap(),
    };
    let door = "192.168.1.7:1883".parse().unwrap();
    Fitting::new(of, ("home", "long enough\n"), door, true).unwrap()
}

#[test]
fn the_image_is_whole_and_fits_its_slot() {
    if compiler::need().is_none() {
        return;
    }
    let bytes = std::fs::read(image().unwrap()).unwrap();
    let slot = place("ota_0").unwrap();
    println!("esp32c6 image: {} bytes of {}", bytes.len(), slot.end - slot.start);
    assert_eq!(bytes.first(), Some(&0xE9), "what the boot stage looks for");
    assert_eq!(bytes.get(12), Some(&13), "made for an ESP32-C6");
    assert!(bytes.len() <= (slot.end - slot.start) as usize);
    let text = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!text("long enough") && !text("192.168.1.7"), "no network is compiled in");
}

#[tokio::test]
async fn a_fitted_flash_is_read_back_by_the_code_of_the_device() {
    let image: Vec<u8> = (0..70_000u32).map(|n| n.to_le_bytes()[0]).collect();
    let mut store = vec![0xFF; 4 << 20];
    for (_, at, bytes) in parts(&fitting(), &image).await.unwrap() {
        store[at as usize..][..bytes.len()].copy_from_slice(&bytes);
    }
    let slot = place("ota_0").unwrap();
    store[slot.start as usize..][..image.len()].copy_from_slice(&image);
    let mut flash = FlashModel::<_, 4096>::new(store, 1);
    let at = Partition { ledger: place("ledger").unwrap(), slots: [slot, place("ota_1").unwrap()] };
    let choice = slots::choose(&mut flash, &at).await.expect("the factory's image starts");
    assert_eq!((choice.slot, choice.trial), (Slot::A, false));
    let layout = Layout { emergency: place("press").unwrap(), book: place("book").unwrap() };
    let mut queue = FlashQueue::new(flash, layout).unwrap();
    let Fitting { of, access, settings } = fitting();
    let Identity::Enrolled(who) = queue.identity().await.unwrap() else { panic!("enrolled") };
    assert_eq!((who.keys().device, who.keys().role), (of.device, of.role));
    assert_eq!(access.passphrase(), Some("long enough"));
    assert_eq!(queue.access().await.unwrap(), Some(access));
    assert_eq!(settings.worn, care::fall::Worn::Wrist);
    assert_eq!(queue.settings(Settings::of(of.role)).await.unwrap(), settings);
    assert!(queue.restore().await.unwrap().is_empty());
}

#[test]
fn the_parts_of_the_flash_are_whole_pages_and_apart() {
    let names = ["otadata", "ota_0", "ota_1", "press", "book", "ledger"];
    let mut places: Vec<_> = names.into_iter().map(|name| place(name).unwrap()).collect();
    places.sort_by_key(|place| place.start);
    assert!(places.windows(2).all(|pair| pair[0].end <= pair[1].start));
    assert!(places.iter().all(|place| place.start % 4096 == 0 && place.end % 4096 == 0));
    assert!(places.iter().all(|place| place.start >= 0x9000 && place.end <= 4 << 20));
    let slots = [place("ota_0").unwrap(), place("ota_1").unwrap()];
    assert!(slots.iter().all(|slot| slot.start % 0x10000 == 0), "the chip maps 64 KB at a time");
}
