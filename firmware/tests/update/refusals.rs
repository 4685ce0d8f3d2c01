//! What is not taken: other boards, other firms, older images, wrong pieces. The reason is told and flash stays as it is.

use firmware::update::slots::{choose, install};
use proto::unit::Millis;
use proto::update::{Hardware, Manifest, Order, Refusal, Release, Stage};

use super::world::{BOARD, End, NEW, OLD, World, image, manifest_of, partition, sign};
use super::{HOUR, at};
use crate::bench::now_or_never;

/// One byte of flash loses its bits.
pub(super) fn damage(world: &mut World, place: u32) {
    let seed = 5;
    let mut store = world.flash().clone().into_store();
    store[place as usize] ^= 0x5A;
    *world.flash() = super::world::Flash::new(store, seed);
}

/// Offers a manifest for a while; what became of it, and how much flash has worked since the start.
fn offered(manifest: Manifest) -> (Option<(Stage, Option<Refusal>)>, u64) {
    let mut world = World::new(1);
    world.server.manifest = manifest;
    let mut life = world.start().unwrap();
    let operations = life.queue.flash().operations();
    world.live(life, Millis::secs(20), |world| world.stage().is_some());
    let worked = world.flash().operations() - operations;
    (world.stage(), worked)
}

#[test]
fn what_is_not_for_this_device_is_refused_with_its_reason() {
    let bytes = image(NEW);
    let good = manifest_of(NEW, &bytes);
    let other = |hardware| sign(Manifest { hardware, ..good });
    let model = other(Hardware { model: BOARD.model + 1, ..BOARD });
    let revision = other(Hardware { revision: BOARD.revision + 1, ..BOARD });
    let forged = Manifest { version: NEW + 1, ..good };
    let mut flipped = good;
    flipped.signature[40] ^= 1;
    let cases = [
        (model, Refusal::Hardware),
        (revision, Refusal::Hardware),
        (forged, Refusal::Signature),
        (flipped, Refusal::Signature),
        (Manifest { signature: [0; 64], ..good }, Refusal::Signature),
        (sign(Manifest { version: OLD, ..good }), Refusal::Old),
        (sign(Manifest { version: OLD - 1, ..good }), Refusal::Old),
        (sign(Manifest { size: 9 * 512 + 1, ..good }), Refusal::Size),
        (sign(Manifest { size: 0, ..good }), Refusal::Size),
        (sign(Manifest { minimum: NEW + 1, ..good }), Refusal::Size),
    ];
    for (manifest, refusal) in cases {
        let (stage, worked) = offered(manifest);
        assert_eq!(stage, Some((Stage::Refused, Some(refusal))), "{manifest:?}");
        assert_eq!(worked, 0, "{manifest:?} has cost flash");
    }
    assert_eq!(offered(good).0, Some((Stage::Fetching, None)));
}

/// The same signature in its second form, S + L, which a careless check takes.
#[test]
fn a_signature_has_one_form_only() {
    let good = manifest_of(NEW, &image(NEW));
    let order: [u8; 32] = [
        0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut second = good;
    let mut carry = 0;
    for (place, add) in second.signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*place) + u16::from(add) + carry;
        [*place, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert_eq!(offered(second).0, Some((Stage::Refused, Some(Refusal::Signature))));
}

#[test]
fn an_old_offer_said_again_changes_nothing() {
    let mut world = World::new(1);
    let replayed = world.server.manifest;
    let life = world.start().unwrap();
    world.live(life, Millis::secs(9), |world| world.server.said.len() > 2);
    let newer = image(NEW + 1);
    world.server.manifest = manifest_of(NEW + 1, &newer);
    world.server.image = newer;
    let life = world.start().unwrap();
    let release = world.server.manifest.release();
    world.live(life, HOUR, |world| {
        world.server.said.last().is_some_and(|(_, said)| said.release == release)
    });
    // A gateway says the first offer again.
    world.server.order(&Order::Offer(replayed));
    world.run(HOUR, super::confirmed);
    let last = world.server.said.last().unwrap().1;
    assert_eq!((last.release, last.running), (release, u64::from(NEW + 1)));
    world.server.order(&Order::Offer(replayed));
    world.run(Millis::secs(5), |_| false);
    assert_eq!(world.stage(), Some((Stage::Refused, Some(Refusal::Old))));
    assert_eq!(world.started.last(), Some(&(NEW + 1)));
}

#[test]
fn what_has_proved_itself_sets_the_oldest_version_that_may_follow() {
    let mut world = World::new(1);
    let bytes = image(NEW);
    world.server.manifest = sign(Manifest { minimum: NEW, ..manifest_of(NEW, &bytes) });
    world.run(HOUR, super::confirmed);
    // The older image is whole in the other slot, and too old to come back.
    damage(&mut world, partition().slots[1].start + 100);
    assert_eq!(now_or_never(choose(world.flash(), &partition())), None);
}

#[test]
fn pieces_that_were_not_asked_for_are_not_taken() {
    let mut world = World::new(1);
    let release = world.server.manifest.release();
    let bytes = world.server.image.clone();
    let wrong = vec![0xEE; 512];
    let life = world.start().unwrap();
    // Before anything was offered, of another image, cut short, out of order, beyond the end.
    world.server.send(release, 0, &wrong);
    world.live(life, Millis::secs(9), |world| world.stage().is_some());
    let life = world.start().unwrap();
    world.server.send(Release(release.0 ^ 1), 0, &wrong);
    world.server.send(release, 0, &wrong[..511]);
    world.server.send(release, 0, &[]);
    world.server.send(release, 512 * 3, &wrong);
    world.server.send(release, 512 * 90, &wrong);
    assert_eq!(world.live(life, HOUR, |_| false), End::Restart);
    let choice = world.chosen().unwrap();
    assert!(choice.trial);
    assert_eq!(choice.image.size as usize, bytes.len());
}

#[test]
fn bytes_that_are_not_the_signed_ones_are_fetched_twice_and_given_up() {
    let mut world = World::new(1);
    world.server.image[700] ^= 1;
    world.run(HOUR, |world| matches!(world.stage(), Some((Stage::Refused, _))));
    assert_eq!(world.stage(), Some((Stage::Refused, Some(Refusal::Digest))));
    let first = world.server.said.iter().filter(|(_, said)| said.next == Some(0)).count();
    assert_eq!(first, 2, "it was fetched from its start twice");
    assert_eq!(world.started, [OLD]);
    world.run(Millis::secs(5), |_| false);
    assert_eq!(world.started, [OLD, OLD]);
}

#[test]
fn a_download_goes_on_where_a_restart_has_left_it() {
    let mut world = World::new(1);
    let life = world.start().unwrap();
    world.live(life, HOUR, |world| at(world) == Some(4 * 512));
    let before = world.server.said.len();
    // What the cut has left of the page that was being written.
    damage(&mut world, partition().slots[1].start + 3 * 512 + 7);
    let life = world.start().unwrap();
    world.live(life, HOUR, |world| world.server.said.len() > before);
    assert_eq!(at(&world), Some(3 * 512), "the page that was written last is fetched again");
    world.run(HOUR, super::confirmed);
    assert!(world.server.said[before..].iter().all(|(_, said)| said.next != Some(0)));
}

#[test]
fn a_factory_image_that_is_not_its_manifests_is_not_installed() {
    let mut world = World::new(1);
    let bytes = image(NEW);
    let manifest = manifest_of(NEW, &bytes);
    for wrong in [&bytes[1..], &image(OLD), &[]] {
        assert!(now_or_never(install(world.flash(), &partition(), &manifest, wrong)).is_err());
    }
}
