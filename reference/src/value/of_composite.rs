//! The types of composite serializers, from what is nested in their snapshots.

use super::of_snapshot::structure;
use super::{Field, HashRule, LengthRule, NullFlag, Record, Scalar, TypeDescription};
use crate::serializer::Outer;
use crate::serializer::classes::Family;

type Type = TypeDescription;

/// The type of a composite; `None` if it does not have as many parts as its class needs.
pub(super) fn of_composite(family: Family, outer: &Outer<'_>, parts: Vec<Type>) -> Option<Type> {
    let class = || outer.class.as_ref().map(|class| class.to_text().into_owned()).unwrap_or_default();
    let count = parts.len();
    let mut parts = parts.into_iter();
    let mut next = || parts.next().map(Box::new);
    Some(match family {
        Family::List => list("LIST", NullFlag::None, next()?),
        Family::Set => list("SET", NullFlag::OneIsNull, next()?),
        Family::GenericArray | Family::LegacyGenericArray => list("OBJECT_ARRAY", NullFlag::OneIsPresent, next()?),
        Family::Traversable => list("TRAVERSABLE", NullFlag::OneIsPresent, next()?),
        Family::LinkedList => list("LINKED_LIST", if outer.flag { NullFlag::Mask } else { NullFlag::None }, next()?),
        Family::Map => map("MAP", next()?, next()?, false),
        Family::SortedMap => map("SORTED_MAP", next()?, next()?, false),
        Family::NullAwareMap => map("NULL_AWARE_MAP", next()?, next()?, true),
        Family::Tuple => {
            // Classes of users that extend a tuple may hash in their own way.
            let is_own = class().starts_with("org.apache.flink.api.java.tuple.Tuple");
            tuple("TUPLE".into(), if is_own { HashRule::Tuple } else { HashRule::Unknown }, parts)
        }
        Family::CaseClass => tuple(class().into(), HashRule::Product, parts),
        Family::Row => Type::Row { fields: parts.collect(), has_kind: outer.flag },
        Family::ChangeRow => {
            record("CROW", LengthRule::Variable, [("row", *next()?, true), ("change", BOOLEAN, false)])
        }
        // Any byte but 0 is true to Java.
        Family::Either | Family::LegacyEither => {
            alternatives("EITHER", [(1, "left", *next()?), (0, "right", *next()?)], Some(0))
        }
        Family::ScalaEither => {
            of_products(alternatives("EITHER", [(1, "left", *next()?), (0, "right", *next()?)], Some(0)))
        }
        Family::Try => alternatives("TRY", [(1, "success", *next()?), (0, "failure", *next()?)], Some(0)),
        // Every byte but 1 is read as the second.
        Family::Union => alternatives("UNION", [(1, "one", *next()?), (2, "two", *next()?)], Some(1)),
        Family::Option => Type::Nullable { name: "OPTION", inner: next()?, flag: NullFlag::OneIsPresent, padding: 0 },
        Family::Nullable => {
            let (inner, padding) = (next()?, u32::try_from(outer.number).ok()?);
            if !is_length(padding, &inner) {
                return None;
            }
            Type::Nullable { name: "", inner, flag: NullFlag::OneIsNull, padding }
        }
        // The one part of an old shared buffer node is the list of its edges.
        Family::Transparent
        | Family::TtlAware
        | Family::RowDataKey
        | Family::External
        | Family::LegacySharedBufferNode => *next()?,
        Family::RawValue => Type::Framed(next()?),
        Family::Ttl => {
            let timestamp = *next()?;
            record("TTL", LengthRule::Sum, [("ttl", timestamp, false), ("value", *next()?, true)])
        }
        Family::Timer => {
            let timestamp = Type::Scalar(Scalar::SortedLong);
            let parts = [("timestamp", timestamp, false), ("key", *next()?, true), ("namespace", *next()?, true)];
            record("TIMER", LengthRule::Sum, parts)
        }
        Family::StreamElement => stream_element(*next()?),
        Family::BufferEntry => {
            record("BUFFER_ENTRY", LengthRule::Variable, [("joined", BOOLEAN, false), ("element", *next()?, true)])
        }
        Family::Lockable => {
            record("LOCKABLE", LengthRule::Variable, [("references", INT, false), ("element", *next()?, true)])
        }
        Family::WindowKey => {
            record("WINDOW_KEY", LengthRule::Variable, [("window", LONG, false), ("key", *next()?, true)])
        }
        Family::TwoPhaseCommit => two_phase_commit(*next()?, *next()?, outer.flag),
        Family::NodeId => node_id(),
        Family::SharedBufferEdge => edge(),
        Family::SharedBufferNode => {
            let entry = record("", LengthRule::Variable, [("references", INT, false), ("edge", edge(), false)]);
            list("SHARED_BUFFER_NODE", NullFlag::None, Box::new(entry))
        }
        Family::NfaState => nfa_state(outer.flag),
        Family::MetaSqnInfo => {
            record("META_SQN_INFO", LengthRule::Sum, [("high", *next()?, false), ("size", *next()?, false)])
        }
        Family::RowSqnInfo => {
            record("ROW_SQN_INFO", LengthRule::Sum, [("first", *next()?, false), ("last", *next()?, false)])
        }
        Family::SqnNode if count == 6 => {
            let names = ["row", "sqn", "previous", "next", "next_for_record", "timestamp"];
            let fields = names.into_iter().zip(parts).map(|(name, ty)| field(name, ty, name == "row"));
            Type::Record(Record {
                name: "NODE".into(),
                fields: fields.collect(),
                length: LengthRule::Sum,
                hash: HashRule::Unknown,
            })
        }
        _ => return None,
    })
}

