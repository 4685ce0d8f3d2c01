//! rumqttd's Router as a fan-out and nothing else: the only file that names it.
//!
//! It gets names that begin with an ASCII letter (others make its matching panic), never a retained
//! message (an empty one deletes the wrong thing), and QoS 0 both ways (acknowledgements out of
//! order end a link). A message carries eight bytes of its sender and one flag before the payload.
//! Not here: when it is rebuilt (`keeper`).

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use rumqttd::local::{LinkBuilder, LinkRx, LinkTx};
use rumqttd::protocol::{Disconnect, DisconnectReasonCode, Packet, Publish};
use rumqttd::{Notification, Router, RouterConfig};

use super::{Filters, filters};
use crate::identity;
use crate::line::{Down, Hangup, Line};

/// Router's own log: it only has to hold what its links have not taken yet.
const SEGMENT_BYTES: usize = 4 * 1024 * 1024;
const SEGMENTS: usize = 4;
/// Messages on their way to one link.
const OUTGOING: u64 = 512;

/// The runtime that carries messages from links to lines.
#[derive(Clone)]
pub(crate) struct Runtime(tokio::runtime::Handle);

impl Runtime {
    pub(crate) fn current() -> Self {
        Self(tokio::runtime::Handle::current())
    }
}

/// The names that the Router knows topics and filters by.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    level: char,
}

impl Names {
    pub(crate) fn new() -> Self {
        // The separator of levels is the last character that all topics of the agreement share.
        Self { level: identity::reserved_prefix().chars().last().unwrap_or_default() }
    }

    /// Topics that begin with `$` are apart, as wildcards must not reach them.
    pub(crate) fn inner(&self, outer: &str) -> String {
        let class = if outer.starts_with('$') { 's' } else { 't' };
        format!("{class}{}{outer}", self.level)
    }

    fn outer<'a>(&self, inner: &'a str) -> Option<&'a str> {
        inner.split_once(self.level).map(|(_, outer)| outer)
    }

    /// A topic of the keeper's own, below which no member can speak or listen.
    pub(crate) fn probe() -> &'static str {
        "probe"
    }
}

/// Makes links to one Router; fails when that Router is gone.
pub(crate) type Links = Box<dyn Fn(&str) -> Option<(LinkTx, LinkRx)> + Send>;

/// Starts a Router with room for `clients` links.
pub(crate) fn start(clients: usize) -> Links {
    let config = RouterConfig {
        max_connections: clients + 2,
        max_outgoing_packet_count: OUTGOING,
        max_segment_size: SEGMENT_BYTES,
        max_segment_count: SEGMENTS,
        ..RouterConfig::default()
    };
    let router = Router::new(0, config).spawn();
    Box::new(move |name| {
        let (tx, rx, _) = LinkBuilder::new(name, router.clone()).build().ok()?;
        Some((tx, rx))
    })
}

/// One member's way to the Router. Each call is false when the Router is gone.
pub(crate) struct Link {
    tx: LinkTx,
    runtime: Runtime,
}

impl Link {
    /// Opens a link and carries what comes from it to `line`.
    pub(crate) fn open(
        links: &Links,
        (number, line): (u64, &Arc<Line>),
        wishes: &Filters,
        (names, runtime): (&Names, &Runtime),
    ) -> Option<Self> {
        let (tx, rx) = links(&format!("m{number}"))?;
        let carry = carry(rx, number, Arc::clone(line), Arc::clone(wishes), names.clone());
        runtime.0.spawn(carry);
        Some(Self { tx, runtime: runtime.clone() })
    }

    /// Opens the keeper's own link; `heard` is called for each of its probes that comes back.
    pub(crate) fn probe(
        links: &Links,
        runtime: &Runtime,
        heard: impl Fn() + Send + 'static,
    ) -> Option<Self> {
        let (mut tx, mut rx) = links("keeper")?;
        tx.subscribe(Names::probe()).ok()?;
        runtime.0.spawn(async move {
            while let Ok(notification) = rx.next().await {
                match notification {
                    Some(Notification::Forward(_)) => heard(),
                    Some(Notification::Unschedule) => drop(rx.wake().await),
                    _ => {}
                }
            }
        });
        Some(Self { tx, runtime: runtime.clone() })
    }

    pub(crate) fn publish(&mut self, name: String, sender: u64, retain: bool, body: &[u8]) -> bool {
        let mut payload = BytesMut::with_capacity(9 + body.len());
        payload.put_u64(sender);
        payload.put_u8(u8::from(retain));
        payload.put_slice(body);
        self.tx.publish(Bytes::from(name), payload.freeze()).is_ok()
    }

    pub(crate) fn subscribe(&mut self, name: &str) -> bool {
        self.tx.subscribe(name).is_ok()
    }

    pub(crate) fn unsubscribe(&mut self, name: &str) -> bool {
        self.tx.unsubscribe(name).is_ok()
    }

    /// Leaves the Router; the task that carries its messages then ends.
    pub(crate) fn close(mut self) {
        let reason_code = DisconnectReasonCode::NormalDisconnection;
        let goodbye = Packet::Disconnect(Disconnect { reason_code }, None);
        let runtime = self.runtime.0.clone();
        runtime.spawn(async move {
            // A Router that is gone has no link to close.
            let _ = tokio::time::timeout(Duration::from_secs(1), self.tx.send(goodbye)).await;
        });
    }
}

/// Carries messages from a link to its member's line, until the Router or the link is gone.
async fn carry(mut rx: LinkRx, number: u64, line: Arc<Line>, wishes: Filters, names: Names) {
    while let Ok(notification) = rx.next().await {
        match notification {
            Some(Notification::Forward(forward)) => {
                if let Some(down) = deliver(&forward.publish, number, &wishes, &names) {
                    line.tell(down);
                }
            }
            // The Router stops after a batch and must be told that there is room again.
            Some(Notification::Unschedule) => drop(rx.wake().await),
            _ => {}
        }
    }
    line.hang_up(Hangup::BusLost);
}

/// The message as the member is to see it, if it is to see it.
fn deliver(publish: &Publish, number: u64, wishes: &Filters, names: &Names) -> Option<Down> {
    let mut payload = publish.payload.clone();
    let sender = payload.try_get_u64().ok()?;
    let retained = payload.try_get_u8().ok()? != 0;
    let inner = std::str::from_utf8(&publish.topic).ok()?;
    let wishes = filters(wishes);
    let mut wanted = false;
    let mut retain = false;
    for (filter, wish) in wishes.iter() {
        let matches = rumqttc::mqttbytes::matches(inner, filter);
        if matches && !(wish.no_local && sender == number) {
            wanted = true;
            retain |= wish.as_published && retained;
        }
    }
    let topic = names.outer(inner)?.to_owned();
    wanted.then_some(Down { topic, payload, acknowledged: false, retain })
}
