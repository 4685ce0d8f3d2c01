"""What the interoperability suite of the Paho project asks of a broker, case by case under its names,
asked with Paho's own Python client. Prints `ok` or `left` and why for each; not here: what may be left."""

import sys
import time
import traceback

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

PORT = int(sys.argv[1])
PATIENCE = 10
ALL = []


def props(kind, **values):
    made = Properties(kind)
    for name, value in values.items():
        setattr(made, name, value)
    return made


class Client:
    def __init__(self, version, name="", clean=True, expiry=None, will=None, keepalive=60, **connect):
        self.v5 = version == 5
        protocol = mqtt.MQTTv5 if self.v5 else mqtt.MQTTv311
        extra = {} if self.v5 else {"clean_session": clean}
        self.c = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, name, protocol=protocol,
                             reconnect_on_failure=False, **extra)
        self.c.username_pw_set("local")
        self.got, self.acked, self.granted, self.left = [], {}, {}, {}
        self.connected = self.gone = None
        self.c.on_connect = lambda c, u, flags, reason, p: setattr(self, "connected", (flags, reason, p))
        self.c.on_disconnect = lambda c, u, flags, reason, p: setattr(self, "gone", (flags, reason))
        self.c.on_message = lambda c, u, m: self.got.append(m)
        self.c.on_publish = lambda c, u, mid, reason, p: self.acked.__setitem__(mid, reason)
        self.c.on_subscribe = lambda c, u, mid, reasons, p: self.granted.__setitem__(mid, reasons)
        self.c.on_unsubscribe = lambda c, u, mid, reasons, p: self.left.__setitem__(mid, reasons)
        if will:
            self.c.will_set(will[0], will[1], will[2], will[3], properties=will[4] if len(will) > 4 else None)
        if self.v5:
            if expiry is not None:
                connect["SessionExpiryInterval"] = expiry
            self.c.connect("127.0.0.1", PORT, keepalive, clean_start=clean,
                           properties=props(PacketTypes.CONNECT, **connect))
        else:
            self.c.connect("127.0.0.1", PORT, keepalive)
        ALL.append(self)
        self.until(lambda: self.connected)
        assert not self.connected[1].is_failure, self.connected

    def until(self, condition, patience=PATIENCE):
        end = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            for one in ALL:
                if one.c.socket():
                    one.c.loop(0.02)

    def quiet(self, seconds=0.3):
        before, end = len(self.got), time.monotonic() + seconds
        while time.monotonic() < end:
            for one in ALL:
                if one.c.socket():
                    one.c.loop(0.02)
        assert len(self.got) == before, [m.topic for m in self.got[before:]]

    def sub(self, topic, qos=1, options=None, **values):
        kind = props(PacketTypes.SUBSCRIBE, **values) if self.v5 and values else None
        if options:
            mid = self.c.subscribe(topic, options=options, properties=kind)[1]
        else:
            mid = self.c.subscribe(topic, qos, properties=kind)[1]
        self.until(lambda: mid in self.granted)
        return self.granted[mid][0].value

    def pub(self, topic, payload=b"x", qos=1, retain=False, **values):
        kind = props(PacketTypes.PUBLISH, **values) if values else None
        info = self.c.publish(topic, payload, qos, retain, properties=kind)
        if qos:
            self.until(lambda: info.mid in self.acked)
            return self.acked[info.mid]

    def hear(self, *payloads):
        self.until(lambda: len(self.got) >= len(payloads))
        heard = [m.payload for m in self.got]
        assert sorted(heard) == sorted(payloads), heard
        messages, self.got = self.got, []
        return messages

    def bye(self, reason=None, **values):
        code = ReasonCode(PacketTypes.DISCONNECT, identifier=reason) if reason else None
        self.c.disconnect(code, props(PacketTypes.DISCONNECT, **values) if values else None)
        self.until(lambda: self.gone)
        ALL.remove(self)

    def cut(self):
        self.c.socket().close()
        self.c._sock = None
        ALL.remove(self)

    def present(self):
        return self.connected[0].session_present


