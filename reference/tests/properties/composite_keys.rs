//! Composite keys and timers: what is joined can be split again, and nothing else.

use flink_savepoint::keyed::{
    CompositeKey, KeyGroup, KeyLayout, KeyedHeader, KeyedStream, KeyedWriter, MaxParallelism, StateId, Timer,
};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{KeyGroupRange, Release};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::value::{
    BigInteger, Field, FlinkString, NullFlag, Record, RowKind, Scalar, TypeDescription, Value,
};
use proptest::prelude::*;
use proptest::sample::select;

type Snapshot = SerializerSnapshot<'static>;

const TIME_WINDOW: &str =
    "org.apache.flink.streaming.api.windowing.windows.TimeWindow$Serializer$TimeWindowSerializerSnapshot";

/// Fixed, variable, of no bytes, of one byte that counts as none.
const SCALARS: [Scalar; 24] = [
    Scalar::Boolean,
    Scalar::Byte,
    Scalar::Short,
    Scalar::Char,
    Scalar::Int,
    Scalar::Long,
    Scalar::Float,
    Scalar::Double,
    Scalar::String,
    Scalar::StringValue,
    Scalar::ByteArray,
    Scalar::IntArray,
    Scalar::LongArray,
    Scalar::StringArray,
    Scalar::BigInteger,
    Scalar::JavaDate,
    Scalar::Instant,
    Scalar::SqlTimestamp,
    Scalar::Void,
    Scalar::VoidNamespace,
    Scalar::NullValue,
    Scalar::GlobalWindow,
    Scalar::LongValue,
    Scalar::Tuple0,
];

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let scalar = select(&SCALARS[..]).prop_map(|scalar| SerializerSnapshot::scalar(scalar).unwrap());
    let window = Just(()).prop_map(|()| SerializerSnapshot::simple(TIME_WINDOW).unwrap());
    // Strings, numbers and windows are what keys and namespaces are made of.
    let usual = select(&[Scalar::Int, Scalar::Long, Scalar::String, Scalar::VoidNamespace][..])
        .prop_map(|scalar| SerializerSnapshot::scalar(scalar).unwrap());
    let leaf = prop_oneof![3 => usual, 3 => scalar, 1 => window];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|element| SerializerSnapshot::list(&element).unwrap()),
            (inner.clone(), inner.clone()).prop_map(|(key, value)| SerializerSnapshot::map(&key, &value).unwrap()),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| SerializerSnapshot::either(&left, &right).unwrap()),
            proptest::collection::vec(inner.clone(), 1..4)
                .prop_map(|fields| SerializerSnapshot::tuple(&fields).unwrap()),
            proptest::collection::vec(inner.clone(), 0..10).prop_map(|fields| SerializerSnapshot::row(
                Release::V2_3,
                &fields
            )
            .unwrap()),
            (inner, any::<bool>()).prop_map(|(inner, pads)| nullable(&inner, pads)),
        ]
    })
}

/// Pads a null to the length of a value, if that is fixed.
fn nullable(inner: &Snapshot, pads: bool) -> Snapshot {
    let length = inner.type_description().length().flatten().filter(|_| pads).unwrap_or(0);
    SerializerSnapshot::nullable(inner, length.try_into().unwrap()).unwrap()
}

fn number() -> impl Strategy<Value = i64> {
    let edges = vec![0, -1, 1, 127, 128, 255, 256, 32_767, 32_768, 65_535, i64::MIN, i64::MAX, 0x0606_0606, 0x8080];
    prop_oneof![select(edges), any::<i64>()]
}

/// Lengths where the number of bytes that say it changes, too.
fn units() -> impl Strategy<Value = Vec<u16>> {
    let unit = || prop_oneof![any::<u16>(), 0..4_u16, select(&[0x7F, 0x80, 0xD800, 0xDFFF, u16::MAX][..])];
    prop_oneof![
        8 => proptest::collection::vec(unit(), 0..5),
        1 => (select(&[126_usize, 127, 128, 252, 253, 254, 255, 256, 300][..]), 0..128_u16).prop_map(|(n, unit)| vec![unit; n]),
    ]
}

fn low(number: i64) -> i32 {
    i32::from_be_bytes(number.to_be_bytes()[4..].try_into().unwrap())
}

