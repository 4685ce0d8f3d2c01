//! Another image comes, is tried, and stays or goes; whatever happens, something starts and no press is lost.
//!
//! Not here: golden words (`proto`), the road from a server (`tests`), an image that is really another one (`board`).

mod refusals;
mod world;

use std::hash::{BuildHasher, RandomState};

use firmware::link::Jitter;
use proto::unit::{Millis, Percent};
use proto::update::{Refusal, Stage};

use world::{End, NEW, OLD, World, partition};

const HOUR: Millis = Millis::minutes(60);

fn confirmed(world: &World) -> bool {
    world.stage() == Some((Stage::Confirmed, None))
}

fn stages(world: &World) -> Vec<Stage> {
    let mut stages: Vec<Stage> = world.server.said.iter().map(|(_, said)| said.stage).collect();
    stages.dedup();
    stages
}

#[test]
fn an_offered_image_is_fetched_tried_and_stays() {
    let mut world = World::new(1);
    let began = world.now;
    world.run(HOUR, confirmed);
    assert!(world.now.since(began) < Millis::secs(3), "each piece that is sent is taken");
    assert_eq!(stages(&world), [Stage::Fetching, Stage::Ready, Stage::Trial, Stage::Confirmed]);
    assert_eq!(world.started, [OLD, NEW]);
    assert_eq!(world.server.health.last(), Some(&NEW), "health tells which image runs");
    world.run(Millis::secs(5), |_| false);
    assert_eq!(world.started, [OLD, NEW, NEW]);
}

#[test]
fn a_cut_in_any_flash_operation_starts_old_or_new_and_loses_no_press() {
    let mut cuts = 0;
    for operation in 0.. {
        let mut world = World::new(operation);
        world.label = format!("cut in operation {operation}");
        for n in 1..60 {
            world.presses.push(world.now.after(Millis::new(n * 700)));
        }
        world.flash().cut_after(operation);
        world.run(HOUR, |world| confirmed(world) && world.presses.is_empty());
        world.run(Millis::secs(20), |_| false);
        let waiting = world.kept.keys().filter(|press| !world.received.contains(press)).count();
        assert_eq!(waiting, 0, "{}", world.label);
        assert_eq!(world.started.last(), Some(&NEW), "{}", world.label);
        if world.cuts == 0 {
            break;
        }
        cuts += world.cuts;
    }
    assert!(cuts > 1_500, "an update keeps flash busy: {cuts}");
}

#[test]
fn cuts_at_random_again_and_again_start_old_or_new_and_lose_no_press() {
    let seed = std::env::var("SIM_SEED").ok().and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| RandomState::new().hash_one(0));
    println!("SIM_SEED={seed}");
    let mut random = Jitter::new(seed);
    let mut cuts = 0;
    while cuts < 1_000 {
        let mut world = World::new(random.below(u64::MAX));
        world.label = format!("SIM_SEED={seed} cut {cuts}");
        for _ in 0..30 {
            world.presses = (0..3).map(|n| world.now.after(Millis::new(1 + n * 900))).collect();
            let most = if random.below(3) == 0 { 40 } else { 900 };
            world.flash().power_on();
            world.flash().cut_after(random.below(most));
            let Some(life) = world.start() else { continue };
            cuts += u32::from(world.live(life, Millis::secs(20), |_| false) == End::Cut);
        }
        world.flash().power_on();
        world.run(HOUR, confirmed_or_rolled_back);
        world.run(Millis::secs(20), |_| false);
        let all = world.kept.keys().all(|press| world.received.contains(press));
        assert!(all, "{}", world.label);
    }
}

fn confirmed_or_rolled_back(world: &World) -> bool {
    matches!(world.stage(), Some((Stage::Confirmed | Stage::RolledBack, _)))
}

#[test]
fn a_trial_without_an_answer_ends_in_the_image_of_before() {
    let mut world = World::new(1);
    let life = world.start().unwrap();
    assert_eq!(world.live(life, HOUR, |_| false), End::Restart);
    world.server.answers = false;
    let before = world.now;
    let life = world.start().unwrap();
    assert_eq!(life.version, NEW);
    assert_eq!(world.live(life, HOUR, |_| false), End::Restart);
    assert!(world.now.since(before) <= Millis::secs(70), "within the time of a trial");
    world.server.answers = true;
    let life = world.start().unwrap();
    assert_eq!(life.version, OLD);
    world.live(life, Millis::secs(20), confirmed_or_rolled_back);
    assert_eq!(world.stage(), Some((Stage::RolledBack, Some(Refusal::Trial))));
}

#[test]
fn an_image_that_comes_up_dead_is_started_three_times() {
    let mut world = World::new(1);
    let life = world.start().unwrap();
    assert_eq!(world.live(life, HOUR, |_| false), End::Restart);
    world.dead = Some(NEW);
    for _ in 0..3 {
        let life = world.start().unwrap();
        assert_eq!(world.live(life, Millis::secs(3), |_| false), End::Time);
    }
    world.run(Millis::secs(20), confirmed_or_rolled_back);
    assert_eq!(world.started, [OLD, NEW, NEW, NEW, OLD]);
    assert_eq!(world.stage(), Some((Stage::RolledBack, Some(Refusal::Boot))));
}

