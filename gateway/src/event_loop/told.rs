//! What the server says, performed: words for devices, the roster, alarms of homes.
//!
//! Each word is stored state told again after every reconnect, so hearing one twice changes nothing.
//! Not here: the gate that the roster serves (`enrol`).

use bytes::Bytes;
use door::Who;
use proto::down::Receipt;
use proto::id::{DeviceId, HomeId, PressId};
use proto::key::HopKey;
use proto::relay::GatewayDown;
use proto::unit::Mono;

use super::EventLoop;
use crate::enrol::{Change, Member};
use crate::spool::SpoolError;
use crate::uplink::driver::read_word;

impl EventLoop {
    pub(super) fn on_told(&mut self, bytes: &Bytes) -> Result<(), SpoolError> {
        let Some(word) = read_word(bytes) else {
            tracing::warn!(
                bytes = bytes.len(),
                "a word of the server is not readable, is this program too old?"
            );
            return Ok(());
        };
        match word {
            GatewayDown::Forward { device, sealed, hint } => self.on_forward(device, sealed, hint),
            GatewayDown::Enrol { device, home, role, epoch, hop_key } => {
                let key = HopKey::from_bytes(hop_key.into());
                self.on_enrol(device, Member { home, role, epoch, key, other: None })
            }
            GatewayDown::Former { device, epoch, hop_key } => {
                let key = HopKey::from_bytes(hop_key.into());
                self.roster.former(device, epoch, key).map_or(Ok(()), |row| self.spool.enrol(&row))
            }
            GatewayDown::Release { device } => self.on_release(device),
            GatewayDown::Alarm { home, open } => {
                let now = self.clock.now();
                self.hub.handle_alarm(home, open);
                if open { Ok(()) } else { self.on_close(now, home) }
            }
            GatewayDown::Accepted(press) => self.on_accepted(self.clock.now(), press),
            GatewayDown::Papers { chain, roots } => {
                if let Some(renewal) = &mut self.renewal {
                    renewal.answered(chain, roots);
                }
                Ok(())
            }
            GatewayDown::Petition => {
                if let Some(renewal) = &mut self.renewal {
                    renewal.reminded();
                }
                Ok(())
            }
            // The session hears it before this loop does, see `uplink::driver`.
            GatewayDown::Reached { .. } => Ok(()),
        }
    }

    /// People have an emergency without a rung: the home is quiet, also after the next start.
    fn on_accepted(&mut self, now: Mono, press: PressId) -> Result<(), SpoolError> {
        self.spool.accept(now, press)?;
        self.hub.handle_accepted(now, press);
        Ok(())
    }

    /// A person has closed what was open: that is an answer to all that the server has of this home. What it has not
    /// acknowledged waits for an answer of its own.
    fn on_close(&mut self, now: Mono, home: HomeId) -> Result<(), SpoolError> {
        for press in self.hub.waiting_in(home) {
            if self.spool.is_sent(press)? {
                self.on_accepted(now, press)?;
            }
        }
        self.spool.ended(now, home)
    }

    fn on_forward(
        &mut self,
        device: DeviceId,
        sealed: &[u8],
        hint: Option<Receipt>,
    ) -> Result<(), SpoolError> {
        // The device's light comes first; what the box keeps of it can be told again.
        self.tell(device, sealed);
        let Some(Receipt { press, rung }) = hint.filter(|hint| hint.press.device == device) else {
            return Ok(());
        };
        let now = self.clock.now();
        self.hub.handle_rung(now, press, rung);
        self.spool.raise_rung(now, press, rung, sealed).map(|_| ())
    }

    fn on_enrol(&mut self, device: DeviceId, told: Member) -> Result<(), SpoolError> {
        let (home, role) = (told.home, told.role);
        let (change, row) = self.roster.enrol(device, told);
        if let Some(row) = row {
            self.spool.enrol(&row)?;
            tracing::info!(%device, ?change, "roster");
        }
        if change == Change::Altered {
            self.door.cut(Who::Device(device));
        }
        if change != Change::Nothing {
            self.hub.handle_enrolled(self.clock.now(), device, home, role);
        }
        Ok(())
    }

    fn on_release(&mut self, device: DeviceId) -> Result<(), SpoolError> {
        let (change, row) = self.roster.release(device);
        if change == Change::Left {
            self.door.cut(Who::Device(device));
            self.hub.handle_released(device);
            tracing::info!(%device, "released");
        }
        row.map_or(Ok(()), |row| self.spool.enrol(&row))
    }
}
