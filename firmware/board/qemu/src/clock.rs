//! Time: the machine timer, the queue of those who wait for it, and until when the watchdog is fed.
//!
//! The timer counts from the machine's start and never jumps. Not here: what is due (the core), what its interrupt
//! does (`watchdog`), who must answer before the dog is fed (`firmware::roll_call`).

use core::cell::{Cell, RefCell};
use core::task::Waker;

use critical_section::Mutex;
use embassy_time::{Duration, Instant, TICK_HZ, Timer};
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;
use firmware::body::Clock;
use proto::unit::Mono;

use crate::mmio::{MTIME, MTIMECMP};

/// How long the watchdog waits for food. Source: technical, four times the longest wait of the body's loop.
pub(crate) const BITE_AFTER: Duration = Duration::from_secs(8);

struct MachineTimer {
    waiting: Mutex<RefCell<Queue>>,
    bites_at: Mutex<Cell<u64>>,
}

embassy_time_driver::time_driver_impl!(static TIMER: MachineTimer = MachineTimer {
    waiting: Mutex::new(RefCell::new(Queue::new())),
    bites_at: Mutex::new(Cell::new(u64::MAX)),
});

impl Driver for MachineTimer {
    fn now(&self) -> u64 {
        loop {
            let (high, low) = (MTIME.at(4).read(), MTIME.read());
            if MTIME.at(4).read() == high {
                return u64::from(high) << 32 | u64::from(low);
            }
        }
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|cs| {
            if self.waiting.borrow_ref_mut(cs).schedule_wake(at, waker) {
                self.arm();
            }
        });
    }
}

impl MachineTimer {
    /// Wakes those who are due and sets the next interrupt. A moment that has passed interrupts at once.
    fn arm(&self) {
        critical_section::with(|cs| {
            let due = self.waiting.borrow_ref_mut(cs).next_expiration(self.now());
            let at = due.min(self.bites_at.borrow(cs).get());
            let [high, low] = [at >> 32, at & 0xFFFF_FFFF].map(|half| half as u32);
            // Never in the past while it is half written.
            MTIMECMP.at(4).write(u32::MAX);
            MTIMECMP.write(low);
            MTIMECMP.at(4).write(high);
        });
    }
}

/// The timer has interrupted: wakes those who are due.
pub(crate) fn ring() {
    TIMER.arm();
}

/// Whether the watchdog has not been fed for too long.
pub(crate) fn is_starved() -> bool {
    TIMER.now() >= critical_section::with(|cs| TIMER.bites_at.borrow(cs).get())
}

/// Lets the timer interrupt.
#[expect(unsafe_code, reason = "an interrupt changes what runs when")]
pub(crate) fn start() {
    TIMER.arm();
    // SAFETY: the handler takes only what is behind a critical section.
    unsafe { riscv::register::mie::set_mtimer() };
}

/// Feeds the watchdog, and unties it at the first time.
pub(crate) fn feed_watchdog() {
    let bites_at = (now() + BITE_AFTER).as_ticks();
    critical_section::with(|cs| TIMER.bites_at.borrow(cs).set(bites_at));
}

/// The time.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The time as the core counts it.
pub(crate) fn mono() -> Mono {
    Mono::from_millis(now().as_millis())
}

/// Microseconds since the machine's start.
pub(crate) fn micros() -> u64 {
    now().as_ticks() / (TICK_HZ / 1_000_000)
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
