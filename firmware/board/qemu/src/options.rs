//! What the machine's command line says: which file of the host is the flash.
//!
//! The word is `flash=PATH`, somewhere after a name for the program. Not here: anything about the device, which is in
//! flash.

use core::ffi::CStr;
use core::mem::MaybeUninit;

use heapless::Vec;
use semihosting::sys::arm_compat::sys_get_cmdline_uninit;
use static_cell::StaticCell;

/// Longest command line.
const LINE: usize = 256;

static PATH: StaticCell<Vec<u8, LINE>> = StaticCell::new();

/// The file that holds the flash; none if nobody has told.
pub(crate) fn flash() -> Option<&'static CStr> {
    let mut line = [MaybeUninit::uninit(); LINE];
    let text = str::from_utf8(sys_get_cmdline_uninit(&mut line).ok()?).ok()?;
    let mut words = text.trim_end_matches('\0').split_ascii_whitespace();
    let path = words.find_map(|word| word.strip_prefix("flash="))?;
    let path = PATH.init(path.bytes().chain([0]).collect());
    CStr::from_bytes_with_nul(path).ok()
}
