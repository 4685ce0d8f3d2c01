//! What the register says after a gateway was replaced or a device released, also after a restart.

use std::path::Path;

use centre::provision::{Provision, ProvisionError};
use proto::up::Role;
use records::Records;

use super::house::WALL;
use super::{NOW, furnish};

async fn shelf(folder: &Path) -> Provision {
    let records = Records::open(folder).await.unwrap();
    Provision::open(folder, records).await.unwrap()
}

#[tokio::test]
async fn a_replaced_gateway_hands_over_its_devices_and_keys_and_is_refused_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let made = {
        let make = shelf(folder.path()).await;
        let place = furnish(&make).await;
        let followed = make.replace_gateway(place.old, place.new).await.unwrap();
        assert_eq!(followed, [place.button.device]);
        place
    };
    let make = shelf(folder.path()).await;
    let registry = make.registry();
    assert!(registry.gateway(made.old).unwrap().revoked);
    assert_eq!(registry.roster(made.old).len(), 0);
    let roster = registry.roster(made.new);
    assert_eq!(roster.len(), 1);
    let (now, first) = (&roster[0], made.button.epoch);
    assert_eq!((now.home, now.epoch.get()), (Some(made.home), first.get() + 1));
    let (epoch, key) = now.former().expect("until it has answered");
    assert_eq!((epoch, key.expose()), (first, made.button.key.hop(first).expose()));
    assert_ne!(now.hop_key().expose(), key.expose(), "the old box cannot open what comes next");
    // A revoked one can be replaced too; what takes over must be fit for it.
    let refused = make.replace_gateway(made.new, made.old).await;
    assert!(matches!(refused, Err(ProvisionError::Refused(_))));
    let refused = make.replace_gateway(made.new, made.new).await;
    assert!(matches!(refused, Err(ProvisionError::Refused(_))));
    let other = make.create_organisation("另一机构", WALL).await.unwrap();
    assert_ne!(other, made.organisation);
    let foreign = make.create_gateway(&other, "hall", WALL).await.unwrap().device.as_gateway();
    let refused = make.replace_gateway(made.new, foreign).await;
    assert!(
        matches!(refused, Err(ProvisionError::Refused(_))),
        "homes stay with who looks after them"
    );
    make.revoke_gateway(made.new).await.unwrap();
    let last = make.create_gateway(&made.organisation, "hall", WALL).await.unwrap();
    make.replace_gateway(made.new, last.device.as_gateway()).await.unwrap();
    let now = registry.device(made.button.device).unwrap();
    assert_eq!((now.heard, now.epoch.get()), (first, first.get() + 3));
}

#[tokio::test]
async fn a_released_device_is_enrolled_again_under_the_next_epoch_in_a_home_with_room() {
    let folder = tempfile::tempdir().unwrap();
    let make = shelf(folder.path()).await;
    let place = furnish(&make).await;
    let registry = make.registry();
    for round in 1..4 {
        make.release(place.button.device, NOW).await.unwrap();
        make.move_device(place.button.device, place.home, place.new, NOW).await.unwrap();
        let now = registry.device(place.button.device).unwrap();
        assert!(!now.revoked);
        assert_eq!((now.home, now.gateway), (Some(place.home), Some(place.new)));
        assert_eq!(now.epoch.get(), place.button.epoch.get() + round);
        assert_eq!(now.former().unwrap().0, place.button.epoch, "until it has answered");
    }
    make.release(place.button.device, NOW).await.unwrap();
    for _ in 0..care::DEVICES_MAX {
        make.create_device(place.home, place.new, Role::Motion, "", WALL).await.unwrap();
    }
    let full = make.move_device(place.button.device, place.home, place.new, NOW).await;
    assert!(matches!(full, Err(ProvisionError::Refused(_))));
}
