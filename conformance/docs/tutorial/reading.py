"""Savepoints of Flink 1.13 with value state of two types: the reader."""
import os
import struct

# What the adapter knows of types: how a value is packed, and the snapshot of its serializer.
BASE = "org.apache.flink.api.common.typeutils.base."
TYPES = {
    "int": (">i", BASE + "IntSerializer$IntSerializerSnapshot"),
    "long": (">q", BASE + "LongSerializer$LongSerializerSnapshot"),
}
VOID = "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot"


def to_json(type, value):
    return str(value) if type == "long" else value


MASK = (1 << 64) - 1


def rotated(n, by):
    return (n << by | n >> (64 - by)) & MASK


def operator_id(uid):
    """MurmurHash3, x64, 128 bits, of the uid: the operator's id in the savepoint."""
    def scrambled(k, first, by, second):
        return rotated(k * first & MASK, by) * second & MASK

    def finished(h):
        h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & MASK
        h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53 & MASK
        return h ^ h >> 33

    data, a, b = uid.encode(), 0, 0
    c1, c2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
    for at in range(0, len(data), 16):
        block = data[at:at + 16]
        k1, k2 = struct.unpack("<QQ", block.ljust(16, b"\0"))
        a ^= scrambled(k1, c1, 31, c2)
        if len(block) == 16:
            a = (rotated(a, 27) + b) * 5 + 0x52DCE729 & MASK
        b ^= scrambled(k2, c2, 33, c1)
        if len(block) == 16:
            b = (rotated(b, 31) + a) * 5 + 0x38495AB5 & MASK
    a, b = a ^ len(data), b ^ len(data)
    a = a + b & MASK
    b = b + a & MASK
    a, b = finished(a), finished(b)
    a = a + b & MASK
    b = b + a & MASK
    return struct.pack("<QQ", a, b)


class Reader:
    """Bytes, and how far they are read."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, n):
        if not 0 <= n <= len(self.data) - self.at:
            raise ValueError(f"byte {self.at}: {n} bytes are not there")
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, format):
        return struct.unpack(format, self.take(struct.calcsize(format)))[0]

    def text(self):
        return self.take(self.number(">H")).decode()

    def expect(self, format, wanted):
        found = self.number(format)
        if found != wanted:
            raise ValueError(f"byte {self.at}: {found} instead of {wanted}")


def read_metadata(data):
    """The operators' ids, each with its max parallelism and its keyed streams: offsets and file."""
    reader, operators = Reader(data), {}
    reader.expect(">I", 0x4960672D)  # magic
    reader.expect(">i", 3)  # version
    reader.take(8)  # checkpoint id
    reader.expect(">i", 0)  # master states
    for _ in range(reader.number(">i")):
        id = reader.take(16)
        reader.take(4)  # parallelism
        max_parallelism = reader.number(">i")
        reader.expect(">B", 0)  # coordinator state
        streams = []
        for _ in range(reader.number(">i")):
            reader.take(4)  # index
            reader.expect(">i", 0)  # managed operator state
            reader.expect(">i", 0)  # raw operator state
            if reader.number(">B") == 7:  # managed keyed state, canonical
                reader.take(4)  # first key group
                offsets = [reader.number(">q") for _ in range(reader.number(">i"))]
                reader.expect(">B", 6)  # a file beside _metadata
                streams.append((offsets, reader.text()))
                reader.take(8)  # size
            reader.expect(">B", 0)  # raw keyed state
            reader.expect(">i", 0)  # input channels
            reader.expect(">i", 0)  # result partitions
        operators[id] = max_parallelism, streams
    return operators


def read_serializer(reader, known):
    """The type whose serializer's snapshot stands there."""
    reader.expect(">i", 2)  # version of the wrapper
    name = reader.text()
    reader.expect(">i", 3)  # version of the snapshot
    if name not in known:
        raise ValueError(f"byte {reader.at}: unknown serializer {name}")
    return known[name]


def read_keyed(data, offsets, prefix):
    """What is in a keyed stream: name of the state, key and value, as JSON."""
    known = {name: type for type, (_, name) in TYPES.items()}
    known[VOID] = "void"
    reader = Reader(data)
    reader.expect(">i", 6)  # version
    reader.expect(">B", 0)  # not compressed
    key_type = read_serializer(reader, known)
    states = []
    for _ in range(reader.number(">h")):
        name, types = reader.text(), {}
        reader.expect(">i", 0)  # key-value state
        for _ in range(reader.number(">i")):
            reader.text(), reader.text()  # KEYED_STATE_TYPE, VALUE
        for _ in range(reader.number(">i")):
            serializer = reader.text()
            types[serializer] = read_serializer(reader, known)
        states.append((name, types["VALUE_SERIALIZER"]))
    for offset in offsets:
        reader, run_ends = Reader(data, offset), True
        while offset:  # 0: the key group is empty
            if run_ends:
                state_id = reader.number(">H")
                if state_id == 0xFFFF:
                    break
                name, value_type = states[state_id]
            key = Reader(reader.take(reader.number(">i")))
            run_ends = key.take(prefix)[0] & 0x80
            value = Reader(reader.take(reader.number(">i")))
            yield (name, to_json(key_type, key.number(TYPES[key_type][0])),
                   to_json(value_type, value.number(TYPES[value_type][0])))


def restore(job, directory):
    lines = []
    try:
        with open(os.path.join(directory, "_metadata"), "rb") as file:
            operators = read_metadata(file.read())
        for operator in job["operators"]:
            max_parallelism, streams = operators.get(operator_id(operator["uid"]), (1, []))
            prefix = 1 if max_parallelism <= 128 else 2
            registered = {state["name"] for state in operator["states"]}
            for offsets, name in streams:
                with open(os.path.join(directory, name), "rb") as file:
                    for state, key, value in read_keyed(file.read(), offsets, prefix):
                        if state in registered:
                            lines.append({"operator": operator["uid"], "state": state, "kind": "value",
                                          "key": key, "value": value})
    except (ValueError, LookupError, OSError) as e:
        return {"response": "rejected", "class": "malformed", "message": str(e)}
    return {"response": "restored", "lines": lines}
