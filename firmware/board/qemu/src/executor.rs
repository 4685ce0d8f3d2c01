//! Turns the tasks, and lets the hart sleep while none has anything to do.
//!
//! Not here: the tasks; what wakes them (`clock`, `interrupts`).

use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, Ordering};

use embassy_executor::{Spawner, raw};
use static_cell::StaticCell;

static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();
/// Some task has been woken since all were turned.
static WOKEN: AtomicBool = AtomicBool::new(false);

#[unsafe(export_name = "__pender")]
#[expect(unsafe_code, reason = "the executor's library finds it by this name")]
fn woken(_: *mut ()) {
    WOKEN.store(true, Ordering::Release);
}

/// Runs for ever; `start` spawns the first task.
#[expect(unsafe_code, reason = "the library leaves it to the board not to nest turns")]
pub(crate) fn run(start: impl FnOnce(Spawner)) -> ! {
    let executor: &'static raw::Executor = EXECUTOR.init(raw::Executor::new(null_mut()));
    start(executor.spawner());
    loop {
        // SAFETY: this is the only turn, and no task reaches it.
        unsafe { executor.poll() };
        // With interrupts held back, none can slip in between the question and the sleep; it ends the sleep all the same.
        critical_section::with(|_| {
            if !WOKEN.swap(false, Ordering::AcqRel) {
                sleep();
            }
        });
    }
}

fn sleep() {
    #[cfg(feature = "measure")]
    let since = crate::measure::count();
    riscv::asm::wfi();
    #[cfg(feature = "measure")]
    crate::measure::slept(since);
}