def kept(version):
    return {"clean": False, "expiry": 600} if version == 5 else {"clean": False}


def basic(v):
    c = Client(v, "a")
    assert c.sub("t/a", 2) in (1, 2)
    c.pub("t/a", b"0", 0)
    c.pub("t/a", b"1", 1)
    c.hear(b"0", b"1")


def basic_qos_2(v):
    c = Client(v, "a")
    assert c.sub("t/a", 2) == 2, "granted less"
    c.pub("t/a", b"2", 2)
    c.hear(b"2")


def refused_qos_2(v):
    c = Client(v, "a")
    assert c.sub("t/a", 2) == 1
    if v == 5:
        assert c.connected[2].MaximumQoS == 1, "it is said beforehand"
    c.c.publish("t/a", b"2", 2)
    ALL.append(watch := Client(v, "b"))
    ALL.remove(watch)
    c.until(lambda: c.gone)
    if v == 5:
        assert c.gone[1].value == 0x9B, c.gone
    watch.pub("t/a", b"1")


def refused_will_qos_2(v):
    try:
        Client(v, "a", will=("w/a", b"will", 2, False))
    except AssertionError:
        assert v == 5 and ALL[-1].connected[1].value == 0x9B, ALL[-1].connected
        return
    assert v == 4, "let in"


def refused_shared_subscriptions(v):
    c = Client(v, "a")
    if v == 5:
        assert c.connected[2].SharedSubscriptionAvailable == 0, "it is said beforehand"
    assert c.sub("$share/g/t") == (0x9E if v == 5 else 0x80)
    c.pub("t")


def retained_messages(v):
    c = Client(v, "a")
    for qos, topic in ((0, "r/q0"), (1, "r/q1")):
        c.pub(topic, topic.encode(), qos, True)
    c.sub("r/+")
    assert all(m.retain for m in c.hear(b"r/q0", b"r/q1"))
    for topic in ("r/q0", "r/q1"):
        c.pub(topic, b"", 1, True)
    c.hear(b"", b"")
    d = Client(v, "b")
    d.sub("r/+")
    d.quiet()


def zero_length_clientid(v):
    Client(v, "")
    if v == 4:
        try:
            Client(v, "", clean=False)
        except (AssertionError, ValueError):
            return
        raise AssertionError("let in")


def offline_message_queueing(v):
    a = Client(v, "a", **kept(v))
    a.sub("q/+")
    a.bye()
    b = Client(v, "b")
    for n in range(3):
        b.pub("q/%d" % n, b"%d" % n)
    a = Client(v, "a", **kept(v))
    assert a.present()
    a.hear(b"0", b"1", b"2")


def will_message(v):
    b = Client(v, "b")
    b.sub("w/a", 1)
    a = Client(v, "a", will=("w/a", b"will", 1, False))
    a.cut()
    b.hear(b"will")
    Client(v, "a", will=("w/a", b"will", 1, False)).bye()
    b.quiet()


def overlapping_subscriptions(v):
    a = Client(v, "a")
    a.sub("o/#", 0)
    a.sub("o/+", 1)
    a.pub("o/a")
    a.until(lambda: a.got)
    assert max(m.qos for m in a.got) == 1 and len(a.got) <= 2


def keepalive(v):
    b = Client(v, "b")
    b.sub("k/a")
    a = Client(v, "a", keepalive=2, will=("k/a", b"silent", 1, False))
    ALL.remove(a)
    b.until(lambda: b.got, 8)


def redelivery_on_reconnect(v):
    a = Client(v, "a", **kept(v))
    a.sub("d/a")
    a.c.manual_ack_set(True)
    b = Client(v, "b")
    for n in range(3):
        b.pub("d/a", b"%d" % n)
    a.until(lambda: len(a.got) == 3)
    a.cut()
    a = Client(v, "a", **kept(v))
    assert all(m.dup for m in a.hear(b"0", b"1", b"2"))


