//! The bodies of snapshots, one layout for each family.

use super::SerializerSnapshot;
use super::classes::Family;
use super::context::Context;
use super::optional_map::OptionalMap;
use crate::error::At;
use crate::wire::{Input, JavaStr, Parsed, fail, java};
use crate::{Error, ErrorKind};

const SIMPLE_VERSION: i32 = 3;
const COMPOSITE_VERSION: i32 = 3;
/// In the place of the version: a Java-serialized serializer follows (Flink up to 1.16 read it, none from 1.13 on writes it).
const ADAPTER_VERSION: i32 = 0x7A53_C4F0;
pub(super) const COMPOSITE_MAGIC: i32 = 911_108;
pub(super) const NESTED_MAGIC: i32 = 1_333_245;
pub(super) const NESTED_VERSION: i32 = 1;

/// What a body says.
#[derive(Debug, Clone)]
pub(crate) enum Body<'a> {
    /// Nothing.
    Simple,
    /// A class.
    Named(JavaStr<'a>),
    /// Class and constants of an enum, with their numbers if they have any.
    Enum { class: JavaStr<'a>, constants: Vec<(JavaStr<'a>, Option<i32>)> },
    /// Nested snapshots, and what the class writes before them.
    Composite { outer: Outer<'a>, nested: Nested<'a> },
    /// `PojoSerializerSnapshotData`.
    Pojo { class: JavaStr<'a>, fields: OptionalMap<'a>, registered: OptionalMap<'a>, others: OptionalMap<'a> },
    /// `KryoSerializerSnapshotData`. The registrations and default serializers are not needed.
    Kryo { class: JavaStr<'a> },
    /// Runtime class and schema, to be read by the version.
    Avro { body: Input<'a> },
    /// Java streams of logical types, then the snapshots of the fields.
    Row { types: Vec<Input<'a>>, nested: Nested<'a> },
    /// One or two numbers: fields, precision, precision and scale.
    Numbers(i32, i32),
    /// Java streams: logical types, then serializers.
    Streams(Vec<Input<'a>>),
    /// A body that only its class understands.
    Foreign,
}

/// What a composite writes before its nested snapshots.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outer<'a> {
    pub(crate) class: Option<JavaStr<'a>>,
    pub(crate) flag: bool,
    pub(crate) number: i32,
}

/// Nested snapshots, which were read once: reading them again cannot fail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nested<'a> {
    pub(crate) first: Input<'a>,
    pub(crate) count: u32,
}

/// Reads a body to its end.
pub(super) fn read<'a>(
    input: Input<'a>,
    family: Family,
    version: i32,
    nesting: u8,
    context: &Context<'_>,
) -> Parsed<'a, Body<'a>> {
    if version == ADAPTER_VERSION {
        return version_error(input, version);
    }
    match family {
        Family::Scalar(_)
        | Family::TimeWindow
        | Family::CountWindow
        | Family::JavaObject
        | Family::StringData
        | Family::EventId
        | Family::KafkaTransaction
        | Family::KafkaContext => simple(input, version),
        Family::Value | Family::CopyableValue | Family::Writable => {
            let (rest, class) = java::utf(input, false).field("type_class")?;
            Ok((rest, Body::Named(class)))
        }
        Family::Enum => read_enum(input, false),
        Family::NumberedEnum => read_enum(input, true),
        Family::Pojo => read_pojo(input, version, nesting, context),
        Family::Kryo => read_kryo(input),
        Family::Avro => {
            let (rest, _) = crate::value::AvroBody::read(input, version)?;
            Ok((rest, Body::Avro { body: input.until(&rest) }))
        }
        Family::TtlAware => {
            let (rest, flag) = java::bool(input, false).field("ttl_enabled")?;
            let outer = Outer { flag, ..Outer::default() };
            nested_list(rest, 1, nesting, context).map(|(rest, nested)| (rest, Body::Composite { outer, nested }))
        }
        Family::RowData | Family::PyRowData => read_row(input, version, nesting, context),
        Family::BinaryRowData | Family::TimestampData | Family::PyTimestamp => {
            let (rest, number) = java::i32(input).field("number")?;
            Ok((rest, Body::Numbers(number, 0)))
        }
        Family::DecimalData | Family::PyDecimal => {
            let (rest, precision) = java::i32(input).field("precision")?;
            let (rest, scale) = java::i32(rest).field("scale")?;
            Ok((rest, Body::Numbers(precision, scale)))
        }
        Family::ArrayData | Family::PyArrayData => read_streams(input, 2),
        Family::MapData | Family::PyMapData => read_streams(input, 4),
        Family::SortedMap => {
            let (rest, _) = java_stream(input).field("comparator")?;
            let (rest, nested) = nested(rest, nesting, context)?;
            Ok((rest, Body::Composite { outer: Outer::default(), nested }))
        }
        Family::RowDataKey if version != 0 => version_error(input, version),
        Family::RowDataKey => {
            let (rest, _) = java::bytes32(input).field("equaliser")?;
            let (rest, _) = java::bytes32(rest).field("hash_function")?;
            let (rest, nested) = nested_list(rest, 1, nesting, context)?;
            Ok((rest, Body::Composite { outer: Outer::default(), nested }))
        }
        Family::LegacyEither | Family::LegacyGenericArray => {
            if version != 2 {
                return version_error(input, version);
            }
            let named = family == Family::LegacyGenericArray;
            let (rest, class) = if named {
                java::utf(input, false).field("type_class").map(|(rest, class)| (rest, Some(class)))?
            } else {
                (input, None)
            };
            let (rest, nested) = nested(rest, nesting, context)?;
            Ok((rest, Body::Composite { outer: Outer { class, ..Outer::default() }, nested }))
        }
        _ => read_composite(input, family, version, nesting, context),
    }
}

