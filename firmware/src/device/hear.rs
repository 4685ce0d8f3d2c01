//! How a device listens: only words that are sealed for it, and from each sealer only what it may say.
//!
//! The gateway may say `stored`, and nothing above; the server may say everything. What is not for us, or not from
//! whom it claims, is counted and ignored. Not here: what the words do in detail (`press`, `ladder`, `settings`).

use proto::down::{Down, DownBuf, Keys, Receipt, Rung, Sealer, Word, sealer_of};
use proto::id::KeyEpoch;
use proto::unit::Millis;

use super::Device;
use super::ladder::Sound;
use super::press::Climb;
use crate::trace::Mark;
use crate::update::UPDATES;

/// Longest blinking for an installer, seconds. Source: choice, nobody looks longer.
const IDENTIFY_MAX_S: u32 = 600;

impl Device {
    // What it takes of the stack is given back before anything else is done.
    #[inline(never)]
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        let seal = match sealer_of(bytes) {
            Some(Sealer::Gateway) => &self.from_gateway,
            Some(Sealer::Server) => &self.from_server,
            None => return self.ignore(),
        };
        let sealer = seal.sealer();
        let mut body = DownBuf::new();
        let mut opened = seal.unseal(self.voice.device, bytes, &mut body);
        if opened.is_err()
            && sealer == Sealer::Server
            && let Some(older) = self.presses.other_epoch(self.voice.epoch())
        {
            // The answer to a frame of before the keys changed may have been sealed before it too.
            let seal = self.voice.server_seal(older);
            opened = seal.unseal(self.voice.device, bytes, &mut body);
        }
        let read = |()| if UPDATES { Word::read(&body) } else { Word::read_own(&body) };
        let word = match opened.and_then(read) {
            Ok(Word::Plain(word)) => word,
            Ok(Word::Update(order)) if sealer == Sealer::Server => return self.order(&order),
            Ok(Word::Keys(Keys::Renew(epoch))) if sealer == Sealer::Server => {
                return self.renew(epoch);
            }
            Ok(Word::Update(_) | Word::Keys(_)) | Err(_) => return self.ignore(),
        };
        match (word, sealer) {
            (Down::Receipt(Receipt { press, rung: Rung::Stored }), Sealer::Gateway) => {
                self.receipt(Receipt { press, rung: Rung::Stored });
            }
            (_, Sealer::Gateway) => self.ignore(),
            (Down::Receipt(receipt), Sealer::Server) => self.receipt(receipt),
            (Down::Settings(order), Sealer::Server) => match self.settings.after(&order) {
                Some(settings) => {
                    self.settings = settings;
                    self.store = true;
                    self.retime();
                }
                None => self.trace.mark(self.now, Mark::OldSettings),
            },
            (Down::Test(_), Sealer::Server) => {
                self.tested = Some(self.uptime(self.now));
                self.ladder.say(Sound::Test);
                self.health();
            }
            (Down::Identify(seconds), Sealer::Server) => {
                let span = Millis::secs(seconds.min(IDENTIFY_MAX_S).into());
                self.ladder.identify(self.now, span);
            }
        }
    }

    /// An older number is an old word, told again.
    fn renew(&mut self, epoch: KeyEpoch) {
        self.session.alive();
        if epoch > self.voice.epoch() {
            self.renewal = Some(epoch);
        }
    }

    fn receipt(&mut self, Receipt { press, rung }: Receipt) {
        self.session.alive();
        match self.presses.climb(self.now, press, rung) {
            Climb::Step => {}
            Climb::Done => {
                self.ladder.done(self.now, press, rung);
                self.let_go(press);
            }
            Climb::Unknown => {
                self.ladder.seen(press, rung);
                // Flash may still hold one that a cut in the middle of forgetting brought back.
                if press.device == self.voice.device && rung >= Rung::Received {
                    self.let_go(press);
                }
            }
        }
    }

    fn let_go(&mut self, press: proto::id::PressId) {
        if !self.forget.iter().any(|waiting| *waiting == press) {
            // Full means that flash forgets later: the press comes back at the next boot and is answered again.
            let _ = self.forget.push_back(press);
        }
    }

    /// New periods count from now.
    fn retime(&mut self) {
        let after = |seconds: u16| self.now.after(Millis::secs(seconds.into()));
        self.next_health = self.next_health.min(after(self.settings.health_s));
        self.next_reading = self.next_reading.min(after(self.settings.reading_s));
    }

    fn ignore(&mut self) {
        self.trace.counters.wrong_seal += 1;
        self.trace.mark(self.now, Mark::WrongSeal);
    }
}
