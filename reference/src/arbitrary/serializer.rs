//! Serializer snapshots: those that can be built, which describe their values.

use ::arbitrary::{Error, Result, Unstructured};

use super::{DEPTH, arbitrary_by, avro, list, maybe, one_of, sql};
use crate::metadata::Release;
use crate::serializer::classes::{self, Family};
use crate::serializer::{Scalar, SerializerSnapshot};
use crate::wire::Output;

type Snapshot = SerializerSnapshot<'static>;

arbitrary_by! {
    SerializerSnapshot<'static>: |u| serializer(u, DEPTH);
    Scalar: scalar;
}

/// Those with a class of their own.
const SCALARS: &[Scalar] = {
    use Scalar as S;
    &[
        S::Int,
        S::Long,
        S::String,
        S::Boolean,
        S::Byte,
        S::Short,
        S::Char,
        S::Float,
        S::Double,
        S::BigInteger,
        S::BigDecimal,
        S::JavaDate,
        S::SqlDate,
        S::SqlTime,
        S::SqlTimestamp,
        S::Instant,
        S::LocalDate,
        S::LocalTime,
        S::LocalDateTime,
        S::Void,
        S::VoidNamespace,
        S::Tuple0,
        S::Unit,
        S::Variant,
        S::Bitmap,
        S::BooleanValue,
        S::ByteValue,
        S::ShortValue,
        S::CharValue,
        S::IntValue,
        S::LongValue,
        S::FloatValue,
        S::DoubleValue,
        S::StringValue,
        S::NullValue,
        S::BooleanArray,
        S::ByteArray,
        S::ShortArray,
        S::CharArray,
        S::IntArray,
        S::LongArray,
        S::FloatArray,
        S::DoubleArray,
        S::StringArray,
        S::GlobalWindow,
        S::SqlNull,
        S::SortedLong,
        S::Utf8,
        S::PyBytes,
        S::PyDate,
        S::PyTime,
        S::Dewey,
    ]
};

/// What a composite has before the snapshots nested in it.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    Class,
    Flag,
}

/// Composites of a fixed number of parts: family, outer version, what comes before the parts, and how many there are.
const COMPOSITES: &[(Family, i32, Before, usize)] = {
    use Family as F;
    &[
        (F::List, 1, Before::Nothing, 1),
        (F::Map, 1, Before::Nothing, 2),
        (F::Set, 1, Before::Nothing, 1),
        (F::NullAwareMap, 1, Before::Nothing, 2),
        (F::GenericArray, 1, Before::Class, 1),
        (F::Traversable, 2, Before::Class, 1),
        (F::LinkedList, 1, Before::Nothing, 1),
        (F::LinkedList, 3, Before::Flag, 1),
        (F::CaseClass, 2, Before::Class, 2),
        (F::ChangeRow, 1, Before::Nothing, 1),
        (F::Either, 1, Before::Nothing, 2),
        (F::ScalaEither, 1, Before::Nothing, 2),
        (F::Try, 1, Before::Nothing, 2),
        (F::Union, 1, Before::Nothing, 2),
        (F::Option, 2, Before::Nothing, 1),
        (F::Transparent, 1, Before::Nothing, 1),
        (F::RawValue, 1, Before::Nothing, 1),
        (F::StreamElement, 2, Before::Nothing, 1),
        (F::BufferEntry, 2, Before::Nothing, 1),
        (F::Lockable, 1, Before::Nothing, 1),
        (F::WindowKey, 1, Before::Nothing, 1),
        (F::TwoPhaseCommit, 4, Before::Flag, 2),
        (F::Row, 2, Before::Nothing, 2),
        (F::Row, 4, Before::Flag, 3),
    ]
};

/// Serializers without parameters whose values are records.
const SIMPLE: &[Family] =
    &[Family::TimeWindow, Family::CountWindow, Family::EventId, Family::KafkaTransaction, Family::KafkaContext];

fn built<E>(made: std::result::Result<Snapshot, E>) -> Result<Snapshot> {
    made.map_err(|_| Error::IncorrectFormat)
}

fn class_of(family: Family) -> Result<String> {
    classes::all().find(|(_, known)| *known == family).map(|(class, _)| class).ok_or(Error::IncorrectFormat)
}