fn version_error<T>(body: Input<'_>, found: i32) -> Parsed<'_, T> {
    fail(ErrorKind::SnapshotVersion { found }, body.offset().saturating_sub(4)).field("version")
}

fn simple(input: Input<'_>, version: i32) -> Parsed<'_, Body<'_>> {
    match version {
        SIMPLE_VERSION => Ok((input, Body::Simple)),
        // Legacy: the name of the serializer class.
        2 => java::utf(input, false).field("serializer_class").map(|(rest, _)| (rest, Body::Simple)),
        found => version_error(input, found),
    }
}

/// Class, count and constants; numbers besides in Scala's.
fn read_enum(input: Input<'_>, numbered: bool) -> Parsed<'_, Body<'_>> {
    let (rest, class) = java::utf(input, false).field("enum_class")?;
    let (mut rest, count) = java::count(rest, if numbered { 6 } else { 2 }).field("constants")?;
    let mut constants = Vec::new();
    for i in 0..count {
        let (next, name) = java::utf(rest, false).index(i.into()).field("constants")?;
        let (next, number) = if numbered {
            let (next, number) = java::i32(next).index(i.into()).field("numbers")?;
            (next, Some(number))
        } else {
            (next, None)
        };
        constants.push((name, number));
        rest = next;
    }
    Ok((rest, Body::Enum { class, constants }))
}

fn read_composite<'a>(
    input: Input<'a>,
    family: Family,
    version: i32,
    nesting: u8,
    context: &Context<'_>,
) -> Parsed<'a, Body<'a>> {
    // Flink before 1.8 wrote neither magic nor outer version.
    let (rest, outer_version) = match version {
        COMPOSITE_VERSION => {
            let rest = magic(input, COMPOSITE_MAGIC, "composite_magic")?;
            java::i32(rest).field("outer_version")?
        }
        1 | 2 => (input, version),
        found => return version_error(input, found),
    };
    let (rest, outer) = read_outer(rest, family, outer_version)?;
    let (rest, nested) = nested(rest, nesting, context)?;
    Ok((rest, Body::Composite { outer, nested }))
}

fn read_outer(input: Input<'_>, family: Family, version: i32) -> Parsed<'_, Outer<'_>> {
    let outer = Outer::default();
    match family {
        Family::Tuple | Family::CaseClass | Family::GenericArray | Family::Traversable => {
            let (rest, class) = java::utf(input, false).field("type_class")?;
            Ok((rest, Outer { class: Some(class), ..outer }))
        }
        Family::Nullable => {
            let (rest, number) = java::i32(input).field("padding")?;
            if number < 0 {
                return fail(ErrorKind::NegativeLength { found: number.into() }, input.offset()).field("padding");
            }
            Ok((rest, Outer { number, ..outer }))
        }
        // Flags that came with 1.14.3, and with 1.16; before them their values were implied.
        Family::Row if version >= 4 => with_flag(input, outer, "supports_row_kind"),
        Family::TwoPhaseCommit if version >= 4 => with_flag(input, outer, "supports_null"),
        Family::Row | Family::TwoPhaseCommit => Ok((input, Outer { flag: version == 3, ..outer })),
        Family::LinkedList if version >= 3 => with_flag(input, outer, "has_null_mask"),
        Family::LinkedList => Ok((input, Outer { flag: version == 2, ..outer })),
        Family::NfaState if version >= 2 => with_flag(input, outer, "supports_previous_timestamp"),
        Family::External => {
            let (rest, _) = java_stream(input).field("data_type")?;
            with_flag(rest, outer, "is_internal_input")
        }
        _ => Ok((input, outer)),
    }
}

fn with_flag<'a>(input: Input<'a>, outer: Outer<'a>, name: &'static str) -> Parsed<'a, Outer<'a>> {
    let (rest, flag) = java::bool(input, false).field(name)?;
    Ok((rest, Outer { flag, ..outer }))
}

