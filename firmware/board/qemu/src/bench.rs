//! The workbench: pins, buses and signals of the board, wired to whoever sits at the other end of the serial port.
//!
//! What a chip would do in copper goes as lines of text. Inputs are told when they change and held in a register;
//! what the board drives is answered with `ok` once the other end has done it:
//!
//! - `hello` at power-up: the level of every pin; `pin NAME 0` or `1` whenever a level changes;
//! - `out NAME 0` or `1`; `i2c ADDRESS wHEX rCOUNT …`, answered `ok HEX` or `nack`; `adc NAME`, `ok MILLIVOLTS`;
//! - `light WORD MICROS`, `sound WORD MICROS` and `log MICROS TEXT` need no answer.
//!
//! Not here: drivers (`firmware::sensor`), what a light means (the core), the log (`log`), the port itself (`uart`).

use core::cell::RefCell;
use core::fmt;
use core::future::poll_fn;
use core::task::Poll;

use critical_section::Mutex;
use embassy_sync::waitqueue::AtomicWaker;
use embassy_time::Duration;
use heapless::String;

use crate::clock::{self, micros};
use crate::log::say;
use crate::uart::{self, LINE_MAX, Line};

mod bus;
mod pin;

pub(crate) use bus::{Bus, millivolts};
pub(crate) use pin::{Drive, Level, Pin};

/// A bench that does not answer for this long is not there. Source: technical, a busy host's slice.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// The other end did not answer, or answered nonsense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault;

/// What has come in.
struct Inbox {
    line: Line,
    levels: u8,
    /// An edge that nobody has looked at yet.
    edge: bool,
    answer: Option<String<LINE_MAX>>,
}

static INBOX: Mutex<RefCell<Inbox>> =
    Mutex::new(RefCell::new(Inbox { line: Line::new(), levels: 0, edge: false, answer: None }));
static WATCHER: AtomicWaker = AtomicWaker::new();

/// Opens the bench and learns the level of every pin.
pub(crate) fn start() -> Result<(), Fault> {
    uart::start();
    ask(format_args!("hello"), |_| Ok(()))
}

/// The serial port has something.
pub(crate) fn interrupt() {
    critical_section::with(|cs| {
        let inbox = &mut *INBOX.borrow_ref_mut(cs);
        let Inbox { line, levels, edge, answer } = inbox;
        line.take(|text| match text.strip_prefix("pin ") {
            #[cfg(feature = "measure")]
            None if text == "count" => crate::measure::tell(),
            Some(told) => {
                if let Some((pin, high)) = pin::told(told) {
                    let before = *levels;
                    *levels = if high { before | pin.bit() } else { before & !pin.bit() };
                    *edge |= *levels != before;
                }
            }
            None if text.starts_with("ok") || text.starts_with("nack") => {
                *answer = String::try_from(text).ok();
            }
            // The rest of a line that began before the port was open.
            None => {}
        });
        if inbox.edge {
            WATCHER.wake();
        }
    });
}

/// Waits for the next edge of any pin; one that came before counts.
pub(crate) async fn edge() {
    poll_fn(|context| {
        WATCHER.register(context.waker());
        let came = critical_section::with(|cs| core::mem::take(&mut INBOX.borrow_ref_mut(cs).edge));
        if came { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Tells something that needs no answer, with the time.
pub(crate) fn tell(what: &str, word: &str) {
    say(format_args!("{what} {word} {}", micros()));
}

/// Asks the bench and waits for its answer, which begins with `ok`.
fn ask<T>(
    line: fmt::Arguments<'_>,
    read: impl FnOnce(&str) -> Result<T, Fault>,
) -> Result<T, Fault> {
    critical_section::with(|cs| INBOX.borrow_ref_mut(cs).answer = None);
    say(line);
    let latest = clock::now() + ANSWER_WITHIN;
    loop {
        let answer = critical_section::with(|cs| INBOX.borrow_ref_mut(cs).answer.take());
        match answer {
            Some(text) => return read(text.strip_prefix("ok").ok_or(Fault)?.trim_start()),
            None if clock::now() > latest => return Err(Fault),
            None => {}
        }
    }
}
