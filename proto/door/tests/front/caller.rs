//! A caller: a blocking socket and the packets that come from it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use proto::seat::Seat;

use super::packet::{Connect, packet};
use super::{PATIENCE, device};

/// One packet as it came: first byte and body.
pub type Heard = (u8, Vec<u8>);

pub struct Caller {
    stream: TcpStream,
}

impl Caller {
    pub fn dial(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("connect");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream.set_write_timeout(Some(PATIENCE)).expect("a time-out");
        stream.set_nodelay(true).expect("no delay");
        Self { stream }
    }

    /// A device that is inside.
    pub fn device(address: SocketAddr, level: u8, number: u64) -> Self {
        let id = Seat::Device(device(number)).to_string();
        Self::inside(address, &Connect::new(level, &id))
    }

    /// A program of the household that is inside.
    pub fn local(address: SocketAddr, level: u8, id: &str) -> Self {
        Self::inside(address, &Connect::local(level, id))
    }

    /// Whoever this CONNECT is, and it is let in.
    pub fn inside(address: SocketAddr, connect: &Connect) -> Self {
        let mut caller = Self::dial(address);
        caller.send(&connect.bytes());
        let (first, body) = caller.hear().expect("a CONNACK");
        assert_eq!((first, &body[..2]), (0x20, &[0, 0][..]), "let in");
        caller
    }

    pub fn send(&mut self, bytes: &[u8]) {
        // The door may close meanwhile; what it said before is what the test looks at.
        let _ = self.stream.write_all(bytes);
    }

    /// The next packet; none when the connection is closed, even within it.
    pub fn try_hear(&mut self) -> Option<Heard> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).ok()?;
        let mut body = vec![0; usize::from(head[1])];
        self.stream.read_exact(&mut body).ok()?;
        Some((head[0], body))
    }

    /// The next packet; none when the connection is closed.
    pub fn hear(&mut self) -> Option<Heard> {
        let mut first = [0];
        match self.stream.read(&mut first) {
            Ok(1) => {}
            Ok(_) => return None,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("nothing came: {error}"),
        }
        let (mut length, mut shift) = (0, 0);
        loop {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).expect("a length");
            length |= usize::from(byte[0] & 0x7F) << shift;
            shift += 7;
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        Some((first[0], body))
    }

    /// The next packet is this one.
    pub fn expect(&mut self, first: u8, body: &[u8]) {
        assert_eq!(self.hear(), Some((first, body.to_vec())));
    }

    /// Everything until the connection is closed.
    pub fn hear_out(&mut self) -> Vec<Heard> {
        std::iter::from_fn(|| self.hear()).collect()
    }

    /// A PINGREQ is answered, and nothing came before it.
    pub fn expect_quiet(&mut self) {
        self.send(&packet(0xC0, &[]));
        self.expect(0xD0, &[]);
    }

    /// Nothing comes for so long.
    pub fn quiet_for(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).expect("a time-out");
        let mut byte = [0];
        let quiet = self.stream.peek(&mut byte).is_err();
        self.stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        quiet
    }

    /// Ends with a TCP reset. Must be called inside a runtime.
    pub fn reset(self) {
        self.stream.set_nonblocking(true).expect("for the runtime");
        let stream = tokio::net::TcpStream::from_std(self.stream).expect("to the runtime");
        stream.set_zero_linger().expect("no linger");
    }

    /// Closes without a word; unread bytes make it a reset.
    pub fn shut(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
