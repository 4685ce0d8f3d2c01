//! The shell around the core: performs its actions over a flash, a link, senses and signals.
//!
//! The same body runs on a chip and in a simulated home; only the four *edges* differ. Orders to the link
//! are given at once and its answers come as events, so that a press is felt while a connection hangs.
//! `run` may be dropped at any await and called again: an unfinished order is performed again, which changes nothing
//! that was done. Not here: MQTT clients, pins, clocks.

use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use proto::down::DownBuf;
use proto::id::{BootId, DeviceId};
use proto::key::PROOF_LEN;
use proto::seat::Seat;
use proto::topic::Topic;
use proto::unit::{Millis, Mono};

use crate::device::{Action, ConnectAs, Device, Input, Light, LinkEvent, Sample, Sound, Token};
use crate::provision::Enrolled;
use crate::queue::{FlashQueue, QueueError};
use crate::roll_call::{RollCall, Task};
use crate::settings::Settings;
use crate::update::bank::{Bank, Done};
use crate::update::{Built, Terms, UPDATES};

/// What the link tells the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromLink {
    /// The link has changed, or a publication is acknowledged.
    Event(LinkEvent),
    /// Bytes from the subscribed down topic; longer ones than `DOWN_MAX` are no word of ours and may be dropped.
    Down(DownBuf),
}

/// How to present oneself in CONNECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Introduction {
    /// Client id, as text; for `Seat::Device` the user name is the device id's text, for `Seat::Stranger` it is
    /// `STRANGER_LOGIN`.
    pub seat: Seat,
    /// Password; a stranger has none.
    pub password: Option<[u8; PROOF_LEN]>,
    /// To be subscribed at QoS 1 before the link counts as up; a stranger has none.
    pub subscribe: Option<Topic>,
}

/// An MQTT client as a body needs it. Sessions are clean: the core repeats what was not acknowledged.
pub trait Mqtt {
    /// Begins to connect, with any earlier connection dropped. The answer is `Up`, `Down` or `Refused` from `next`.
    fn connect(&mut self, who: Introduction);
    /// Drops the connection. No event follows, and none of what was on its way.
    fn disconnect(&mut self);
    /// Orders a publication at QoS 1. `Acked(token)` follows at its PUBACK; an order that cannot be taken may be
    /// forgotten, as the core notices the missing PUBACK. At most five are open at a time.
    fn publish(&mut self, token: Token, topic: Topic, frame: &[u8]);
    /// The next event. It may be dropped and called again without loss; it is pending while there is no connection.
    fn next(&mut self) -> impl Future<Output = FromLink>;
}

/// The sensors of a device.
pub trait Senses {
    /// The next sample. It may be dropped and called again without loss.
    fn next(&mut self) -> impl Future<Output = Sample>;
}

/// Monotonic time.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Mono;
    /// Waits until then; returns at once if it has passed.
    fn until(&self, at: Mono) -> impl Future<Output = ()>;
}

/// What the person in the room perceives, and the watchdog that watches it all.
pub trait Signals {
    /// Changes the light.
    fn light(&mut self, light: Light);
    /// Says something aloud, once.
    fn sound(&mut self, sound: Sound);
    /// How often the watchdog wants to be fed; none = there is none. The body turns at least so often.
    const HUNGER: Option<Millis> = None;

    /// Everybody has answered the roll-call.
    fn feed_watchdog(&mut self) {}
}

/// A boot that is in flash, with the settings it begins with.
#[derive(Debug, Clone)]
pub struct Begun {
    boot: BootId,
    settings: Settings,
}

impl Begun {
    /// Begins a boot: its record is in flash and read back before anything else. `random` becomes a new life if flash
    /// holds none, and must come from a true source.
    pub async fn boot<F: MultiwriteNorFlash>(
        flash: &mut FlashQueue<F>,
        who: &Enrolled,
        random: u32,
    ) -> Result<Self, QueueError> {
        let boot = flash.begin_boot(random).await?;
        let defaults = Settings::of(who.keys().role);
        // Damaged settings are no reason to be silent: the defaults hold.
        let settings = flash.settings(defaults).await.unwrap_or(defaults);
        Ok(Self { boot, settings })
    }
}

