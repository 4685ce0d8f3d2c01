//! The bus's own watchdog: a program of its own comes, subscribes, publishes, hears itself and goes.
//!
//! It also turns the core's clock. Its topic begins with `$`, so that no wildcard of a household
//! reaches it. Not here: the listener in front of the bus, which its door watches (`watchdog`).

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use proto::topic::Topic;
use proto::unit::Millis;
use tokio::time::{sleep, timeout};

use super::{Bus, Farewell, Join, Message, Said, Shared, Wish};
use crate::line::Line;
use crate::workers::End;

/// Time between two turns of the clock; every second turn goes round.
pub(super) const TURN: Duration = Duration::from_secs(1);
/// Time for one round.
pub(super) const ROUND: Duration = Duration::from_secs(1);
/// A bus without a round for so long is not well.
pub(super) const OVERDUE: Millis = Millis::secs(12);

/// A program inside the gateway. No client can have its name: no text of MQTT holds U+0000.
pub(super) fn inside(name: &str) -> Join {
    Join {
        client: format!("\0{name}"),
        clean: true,
        expiry: 0,
        will: None,
        window: 64,
        packet_max: usize::MAX,
        version_5: true,
        internal: true,
    }
}

/// Goes round until the bus is dropped.
pub(super) async fn go(bus: Weak<Shared>) -> End {
    for turn in 0u64.. {
        let Some(bus) = bus.upgrade().map(Bus) else { return End::Asked };
        let turned = bus.step(|core, now| core.handle_timeout(now)).is_some();
        if turned && turn % 2 == 0 {
            look(&bus, turn).await;
        }
        drop(bus);
        sleep(TURN).await;
    }
    End::Unasked
}

/// One round, and what it says of the bus.
pub(super) async fn look(bus: &Bus, turn: u64) {
    match timeout(ROUND, round(bus, turn)).await {
        Ok(true) => bus.beat(),
        Ok(false) | Err(_) => tracing::error!("the bus's own round trip is not back"),
    }
}

/// Whether its own word comes back to it.
async fn round(bus: &Bus, turn: u64) -> bool {
    let line = Arc::new(Line::new(0));
    let Some((member, _)) = bus.join(&line, inside("watchdog")) else { return false };
    let topic = format!("${}", Topic::Watchdog);
    if member.subscribe(&topic, Wish { qos: 1, handling: 2, ..Wish::default() }).is_err() {
        return false;
    }
    let payload = Bytes::copy_from_slice(&turn.to_be_bytes());
    let (properties, expiry) = (Bytes::new(), None);
    let message =
        Message { topic, payload: payload.clone(), qos: 1, retain: false, properties, expiry };
    let Said::Done = member.publish(message) else { return false };
    loop {
        for parcel in member.take(usize::MAX).parcels {
            member.acknowledge(&[parcel.packet_id]);
            if parcel.letter.mail.message.payload == payload {
                member.leave(Farewell::Goodbye(None));
                return true;
            }
        }
        line.rung().await;
    }
}
