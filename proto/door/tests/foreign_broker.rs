//! Another broker's fan-out beside ours: rumqttd's Router, which few and quiet clients do not hurt.
//!
//! It is a witness for what reaches whom. Topics begin with a letter and nothing is retained, as its
//! Router stumbles over both. Not here: the model that decides (`bus_model`).

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use door::BusLimits;
use door::bus::fanout::Fanout;
use door::bus::{Join, Message, Wish};
use proto::unit::Mono;
use rumqttd::local::{LinkBuilder, LinkRx};
use rumqttd::{Notification, Router, RouterConfig};
use tokio::time::timeout;

const TOPICS: [&str; 10] = [
    "a",
    "a/b",
    "a/b/c",
    "a/b/d",
    "a/x/c",
    "b",
    "b/",
    "b/c",
    "home/bed/1/state",
    "home/bed/2/state",
];
const FILTERS: [&str; 10] =
    ["a", "a/#", "a/+", "a/+/c", "+/b/#", "+", "b/+", "home/bed/+/state", "home/#", "nobody/+"];
const PATIENCE: Duration = Duration::from_secs(20);

/// The topics that come to a filter of our bus.
fn ours(filter: &str) -> BTreeSet<String> {
    let now = Mono::from_millis(0);
    let mut bus = Fanout::new(BusLimits::default());
    let join = Join {
        client: "one".into(),
        clean: true,
        expiry: 0,
        will: None,
        window: 64,
        packet_max: usize::MAX,
        version_5: false,
        internal: false,
    };
    let key = bus.join(now, join).unwrap().key;
    bus.subscribe(key, filter, Wish::default()).unwrap();
    for topic in TOPICS {
        let (payload, properties) = (Bytes::from_static(b"x"), Bytes::new());
        let (topic, qos, retain, expiry) = (topic.to_owned(), 0, false, None);
        let message = Message { topic, payload, qos, retain, properties, expiry };
        bus.publish(now, key, message).unwrap();
    }
    let parcels = bus.take(now, key, usize::MAX).parcels;
    parcels.iter().map(|parcel| parcel.message().topic.clone()).collect()
}

/// Topics that come on a link, until `last` has come; each is told to `heard`.
async fn listen(rx: &mut LinkRx, last: &str) -> BTreeSet<String> {
    let mut heard = BTreeSet::new();
    loop {
        match timeout(PATIENCE, rx.next()).await.expect("a notification").expect("the router") {
            Some(Notification::Forward(forward)) => {
                let topic = String::from_utf8(forward.publish.topic.to_vec()).unwrap();
                if topic == last {
                    return heard;
                }
                heard.insert(topic);
            }
            Some(Notification::Unschedule) => drop(rx.wake().await),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reaches_whom_is_the_same_with_another_broker() {
    let config = RouterConfig {
        max_connections: 20,
        max_outgoing_packet_count: 200,
        max_segment_size: 1024 * 1024,
        max_segment_count: 2,
        ..RouterConfig::default()
    };
    let router = Router::new(0, config).spawn();
    let (mut writer, _rx, _) = LinkBuilder::new("writer", router.clone()).build().unwrap();
    for (number, filter) in FILTERS.iter().enumerate() {
        let name = format!("reader-{number}");
        let (mut tx, mut rx, _) = LinkBuilder::new(&name, router.clone()).build().unwrap();
        tx.subscribe(*filter).unwrap();
        let end = format!("end/{number}");
        tx.subscribe(end.as_str()).unwrap();
        tx.publish(end.clone(), "in force").unwrap();
        listen(&mut rx, &end).await;
        let ours = ours(filter);
        for topic in TOPICS {
            writer.publish(topic, "x").unwrap();
        }
        // Its filters are read one by one, so the end of this round is asked for until all is here.
        let mut theirs = BTreeSet::new();
        for _ in 0..100 {
            tx.publish(end.clone(), "x").unwrap();
            theirs.extend(listen(&mut rx, &end).await);
            if theirs.len() >= ours.len() {
                break;
            }
        }
        assert_eq!(theirs, ours, "{filter}");
    }
}