/// One device, alive.
pub struct Body<F, L, S, C, G> {
    device: Device,
    flash: FlashQueue<F>,
    link: L,
    senses: S,
    clock: C,
    signals: G,
    call: RollCall,
    bank: Option<Bank>,
    /// An order that `run` was dropped in the middle of.
    open: Option<Action>,
}

/// What has happened while the body waited.
enum Happening {
    Link(FromLink),
    Sense(Sample),
    Time,
}

impl<F: MultiwriteNorFlash, L: Mqtt, S: Senses, C: Clock, G: Signals> Body<F, L, S, C, G> {
    /// Wakes a device up: begins a boot in flash, then takes the emergencies up that an earlier one left. `random`
    /// becomes a new life if flash holds none and must come from a true source; `seed` is for jitter.
    pub async fn wake(
        mut flash: FlashQueue<F>,
        who: &Enrolled,
        (random, seed): (u32, u64),
        edges: (L, S, C, G),
    ) -> Result<Self, QueueError> {
        let begun = Begun::boot(&mut flash, who, random).await?;
        let mut body = Self::new(flash, who, &begun, seed, edges);
        body.recall().await?;
        Ok(body)
    }

    /// The first step of `wake` for a chip, which has no room to move a device about: it is made where it stays.
    /// Follow it with [`recall`](Self::recall).
    #[inline(never)]
    pub fn new(
        flash: FlashQueue<F>,
        who: &Enrolled,
        begun: &Begun,
        seed: u64,
        (link, senses, clock, signals): (L, S, C, G),
    ) -> Self {
        let device = who.device(&begun.settings, begun.boot, clock.now(), seed);
        let call = RollCall::new();
        Self { device, flash, link, senses, clock, signals, call, bank: None, open: None }
    }

    /// Takes up the emergencies that an earlier boot left; before anything else.
    pub async fn recall(&mut self) -> Result<(), QueueError> {
        let Self { device, flash, clock, .. } = self;
        let now = clock.now();
        flash.recall(|frame| device.handle(now, Input::Restored(frame))).await
    }

    /// Gives it two slots for images; `built` is what the image that runs knows of itself.
    pub fn give_bank(&mut self, bank: Bank, built: &Built, terms: Terms) {
        self.device.give_slots(bank.standing(built), terms);
        self.bank = Some(bank);
    }

    /// The same, for who has room to move it.
    pub fn with_bank(mut self, bank: Bank, built: &Built, terms: Terms) -> Self {
        self.give_bank(bank, built, terms);
        self
    }

    /// Lives until the core asks for a restart.
    pub async fn run(&mut self) {
        loop {
            if self.act().await {
                return;
            }
            let happening = self.wait().await;
            let now = self.clock.now();
            self.call.here(Task::Core);
            match happening {
                Happening::Link(FromLink::Event(event)) => {
                    self.device.handle(now, Input::Link(event));
                }
                Happening::Link(FromLink::Down(bytes)) => {
                    self.device.handle(now, Input::Down(&bytes));
                }
                Happening::Sense(sample) => self.device.handle(now, Input::Sample(sample)),
                Happening::Time => self.device.handle(now, Input::Tick),
            }
            if self.call.complete() {
                self.signals.feed_watchdog();
                self.device.handle(now, Input::AllHere);
            }
        }
    }

    /// The core, to look at.
    pub const fn device(&self) -> &Device {
        &self.device
    }

    /// Who it is.
    pub const fn id(&self) -> DeviceId {
        self.device.id()
    }

    /// Gives flash and edges back, as a power cut would.
    pub fn dismantle(self) -> (FlashQueue<F>, L, S, C, G) {
        (self.flash, self.link, self.senses, self.clock, self.signals)
    }

