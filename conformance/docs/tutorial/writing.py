"""The engine, and the savepoints that it writes."""
import os
import struct

from reading import operator_id, TYPES, VOID


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
