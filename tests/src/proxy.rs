//! Chaos between two processes: a TCP proxy that cuts, delays and goes half-open on order.
//!
//! *Cut* closes every connection and refuses new ones, as a dead uplink does. *Half-open* swallows
//! bytes and says nothing, as a dead NAT entry does. Delays are drawn by seed. Not here: packet loss
//! below TCP, which TCP hides.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::seed::Seed;
use crate::trouble::Outcome;

/// What the way between the two is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Bytes pass.
    Open,
    /// Bytes pass after up to this many milliseconds.
    Slow(u64),
    /// Nothing passes; connections are closed.
    Cut,
    /// Nothing passes and nobody is told.
    HalfOpen,
}

/// The proxy. Dropping it cuts the way for good.
pub struct Proxy {
    /// Where to connect instead.
    pub address: SocketAddr,
    way: watch::Sender<Way>,
    passed: Arc<AtomicU64>,
}

impl Proxy {
    /// Opens a way to `target`.
    pub async fn to(target: SocketAddr, seed: Seed) -> Outcome<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (way, ways) = watch::channel(Way::Open);
        let passed = Arc::new(AtomicU64::new(0));
        tokio::spawn(accept(listener, target, ways, Arc::clone(&passed), seed));
        Ok(Self { address, way, passed })
    }

    /// Changes the way.
    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// What the way is now.
    pub fn way(&self) -> Way {
        *self.way.borrow()
    }

    /// Bytes that have passed, both directions.
    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    mut ways: watch::Receiver<Way>,
    passed: Arc<AtomicU64>,
    seed: Seed,
) {
    let mut number = 0;
    loop {
        let near = tokio::select! {
            near = listener.accept() => near,
            changed = ways.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let Ok((near, _)) = near else { continue };
        if *ways.borrow() == Way::Cut {
            continue;
        }
        number += 1;
        let (ways, passed, seed) = (ways.clone(), Arc::clone(&passed), seed.part(number));
        tokio::spawn(async move {
            if let Ok(far) = TcpStream::connect(target).await {
                join(near, far, ways, passed, seed).await;
            }
        });
    }
}

async fn join(
    near: TcpStream,
    far: TcpStream,
    ways: watch::Receiver<Way>,
    passed: Arc<AtomicU64>,
    seed: Seed,
) {
    // Without this a proxy would add delays of its own.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    let up = pump(near_in, far_out, ways.clone(), Arc::clone(&passed), seed.part(1));
    let down = pump(far_in, near_out, ways, passed, seed.part(2));
    tokio::select! { () = up => {}, () = down => {} }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut ways: watch::Receiver<Way>,
    passed: Arc<AtomicU64>,
    mut seed: Seed,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let way = *ways.borrow_and_update();
        if way == Way::Cut {
            return;
        }
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            changed = ways.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let Ok(read @ 1..) = read else { return };
        let way = *ways.borrow();
        match way {
            Way::Open => {}
            Way::Slow(most) => {
                tokio::time::sleep(Duration::from_millis(seed.below(most + 1))).await
            }
            Way::Cut => return,
            Way::HalfOpen => continue,
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
        passed.fetch_add(read as u64, Ordering::Relaxed);
    }
}
