//! The sensors of the board: each role has its own, all are the drivers of `firmware::sensor`.
//!
//! A contact is looked at when a pin changes, a converter at its own pace. Not here: what a sample means (the core),
//! the pins (`bench`).

use embassy_futures::select::select;
use embassy_time::{Delay, Duration, Instant, Timer};
use firmware::body::Senses;
use firmware::device::Sample;
use firmware::sensor::bed_mat::{BedMat, Calibration};
use firmware::sensor::button::{Active, HelpButton};
use firmware::sensor::cord::PullCord;
use firmware::sensor::door::DoorContact;
use firmware::sensor::pir::MotionSensor;
use proto::up::Role;

use crate::bench::{self, Drive, Level, Pin};
use crate::clock;

/// Between two looks at the mat's converter, which gives ten values a second.
const MAT_PERIOD: Duration = Duration::from_millis(20);
/// Between two looks at everything else if no pin changes; also what the watchdog's roll-call hears of the sensors.
const IDLE_PERIOD: Duration = Duration::from_secs(2);
/// Cells of the mat: counts of the empty bed, counts for one kilogram.
const TARE: i32 = 100_000;
const COUNTS_PER_KG: i32 = 20_000;

enum Driver {
    Button(HelpButton<Level>),
    Cord(PullCord<Level>),
    Mat(BedMat<Level, Drive, Delay>),
    Motion(MotionSensor<Level>),
    Door(DoorContact<Level>),
    Nothing,
}

/// The sensors of one role.
pub(crate) struct Sensors {
    driver: Driver,
    next_look: Instant,
}

impl Sensors {
    /// What a device of this role feels with.
    pub(crate) fn of(role: Role) -> Self {
        let driver = match role {
            Role::HelpButton | Role::Pendant => {
                Driver::Button(HelpButton::new(Level(Pin::Button), Active::Low))
            }
            Role::PullCord => Driver::Cord(PullCord::new(Level(Pin::Cord), Active::High)),
            Role::BedMat => mat(),
            Role::Motion => Driver::Motion(MotionSensor::new(Level(Pin::Pir), Active::High)),
            Role::Door => Driver::Door(DoorContact::new(Level(Pin::Door), Active::High)),
            Role::Gateway => Driver::Nothing,
        };
        Self { driver, next_look: clock::now() }
    }

    fn look(&mut self) -> Option<Sample> {
        let now = clock::mono();
        match &mut self.driver {
            Driver::Button(button) => button.poll().ok().flatten(),
            Driver::Cord(cord) => cord.poll().ok().flatten(),
            Driver::Mat(mat) => mat.poll(now),
            Driver::Motion(motion) => motion.poll().ok().flatten(),
            Driver::Door(door) => door.poll().ok().flatten(),
            Driver::Nothing => None,
        }
    }

    const fn period(&self) -> Duration {
        if matches!(self.driver, Driver::Mat(_)) { MAT_PERIOD } else { IDLE_PERIOD }
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
            let now = clock::now();
            if self.next_look <= now {
                self.next_look = now + self.period();
            }
            select(bench::edge(), Timer::at(self.next_look)).await;
        }
    }
}