fn scalar(u: &mut Unstructured<'_>) -> Result<Scalar> {
    one_of(u, SCALARS)
}

/// Distinct names in the order of UTF-16.
fn names(u: &mut Unstructured<'_>, prefix: char, most: u8) -> Result<Vec<String>> {
    let count = u.int_in_range(0..=most)?;
    Ok((0..count).map(|i| format!("{prefix}{i}")).collect())
}

pub(super) fn serializer(u: &mut Unstructured<'_>, depth: u8) -> Result<Snapshot> {
    let Some(depth) = depth.checked_sub(1) else { return built(Snapshot::scalar(scalar(u)?)) };
    match u.int_in_range(0..=15)? {
        0..=3 => built(Snapshot::scalar(scalar(u)?)),
        4..=7 => composite(u, depth),
        8 => built(Snapshot::tuple(&parts(u, depth, 1)?)),
        9 => built(Snapshot::row(one_of(u, &[Release::V1_13, Release::V2_3])?, &parts(u, depth, 0)?)),
        10 => {
            let inner = serializer(u, depth)?;
            // Nulls are as long as other values, or have a flag alone.
            let length = inner.type_description().length().flatten().and_then(|length| u16::try_from(length).ok());
            let padding = maybe(u, |_| Ok(length.unwrap_or(0)))?.unwrap_or(0);
            built(Snapshot::nullable(&inner, padding))
        }
        11 => {
            let constants = names(u, 'C', 3)?;
            let constants: Vec<_> = constants.iter().map(String::as_str).chain(["LAST"]).collect();
            built(Snapshot::constants("com.acme.Color", &constants))
        }
        12 => {
            let value = serializer(u, depth)?;
            built(Snapshot::ttl(&value))
        }
        13 => pojo(u, depth),
        14 => {
            let schema = avro::schema(u)?;
            let version = u.int_in_range(2..=3)?;
            built(Snapshot::avro("org.apache.avro.generic.GenericRecord", &schema, version))
        }
        _ => match u.int_in_range(0..=2)? {
            0 => built(Snapshot::simple(&class_of(one_of(u, SIMPLE)?)?)),
            _ => built(Snapshot::sql(&sql::sql_type(u)?)),
        },
    }
}

fn parts(u: &mut Unstructured<'_>, depth: u8, least: usize) -> Result<Vec<Snapshot>> {
    let mut parts = list(u, 3, |u| serializer(u, depth))?;
    while parts.len() < least {
        parts.push(serializer(u, depth)?);
    }
    Ok(parts)
}

fn composite(u: &mut Unstructured<'_>, depth: u8) -> Result<Snapshot> {
    let (family, version, before, count) = one_of(u, COMPOSITES)?;
    let parts = (0..count).map(|_| serializer(u, depth)).collect::<Result<Vec<_>>>()?;
    let mut outer = Output::new();
    match before {
        Before::Nothing => {}
        Before::Class => outer.utf(&"com.acme.Thing".into()).map_err(|_| Error::IncorrectFormat)?,
        Before::Flag => outer.bool(u.arbitrary()?),
    }
    built(Snapshot::composite(&class_of(family)?, version, &outer.into_bytes(), &parts))
}

fn pojo(u: &mut Unstructured<'_>, depth: u8) -> Result<Snapshot> {
    const CLASS: &str = "com.acme.Pojo";
    let of_names = |u: &mut Unstructured<'_>, names: &[String]| {
        names.iter().map(|_| serializer(u, depth)).collect::<Result<Vec<_>>>()
    };
    let [fields, registered, others] = [names(u, 'f', 3)?, names(u, 'R', 2)?, names(u, 'O', 2)?];
    let serializers = [of_names(u, &fields)?, of_names(u, &registered)?, of_names(u, &others)?];
    let [of_fields, of_registered, of_others] = serializers;
    let fields: Vec<_> = fields.iter().zip(of_fields).map(|(name, ty)| (CLASS, name.as_str(), ty)).collect();
    let registered: Vec<_> = registered.iter().map(String::as_str).zip(of_registered).collect();
    let others: Vec<_> = others.iter().map(String::as_str).zip(of_others).collect();
    built(Snapshot::pojo_of_hierarchy(CLASS, &fields, &registered, &others))
}
