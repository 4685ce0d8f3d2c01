//! From the shelf to a home and back: only an enrolled device speaks, and what it is survives in flash.

use firmware::access::Access;
use firmware::flash_model::FlashModel;
use firmware::provision::{Blank, Enrolled, Identity, Voucher};
use firmware::queue::FlashQueue;
use firmware::settings::Settings;
use proto::id::{BootId, HomeId, KeyEpoch};
use proto::unit::Mono;
use proto::up::Role;

use crate::bench::{id, key, now_or_never};

fn enrolled() -> Enrolled {
    let voucher = Voucher { device: id(), key: key(), role: Role::BedMat };
    Blank.claim(voucher).enrol(KeyEpoch::new(4), HomeId::new(12))
}

#[test]
fn each_state_comes_back_from_flash_as_it_was() {
    let flash = FlashModel::<_, 1024>::erased(vec![0; 4096], 1);
    let layout = FlashQueue::halves(&flash).unwrap();
    let mut queue = FlashQueue::new(flash, layout).unwrap();
    assert!(matches!(now_or_never(queue.identity()), Ok(Identity::Blank(_))));
    let claimed = Blank.claim(Voucher { device: id(), key: key(), role: Role::PullCord });
    now_or_never(queue.store_identity(&claimed.to_bytes())).unwrap();
    let Ok(Identity::Claimed(back)) = now_or_never(queue.identity()) else { panic!("claimed") };
    assert_eq!(back.device(), id());
    now_or_never(queue.store_identity(&enrolled().to_bytes())).unwrap();
    let Ok(Identity::Enrolled(back)) = now_or_never(queue.identity()) else { panic!("enrolled") };
    let keys = back.keys();
    assert_eq!((keys.device, keys.epoch, keys.role), (id(), KeyEpoch::new(4), Role::BedMat));
    assert_eq!((keys.key.expose(), keys.home), (key().expose(), HomeId::new(12)));
    now_or_never(queue.wipe()).unwrap();
    assert!(matches!(now_or_never(queue.identity()), Ok(Identity::Blank(_))));
}

#[test]
fn a_damaged_identity_is_blank_and_never_half_a_key() {
    let bytes = enrolled().to_bytes();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(matches!(Identity::read(&damaged), Identity::Blank(_)), "byte {at}");
    }
}

#[test]
fn an_enrolled_device_is_itself_and_a_new_epoch_changes_only_its_keys() {
    let renewed = enrolled().renew(KeyEpoch::new(5));
    let device = renewed.device(&Settings::default(), BootId::new(1, 1), Mono::default(), 1);
    assert_eq!(device.id(), id());
    assert_eq!(renewed.keys().epoch, KeyEpoch::new(5));
    assert_eq!(renewed.release(), Blank);
}

#[test]
fn the_way_to_the_gateway_comes_back_from_flash_and_never_half_of_it() {
    let door: std::net::SocketAddrV4 = "192.168.1.7:1883".parse().unwrap();
    let longest = Access::new(&"n".repeat(32), &"p".repeat(63), door).unwrap();
    let open = Access::new("家", "", door).unwrap();
    let flash = FlashModel::<_, 1024>::erased(vec![0; 4096], 1);
    let layout = FlashQueue::halves(&flash).unwrap();
    let mut queue = FlashQueue::new(flash, layout).unwrap();
    assert_eq!(now_or_never(queue.access()), Ok(None));
    for access in [&longest, &open] {
        now_or_never(queue.store_access(access)).unwrap();
        assert_eq!(now_or_never(queue.access()), Ok(Some(access.clone())));
    }
    let bytes = longest.to_bytes();
    assert!((0..bytes.len()).all(|len| Access::read(&bytes[..len]).is_none()));
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Access::read(&damaged), None, "bit {bit}");
    }
    assert!(Access::new("", "longenough", door).is_none());
    assert!(Access::new("home", "short", door).is_none());
    assert!(!format!("{longest:?}").contains("ppp"), "a passphrase is never printed");
}
