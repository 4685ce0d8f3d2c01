//! Clients that others have written: mosquitto's, rumqttc, paho for Python, minimq.
//!
//! What a machine lacks is installed from its package registries; where that is not possible the
//! test says so loudly, and fails where `CI` is set. Not here: our own raw bytes (`session`).

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

mod front;
#[path = "convention/missing.rs"]
mod missing;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use door::Who;
use front::{House, PATIENCE, TEXT_PASSWORD, device, wait};
use missing::missing;
use proto::frame::Lane;
use proto::seat::Seat;
use proto::topic::Topic;
use tokio::time::timeout;

struct Names {
    id: String,
    up: String,
    down: String,
    who: Who,
    topic: Topic,
}

fn names(number: u64) -> Names {
    let device = device(number);
    let topic = Topic::DeviceDown(device);
    Names {
        id: Seat::Device(device).to_string(),
        up: Topic::DeviceUp(device, Lane::Emergency).to_string(),
        down: topic.to_string(),
        who: Who::Device(device),
        topic,
    }
}

/// Tells a receipt as soon as the device listens.
fn tell_when_listening(house: &House, names: &Names) {
    wait("it to listen", || house.gate.listening.lock().unwrap().contains(&names.who));
    house.door.tell(names.who, names.topic, Bytes::from_static(b"received"));
}

fn runs(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn mosquitto_is_here() -> bool {
    let here = || Command::new("mosquitto_pub").arg("--help").output().is_ok();
    let install = || {
        let mut apt = Command::new("apt-get");
        apt.args(["install", "-y", "-qq", "mosquitto-clients"]);
        runs(Command::new("apt-get").args(["update", "-qq"])) && runs(&mut apt)
    };
    here() || (install() && here())
}

fn mosquitto(program: &str, house: &House, names: &Names, version: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["-h", "127.0.0.1", "-p", &house.door.address().port().to_string()]);
    command.args(["-V", version, "-q", "1", "-i", &names.id, "-u", &names.id]);
    command.args(["-P", TEXT_PASSWORD]);
    command
}

#[test]
fn mosquittos_clients_publish_and_listen() {
    if !mosquitto_is_here() {
        return missing("mosquitto_pub is not here and cannot be installed");
    }
    let house = House::open();
    for (number, version) in [(1, "mqttv311"), (2, "mqttv5")] {
        let names = names(number);
        let mut publish = mosquitto("mosquitto_pub", &house, &names, version);
        let published = publish.args(["-t", &names.up, "-m", "help"]).output().unwrap();
        assert!(published.status.success(), "{published:?}");
        assert_eq!(house.stored(), number, "acknowledged and on disk");

        let mut subscribe = mosquitto("mosquitto_sub", &house, &names, version);
        subscribe.args(["-t", &names.down, "-C", "1", "-W", "20"]).stdout(Stdio::piped());
        let mut child = subscribe.spawn().unwrap();
        tell_when_listening(&house, &names);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "received");
        assert!(child.wait().unwrap().success());

        let mut refused = mosquitto("mosquitto_pub", &house, &names, version);
        let refused = refused.args(["-P", "wrong", "-t", &names.up, "-m", "x"]).output().unwrap();
        assert!(!refused.status.success(), "a wrong key is told");
    }
}

#[test]
fn mosquittos_clients_share_the_local_bus() {
    if !mosquitto_is_here() {
        return missing("mosquitto_sub is not here and cannot be installed");
    }
    let house = House::with_bus();
    let port = house.door.address().port().to_string();
    let local = |program: &str| {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &port, "-u", "local", "-q", "1"]);
        command
    };
    let published =
        local("mosquitto_pub").args(["-r", "-t", "zigbee2mqtt/lamp", "-m", "on"]).status();
    assert!(published.unwrap().success());
    let mut listener = local("mosquitto_sub");
    listener.args(["-t", "zigbee2mqtt/#", "-t", "家/#", "-C", "2", "-W", "20", "-v"]);
    let mut child = listener.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("zigbee2mqtt/lamp on"), "retained");
    let published = local("mosquitto_pub").args(["-t", "家/灯", "-m", "off"]).status();
    assert!(published.unwrap().success());
    assert_eq!(lines.next().as_deref(), Some("家/灯 off"), "live");
    assert!(child.wait().unwrap().success());
}

#[test]
fn rumqttc_publishes_and_listens_in_311() {
    use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
    let house = House::open();
    let names = names(3);
    let mut options = MqttOptions::new(&names.id, "127.0.0.1", house.door.address().port());
    options.set_credentials(&names.id, TEXT_PASSWORD).set_keep_alive(Duration::from_secs(5));
    house.runtime.block_on(async {
        let (client, mut events) = AsyncClient::new(options, 10);
        client.publish(&names.up, QoS::AtLeastOnce, false, "help").await.unwrap();
        client.subscribe(&names.down, QoS::AtLeastOnce).await.unwrap();
        let (mut acknowledged, mut received) = (false, false);
        while !(acknowledged && received) {
            match timeout(PATIENCE, events.poll()).await.unwrap().unwrap() {
                Event::Incoming(Packet::PubAck(_)) => acknowledged = true,
                Event::Incoming(Packet::SubAck(_)) => tell_when_listening(&house, &names),
                Event::Incoming(Packet::Publish(publish)) => {
                    assert_eq!(
                        (&publish.topic, &publish.payload[..]),
                        (&names.down, &b"received"[..])
                    );
                    received = true;
                }
                _ => {}
            }
        }
    });
    assert_eq!(house.stored(), 1);
}

