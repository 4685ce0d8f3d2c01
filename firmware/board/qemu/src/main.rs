//! The device core as a bare-metal image for QEMU's riscv32 `virt` machine: `main` is the story of one boot.
//!
//! Identity, role, settings and the way to the gateway come from flash, so one image is every device. What the board drives and feels goes
//! through the serial port to whoever plays the world (`bench`); what it says goes by TCP to a gateway's door.
//! Not here: what a device does (`firmware`), or a chip that can be bought (`board/esp32c6`).
#![no_std]
#![no_main]

mod bench;
mod clock;
mod entropy;
mod executor;
mod flash;
mod interrupts;
mod layout;
mod log;
#[cfg(feature = "measure")]
mod measure;
mod mmio;
mod net;
mod options;
mod plic;
mod power;
mod senses;
mod signals;
mod slots;
mod uart;
mod virtio;
mod watchdog;

use core::pin::pin;

use embassy_executor::Spawner;
use firmware::body::{Begun, Body, Signals, apart};
use firmware::device::Light;
use firmware::provision::Identity;
use firmware::queue::FlashQueue;

use crate::clock::MonoClock;
use crate::flash::HostFlash;
use crate::signals::Lamp;

#[riscv_rt::entry]
fn main() -> ! {
    interrupts::start();
    executor::run(|spawner| {
        if let Ok(token) = life(spawner) {
            spawner.spawn(token);
        }
    })
}

/// One life of the device. It ends when the core asks for a new boot, or where it cannot begin.
#[embassy_executor::task]
async fn life(spawner: Spawner) {
    clock::feed_watchdog();
    #[cfg(feature = "measure")]
    measure::samples();
    let end = live(spawner).await;
    if let Err(missing) = end {
        log::tell(format_args!("cannot begin: {missing}"));
        Lamp.light(Light::Failed);
        // The watchdog tries again.
        return;
    }
    power::restart();
}

async fn live(spawner: Spawner) -> Result<(), &'static str> {
    bench::start().map_err(|_| "nobody at the bench")?;
    let path = options::flash().ok_or("no flash in the options")?;
    let mut flash = HostFlash::open(path).map_err(|_| "flash")?;
    let slots =
        if cfg!(feature = "update") { apart(pin!(slots::open(&mut flash))).await } else { None };
    let mut queue = FlashQueue::new(flash, layout::QUEUE).map_err(|_| "flash layout")?;
    let Identity::Enrolled(who) = apart(pin!(queue.identity())).await.map_err(|_| "identity")?
    else {
        return Err("nobody has enrolled this device");
    };
    let access =
        apart(pin!(queue.access())).await.map_err(|_| "access")?.ok_or("no way to a gateway")?;
    let drawn = entropy::draw::<12>().ok_or("random source")?;
    let ([a, b, c, d], seed) = (chunk::<4>(&drawn, 0), u64::from_le_bytes(chunk(&drawn, 4)));
    let stack = net::start(spawner, seed).ok_or("network card")?;
    let link = board_link::start(spawner, stack, access.door(), log::tell).ok_or("link task")?;
    let senses = senses::Sensors::of(who.keys().role);
    let begun = Begun::boot(&mut queue, &who, u32::from_le_bytes([a, b, c, d]));
    let begun = apart(pin!(begun)).await.map_err(|_| "boot record")?;
    let mut body = Body::new(queue, &who, &begun, seed, (link, senses, MonoClock, Lamp));
    apart(pin!(body.recall())).await.map_err(|_| "emergencies")?;
    log::tell(format_args!("awake {} waiting {}", body.id(), body.device().waiting()));
    if let Some((bank, built)) = slots {
        log::tell(format_args!(
            "image {:x} trial {}",
            built.version,
            bank.record().trial.is_some()
        ));
        body.give_bank(bank, &built, options::terms());
    }
    body.run().await;
    Ok(())
}

/// `N` bytes from a place that is inside.
fn chunk<const N: usize>(bytes: &[u8; 12], from: usize) -> [u8; N] {
    core::array::from_fn(|n| bytes.get(from + n).copied().unwrap_or_default())
}
