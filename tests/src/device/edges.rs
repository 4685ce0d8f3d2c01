//! Time, senses and signals of a simulated device.
//!
//! The mat is read once a second and the accelerometer's memory three times, as their drivers do; everything else is
//! told when it happens.
//! Not here: the link (`line`).

use std::sync::Arc;
use std::time::Duration;

use firmware::body::{Clock, Senses, Signals};
use firmware::device::{BURST_MAX, Burst, Light, SAMPLE_HZ, Sample, Sound};
use proto::id::DeviceId;
use proto::unit::Mono;
use proto::up::Role;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::{Mutex, watch as latest};

use crate::clock::{self, Watch};
use crate::device::line::Felt;
use crate::device::{Notice, Order, Seen};
use crate::resident::gait::Gait;
use crate::seed::Seed;

/// Time between two looks at the accelerometer's memory: as long as a full burst takes to feel.
const BURST_PERIOD: Duration = Duration::from_millis(BURST_MAX as u64 * 1000 / SAMPLE_HZ as u64);
/// How long an infra-red sensor holds what it saw.
const MOTION_HOLD: Duration = Duration::from_secs(2);
/// Time between two readings of the mat.
const MAT_PERIOD: Duration = Duration::from_secs(1);

/// Monotonic time of the run.
pub(super) struct Time(pub(super) Watch);

impl Clock for Time {
    fn now(&self) -> Mono {
        Mono::from_millis(self.0.ms())
    }

    async fn until(&self, at: Mono) {
        tokio::time::sleep_until(self.0.at(at.millis() * 1000)).await;
    }
}

/// What a person does to the sensors.
pub(super) struct Sensors {
    role: Role,
    hear: Arc<Mutex<UnboundedReceiver<Order>>>,
    load_g: i32,
    /// When the movement that is seen is over.
    moved: Option<tokio::time::Instant>,
    mat: tokio::time::Interval,
    gait: Gait,
    worn: tokio::time::Interval,
}

impl Sensors {
    pub(super) fn new(role: Role, hear: Arc<Mutex<UnboundedReceiver<Order>>>, seed: Seed) -> Self {
        let (mat, worn) = (tokio::time::interval(MAT_PERIOD), tokio::time::interval(BURST_PERIOD));
        Self { role, hear, load_g: 0, moved: None, mat, gait: Gait::new(seed), worn }
    }

    fn burst(&mut self) -> Burst {
        let samples: [[i16; 3]; BURST_MAX] = std::array::from_fn(|_| self.gait.sample());
        Burst::holding(&samples, 0)
    }
}

impl Senses for Sensors {
    async fn next(&mut self) -> Sample {
        let hear = Arc::clone(&self.hear);
        let mut hear = hear.lock().await;
        loop {
            let order = tokio::select! {
                order = hear.recv() => order,
                () = over(self.moved), if self.moved.is_some() => {
                    self.moved = None;
                    return Sample::Motion(false);
                }
                _ = self.mat.tick(), if self.role == Role::BedMat => {
                    return Sample::Load(self.load_g);
                }
                _ = self.worn.tick(), if self.role == Role::Pendant => {
                    return Sample::Acceleration(self.burst());
                }
            };
            match order {
                Some(Order::Contact(closed)) if self.role == Role::PullCord => {
                    return Sample::Cord(closed);
                }
                Some(Order::Contact(closed)) => return Sample::Button(closed),
                Some(Order::Load(grams)) => self.load_g = grams,
                Some(Order::Motion) => {
                    self.moved = Some(clock::later(MOTION_HOLD));
                    return Sample::Motion(true);
                }
                Some(Order::Door(open)) => return Sample::Door(open),
                Some(Order::Wearer(motion)) => self.gait.begin(motion),
                Some(Order::Power(_)) => {}
                None => std::future::pending().await,
            }
        }
    }
}

async fn over(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What the person in the room perceives.
pub(super) struct Lamp {
    pub(super) device: DeviceId,
    pub(super) watch: Watch,
    pub(super) shown: Arc<latest::Sender<Light>>,
    pub(super) notices: UnboundedSender<Notice>,
    pub(super) felt: Felt,
}

impl Signals for Lamp {
    fn light(&mut self, light: Light) {
        self.shown.send_replace(light);
        let at_us = self.watch.us();
        // Nobody may be keeping the book.
        let _ = self.notices.send(Notice { device: self.device, at_us, seen: Seen::Light });
    }

    fn sound(&mut self, sound: Sound) {
        if sound == Sound::Felt {
            self.felt.push(self.watch.us());
        }
    }
}
