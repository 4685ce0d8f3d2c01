//! What the machine's command line says: which file of the host is the flash, and how patient an update is.
//!
//! The words are `flash=PATH` and, for tests, `quiet=SECONDS`, somewhere after a name for the program. Not here: anything about the device, which is in
//! flash.

use core::ffi::CStr;
use core::mem::MaybeUninit;

use firmware::update::Terms;
use heapless::Vec;
use proto::unit::Millis;
use semihosting::sys::arm_compat::sys_get_cmdline_uninit;
use static_cell::StaticCell;

/// Longest command line.
const LINE: usize = 256;

static PATH: StaticCell<Vec<u8, LINE>> = StaticCell::new();

/// The file that holds the flash; none if nobody has told.
pub(crate) fn flash() -> Option<&'static CStr> {
    let path = word("flash=", |path| path.bytes().chain([0]).collect())?;
    CStr::from_bytes_with_nul(PATH.init(path)).ok()
}

/// How patient an update is: as everywhere, unless a test has less time.
pub(crate) fn terms() -> Terms {
    let quiet = word("quiet=", |text| text.parse().ok()).flatten();
    quiet.map_or(Terms::default(), |quiet| Terms { quiet: Millis::secs(quiet), ..Terms::default() })
}

fn word<T>(name: &str, read: impl FnOnce(&str) -> T) -> Option<T> {
    let mut line = [MaybeUninit::uninit(); LINE];
    let text = str::from_utf8(sys_get_cmdline_uninit(&mut line).ok()?).ok()?;
    let mut words = text.trim_end_matches('\0').split_ascii_whitespace();
    words.find_map(|word| word.strip_prefix(name)).map(read)
}
