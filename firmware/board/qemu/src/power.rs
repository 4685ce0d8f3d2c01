//! The machine's power switch, and all ways that end there.
//!
//! A fault of the program restarts it: presses are in flash and are sent again after the boot.
//! Not here: what is kept over a restart (`firmware::queue`).

use core::panic::PanicInfo;

use crate::log;
use crate::mmio::POWER;

/// The word that makes the machine start again.
const RESTART: u32 = 0x7777;

/// Starts the machine again.
pub(crate) fn restart() -> ! {
    POWER.write(RESTART);
    loop {
        riscv::asm::wfi();
    }
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    if let Some(place) = info.location() {
        log::tell(format_args!("panic {}:{}", place.file(), place.line()));
    }
    restart()
}

/// Where traps end that nobody handles.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the linker finds it by this name")]
extern "C" fn abort() -> ! {
    log::tell(format_args!("trap at {:x}", riscv::register::mepc::read()));
    restart()
}
