//! The kinds of errors: a code, the requirement that is broken, and a text for people.

use std::fmt;

use crate::metadata::{Feature, KeyGroupRange, MetadataVersion, Release};

/// Where a handle's type byte stands. Each place has a namespace of its own (`META-TYPE-01`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypePosition {
    /// A stream state handle.
    Stream,
    /// An operator state handle.
    Operator,
    /// A keyed state handle.
    Keyed,
    /// An input channel handle, version 6.
    InputChannel,
    /// A result subpartition handle, version 6.
    ResultSubpartition,
}

impl fmt::Display for TypePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "a stream state handle (0, 1, 2, 3, 6, 15, 16)",
            Self::Operator => "an operator state handle (0, 4, 17)",
            Self::Keyed => "a keyed state handle (0, 3, 5, 7 to 14)",
            Self::InputChannel => "an input channel handle (1, 3)",
            Self::ResultSubpartition => "a result subpartition handle (2, 4)",
        })
    }
}

/// What an error says of the file (`INPUT-ERROR-03`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorClass {
    /// Not of this format, or of a version that is not read.
    Foreign,
    /// It cannot be cut into fields from here on.
    Malformed,
    /// It can be read, and breaks a rule.
    Invalid,
    /// Flink reads it as if it were right, and no writer may write it.
    NotCanonical,
    /// More than this reader takes on; the file may be sound.
    Limit,
    /// This reader lacks what it takes; the file may be sound.
    Unknown,
    /// No file at all: what is to be written cannot be.
    Writer,
}

impl ErrorClass {
    /// Its name in the registry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Malformed => "malformed",
            Self::Invalid => "invalid",
            Self::NotCanonical => "not-canonical",
            Self::Limit => "limit",
            Self::Unknown => "unknown",
            Self::Writer => "writer",
        }
    }
}

macro_rules! error_kinds {
    ($( $(#[$doc:meta])* $name:ident $({ $($(#[$fdoc:meta])* $field:ident : $ty:ty),* $(,)? })? = $code:literal, $req:literal, $class:ident, $text:literal $(, $arg:expr)*; )*) => {
        /// What is wrong. Every kind has a stable short code and names the requirement of the specification that the
        /// bytes break; the texts of the requirements are in `spec/registry/requirements/`.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $( $(#[$doc])* $name $({ $($(#[$fdoc])* $field: $ty),* })?, )*
        }

        impl ErrorKind {
            /// The stable code, as used in manifests and reports.
            pub fn code(&self) -> &'static str {
                match self { $( Self::$name { .. } => $code, )* }
            }

            /// The id of the requirement that is broken.
            pub fn requirement(&self) -> &'static str {
                match self { $( Self::$name { .. } => $req, )* }
            }

            /// What it says of the file.
            pub fn class(&self) -> ErrorClass {
                match self { $( Self::$name { .. } => ErrorClass::$class, )* }
            }

            /// Every code with its requirement and its class, in the order of this enum.
            pub const ALL: &'static [(&'static str, &'static str, ErrorClass)] =
                &[ $( ($code, $req, ErrorClass::$class), )* ];
        }

        impl fmt::Display for ErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $( Self::$name $({ $($field),* })? => write!(f, $text $(, $arg)*), )*
                }
            }
        }
    };
}

fn hex4(bytes: [u8; 4]) -> String {
    let [a, b, c, d] = bytes;
    format!("{a:02x} {b:02x} {c:02x} {d:02x}")
}

