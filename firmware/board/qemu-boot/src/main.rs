//! The boot stage of QEMU's `virt` machine: asks which slot to start, copies its image to RAM, and jumps.
//!
//! It is loaded at every power-up and never changes. What it chooses is `firmware::update::slots`; what it reads is the
//! flash file that the image uses too. If nothing can be started it says so and stands still.
//! Not here: the choice, the image (`board/qemu`).
#![no_std]
#![no_main]

#[path = "../../qemu/src/flash.rs"]
mod flash;
#[expect(dead_code, reason = "the image needs more of it than its boot stage")]
#[path = "../../qemu/src/layout.rs"]
mod layout;
#[expect(dead_code, reason = "the image needs more of it than its boot stage")]
#[path = "../../qemu/src/options.rs"]
mod options;

use core::future::Future;
use core::panic::PanicInfo;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_storage_async::nor_flash::ReadNorFlash;
use firmware::update::slots::choose;

use crate::flash::HostFlash;

/// Where images are built to run, see `memory.x` of `board/qemu`.
const IMAGE: usize = 0x8020_0000;
/// Room for an image there, bytes.
const IMAGE_MAX: usize = 1 << 20;

#[riscv_rt::entry]
fn main() -> ! {
    match load() {
        Ok(()) => jump(),
        Err(missing) => {
            say(missing);
            stop()
        }
    }
}

/// Brings the chosen image to where it runs.
fn load() -> Result<(), &'static str> {
    let path = options::flash().ok_or("boot: no flash in the options\n")?;
    let mut flash = HostFlash::open(path).map_err(|_| "boot: flash does not answer\n")?;
    let choice = at_once(choose(&mut flash, &layout::UPDATE)).flatten();
    let choice = choice.ok_or("boot: no slot holds a whole image\n")?;
    let from = layout::UPDATE.slot(choice.slot).start;
    let place = room().get_mut(..choice.image.size as usize);
    let place = place.ok_or("boot: the image is too long\n")?;
    let read = at_once(flash.read(from, place)).and_then(Result::ok);
    read.ok_or("boot: flash does not give the image\n")
}

/// The memory that an image runs in.
#[expect(unsafe_code, reason = "this memory is nobody's until the image runs")]
fn room() -> &'static mut [u8] {
    // SAFETY: called once; the boot stage's own memory lies elsewhere, see both `memory.x`.
    unsafe { core::slice::from_raw_parts_mut(IMAGE as *mut u8, IMAGE_MAX) }
}

#[expect(unsafe_code, reason = "another program goes on from here")]
fn jump() -> ! {
    riscv::asm::fence_i();
    // SAFETY: an image begins with its first instruction, and sets up all that it needs.
    let entry: extern "C" fn() -> ! = unsafe { core::mem::transmute(IMAGE) };
    entry()
}

/// The result of a future over a flash that never lets wait.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn say(text: &str) {
    use semihosting::io::Write;
    if let Ok(mut out) = semihosting::io::stderr() {
        // Nobody is left to tell if the host does not listen.
        let _ = out.write_all(text.as_bytes());
    }
}

fn stop() -> ! {
    loop {
        riscv::asm::wfi();
    }
}

#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    say("boot: panic\n");
    stop()
}
