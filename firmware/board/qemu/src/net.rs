//! The IP stack over the network card.
//!
//! Addresses come from the network by DHCP; they are not waited for, since a device has other things to do meanwhile.
//! Not here: the card (`card`), and what is said over the network (`link`).

use embassy_executor::Spawner;
use embassy_net::{Config, Runner, Stack, StackResources};
use embassy_sync::waitqueue::AtomicWaker;
use static_cell::StaticCell;

mod card;

use card::Card;

/// Sockets of the stack: DHCP and one connection.
const SOCKETS: usize = 2;

/// Who is woken when the card has something.
static WAKER: AtomicWaker = AtomicWaker::new();
static SPACE: StaticCell<StackResources<SOCKETS>> = StaticCell::new();

/// The card has something.
pub(crate) fn interrupt() {
    WAKER.wake();
}

/// Starts the stack; none without a card. `seed` is for port numbers and the like.
#[inline(never)]
pub(crate) fn start(spawner: Spawner, seed: u64) -> Option<Stack<'static>> {
    let card = Card::find()?;
    let config = Config::dhcpv4(embassy_net::DhcpConfig::default());
    let (stack, runner) = embassy_net::new(card, config, SPACE.init(StackResources::new()), seed);
    spawner.spawn(turn(runner).ok()?);
    Some(stack)
}

#[embassy_executor::task]
async fn turn(mut runner: Runner<'static, Card>) {
    runner.run().await;
}
