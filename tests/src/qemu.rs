//! The image on a machine: QEMU, the flash as a file, and a bench that plays the world around the board.
//!
//! A *machine* runs the same bytes that a board would; killing it is a power cut, and the file keeps what flash had.
//! The image is built once a run, by whichever bare-metal compiler is there.
//!
//! - [`compiler`]: finds or installs a compiler, and builds.
//! - [`mod@bench`], [`chip`]: pins, buses and the chips on them.
//! - [`machine`], [`monitor`]: starts, watches, looks inside, kills.
//!
//! Not here: what must come of a press (the tests), numbers (`image`).

pub mod bench;
pub mod chip;
pub mod compiler;
pub mod machine;
pub mod monitor;

pub use machine::{Machine, Story};

/// How the flash of the board is divided: the board's own table.
#[expect(dead_code, reason = "the board needs more of it than the harness")]
#[path = "../../firmware/board/qemu/src/layout.rs"]
pub mod layout;
