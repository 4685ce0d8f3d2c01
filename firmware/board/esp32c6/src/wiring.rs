//! Which pin is what: the only file that names pins. README has the same as a table for whoever solders.
//!
//! Pins 8, 9 and 15 decide how the chip boots, 12 and 13 are USB, 16 and 17 the log: they stay free. All contacts go
//! to ground with the chip's own pull-up. Not here: what is read from a pin (`senses`) or shown on it (`lamp`).

use esp_hal::Blocking;
use esp_hal::gpio::{Input, InputConfig, Level, Output, OutputConfig, Pull};
use esp_hal::i2c::master::{Config, I2c};
use esp_hal::peripherals::{ADC1, FLASH, FROM_CPU_INTR0, GPIO1, Peripherals, RNG, TIMG0, WIFI};
use esp_hal::rtc_cntl::{Rtc, Rwdt};
use esp_hal::time::Rate;

/// The accelerometer's bus runs at this. Source: its data sheet, fast mode.
const BUS: Rate = Rate::from_khz(400);

/// Two lamps in one body, and a buzzer that sounds while its pin is high.
pub(crate) struct Lamp {
    pub(crate) green: Output<'static>,
    pub(crate) red: Output<'static>,
    pub(crate) buzzer: Output<'static>,
}

/// All that feels.
pub(crate) struct Sensors {
    pub(crate) button: Input<'static>,
    pub(crate) cord: Input<'static>,
    pub(crate) mat_data: Input<'static>,
    pub(crate) mat_clock: Output<'static>,
    pub(crate) motion: Input<'static>,
    pub(crate) door: Input<'static>,
    /// None if the bus cannot be set up: the pendant is a button then.
    pub(crate) bus: Option<I2c<'static, Blocking>>,
    pub(crate) converter: ADC1<'static>,
    pub(crate) battery: GPIO1<'static>,
}

/// What the life of the device takes.
pub(crate) struct Rest {
    pub(crate) flash: FLASH<'static>,
    pub(crate) radio: WIFI<'static>,
    pub(crate) random: RNG<'static>,
    pub(crate) sensors: Sensors,
}

/// The board, with everything in its place.
pub(crate) struct Board {
    pub(crate) timer: TIMG0<'static>,
    pub(crate) interrupt: FROM_CPU_INTR0<'static>,
    pub(crate) watchdog: Rwdt,
    pub(crate) lamp: Lamp,
    pub(crate) rest: Rest,
}

impl Board {
    /// Gives each pin its name.
    pub(crate) fn wire(chip: Peripherals) -> Self {
        let bus = I2c::new(chip.I2C0, Config::default().with_frequency(BUS)).ok();
        let sensors = Sensors {
            battery: chip.GPIO1,
            button: contact(chip.GPIO2),
            cord: contact(chip.GPIO3),
            bus: bus.map(|bus| bus.with_sda(chip.GPIO6).with_scl(chip.GPIO7)),
            mat_data: contact(chip.GPIO10),
            mat_clock: off(chip.GPIO11),
            motion: Input::new(chip.GPIO18, InputConfig::default().with_pull(Pull::Down)),
            door: contact(chip.GPIO19),
            converter: chip.ADC1,
        };
        let lamp =
            Lamp { green: off(chip.GPIO20), red: off(chip.GPIO21), buzzer: off(chip.GPIO22) };
        Self {
            timer: chip.TIMG0,
            interrupt: chip.FROM_CPU_INTR0,
            watchdog: Rtc::new(chip.RTC_TIMER).rwdt,
            lamp,
            rest: Rest { flash: chip.FLASH, radio: chip.WIFI, random: chip.RNG, sensors },
        }
    }
}

fn contact(pin: impl esp_hal::gpio::InputPin + 'static) -> Input<'static> {
    Input::new(pin, InputConfig::default().with_pull(Pull::Up))
}

fn off(pin: impl esp_hal::gpio::OutputPin + 'static) -> Output<'static> {
    Output::new(pin, Level::Low, OutputConfig::default())
}
