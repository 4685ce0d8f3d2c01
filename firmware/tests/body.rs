//! The shell performs what the core asks for, and loses nothing when it is dropped in the middle of anything.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use firmware::body::{Body, Clock, FromLink, Introduction, Mqtt, Senses, Signals};
use firmware::device::{Light, LinkEvent, Sample, Sound, Token};
use firmware::flash_model::{FlashModel, ModelError};
use firmware::provision::{Blank, Voucher};
use firmware::queue::FlashQueue;
use proto::down::{DownBuf, Rung};
use proto::frame::Lane;
use proto::id::KeyEpoch;
use proto::topic::Topic;
use proto::unit::{Millis, Mono};
use proto::up::Role;

use crate::bench::{by_gateway, by_server, id, key, now_or_never, open, receipt};

type Inner = FlashModel<Vec<u8>, 1024>;

/// Flash that lets others run before each operation, as a chip's driver does.
struct Slow(Inner);

async fn breathe() {
    let mut rested = false;
    poll_fn(|_| if std::mem::replace(&mut rested, true) { Poll::Ready(()) } else { Poll::Pending })
        .await;
}

impl ErrorType for Slow {
    type Error = ModelError;
}
impl ReadNorFlash for Slow {
    const READ_SIZE: usize = 1;
    async fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), ModelError> {
        self.0.read(at, bytes).await
    }
    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}
impl NorFlash for Slow {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 1024;
    async fn erase(&mut self, from: u32, to: u32) -> Result<(), ModelError> {
        breathe().await;
        self.0.erase(from, to).await
    }
    async fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), ModelError> {
        breathe().await;
        self.0.write(at, bytes).await?;
        breathe().await;
        Ok(())
    }
}
impl MultiwriteNorFlash for Slow {}

#[derive(Default)]
struct World {
    now: Mono,
    samples: VecDeque<Sample>,
    events: VecDeque<FromLink>,
    introductions: Vec<Introduction>,
    published: Vec<(Topic, Vec<u8>)>,
    lights: Vec<Light>,
    fed: usize,
}

#[derive(Clone, Default)]
struct Edge(Rc<RefCell<World>>);

impl Mqtt for Edge {
    fn connect(&mut self, who: Introduction) {
        let mut world = self.0.borrow_mut();
        world.introductions.push(who);
        world.events.push_back(FromLink::Event(LinkEvent::Up));
    }
    fn disconnect(&mut self) {}
    fn publish(&mut self, token: Token, topic: Topic, frame: &[u8]) {
        let mut world = self.0.borrow_mut();
        world.published.push((topic, frame.to_vec()));
        world.events.push_back(FromLink::Event(LinkEvent::Acked(token)));
        if topic == Topic::DeviceUp(id(), Lane::Emergency) {
            let (press, _) = open(frame);
            let bytes = by_gateway(&receipt(press, Rung::Stored), 1);
            world.events.push_back(FromLink::Down(DownBuf::from_slice(&bytes).unwrap()));
        }
    }
    async fn next(&mut self) -> FromLink {
        poll_fn(|_| self.0.borrow_mut().events.pop_front().map_or(Poll::Pending, Poll::Ready)).await
    }
}

impl Senses for Edge {
    async fn next(&mut self) -> Sample {
        poll_fn(|_| self.0.borrow_mut().samples.pop_front().map_or(Poll::Pending, Poll::Ready))
            .await
    }
}

