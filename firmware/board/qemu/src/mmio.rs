//! Registers of the machine: the one file that touches raw addresses of devices.
//!
//! A *register* is four or one bytes wide at a fixed address. Addresses are those of QEMU's riscv `virt` machine.
//! Not here: what the bits of a register mean (the file of each device).

use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

/// Core-local timer: time, ten million steps a second.
pub(crate) const MTIME: Register = Register(0x0200_BFF8);
/// Core-local timer: when it interrupts.
pub(crate) const MTIMECMP: Register = Register(0x0200_4000);
/// Interrupt controller.
pub(crate) const PLIC: Register = Register(0x0C00_0000);
/// Serial port.
pub(crate) const UART: Register = Register(0x1000_0000);
/// Power switch of the machine.
pub(crate) const POWER: Register = Register(0x0010_0000);
/// First of eight virtio slots.
pub(crate) const VIRTIO: Register = Register(0x1000_1000);

/// An address in the device range.
#[derive(Clone, Copy)]
pub(crate) struct Register(usize);

impl Register {
    /// The register `bytes` further on.
    pub(crate) const fn at(self, bytes: usize) -> Self {
        Self(self.0 + bytes)
    }

    /// The register as an address, for a library that has its own way to it.
    pub(crate) const fn address(self) -> usize {
        self.0
    }

    /// Reads a word.
    #[expect(unsafe_code, reason = "a device register is no Rust object")]
    pub(crate) fn read(self) -> u32 {
        // SAFETY: every address made here is a device's register, aligned, and reading it is the device's business.
        unsafe { with_exposed_provenance::<u32>(self.0).read_volatile() }
    }

    /// Writes a word.
    #[expect(unsafe_code, reason = "a device register is no Rust object")]
    pub(crate) fn write(self, value: u32) {
        // SAFETY: as above; no register here changes memory of the program by itself.
        unsafe { with_exposed_provenance_mut::<u32>(self.0).write_volatile(value) }
    }

    /// Reads a byte.
    #[expect(unsafe_code, reason = "a device register is no Rust object")]
    pub(crate) fn read_byte(self) -> u8 {
        // SAFETY: as in `read`.
        unsafe { with_exposed_provenance::<u8>(self.0).read_volatile() }
    }

    /// Writes a byte.
    #[expect(unsafe_code, reason = "a device register is no Rust object")]
    pub(crate) fn write_byte(self, value: u8) {
        // SAFETY: as in `write`.
        unsafe { with_exposed_provenance_mut::<u8>(self.0).write_volatile(value) }
    }
}
