//! Bugs of released software in this format, and what of the suite finds them.

/// A bug of Flink, or of a program beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bug {
    /// Its id, as scenarios cite it.
    pub id: &'static str,
    /// What went wrong.
    pub what: &'static str,
    /// Why no scenario can show it, where none can.
    pub not_shown: Option<&'static str>,
}

const fn shown(id: &'static str, what: &'static str) -> Bug {
    Bug { id, what, not_shown: None }
}

const fn not_shown(id: &'static str, what: &'static str, why: &'static str) -> Bug {
    Bug { id, what, not_shown: Some(why) }
}

const CHECKPOINTS: &str = "It is about native checkpoints; scenarios take canonical savepoints.";
const CRASH: &str = "It needs a crash while files are written. Vectors that are cut stand for what it leaves.";
const EVOLUTION: &str = "It needs a state whose type changes between two jobs; a state has one type in a scenario.";
const FILE_SYSTEM: &str = "It needs a file system that puts entropy into paths.";
const LONG_TEXT: &str = "A text above 65,535 bytes cannot be stored at all; `names-long` stays below.";
const NO_CANONICAL: &str = "ForSt has no canonical savepoints.";
const ONE_CLASS: &str = "It is about the serializer of a class of its own, which the types of scenarios leave out.";
const TTL_SWITCH: &str = "It needs a state that has a time to live in one job and none in the next.";

/// All that is known, by id.
pub const ALL: [Bug; 46] = [
    shown("FLINK-10567", "A serializer with a time to live lost a part of itself when it was duplicated."),
    shown("FLINK-11087", "The serializers of a broadcast map's keys and values were swapped."),
    shown("FLINK-11774", "Key groups outside of a subtask's range were read after a rescale."),
    shown("FLINK-12064", "A restored job wrote its keys with a serializer that was not adapted."),
    shown("FLINK-15406", "Queues of timers that nobody uses kept other jobs from restoring."),
    shown("FLINK-16576", "The heap backend read the wrong sections after a rescale."),
    not_shown("FLINK-17808", "A half-written metadata file could be seen under its name.", CRASH),
    shown("FLINK-19748", "Key groups without state broke the iteration over the others."),
    shown("FLINK-21206", "The heap backend wrote entries for empty lists and maps."),
    shown("FLINK-21344", "Timers on the heap were not in the savepoint of RocksDB."),
    shown("FLINK-21486", "Savepoints with timers could not change between heap and RocksDB timers."),
    shown("FLINK-23278", "The changelog backend did not restore a savepoint without changes."),
    not_shown("FLINK-25952", "Paths with entropy were absolute, and the savepoint could not be moved.", FILE_SYSTEM),
    not_shown(
        "FLINK-26062",
        "Timers of one moment came in another order after a restore.",
        "No savepoint holds the order of equal timers, and a scenario lets none fire. `timers-equal` shows that none is lost.",
    ),
    not_shown("FLINK-27218", "Operator state was copied with the serializer of before.", EVOLUTION),
    not_shown("FLINK-28843", "Relative paths inside of incremental handles were not resolved.", CHECKPOINTS),
    not_shown("FLINK-31984", "Paths with entropy were absolute, and the savepoint could not be moved.", FILE_SYSTEM),
    shown("FLINK-33863", "Compressed operator state could not be restored."),
    shown("FLINK-34063", "Offsets of compressed operator state did not lead to the elements."),
    not_shown("FLINK-34228", "Texts of more than 65,535 bytes fail to be written.", LONG_TEXT),
    not_shown("FLINK-35217", "Files were not synchronized to the disk.", CRASH),
    not_shown("FLINK-35780", "RocksDB did not migrate state when its time to live came or went.", TTL_SWITCH),
    not_shown("FLINK-36421", "Files were not synchronized to the disk.", CRASH),
    not_shown(
        "FLINK-36530",
        "Uncompressed operator state was restored slowly.",
        "The bytes are the same; the suite does not judge speed.",
    ),
    not_shown("FLINK-36543", "A serializer of SQL strings changed in the state of OVER windows.", ONE_CLASS),
    not_shown("FLINK-37294", "State whose time to live was switched on or off was read wrongly.", TTL_SWITCH),
    shown("FLINK-37301", "A backend announced savepoints that it cannot write."),
    not_shown("FLINK-37524", "State was read with the serializer of the job, not with the restored one.", NO_CANONICAL),
    not_shown(
        "FLINK-37553",
        "Namespaces were read with the serializer of the job, not with the restored one.",
        NO_CANONICAL,
    ),
    shown("FLINK-38137", "RocksDB could not store a null in a map whose serializer writes none."),
    not_shown(
        "FLINK-38558",
        "Timers changed while they were written.",
        "It needs timers that change while the savepoint is being written; a scenario has done all of its operations before.",
    ),
    not_shown("FLINK-39061", "ForSt was asked for a canonical savepoint.", NO_CANONICAL),
    shown("FLINK-39909", "The heap backend failed on a null in a map whose serializer writes none."),
    not_shown("FLINK-39949", "ForSt was asked to restore a canonical savepoint.", NO_CANONICAL),
    shown("FLINK-39964", "Relative paths were resolved from the wrong directory."),
    not_shown("FLINK-40297", "State whose time to live was switched on or off was read wrongly.", TTL_SWITCH),
    not_shown("FLINK-40631", "A class without a version number of its own broke its snapshots.", ONE_CLASS),
    not_shown(
        "FLINK-40837",
        "The state of a coordinator was lost when a uid changed.",
        "The operators of scenarios have no coordinators.",
    ),
    not_shown("FLINK-6804", "The backends did not agree on what has to be migrated.", EVOLUTION),
    not_shown(
        "FLINK-7362",
        "A savepoint did not remember that it is one.",
        "No state depends on it. `savepoint check` has rules for the properties.",
    ),
    not_shown("FLINK-9887", "The serializer of timers could not be upgraded.", EVOLUTION),
    shown("PR 27584", "An unknown state id sent entries to another state."),
    shown("TtlAwareSerializerSnapshot", "A class that only wraps got into the headers of maps with a time to live."),
    not_shown("flink-cdc#441", "Texts of more than 65,535 bytes fail to be written.", LONG_TEXT),
    not_shown("iceberg#14850", "Texts of more than 65,535 bytes fail to be written.", LONG_TEXT),
    not_shown("iceberg#9464", "Texts of more than 65,535 bytes fail to be written.", LONG_TEXT),
];
