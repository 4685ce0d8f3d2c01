//! What homes are told of a batch after its commit: how far presses have come, alarms, questions, keys.
//!
//! Not here: how a word reaches a home and is told again (`receipts`), and what screens are told (`shown`).

use proto::down::Rung;
use proto::id::{DeviceId, HomeId, PressId};
use proto::relay::GatewayDown;
use proto::unit::{Millis, Mono};

use super::{Batcher, Pending};
use crate::ingest::judge::Sheet;
use crate::ingest::renewal::Renewals;

impl Batcher {
    pub(super) fn answer(&mut self, pending: &Pending) {
        // It was away when the device was released; until now it has not heard of it.
        for (gateway, device) in self.reader.take_strays() {
            self.room.receipts.say(gateway, &GatewayDown::Release { device });
        }
        let words = words(&pending.sheet, &pending.answers, self.room.clock.now().mono);
        for word in words {
            let receipts = &self.room.receipts;
            match word {
                Word::Rung(press, rung) => receipts.tell(press, rung),
                Word::Alarm(home, device) => receipts.alarm(home, device, true),
                Word::Ask(home, span) => receipts.ask(home, span),
            }
        }
        for (gateway, press) in &pending.accepted {
            self.room.receipts.accepted(*gateway, *press);
        }
        for (gateway, press) in &pending.elsewhere {
            self.room.receipts.tell_by(*gateway, *press, Rung::Received);
        }
    }

    /// Devices that still speak under older keys are told so; gateways that refuse their own, whom they have.
    pub(super) fn renew(&self, renewals: &Renewals) {
        for (device, under) in &renewals.behind {
            self.room.receipts.renew(*device, *under);
        }
        for device in &renewals.refused {
            if let Some(info) = self.room.registry.device(*device) {
                self.room.receipts.enrol(&info);
            }
        }
    }
}

/// What homes are told once it is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// How far a press has come.
    Rung(PressId, Rung),
    /// An emergency is open in this home, raised by this device.
    Alarm(HomeId, DeviceId),
    /// Ask the home for so long; none = stop asking.
    Ask(HomeId, Millis),
}

/// Every word that a batch has for homes. A question is not kept: who is told late is asked late, and raised in time.
fn words(sheet: &Sheet, answers: &[(PressId, Rung)], now: Mono) -> Vec<Word> {
    let home = |home: i64| HomeId::new(home.unsigned_abs());
    let received = sheet.received.iter().map(|press| Word::Rung(*press, Rung::Received));
    let again = answers.iter().map(|(press, rung)| Word::Rung(*press, *rung));
    let alarms = sheet.alarmed.iter().filter_map(|(h, d)| Some(Word::Alarm(home(*h)?, *d)));
    let ended = sheet.answered.iter().map(|home| (*home, now));
    let asked = sheet.asked.iter().copied().chain(ended);
    let asks = asked.filter_map(|(h, until)| Some(Word::Ask(home(h)?, until.since(now))));
    received.chain(again).chain(alarms).chain(asks).collect()
}

#[cfg(test)]
mod tests {
    use care::{Finding, Kind, Output, Severity, Trust};
    use proto::id::{BootId, Seq};

    use super::*;
    use crate::clock::Now;
    use crate::ingest::judge::Cause;

    #[test]
    fn a_home_hears_of_its_receipt_its_alarm_and_its_question_after_the_commit() {
        let at = Mono::from_millis;
        let now = Now { mono: at(5_000), wall_ms: 1_790_000_000_000 };
        let device = DeviceId::new(9).unwrap();
        let press = PressId { device, boot: BootId::new(7, 1), seq: Seq::new(3) };
        let help = Finding {
            incident: 1,
            opens: true,
            kind: Kind::Help,
            severity: Severity::Emergency,
            activation: Some(press),
            device: Some(device),
            at: now.mono,
            evidence: heapless::Vec::new(),
        };
        let (kind, until) = (Kind::Bed, at(35_000));
        let seen = care::Seen::Answered;
        let evidence = care::Evidence { what: seen, supports: false, at: now.mono, value: 0.0 };
        let outputs = [
            (20, Output::Raise(help)),
            (21, Output::Ask { incident: 2, kind, device: None, until }),
            (22, Output::Answered { incident: 4, kind, device: None, evidence }),
        ];
        let trust = Trust::Verified;
        let (stored, late, gateway) = (now.mono, false, None);
        let uptime = None;
        let cause = Cause { press: Some(press), trust, hash: &[], stored, late, gateway, uptime };
        let mut sheet = Sheet::default();
        outputs.iter().for_each(|(home, output)| sheet.put(now, *home, output, &cause));
        let (home, known) = (|n| HomeId::new(n).unwrap(), PressId { seq: Seq::new(2), ..press });
        assert_eq!(
            words(&sheet, &[(known, Rung::Seen)], now.mono),
            [
                Word::Rung(press, Rung::Received),
                Word::Rung(known, Rung::Seen),
                Word::Alarm(home(20), device),
                Word::Ask(home(21), Millis::secs(30)),
                Word::Ask(home(22), Millis::secs(0)),
            ]
        );
    }
}