error_kinds! {
    /// The bytes end inside a field.
    Truncated { /** Bytes that were left. */ available: usize }
        = "truncated", "WIRE-TRUNCATED-01", Malformed, "the bytes end inside this field ({available} left)";
    /// A length or count is negative where the format has no meaning for it.
    NegativeLength { /** The value found. */ found: i64 }
        = "negative-length", "WIRE-LENGTH-01", Malformed, "negative length or count {found}";
    /// A length or count is larger than what the remaining bytes can hold.
    LengthBeyondInput { /** The value found. */ found: u64, /** Bytes that were left. */ available: usize }
        = "length-beyond-input", "WIRE-LENGTH-02", Malformed, "length or count {found} does not fit into the {available} bytes that remain";
    /// Bytes that `DataInput.readUTF` refuses.
    ModifiedUtf8 { /** Position inside the string. */ at: usize }
        = "modified-utf8", "WIRE-MUTF8-01", Malformed, "not modified UTF-8 at byte {at} of the string";
    /// A string that does not fit the two-byte length.
    StringTooLong { /** Encoded length. */ length: usize }
        = "string-too-long", "WIRE-MUTF8-02", Writer, "string of {length} bytes, the limit is 65535";
    /// A list with more elements than a signed 32-bit count can say.
    ListTooLong { /** Number of elements or bytes. */ length: usize }
        = "list-too-long", "WIRE-LENGTH-03", Writer, "{length} elements or bytes, the limit is 2147483647";
    /// Nested deeper than [`Limits::nesting`](crate::Limits::nesting).
    TooDeep { /** The limit. */ limit: u8 }
        = "too-deep", "LIMIT-NESTING-01", Limit, "nested deeper than the limit of {limit}";
    /// Larger, uncompressed, than [`Limits::entry`](crate::Limits::entry).
    EntryTooLarge { /** The limit. */ limit: usize }
        = "entry-too-large", "LIMIT-ENTRY-01", Limit, "an entry of more than {limit} uncompressed bytes, the limit of this reader";
    /// More, files and what is decompressed together, than [`Limits::total`](crate::Limits::total).
    TotalTooLarge { /** The limit. */ limit: u64 }
        = "total-too-large", "LIMIT-TOTAL-01", Limit, "more than {limit} bytes of state in all, the limit of this reader";
    /// More handles of state than [`Limits::handles`](crate::Limits::handles).
    TooManyHandles { /** The limit. */ limit: u32 }
        = "too-many-handles", "LIMIT-TOTAL-01", Limit, "more than {limit} handles of state, the limit of this reader";
    /// A file that more handles lead to than [`Limits::sharing`](crate::Limits::sharing).
    FileShared { /** How many there are. */ handles: u32, /** The limit. */ limit: u32 }
        = "file-shared", "LIMIT-TOTAL-01", Limit, "{handles} handles lead to this file, each of which reads it; the limit of this reader is {limit}";
    /// A path longer than [`Limits::path`](crate::Limits::path).
    PathTooLong { /** Its bytes. */ length: usize, /** The limit. */ limit: usize }
        = "path-too-long", "LIMIT-PATH-01", Limit, "a path of {length} bytes, the limit of this reader is {limit}";
    /// Accepted by Flink, but not what a writer writes; an error in strict reading only.
    NotCanonical { /** What was found. */ what: &'static str }
        = "not-canonical", "META-STRICT-01", NotCanonical, "{what} (accepted by Flink, refused in strict reading)";
    /// Not a `_metadata` file.
    Magic { /** The four bytes found. */ found: [u8; 4] }
        = "magic", "META-MAGIC-01", Foreign, "found {}, a _metadata file starts with 49 60 67 2d", hex4(*found);
    /// A version that no Flink release has written.
    UnknownVersion { /** The version found. */ found: i32 }
        = "unknown-version", "META-VERSION-01", Foreign, "unknown metadata version {found}, known are 2 to 6";
    /// Version 1: Flink 1.1 and 1.2.
    ObsoleteVersion
        = "obsolete-version", "META-VERSION-02", Foreign,
          "metadata version 1 (Flink 1.1 and 1.2): no release from 1.13 on reads it; take the savepoint anew with Flink 1.3 to 1.10, which read it and write version 2";
    /// Version 7: proposed, not released.
    ProposedVersion
        = "proposed-version", "META-VERSION-03", Foreign,
          "metadata version 7 is a proposal (FLINK-40209) that no Flink release writes or reads, and its layout may still change";
    /// A version that can be read but not written.
    NotWritable { /** The version. */ version: MetadataVersion }
        = "not-writable", "META-VERSION-04", Writer, "metadata version {version} is no longer written; 3 to 6 are";
    /// The target release cannot hold something of the model.
    Unrepresentable { /** What. */ feature: Feature, /** For whom. */ release: Release }
        = "unrepresentable", "META-REWRITE-01", Writer, "{feature} cannot be held by a file for Flink {release} (metadata version {})", release.metadata_version();
    /// Bytes after the end; an error in strict reading only.
    TrailingBytes { /** How many. */ count: u64 }
        = "trailing-bytes", "META-END-01", NotCanonical, "{count} bytes after the end of the metadata (Flink ignores them)";
    /// A negative checkpoint id.
    CheckpointId { /** The id found. */ found: i64 }
        = "checkpoint-id", "META-CHECKPOINT-ID-01", Invalid, "negative checkpoint id {found}";
    /// A master state that does not start with its magic number.
    MasterMagic { /** The four bytes found. */ found: [u8; 4] }
        = "master-magic", "META-MASTER-01", Malformed, "found {}, a master state starts with c9 6b 16 96", hex4(*found);
    /// A master state of zero or negative length.
    MasterLength { /** The length found. */ found: i32 }
        = "master-length", "META-MASTER-02", Malformed, "master state of {found} bytes, it has at least one";
    /// A master state with bytes left over inside its length.
    MasterTrailing { /** How many. */ count: usize }
        = "master-trailing", "META-MASTER-03", Malformed, "{count} bytes left over inside the master state's length";
    /// Parallelism negative, or above the max parallelism.
    Parallelism { /** Parallelism. */ parallelism: i32, /** Max parallelism. */ max_parallelism: i32 }
        = "parallelism", "META-OPERATOR-01", Invalid, "parallelism {parallelism} is not between 0 and the max parallelism {max_parallelism}";
    /// A max parallelism that no operator can have. Flink reads it; writers and strict readers refuse it.
    MaxParallelism { /** The max parallelism. */ found: u32 }
        = "max-parallelism", "META-OPERATOR-04", NotCanonical, "max parallelism {found}, it is 1 to 32768";
    /// Coordinator state in another handle than an inline one.
    CoordinatorHandle { /** The type byte found. */ found: u8 }
        = "coordinator-handle", "META-OPERATOR-02", Invalid, "coordinator state in a handle of type {found}, only 0 (none) and 1 (inline) are allowed";
    /// Coordinator state on a fully finished operator.
    FinishedCoordinator
        = "finished-coordinator", "META-FINISHED-01", Invalid, "a fully finished operator has no coordinator state";
    /// An operator name or uid that is present but empty.
    EmptyName
        = "empty-name", "META-OPERATOR-03", Writer, "an operator name or uid that is present is not empty (empty means absent)";
    /// A subtask index outside the parallelism.
    SubtaskIndex { /** The index found. */ index: i64, /** The parallelism. */ parallelism: u32 }
        = "subtask-index", "META-SUBTASK-01", Invalid, "subtask index {index} is not below the parallelism {parallelism}";
    /// State of the `Checkpointed` interface of Flink 1.1.
    LegacyState { /** How many. */ count: i32 }
        = "legacy-state", "META-SUBTASK-02", Malformed, "{count} legacy states (Flink 1.1 and older), no longer supported";
    /// A type byte that its place does not know.
    UnknownType { /** The byte found. */ found: u8, /** Where. */ position: TypePosition }
        = "unknown-type", "META-TYPE-01", Malformed, "type byte {found} is not one of {position}";
    /// A null handle where one is required.
    NullHandle
        = "null-handle", "META-HANDLE-01", Invalid, "no handle (type 0) where one is required";
    /// A state size below -1.
    StateSize { /** The size found. */ found: i64 }
        = "state-size", "META-HANDLE-02", Invalid, "state size {found}; -1 means unknown, nothing is below it";
    /// An empty path.
    EmptyPath
        = "empty-path", "META-HANDLE-03", Invalid, "an empty path";
    /// A scope that is not 0 or 1.
    Scope { /** The value found. */ found: i32 }
        = "scope", "META-SEGMENT-01", Invalid, "scope {found}, only 0 (EXCLUSIVE) and 1 (SHARED) exist";
    /// A distribution mode that is not 0, 1 or 2.
    Mode { /** The value found. */ found: u8 }
        = "mode", "META-OPSTATE-01", Invalid, "mode {found}, only 0 (SPLIT_DISTRIBUTE), 1 (UNION) and 2 (BROADCAST) exist";
    /// A merged operator state handle that delegates to something else than a segment.
    SegmentDelegate
        = "segment-delegate", "META-OPSTATE-02", Invalid, "a handle of type 17 delegates to type 15 or 16 only";
    /// A key-group range with a negative start or count.
    KeyGroupRange { /** First key group. */ start: i32, /** Number of key groups. */ count: i32 }
        = "key-group-range", "META-KEYED-01", Invalid, "key-group range with start {start} and count {count}";
    /// A changelog handle over no key groups.
    EmptyChangelogRange
        = "empty-changelog-range", "META-CHANGELOG-01", Invalid, "a changelog handle over no key groups";
    /// Something else than a changelog increment among the non-materialized handles.
    NotAnIncrement
        = "not-an-increment", "META-CHANGELOG-02", Invalid, "a non-materialized handle is of type 9, 10 or 13";
    /// A negative sequence number.
    SequenceNumber { /** The number found. */ found: i64 }
        = "sequence-number", "META-CHANGELOG-03", Invalid, "negative sequence number {found}";
    /// A change's key group below -1.
    ChangeKeyGroup { /** The key group found. */ found: i32 }
        = "change-key-group", "META-CHANGELOG-04", Invalid, "key group {found} of a change; -1 means metadata, nothing is below it";
    /// Bytes left over inside the offsets of a merged channel handle.
    ChannelTrailing { /** How many. */ count: usize }
        = "channel-trailing", "META-CHANNEL-01", Malformed, "{count} bytes left over inside the merged channel offsets";
    /// Not a Java object stream.
    StreamHeader { /** The four bytes found. */ found: [u8; 4] }
        = "stream-header", "PROPS-STREAM-01", Foreign, "found {}, a Java object stream starts with ac ed 00 05", hex4(*found);
    /// A tag outside the small subset of the Java stream that checkpoint properties use.
    StreamTag { /** The tag found. */ found: u8, /** What may stand here. */ expected: &'static str }
        = "stream-tag", "PROPS-STREAM-02", Malformed, "tag {found:02x}, expected {expected}";
    /// A back reference to nothing, or to something of another kind.
    BackReference { /** The handle found. */ found: u32 }
        = "back-reference", "PROPS-STREAM-03", Malformed, "back reference {found:#x} does not lead to what is needed here";
    /// A class that does not belong into checkpoint properties.
    PropertiesClass { /** The class or field found. */ found: String, /** What was expected. */ expected: &'static str }
        = "properties-class", "PROPS-CLASS-01", Invalid, "found {found}, expected {expected}";
    /// A class of another `serialVersionUID`, flag byte or field list.
    PropertiesLayout { /** The class. */ class: &'static str }
        = "properties-layout", "PROPS-CLASS-02", Invalid, "class {class} with another serialVersionUID, flags or fields than Flink 1.15 to 2.3 have";
    /// An enum constant that Flink does not have.
    PropertiesConstant { /** The constant found. */ found: String, /** The enum. */ class: &'static str }
        = "properties-constant", "PROPS-CONSTANT-01", Invalid, "{found} is not a constant of {class}";
    /// A serializer snapshot in a wrapper of another version.
    WrapperVersion { /** The version found. */ found: i32 }
        = "wrapper-version", "SERIALIZER-WRAPPER-01", Foreign, "serializer snapshot wrapper of version {found}, only 2 is written since Flink 1.7";
    /// A snapshot class whose body is not known, so that its end is not either.
    UnknownSnapshot { /** The class. */ class: String }
        = "unknown-snapshot", "SERIALIZER-CLASS-01", Unknown, "serializer snapshot class {class} is not known, and nothing says how long it is";
    /// A version of a snapshot class that has another body.
    SnapshotVersion { /** The version found. */ found: i32 }
        = "snapshot-version", "SERIALIZER-VERSION-01", Malformed, "version {found} of this snapshot class is not known";
    /// A composite snapshot without its magic numbers.
    SnapshotMagic { /** The number found. */ found: i32, /** The number expected. */ expected: i32 }
        = "snapshot-magic", "SERIALIZER-COMPOSITE-01", Malformed, "found {found}, expected {expected} in a composite serializer snapshot";
    /// No position fits as the end of a foreign snapshot.
    NoFit { /** The class. */ class: String }
        = "no-fit", "SERIALIZER-FIT-01", Unknown, "serializer snapshot class {class} is not one of Flink's, and no position behind it fits what follows; describe it in a hints file";
    /// Several positions fit as the end of a foreign snapshot.
    ManyFits { /** The class. */ class: String }
        = "many-fits", "SERIALIZER-FIT-02", Unknown, "serializer snapshot class {class} is not one of Flink's, and more than one position behind it fits what follows; describe it in a hints file";
    /// An optional map without its magic number.
    OptionalMapMagic { /** The number found. */ found: i64 }
        = "optional-map-magic", "SERIALIZER-OPTIONAL-MAP-01", Malformed, "found {found:#x}, an optional map starts with 0x4f2c69a3d70";
    /// A frame with bytes behind the snapshot in it.
    FrameTrailing { /** How many. */ count: usize }
        = "frame-trailing", "SERIALIZER-OPTIONAL-MAP-02", Malformed, "{count} bytes left over in the frame of a snapshot";
    /// Fields of a POJO that are not in the order of their names.
    PojoFieldOrder
        = "pojo-field-order", "SERIALIZER-POJO-01", Writer, "the fields of a POJO come in the order of their names, each once";
    /// A class descriptor that Java would refuse.
    JavaClass { /** What about it. */ what: &'static str }
        = "java-class", "SERIALIZER-JAVA-01", Malformed, "class descriptor {what} in a Java object stream";
    /// An object that writes itself, without marks that tell where it ends.
    Externalizable { /** The class. */ class: String }
        = "externalizable", "SERIALIZER-JAVA-02", Malformed, "object of {class}, which is externalizable without block data: nothing says how long it is";
    /// An object that is not one of the logical types that values can have.
    LogicalType { /** The class. */ class: String }
        = "logical-type", "SERIALIZER-JAVA-03", Invalid, "{class} is not a logical type whose values Flink stores";
    /// A logical type without one of its fields.
    LogicalTypeField { /** The class. */ class: String, /** The field. */ field: &'static str }
        = "logical-type-field", "SERIALIZER-JAVA-04", Invalid, "{class} has no field {field}, or not of its type";
    /// A logical type that repeats parts of itself by reference until it is too large.
    LogicalTypeSize { /** The limit. */ limit: usize }
        = "logical-type-size", "SERIALIZER-JAVA-05", Limit, "a logical type of more than {limit} bytes, the limit of this reader";
    /// A type that only Java can write: its stream would hold objects of users, or lambdas.
    NoJavaStream { /** The type. */ what: String }
        = "no-java-stream", "SERIALIZER-JAVA-06", Writer, "{what} cannot be written as a Java object stream; copy one that Flink has written";
    /// A row kind that there is not.
    SqlRowKind { /** The byte found. */ found: u8 }
        = "sql-row-kind", "SQL-ROW-01", Invalid, "row kind {found} is not one of 0 to 3";
    /// A slot that leads out of the variable part.
    SqlSlot { /** The offset found. */ offset: u32, /** The size found. */ size: u32, /** The start of the variable part. */ from: usize, /** Its end. */ to: usize }
        = "sql-slot", "SQL-BINARY-01", Invalid, "{size} bytes at {offset} are not within the variable part from {from} to {to}";
    /// Slots that share bytes.
    SqlOverlap { /** The size of the variable part. */ available: usize }
        = "sql-overlap", "SQL-BINARY-02", Invalid, "the slots refer to more bytes than the {available} that the variable part has: some share them";
    /// A short string that would not fit its slot.
    SqlInline { /** The length found. */ found: u8 }
        = "sql-inline", "SQL-BINARY-03", Invalid, "{found} bytes within a slot, 7 is the most";
    /// A decimal number without digits, or with more than a row has room for.
    SqlDecimal { /** Bytes found. */ size: usize }
        = "sql-decimal", "SQL-BINARY-04", Invalid, "a decimal number of {size} bytes; it has 1 to 16, or 8 if it is compact";
    /// A map whose keys and values are not as many.
    SqlMap { /** Number of keys. */ keys: usize, /** Number of values. */ values: usize }
        = "sql-map", "SQL-BINARY-05", Invalid, "{keys} keys and {values} values in a map";
    /// A value of a type without values.
    SqlNull
        = "sql-null", "SQL-BINARY-06", Invalid, "a field of type NULL that is not null";
    /// A value with bytes left over.
    ValueTrailing { /** How many. */ count: usize }
        = "value-trailing", "VALUE-END-01", Malformed, "{count} bytes left over behind the value";
    /// A byte that stands for none of the alternatives.
    ValueTag { /** The byte found. */ found: u8 }
        = "value-tag", "VALUE-TAG-01", Invalid, "{found} stands for none of the alternatives";
    /// A constant or alternative that the type does not have.
    ValuePosition { /** The position found. */ found: i64, /** How many there are. */ count: usize }
        = "value-position", "VALUE-POSITION-01", Invalid, "position {found} of a constant or alternative, the type has {count}";
    /// Something else than a comma between two elements of list state.
    ListSeparator { /** The byte found. */ found: u8 }
        = "list-separator", "VALUE-LIST-STATE-01", Malformed, "found {found:02x} behind an element of list state, a comma (2c) and another element may follow";
    /// A number in groups of seven bits that is too long.
    Varint
        = "varint", "VALUE-STRING-01", Malformed, "a number of more groups of seven bits than fit";
    /// A tag that no number has.
    BigIntegerTag { /** The tag found. */ found: i32 }
        = "big-integer-tag", "VALUE-BIGINT-01", Malformed, "{found} is not a length or tag of a big number";
    /// A date without a time, or the reverse.
    HalfNull
        = "half-null", "VALUE-TIME-01", Invalid, "date and time are null both or neither";
    /// A value that is not of the type that it is to be written as.
    ValueType { /** What the type wants. */ expected: &'static str }
        = "value-type", "VALUE-TYPE-01", Writer, "the value is not {expected}, as its type says";
    /// A state stream of Flink before 1.8.
    LegacyStateVersion { /** The version found. */ found: i32 }
        = "legacy-state-version", "STATE-VERSION-02", Foreign, "state stream of version {found}, of Flink before 1.8: it holds Java-serialized serializers, which are never read";
    /// A state stream of an unknown version.
    StateVersion { /** The version found. */ found: i32 }
        = "state-version", "STATE-VERSION-01", Foreign, "state stream of unknown version {found}";
    /// A state type that its stream cannot hold.
    StateType { /** The ordinal found. */ found: i32 }
        = "state-type", "STATE-TYPE-01", Malformed, "state type {found} cannot stand here";
    /// A state of the asynchronous API, which has no canonical format.
    StateV2
        = "state-v2", "STATE-TYPE-02", Invalid, "state of the asynchronous state API (KEY_VALUE_V2), which no canonical stream holds";
    /// An option that is missing or has an unknown value.
    StateOption { /** The option. */ option: &'static str }
        = "state-option", "STATE-OPTION-01", Invalid, "option {option} is missing, or its value is not one of Flink's";
    /// A serializer that a state of its kind needs.
    MissingSerializer { /** The serializer. */ key: &'static str }
        = "missing-serializer", "STATE-SERIALIZER-01", Invalid, "{key} is missing";
    /// An offset outside of the sections.
    KeyGroupOffset { /** The offset found. */ found: i64, /** The end of the header. */ from: u64, /** The end of the stream. */ to: u64 }
        = "key-group-offset", "KEYED-OFFSET-01", Invalid, "offset {found} of a key group is not 0 and not between the header's end {from} and the stream's end {to}";
    /// Two key groups at one offset.
    SharedOffset { /** One. */ first: u16, /** The other. */ second: u16 }
        = "shared-offset", "KEYED-OFFSET-02", Invalid, "key groups {first} and {second} have the same offset";
    /// A key group that is not below the max parallelism.
    KeyGroupBeyondMax { /** The key group. */ found: u32, /** The max parallelism. */ max: u16 }
        = "key-group-beyond-max", "KEYED-GROUP-01", Invalid, "key group {found} is not below the max parallelism {max}";
    /// A key group outside of the range of its stream.
    KeyGroupOutsideRange { /** The key group. */ found: u16, /** The range. */ range: KeyGroupRange }
        = "key-group-outside-range", "KEYED-GROUP-02", Writer, "key group {found} is not in the range {range} of the stream";
    /// A key that says another key group than that of its section.
    KeyGroupPrefix { /** The key group in the key. */ found: u16 }
        = "key-group-prefix", "KEYED-GROUP-04", Invalid, "a key of key group {found} (Flink reads it, and never finds it)";
    /// Key groups that are not written in ascending order.
    KeyGroupOrder { /** The key group. */ found: u16 }
        = "key-group-order", "KEYED-GROUP-03", Writer, "key group {found} comes after a higher one";
    /// A section that starts with the end mark.
    EmptySection
        = "empty-section", "KEYED-EOKG-01", Invalid, "a section without entries; a key group without state has offset 0 and no section";
    /// A section that does not end with the end mark before its bytes do.
    SectionEnd { /** Bytes that were left. */ available: usize }
        = "section-end", "KEYED-EOKG-02", Malformed, "the section has no end mark before the next section or the end of the stream ({available} bytes left)";
    /// Bytes that belong to no section.
    BytesBetweenSections { /** How many. */ count: u64 }
        = "bytes-between-sections", "KEYED-SECTION-01", NotCanonical, "{count} bytes that belong to no section (Flink ignores them)";
    /// A state id that the header does not have.
    UnknownStateId { /** The id found. */ found: u16, /** Number of states. */ states: usize }
        = "unknown-state-id", "KEYED-STATE-ID-01", Invalid, "state id {found}, the header has {states} states";
    /// A key without room for its key-group prefix.
    KeyTooShort { /** Its length. */ length: usize }
        = "key-too-short", "KEYED-KEY-01", Malformed, "key of {length} bytes, shorter than its key-group prefix";
    /// Raw timers of a version that no release from 1.17 on reads.
    RawTimersVersion { /** The version found. */ found: i32 }
        = "raw-timers-version", "RAW-TIMERS-01", Foreign, "timers in raw keyed state of version {found}, only 2 is known";
    /// Bytes behind the last service of raw timers.
    RawTimersTrailing { /** How many. */ count: usize }
        = "raw-timers-trailing", "RAW-TIMERS-02", Malformed, "{count} bytes left over behind the timers of a key group";
    /// A raw timer that is cut, or whose key or namespace is of unknown length.
    RawTimer
        = "raw-timer", "RAW-TIMERS-03", Malformed, "a timer that is cut, or whose key or namespace has values of unknown length";
    /// A framed stream that does not start with the stream identifier.
    SnappyIdentifier
        = "snappy-identifier", "SNAPPY-IDENTIFIER-01", Malformed, "no Snappy stream identifier (ff 06 00 00 73 4e 61 50 70 59)";
    /// A chunk type that may not be skipped.
    SnappyChunk { /** The type found. */ found: u8 }
        = "snappy-chunk", "SNAPPY-CHUNK-01", Malformed, "Snappy chunk of unknown type {found:02x}, which may not be skipped";
    /// A chunk whose data is not Snappy.
    SnappyData
        = "snappy-data", "SNAPPY-DATA-01", Malformed, "the Snappy chunk is empty or its data is damaged";
    /// A chunk that holds more than the framing format allows.
    SnappyBlock { /** The uncompressed size. */ found: u64 }
        = "snappy-block", "SNAPPY-BLOCK-01", Malformed, "Snappy chunk of {found} uncompressed bytes, the limit is 65536";
    /// A state of the stream without offsets in the handle.
    StateWithoutOffsets
        = "state-without-offsets", "OPSTATE-NAMES-01", Invalid, "the handle has no offsets for this state";
    /// A name in the handle that the stream does not have.
    OffsetsWithoutState { /** The name. */ name: String }
        = "offsets-without-state", "OPSTATE-NAMES-02", Invalid, "the handle has offsets for {name}, the stream has no such state";
    /// A second state of the same name.
    DuplicateState
        = "duplicate-state", "OPSTATE-NAMES-03", Invalid, "the stream has another state of this name before";
    /// Two modes for one state.
    ModeMismatch
        = "mode-mismatch", "OPSTATE-MODE-01", Invalid, "the mode in the handle is not that in the stream";
    /// Broadcast state that is not exactly one map.
    BroadcastPartitions { /** How many offsets there are. */ found: usize }
        = "broadcast-partitions", "OPSTATE-BROADCAST-01", Invalid, "{found} offsets for a broadcast state, which is exactly one map";
    /// Bytes between two offsets that are not one value.
    Partition { /** How many. */ length: usize }
        = "partition", "OPSTATE-PARTITION-01", Malformed, "{length} bytes from this offset to the next one, which are not one value of the serializer";
    /// An offset outside of the data.
    PartitionOffset { /** The offset found. */ found: i64, /** The end of the header. */ from: u64, /** The end of the stream. */ to: u64 }
        = "partition-offset", "OPSTATE-OFFSET-01", Invalid, "offset {found} is not between the header's end {from} and the stream's end {to}";
}
