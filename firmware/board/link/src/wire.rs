//! A TCP connection as the MQTT client wants it: bytes leave by themselves.
//!
//! The stack sends what is written without being asked, so flushing has nothing to wait for; waiting for TCP's own
//! acknowledgement would only delay the next word. Not here: MQTT (`session`).

use embassy_net::tcp::{Error, TcpSocket};
use embedded_io_async::{ErrorType, Read, Write};

/// A connection.
pub(crate) struct Wire<'a, 'b>(pub(crate) &'a mut TcpSocket<'b>);

impl ErrorType for Wire<'_, '_> {
    type Error = Error;
}

impl Read for Wire<'_, '_> {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        self.0.read(bytes).await
    }
}

impl Write for Wire<'_, '_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.0.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}
