//! The firmware image as a thing: its flash filled for one device, its numbers, its power cut at random points.
//!
//! - [`provision`]: a flash that holds a minted identity, and what flash holds after a cut.
//! - [`room`]: a home with one board in it; [`power_cuts`]: what happens there.
//! - [`numbers`], [`size`], [`stack`]: how much it takes.
//!
//! Not here: building and running it (`qemu`).

pub mod numbers;
pub mod power_cuts;
pub mod provision;
pub mod room;
pub mod size;
pub mod stack;
