//! Settings: an older order changes nothing, damaged bytes are refused, and every version reads the other's.

use firmware::device::{Input, Sample};
use firmware::settings::{Settings, SettingsError};
use proto::down::{Down, SettingsOrder};
use proto::unit::Millis;
use proto::up::{Role, Up};

use crate::bench::Bench;

fn order(number: u32, health_s: Option<u16>) -> SettingsOrder {
    SettingsOrder { number, health_s, reading_s: None }
}

#[test]
fn what_is_written_is_read() {
    let settings = Settings::default().after(&order(3, Some(600))).unwrap();
    let read = Settings::default().read(&settings.to_bytes()).unwrap();
    assert_eq!(read, settings);
}

#[test]
fn every_flipped_bit_is_noticed_and_a_cut_too() {
    let bytes = Settings::default().to_bytes();
    for at in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[at / 8] ^= 1 << (at % 8);
        assert!(Settings::default().read(&damaged).is_err(), "bit {at}");
    }
    for len in 0..bytes.len() {
        assert_eq!(Settings::default().read(&bytes[..len]), Err(SettingsError::Damaged));
    }
}

#[test]
fn an_order_is_carried_out_once_and_only_if_it_is_newer_and_sound() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.input(Input::Tick);
    bench.server_says(&Down::Settings(order(2, Some(10))));
    bench.server_says(&Down::Settings(order(2, Some(20))));
    bench.server_says(&Down::Settings(order(1, Some(30))));
    bench.server_says(&Down::Settings(order(3, Some(5))));
    bench.server_says(&Down::Settings(order(4, Some(u16::MAX))));
    assert_eq!(bench.stored_settings.len(), 1, "stored for the next boot");
    assert_eq!(bench.device.settings().health_s, 10);
    let before = bench.published.len();
    bench.run_for(Millis::secs(60));
    let health = bench.published[before..].iter().filter(|p| matches!(p.up, Up::Health(_))).count();
    assert_eq!(health, 6, "in force at once");
}

#[test]
fn a_device_on_cells_promises_less_than_one_on_mains() {
    assert!(Settings::of(Role::HelpButton).health_s > Settings::of(Role::BedMat).health_s);
    let mut bench = Bench::with(Role::HelpButton, &Settings::of(Role::HelpButton));
    bench.sample(Sample::Button(false));
    bench.run_for(Millis::minutes(30));
    let promise = bench.published.iter().find_map(|p| match p.up {
        Up::Health(health) => Some(health.period_s),
        Up::Event(_) | Up::Reading(_) | Up::Loss(_) | Up::Update(_) => None,
    });
    assert_eq!(promise, Some(3600));
}
