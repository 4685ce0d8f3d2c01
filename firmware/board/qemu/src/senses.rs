//! The sensors of the board: each role has its own, all are the drivers of `firmware::sensor`.
//!
//! A contact is looked at when a pin changes, a converter at its own pace. Not here: what a sample means (the core),
//! the pins (`bench`).

use embassy_futures::select::select;
use embassy_time::{Delay, Duration, Instant, Timer};
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

use crate::bench::{self, Bus, Drive, Level, Pin};
use crate::clock;

/// Between two looks at the mat's converter, which gives ten values a second.
const MAT_PERIOD: Duration = Duration::from_millis(20);
/// Between two measurements of the battery, which is when everything else is looked at if no pin changes.
const WEIGH: Duration = Duration::from_secs(1);
/// Cells of the mat: counts of the empty bed, counts for one kilogram.
const TARE: i32 = 100_000;
const COUNTS_PER_KG: i32 = 20_000;

enum Driver {
    Button(HelpButton<Level>),
    Cord(PullCord<Level>),
    Mat(BedMat<Level, Drive, Delay>),
    Motion(MotionSensor<Level>),
    Door(DoorContact<Level>),
    Pendant(HelpButton<Level>, Accelerometer<OnI2c<Bus>>),
    Nothing,
}

/// The sensors of one role.
pub(crate) struct Sensors {
    driver: Driver,
    /// The cell of a device that has one.
    battery: Option<Battery>,
    next_weigh: Instant,
}

const _: () = assert!(Rate::Hz50.hz() == SAMPLE_HZ);

impl Sensors {
    /// What a device of this role feels with.
    pub(crate) fn of(role: Role) -> Self {
        let button = || HelpButton::new(Level(Pin::Button), Active::Low);
        let driver = match role {
            Role::HelpButton => Driver::Button(button()),
            // The cord breaks the circuit: a cut wire calls for help as well.
            Role::PullCord => Driver::Cord(PullCord::new(Level(Pin::Cord), Active::High)),
            Role::BedMat => mat(),
            Role::Motion => Driver::Motion(MotionSensor::new(Level(Pin::Pir), Active::High)),
            Role::Door => Driver::Door(DoorContact::new(Level(Pin::Door), Active::High)),
            Role::Pendant => {
                let chip = OnI2c { bus: Bus, address: ADDRESS };
                let worn = Accelerometer::new(chip, Range::G16, Rate::Hz50, clock::mono());
                Driver::Pendant(button(), worn)
            }
            Role::Gateway | Role::Other => Driver::Nothing,
        };
        let battery = match role {
            Role::HelpButton | Role::Pendant | Role::Motion | Role::Door => {
                Some(Battery::new(Cell::Coin))
            }
            Role::PullCord | Role::BedMat | Role::Gateway | Role::Other => None,
        };
        Self { driver, battery, next_weigh: clock::now() }
    }

    fn look(&mut self) -> Option<Sample> {
        let now = clock::mono();
        let felt = match &mut self.driver {
            Driver::Button(button) => button.poll().ok().flatten(),
            Driver::Cord(cord) => cord.poll().ok().flatten(),
            Driver::Mat(mat) => mat.poll(now),
            Driver::Motion(motion) => motion.poll().ok().flatten(),
            Driver::Door(door) => door.poll().ok().flatten(),
            Driver::Pendant(button, worn) => {
                button.poll().ok().flatten().or_else(|| worn.poll(now))
            }
            Driver::Nothing => None,
        };
        felt.or_else(|| self.weigh())
    }

    fn weigh(&mut self) -> Option<Sample> {
        if clock::now() < self.next_weigh {
            return None;
        }
        self.next_weigh = clock::now() + WEIGH;
        self.battery.as_mut()?.see(clock::mono(), bench::millivolts().ok()?)
    }

    /// When to look again if no pin changes.
    fn next_look(&self) -> Instant {
        let driver = match &self.driver {
            Driver::Mat(_) => clock::now() + MAT_PERIOD,
            Driver::Pendant(_, worn) => Instant::from_millis(worn.due().millis()),
            Driver::Button(_)
            | Driver::Cord(_)
            | Driver::Motion(_)
            | Driver::Door(_)
            | Driver::Nothing => self.next_weigh,
        };
        driver.min(self.next_weigh)
    }
}

fn mat() -> Driver {
    match Calibration::new(TARE, COUNTS_PER_KG) {
        Some(calibration) => Driver::Mat(BedMat::new(
            Level(Pin::MatData),
            Drive("mat-clock"),
            Delay,
            calibration,
            clock::mono(),
        )),
        None => Driver::Nothing,
    }
}

impl Senses for Sensors {
    async fn next(&mut self) -> Sample {
        loop {
            if let Some(sample) = self.look() {
                return sample;
            }
            select(bench::edge(), Timer::at(self.next_look())).await;
        }
    }
}