def subscribe_failure(v):
    a = Client(v, "a")
    assert a.sub("s/" * 70) >= 0x80
    a.pub("s/a")


def dollar_topics(v):
    a = Client(v, "a")
    a.sub("+/+")
    a.sub("#")
    a.pub("$x/y")
    a.quiet()


def unsubscribe(v):
    a = Client(v, "a")
    for topic in ("u/a", "u/b", "u/c"):
        a.sub(topic)
    mid = a.c.unsubscribe("u/a")[1]
    a.until(lambda: mid in a.left)
    for topic in ("u/a", "u/b", "u/c"):
        a.pub(topic, topic.encode())
    a.hear(b"u/b", b"u/c")


def session_expiry(v):
    a = Client(v, "a", clean=False, expiry=2)
    a.sub("e/a")
    a.bye()
    assert (a := Client(v, "a", clean=False, expiry=2)).present(), "within its time"
    a.bye()
    b = Client(v, "b")
    b.sub("e/will")
    b.quiet(4)
    a = Client(v, "a", clean=False, expiry=600, will=("e/will", b"gone", 1, False))
    assert not a.present(), "after its time"
    # Two connections have no order between them: the will tells that the goodbye was heard.
    a.bye(reason=4, SessionExpiryInterval=0)
    b.hear(b"gone")
    assert not Client(v, "a", clean=False).present(), "ended by its goodbye"


def shared_subscriptions(v):
    a = Client(v, "a")
    assert a.sub("$share/g/t") < 0x80, "refused"


def request_response(v):
    a, b = Client(v, "a"), Client(v, "b")
    a.sub("rr/reply")
    b.sub("rr/ask")
    a.pub("rr/ask", b"?", ResponseTopic="rr/reply", CorrelationData=b"334")
    asked = b.hear(b"?")[0].properties
    b.pub(asked.ResponseTopic, b"!", CorrelationData=asked.CorrelationData)
    assert a.hear(b"!")[0].properties.CorrelationData == b"334"


def client_topic_alias(v):
    a = Client(v, "a")
    assert a.connected[2].TopicAliasMaximum >= 1
    a.sub("ta/a")
    a.pub("ta/a", b"1", TopicAlias=1)
    a.pub("", b"2", TopicAlias=1)
    assert {m.topic for m in a.hear(b"1", b"2")} == {"ta/a"}


def server_topic_alias(v):
    a = Client(v, "a", TopicAliasMaximum=1)
    a.sub("sa/+")
    for topic, payload in (("sa/a", b"1"), ("sa/a", b"2"), ("sa/b", b"3")):
        a.pub(topic, payload)
    got = a.hear(b"1", b"2", b"3")
    assert [m.topic for m in got] == ["sa/a", "", "sa/b"], [m.topic for m in got]
    aliases = [getattr(m.properties, "TopicAlias", None) for m in got]
    assert aliases == [1, 1, None], aliases
    b = Client(v, "b")
    b.sub("sa/a")
    b.pub("sa/a", b"4")
    assert not hasattr(b.hear(b"4")[0].properties, "TopicAlias"), "asked for none"


def maximum_packet_size(v):
    a = Client(v, "a", MaximumPacketSize=64)
    a.sub("m/a")
    b = Client(v, "b")
    assert b.connected[2].MaximumPacketSize >= 256 * 1024
    b.pub("m/a", b"y" * 65)
    b.pub("m/a", b"small")
    a.hear(b"small")


def server_keep_alive(v):
    assert Client(v, "a", keepalive=4000).connected[2].ServerKeepAlive <= 4000


