//! Lines that leave by the serial port and need no answer.
//!
//! Not here: what is asked of the other end (`bench`), the port itself (`uart`).

use core::fmt::{self, Write};

use crate::clock::micros;
use crate::uart::Out;

/// A line as it is.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    // The port takes everything.
    let _ = writeln!(Out, "{line}");
}

/// A line for whoever reads the log.
pub(crate) fn tell(text: fmt::Arguments<'_>) {
    say(format_args!("log {} {text}", micros()));
}
