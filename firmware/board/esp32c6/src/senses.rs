//! The sensors of the board: each role has its own, all are the drivers of `firmware::sensor`.
//!
//! Everything is looked at each [`LOOK`]. Not here: what a sample means (the core), the pins (`wiring`).

use embassy_time::{Duration, Instant, Timer};
use esp_hal::Blocking;
use esp_hal::analog::adc::{Adc, AdcCalCurve, AdcConfig, AdcPin, Attenuation};
use esp_hal::delay::Delay;
use esp_hal::gpio::{Input, Output};
use esp_hal::i2c::master::I2c;
use esp_hal::peripherals::{ADC1, GPIO1};
use firmware::body::Senses;
use firmware::device::{SAMPLE_HZ, Sample};
use firmware::sensor::accelerometer::{ADDRESS, Accelerometer, Range, Rate};
use firmware::sensor::battery::{Battery, Cell};
use firmware::sensor::bed_mat::{BedMat, Calibration};
use firmware::sensor::button::{Active, HelpButton};
use firmware::sensor::cord::PullCord;
use firmware::sensor::door::DoorContact;
use firmware::sensor::pir::MotionSensor;
use firmware::sensor::registers::OnI2c;
use proto::up::Role;

use crate::{clock, network, wiring};

/// Between two looks. Source: technical, a quarter of the core's debounce.
const LOOK: Duration = Duration::from_millis(5);
/// Between two measurements of the battery.
const WEIGH: Duration = Duration::from_secs(1);
/// Cell voltage is halved before the converter. Source: README, two equal resistors.
const DIVIDER: u16 = 2;
/// Load cells of the mat: counts of the empty bed, and for one kilogram. Source: four half-bridge cells of 50 kg at
/// 1 mV/V and gain 128; a fitter who measures them better changes this line.
const TARE: i32 = 0;
const COUNTS_PER_KG: i32 = 10_700;
/// Infra-red sensors see ghosts until they are warm.
const WARM: Duration = Duration::from_secs(60);

const _: () = assert!(Rate::Hz50.hz() == SAMPLE_HZ);

type Bus = OnI2c<I2c<'static, Blocking>>;

enum Driver {
    Button(HelpButton<Input<'static>>),
    Cord(PullCord<Input<'static>>),
    Mat(BedMat<Input<'static>, Output<'static>, Delay>),
    Motion(MotionSensor<Input<'static>>),
    Door(DoorContact<Input<'static>>),
    Pendant(HelpButton<Input<'static>>, Option<Accelerometer<Bus>>),
    Nothing,
}

/// The cell of a device that has one.
struct Supply {
    converter: Adc<'static, ADC1<'static>, Blocking>,
    pin: AdcPin<GPIO1<'static>, ADC1<'static>, AdcCalCurve<ADC1<'static>>>,
    battery: Battery,
    next: Instant,
}

/// The sensors of one role.
pub(crate) struct Sensors {
    driver: Driver,
    supply: Option<Supply>,
}

impl Sensors {
    /// What a device of this role feels with.
    pub(crate) fn of(role: Role, pins: wiring::Sensors) -> Self {
        let supply = match role {
            Role::HelpButton | Role::Pendant | Role::Motion | Role::Door => {
                Some(Supply::new(pins.converter, pins.battery))
            }
            Role::PullCord | Role::BedMat | Role::Gateway | Role::Other => None,
        };
        let driver = match role {
            Role::HelpButton => Driver::Button(HelpButton::new(pins.button, Active::Low)),
            // The cord breaks the circuit: a cut wire calls for help as well.
            Role::PullCord => Driver::Cord(PullCord::new(pins.cord, Active::High)),
            Role::BedMat => mat(pins.mat_data, pins.mat_clock),
            Role::Motion => Driver::Motion(MotionSensor::new(pins.motion, Active::High)),
            Role::Door => Driver::Door(DoorContact::new(pins.door, Active::High)),
            Role::Pendant => {
                let chip = pins.bus.map(|bus| OnI2c { bus, address: ADDRESS });
                let worn = |chip| Accelerometer::new(chip, Range::G16, Rate::Hz50, clock::mono());
                Driver::Pendant(HelpButton::new(pins.button, Active::Low), chip.map(worn))
            }
            Role::Gateway | Role::Other => Driver::Nothing,
        };
        Self { driver, supply }
    }

    fn look(&mut self) -> Option<Sample> {
        if let Some(dbm) = network::SIGNAL.try_take() {
            return Some(Sample::Signal(dbm));
        }
        if let Some(sample) = self.supply.as_mut().and_then(Supply::look) {
            return Some(sample);
        }
        let now = clock::mono();
        match &mut self.driver {
            Driver::Button(button) => button.poll().ok().flatten(),
            Driver::Cord(cord) => cord.poll().ok().flatten(),
            // A clock line that stays high for 60 us puts the converter to sleep.
            Driver::Mat(mat) => critical_section::with(|_| mat.poll(now)),
            Driver::Motion(_) if clock::now() < Instant::from_ticks(0) + WARM => None,
            Driver::Motion(motion) => motion.poll().ok().flatten(),
            Driver::Door(door) => door.poll().ok().flatten(),
            Driver::Pendant(button, worn) => {
                let pressed = button.poll().ok().flatten();
                pressed.or_else(|| worn.as_mut()?.poll(now))
            }
            Driver::Nothing => None,
        }
    }
}

impl Supply {
    fn new(converter: ADC1<'static>, pin: GPIO1<'static>) -> Self {
        let mut config = AdcConfig::new();
        let pin = config.enable_pin_with_cal(pin, Attenuation::_11dB);
        let converter = Adc::new(converter, config);
        Self { converter, pin, battery: Battery::new(Cell::LithiumIon), next: clock::now() }
    }

    fn look(&mut self) -> Option<Sample> {
        if clock::now() < self.next {
            return None;
        }
        // A conversion that is still on its way is asked for at the next look.
        let half_mv = self.converter.read_oneshot(&mut self.pin).ok()?;
        self.next += WEIGH;
        self.battery.see(clock::mono(), half_mv.saturating_mul(DIVIDER))
    }
}

fn mat(data: Input<'static>, pulse: Output<'static>) -> Driver {
    match Calibration::new(TARE, COUNTS_PER_KG) {
        Some(calibration) => {
            Driver::Mat(BedMat::new(data, pulse, Delay::new(), calibration, clock::mono()))
        }
        None => Driver::Nothing,
    }
}

impl Senses for Sensors {
    async fn next(&mut self) -> Sample {
        loop {
            if let Some(sample) = self.look() {
                return sample;
            }
            Timer::after(LOOK).await;
        }
    }
}