fn read_pojo<'a>(input: Input<'a>, version: i32, nesting: u8, context: &Context<'_>) -> Parsed<'a, Body<'a>> {
    if version != 2 {
        return version_error(input, version);
    }
    let (rest, class) = java::utf(input, false).field("pojo_class")?;
    let (rest, fields) = OptionalMap::read(rest).field("fields")?;
    let (rest, registered) = OptionalMap::read(rest).field("registered")?;
    let (rest, others) = OptionalMap::read(rest).field("non_registered")?;
    for (map, name) in [(&fields, "fields"), (&registered, "registered"), (&others, "non_registered")] {
        for (i, entry) in map.entries().enumerate() {
            if let Some(frame) = entry.value {
                let read = || -> Result<(), nom::Err<Error>> {
                    let (rest, _) = SerializerSnapshot::read_framed(frame, nesting, context)?;
                    if rest.is_empty() {
                        return Ok(());
                    }
                    fail::<()>(ErrorKind::FrameTrailing { count: rest.len() }, rest.offset()).map(|_| ())
                };
                read().map(|()| (frame, ())).index(i as u64).field(name)?;
            }
        }
    }
    Ok((rest, Body::Pojo { class, fields, registered, others }))
}

fn read_kryo(input: Input<'_>) -> Parsed<'_, Body<'_>> {
    let (rest, class) = java::utf(input, false).field("type_class")?;
    let (rest, _) = OptionalMap::read(rest).field("registrations")?;
    let (rest, _) = OptionalMap::read(rest).field("default_serializers")?;
    let (rest, _) = OptionalMap::read(rest).field("default_serializer_classes")?;
    Ok((rest, Body::Kryo { class }))
}

/// `i32` count, as many Java streams of logical types, then the nested snapshots.
fn read_row<'a>(input: Input<'a>, version: i32, nesting: u8, context: &Context<'_>) -> Parsed<'a, Body<'a>> {
    // Version 4 comes after 2.3.
    if version > 3 {
        return version_error(input, version);
    }
    let (mut rest, count) = java::count(input, 6).field("fields")?;
    let mut types = Vec::new();
    for i in 0..count {
        let (next, stream) = java_stream(rest).index(i.into()).field("types")?;
        types.push(stream);
        rest = next;
    }
    let (rest, nested) = nested(rest, nesting, context)?;
    Ok((rest, Body::Row { types, nested }))
}

fn read_streams(input: Input<'_>, count: usize) -> Parsed<'_, Body<'_>> {
    let mut rest = input;
    let mut streams = Vec::with_capacity(count);
    for i in 0..count {
        let (next, stream) = java_stream(rest).index(i as u64).field("streams")?;
        streams.push(stream);
        rest = next;
    }
    Ok((rest, Body::Streams(streams)))
}

fn java_stream(input: Input<'_>) -> Parsed<'_, Input<'_>> {
    let (rest, ()) = super::java_object::skip(input)?;
    Ok((rest, input.until(&rest)))
}

/// Magic, version and count, then the snapshots.
fn nested<'a>(input: Input<'a>, nesting: u8, context: &Context<'_>) -> Parsed<'a, Nested<'a>> {
    let rest = magic(input, NESTED_MAGIC, "nested_magic")?;
    let rest = magic(rest, NESTED_VERSION, "nested_version")?;
    let (rest, count) = java::count(rest, 6).field("nested")?;
    nested_list(rest, count, nesting, context)
}

pub(super) fn nested_list<'a>(
    first: Input<'a>,
    count: u32,
    nesting: u8,
    context: &Context<'_>,
) -> Parsed<'a, Nested<'a>> {
    let mut rest = first;
    for i in 0..count {
        let read = SerializerSnapshot::read_nested(rest, nesting, context);
        if read.is_err() {
            context.left_behind(|| super::context::Todo::Snapshots { count: count - i - 1, nesting });
        }
        rest = read.index(i.into()).field("nested")?.0;
    }
    Ok((rest, Nested { first, count }))
}

fn magic<'a>(input: Input<'a>, expected: i32, name: &'static str) -> Result<Input<'a>, nom::Err<Error>> {
    let (rest, found) = java::field_i32(input, name)?;
    if found != expected {
        return fail::<()>(ErrorKind::SnapshotMagic { found, expected }, input.offset())
            .field(name)
            .map(|(rest, ())| rest);
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::done;

    #[test]
    fn row_keys_have_one_version() {
        let body = [0; 8];
        let read = |version| {
            let input = Input::with_offset(&body, 4);
            let read = super::read(input, Family::RowDataKey, version, 1, &Context::default());
            done(read, input.end()).map(|_| ()).unwrap_err()
        };
        let error = read(256);
        assert_eq!((error.kind(), error.offset()), (&ErrorKind::SnapshotVersion { found: 256 }, 0));
        assert_ne!(read(0).kind(), &ErrorKind::SnapshotVersion { found: 0 });
    }
}
