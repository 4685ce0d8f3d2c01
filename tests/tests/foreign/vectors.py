"""Holds the device of another maker against the vectors of docs/: every byte, before it speaks to anybody.

Argument: the folder of the vectors.
"""

import json
import os
import sys

import cbor2
import device as own


def cases(name, part):
    with open(os.path.join(sys.argv[1], name), encoding="utf-8") as file:
        return json.load(file)[part]


def keys_of(case):
    return own.Keys(bytes.fromhex(case["k_dev"]), case["epoch"])


def numbered(says):
    """JSON has no numbers for keys."""
    if isinstance(says, dict):
        return {int(key): numbered(value) for key, value in says.items()}
    return [numbered(item) for item in says] if isinstance(says, list) else says


held = 0
for case in cases("ids.json", "names"):
    assert own.number_of(case["text"]) == case["number"], case
    held += 1
for case in cases("keys.json", "keys"):
    keys = keys_of(case)
    assert (keys.hop.hex(), keys.end.hex()) == (case["k_hop"], case["k_e2e"]), case
    for proof in case["connect_proofs"]:
        assert keys.proof(int(case["boot"], 16), proof["counter"]).hex() == proof["password"], proof
    held += 1
for case in cases("frames.json", "frames"):
    keys, body = keys_of(case), numbered(case["says"])
    assert cbor2.loads(bytes.fromhex(case["body"])) == body, case
    assert cbor2.loads(cbor2.dumps(body)) == body, "it writes what it reads"
    device, boot = own.number_of(case["device"]), int(case["boot"], 16)
    # How a number with a fraction is spelled is the writer's choice, so the bytes of the vector are sealed.
    frame = keys.open_frame(case["class"], device, boot, case["seq"], bytes.fromhex(case["body"]))
    assert frame.hex() == case["open_frame"], case
    assert keys.hop_frame(frame).hex() == case["hop_frame"], case
    held += 1
for case in cases("down.json", "down"):
    word = own.opened_x(keys_of(case).down[case["sealer"]], bytes.fromhex(case["down_frame"]), 10)
    assert cbor2.loads(word) == numbered(case["says"]), case
    held += 1
print(held)
