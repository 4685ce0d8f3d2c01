"""A device of another maker: written from docs/device-protocol.md and proto/v1.cddl alone.

Arguments: its card (JSON with device, key_hex, epoch), its flash (a file), host and port of the gateway, and the version
of MQTT, 3 or 5. Orders come as lines on standard input: `press`, `motion`, `read DEGREES`, `stop`. What a person in the
room would see, and what it has said, goes to standard output as one JSON object a line.

Not here: sensors, images, sounds.
"""

import hashlib
import hmac
import json
import os
import queue
import random
import secrets
import struct
import sys
import threading
import time

import cbor2
import paho.mqtt.client as mqtt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

EMERGENCY, EVENT, READING, HEALTH = 1, 2, 3, 4
STORED, RECEIVED, SEEN = 1, 2, 3
REFUSED = {4, 5, 0x86, 0x87}
HEALTH_S = 3600


def derive(key, info):
    return HKDF(algorithm=SHA256(), length=32, salt=b"hearthline/v1", info=info).derive(key)


def opened_x(key, frame, head):
    """Opens XChaCha20-Poly1305: HChaCha20 is a block of ChaCha20 without its last addition."""
    nonce = frame[head : head + 24]
    block = Cipher(ChaCha20(key, nonce[:16]), mode=None).encryptor().update(bytes(64))
    words = struct.unpack("<16I", block)
    first = struct.unpack("<4I", b"expand 32-byte k") + (0,) * 8 + struct.unpack("<4I", nonce[:16])
    mixed = [(word - start) % 2**32 for word, start in zip(words, first)]
    inner = struct.pack("<8I", *mixed[:4], *mixed[12:])
    return ChaCha20Poly1305(inner).decrypt(bytes(4) + nonce[16:], frame[head + 24 :], frame[:head])


class Keys:
    """All keys of one epoch."""

    def __init__(self, own, epoch):
        self.epoch = epoch
        self.hop = derive(own, b"hop" + struct.pack(">H", epoch))
        self.end = derive(own, b"e2e" + struct.pack(">H", epoch))
        self.down = {1: derive(self.hop, b"down"), 2: derive(self.end, b"down")}

    def proof(self, boot, counter):
        told = struct.pack(">QI", boot, counter)
        return told + hmac.new(derive(self.hop, b"connect"), told, hashlib.sha256).digest()[:16]

    def open_frame(self, kind, device, boot, seq, body):
        header = struct.pack(">BBHQQI", 1, kind, self.epoch, device, boot, seq)
        told = header + (body if isinstance(body, bytes) else cbor2.dumps(body))
        key = ChaCha20Poly1305(derive(self.end, b"up" + struct.pack(">Q", boot)))
        return told + key.encrypt(bytes(8) + struct.pack(">I", seq), b"", told)

    def hop_frame(self, frame):
        header, boot, seq = frame[:24], frame[12:20], frame[20:24]
        key = ChaCha20Poly1305(derive(self.hop, b"up" + boot))
        return header + key.encrypt(bytes(8) + seq, frame[24:], header)


class Flash:
    """What outlives the power: the boot, the epoch, the emergencies that nobody has received."""

    def __init__(self, path, epoch):
        self.path = path
        self.held = {}
        self.boot, self.epoch = None, epoch
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                kept = json.load(file)
            self.boot, self.epoch = kept["boot"], kept["epoch"]
            self.held = {name: bytes.fromhex(frame) for name, frame in kept["held"].items()}
        fresh = secrets.randbits(32) << 32 | 1
        ended = self.boot is None or self.boot & 0xFFFFFFFF == 0xFFFFFFFF
        self.boot = fresh if ended else self.boot + 1
        self.write()

    def write(self):
        held = {name: frame.hex() for name, frame in self.held.items()}
        text = json.dumps({"boot": self.boot, "epoch": self.epoch, "held": held})
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)
        with open(self.path, encoding="utf-8") as file:
            assert file.read() == text, "what was written is not what is there"


class Press:
    """One emergency on its way."""

    def __init__(self, frame, now):
        self.frame, self.since, self.next, self.pause = frame, now, now, 1.0
        self.rung, self.strange, self.late = 0, False, False


