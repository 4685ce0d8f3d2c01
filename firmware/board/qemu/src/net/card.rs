//! The virtio network card as the IP stack knows it.
//!
//! Received frames land in two buffers that the card holds in turn; a sent one is copied to a buffer of its own, so
//! that nobody waits for the card. Frames out are small ([`MTU`]): a device has little to say.
//! Not here: addresses and connections (`net`, `link`).

use core::task::Context;

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState};
use static_cell::ConstStaticCell;
use virtio_drivers::device::net::VirtIONetRaw;
use virtio_drivers::transport::DeviceType;
use virtio_drivers::transport::mmio::MmioTransport;

use super::WAKER;
use crate::plic;
use crate::virtio::{Memory, find};

/// Longest IP packet out, and in as far as TCP is asked.
const MTU: usize = 576;
const ETHERNET: usize = 14;
/// What the card puts in front of each frame, at most.
const HEADER: usize = 12;
/// The library takes no shorter buffer for receiving.
const RECEIVE_BYTES: usize = 1536;
const SEND_BYTES: usize = MTU + ETHERNET + HEADER;
/// Entries of each of the card's queues: one a buffer, and as many to spare.
const QUEUE: usize = 4;
const BUFFERS: usize = 2;

type Device = VirtIONetRaw<Memory, MmioTransport<'static>, QUEUE>;

/// Memory that the card reads and writes.
struct Buffers {
    receive: [[u8; RECEIVE_BYTES]; BUFFERS],
    send: [[u8; SEND_BYTES]; BUFFERS],
}

static BUFFERS_OF_CARD: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers {
    receive: [[0; RECEIVE_BYTES]; BUFFERS],
    send: [[0; SEND_BYTES]; BUFFERS],
});

/// The card.
pub(crate) struct Card {
    device: Device,
    buffers: &'static mut Buffers,
    /// The card's token of each receive buffer that it holds.
    receiving: [Option<u16>; BUFFERS],
    /// The card's token of each send buffer that it holds.
    sending: [Option<u16>; BUFFERS],
}

impl Card {
    /// The machine's card, if it has one.
    pub(crate) fn find() -> Option<Self> {
        let (device, line) = find(DeviceType::Network)?;
        let device = Device::new(device).ok()?;
        let buffers = BUFFERS_OF_CARD.try_take()?;
        plic::allow(line);
        let (receiving, sending) = ([None; BUFFERS], [None; BUFFERS]);
        Some(Self { device, buffers, receiving, sending })
    }

    /// Gives the card every receive buffer that nobody reads any more.
    #[expect(unsafe_code, reason = "the card writes to the buffer while nobody borrows it")]
    fn give(&mut self) {
        for (token, buffer) in self.receiving.iter_mut().zip(&mut self.buffers.receive) {
            if token.is_none() {
                // SAFETY: the buffer lives for ever and is not read until `receive` has its token back.
                *token = unsafe { self.device.receive_begin(buffer) }.ok();
            }
        }
    }

    /// Takes back the send buffers that the card has done with.
    #[expect(unsafe_code, reason = "the card has read from the buffer while nobody wrote to it")]
    fn take_back(&mut self) {
        while let Some(done) = self.device.poll_transmit() {
            let mut buffers = self.sending.iter_mut().zip(&self.buffers.send);
            let Some((token, buffer)) = buffers.find(|(token, _)| **token == Some(done)) else {
                return;
            };
            // SAFETY: this is the buffer that the card was given with this token.
            let _ = unsafe { self.device.transmit_complete(done, buffer) };
            *token = None;
        }
    }

    fn outgoing(&mut self) -> Option<Outgoing<'_>> {
        self.take_back();
        let place = self.sending.iter().position(Option::is_none)?;
        let Self { device, buffers, sending, .. } = self;
        let (buffer, token) = (buffers.send.get_mut(place)?, sending.get_mut(place)?);
        Some(Outgoing { device, buffer, token })
    }
}

/// A frame that has come.
pub(crate) struct Incoming<'a>(&'a mut [u8]);

impl embassy_net_driver::RxToken for Incoming<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

/// A place for a frame to send.
pub(crate) struct Outgoing<'a> {
    device: &'a mut Device,
    buffer: &'a mut [u8; SEND_BYTES],
    token: &'a mut Option<u16>,
}

impl embassy_net_driver::TxToken for Outgoing<'_> {
    #[expect(unsafe_code, reason = "the card reads from the buffer while nobody borrows it")]
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let Self { device, buffer, token } = self;
        let start = device.fill_buffer_header(buffer).unwrap_or(0);
        // The stack keeps to the length that `capabilities` tells.
        let end = (start + len).min(SEND_BYTES);
        let done = write(&mut buffer[start..end]);
        // SAFETY: the buffer lives for ever and is not written to until `take_back` has its token back.
        *token = unsafe { device.transmit_begin(&buffer[..end]) }.ok();
        done
    }
}

impl Driver for Card {
    type RxToken<'a> = Incoming<'a>;
    type TxToken<'a> = Outgoing<'a>;

    #[expect(unsafe_code, reason = "the card has written to the buffer while nobody borrowed it")]
    fn receive(&mut self, context: &mut Context<'_>) -> Option<(Incoming<'_>, Outgoing<'_>)> {
        WAKER.register(context.waker());
        self.give();
        self.take_back();
        let free = self.sending.iter().position(Option::is_none)?;
        let came = self.device.poll_receive()?;
        let place = self.receiving.iter().position(|token| *token == Some(came))?;
        let Self { device, buffers, receiving, sending } = self;
        let Buffers { receive, send } = &mut **buffers;
        let buffer = receive.get_mut(place)?;
        // SAFETY: this is the buffer that the card was given with this token.
        let (start, len) = unsafe { device.receive_complete(came, buffer) }.ok()?;
        *receiving.get_mut(place)? = None;
        let frame = buffer.get_mut(start..start + len)?;
        let (buffer, token) = (send.get_mut(free)?, sending.get_mut(free)?);
        Some((Incoming(frame), Outgoing { device, buffer, token }))
    }

    fn transmit(&mut self, context: &mut Context<'_>) -> Option<Outgoing<'_>> {
        WAKER.register(context.waker());
        self.outgoing()
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut told = Capabilities::default();
        told.max_transmission_unit = MTU + ETHERNET;
        told.max_burst_size = Some(BUFFERS);
        told
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.device.mac_address())
    }
}
