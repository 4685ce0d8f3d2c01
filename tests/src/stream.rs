//! An operator's screen as a program: follows the server's event stream, and comes back after a break.
//!
//! Each event is stamped the moment its bytes are here. After a break it resumes behind the last
//! cursor it was told; `resync` means that the queue must be read instead. Not here: what an event
//! means (`book`, `robot`).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::api::Api;
use crate::clock::Watch;
use crate::trouble::{Outcome, Trouble};

/// Silence after which the link counts as broken; beats come every 2 s.
const SILENT_S: u64 = 6;
/// Pause before the stream is asked for again, ms.
const AGAIN_MS: u64 = 50;

/// What a screen hears.
#[derive(Debug, Clone)]
pub enum Heard {
    /// An alert as it is now.
    Alert(Value),
    /// Life sign of the server with its newest cursor.
    Beat(i64),
    /// Too much was missed: read the queue.
    Resync,
    /// The stream is open, or open again.
    Open,
    /// The stream broke.
    Lost,
}

/// Follows the stream until it is dropped. `hear` runs on the stream's own thread with the time in
/// microseconds of `watch`.
pub struct Screen {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Screen {
    /// Starts to follow with the session of `api`.
    pub fn follow(api: &Api, watch: Watch, hear: impl FnMut(u64, Heard) + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (console, cookie) = (api.console(), api.cookie().to_owned());
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || Follower { console, cookie, watch, last: None, stop, hear }.run()
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Follower<F> {
    console: SocketAddr,
    cookie: String,
    watch: Watch,
    last: Option<i64>,
    stop: Arc<AtomicBool>,
    hear: F,
}

impl<F: FnMut(u64, Heard)> Follower<F> {
    #[expect(clippy::disallowed_methods, reason = "a closed port gives no event to wait for")]
    fn run(mut self) {
        while !self.stop.load(Ordering::Acquire) {
            if let Err(trouble) = self.once() {
                tracing::debug!("stream: {trouble}");
            }
            (self.hear)(self.watch.us(), Heard::Lost);
            std::thread::sleep(Duration::from_millis(AGAIN_MS));
        }
    }

    fn once(&mut self) -> Outcome {
        let mut socket = TcpStream::connect_timeout(&self.console, Duration::from_secs(1))?;
        socket.set_nodelay(true)?;
        // Short, so that a dropped screen ends soon; silence is counted over several of them.
        socket.set_read_timeout(Some(Duration::from_millis(250)))?;
        let last = self.last.map(|n| format!("Last-Event-ID: {n}\r\n")).unwrap_or_default();
        let host = self.console;
        let cookie = &self.cookie;
        write!(
            socket,
            "GET /api/stream HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n{last}\r\n"
        )?;
        let stop = Arc::clone(&self.stop);
        let mut lines = BufReader::with_capacity(64 * 1024, Patient { socket, stop, silent: 0 });
        let mut status = String::new();
        lines.read_line(&mut status)?;
        if !status.contains(" 200 ") {
            return Err(Trouble::new(format!("the stream answered {}", status.trim())));
        }
        let mut header = String::new();
        while lines.read_line(&mut header)? > 2 {
            header.clear();
        }
        (self.hear)(self.watch.us(), Heard::Open);
        let mut chunks = Chunks { inner: lines, left: 0 };
        let (mut event, mut line) = (Draft::default(), Vec::new());
        while chunks.line(&mut line)? {
            if line.is_empty() {
                self.tell(std::mem::take(&mut event));
            } else {
                event.add(&line);
            }
            line.clear();
        }
        Ok(())
    }

    fn tell(&mut self, event: Draft) {
        let at = self.watch.us();
        let data = || serde_json::from_slice::<Value>(&event.data).unwrap_or(Value::Null);
        match event.name.as_str() {
            "alert" => (self.hear)(at, Heard::Alert(data())),
            "beat" => {
                let newest = data().get("cursor").and_then(Value::as_i64).unwrap_or(0);
                (self.hear)(at, Heard::Beat(newest));
            }
            "resync" => (self.hear)(at, Heard::Resync),
            _ => {}
        }
        self.last = event.id.or(self.last);
    }
}

#[derive(Default)]
struct Draft {
    name: String,
    id: Option<i64>,
    data: Vec<u8>,
}

impl Draft {
    fn add(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|b| *b == b':') else { return };
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match line.get(..colon) {
            Some(b"event") => self.name = String::from_utf8_lossy(value).into_owned(),
            Some(b"id") => self.id = std::str::from_utf8(value).ok().and_then(|t| t.parse().ok()),
            Some(b"data") => self.data.extend_from_slice(value),
            _ => {}
        }
    }
}

/// A socket that waits through time-outs until it is silent for too long or told to stop.
struct Patient {
    socket: TcpStream,
    stop: Arc<AtomicBool>,
    silent: u64,
}

impl Read for Patient {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.socket.read(buf) {
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                    self.silent += 1;
                    if self.silent > SILENT_S * 4 || self.stop.load(Ordering::Acquire) {
                        return Err(std::io::ErrorKind::TimedOut.into());
                    }
                }
                other => {
                    self.silent = 0;
                    return other;
                }
            }
        }
    }
}

/// HTTP's chunks as lines.
struct Chunks<R> {
    inner: R,
    left: usize,
}

impl<R: BufRead> Chunks<R> {
    /// Reads one line without its end; false at the end of the body.
    fn line(&mut self, line: &mut Vec<u8>) -> Outcome<bool> {
        loop {
            if self.left == 0 && !self.next_chunk()? {
                return Ok(false);
            }
            let buffer = self.inner.fill_buf()?;
            if buffer.is_empty() {
                return Ok(false);
            }
            let part = &buffer[..buffer.len().min(self.left)];
            let end = part.iter().position(|b| *b == b'\n');
            let taken = end.map_or(part.len(), |at| at + 1);
            line.extend_from_slice(&part[..taken]);
            self.inner.consume(taken);
            self.left -= taken;
            if end.is_some() {
                while line.last().is_some_and(|b| *b == b'\n' || *b == b'\r') {
                    line.pop();
                }
                return Ok(true);
            }
        }
    }

    fn next_chunk(&mut self) -> Outcome<bool> {
        let mut size = String::new();
        while size.trim().is_empty() {
            size.clear();
            if self.inner.read_line(&mut size)? == 0 {
                return Ok(false);
            }
        }
        let digits = size.trim().split(';').next().unwrap_or("");
        self.left = usize::from_str_radix(digits, 16)?;
        Ok(self.left > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_any_chunking() {
        let body = b"4\r\neven\r\nc\r\nt: alert\nid:\r\n9\r\n 7\ndata: \r\n3\r\n{}\n\r\n1\r\n\n\r\n0\r\n\r\n";
        let mut chunks = Chunks { inner: &body[..], left: 0 };
        let (mut draft, mut line) = (Draft::default(), Vec::new());
        while chunks.line(&mut line).is_ok_and(|more| more) && !line.is_empty() {
            draft.add(&line);
            line.clear();
        }
        assert_eq!((draft.name.as_str(), draft.id), ("alert", Some(7)));
        assert_eq!(draft.data, b"{}");
    }
}
