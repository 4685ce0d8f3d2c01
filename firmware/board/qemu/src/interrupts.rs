//! The interrupt controller: which devices may interrupt, and who answers.
//!
//! Two do: the serial port and the network card. Not here: the timer, which has its own line (`clock`).

use crate::mmio::PLIC;
use crate::{bench, clock, net, virtio};

/// The serial port's line.
const UART_LINE: u32 = 10;
/// Priority of each line, four bytes a line.
const PRIORITY: usize = 0;
const ENABLED: usize = 0x2000;
const THRESHOLD: usize = 0x20_0000;
/// Reading claims the next line, writing completes it.
const CLAIM: usize = 0x20_0004;

/// Lets the serial port interrupt, and then everything that is allowed.
#[expect(unsafe_code, reason = "an interrupt changes what runs when")]
pub(crate) fn start() {
    PLIC.at(THRESHOLD).write(0);
    allow(UART_LINE);
    clock::start();
    // SAFETY: the handlers take only what is behind a critical section.
    unsafe {
        riscv::register::mie::set_mext();
        riscv::interrupt::enable();
    }
}

/// Lets a line interrupt.
pub(crate) fn allow(line: u32) {
    PLIC.at(PRIORITY + 4 * line as usize).write(1);
    let enabled = PLIC.at(ENABLED).read();
    PLIC.at(ENABLED).write(enabled | 1 << line);
}

#[riscv_rt::core_interrupt(riscv::interrupt::Interrupt::MachineExternal)]
fn external() {
    loop {
        match PLIC.at(CLAIM).read() {
            0 => return,
            line => {
                if line == UART_LINE {
                    bench::interrupt();
                } else {
                    virtio::acknowledge(line);
                    net::interrupt();
                }
                PLIC.at(CLAIM).write(line);
            }
        }
    }
}