impl Clock for Edge {
    fn now(&self) -> Mono {
        self.0.borrow().now
    }
    async fn until(&self, at: Mono) {
        poll_fn(|_| if self.0.borrow().now >= at { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

impl Signals for Edge {
    fn light(&mut self, light: Light) {
        self.0.borrow_mut().lights.push(light);
    }
    fn sound(&mut self, _: Sound) {}
    fn feed_watchdog(&mut self) {
        self.0.borrow_mut().fed += 1;
    }
}

type Whole = Body<Slow, Edge, Edge, Edge, Edge>;

fn wake(edge: &Edge, flash: Slow) -> Whole {
    let layout = FlashQueue::halves(&flash).unwrap();
    let queue = FlashQueue::new(flash, layout).unwrap();
    let voucher = Voucher { device: id(), key: key(), role: Role::HelpButton };
    let who = Blank.claim(voucher).enrol(KeyEpoch::new(1), None);
    let edges = (edge.clone(), edge.clone(), edge.clone(), edge.clone());
    patiently(Body::wake(queue, &who, (5, 6), edges), usize::MAX).expect("flash is sound").unwrap()
}

/// Polls at most so often; none if the future was dropped before its end.
fn patiently<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(value);
        }
    }
    None
}

/// Runs the body for a span, dropping `run` after so many polls each time.
fn run(body: &mut Whole, edge: &Edge, span: Millis, polls: usize) {
    for _ in 0..span.get() / 10 {
        for _ in 0..40usize.div_ceil(polls) {
            assert!(patiently(body.run(), polls).is_none(), "nothing asks for a restart");
        }
        let later = edge.0.borrow().now.after(Millis::new(10));
        edge.0.borrow_mut().now = later;
    }
}

fn press(edge: &Edge) {
    edge.0.borrow_mut().samples.extend([Sample::Button(true)]);
}

#[test]
fn a_press_travels_from_the_finger_to_the_light() {
    let edge = Edge::default();
    let mut body = wake(&edge, Slow(Inner::erased(vec![0; 8192], 1)));
    press(&edge);
    run(&mut body, &edge, Millis::secs(2), 1000);
    let world = edge.0.borrow();
    assert_eq!(world.lights, [Light::Idle, Light::Sending, Light::Stored]);
    assert_eq!(world.introductions.len(), 1);
    assert_eq!(world.introductions[0].subscribe, Some(Topic::DeviceDown(id())));
    assert!(world.fed > 1, "everybody answered the roll-call");
    let lanes: Vec<Topic> = world.published.iter().map(|(topic, _)| *topic).collect();
    assert!(lanes.contains(&Topic::DeviceUp(id(), Lane::Emergency)));
    assert!(lanes.contains(&Topic::DeviceUp(id(), Lane::Telemetry)));
}

#[test]
fn dropping_run_anywhere_loses_nothing_and_doubles_nothing() {
    // A body that is dropped after a single poll each time starts each flash order anew and never ends it, so at
    // least a whole order must fit.
    for polls in 40..90 {
        let edge = Edge::default();
        let mut body = wake(&edge, Slow(Inner::erased(vec![0; 8192], 1)));
        press(&edge);
        run(&mut body, &edge, Millis::secs(1), polls);
        let (mut queue, ..) = body.dismantle();
        let kept = patiently(queue.restore(), usize::MAX).unwrap().unwrap();
        assert_eq!(kept.len(), 1, "{polls} polls");
        assert_eq!(edge.0.borrow().lights.last(), Some(&Light::Stored), "{polls} polls");
    }
}

#[test]
fn a_press_that_waits_survives_a_reboot_and_is_forgotten_at_received() {
    let edge = Edge::default();
    let mut body = wake(&edge, Slow(Inner::erased(vec![0; 8192], 1)));
    press(&edge);
    run(&mut body, &edge, Millis::secs(1), 1000);
    let (queue, ..) = body.dismantle();
    let first = last_press(&edge);
    let mut body = wake(&edge, queue.release());
    run(&mut body, &edge, Millis::secs(1), 1000);
    assert_eq!(last_press(&edge), first, "the same bytes in another boot");
    let (press, _) = open(&first);
    let bytes = by_server(&receipt(press, Rung::Received), 2);
    let word = FromLink::Down(DownBuf::from_slice(&bytes).unwrap());
    edge.0.borrow_mut().events.push_back(word);
    run(&mut body, &edge, Millis::secs(1), 1000);
    let (mut queue, ..) = body.dismantle();
    assert!(patiently(queue.restore(), usize::MAX).unwrap().unwrap().is_empty());
    let mut flash = queue.release();
    assert!(now_or_never(flash.0.read(0, &mut [0; 4])).is_ok());
}

fn last_press(edge: &Edge) -> Vec<u8> {
    let world = edge.0.borrow();
    let press = |(topic, _): &&(Topic, Vec<u8>)| *topic == Topic::DeviceUp(id(), Lane::Emergency);
    world.published.iter().rfind(press).expect("a press was published").1.clone()
}
