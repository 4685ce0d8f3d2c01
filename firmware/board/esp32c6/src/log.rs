//! Lines for whoever reads the board's log, on USB or UART0. A line names the device at most, never a person.
//!
//! Not here: what happened lately in the core (`firmware::trace`).

use core::fmt::Arguments;

/// Writes a line.
#[expect(clippy::print_stdout, reason = "the log of this board is its serial port")]
pub(crate) fn line(text: Arguments<'_>) {
    esp_println::println!("{text}");
}
