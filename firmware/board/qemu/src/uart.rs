//! The serial port: bytes out at once, bytes in as lines.
//!
//! The port is a 16550 whose interrupt comes through the interrupt controller. A *line* ends at a newline and is at
//! most [`LINE_MAX`] bytes; a longer one is dropped whole. Not here: what the lines say (`bench`).

use core::fmt::{self, Write};

use heapless::Vec;

use crate::mmio::UART;

/// Longest line in: the answer to a full read of a sensor's FIFO as hexadecimal digits.
pub(crate) const LINE_MAX: usize = 448;

/// Receiver and transmitter; holding register of both.
const DATA: usize = 0;
const INTERRUPTS: usize = 1;
const FIFO: usize = 2;
const STATUS: usize = 5;
const RECEIVED: u8 = 1;
const HAS_BYTE: u8 = 1;
const CAN_SEND: u8 = 1 << 5;

/// Opens the port: FIFO on, an interrupt for each byte that came.
pub(crate) fn start() {
    UART.at(FIFO).write_byte(1);
    UART.at(INTERRUPTS).write_byte(RECEIVED);
}

/// The way out.
pub(crate) struct Out;

impl Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            while UART.at(STATUS).read_byte() & CAN_SEND == 0 {}
            UART.at(DATA).write_byte(byte);
        }
        Ok(())
    }
}

/// A line as it comes in.
pub(crate) struct Line {
    bytes: Vec<u8, LINE_MAX>,
    too_long: bool,
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self { bytes: Vec::new(), too_long: false }
    }

    /// Takes what has come, and hands each whole line on.
    pub(crate) fn take(&mut self, mut whole: impl FnMut(&str)) {
        while UART.at(STATUS).read_byte() & HAS_BYTE != 0 {
            let byte = UART.at(DATA).read_byte();
            if byte != b'\n' {
                self.too_long |= self.bytes.push(byte).is_err();
                continue;
            }
            if let (false, Ok(text)) = (self.too_long, str::from_utf8(&self.bytes)) {
                whole(text);
            }
            self.bytes.clear();
            self.too_long = false;
        }
    }
}