    /// Performs all that the core asks for; true if it asks for a restart.
    async fn act(&mut self) -> bool {
        loop {
            if self.open.is_none() {
                self.open = self.device.next_action();
            }
            match self.open {
                None if self.device.renewal().is_some() => apart(pin!(self.renew())).await,
                None => return false,
                Some(Action::Restart) => return true,
                Some(_) => apart(pin!(self.perform())).await,
            }
            self.open = None;
        }
    }

    /// The keys change: what flash does not hold is not spoken under.
    async fn renew(&mut self) {
        let Some(epoch) = self.device.renewal() else { return };
        let kept = self.flash.renew(epoch).await.is_ok();
        self.device.renewed(self.clock.now(), kept);
    }

    /// Performs the open order.
    async fn perform(&mut self) {
        let Self { device, flash, link, clock, signals, bank, open: Some(action), .. } = self
        else {
            return;
        };
        let id = device.id();
        match action {
            Action::Keep { slot, frame } => {
                let kept = flash.keep(frame).await.is_ok();
                let answer = if kept { Input::Kept(*slot) } else { Input::KeepFailed(*slot) };
                device.handle(clock.now(), answer);
            }
            // What flash does not forget or store now comes back at the next boot, and is answered again.
            Action::Forget(press) => drop(flash.forget(*press).await),
            Action::Store(settings) => drop(flash.store_settings(settings).await),
            Action::Connect(guise) => link.connect(introduction(id, *guise)),
            Action::Disconnect => link.disconnect(),
            Action::Publish { token, stranger, lane, frame } => {
                let topic =
                    if *stranger { Topic::StrangerUp(id) } else { Topic::DeviceUp(id, *lane) };
                link.publish(*token, topic, frame);
            }
            Action::Bank(step) => {
                let done = match bank {
                    Some(bank) if UPDATES => bank.perform(flash.flash(), step.clone()).await,
                    Some(_) | None => Done::Failed,
                };
                device.handle(clock.now(), Input::Bank(done));
            }
            Action::Light(light) => signals.light(*light),
            Action::Sound(sound) => signals.sound(*sound),
            Action::Restart => {}
        }
    }

    /// The first of sense, link and time, in this order when several are ready.
    async fn wait(&mut self) -> Happening {
        let hungry = G::HUNGER.map(|span| self.clock.now().after(span));
        let deadline = self.device.poll_timeout().into_iter().chain(hungry).min();
        let clock = &self.clock;
        let call = &mut self.call;
        let mut sense = pin!(self.senses.next());
        let mut link = pin!(self.link.next());
        let mut time = pin!(async {
            match deadline {
                Some(at) => clock.until(at).await,
                None => core::future::pending().await,
            }
        });
        poll_fn(|context| {
            call.here(Task::Senses);
            if let Poll::Ready(sample) = sense.as_mut().poll(context) {
                return Poll::Ready(Happening::Sense(sample));
            }
            call.here(Task::Link);
            if let Poll::Ready(event) = link.as_mut().poll(context) {
                return Poll::Ready(Happening::Link(event));
            }
            time.as_mut().poll(context).map(|()| Happening::Time)
        })
        .await
    }
}

/// Waits for a large piece of work, and gives back what it takes of the stack whenever it waits: a chip has little, and
/// what comes after the work should not lie on top of it.
pub async fn apart<W: Future>(mut work: Pin<&mut W>) -> W::Output {
    poll_fn(|context| turn(work.as_mut(), context)).await
}

#[inline(never)]
fn turn<W: Future>(work: Pin<&mut W>, context: &mut Context<'_>) -> Poll<W::Output> {
    work.poll(context)
}

fn introduction(id: DeviceId, guise: ConnectAs) -> Introduction {
    match guise {
        ConnectAs::Enrolled { password } => Introduction {
            seat: Seat::Device(id),
            password: Some(password),
            subscribe: Some(Topic::DeviceDown(id)),
        },
        ConnectAs::Stranger => {
            Introduction { seat: Seat::Stranger(id), password: None, subscribe: None }
        }
    }
}
