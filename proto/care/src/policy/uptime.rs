//! How far a device's own clock is believed, and how long a word may be on its way without being late.
//!
//! A device counts its uptime by a crystal or a resistor. Not here: how a word is dated by it (`dating`).

use proto::unit::Millis;

/// A clock is wrong by at most this share, per mille. Source: data sheets of RC oscillators (±5 % over temperature and
/// supply) and a margin; crystals are wrong by a thousandth of that.
pub const CLOCK_OFF: i64 = 80;
/// How much the rate of one clock moves once it is measured, per mille. Source: choice, an RC oscillator from a warm room
/// to a cold balcony.
pub const CLOCK_MOVES: i64 = 20;
/// A word that takes no longer on its way from device to gateway is prompt. Source: choice, an MQTT reconnect within one
/// room; far below [`super::LATE_AFTER`].
pub const PROMPT: Millis = Millis::secs(5);
/// A rate is measured over at least so long. Source: technical, [`PROMPT`] is then less than a hundredth of it.
pub const RATE_OVER: Millis = Millis::minutes(10);
/// What is older counts less: a rate is measured over two to four hours. Source: choice, a room changes its warmth by then.
pub const RATE_LATELY: Millis = Millis::minutes(120);

const _: () = {
    assert!(PROMPT.get() * 10 < super::LATE_AFTER.get(), "who is prompt is not late");
    assert!(RATE_OVER.get() / 100 > PROMPT.get() && RATE_OVER.get() < RATE_LATELY.get());
    assert!(CLOCK_MOVES < CLOCK_OFF);
};
