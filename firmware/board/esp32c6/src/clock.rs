//! Time: the chip's own timer, which counts from the start and never jumps.
//!
//! Not here: what is due (the core), the watchdog (`signals`).

use embassy_time::{Instant, Timer};
use firmware::body::Clock;
use proto::unit::Mono;

/// The time.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The time as the core counts it.
pub(crate) fn mono() -> Mono {
    Mono::from_millis(now().as_millis())
}

/// The body's clock.
pub(crate) struct MonoClock;

impl Clock for MonoClock {
    fn now(&self) -> Mono {
        mono()
    }

    async fn until(&self, at: Mono) {
        Timer::at(Instant::from_millis(at.millis())).await;
    }
}
