//! Tells the machine's service manager that this process is alive, at the pace that the manager asks for.
//!
//! The words are systemd's: a datagram to `NOTIFY_SOCKET`, three times within `WATCHDOG_USEC`. Without them nobody is
//! told anything. Not here: what alive means (each program), and what is out of order and no reason to begin anew.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Whoever restarts this process unless it hears of it.
#[derive(Debug)]
pub struct Sentry {
    socket: UnixDatagram,
    manager: SocketAddr,
    every: Duration,
}

impl Sentry {
    /// The manager that watches this process, if one does.
    pub fn called() -> Option<Self> {
        let own = std::process::id().to_string();
        if std::env::var("WATCHDOG_PID").is_ok_and(|pid| pid != own) {
            return None;
        }
        let within: u64 = std::env::var("WATCHDOG_USEC").ok()?.parse().ok()?;
        let manager = address(&std::env::var_os("NOTIFY_SOCKET")?)?;
        let socket = UnixDatagram::unbound().ok()?;
        // A manager that is behind does not hold up the process.
        socket.set_nonblocking(true).ok()?;
        let every = Duration::from_micros(within / 3).max(Duration::from_millis(10));
        Some(Self { socket, manager, every })
    }

    /// The pause between two words.
    pub const fn every(&self) -> Duration {
        self.every
    }

    /// Says that the process is alive.
    ///
    /// # Errors
    /// The manager cannot be told.
    pub fn report(&self) -> io::Result<()> {
        self.socket.send_to_addr(b"WATCHDOG=1", &self.manager).map(drop)
    }

    /// Reports for as long as `alive` says so.
    pub async fn stand(self, alive: impl Fn() -> bool) {
        let mut tick = tokio::time::interval(self.every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut was = true;
        loop {
            tick.tick().await;
            let is = alive();
            if is && let Err(error) = self.report() {
                tracing::warn!(%error, "the service manager is not told that this process is alive");
            }
            if was && !is {
                tracing::error!("this process is of no use any more and asks to be started again");
            }
            was = is;
        }
    }
}

fn address(name: &OsStr) -> Option<SocketAddr> {
    match name.as_bytes().strip_prefix(b"@") {
        Some(abstracted) => SocketAddr::from_abstract_name(abstracted).ok(),
        None => SocketAddr::from_pathname(name).ok(),
    }
}