class Device:
    def __init__(self, card, flash, door, version):
        with open(card, encoding="utf-8") as file:
            card = json.load(file)
        self.text, self.door = card["device"], door
        self.id = number_of(self.text)
        self.own = bytes.fromhex(card["key_hex"])
        self.flash = Flash(flash, card["epoch"])
        self.keys = Keys(self.own, self.flash.epoch)
        self.started = time.monotonic()
        self.seq = self.connects = 0
        self.protocol = mqtt.MQTTv5 if version == "5" else mqtt.MQTTv311
        self.presses = {name: Press(frame, self.started) for name, frame in self.flash.held.items()}
        self.telemetry, self.on_way = [], {}
        self.client, self.up, self.stranger = None, False, False
        self.next_connect, self.pause, self.asked, self.next_guise = self.started, 1.0, 0.0, False
        self.next_health = None
        self.shown = None
        say(boot=self.flash.boot, held=len(self.presses))

    def uptime(self):
        return int((time.monotonic() - self.started) * 1000)

    def name(self, kind, body):
        self.seq += 1
        frame = self.keys.open_frame(kind, self.id, self.flash.boot, self.seq, body)
        say(said=body.get(0), kind=kind, name=[self.id, self.flash.boot, self.seq])
        return frame

    # --- what happens here ---

    def press(self):
        frame = self.name(EMERGENCY, {0: 0, 1: self.uptime()})
        name = frame[12:24].hex()
        self.flash.held[name] = frame
        self.flash.write()
        self.presses[name] = Press(frame, time.monotonic())
        if self.client is None:
            self.next_connect = time.monotonic()

    def motion(self):
        self.telemetry.append(self.name(EVENT, {0: 12, 1: self.uptime()}))

    def read(self, degrees):
        value = [7, float(degrees), None, 0]
        self.telemetry.append(self.name(READING, {0: self.uptime(), 1: 60, 2: [value]}))

    def health(self):
        self.next_health = time.monotonic() + HEALTH_S
        body = {0: self.uptime(), 1: HEALTH_S, 2: 64, 3: -58, 4: 2 << 16 | 7 << 8 | 1, 6: 0}
        self.telemetry.append(self.name(HEALTH, body))

    # --- the way to the gateway ---

    def connect(self, now):
        unheard = any(not p.rung and not p.strange for p in self.presses.values())
        self.stranger, self.next_guise = self.next_guise and unheard, False
        client_id = ("s-" if self.stranger else "d-") + self.text
        fresh = {} if self.protocol == mqtt.MQTTv5 else {"clean_session": True}
        version = mqtt.CallbackAPIVersion.VERSION2
        client = mqtt.Client(version, client_id=client_id, protocol=self.protocol, **fresh)
        if self.stranger:
            client.username_pw_set("stranger")
        else:
            self.connects += 1
            proof = self.keys.proof(self.flash.boot, self.connects)
            # A library that takes text gets the same bytes as hex digits.
            client.username_pw_set(self.text, proof.hex())
        client.on_connect, client.on_disconnect = self.connected, self.disconnected
        client.on_message, client.on_publish = self.told, self.acknowledged
        client.on_subscribe = self.subscribed
        self.client, self.asked = client, now
        try:
            client.connect(*self.door, keepalive=20)
        except OSError:
            self.lost(now)

    def connected(self, _client, _data, _flags, code, _properties):
        if code.value in REFUSED or code.is_failure:
            say(refused=code.value, stranger=self.stranger)
            self.next_guise = code.value in REFUSED and not self.stranger
            return
        if self.stranger:
            self.up = True
        else:
            self.client.subscribe(f"hl1/d/{self.text}/down", qos=1)

    def subscribed(self, _client, _data, _mid, codes, _properties):
        assert not codes[0].is_failure, codes
        self.up = True
        say(link="up")
        self.health()

    def disconnected(self, _client, _data, _flags, _code, _properties):
        self.lost(time.monotonic())

    def lost(self, now):
        self.client, self.up, self.on_way = None, False, {}
        for press in self.presses.values():
            press.next = now
        self.next_connect = now + self.pause * random.uniform(0.5, 1)
        self.pause = min(self.pause * 2, 30.0)
        if self.next_guise:
            self.next_connect = now

    def publish(self, what, frame, lane):
        topic = f"hl1/{'s' if self.stranger else 'd'}/{self.text}/up/{lane}"
        payload = self.keys.hop_frame(frame)
        assert len(payload) <= (256 if lane == "e" else 1024)
        self.on_way[self.client.publish(topic, payload, qos=1).mid] = (what, time.monotonic())

    def acknowledged(self, _client, _data, mid, _code, _properties):
        what, _ = self.on_way.pop(mid, (None, 0))
        self.pause = 1.0
        if isinstance(what, Press):
            what.strange |= self.stranger
            what.next = max(what.next, time.monotonic() + what.pause * random.uniform(0.5, 1))
            what.pause = min(what.pause * 2, 600.0 if what.rung else 30.0)
        elif what in self.telemetry:
            self.telemetry.remove(what)
            say(acknowledged=what[1])

    # --- what it is told ---

    def told(self, _client, _data, message):
        frame = message.payload
        if len(frame) < 50 or frame[0] != 1 or frame[1] not in (1, 2) or len(frame) > 640:
            return
        if frame[2:10] != struct.pack(">Q", self.id):
            return
        epochs = {self.flash.epoch} | {struct.unpack(">H", p.frame[2:4])[0] for p in self.presses.values()}
        for epoch in epochs:
            try:
                word = opened_x(Keys(self.own, epoch).down[frame[1]], frame, 10)
            except InvalidTag:
                continue
            return self.hear(frame[1], cbor2.loads(word))

    def hear(self, sealer, word):
        number, (content, *_) = word
        if number == 0:
            (device, boot, seq), rung = content
            if device == self.id and (sealer == 2 or rung == STORED):
                self.climb(struct.pack(">QI", boot, seq).hex(), rung)
        elif number == 7 and sealer == 2 and content > self.flash.epoch:
            self.flash.epoch = content
            self.flash.write()
            self.keys = Keys(self.own, content)
            self.client.disconnect()

    def climb(self, name, rung):
        say(rung=rung, press=name)
        press = self.presses.get(name)
        if rung >= RECEIVED:
            self.presses.pop(name, None)
            if self.flash.held.pop(name, None) is not None:
                self.flash.write()
            self.light("seen" if rung == SEEN else "received")
        elif press and press.rung < rung:
            press.rung, press.pause = rung, 30.0
            press.next = time.monotonic() + 30.0

    def light(self, what=None):
        if what is None and self.presses:
            waiting = self.presses.values()
            unstored = [press for press in waiting if not press.rung]
            what = "failed" if any(p.late for p in unstored) else "sending" if unstored else "stored"
        if what and what != self.shown:
            self.shown = what
            say(light=what)

    # --- its life ---

    def turn(self):
        now = time.monotonic()
        for press in self.presses.values():
            press.late |= not press.rung and now - press.since >= 10
        self.light()
        if self.client is None:
            if now >= self.next_connect:
                self.connect(now)
            time.sleep(0.005)
            return
        if self.up and not self.stranger and self.next_health and now >= self.next_health:
            self.health()
        if self.up:
            self.send(now)
        dead = any(now - since >= 5 for _, since in self.on_way.values())
        if dead or (not self.up and now - self.asked >= 10):
            self.client.disconnect()
            return
        done = self.stranger and all(p.rung or p.strange for p in self.presses.values())
        if self.up and done and not self.on_way:
            self.client.disconnect()
        # Whatever has just been done may have found the connection gone.
        client = self.client
        if client is not None and client.loop(timeout=0.02) != mqtt.MQTT_ERR_SUCCESS and self.client is client:
            self.lost(now)

    def send(self, now):
        sent = [what for what, _ in self.on_way.values()]
        for press in self.presses.values():
            if press.next <= now and press not in sent and sum(isinstance(w, Press) for w in sent) < 4:
                if not (self.stranger and press.strange):
                    self.publish(press, press.frame, "e")
                    sent.append(press)
        if self.telemetry and not self.stranger and all(isinstance(w, Press) for w in sent):
            self.publish(self.telemetry[0], self.telemetry[0], "t")


def number_of(text):
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    value = 0
    for digit in text[:10]:
        value = value * 32 + digits.index(digit)
    assert (digits + "*~$=U")[value % 37] == text[10], "the check character does not fit"
    return value


def say(**what):
    print(json.dumps(what), flush=True)


def main():
    card, flash, host, port, version = sys.argv[1:]
    device, orders = Device(card, flash, (host, int(port)), version), queue.Queue()

    def listen():
        for line in sys.stdin:
            orders.put(line.split())
        orders.put(["stop"])

    threading.Thread(target=listen, daemon=True).start()
    while True:
        while not orders.empty():
            order, *rest = orders.get()
            if order == "stop":
                return
            getattr(device, order)(*rest)
        device.turn()


if __name__ == "__main__":
    main()
