//! The snapshot classes that Flink ships, and which family each belongs to.

use super::Scalar;

/// What a snapshot class stands for: how its body is laid out, and how its serializer writes values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named after the serializers")]
pub enum Family {
    Scalar(Scalar),
    TimeWindow,
    CountWindow,
    Enum,
    /// Scala's `Enumeration`.
    NumberedEnum,
    /// `ValueSerializer`, `CopyableValueSerializer` and Hadoop's `WritableSerializer`.
    Value,
    CopyableValue,
    Writable,
    GenericArray,
    /// `GenericArraySerializerConfigSnapshot`: without the numbers of a composite.
    LegacyGenericArray,
    List,
    Set,
    Map,
    NullAwareMap,
    SortedMap,
    /// List and map views of SQL, and debugging wrappers: values are those of the one inside.
    Transparent,
    /// The same with a flag in the body (`TtlAwareSerializerSnapshot`, leaks into files of 2.0 and later).
    TtlAware,
    Tuple,
    CaseClass,
    Row,
    /// `CRowSerializer` of the old planner: a row and a flag.
    ChangeRow,
    Either,
    /// `EitherSerializerSnapshot`: without the numbers of a composite.
    LegacyEither,
    ScalaEither,
    Try,
    Option,
    Traversable,
    Nullable,
    Pojo,
    Kryo,
    Avro,
    JavaObject,
    Ttl,
    Timer,
    StreamElement,
    Union,
    BufferEntry,
    TwoPhaseCommit,
    KafkaTransaction,
    KafkaContext,
    EventId,
    NodeId,
    SharedBufferEdge,
    SharedBufferNode,
    LegacySharedBufferNode,
    Lockable,
    NfaState,
    /// CEP state of Flink before 1.8, which only migrates: its values are not described.
    LegacyCep,
    RowData,
    BinaryRowData,
    StringData,
    DecimalData,
    TimestampData,
    ArrayData,
    MapData,
    RawValue,
    WindowKey,
    LinkedList,
    External,
    MetaSqnInfo,
    RowSqnInfo,
    SqnNode,
    RowDataKey,
    PyDecimal,
    PyTimestamp,
    PyRowData,
    PyArrayData,
    PyMapData,
}

const BASE: &str = "org.apache.flink.api.common.typeutils.base.";
const ARRAY: &str = "org.apache.flink.api.common.typeutils.base.array.";
const COMMON: &str = "org.apache.flink.api.common.typeutils.";
const JAVA: &str = "org.apache.flink.api.java.typeutils.runtime.";
const SCALA: &str = "org.apache.flink.api.scala.typeutils.";
const STATE: &str = "org.apache.flink.runtime.state.";
const STREAMING: &str = "org.apache.flink.streaming.";
const CEP: &str = "org.apache.flink.cep.nfa.";
const DATAVIEW: &str = "org.apache.flink.table.dataview.";
const TABLE: &str = "org.apache.flink.table.runtime.";
const PYTHON: &str = "org.apache.flink.table.runtime.typeutils.serializers.python.";
const KAFKA: &str = "org.apache.flink.streaming.connectors.kafka.FlinkKafkaProducer$";
const AVRO: &str = "org.apache.flink.formats.avro.typeutils.";

