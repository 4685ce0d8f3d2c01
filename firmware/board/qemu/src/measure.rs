//! Counts instructions, on a machine whose time goes on with them: of all work since power-up, and of one sample.
//!
//! The counter is the machine's cycle counter, whose step the host knows. Sleep is not work. Only in builds that
//! measure; not here: what the counts are divided by (the host).

use core::cell::Cell;

use critical_section::Mutex;
use firmware::device::{Burst, Device, DeviceKeys, Input, Sample};
use firmware::settings::Settings;
use proto::id::{BootId, DeviceId, KeyEpoch};
use proto::key::DeviceKey;
use proto::unit::Mono;
use proto::up::Role;

use crate::log;

/// Samples in one burst, and milliseconds between two bursts.
const BURST: usize = 8;
const BURST_MS: u64 = 160;
/// Samples that are counted: a minute of a wearer who walks, falls, lies there and gets up again.
const SAMPLES: usize = 3_000;

static SLEPT: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// The counter.
pub(crate) fn count() -> u64 {
    riscv::register::mcycle::read64()
}

/// The hart has slept since then.
pub(crate) fn slept(since: u64) {
    critical_section::with(|cs| {
        let all = SLEPT.borrow(cs);
        all.set(all.get() + count().wrapping_sub(since));
    });
}

/// Tells how much work there has been since power-up.
pub(crate) fn tell() {
    let slept = critical_section::with(|cs| SLEPT.borrow(cs).get());
    log::tell(format_args!("worked {}", count().wrapping_sub(slept)));
}

/// Lets a pendant's core feel a minute, and tells what a sample costs: in the mean, and within the dearest burst.
pub(crate) fn samples() {
    let Some(device) = DeviceId::new(1) else { return };
    let key = DeviceKey::from_bytes([1; 32]);
    let epoch = KeyEpoch::new(0);
    let keys = DeviceKeys { device, key, epoch, role: Role::Pendant, home: None };
    let settings = Settings::of(Role::Pendant);
    let mut core = Device::new(&settings, keys, BootId::new(1, 1), Mono::from_millis(0), 1);
    let (mut all, mut dearest) = (0, 0);
    for burst in 0..SAMPLES / BURST {
        let felt: [[i16; 3]; BURST] = core::array::from_fn(|n| feel(burst * BURST + n));
        let felt = Sample::Acceleration(Burst::holding(&felt, 0));
        let now = Mono::from_millis((burst as u64 + 1) * BURST_MS);
        let since = count();
        core.handle(now, Input::Sample(felt));
        let cost = count().wrapping_sub(since);
        all += cost;
        dearest = cost.max(dearest);
        while core.next_action().is_some() {}
    }
    let (mean, most) = (all / SAMPLES as u64, dearest / BURST as u64);
    log::tell(format_args!("sample {mean} most {most}"));
}

/// What is felt at a sample, thousandths of g: steps, and at 20 s a fall with an impact and a long rest.
fn feel(sample: usize) -> [i16; 3] {
    match sample {
        1_000..1_016 => [40, 60, 120],
        1_016..1_019 => [3_800, 1_500, 2_900],
        1_019..1_030 => [900, 400, -600],
        1_030..2_200 => [980, 120, 60],
        _ => {
            let swing = [0, 120, 260, 340, 260, 120, 0, -140, -260, -300, -260, -140];
            let step = swing[sample % swing.len()];
            [step / 3, step / 4, 1_000 + step]
        }
    }
}
