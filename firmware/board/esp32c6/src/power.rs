//! The way to a new boot, and all ways that end there.
//!
//! A fault of the program restarts it: presses are in flash and are sent again after the boot.
//! Not here: what is kept over a restart (`firmware::queue`).

use core::panic::PanicInfo;

use crate::log;

/// Starts the chip again.
pub(crate) fn restart() -> ! {
    esp_hal::system::software_reset()
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    if let Some(place) = info.location() {
        log::line(format_args!("panic {}:{}", place.file(), place.line()));
    }
    restart()
}
