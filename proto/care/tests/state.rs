//! The state of a home: small, readable by older and newer builds, and safe to store a little late.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use std::time::Instant;

use care::{Change, Home, Input, Kind, OUTPUTS_MAX, Output, Trust};
use proto::id::{BootId, PressId, Seq};
use proto::unit::{Millis, Mono};
use proto::up::{EventKind, Quantity, Role};

use crate::house::{GATEWAY, House, device, value};

const ROLES: [Role; 6] =
    [Role::HelpButton, Role::PullCord, Role::BedMat, Role::Motion, Role::Door, Role::Pendant];

/// A home with this many devices, some of everything open.
fn busy(devices: u64) -> House {
    let all: Vec<_> = (1..=devices)
        .map(|n| (device((n << 44) - 1), ROLES[usize::try_from(n).unwrap() % 6]))
        .collect();
    let mut house = House::at_hour(9, &all);
    house.now = Mono::from_millis(1 << 41);
    for (device, role) in all.iter().take(30) {
        house.health(*device, 3600, Some(9));
        match role {
            Role::HelpButton => drop(house.event(*device, EventKind::Press)),
            Role::BedMat => drop(house.event(*device, EventKind::BedIn)),
            Role::PullCord
            | Role::Motion
            | Role::Door
            | Role::Pendant
            | Role::Gateway
            | Role::Other => {}
        }
    }
    house
}

#[test]
fn a_home_of_six_devices_is_stored_in_800_bytes_and_a_full_one_in_three_kilobytes() {
    let small = minicbor::to_vec(&busy(6).home).unwrap().len();
    let full = minicbor::to_vec(&busy(32).home).unwrap().len();
    println!("{small} bytes, full {full}");
    // 112 of them are the home's own hours: mean, spread and record of sixteen parts of its days.
    assert!(small <= 800, "{small} bytes");
    // 17 each are of devices that have just come back, which all of them have.
    assert!(full <= 3072, "{full} bytes");
}

#[test]
fn a_state_with_unknown_fields_is_read() {
    let home = busy(6).home;
    let mut bytes = minicbor::to_vec(&home).unwrap();
    assert_eq!(bytes[0] >> 5, 5, "a map");
    bytes[0] += 1;
    bytes.extend(minicbor::to_vec((99u8, [1u8, 2, 3])).unwrap().split_off(1));
    assert_eq!(minicbor::decode::<Home>(&bytes).unwrap(), home);
}

/// Six devices, two beds of words and a night, as a build wrote it that knew no belief.
const OLDER: &str = "\
    ad00a4000c01878601081b00000fffffffffff1b000002000000000002008607081b00001fffffffffff1b00000200000000\
    0002008608081b00002fffffffffff1b000002000000000002008609081b00003fffffffffff1b0000020000000000020086\
    0a081b00004fffffffffff1b00000200000000000200860b081b00005fffffffffff1b00000200000000000200860c001b00\
    005fffffffffff1b00000200000000000003028003a1008001a10086881b00000fffffffffff011a83126e97190e10020000\
    00881b00001fffffffffff021a83126f87183c031a022f3d930000881b00002fffffffffff031a83126f87183c031a022f3d\
    961a022f3d9300881b00003fffffffffff041a83126e97190e1002000000881b00004fffffffffff051a83126e97190e1002\
    000000881b00005fffffffffff001a83126e97190e10020000000282f50003821905641b000002000000000004ab00190528\
    01190168021a001b7740031a03dcc500041a0036ee80051a036ee80008001518181818981800000000000000000000000000\
    000000000000000000000018191a00124f80181af505a10081861b00005fffffffffff1b00000200000000001b0000020000\
    00000001f40c06a100818a1b00001fffffffffff001b00000200000000001b000002000002bf20f4f4f5f6f6f407aa00a202\
    58705d0002710000004c0002d9000000250002d9000000180002710000001d000310000000200002a40000002c0003490000\
    004f000559000000580002400000005b0001e400000045000384000000550005590000005000040000000047000310000000\
    4c0002d90000005300021100000003820700011b000002000002bf2003f404f4051b000002000003a980061b000002000070\
    26f00719ea600af40bf40c1b000002000002bf2008a201f40200101b000002000002bf20111a0009521714a10081851b0000\
    1ffffffffffff41b00000200000000001b000002000002bf20f415a7001b00001fffffffffff01f502040319014004000500\
    0600";

