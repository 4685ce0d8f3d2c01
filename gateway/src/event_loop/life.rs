//! The life of the loop: what comes and goes with its way to the server, and how it goes on after it has fallen.
//!
//! Not here: what it hears (`event_loop`).

use door::workers::Worker;
use proto::frame::Lane;
use tokio::sync::{mpsc, watch};

use super::{Event, EventLoop};
use crate::hub::Hub;

impl EventLoop {
    /// Hears and acts until `stop` is true. If it falls it begins anew with what is on disk.
    pub async fn live(
        mut self,
        worker: Worker,
        mut events: mpsc::Receiver<Event>,
        mut stop: watch::Receiver<bool>,
    ) {
        self.start();
        while let Err(why) = worker.live(self.run(&mut events, &mut stop)).await {
            tokio::select! {
                () = worker.again(&why) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            if worker.attempt(|| self.resume()).is_err() {
                tracing::error!("the loop cannot take up what is on disk, it goes on without");
            }
        }
    }

    /// Takes up what is on disk after a fall. What sounds goes on sounding if its press still waits.
    fn resume(&mut self) {
        self.hub = Hub::new(self.clock.now(), self.firmware);
        let up = self.pulse.borrow().uplink_emergency;
        self.learn();
        self.hub.handle_uplink(self.clock.now(), up);
        if !self.hub.is_sounding() {
            self.alarm.sound(false);
            self.pulse.send_modify(|pulse| pulse.sounding = false);
        }
        self.act();
    }

    pub(super) fn on_uplink(&mut self, lane: Lane, up: bool) {
        if lane == Lane::Emergency {
            self.hub.handle_uplink(self.clock.now(), up);
        }
        if let Some(renewal) = &mut self.renewal {
            renewal.link(self.clock.now(), lane, up);
        }
        if up && lane == Lane::Emergency {
            // Answers may have been lost with the last link.
            let asked = self.ask_again(self.clock.now());
            self.pulse.send_modify(|pulse| pulse.store &= asked.is_ok());
        }
        let now = self.clock.now();
        self.pulse.send_modify(|pulse| match lane {
            Lane::Emergency => {
                pulse.uplink_lost += u64::from(pulse.uplink_emergency && !up);
                if pulse.uplink_emergency != up {
                    pulse.uplink_since = now;
                }
                pulse.uplink_emergency = up;
            }
            Lane::Telemetry => pulse.uplink_telemetry = up,
        });
    }
}