fn scalar_value(scalar: Scalar) -> BoxedStrategy<Value<'static>> {
    use Scalar as S;
    let string = |units: Vec<u16>| Value::String(FlinkString::from_utf16(units));
    let null = |value: BoxedStrategy<Value<'static>>| prop_oneof![1 => Just(Value::Null), 4 => value].boxed();
    match scalar {
        S::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        S::Byte => number().prop_map(|n| Value::Byte(n.to_be_bytes()[7].cast_signed())).boxed(),
        S::Short => any::<i16>().prop_map(Value::Short).boxed(),
        S::Char => any::<u16>().prop_map(Value::Char).boxed(),
        S::Int => number().prop_map(|n| Value::Int(low(n))).boxed(),
        S::Float => any::<u32>().prop_map(Value::Float).boxed(),
        S::Double => any::<u64>().prop_map(Value::Double).boxed(),
        S::Long | S::LongValue => number().prop_map(Value::Long).boxed(),
        S::JavaDate => null(number().prop_filter("stands for null", |n| *n != i64::MIN).prop_map(Value::Long).boxed()),
        S::String => null(units().prop_map(string).boxed()),
        S::StringValue => units().prop_map(string).boxed(),
        S::StringArray => proptest::collection::vec(scalar_value(S::String), 0..4).prop_map(Value::List).boxed(),
        S::ByteArray => proptest::collection::vec(any::<u8>(), 0..300).prop_map(|b| Value::Bytes(b.into())).boxed(),
        S::IntArray | S::LongArray => {
            let width = if scalar == S::IntArray { 4 } else { 8 };
            proptest::collection::vec(any::<u8>(), 0..5)
                .prop_map(move |b| Value::Primitives(b.repeat(width).into()))
                .boxed()
        }
        S::BigInteger => null(
            proptest::collection::vec(any::<u8>(), 1..20)
                .prop_map(|bytes| Value::BigInteger(BigInteger::from_twos_complement(&bytes)))
                .boxed(),
        ),
        S::Instant | S::SqlTimestamp => null(
            (number(), 0..1_000_000_000)
                .prop_filter("stands for null", |(time, _)| *time != i64::MIN)
                .prop_map(|(time, nanos)| Value::Timestamp { time, nanos })
                .boxed(),
        ),
        S::Void | S::VoidNamespace | S::NullValue | S::GlobalWindow | S::Tuple0 => Just(Value::Null).boxed(),
        other => panic!("no values of {other:?}"),
    }
}

fn all_of(fields: impl Iterator<Item = BoxedStrategy<Value<'static>>>) -> BoxedStrategy<Vec<Value<'static>>> {
    fields.fold(Just(Vec::new()).boxed(), |before, field| {
        (before, field)
            .prop_map(|(mut before, field)| {
                before.push(field);
                before
            })
            .boxed()
    })
}

/// Values of a type.
fn value(ty: &TypeDescription) -> BoxedStrategy<Value<'static>> {
    match ty {
        TypeDescription::Scalar(scalar) => scalar_value(*scalar),
        TypeDescription::List { element, flag: NullFlag::None, .. } => {
            proptest::collection::vec(value(element), 0..4).prop_map(Value::List).boxed()
        }
        TypeDescription::Map { key, value: mapped, .. } => {
            let mapped = prop_oneof![1 => Just(Value::Null), 4 => value(mapped)];
            proptest::collection::vec((value(key), mapped), 0..4).prop_map(Value::Map).boxed()
        }
        TypeDescription::Record(Record { fields, .. }) => {
            all_of(fields.iter().map(|Field { ty, .. }| value(ty))).prop_map(Value::Record).boxed()
        }
        TypeDescription::Row { fields, .. } => {
            let field = |ty| prop_oneof![1 => Just(Value::Null), 4 => value(ty)].boxed();
            let kind = select(&[RowKind::Insert, RowKind::Delete][..]);
            (kind, all_of(fields.iter().map(field))).prop_map(|(kind, fields)| Value::Row(kind, fields)).boxed()
        }
        TypeDescription::Choice { branches, .. } => {
            let branch = |(i, (_, ty)): (usize, &(u8, TypeDescription))| {
                let position = u32::try_from(i).unwrap();
                value(ty).prop_map(move |value| Value::Alternative(position, Box::new(value))).boxed()
            };
            proptest::strategy::Union::new(branches.iter().enumerate().map(branch)).boxed()
        }
        TypeDescription::Nullable { inner, .. } => prop_oneof![1 => Just(Value::Null), 4 => value(inner)].boxed(),
        other => panic!("no values of {other}"),
    }
}

/// A type, and some values of it as they are encoded.
fn typed(count: usize) -> impl Strategy<Value = (Snapshot, Vec<Vec<u8>>)> {
    snapshot().prop_flat_map(move |snapshot| {
        let ty = snapshot.type_description();
        let values = proptest::collection::vec(value(&ty).prop_map(move |value| ty.encode(&value).unwrap()), count);
        (Just(snapshot), values)
    })
}

fn kind() -> impl Strategy<Value = KeyedStateType> {
    select(&[KeyedStateType::Value, KeyedStateType::List, KeyedStateType::Map][..])
}

fn user_keys(count: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(prop_oneof![0..8_u8, any::<u8>()], 0..6), count)
}

