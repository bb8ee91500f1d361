//! Header, master states, operators and subtasks.

use flink_savepoint::savepoint::METADATA;

use super::parts::{spot, utf};
use super::{Base, FIXED, Mutation, OPERATOR, invalid, malformed, of, whole};
use crate::check::Spot;

const EMPTY: Base = whole("2.3.0-crafted-empty");
const MASTER: Base = whole("2.3.0-crafted-master");
const FINISHED: Base = whole("2.3.0-crafted-finished");
const CHANNEL: Base = whole("2.3.0-crafted-channel");
/// An operator of two subtasks that keeps nothing.
const NOTHING: Base = of("2.3.0-hashmap-file", &["nothing"]);

pub(super) const ALL: &[Mutation] = &[
    malformed("magic-wrong", ("META-MAGIC-01", "magic"), EMPTY, "The file starts with other bytes.", |parts| {
        let magic = parts.find("metadata-file.magic")?;
        parts.set_byte(&magic, 3, 0x2E)
    }),
    malformed("version-unknown", ("META-VERSION-01", "unknown-version"), EMPTY, "The version is 8.", |parts| {
        parts.set("metadata-file.version", &8_i32.to_be_bytes())
    }),
    malformed("version-negative", ("META-VERSION-01", "unknown-version"), EMPTY, "The version is -1.", |parts| {
        parts.set("metadata-file.version", &(-1_i32).to_be_bytes())
    }),
    malformed("version-obsolete", ("META-VERSION-02", "obsolete-version"), EMPTY, "The version is 1.", |parts| {
        parts.set("metadata-file.version", &1_i32.to_be_bytes())
    }),
    malformed("version-proposed", ("META-VERSION-03", "proposed-version"), EMPTY, "The version is 7.", |parts| {
        parts.set("metadata-file.version", &7_i32.to_be_bytes())
    }),
    malformed(
        "checkpoint-id-negative",
        ("META-CHECKPOINT-ID-01", "checkpoint-id"),
        EMPTY,
        "The checkpoint id is negative.",
        |parts| parts.set("metadata-file.checkpoint_id", &(-1_i64).to_be_bytes()),
    ),
    malformed(
        "master-states-negative",
        ("WIRE-LENGTH-01", "negative-length"),
        EMPTY,
        "The number of master states is negative.",
        |parts| parts.set("metadata-file.num_master_states", &(-1_i32).to_be_bytes()),
    ),
    malformed(
        "operators-beyond-file",
        ("WIRE-LENGTH-02", "length-beyond-input"),
        EMPTY,
        "The number of operators is more than the rest of the file can hold.",
        |parts| parts.set("metadata-file.num_operators", &i32::MAX.to_be_bytes()),
    ),
    malformed(
        "metadata-cut",
        ("WIRE-TRUNCATED-01", "truncated"),
        EMPTY,
        "The file ends in the middle of the number of operators.",
        |parts| {
            let count = parts.find("metadata-file.num_operators")?;
            parts.files.get_mut(METADATA)?.truncate(count.range.start + 2);
            Some(spot(&count))
        },
    ),
    malformed(
        "properties-missing",
        ("WIRE-TRUNCATED-01", "truncated"),
        EMPTY,
        "The file is of version 6 and ends where its properties should start.",
        |parts| {
            let properties = parts.find("java-object-stream.stream_magic")?;
            parts.files.get_mut(METADATA)?.truncate(properties.range.start);
            Some(spot(&properties))
        },
    )
    .also(&["PROPS-PRESENCE-01"]),
    malformed(
        "master-magic-wrong",
        ("META-MASTER-01", "master-magic"),
        MASTER,
        "A master state starts with other bytes.",
        |parts| {
            let magic = parts.find("master-state.magic")?;
            parts.set_byte(&magic, 0, 0xC8)
        },
    ),
    malformed(
        "master-length-zero",
        ("META-MASTER-02", "master-length"),
        MASTER,
        "The length of a master state is 0.",
        |parts| parts.set("master-state.length", &[0; 4]),
    ),
    malformed(
        "master-length-negative",
        ("META-MASTER-02", "master-length"),
        MASTER,
        "The length of a master state is negative.",
        |parts| parts.set("master-state.length", &(-5_i32).to_be_bytes()),
    ),
    malformed(
        "master-trailing",
        ("META-MASTER-03", "master-trailing"),
        MASTER,
        "A master state is one byte longer than its content.",
        |parts| {
            let (length, payload) = (parts.find("master-state.length")?, parts.find("master-state.payload")?);
            parts.replace(METADATA, payload.range.end..payload.range.end, &[0])?;
            parts.add(&length, 1)?;
            Some(Spot::metadata(Some(payload.range.end as u64), payload.path))
        },
    ),
    malformed(
        "parallelism-above-max",
        ("META-OPERATOR-01", "parallelism"),
        FINISHED,
        "The parallelism of an operator is above its max parallelism.",
        |parts| {
            let max = parts.find("operator.max_parallelism")?;
            let above = i32::from_be_bytes(parts.bytes(&max).try_into().ok()?).checked_add(1)?;
            parts.set("operator.parallelism", &above.to_be_bytes())
        },
    ),
    malformed(
        "parallelism-negative",
        ("META-OPERATOR-01", "parallelism"),
        FINISHED,
        "The parallelism of an operator is negative.",
        |parts| parts.set("operator.parallelism", &(-1_i32).to_be_bytes()),
    ),
    malformed(
        "coordinator-in-file",
        ("META-OPERATOR-02", "coordinator-handle"),
        whole("2.3.0-crafted-coordinator"),
        "Coordinator state has a handle of a file.",
        |parts| {
            let handle = parts.find_if("stream-handle.type", |span| span.path.contains("coordinator_state"))?;
            let end = parts.at(METADATA, &handle.path.replace(".type", ".data"))?.range.end;
            let relative = [&[6][..], &utf("coordinator"), &2_i64.to_be_bytes()].concat();
            parts.replace(METADATA, handle.range.start..end, &relative)?;
            Some(spot(&handle))
        },
    ),
    malformed(
        "finished-coordinator",
        ("META-FINISHED-01", "finished-coordinator"),
        FINISHED,
        "An operator that is fully finished has coordinator state.",
        |parts| {
            let finished = parts.find_if("operator.num_subtasks", |count| count.value == "-1")?;
            let path = finished.path.replace("num_subtasks", "coordinator_state.type");
            let handle = parts.at(METADATA, &path)?;
            let inline = [&[1][..], &utf("coordinator"), &1_i32.to_be_bytes(), &[7]].concat();
            parts.replace(METADATA, handle.range.clone(), &inline)?;
            Some(spot(&handle))
        },
    ),
    malformed(
        "subtask-beyond-parallelism",
        ("META-SUBTASK-01", "subtask-index"),
        FINISHED,
        "The index of a subtask is the parallelism.",
        |parts| {
            let parallelism = parts.find("operator.parallelism")?;
            let bytes = parts.bytes(&parallelism).to_vec();
            let index = parts.find_if("subtask.index", |index| !index.value.starts_with('-'))?;
            parts.overwrite(&index, &bytes)
        },
    ),
    malformed(
        "finished-subtask-beyond-parallelism",
        ("META-SUBTASK-01", "subtask-index"),
        FINISHED,
        "The index of a finished subtask is the parallelism.",
        |parts| {
            let parallelism = parts.find("operator.parallelism")?;
            let index = -1 - i32::from_be_bytes(parts.bytes(&parallelism).try_into().ok()?);
            let finished = parts.find_if("subtask.index", |index| index.value.starts_with('-'))?;
            parts.overwrite(&finished, &index.to_be_bytes())
        },
    ),
    malformed(
        "operator-name-not-utf8",
        ("WIRE-MUTF8-01", "modified-utf8"),
        FINISHED,
        "The name of an operator has a byte that modified UTF-8 does not have.",
        |parts| {
            let name = parts.find("operator.name")?;
            parts.set_byte(&name, 2, 0xFF)?;
            Some(Spot::metadata(Some(name.range.start as u64 + 2), name.path))
        },
    ),
    malformed(
        "operator-name-beyond-file",
        ("WIRE-LENGTH-02", "length-beyond-input"),
        FINISHED,
        "The name of an operator is longer than the rest of the file.",
        |parts| {
            let name = parts.find("operator.name")?;
            parts.set_byte(&name, 0, 0x7F)
        },
    ),
    malformed(
        "channels-beyond-file",
        ("WIRE-LENGTH-02", "length-beyond-input"),
        CHANNEL,
        "The number of input channels is more than the rest of the file can hold.",
        |parts| parts.set("subtask-state.num_input_channels", &[0x7F, 0, 0, 0]),
    ),
    invalid("bytes-behind-end", "META-END-01", NOTHING, "Two bytes stand behind the end of the metadata.", |parts| {
        let file = parts.files.get_mut(METADATA)?;
        let end = file.len();
        file.extend([0, 0]);
        Some(Spot::metadata(Some(end as u64), "trailing"))
    }),
    invalid("flag-two", "META-STRICT-01", OPERATOR, "A flag is 2.", |parts| {
        let flag = parts.find_if("subtask-state.has_managed_operator", |flag| flag.value == "1")?;
        parts.overwrite(&flag, &2_i32.to_be_bytes())
    }),
    invalid(
        "channels-negative",
        "META-STRICT-01",
        NOTHING,
        "The number of input channels is -1 instead of 0.",
        |parts| parts.set("subtask-state.num_input_channels", &(-1_i32).to_be_bytes()),
    ),
    invalid(
        "over-long-character",
        "META-STRICT-01",
        NOTHING,
        "A letter in the name of an operator takes two bytes instead of one.",
        |parts| {
            let name = parts.find("operator.name")?;
            let bytes = parts.bytes(&name).to_vec();
            let (length, text) = bytes.split_at_checked(2)?;
            let letter = *text.first().filter(|letter| letter.is_ascii_alphabetic())?;
            let count = u16::from_be_bytes(length.try_into().ok()?) + 1;
            let long = [0xC0 | letter >> 6, 0x80 | letter & 0x3F];
            let changed = [&count.to_be_bytes()[..], &long, text.get(1..)?].concat();
            parts.replace(METADATA, name.range.clone(), &changed)?;
            Some(Spot::metadata(Some(name.range.start as u64 + 2), name.path))
        },
    ),
    invalid(
        "max-parallelism-too-large",
        "META-OPERATOR-04",
        NOTHING,
        "The max parallelism of an operator is 32769.",
        |parts| parts.set("operator.max_parallelism", &32769_i32.to_be_bytes()),
    ),
    invalid(
        "operator-id-not-of-uid",
        "META-OPERATOR-ID-01",
        FIXED,
        "The id of an operator is not the hash of its uid.",
        |parts| {
            let uid = parts.find_if("operator.uid", |uid| uid.range.len() > 2)?;
            let id = parts.at(METADATA, &uid.path.replace(".uid", ".id"))?;
            let last = parts.bytes(&id).last().copied()?;
            parts.set_byte(&id, 15, last ^ 1)
        },
    ),
    invalid("operator-twice", "META-OPERATOR-ID-02", NOTHING, "Two operators have one id.", |parts| {
        let first = parts.find("operator")?;
        let again = parts.files.get(METADATA)?.get(first.range.clone())?.to_vec();
        let count = parts.find("metadata-file.num_operators")?;
        let number: usize = count.value.parse().ok()?;
        let end = parts.at(METADATA, &format!("operators[{}]", number - 1))?.range.end;
        let id = parts.at(METADATA, &format!("{}.id", first.path))?;
        parts.replace(METADATA, end..end, &again)?;
        parts.add(&count, 1)?;
        let at = end + id.range.start - first.range.start;
        Some(Spot::metadata(Some(at as u64), format!("operators[{number}].id")))
    }),
    invalid("subtask-twice", "META-SUBTASK-03", NOTHING, "An operator has two entries of one subtask.", |parts| {
        let second = parts.find_if("subtask.index", |index| index.value == "1")?;
        parts.overwrite(&second, &[0; 4])
    }),
    invalid(
        "version-no-longer-written",
        "META-VERSION-04",
        whole("1.13.6-crafted-empty"),
        "The version is 2, which readers know and no writer writes.",
        |parts| parts.set("metadata-file.version", &2_i32.to_be_bytes()),
    ),
    invalid(
        "coordinator-name-other",
        "META-OPERATOR-05",
        of("2.3.0-hashmap-file", &["source"]),
        "The handle name of coordinator state is not the operator id.",
        |parts| {
            let name =
                parts.find_if("byte-stream-handle.handle_name", |name| name.path.contains("coordinator_state"))?;
            parts.set_byte(&name, 2, b'x')
        },
    ),
];
