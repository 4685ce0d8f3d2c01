//! What the machine's command line says: where the flash lies and where the gateway is.
//!
//! The words are `flash=PATH door=ADDRESS:PORT`, in any order, after a name for the program. A real board has both
//! built in or in its settings; here they belong to the host that runs the machine.
//! Not here: anything about the device itself, which is in flash.

use core::ffi::CStr;
use core::net::SocketAddrV4;

use heapless::Vec;
use semihosting::sys::arm_compat::sys_get_cmdline_uninit;
use static_cell::StaticCell;

/// Longest command line.
const LINE: usize = 256;

static TEXT: StaticCell<[core::mem::MaybeUninit<u8>; LINE]> = StaticCell::new();
static PATH: StaticCell<Vec<u8, LINE>> = StaticCell::new();

/// What was told.
pub(crate) struct Options {
    /// Host file that holds the flash.
    pub(crate) flash: &'static CStr,
    /// The gateway's door for devices.
    pub(crate) door: SocketAddrV4,
}

/// Reads the command line; none if it lacks something.
pub(crate) fn read() -> Option<Options> {
    let bytes = sys_get_cmdline_uninit(TEXT.init([core::mem::MaybeUninit::uninit(); LINE])).ok()?;
    let text = str::from_utf8(bytes).ok()?.trim_end_matches('\0');
    let word = |key: &str| {
        text.split_ascii_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    };
    let path = PATH.init(word("flash")?.bytes().chain([0]).collect());
    Some(Options {
        flash: CStr::from_bytes_with_nul(path).ok()?,
        door: word("door")?.parse().ok()?,
    })
}