/// `XSerializer$XSerializerSnapshot`, by package and `X`.
const TWINS: &[(&str, &[(&str, Family)])] = {
    use Family::Scalar as S;
    &[
        (
            BASE,
            &[
                ("Boolean", S(Scalar::Boolean)),
                ("Byte", S(Scalar::Byte)),
                ("Short", S(Scalar::Short)),
                ("Char", S(Scalar::Char)),
                ("Int", S(Scalar::Int)),
                ("Long", S(Scalar::Long)),
                ("Float", S(Scalar::Float)),
                ("Double", S(Scalar::Double)),
                ("String", S(Scalar::String)),
                ("BigInt", S(Scalar::BigInteger)),
                ("BigDec", S(Scalar::BigDecimal)),
                ("Date", S(Scalar::JavaDate)),
                ("SqlDate", S(Scalar::SqlDate)),
                ("SqlTime", S(Scalar::SqlTime)),
                ("SqlTimestamp", S(Scalar::SqlTimestamp)),
                ("Instant", S(Scalar::Instant)),
                ("LocalDate", S(Scalar::LocalDate)),
                ("LocalTime", S(Scalar::LocalTime)),
                ("LocalDateTime", S(Scalar::LocalDateTime)),
                ("Void", S(Scalar::Void)),
                ("Variant", S(Scalar::Variant)),
                ("Bitmap", S(Scalar::Bitmap)),
                ("BooleanValue", S(Scalar::BooleanValue)),
                ("ByteValue", S(Scalar::ByteValue)),
                ("ShortValue", S(Scalar::ShortValue)),
                ("CharValue", S(Scalar::CharValue)),
                ("IntValue", S(Scalar::IntValue)),
                ("LongValue", S(Scalar::LongValue)),
                ("FloatValue", S(Scalar::FloatValue)),
                ("DoubleValue", S(Scalar::DoubleValue)),
                ("StringValue", S(Scalar::StringValue)),
                ("NullValue", S(Scalar::NullValue)),
                ("Enum", Family::Enum),
            ],
        ),
        (
            ARRAY,
            &[
                ("BooleanPrimitiveArray", S(Scalar::BooleanArray)),
                ("BytePrimitiveArray", S(Scalar::ByteArray)),
                ("ShortPrimitiveArray", S(Scalar::ShortArray)),
                ("CharPrimitiveArray", S(Scalar::CharArray)),
                ("IntPrimitiveArray", S(Scalar::IntArray)),
                ("LongPrimitiveArray", S(Scalar::LongArray)),
                ("FloatPrimitiveArray", S(Scalar::FloatArray)),
                ("DoublePrimitiveArray", S(Scalar::DoubleArray)),
                ("StringArray", S(Scalar::StringArray)),
            ],
        ),
        (COMMON, &[]),
        (
            JAVA,
            &[
                ("Row", Family::Row),
                ("Nullable", Family::Nullable),
                ("Value", Family::Value),
                ("CopyableValue", Family::CopyableValue),
                ("Writable", Family::Writable),
            ],
        ),
        (SCALA, &[("Unit", S(Scalar::Unit))]),
        (STATE, &[("VoidNamespace", S(Scalar::VoidNamespace)), ("Java", Family::JavaObject)]),
        (DATAVIEW, &[("Null", S(Scalar::SqlNull))]),
        (
            PYTHON,
            &[
                ("String", S(Scalar::Utf8)),
                ("BigDec", S(Scalar::Utf8)),
                ("Date", S(Scalar::PyDate)),
                ("Time", S(Scalar::PyTime)),
                ("Timestamp", Family::PyTimestamp),
                ("RowData", Family::PyRowData),
                ("ArrayData", Family::PyArrayData),
            ],
        ),
    ]
};

