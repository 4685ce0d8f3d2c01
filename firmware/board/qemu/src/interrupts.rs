//! Who answers when a device interrupts.
//!
//! Two do: the serial port and the network card. Not here: the controller (`plic`), the timer, which has its own line
//! (`clock`).

use crate::{bench, clock, net, plic, virtio};

/// The serial port's line.
const UART_LINE: u32 = 10;
/// Lets the serial port interrupt, and then everything that is allowed.
#[expect(unsafe_code, reason = "an interrupt changes what runs when")]
pub(crate) fn start() {
    plic::open();
    plic::allow(UART_LINE);
    clock::start();
    // SAFETY: the handlers take only what is behind a critical section.
    unsafe {
        riscv::register::mie::set_mext();
        riscv::interrupt::enable();
    }
}

#[riscv_rt::core_interrupt(riscv::interrupt::Interrupt::MachineExternal)]
fn external() {
    loop {
        match plic::claim() {
            0 => return,
            line => {
                if line == UART_LINE {
                    bench::interrupt();
                } else {
                    virtio::acknowledge(line);
                    net::interrupt();
                }
                plic::complete(line);
            }
        }
    }
}