#[test]
fn rumqttc_publishes_and_listens_in_5() {
    use rumqttc::v5::mqttbytes::QoS;
    use rumqttc::v5::mqttbytes::v5::Packet;
    use rumqttc::v5::{AsyncClient, Event, MqttOptions};
    let house = House::open();
    let names = names(4);
    let mut options = MqttOptions::new(&names.id, "127.0.0.1", house.door.address().port());
    options.set_credentials(&names.id, TEXT_PASSWORD).set_keep_alive(Duration::from_secs(5));
    house.runtime.block_on(async {
        let (client, mut events) = AsyncClient::new(options, 10);
        client.publish(&names.up, QoS::AtLeastOnce, false, "help").await.unwrap();
        client.subscribe(&names.down, QoS::AtLeastOnce).await.unwrap();
        let (mut acknowledged, mut received) = (false, false);
        while !(acknowledged && received) {
            match timeout(PATIENCE, events.poll()).await.unwrap().unwrap() {
                Event::Incoming(Packet::PubAck(_)) => acknowledged = true,
                Event::Incoming(Packet::SubAck(_)) => tell_when_listening(&house, &names),
                Event::Incoming(Packet::Publish(publish)) => {
                    assert_eq!(&publish.payload[..], b"received");
                    received = true;
                }
                _ => {}
            }
        }
    });
    assert_eq!(house.stored(), 1);
}

#[test]
fn minimq_publishes_and_listens() {
    use embedded_io_adapters::tokio_1::FromTokio;
    use minimq::{
        Buffers, ConfigBuilder, Publication, QoS, Session, SubscriptionOptions, TopicFilter,
    };
    let house = House::open();
    let names = names(5);
    let conversation = async {
        let (mut rx, mut tx) = ([0; 1_024], [0; 2_048]);
        let config = ConfigBuilder::new(Buffers::new(&mut rx, &mut tx))
            .client_id(&names.id)
            .unwrap()
            .auth(&names.id, front::PASSWORD)
            .unwrap();
        let mut session = Session::new(config);
        let stream = tokio::net::TcpStream::connect(house.door.address()).await.unwrap();
        let mut connection = session.connect(FromTokio::new(stream)).await.unwrap();
        let options = SubscriptionOptions::default().maximum_qos(QoS::AtLeastOnce);
        let filters = [TopicFilter::new(&names.down).options(options)];
        let subscribed = connection.subscribe(&filters, &[]).await.unwrap();
        while connection.is_pending(&subscribed) {
            connection.poll().await.unwrap();
        }
        let press = Publication::bytes(&names.up, b"help").qos(QoS::AtLeastOnce);
        let published = connection.publish(press).await.unwrap().expect("QoS 1 is awaited");
        while connection.is_pending(&published) {
            connection.poll().await.unwrap();
        }
        tell_when_listening(&house, &names);
        let received = connection.recv().await.unwrap();
        assert_eq!((received.topic(), received.payload()), (names.down.as_str(), &b"received"[..]));
    };
    house.runtime.block_on(async { timeout(PATIENCE, conversation).await }).unwrap();
    assert_eq!(house.stored(), 1);
}

/// The paho of an own environment below cargo's target directory.
fn paho() -> Option<PathBuf> {
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("paho");
    let python = place.join("bin").join("python");
    let has_paho = || runs(Command::new(&python).args(["-c", "import paho.mqtt.client"]));
    let make = || {
        runs(Command::new("python3").args(["-m", "venv"]).arg(&place))
            && runs(Command::new(&python).args(["-m", "pip", "install", "-q", "paho-mqtt==2.1.0"]))
    };
    (has_paho() || (make() && has_paho())).then_some(python)
}

const PAHO: &str = r#"
import sys, paho.mqtt.client as mqtt
port, version, id, up, down, password = sys.argv[1:]
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=id, protocol=int(version))
client.username_pw_set(id, password)
def connected(c, u, flags, reason, p):
    print("connected", reason, flags.session_present, flush=True)
    c.subscribe(down, 1)
def subscribed(c, u, mid, reasons, p):
    c.publish(up, b"help", 1)
def published(c, u, mid, reason, p):
    print("published", flush=True)
def message(c, u, m):
    print("message", m.topic == down, m.payload.decode(), m.qos, flush=True)
    c.disconnect()
client.on_connect, client.on_subscribe = connected, subscribed
client.on_publish, client.on_message = published, message
client.connect("127.0.0.1", int(port), 30)
client.loop_forever()
"#;

#[test]
fn paho_publishes_and_listens() {
    let Some(python) = paho() else {
        return missing("paho-mqtt is not here and cannot be installed");
    };
    let house = House::open();
    for (number, version) in [(6, "4"), (7, "5")] {
        let names = names(number);
        let port = house.door.address().port().to_string();
        let mut child = Command::new(&python)
            .args(["-c", PAHO, &port, version, &names.id, &names.up, &names.down, TEXT_PASSWORD])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert_eq!(lines.next().as_deref(), Some("connected Success False"));
        assert_eq!(lines.next().as_deref(), Some("published"));
        tell_when_listening(&house, &names);
        assert_eq!(lines.next().as_deref(), Some("message True received 1"));
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(house.stored(), 2);
}