/// All others, by package and the rest of the name.
const NAMES: &[(&str, &[(&str, Family)])] = &[
    (
        BASE,
        &[
            ("ListSerializerSnapshot", Family::List),
            ("SetSerializerSnapshot", Family::Set),
            ("MapSerializerSnapshot", Family::Map),
            ("GenericArraySerializerSnapshot", Family::GenericArray),
            ("GenericArraySerializerConfigSnapshot", Family::LegacyGenericArray),
        ],
    ),
    (
        COMMON,
        &[(
            "SingleThreadAccessCheckingTypeSerializer$SingleThreadAccessCheckingTypeSerializerSnapshot",
            Family::Transparent,
        )],
    ),
    (
        JAVA,
        &[
            ("TupleSerializerSnapshot", Family::Tuple),
            ("Tuple0SerializerSnapshot", Family::Scalar(Scalar::Tuple0)),
            ("JavaEitherSerializerSnapshot", Family::Either),
            ("EitherSerializerSnapshot", Family::LegacyEither),
            ("PojoSerializerSnapshot", Family::Pojo),
            ("kryo.KryoSerializerSnapshot", Family::Kryo),
        ],
    ),
    (
        SCALA,
        &[
            ("ScalaCaseClassSerializerSnapshot", Family::CaseClass),
            ("Tuple2CaseClassSerializerSnapshot", Family::CaseClass),
            ("ScalaOptionSerializerSnapshot", Family::Option),
            ("ScalaEitherSerializerSnapshot", Family::ScalaEither),
            ("ScalaTrySerializerSnapshot", Family::Try),
            ("TraversableSerializerSnapshot", Family::Traversable),
            ("ScalaEnumSerializerSnapshot", Family::NumberedEnum),
            ("NothingSerializerSnapshot", Family::Scalar(Scalar::NullValue)),
        ],
    ),
    (
        STATE,
        &[
            ("ArrayListSerializerSnapshot", Family::List),
            ("ttl.TtlStateFactory$TtlSerializerSnapshot", Family::Ttl),
            ("v2.ttl.TtlStateFactory$TtlSerializerSnapshot", Family::Ttl),
            ("ttl.TtlAwareSerializerSnapshot", Family::TtlAware),
        ],
    ),
    (
        STREAMING,
        &[
            ("api.operators.TimerSerializerSnapshot", Family::Timer),
            ("runtime.streamrecord.StreamElementSerializer$StreamElementSerializerSnapshot", Family::StreamElement),
            ("api.datastream.CoGroupedStreams$UnionSerializerSnapshot", Family::Union),
            ("api.operators.co.IntervalJoinOperator$BufferEntrySerializerSnapshot", Family::BufferEntry),
            ("api.functions.sink.TwoPhaseCommitSinkFunction$StateSerializerSnapshot", Family::TwoPhaseCommit),
            ("api.functions.sink.legacy.TwoPhaseCommitSinkFunction$StateSerializerSnapshot", Family::TwoPhaseCommit),
            ("api.windowing.windows.TimeWindow$Serializer$TimeWindowSerializerSnapshot", Family::TimeWindow),
            (
                "api.windowing.windows.GlobalWindow$Serializer$GlobalWindowSerializerSnapshot",
                Family::Scalar(Scalar::GlobalWindow),
            ),
            (
                "api.utils.ByteArrayWrapperSerializer$ByteArrayWrapperSerializerSnapshot",
                Family::Scalar(Scalar::PyBytes),
            ),
        ],
    ),
    (
        KAFKA,
        &[
            ("TransactionStateSerializer$TransactionStateSerializerSnapshot", Family::KafkaTransaction),
            ("ContextStateSerializer$ContextStateSerializerSnapshot", Family::KafkaContext),
        ],
    ),
    (AVRO, &[("AvroSerializerSnapshot", Family::Avro)]),
    (
        CEP,
        &[
            ("DeweyNumber$DeweyNumberSerializer$DeweyNumberSerializerSnapshot", Family::Scalar(Scalar::Dewey)),
            ("NFAStateSerializerSnapshot", Family::NfaState),
            ("NFA$MigratedNFASerializerSnapshot", Family::LegacyCep),
            ("SharedBuffer$SharedBufferSerializerSnapshot", Family::LegacyCep),
            ("sharedbuffer.EventId$EventIdSerializer$EventIdSerializerSnapshot", Family::EventId),
            ("sharedbuffer.NodeId$NodeIdSerializer$NodeIdSerializerSnapshot", Family::NodeId),
            (
                "sharedbuffer.SharedBufferEdge$SharedBufferEdgeSerializer$SharedBufferEdgeSerializerSnapshot",
                Family::SharedBufferEdge,
            ),
            ("sharedbuffer.SharedBufferNodeSerializerSnapshotV2", Family::SharedBufferNode),
            (
                "sharedbuffer.SharedBufferNode$SharedBufferNodeSerializer$SharedBufferNodeSerializerSnapshot",
                Family::LegacySharedBufferNode,
            ),
            ("sharedbuffer.LockableTypeSerializerSnapshot", Family::Lockable),
        ],
    ),
    (
        DATAVIEW,
        &[
            ("ListViewSerializerSnapshot", Family::Transparent),
            ("MapViewSerializerSnapshot", Family::Transparent),
            ("NullAwareMapSerializerSnapshot", Family::NullAwareMap),
        ],
    ),
    (
        TABLE,
        &[
            ("typeutils.RowDataSerializer$RowDataSerializerSnapshot", Family::RowData),
            ("typeutils.BinaryRowDataSerializer$BinaryRowDataSerializerSnapshot", Family::BinaryRowData),
            ("typeutils.StringDataSerializer$StringDataSerializerSnapshot", Family::StringData),
            ("typeutils.DecimalDataSerializer$DecimalSerializerSnapshot", Family::DecimalData),
            ("typeutils.TimestampDataSerializer$TimestampDataSerializerSnapshot", Family::TimestampData),
            ("typeutils.ArrayDataSerializer$ArrayDataSerializerSnapshot", Family::ArrayData),
            ("typeutils.MapDataSerializer$MapDataSerializerSnapshot", Family::MapData),
            ("typeutils.RawValueDataSerializer$RawValueDataSerializerSnapshot", Family::RawValue),
            ("typeutils.WindowKeySerializer$WindowKeySerializerSnapshot", Family::WindowKey),
            ("typeutils.LinkedListSerializer$LinkedListSerializerSnapshot", Family::LinkedList),
            ("typeutils.ExternalSerializer$ExternalSerializerSnapshot", Family::External),
            ("typeutils.SortedMapSerializerSnapshot", Family::SortedMap),
            ("types.CRowSerializerSnapshot", Family::ChangeRow),
            ("operators.window.TimeWindow$Serializer$TimeWindowSerializerSnapshot", Family::TimeWindow),
            ("operators.window.CountWindow$Serializer$CountWindowSerializerSnapshot", Family::CountWindow),
            (
                "operators.window.GlobalWindow$Serializer$GlobalWindowSerializerSnapshot",
                Family::Scalar(Scalar::GlobalWindow),
            ),
            ("operators.sink.SortedLongSerializer$SortedLongSerializerSnapshot", Family::Scalar(Scalar::SortedLong)),
            ("sequencedmultisetstate.linked.MetaSqnInfoSerializer$MetaSqnInfoSerializerSnapshot", Family::MetaSqnInfo),
            ("sequencedmultisetstate.linked.RowSqnInfoSerializer$RowSqnInfoSerializerSnapshot", Family::RowSqnInfo),
            ("sequencedmultisetstate.linked.NodeSerializer$NodeSerializerSnapshot", Family::SqnNode),
            ("sequencedmultisetstate.linked.RowDataKeySerializerSnapshot", Family::RowDataKey),
        ],
    ),
    (
        PYTHON,
        &[
            ("DecimalDataSerializer$DecimalSerializerSnapshot", Family::PyDecimal),
            ("MapDataSerializer$BaseMapSerializerSnapshot", Family::PyMapData),
        ],
    ),
];

