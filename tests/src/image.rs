//! The firmware image as a thing: its flash filled for one device, its numbers, its power cut at random points.
//!
//! - [`provision`]: a flash that holds a minted identity, and what flash holds after a cut.
//! - [`esp32c6`]: the image for a board that can be bought, and what is flashed beside it.
//! - [`room`]: a home with one board in it; [`power_cuts`]: what happens there.
//! - [`slots`]: the same with a boot stage and two slots; [`swaps`]: updates there.
//! - [`sign`]: the firm's key and its signed images; [`elf`]: from a program to an image.
//! - [`numbers`], [`size`], [`stack`]: how much it takes.
//!
//! Not here: building and running it (`qemu`).

pub mod elf;
pub mod esp32c6;
pub mod numbers;
pub mod power_cuts;
pub mod provision;
pub mod room;
pub mod sign;
pub mod size;
pub mod slots;
pub mod stack;
pub mod swaps;
