//! A simulated device: the real core in its real shell, over flash in memory and a real MQTT connection.
//!
//! Only the four edges are made here: time, senses, signals and the link. What the device shows and
//! hears is also told to the book-keeper as a *notice*: that a press was felt, which receipt came,
//! that the light changed. Not here: what a device does about any of it (`firmware`).

mod edges;
mod line;
mod shown;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use firmware::body::Body;
use firmware::device::Light;
use firmware::flash_model::FlashModel;
use firmware::provision::{Blank, Enrolled as Provisioned, Identity, Voucher};
use firmware::queue::FlashQueue;
use proto::down::Receipt;
use proto::id::{DeviceId, PressId};
use proto::up::Role;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch as latest;

use crate::clock::Watch;
use crate::device::edges::{Lamp, Sensors, Time};
use crate::device::line::{Felt, Line, Spy};
use crate::enrol::Enrolled;
use crate::resident::gait::Motion;
use crate::seed::Seed;
use crate::trouble::{Outcome, Trouble};

/// Flash of a simulated device: sixteen pages.
const FLASH_BYTES: usize = 16 * 4096;

/// What happens to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The button or cord is closed, or open again.
    Contact(bool),
    /// From now on this load lies on the mat, grams.
    Load(i32),
    /// Somebody moves.
    Motion,
    /// The door is open, or closed.
    Door(bool),
    /// What the wearer does from now on.
    Wearer(Motion),
    /// Power is there, or gone.
    Power(bool),
}

/// What was seen of a device from outside.
#[derive(Debug, Clone, Copy)]
pub enum Seen {
    /// It felt a press and has named it.
    Pressed(PressId),
    /// It was handed a receipt that it can read.
    Receipt(Receipt),
    /// Its light changed.
    Light,
}

/// One notice.
#[derive(Debug, Clone, Copy)]
pub struct Notice {
    /// Of whom.
    pub device: DeviceId,
    /// When, microseconds of the watch.
    pub at_us: u64,
    /// What.
    pub seen: Seen,
}

/// Where simulated devices live: one thread, since the core's shell stays on the thread it woke on.
#[derive(Debug, Clone)]
pub struct Street(UnboundedSender<Job>);

/// Starts one device on the street's thread.
type Job = Box<dyn FnOnce() + Send>;

impl Street {
    /// Starts the thread; it ends when the last clone is gone.
    pub fn open() -> Outcome<Self> {
        let (jobs, mut hear) = unbounded_channel::<Job>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, async move {
                while let Some(job) = hear.recv().await {
                    job();
                }
            });
        });
        Ok(Self(jobs))
    }
}

/// A running simulated device. Dropping it takes its power away for good.
pub struct Sim {
    /// Who.
    pub device: DeviceId,
    /// As what.
    pub role: Role,
    orders: UnboundedSender<Order>,
    power: latest::Sender<bool>,
    light: latest::Receiver<Light>,
    let_in: latest::Receiver<bool>,
    felt: Felt,
    _street: Street,
}

impl Sim {
    /// Powers a device up; it speaks to the gateway's door at `door`.
    pub fn start(
        street: &Street,
        of: Enrolled,
        door: SocketAddr,
        watch: Watch,
        notices: UnboundedSender<Notice>,
        seed: Seed,
    ) -> Self {
        let (orders, hear) = unbounded_channel();
        let (power, powered) = latest::channel(true);
        let (shown, light) = latest::channel(Light::Idle);
        let (inside, let_in) = latest::channel(false);
        let felt = Felt::default();
        let (device, role) = (of.device, of.role);
        let shown = Arc::new(shown);
        let let_in_by = Arc::new(inside);
        let life = Life { of, door, watch, notices, seed, felt: felt.clone(), let_in: let_in_by };
        let wake: Job = Box::new(move || {
            tokio::task::spawn_local(async move {
                if let Err(trouble) = life.live(hear, powered, shown).await {
                    tracing::debug!("device {device} has ended: {trouble}");
                }
            });
        });
        // A street that has ended powers nothing up; its devices stay silent.
        let _ = street.0.send(wake);
        Self { device, role, orders, power, light, let_in, felt, _street: street.clone() }
    }

    /// Makes something happen to it.
    pub fn order(&self, order: Order) {
        match order {
            Order::Power(on) => {
                self.power.send_replace(on);
            }
            Order::Contact(_)
            | Order::Load(_)
            | Order::Motion
            | Order::Door(_)
            | Order::Wearer(_) => {
                // A device whose life has ended feels nothing.
                let _ = self.orders.send(order);
            }
        }
    }

    /// Whether it has power.
    pub fn is_on(&self) -> bool {
        *self.power.borrow()
    }

    /// Presses felt and not yet published: nobody outside knows their names.
    pub fn unnamed(&self) -> usize {
        self.felt.waiting()
    }
}

/// Everything that outlives a power cut.
struct Life {
    of: Enrolled,
    door: SocketAddr,
    watch: Watch,
    notices: UnboundedSender<Notice>,
    seed: Seed,
    felt: Felt,
    let_in: Arc<latest::Sender<bool>>,
}

impl Life {
    async fn live(
        mut self,
        hear: UnboundedReceiver<Order>,
        mut powered: latest::Receiver<bool>,
        shown: Arc<latest::Sender<Light>>,
    ) -> Outcome {
        let fitted = provisioned(&self.of);
        let mut flash: FlashModel<Vec<u8>> =
            FlashModel::erased(vec![0; FLASH_BYTES], self.seed.draw());
        let hear = Arc::new(tokio::sync::Mutex::new(hear));
        loop {
            powered.wait_for(|on| *on).await?;
            let layout = FlashQueue::halves(&flash).map_err(Trouble::from)?;
            let mut queue = FlashQueue::new(flash, layout)?;
            let who = match queue.identity().await? {
                Identity::Enrolled(who) => who,
                Identity::Blank(_) | Identity::Claimed(_) => {
                    queue.store_identity(&fitted.to_bytes()).await?;
                    fitted.clone()
                }
            };
            let random = u32::try_from(self.seed.draw() & 0xFFFF_FFFF)?;
            let edges = self.edges(Arc::clone(&hear), Arc::clone(&shown));
            let mut body = Body::wake(queue, &who, (random, self.seed.draw()), edges).await?;
            tokio::select! {
                () = body.run() => {}
                off = powered.wait_for(|on| !*on) => { off?; }
            }
            let (queue, ..) = body.dismantle();
            flash = queue.release();
            shown.send_replace(Light::Idle);
        }
    }

    fn edges(
        &self,
        hear: Arc<tokio::sync::Mutex<UnboundedReceiver<Order>>>,
        shown: Arc<latest::Sender<Light>>,
    ) -> (Line, Sensors, Time, Lamp) {
        let (device, watch) = (self.of.device, self.watch);
        let spy = Spy::new(&self.of, watch, self.notices.clone(), self.felt.clone());
        let lamp =
            Lamp { device, watch, shown, notices: self.notices.clone(), felt: self.felt.clone() };
        (
            Line::new(self.door, spy, Arc::clone(&self.let_in)),
            Sensors::new(self.of.role, hear, self.seed.part(77)),
            Time(watch),
            lamp,
        )
    }
}

fn provisioned(of: &Enrolled) -> Provisioned {
    let voucher = Voucher { device: of.device, key: of.key.clone(), role: of.role };
    Blank.claim(voucher).enrol(of.epoch, Some(of.home))
}

/// A list behind a lock, whole whatever happened to its last user.
type Shelf<T> = Arc<Mutex<T>>;