#[test]
fn an_image_damaged_after_it_was_verified_is_not_started() {
    let mut world = World::new(1);
    let life = world.start().unwrap();
    assert_eq!(world.live(life, HOUR, |_| false), End::Restart);
    refusals::damage(&mut world, partition().slots[1].start + 100);
    world.run(Millis::secs(20), confirmed_or_rolled_back);
    assert_eq!(world.started, [OLD, OLD]);
    assert_eq!(world.stage(), Some((Stage::RolledBack, Some(Refusal::Boot))));
}

#[test]
fn an_image_damaged_later_leaves_the_one_of_before() {
    let mut world = World::new(1);
    world.run(HOUR, confirmed);
    refusals::damage(&mut world, partition().slots[1].start + 100);
    let choice = world.chosen().unwrap();
    assert_eq!((choice.image.version, choice.trial), (OLD, false));
    refusals::damage(&mut world, partition().slots[0].start + 100);
    assert_eq!(world.chosen(), None, "nothing that is damaged is ever started");
}

#[test]
fn the_button_works_while_an_image_is_fetched_and_nothing_is_asked_for_meanwhile() {
    let mut world = World::new(1);
    world.server.receives_after = Some(Millis::secs(5));
    let life = world.start().unwrap();
    world.live(life, Millis::secs(10), |world| world.stage() == Some((Stage::Fetching, None)));
    let pressed = world.now.after(Millis::new(40));
    world.presses = vec![pressed];
    world.run(HOUR, |world| !world.received.is_empty());
    let received = world.now;
    let at = *world.published.values().next().unwrap();
    assert!(at.since(pressed) <= Millis::new(150), "debounced, kept, on its way");
    let meanwhile = world.server.said.iter().filter(|(said, _)| *said > at && *said < received);
    assert_eq!(meanwhile.count(), 0, "chunks wait behind an emergency");
    world.run(HOUR, confirmed);
}

#[test]
fn no_restart_into_another_image_while_somebody_calls_or_just_has() {
    let mut world = World::new(1);
    world.server.receives_after = None;
    let life = world.start().unwrap();
    let first = world.now.after(Millis::new(100));
    world.presses = vec![first];
    assert_eq!(world.live(life, Millis::minutes(30), |_| false), End::Time);
    assert_eq!(world.started, [OLD], "the server has not received it yet");
    // A day later it lies in flash as safe as before, and the update may be what it waits for.
    world.run(Millis::minutes(26 * 60), |world| world.started.len() > 2);
    assert!(world.now.since(first) > Millis::minutes(24 * 60));
    world.server.receives_after = Some(Millis::new(40));
    world.run(HOUR, |world| confirmed(world) && !world.received.is_empty());
}

#[test]
fn the_slots_rest_while_somebody_waits_whatever_the_stage() {
    for after in (20..1_500).step_by(60) {
        let mut world = World::new(1);
        world.server.receives_after = Some(Millis::secs(5));
        world.presses = vec![world.now.after(Millis::new(after))];
        world.run(HOUR, |world| !world.received.is_empty());
        let (received, sent) = (world.now, *world.published.values().next().unwrap());
        let meanwhile = world.steps.iter().filter(|at| **at > sent && **at < received).count();
        assert_eq!(meanwhile, 0, "pressed after {after} ms");
        world.run(HOUR, confirmed);
    }
}

#[test]
fn an_image_that_is_ready_is_not_started_by_chance_soon_after_a_call() {
    let mut world = World::new(1);
    let life = world.start().unwrap();
    world.live(life, HOUR, |world| at(world) == Some(512 * 4));
    world.presses = vec![world.now.after(Millis::new(200))];
    let life = world.start().unwrap();
    world.live(life, HOUR, |world| world.stage() == Some((Stage::Ready, None)));
    assert_eq!(world.received.len(), 1);
    let life = world.start().unwrap();
    assert_eq!(life.version, OLD, "the ledger does not name it yet");
    world.presses = vec![world.now.after(Millis::new(20))];
    world.live(life, Millis::secs(1), |_| false);
    // The power goes within the quiet time.
    assert_eq!(world.start().unwrap().version, OLD);
}

#[test]
fn a_call_that_flash_has_no_room_for_is_not_lost_by_a_restart() {
    let mut world = World::new(1);
    world.server.receives_after = None;
    let press = |n: u64| world.now.after(Millis::new(100 + n * 700));
    world.presses = (0..14).map(press).collect();
    let life = world.start().unwrap();
    assert_eq!(world.live(life, Millis::minutes(40 * 60), |_| false), End::Time);
    assert_eq!((world.kept.len(), world.published.len()), (12, 14));
    assert_eq!(world.started, [OLD]);
    assert_eq!(world.stage(), Some((Stage::Ready, None)));
}

fn at(world: &World) -> Option<u32> {
    world.server.said.last().and_then(|(_, said)| said.next)
}

#[test]
fn cells_that_are_nearly_empty_start_no_other_image() {
    let mut world = World::new(1);
    world.battery = Percent::new(29);
    let life = world.start().unwrap();
    assert_eq!(world.live(life, Millis::minutes(5), |_| false), End::Time);
    assert_eq!(world.stage(), Some((Stage::Ready, None)));
    world.battery = Percent::new(30);
    world.run(HOUR, confirmed);
}
