//! The turn of tidying: old rows go, loss is told, and the box looks whether it is well.
//!
//! Shares are small, so that a press never waits for a long one. Not here: what is past its time (`spool`).

use proto::frame::Lane;
use proto::unit::Mono;
use proto::up::{Event, Loss, Up};

use super::EventLoop;
use crate::handles::OWN;
use crate::spool::{OwnFrame, SpoolError, Usage};

/// Shares of tidying in one go, so that a press never waits for a long one.
const TIDY_SHARES: usize = 4;
/// Fewer file handles than this are told.
const HANDLES_SPARE: usize = OWN / 2;

impl EventLoop {
    pub(super) fn on_tidy(&mut self) -> Result<(), SpoolError> {
        let now = self.clock.now();
        if self.files != self.spool.files() {
            self.files = self.spool.files();
            self.roster.rows().iter().try_for_each(|row| self.spool.enrol(row))?;
        }
        for _share in 0..TIDY_SHARES {
            if !self.spool.tidy(now)? {
                break;
            }
        }
        let voice = &self.voice;
        self.spool.tell_loss(now, &mut |count| {
            let uptime = now.since(voice.started);
            voice.say(&Up::Loss(Loss { count: count.into(), since: None, uptime, home: None }))
        })?;
        let usage = self.spool.usage()?;
        self.tell_losses(now, &usage)?;
        if self.door.healthy() {
            self.hub.handle_tested(now);
        }
        let short = door::handles::short(self.handles, HANDLES_SPARE);
        if short {
            tracing::error!(limit = self.handles, "file handles run short");
        }
        self.pulse.send_modify(|pulse| {
            pulse.usage = usage;
            pulse.store = true;
            pulse.handles = !short;
        });
        self.ask_again(now)
    }

    /// Puts what the bus has lost, and whether the disk is full, on its way to the server.
    fn tell_losses(&mut self, now: Mono, usage: &Usage) -> Result<(), SpoolError> {
        let bus = self.bus.counters();
        let bus = bus.lost + bus.not_retained;
        let (telemetry_lost, bus_lost) = self.losses.look(now, usage.lost, bus);
        let uptime = now.since(self.voice.started);
        let news = self.losses.news(now, usage.reserve).into_iter();
        let said = news
            .filter_map(|(kind, count)| self.voice.say(&Up::Event(Event { kind, uptime, count })));
        let said: Vec<_> = said.collect();
        self.pulse.send_modify(|pulse| {
            (pulse.telemetry_lost, pulse.bus_lost) = (telemetry_lost, bus_lost);
        });
        if said.is_empty() {
            return Ok(());
        }
        let frames: Vec<_> = said.iter().map(|(id, bytes)| OwnFrame { id: *id, bytes }).collect();
        self.spool.put_own(now, &frames)?;
        self.bells.of(Lane::Telemetry).notify_one();
        Ok(())
    }

    pub(super) fn ask_again(&self, now: Mono) -> Result<(), SpoolError> {
        if self.spool.ask_again(now)? {
            self.bells.of(Lane::Emergency).notify_one();
        }
        Ok(())
    }
}
