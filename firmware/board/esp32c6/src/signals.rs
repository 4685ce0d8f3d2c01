//! What the person in the room perceives, and the watchdog's food.
//!
//! The watchdog is the one of the chip's always-on part: it restarts the whole chip, whatever the program does.
//! Not here: blink patterns and melodies (`lamp`), who must answer before the dog is fed (`firmware::roll_call`).

use esp_hal::rtc_cntl::{Rwdt, RwdtStage, RwdtStageAction};
use esp_hal::time::Duration;
use firmware::body::Signals;
use firmware::device::{Light, Sound};
use proto::unit::Millis;

use crate::lamp::{LIGHT, SOUNDS};

/// How long the watchdog waits for food. Source: technical, four times its [`HUNGER`](Signals::HUNGER).
const BITE_AFTER: Duration = Duration::from_secs(8);

/// Light, buzzer and watchdog.
pub(crate) struct Face {
    watchdog: Rwdt,
}

impl Face {
    /// Unties the watchdog.
    pub(crate) fn new(mut watchdog: Rwdt) -> Self {
        watchdog.set_timeout(RwdtStage::Stage0, BITE_AFTER);
        watchdog.set_stage_action(RwdtStage::Stage0, RwdtStageAction::ResetSystem);
        watchdog.enable();
        Self { watchdog }
    }
}

impl Signals for &mut Face {
    const HUNGER: Option<Millis> = Face::HUNGER;

    fn light(&mut self, light: Light) {
        (**self).light(light);
    }

    fn sound(&mut self, sound: Sound) {
        (**self).sound(sound);
    }

    fn feed_watchdog(&mut self) {
        (**self).feed_watchdog();
    }
}

impl Signals for Face {
    const HUNGER: Option<Millis> = Some(Millis::secs(2));

    fn light(&mut self, light: Light) {
        LIGHT.signal(light);
    }

    fn sound(&mut self, sound: Sound) {
        // If too much waits to be said, the newest is left out: the light shows it.
        let _ = SOUNDS.try_send(sound);
    }

    fn feed_watchdog(&mut self) {
        self.watchdog.feed();
    }
}
