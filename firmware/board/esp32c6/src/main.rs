//! The device core on an ESP32-C6: `main` is the story of one boot.
//!
//! Identity, role, settings and the way to the gateway come from flash, so one image is every device. Pins stand in
//! one file (`wiring`). This image builds and links; it has never run on a real chip, see README.
//! Not here: what a device does (`firmware`), MQTT (`board/link`).
#![no_std]
#![no_main]

mod boot;
mod clock;
mod entropy;
mod flash;
mod lamp;
mod log;
mod network;
mod power;
mod senses;
mod signals;
mod slots;
mod wiring;

use embassy_executor::Spawner;
use embassy_time::{Duration, Timer};
use esp_hal::clock::CpuClock;
use esp_hal::timer::timg::TimerGroup;
use firmware::body::{Body, Signals};
use firmware::device::Light;
use firmware::provision::Identity;
use firmware::queue::FlashQueue;
use firmware::update::Terms;

use crate::clock::MonoClock;
use crate::flash::Chip;
use crate::signals::Face;
use crate::wiring::Board;

esp_bootloader_esp_idf::esp_app_desc!();

/// Memory for the radio, bytes: the makers measured 57 KB for a station, and what the boot stage leaves is taken first.
const RADIO_HEAP: usize = 36 * 1024;
/// What the boot stage leaves behind.
const RECLAIMED_HEAP: usize = 64 * 1024;
/// Where a boot cannot begin, the next is tried after this.
const TRY_AGAIN: Duration = Duration::from_secs(5);

#[esp_rtos::main]
async fn main(spawner: Spawner) -> ! {
    let chip = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    esp_alloc::heap_allocator!(#[esp_hal::ram(reclaimed)] size: RECLAIMED_HEAP);
    esp_alloc::heap_allocator!(size: RADIO_HEAP);
    let board = Board::wire(chip);
    esp_rtos::start(TimerGroup::new(board.timer).timer0, board.interrupt);
    let mut face = Face::new(board.watchdog);
    if let Ok(shine) = lamp::shine(board.lamp) {
        spawner.spawn(shine);
    }
    let end = live(spawner, board.rest, &mut face).await;
    if let Err(missing) = end {
        log::line(format_args!("cannot begin: {missing}"));
        face.light(Light::Failed);
        Timer::after(TRY_AGAIN).await;
    }
    power::restart()
}

/// One life of the device. It ends when the core asks for a new boot, or where it cannot begin.
async fn live(
    spawner: Spawner,
    mut rest: wiring::Rest,
    face: &mut Face,
) -> Result<(), &'static str> {
    let (mut cells, places) = Chip::open(rest.flash).ok_or("partition table")?;
    let bank = slots::settle(&mut cells, places.update).await;
    let mut queue = FlashQueue::new(cells, places.queue).map_err(|_| "flash layout")?;
    let Identity::Enrolled(who) = queue.identity().await.map_err(|_| "identity")? else {
        return Err("nobody has enrolled this device");
    };
    let access = queue.access().await.map_err(|_| "access")?.ok_or("no way to a gateway")?;
    let random = entropy::draw(rest.random, &mut rest.sensors.converter).ok_or("random source")?;
    let stack = network::start(spawner, rest.radio, &access, random.1).ok_or("radio")?;
    let link = board_link::start(spawner, stack, access.door(), log::line).ok_or("link task")?;
    let senses = senses::Sensors::of(who.keys().role, rest.sensors);
    let edges = (link, senses, MonoClock, face);
    let mut body = Body::wake(queue, &who, random, edges).await.map_err(|_| "boot record")?;
    if let Some((bank, built)) = bank {
        body = body.with_bank(bank, &built, Terms::default());
    }
    log::line(format_args!("awake {} waiting {}", body.id(), body.device().waiting()));
    body.run().await;
    Ok(())
}
