//! Blink patterns and melodies: how each light and sound looks and sounds on two lamps and a buzzer.
//!
//! Green is "it goes well", red "telephone for help". Not here: when which is due (the core).

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex as Raw;
use embassy_sync::channel::Channel;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Timer};
use esp_hal::gpio::{Level, Output};
use firmware::device::{Light, Sound};

use crate::clock;
use crate::wiring::Lamp;

/// Sounds that may wait.
const WAITING: usize = 4;
/// Shortest step of every pattern.
const STEP: Duration = Duration::from_millis(100);

/// The light that is due.
pub(crate) static LIGHT: Signal<Raw, Light> = Signal::new();
/// Sounds that are due.
pub(crate) static SOUNDS: Channel<Raw, Sound, WAITING> = Channel::new();

/// Steps of a tenth of a second, the first in the lowest bit; and how many there are.
#[derive(Clone, Copy)]
struct Pattern {
    green: u32,
    red: u32,
    steps: u32,
}

const fn pattern(light: Light) -> Pattern {
    let (green, red, steps) = match light {
        Light::Idle => (0, 0, 1),
        Light::Sending => (0b01, 0, 2),
        Light::Stored => (0b0000_1111, 0, 10),
        Light::Received => (1, 0, 1),
        // Solid, with two winks.
        Light::Seen => (0xF_FFFF & !(1 << 14 | 1 << 16), 0, 20),
        Light::Failed => (0, 0b0000_1111_1111_1111, 16),
        Light::Refused => (0b0000_1111, 0b1111_0000, 8),
        Light::Identify => (0b01, 0b10, 2),
    };
    Pattern { green, red, steps }
}

/// Tenths of a second, sound and silence by turns, the first in the lowest bit; zero at the end.
const fn melody(sound: Sound) -> u32 {
    match sound {
        Sound::Felt => 0b1,
        Sound::Received => 0b11_0011,
        Sound::Seen => 0b1111_0011_0011,
        Sound::Failed => 0b1111_1111_0000_1111_1111,
        Sound::Test => 0b1_0101,
        Sound::Identify => 0b1_0001_0001,
    }
}

/// Shows and says what is due, step by step.
#[embassy_executor::task]
pub(crate) async fn shine(mut lamp: Lamp) {
    let (mut shown, mut step, mut tune) = (pattern(Light::Idle), 0, 0);
    let mut next = clock::now();
    loop {
        if let Some(light) = LIGHT.try_take() {
            (shown, step) = (pattern(light), 0);
        }
        if tune == 0
            && let Ok(sound) = SOUNDS.try_receive()
        {
            tune = melody(sound);
        }
        set(&mut lamp.green, shown.green >> step & 1);
        set(&mut lamp.red, shown.red >> step & 1);
        set(&mut lamp.buzzer, tune & 1);
        (step, tune) = ((step + 1) % shown.steps, tune >> 1);
        next += STEP;
        Timer::at(next).await;
    }
}

fn set(pin: &mut Output<'static>, bit: u32) {
    pin.set_level(if bit == 0 { Level::Low } else { Level::High });
}
