//! True random numbers from the machine's source.
//!
//! Without a source nothing is drawn: a new life must not come from a guess. Not here: what is drawn for.

use virtio_drivers::device::rng::VirtIORng;
use virtio_drivers::transport::DeviceType;

use crate::virtio::{Memory, find};

/// Fills an array; none without a source.
#[inline(never)]
pub(crate) fn draw<const N: usize>() -> Option<[u8; N]> {
    let (device, _) = find(DeviceType::EntropySource)?;
    let mut source = VirtIORng::<Memory, _>::new(device).ok()?;
    let mut bytes = [0; N];
    let mut got = 0;
    while got < N {
        got += source.request_entropy(bytes.get_mut(got..)?).ok()?;
    }
    Some(bytes)
}
