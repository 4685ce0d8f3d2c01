//! The watchdog is fed only when everybody has answered since it was fed last.
//!
//! A *task* is a loop that must keep turning; one that hangs makes the watchdog bite, whatever the others do.
//! Not here: the watchdog itself, which is the board's.

/// Who must answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Reads sensors and buttons.
    Senses,
    /// Turns the device core.
    Core,
    /// Moves the link to the gateway.
    Link,
}

const EVERYBODY: u8 = 1 << Task::Senses as u8 | 1 << Task::Core as u8 | 1 << Task::Link as u8;

/// Who has answered since the last feeding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollCall(u8);

impl RollCall {
    /// Nobody has answered yet.
    pub const fn new() -> Self {
        Self(0)
    }

    /// A task has turned once.
    pub const fn here(&mut self, task: Task) {
        self.0 |= 1 << task as u8;
    }

    /// True once everybody is here: feed the watchdog; the call then starts anew.
    pub const fn complete(&mut self) -> bool {
        let all = self.0 == EVERYBODY;
        if all {
            self.0 = 0;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_silent_task_starves_the_watchdog() {
        let mut call = RollCall::new();
        for _ in 0..9 {
            call.here(Task::Senses);
            call.here(Task::Core);
            assert!(!call.complete());
        }
        call.here(Task::Link);
        assert!(call.complete());
        assert!(!call.complete(), "everybody must answer again");
    }
}