/// Some composite keys of one state.
#[derive(Debug)]
struct Keys {
    key: Snapshot,
    namespace: Snapshot,
    kind: KeyedStateType,
    /// Key, namespace, user key.
    parts: Vec<[Vec<u8>; 3]>,
}

impl Keys {
    fn any(count: usize) -> impl Strategy<Value = Self> {
        let user_keys = user_keys(count);
        (typed(count), typed(count), user_keys, kind()).prop_map(
            |((key, keys), (namespace, namespaces), user_keys, kind)| {
                let parts = keys.into_iter().zip(namespaces).zip(user_keys);
                let parts = parts.map(|((key, namespace), user_key)| [key, namespace, user_key]).collect();
                Self { key, namespace, kind, parts }
            },
        )
    }

    fn layout(&self) -> KeyLayout {
        let state = StateMetaInfo::keyed("s", self.kind, self.namespace.clone(), self.key.clone());
        KeyLayout::of(&self.key, &state).unwrap()
    }

    fn composite<'k>(&self, [key, namespace, user_key]: &'k [Vec<u8>; 3]) -> CompositeKey<'k> {
        CompositeKey { key, namespace, user_key: (self.kind == KeyedStateType::Map).then_some(user_key) }
    }
}

/// Base 256, low byte first, without zeros at its end but for 0 itself.
fn spelled(mut length: usize) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(length % 256).unwrap()];
    while length >= 256 {
        length /= 256;
        bytes.push(u8::try_from(length % 256).unwrap());
    }
    bytes
}

/// A length by the words of the specification: numbers and windows are fixed, tuples if all fields are with more than 0 bytes.
fn is_variable(ty: &TypeDescription) -> bool {
    use Scalar as S;
    match ty {
        TypeDescription::Scalar(scalar) => matches!(
            scalar,
            S::String | S::StringValue | S::ByteArray | S::IntArray | S::LongArray | S::StringArray | S::BigInteger
        ),
        TypeDescription::Record(record) if &*record.name == "TUPLE" => {
            let empty = |ty: &TypeDescription| matches!(ty, TypeDescription::Scalar(S::VoidNamespace | S::NullValue));
            record.fields.iter().any(|field| is_variable(&field.ty) || empty(&field.ty))
        }
        TypeDescription::Record(_) => false,
        TypeDescription::Nullable { padding, .. } => *padding == 0,
        _ => true,
    }
}

