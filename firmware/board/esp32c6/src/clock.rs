//! Time: the chip's own timer, which counts from the start and never jumps.
//!
//! Nobody waits for longer than [`TURN`]: the body then turns once, and the watchdog hears that all are well.
//! Not here: the watchdog (`signals`), what is due (the core).

use embassy_time::{Duration, Instant, Timer};
use firmware::body::Clock;
use proto::unit::Mono;

/// Longest time between two turns of the body. Source: technical, a quarter of the watchdog's patience.
pub(crate) const TURN: Duration = Duration::from_secs(2);

/// The time as the core counts it.
pub(crate) fn mono() -> Mono {
    Mono::from_millis(Instant::now().as_millis())
}

/// The body's clock.
pub(crate) struct MonoClock;

impl Clock for MonoClock {
    fn now(&self) -> Mono {
        mono()
    }

    async fn until(&self, at: Mono) {
        let turn = Instant::now() + TURN;
        Timer::at(turn.min(Instant::from_millis(at.millis()))).await;
    }
}