/// The family of a snapshot class; `None` for one that Flink does not ship.
pub fn family(class: &str) -> Option<Family> {
    let lookup = |table: &[(&str, &[(&str, Family)])], find: &dyn Fn(&str, &str) -> bool| {
        table.iter().find_map(|(package, classes)| {
            let rest = class.strip_prefix(package)?;
            classes.iter().find(|(name, _)| find(rest, name)).map(|(_, family)| *family)
        })
    };
    lookup(NAMES, &|rest, name| rest == name).or_else(|| {
        lookup(TWINS, &|rest, name| {
            let twins = rest.split_once("Serializer$");
            twins.is_some_and(|(first, second)| {
                first == name && second.strip_suffix("SerializerSnapshot").is_some_and(|second| second == name)
            })
        })
    })
}

/// Every snapshot class that is known, with its family.
pub fn all() -> impl Iterator<Item = (String, Family)> {
    let names = NAMES
        .iter()
        .flat_map(|(package, classes)| classes.iter().map(move |(name, family)| (format!("{package}{name}"), *family)));
    let twins = TWINS.iter().flat_map(|(package, classes)| {
        classes
            .iter()
            .map(move |(name, family)| (format!("{package}{name}Serializer${name}SerializerSnapshot"), *family))
    });
    names.chain(twins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_found_by_its_name() {
        let mut count = 0;
        for (class, expected) in all() {
            assert_eq!(family(&class), Some(expected), "{class}");
            count += 1;
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn others_are_not() {
        for class in [
            "org.apache.flink.api.common.typeutils.base.LongSerializer$IntSerializerSnapshot",
            "org.apache.flink.api.common.typeutils.base.LongSerializer",
            "com.acme.MySerializer$MySnapshot",
            "",
        ] {
            assert_eq!(family(class), None, "{class}");
        }
    }
}