proptest! {
    #[test]
    fn what_is_joined_splits_into_its_parts(keys in Keys::any(1)) {
        let (layout, parts) = (keys.layout(), keys.composite(&keys.parts[0]));
        let joined = layout.join(&parts);
        prop_assert_eq!(layout.split(&joined), Some(parts));
        prop_assert_eq!(layout.split_key(&joined), Some(parts.key));
        // By the words of the specification.
        let ambiguous = is_variable(layout.key()) && is_variable(layout.namespace());
        prop_assert_eq!(layout.has_lengths(), ambiguous);
        let lengths = [parts.key, parts.namespace].map(|part| if ambiguous { spelled(part.len()) } else { Vec::new() });
        let [of_key, of_namespace] = &lengths;
        let user_key = parts.user_key.unwrap_or_default();
        prop_assert_eq!(joined, [parts.key, of_key, parts.namespace, of_namespace, user_key].concat());
    }

    /// Also where a byte was changed, added or removed: nothing is split that does not join to the same bytes.
    #[test]
    fn what_can_be_split_joins_to_the_same_bytes(keys in Keys::any(1), at in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..4) {
        let layout = keys.layout();
        let mut bytes = layout.join(&keys.composite(&keys.parts[0]));
        let at = at.index(bytes.len() + 1);
        match how {
            0 if at < bytes.len() => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.truncate(at),
        }
        if let Some(parts) = layout.split(&bytes) {
            prop_assert_eq!(layout.join(&parts), bytes);
        }
    }

    /// Keys, namespaces and user keys from a few, so that many have parts in common.
    #[test]
    fn different_parts_never_have_the_same_bytes(keys in Keys::any(3)) {
        let layout = keys.layout();
        let pool = |part: usize| keys.parts.iter().map(move |parts| &parts[part]);
        let mut joined = std::collections::BTreeMap::new();
        for key in pool(0) {
            for namespace in pool(1) {
                for user_key in pool(2) {
                    let parts = [key.clone(), namespace.clone(), user_key.clone()];
                    let composite = keys.composite(&parts);
                    let seen = (composite.key.to_vec(), composite.namespace.to_vec(), composite.user_key.map(<[u8]>::to_vec));
                    if let Some(other) = joined.insert(layout.join(&composite), seen.clone()) {
                        prop_assert_eq!(other, seen);
                    }
                }
            }
        }
    }

    /// A key that does not say where it ends, before a namespace of fixed length.
    #[test]
    fn keys_of_users_end_where_the_namespace_starts(key in proptest::collection::vec(any::<u8>(), 0..40), namespace in typed(1), is_variable in any::<bool>()) {
        let opaque = TypeDescription::Opaque { class: "com.example.Key".into(), is_variable };
        let (namespace, bytes) = (namespace.0.type_description(), &namespace.1[0]);
        let fixed = matches!(namespace.length(), Some(Some(_)));
        let Some(layout) = KeyLayout::new(opaque, namespace.clone(), KeyedStateType::Value) else {
            prop_assert!(!fixed && !is_variable);
            return Ok(());
        };
        let parts = CompositeKey { key: &key, namespace: bytes, user_key: None };
        let joined = layout.join(&parts);
        let split = layout.split(&joined);
        if fixed {
            prop_assert_eq!(split, Some(parts));
        } else {
            prop_assert_eq!(split, None, "a key of a user's cannot be told from what follows it");
        }
    }

    #[test]
    fn timers_are_ordered_in_time_and_split_into_key_and_namespace(key in typed(1), namespace in typed(1), one in number(), other in number()) {
        let rest = [&key.1[0][..], &namespace.1[0]].concat();
        let timer = Timer { timestamp: one, rest: &rest };
        let bytes = timer.write();
        prop_assert_eq!(Timer::read(&bytes), Some(timer));
        prop_assert_eq!(timer.split(&key.0.type_description()), Some((&key.1[0][..], &namespace.1[0][..])));
        let later = Timer { timestamp: other, rest: &rest }.write();
        prop_assert_eq!(bytes.cmp(&later), one.cmp(&other));
        prop_assert_eq!(Timer::read(&bytes[..7]), None);
    }

    /// The bytes of a section, read by hand: prefixes, and the bit of the last entry of a run.
    #[test]
    fn prefixes_say_the_key_group_and_the_end_of_a_run(
        max in crate::key_groups::max_parallelism(),
        entries in proptest::collection::vec((any::<u16>(), 0..3_u16, proptest::collection::vec(any::<u8>(), 0..20)), 1..20),
    ) {
        let mut entries: Vec<_> = entries.into_iter().map(|(group, state, key)| (group % max.get(), state, key)).collect();
        entries.sort();
        let stream = write(max, &entries);
        let width = if max.get() <= 128 { 1 } else { 2 };
        let mut read = Vec::new();
        for (group, offset) in stream.offsets.iter().filter(|(_, offset)| *offset != 0) {
            let mut rest = &stream.sink[usize::try_from(offset).unwrap()..];
            let mut number = |count: usize| {
                let (bytes, behind) = rest.split_at(count);
                rest = behind;
                bytes.to_vec()
            };
            let be = |bytes: &[u8]| bytes.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
            loop {
                let state = be(&number(2));
                if state == 0xFFFF {
                    break;
                }
                loop {
                    let length = be(&number(4));
                    let mut key = number(length);
                    let is_last = key[0] & 0x80 != 0;
                    key[0] &= 0x7F;
                    prop_assert_eq!(be(&key[..width]), usize::try_from(group).unwrap());
                    let length = be(&number(4));
                    prop_assert_eq!(number(length), b"v");
                    read.push((u16::try_from(group).unwrap(), u16::try_from(state).unwrap(), key[width..].to_vec()));
                    if is_last {
                        break;
                    }
                }
            }
        }
        prop_assert_eq!(&read, &entries);
        // And by the reader.
        let opened = KeyedStream::open(&stream.sink, &stream.offsets, max).unwrap();
        let mut found = Vec::new();
        opened.for_each::<flink_savepoint::Error>(&mut Vec::new(), |group, entry| {
            assert_eq!(entry.key_group, group);
            found.push((group.0, entry.state.0, entry.key.to_vec()));
            Ok(())
        }).unwrap();
        prop_assert_eq!(found, entries);
    }
}

fn write(max: MaxParallelism, entries: &[(u16, u16, Vec<u8>)]) -> flink_savepoint::keyed::WrittenStream<Vec<u8>> {
    let long = || SerializerSnapshot::scalar(Scalar::Long).unwrap();
    let state = |name| StateMetaInfo::keyed(name, KeyedStateType::Value, long(), long());
    let header = KeyedHeader { compressed: false, key_serializer: long(), states: ["a", "b", "c"].map(state).into() };
    let range = KeyGroupRange::new(0, max.get().into()).unwrap();
    let mut writer = KeyedWriter::new(Vec::new(), &header, range, max).unwrap();
    for (group, state, key) in entries {
        writer.entry(KeyGroup(*group), StateId(*state), key, b"v").unwrap();
    }
    writer.finish().unwrap()
}