def flow_control(v):
    a = Client(v, "a", ReceiveMaximum=2)
    a.c.manual_ack_set(True)
    a.sub("f/a")
    b = Client(v, "b")
    for n in range(5):
        b.pub("f/a", b"%d" % n)
    a.until(lambda: len(a.got) == 2)
    a.quiet()
    for n in range(5):
        a.until(lambda: len(a.got) > n)
        a.c.ack(a.got[n].mid, 1)


def will_delay(v):
    b = Client(v, "b")
    b.sub("wd/a")
    will = ("wd/a", b"late", 1, False, props(PacketTypes.WILLMESSAGE, WillDelayInterval=2))
    Client(v, "a", expiry=30, will=will).cut()
    b.quiet(1)
    b.hear(b"late")


def assigned_clientid(v):
    assert Client(v, "").connected[2].AssignedClientIdentifier


def subscribe_identifiers(v):
    a = Client(v, "a")
    a.sub("si/+", SubscriptionIdentifier=2)
    a.sub("si/a", SubscriptionIdentifier=3)
    a.pub("si/a")
    a.until(lambda: a.got)
    ids = [i for m in a.got for i in m.properties.SubscriptionIdentifier]
    assert sorted(ids) == [2, 3], ids


def subscribe_options(v):
    a = Client(v, "a")
    a.sub("so/a", options=SubscribeOptions(1, noLocal=True))
    a.sub("so/b", options=SubscribeOptions(1, retainAsPublished=True))
    a.pub("so/a", b"own")
    a.pub("so/b", b"kept", retain=True)
    assert a.hear(b"kept")[0].retain
    a.sub("so/b", options=SubscribeOptions(1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB))
    a.sub("so/b", options=SubscribeOptions(1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND))
    a.quiet()
    a.sub("so/b")
    a.hear(b"kept")


def payload_format(v):
    a = Client(v, "a")
    a.sub("pf/a")
    a.pub("pf/a", "家".encode(), PayloadFormatIndicator=1, ContentType="text/plain")
    got = a.hear("家".encode())[0].properties
    assert (got.PayloadFormatIndicator, got.ContentType) == (1, "text/plain")


def publication_expiry(v):
    a = Client(v, "a", clean=False, expiry=60)
    a.sub("pe/#")
    a.bye()
    b = Client(v, "b")
    b.pub("pe/1", b"short", MessageExpiryInterval=1)
    b.pub("pe/2", b"long", MessageExpiryInterval=100)
    b.quiet(2)
    left = Client(v, "a", clean=False, expiry=60).hear(b"long")[0].properties.MessageExpiryInterval
    assert 90 < left < 100, left


def user_properties(v):
    a = Client(v, "a")
    a.sub("up/a")
    given = [("a", "2"), ("c", "3"), ("a", "2")]
    a.pub("up/a", UserProperty=given)
    assert a.hear(b"x")[0].properties.UserProperty == given


BOTH = [basic, basic_qos_2, refused_qos_2, refused_will_qos_2, refused_shared_subscriptions, retained_messages, zero_length_clientid, offline_message_queueing,
        will_message, overlapping_subscriptions, keepalive, redelivery_on_reconnect, subscribe_failure,
        dollar_topics, unsubscribe]
ONLY_5 = [session_expiry, shared_subscriptions, request_response, client_topic_alias,
          server_topic_alias, maximum_packet_size, server_keep_alive, flow_control, will_delay,
          assigned_clientid, subscribe_identifiers, subscribe_options, payload_format,
          publication_expiry, user_properties]

for version, case in [(4, c) for c in BOTH] + [(5, c) for c in BOTH + ONLY_5]:
    name = "%d %s" % (version, case.__name__)
    try:
        case(version)
        print("ok", name, flush=True)
    except Exception as why:
        traceback.print_exc(file=sys.stderr)
        print("left", name, type(why).__name__, why, flush=True)
    for one in list(ALL):
        if one.c.socket():
            one.c.disconnect()
        ALL.remove(one)
    for one in ("a", "b"):
        Client(version, one).bye()