const BOOLEAN: Type = Type::Scalar(Scalar::Boolean);
const INT: Type = Type::Scalar(Scalar::Int);
const LONG: Type = Type::Scalar(Scalar::Long);

fn list(name: &'static str, flag: NullFlag, element: Box<Type>) -> Type {
    Type::List { name, element, flag }
}

fn map(name: &'static str, key: Box<Type>, value: Box<Type>, nullable_keys: bool) -> Type {
    Type::Map { name, key, value, nullable_keys }
}

fn field(name: &str, ty: Type, is_parameter: bool) -> Field {
    Field { name: name.into(), ty, is_parameter }
}

fn record<const N: usize>(name: &str, length: LengthRule, fields: [(&str, Type, bool); N]) -> Type {
    let fields = fields.into_iter().map(|(name, ty, is_parameter)| field(name, ty, is_parameter)).collect();
    Type::Record(Record { name: name.into(), fields, length, hash: HashRule::Unknown })
}

/// Fields without names.
fn tuple(name: Box<str>, hash: HashRule, parts: impl Iterator<Item = Type>) -> Type {
    let fields = parts.map(|ty| field("", ty, true)).collect();
    Type::Record(Record { name, fields, length: LengthRule::SumOfPositive, hash })
}

fn alternatives(name: &'static str, branches: [(u8, &str, Type); 2], otherwise: Option<u32>) -> Type {
    let branch = |(tag, name, ty): (u8, &str, Type)| (tag, record("", LengthRule::Variable, [(name, ty, true)]));
    Type::Choice { name, branches: branches.into_iter().map(branch).collect(), otherwise }
}

/// The sides of Scala's `Either` are case classes, which hash as such; those of Flink's hash as what is in them.
fn of_products(mut choice: Type) -> Type {
    if let Type::Choice { branches, .. } = &mut choice {
        for (_, branch) in branches {
            if let Type::Record(record) = branch {
                record.hash = HashRule::Product;
            }
        }
    }
    choice
}

fn present(inner: Type) -> Type {
    Type::Nullable { name: "", inner: Box::new(inner), flag: NullFlag::OneIsPresent, padding: 0 }
}

