//! Light and buzzer of the board, and the watchdog's food.
//!
//! The light is a driver chip that blinks by itself: it is told what to show. Not here: when it shows what (the core).

use firmware::body::Signals;
use firmware::device::{Light, Sound};

use proto::unit::Millis;

use crate::{bench, clock};

/// How often the watchdog asks for food. Source: technical, a quarter of its patience.
const FEED_EVERY: Millis = Millis::secs(2);

/// What the person in the room perceives.
pub(crate) struct Lamp;

impl Signals for Lamp {
    fn light(&mut self, light: Light) {
        bench::tell(
            "light",
            match light {
                Light::Idle => "idle",
                Light::Sending => "sending",
                Light::Stored => "stored",
                Light::Received => "received",
                Light::Seen => "seen",
                Light::Failed => "failed",
                Light::Refused => "refused",
                Light::Identify => "identify",
            },
        );
    }

    fn sound(&mut self, sound: Sound) {
        bench::tell(
            "sound",
            match sound {
                Sound::Felt => "felt",
                Sound::Received => "received",
                Sound::Seen => "seen",
                Sound::Failed => "failed",
                Sound::Test => "test",
                Sound::Identify => "identify",
            },
        );
    }

    const HUNGER: Option<Millis> = Some(FEED_EVERY);

    fn feed_watchdog(&mut self) {
        clock::feed_watchdog();
    }
}
