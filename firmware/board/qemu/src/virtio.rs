//! Virtio: finding a device in its slot, and pages of memory that devices may write to.
//!
//! Memory has the same address for devices as for the program. There are [`PAGES`] pages: a queue takes two, and the
//! random source gives its own back before the network card asks. Not here: the devices (`net`, `entropy`).

use core::cell::{Cell, UnsafeCell};
use core::ptr::NonNull;

use critical_section::Mutex;
use virtio_drivers::transport::mmio::{MmioTransport, VirtIOHeader};
use virtio_drivers::transport::{DeviceType, Transport};
use virtio_drivers::{BufferDirection, Hal, PAGE_SIZE, PhysAddr};

use crate::mmio::VIRTIO;

const PAGES: usize = 4;
const SLOTS: usize = 8;
const SLOT_BYTES: usize = 0x1000;
/// Why a device interrupts, and where that is acknowledged.
const CAUSE: usize = 0x60;
const ACKNOWLEDGE: usize = 0x64;

#[repr(C, align(4096))]
struct Pool(UnsafeCell<[u8; PAGES * PAGE_SIZE]>);

#[expect(unsafe_code, reason = "a pool that devices write to is no Rust object")]
// SAFETY: the pool itself is never borrowed; pages are handed out once each.
unsafe impl Sync for Pool {}

static POOL: Pool = Pool(UnsafeCell::new([0; PAGES * PAGE_SIZE]));
/// One bit for each page that is in use.
static USED: Mutex<Cell<u32>> = Mutex::new(Cell::new(0));

/// The memory of this machine, for virtio.
pub(crate) struct Memory;

#[expect(unsafe_code, reason = "the library's contract with memory")]
// SAFETY: pages are aligned, zeroed and handed out once; addresses of devices are those of the program.
unsafe impl Hal for Memory {
    fn dma_alloc(pages: usize, _: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        let mask = (1u32 << pages) - 1;
        let place = critical_section::with(|cs| {
            let used = USED.borrow(cs);
            let free = (0..=PAGES - pages).find(|first| used.get() & (mask << first) == 0);
            if let Some(first) = free {
                used.set(used.get() | mask << first);
            }
            free
        });
        // Physical address zero tells the library that there is no memory.
        let Some(first) = place else { return (0, NonNull::dangling()) };
        let start = POOL.0.get().cast::<u8>().wrapping_add(first * PAGE_SIZE);
        // SAFETY: these pages are ours alone now, and inside the pool.
        unsafe { start.write_bytes(0, pages * PAGE_SIZE) };
        (start as PhysAddr, NonNull::new(start).unwrap_or(NonNull::dangling()))
    }

    unsafe fn dma_dealloc(_: PhysAddr, start: NonNull<u8>, pages: usize) -> i32 {
        let first = (start.as_ptr() as usize - POOL.0.get() as usize) / PAGE_SIZE;
        let mask = ((1u32 << pages) - 1) << first;
        critical_section::with(|cs| {
            let used = USED.borrow(cs);
            used.set(used.get() & !mask);
        });
        0
    }

    unsafe fn mmio_phys_to_virt(place: PhysAddr, _: usize) -> NonNull<u8> {
        NonNull::new(place as *mut u8).unwrap_or(NonNull::dangling())
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        buffer.as_ptr().cast::<u8>() as PhysAddr
    }

    unsafe fn unshare(_: PhysAddr, _: NonNull<[u8]>, _: BufferDirection) {}
}

/// The first device of a kind, and its interrupt line.
#[expect(unsafe_code, reason = "a device register is no Rust object")]
pub(crate) fn find(kind: DeviceType) -> Option<(MmioTransport<'static>, u32)> {
    (1u32..).zip(0..SLOTS).find_map(|(line, slot)| {
        let header = VIRTIO.at(slot * SLOT_BYTES).address() as *mut VirtIOHeader;
        // SAFETY: the machine has its slots there, and each is asked for by one driver only.
        let device = unsafe { MmioTransport::new(NonNull::new(header)?, SLOT_BYTES) }.ok()?;
        (device.device_type() == kind).then_some((device, line))
    })
}

/// Acknowledges whatever the device on this interrupt line wants.
pub(crate) fn acknowledge(line: u32) {
    let slot = VIRTIO.at((line as usize - 1) * SLOT_BYTES);
    slot.at(ACKNOWLEDGE).write(slot.at(CAUSE).read());
}
