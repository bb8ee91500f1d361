"""An adapter that restores and produces values of two types."""
import json
import os
import struct
import sys

HELLO = {
    "response": "hello",
    "protocol": 1,
    "name": "tutorial",
    "version": "0.4",
    "issues": "https://example.org/tutorial/issues",
    "release": "1.13",
    "roles": ["consumer", "producer"],
    "features": ["keyed", "state:value", "type:int", "type:long"],
    "unsupported": [{"feature": "ttl", "reason": "TUTORIAL-1: nothing has a clock here"}],
}
# What the adapter knows of types: how a value is packed, and the snapshot of its serializer.
BASE = "org.apache.flink.api.common.typeutils.base."
TYPES = {
    "int": (">i", BASE + "IntSerializer$IntSerializerSnapshot"),
    "long": (">q", BASE + "LongSerializer$LongSerializerSnapshot"),
}
VOID = "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot"


def to_json(type, value):
    return str(value) if type == "long" else value


def unsupported(features):
    for feature in features:
        for declared in HELLO["unsupported"]:
            if declared["feature"] == feature:
                return {"response": "unsupported", **declared}
        if feature not in HELLO["features"]:
            return {"response": "unsupported", "feature": feature, "reason": "not written yet"}
    return None


def answer(request):
    kind = request["request"]
    if kind == "hello":
        return HELLO
    if kind == "stop":
        return {"response": "stopped"}
    if kind == "restore":
        return unsupported(request["restore"]["features"]) or restore(request["restore"], request["directory"])
    if kind == "produce":
        return unsupported(request["program"]["features"]) or produce(request["program"], request["directory"])
    return {"response": "error", "message": f"there is no request {kind} here"}


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


def run(operations):
    """The engine: what is in each state when all operations are done."""
    states = {}
    for operation in operations:
        values = states.setdefault(operation["state"], {})
        if operation["do"] == "put" and operation["value"] is not None:
            values[int(operation["key"])] = int(operation["value"])
        else:  # clear, or put null
            values.pop(int(operation["key"]), None)
    return states


def key_group(key, type, max_parallelism):
    """MurmurHash3, x86, 32 bits, of what Java's hashCode gives for the key."""
    code = (key ^ key >> 32 if type == "long" else key) & 0xFFFFFFFF
    h = code * 0xCC9E2D51 & 0xFFFFFFFF
    h = (h << 15 | h >> 17) * 0x1B873593 & 0xFFFFFFFF
    h = ((h << 13 | h >> 19) & 0xFFFFFFFF) * 5 + 0xE6546B64 & 0xFFFFFFFF
    h ^= 4
    h = (h ^ h >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    h ^= h >> 16
    if h >= 1 << 31:
        h = ((1 << 32) - h) % (1 << 31)
    return h % max_parallelism


def text(string):
    return struct.pack(">H", len(string.encode())) + string.encode()


def serializer(name):
    return struct.pack(">i", 2) + text(name) + struct.pack(">i", 3)


def write_keyed(operator, states, first, last):
    """The keyed stream of a subtask that has these key groups, and the offset of each."""
    key_format, key_class = TYPES[operator["key"]]
    out = struct.pack(">iB", 6, 0) + serializer(key_class) + struct.pack(">h", len(operator["states"]))
    for state in operator["states"]:
        out += text(state["name"]) + struct.pack(">ii", 0, 1) + text("KEYED_STATE_TYPE") + text("VALUE")
        out += struct.pack(">i", 2) + text("VALUE_SERIALIZER") + serializer(TYPES[state["value"]][1])
        out += text("NAMESPACE_SERIALIZER") + serializer(VOID)
    prefix = ">B" if operator["max_parallelism"] <= 128 else ">H"
    end_of_run = 0x80 if operator["max_parallelism"] <= 128 else 0x8000
    entries = {}  # of each key group, by state and key
    for id, state in enumerate(operator["states"]):
        for key, value in states.get(state["name"], {}).items():
            group = key_group(key, operator["key"], operator["max_parallelism"])
            value = struct.pack(TYPES[state["value"]][0], value)
            entries.setdefault(group, []).append((id, struct.pack(key_format, key), value))
    offsets = []
    for group in range(first, last + 1):
        section, run_of = b"", None
        here = sorted(entries.get(group, []))
        for at, (id, key, value) in enumerate(here):
            if id != run_of:
                section += struct.pack(">H", id)
            run_of = id
            ends = at + 1 == len(here) or here[at + 1][0] != id
            key = struct.pack(prefix, group | (end_of_run if ends else 0)) + key + b"\0"  # void namespace
            section += struct.pack(">i", len(key)) + key + struct.pack(">i", len(value)) + value
        offsets.append(len(out) if section else 0)
        out += section + b"\xff\xff" if section else b""
    return out, offsets


def produce(program, directory):
    stage = program["stages"][0]
    os.mkdir(directory)
    metadata = struct.pack(">IiqiI", 0x4960672D, 3, 1, 0, len(stage["operators"]))
    for number, operator in enumerate(stage["operators"]):
        states, groups, subtasks = run(operator["operations"]), operator["max_parallelism"], stage["parallelism"]
        metadata += operator_id(operator["uid"]) + struct.pack(">iiBi", subtasks, groups, 0, subtasks)
        for index in range(subtasks):
            first = (index * groups + subtasks - 1) // subtasks
            last = ((index + 1) * groups - 1) // subtasks
            metadata += struct.pack(">iii", index, 0, 0)
            if operator["states"]:
                stream, offsets = write_keyed(operator, states, first, last)
                name = f"keyed-{number}-{index}"
                with open(os.path.join(directory, name), "wb") as file:
                    file.write(stream)
                metadata += struct.pack(f">Bii{len(offsets)}qB", 7, first, len(offsets), *offsets, 6)
                metadata += text(name) + struct.pack(">q", len(stream))
            else:
                metadata += b"\0"
            metadata += struct.pack(">Bii", 0, 0, 0)
    with open(os.path.join(directory, "_metadata"), "wb") as file:
        file.write(metadata)
    return {"response": "produced"}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        response = answer(request)
        print(json.dumps({"seq": request["seq"], **response}), flush=True)
        if request["request"] == "stop":
            break


main()
