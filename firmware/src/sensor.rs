//! Drivers: from pins to samples, over embedded-hal, for a board and for fake pins alike.
//!
//! A driver is *polled*: the board calls it every few milliseconds and passes on what it gives. A pin or converter
//! that fails is a sample too, with its reason. Debounce of a person's touch is the core's (`device`), since a
//! simulated contact must bounce as well. Not here: chips, interrupts, or what a sample means.

pub mod accelerometer;
pub mod battery;
pub mod bed_mat;
pub mod button;
pub mod cord;
pub mod door;
mod level;
pub mod pir;
pub mod registers;
