//! One MQTT session after another, as the orders come.
//!
//! A *flight* is a publication whose PUBACK is still missing. A refusal of the gateway, in CONNACK or in a PUBACK,
//! ends the connection: what it refused is told as not acknowledged. Not here: what is published, and how often.

use core::fmt::Write;
use core::net::SocketAddrV4;

use embassy_futures::select::{Either, select};
use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use embassy_time::{Duration, with_timeout};
use firmware::body::{FromLink, Introduction};
use firmware::device::{LinkEvent, Token};
use heapless::{String, Vec};
use minimq::{
    ConfigBuilder, Connection, Error, Op, PeerError, Publication, QoS, Session,
    SubscriptionOptions, TopicFilter,
};
use proto::down::{DOWN_MAX, DownBuf};
use proto::seat::{STRANGER_LOGIN, Seat};

use crate::wire::Wire;
use crate::{EVENTS, Log, ORDER, OUTGOING, Outgoing};

/// Seconds of MQTT keep-alive. Source: technical, as the simulated homes have it.
const KEEP_ALIVE_S: u16 = 20;
/// Longest wait for TCP, for CONNACK and for SUBACK. Source: technical, the core gives up after ten seconds.
const STEP: Duration = Duration::from_secs(3);
/// Bytes of TCP in each direction.
const TCP_BYTES: usize = 1024;
/// Longest packet in: a down frame and its topic.
const PACKET_IN: usize = DOWN_MAX + 128;
/// Room for packets out: five frames with their topics, or CONNECT.
const PACKETS_OUT: usize = 1536;
/// Text of an id, a seat or a topic.
const TEXT: usize = 48;

type Text = String<TEXT>;
type Live<'a, 'b, 'c, 'd> = Connection<'a, 'b, Wire<'c, 'd>>;
type Flights = Vec<(Op, Token), 8>;

/// Carries the orders out, one connection at a time.
#[embassy_executor::task]
pub(crate) async fn task(stack: Stack<'static>, door: SocketAddrV4, log: Log) {
    let (mut receive, mut send) = ([0; TCP_BYTES], [0; TCP_BYTES]);
    let mut order = ORDER.wait().await;
    loop {
        let Some((generation, who)) = order else {
            order = ORDER.wait().await;
            continue;
        };
        let mut socket = TcpSocket::new(stack, &mut receive, &mut send);
        let tell = Teller { generation, log };
        order = match select(ORDER.wait(), serve(stack, &mut socket, door, who, &tell)).await {
            Either::First(next) => next,
            Either::Second(end) => {
                tell.event(end).await;
                None
            }
        };
        socket.abort();
        // The peer learns of the end if there is one.
        let _ = with_timeout(STEP, socket.flush()).await;
    }
}

/// Tells the body what happens in one generation.
struct Teller {
    generation: u32,
    log: Log,
}

impl Teller {
    async fn event(&self, event: LinkEvent) {
        let (word, number) = match event {
            LinkEvent::Up => ("Up", 0),
            LinkEvent::Down => ("Down", 0),
            LinkEvent::Refused(code) => ("Refused", code.into()),
            LinkEvent::Acked(Token(token)) => ("Acked", token),
        };
        (self.log)(format_args!("link {word} {number}"));
        EVENTS.send((self.generation, FromLink::Event(event))).await;
    }

    async fn down(&self, message: &[u8]) {
        // What is longer is no word of ours.
        if let Ok(bytes) = DownBuf::from_slice(message) {
            EVENTS.send((self.generation, FromLink::Down(bytes))).await;
        }
    }
}

/// Connects, and serves until the connection ends; says how it did.
async fn serve(
    stack: Stack<'static>,
    socket: &mut TcpSocket<'_>,
    door: SocketAddrV4,
    who: Introduction,
    tell: &Teller,
) -> LinkEvent {
    socket.set_nagle_enabled(false);
    socket.set_timeout(Some(Duration::from_secs(u64::from(KEEP_ALIVE_S))));
    // After power-up the network still hands out our address.
    let reach = async {
        stack.wait_config_up().await;
        socket.connect(door).await
    };
    if !matches!(with_timeout(STEP, reach).await, Ok(Ok(()))) {
        return LinkEvent::Down;
    }
    let (client, user) = names(&who);
    let (mut packet_in, mut packets_out) = ([0; PACKET_IN], [0; PACKETS_OUT]);
    let buffers = minimq::Buffers::new(&mut packet_in, &mut packets_out);
    let password = who.password.unwrap_or_default();
    let shown = if who.password.is_some() { &password[..] } else { &[] };
    let config = ConfigBuilder::new(buffers).keepalive_interval(KEEP_ALIVE_S);
    let config = config.client_id(&client).and_then(|config| config.auth(&user, shown));
    let Ok(config) = config else { return LinkEvent::Down };
    let mut session = Session::new(config);
    let connection = match with_timeout(STEP, session.connect(Wire(socket))).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(Error::Peer(PeerError::Rejected(code)))) => return LinkEvent::Refused(code.into()),
        Ok(Err(_)) | Err(_) => return LinkEvent::Down,
    };
    // However it ends, the connection is gone.
    let _ = live(connection, &who, tell).await;
    LinkEvent::Down
}

fn names(who: &Introduction) -> (Text, Text) {
    let (mut client, mut user) = (Text::new(), Text::new());
    // Both fit: an id has fourteen letters.
    let _ = write!(client, "{}", who.seat);
    let _ = match who.seat {
        Seat::Device(device) => write!(user, "{device}"),
        Seat::Stranger(_) | Seat::Gateway(..) => user.write_str(STRANGER_LOGIN),
    };
    (client, user)
}

async fn live(
    mut connection: Live<'_, '_, '_, '_>,
    who: &Introduction,
    tell: &Teller,
) -> Option<()> {
    if let Some(topic) = who.subscribe {
        with_timeout(STEP, subscribe(&mut connection, topic, tell)).await.ok()??;
    }
    tell.event(LinkEvent::Up).await;
    let mut flights = Flights::new();
    loop {
        let message = match select(OUTGOING.receive(), connection.poll()).await {
            Either::First(out) => {
                publish(&mut connection, out, &mut flights).await?;
                None
            }
            Either::Second(progress) => progress.ok()?,
        };
        if let Some(message) = message {
            tell.down(message.payload()).await;
        }
        while let Some(place) = flights.iter().position(|(op, _)| connection.is_complete(op)) {
            let (_, token) = flights.remove(place);
            tell.event(LinkEvent::Acked(token)).await;
        }
    }
}

async fn subscribe(
    connection: &mut Live<'_, '_, '_, '_>,
    topic: proto::topic::Topic,
    tell: &Teller,
) -> Option<()> {
    let mut text = Text::new();
    write!(text, "{topic}").ok()?;
    let options = SubscriptionOptions::default().maximum_qos(QoS::AtLeastOnce);
    let filter = [TopicFilter::new(&text).options(options)];
    let subscribed = connection.subscribe(&filter, &[]).await.ok()?;
    while connection.is_pending(&subscribed) {
        // A message may overtake the SUBACK.
        if let Some(message) = connection.poll().await.ok()? {
            tell.down(message.payload()).await;
        }
    }
    Some(())
}

async fn publish(
    connection: &mut Live<'_, '_, '_, '_>,
    out: Outgoing,
    flights: &mut Flights,
) -> Option<()> {
    let mut topic = Text::new();
    write!(topic, "{}", out.topic).ok()?;
    let publication = Publication::bytes(&topic, &out.frame).qos(QoS::AtLeastOnce);
    let op = connection.publish(publication).await.ok()??;
    flights.push((op, out.token)).ok()
}
