//! The snapshot classes that Flink ships, and how their bodies are laid out.

/// Layout of a snapshot's body, and what the serializer says of its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// No body. `length` is `TypeSerializer.getLength`: -1 is variable.
    Simple {
        /// Fixed number of bytes, or -1. Window serializers said 0 up to 1.14; both are fixed.
        length: i32,
    },
    /// Nested snapshots.
    Composite {
        /// Whether the name of a class stands before them.
        named: bool,
        /// Whether the length is the sum of those of the parts; else it is variable.
        sum: bool,
    },
    /// Class of the tuple, then nested snapshots of the fields.
    Tuple,
    /// `i32` padding, then the nested snapshot.
    Nullable,
    /// A flag from outer version 4 on, then nested snapshots of the fields.
    Row,
    /// The name of a class.
    Named,
    /// The name of the enum, and its constants.
    Enum,
    /// A flag and one nested snapshot: transparent (`TtlAwareSerializerSnapshot`, leaks into files of 2.1 and later).
    TtlAware,
}

const BASE: &str = "org.apache.flink.api.common.typeutils.base.";
const ARRAY: &str = "org.apache.flink.api.common.typeutils.base.array.";
const RUNTIME: &str = "org.apache.flink.api.java.typeutils.runtime.";
const WINDOWS: &str = "org.apache.flink.streaming.api.windowing.windows.";
const TABLE: &str = "org.apache.flink.table.runtime.";

/// Simple snapshots of `base`, by the name before `Serializer`, with their lengths.
const BASE_SIMPLE: &[(&str, i32)] = &[
    ("Boolean", 1),
    ("Byte", 1),
    ("Short", 2),
    ("Char", 2),
    ("Int", 4),
    ("Long", 8),
    ("Float", 4),
    ("Double", 8),
    ("String", -1),
    ("BigInt", -1),
    ("BigDec", -1),
    ("Date", 8),
    ("SqlDate", 8),
    ("SqlTime", 8),
    ("SqlTimestamp", 12),
    ("Instant", 12),
    ("LocalDate", 6),
    ("LocalTime", 7),
    ("LocalDateTime", 13),
    ("Void", 1),
    ("Variant", -1),
    ("Bitmap", -1),
    ("BooleanValue", 1),
    ("ByteValue", 1),
    ("CharValue", 2),
    ("ShortValue", 2),
    ("IntValue", 4),
    ("LongValue", 8),
    ("FloatValue", 4),
    ("DoubleValue", 8),
    ("NullValue", 0),
    ("StringValue", -1),
];

/// Classes outside of the patterns, by their whole name.
const OTHERS: &[(&str, Shape)] = &[
    (
        "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot",
        Shape::Simple { length: 0 },
    ),
    ("org.apache.flink.runtime.state.JavaSerializer$JavaSerializerSnapshot", Shape::Simple { length: -1 }),
    ("org.apache.flink.runtime.state.ArrayListSerializerSnapshot", PARTS),
    ("org.apache.flink.runtime.state.ttl.TtlStateFactory$TtlSerializerSnapshot", SUM),
    ("org.apache.flink.runtime.state.ttl.TtlAwareSerializerSnapshot", Shape::TtlAware),
    ("org.apache.flink.streaming.api.operators.TimerSerializerSnapshot", SUM),
    ("org.apache.flink.streaming.api.operators.co.IntervalJoinOperator$BufferEntrySerializerSnapshot", PARTS),
    ("org.apache.flink.streaming.api.datastream.CoGroupedStreams$UnionSerializerSnapshot", PARTS),
];

const PARTS: Shape = Shape::Composite { named: false, sum: false };
const SUM: Shape = Shape::Composite { named: false, sum: true };

/// The layout of a snapshot class; `None` for one that is not known here.
pub fn shape(class: &str) -> Option<Shape> {
    if let Some(rest) = class.strip_prefix(ARRAY) {
        return (rest.ends_with("ArraySerializerSnapshot") && rest.contains('$'))
            .then_some(Shape::Simple { length: -1 });
    }
    if let Some(rest) = class.strip_prefix(BASE) {
        return match rest {
            "ListSerializerSnapshot" | "MapSerializerSnapshot" | "SetSerializerSnapshot" => Some(PARTS),
            "GenericArraySerializerSnapshot" => Some(Shape::Composite { named: true, sum: false }),
            "EnumSerializer$EnumSerializerSnapshot" => Some(Shape::Enum),
            _ => simple_of_base(rest),
        };
    }
    if let Some(rest) = class.strip_prefix(RUNTIME) {
        return match rest {
            "TupleSerializerSnapshot" => Some(Shape::Tuple),
            "Tuple0SerializerSnapshot" => Some(Shape::Simple { length: 1 }),
            "JavaEitherSerializerSnapshot" => Some(PARTS),
            "NullableSerializer$NullableSerializerSnapshot" => Some(Shape::Nullable),
            "RowSerializer$RowSerializerSnapshot" => Some(Shape::Row),
            "CopyableValueSerializer$CopyableValueSerializerSnapshot" | "ValueSerializer$ValueSerializerSnapshot" => {
                Some(Shape::Named)
            }
            _ => None,
        };
    }
    if let Some(rest) = class.strip_prefix(WINDOWS) {
        return match rest {
            "TimeWindow$Serializer$TimeWindowSerializerSnapshot" => Some(Shape::Simple { length: 16 }),
            "GlobalWindow$Serializer$GlobalWindowSerializerSnapshot" => Some(Shape::Simple { length: 1 }),
            _ => None,
        };
    }
    if let Some(rest) = class.strip_prefix(TABLE) {
        return match rest {
            "operators.window.TimeWindow$Serializer$TimeWindowSerializerSnapshot" => Some(Shape::Simple { length: 16 }),
            "operators.window.CountWindow$Serializer$CountWindowSerializerSnapshot" => {
                Some(Shape::Simple { length: 8 })
            }
            "operators.window.GlobalWindow$Serializer$GlobalWindowSerializerSnapshot" => {
                Some(Shape::Simple { length: 1 })
            }
            "typeutils.StringDataSerializer$StringDataSerializerSnapshot" => Some(Shape::Simple { length: -1 }),
            _ => None,
        };
    }
    OTHERS.iter().find(|(name, _)| *name == class).map(|(_, shape)| *shape)
}

/// `IntSerializer$IntSerializerSnapshot` and its like.
fn simple_of_base(rest: &str) -> Option<Shape> {
    let (outer, inner) = rest.split_once('$')?;
    let name = outer.strip_suffix("Serializer")?;
    let twin = inner.strip_suffix("SerializerSnapshot")?;
    let (_, length) = BASE_SIMPLE.iter().find(|(known, _)| *known == name && *known == twin)?;
    Some(Shape::Simple { length: *length })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_names() {
        let simple = |length| Some(Shape::Simple { length });
        assert_eq!(
            shape("org.apache.flink.api.common.typeutils.base.LongSerializer$LongSerializerSnapshot"),
            simple(8)
        );
        assert_eq!(shape("org.apache.flink.api.common.typeutils.base.LongSerializer$IntSerializerSnapshot"), None);
        assert_eq!(shape("org.apache.flink.api.common.typeutils.base.LongSerializer"), None);
        let bytes = "array.BytePrimitiveArraySerializer$BytePrimitiveArraySerializerSnapshot";
        assert_eq!(shape(&format!("org.apache.flink.api.common.typeutils.base.{bytes}")), simple(-1));
        assert_eq!(shape("com.acme.MySerializer$MySnapshot"), None);
    }
}