fn stream_element(value: Type) -> Type {
    let branch = |fields: &[(&str, Scalar)]| structure("", fields);
    let with_time = record("", LengthRule::Variable, [("timestamp", LONG, false), ("record", value.clone(), true)]);
    let latency = structure(
        "",
        &[
            ("marked", Scalar::Long),
            ("operator_lower", Scalar::Long),
            ("operator_upper", Scalar::Long),
            ("subtask", Scalar::Int),
        ],
    );
    let branches = vec![
        (0, with_time),
        (1, record("", LengthRule::Variable, [("record", value, true)])),
        (2, branch(&[("watermark", Scalar::Long)])),
        (3, record("", LengthRule::Variable, [("latency", latency, false)])),
        (4, branch(&[("status", Scalar::Int)])),
        (5, branch(&[("backlog", Scalar::Boolean)])),
        (6, branch(&[("subpartition", Scalar::Int), ("internal_watermark", Scalar::Long)])),
    ];
    Type::Choice { name: "STREAM_ELEMENT", branches, otherwise: None }
}

/// What is pending, what waits to be committed, and the user's context.
fn two_phase_commit(transaction: Type, context: Type, supports_null: bool) -> Type {
    let one = record("", LengthRule::Variable, [("transaction", transaction, true), ("start", LONG, false)]);
    let committing = list("LIST", NullFlag::None, Box::new(one.clone()));
    let pending = if supports_null { present(one) } else { one };
    let fields = [("pending", pending, true), ("committing", committing, false), ("context", present(context), true)];
    record("TWO_PHASE_COMMIT", LengthRule::Variable, fields)
}

pub(super) fn kafka_transaction() -> Type {
    let id = present(Type::Scalar(Scalar::Utf));
    let epoch = Type::Scalar(Scalar::Short);
    let fields = [("transactional_id", id, false), ("producer_id", LONG, false), ("epoch", epoch, false)];
    record("KAFKA_TRANSACTION", LengthRule::Variable, fields)
}

pub(super) fn event_id() -> Type {
    structure("EVENT_ID", &[("id", Scalar::Int), ("timestamp", Scalar::Long)])
}

fn node_id() -> Type {
    let page = Type::Scalar(Scalar::String);
    present(record("NODE_ID", LengthRule::Variable, [("event", event_id(), false), ("page", page, false)]))
}

fn edge() -> Type {
    let version = Type::Scalar(Scalar::Dewey);
    record("SHARED_BUFFER_EDGE", LengthRule::Variable, [("target", node_id(), false), ("version", version, false)])
}

fn nfa_state(has_previous_timestamp: bool) -> Type {
    let mut fields = vec![
        field("state", Type::Scalar(Scalar::String), false),
        field("previous", node_id(), false),
        field("version", Type::Scalar(Scalar::Dewey), false),
        field("start", LONG, false),
    ];
    if has_previous_timestamp {
        fields.push(field("previous_timestamp", LONG, false));
    }
    fields.push(field("start_event", present(event_id()), false));
    let computation =
        Type::Record(Record { name: "".into(), fields, length: LengthRule::Variable, hash: HashRule::Unknown });
    let all = list("LIST", NullFlag::None, Box::new(computation));
    record("NFA_STATE", LengthRule::Variable, [("partial", all.clone(), false), ("completed", all, false)])
}

/// Whether a null that is padded so takes what a value takes, which is what padding is for. With any other number a null read from
/// a few bytes could be written as thousands of millions.
fn is_length(padding: u32, inner: &Type) -> bool {
    padding == 0
        || match inner.length() {
            Some(length) => length == Some(padding),
            None => u16::try_from(padding).is_ok(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serializer::SerializerSnapshot;

    fn nullable(of: &str, padding: u16) -> Type {
        let class = format!("org.apache.flink.api.common.typeutils.base.{of}Serializer${of}SerializerSnapshot");
        let inner = SerializerSnapshot::simple(&class).unwrap();
        SerializerSnapshot::nullable(&inner, padding).unwrap().type_description()
    }

    #[test]
    fn padding_is_the_length_of_a_value_or_the_type_is_not_known() {
        let is_known = |ty: Type| matches!(ty, Type::Nullable { .. });
        assert!(is_known(nullable("Long", 8)) && is_known(nullable("Long", 0)) && is_known(nullable("String", 0)));
        // Two bytes, no null and a null string, would be written as a null with all its padding.
        assert!(!is_known(nullable("String", 60_000)) && !is_known(nullable("Long", 9)));
    }
}
