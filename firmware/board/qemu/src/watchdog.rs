//! The timer's interrupt: wakes whoever is due, and restarts a machine whose watchdog starves.
//!
//! It does so whatever the rest of the program does. Not here: how long a meal lasts (`clock`), who must answer before
//! the dog is fed (`firmware::roll_call`).

use crate::{clock, log, power};

#[riscv_rt::core_interrupt(riscv::interrupt::Interrupt::MachineTimer)]
fn machine_timer() {
    if clock::is_starved() {
        log::tell(format_args!("watchdog bites"));
        power::restart();
    }
    clock::ring();
}