#[test]
fn a_state_of_an_older_build_is_read_and_judged_on() {
    let bytes: Vec<u8> = (0..OLDER.len() / 2)
        .map(|n| u8::from_str_radix(&OLDER[2 * n..2 * n + 2], 16).unwrap())
        .collect();
    let mut house = House::with(&[]);
    house.home = minicbor::decode(&bytes).unwrap();
    house.now = Mono::from_millis(2_199_023_495_552);
    assert_eq!(house.home.devices(), 6);
    let (mat, motion) = (device((2 << 44) - 1), device((3 << 44) - 1));
    for n in 0..6_u8 {
        house.reading(mat, &[value(Quantity::Breath, 40.0 + f32::from(n))]);
        let told = house.live(Millis::minutes(1), &[mat, motion]);
        let told = crate::house::findings(&told, Kind::Vitals).len();
        assert_eq!(told, 0, "four minutes of fast breath are remembered, and not yet ten");
    }
    let said = house.reading(mat, &[value(Quantity::Breath, 41.0)]);
    assert!(matches!(&said[..], [Output::Raise(told)] if told.kind == Kind::Vitals), "{said:?}");
    let pressed = house.event(device((1 << 44) - 1), EventKind::Press);
    assert!(
        matches!(&pressed[..], [Output::Raise(told)] if told.kind == Kind::Help),
        "{pressed:?}"
    );
}

#[test]
fn an_empty_state_is_a_new_home() {
    assert_eq!(minicbor::decode::<Home>(&[0xA0]).unwrap(), Home::new());
}

#[test]
fn hostile_state_is_an_error_and_never_a_panic() {
    let bytes = minicbor::to_vec(busy(32).home).unwrap();
    for cut in 0..bytes.len() {
        assert!(minicbor::decode::<Home>(&bytes[..cut]).is_err());
    }
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 0x41;
        if let Ok(mut home) = minicbor::decode::<Home>(&changed) {
            let mut out = heapless::Vec::<Output, OUTPUTS_MAX>::new();
            home.step(Mono::from_millis(1 << 42), Input::Tick, &mut out);
            home.next_deadline();
        }
    }
}

/// Not a timed test: it prints what a step costs, for whoever measures.
#[test]
fn a_step_for_a_reading_and_its_encoding_are_cheap() {
    let mut house = busy(6);
    let values = heapless::Vec::from_slice(&[value(Quantity::InBed, 100.0); 9]).unwrap();
    let up = proto::up::Up::Reading(proto::up::Reading {
        uptime: Millis::default(),
        period_s: 60,
        values,
        home: None,
    });
    let mut out = heapless::Vec::<Output, OUTPUTS_MAX>::new();
    let mut buffer = [0u8; 4096];
    let (rounds, mut soft) = (20_000u32, 0);
    #[expect(clippy::disallowed_methods, reason = "measures, decides nothing")]
    let start = Instant::now();
    for n in 0..rounds {
        house.now = house.now.after(Millis::new(100));
        let id = PressId { device: GATEWAY, boot: BootId::new(1, 1), seq: Seq::new(n) };
        let input = Input::Heard { id, at: house.now, trust: Trust::Verified, up: &up };
        soft += u32::from(house.home.step(house.now, input, &mut out) == Change::Soft);
    }
    let step = start.elapsed() / rounds;
    #[expect(clippy::disallowed_methods, reason = "measures, decides nothing")]
    let start = Instant::now();
    for _ in 0..rounds {
        minicbor::encode(&house.home, &mut buffer[..]).unwrap();
    }
    println!("step {step:?}, encoding {:?}", start.elapsed() / rounds);
    assert!(soft > rounds - 20, "readings are no reason to store: {soft} of {rounds}");
}
