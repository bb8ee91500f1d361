//! Values, and the forms that they have in the entries of keyed state.

use flink_savepoint::meta_info::{KeyedStateType, StateKind};
use flink_savepoint::value::{Scalar, SqlField, SqlKind, TypeDescription};

use super::parts::{Parts, spot};
use super::spans::Span;
use super::streams::{Entry, entries, entry, resize};
use super::{Base, FIXED, KINDS, Mutation, invalid, malformed, of};
use crate::check::Spot;

const VALUES: Base = of("2.3.0-hashmap-typed", &["values"]);
const TTL: Base = of("2.3.0-hashmap-rich", &["ttl"]);
const TEXTS: Base = of("2.3.0-hashmap-rich", &["ambiguous"]);
const ROW: Base = of("2.3.0-hashmap-sql", &["GroupAggregate[22]"]);
const DECIMALS: Base = of("2.3.0-hashmap-sql", &["GroupAggregate[14]"]);
const ROWS: Base = of("2.3.0-hashmap-sql", &["Deduplicate[28]"]);
const POJO: Base = of("2.3.0-hashmap-typed", &["pojo"]);
const EMPTY: Base = of("2.3.0-hashmap-rich", &["empty"]);

/// A binary row stands behind its length.
const LENGTH: usize = 4;

pub(super) const ALL: &[Mutation] = &[
    malformed("value-longer", ("VALUE-END-01", "value-trailing"), FIXED, "A value has a byte behind it.", |parts| {
        let entry = entry(parts, is_value)?;
        let (length, value) = (entry.field("keyed-entry.value_length")?, entry.value()?);
        let bytes = [parts.bytes(&value), &[0]].concat();
        resize(parts, length, &value, &bytes)?;
        Some(Spot { offset: Some(value.range.end as u64), ..spot(&value) })
    }),
    malformed("value-cut", ("WIRE-TRUNCATED-01", "truncated"), FIXED, "A value ends before its type does.", |parts| {
        let entry = entry(parts, is_value)?;
        let (length, value) = (entry.field("keyed-entry.value_length")?, entry.value()?);
        let bytes = parts.bytes(&value).split_last()?.1.to_vec();
        resize(parts, length, &value, &bytes)?;
        Some(spot(&value))
    })
    .also(&["VALUE-STATE-01"]),
    malformed(
        "timestamp-cut",
        ("WIRE-TRUNCATED-01", "truncated"),
        TTL,
        "A value with time to live is shorter than a timestamp.",
        |parts| {
            let entry = entry(parts, is_value)?;
            let (length, value) = (entry.field("keyed-entry.value_length")?, entry.value()?);
            resize(parts, length, &value, &[0; 4])?;
            Some(spot(&value))
        },
    )
    .also(&["VALUE-TTL-01"]),
    malformed(
        "pojo-flags-unknown",
        ("VALUE-TAG-01", "value-tag"),
        POJO,
        "The flags of a POJO have a bit that Flink does not have.",
        |parts| {
            let entry = entry(parts, |entry| is_value(entry) && matches!(entry.value_type, TypeDescription::Pojo(_)))?;
            write_in(parts, &entry.value()?, 0, &[0x10])
        },
    ),
    malformed(
        "enum-constant-beyond",
        ("VALUE-POSITION-01", "value-position"),
        VALUES,
        "The position of an enum constant is beyond those of the type.",
        |parts| in_value(parts, "color", 0, &[0, 0, 0, 99]),
    ),
    malformed(
        "list-count-beyond",
        ("WIRE-LENGTH-02", "length-beyond-input"),
        VALUES,
        "The number of elements of an array is more than its bytes can hold.",
        |parts| in_value(parts, "boxes", 0, &[0x7F, 0, 0, 0]),
    )
    .also(&["VALUE-STATE-01"]),
    malformed(
        "map-count-negative",
        ("WIRE-LENGTH-01", "negative-length"),
        VALUES,
        "The number of entries of a map is -1.",
        |parts| in_value(parts, "map", 0, &[0xFF; 4]),
    )
    .also(&["VALUE-STATE-01"]),
    malformed(
        "string-length-of-six-groups",
        ("VALUE-STRING-01", "varint"),
        TEXTS,
        "The length of a string has more than five groups of seven bits.",
        |parts| {
            let element =
                parts.find_if("list-element.element", |element| !element.opened && element.range.len() > 6)?;
            let bytes = [&[0xFF; 6], parts.bytes(&element).get(6..)?].concat();
            parts.overwrite(&element, &bytes)
        },
    ),
    malformed(
        "big-integer-of-no-bytes",
        ("VALUE-BIGINT-01", "big-integer-tag"),
        VALUES,
        "The tag of a big integer is 4.",
        |parts| {
            let entry = entry(parts, |entry| is_list_of(entry, Scalar::BigInteger))?;
            let element = entry.field("list-element.element")?;
            let bytes = [&4_i32.to_be_bytes(), parts.bytes(element).get(4..)?].concat();
            parts.overwrite(element, &bytes)
        },
    ),
    malformed(
        "date-without-time",
        ("VALUE-TIME-01", "half-null"),
        VALUES,
        "The date of a LocalDateTime is null, and its time is not.",
        |parts| {
            // Date, SQL date, time and timestamp, instant: then it stands.
            const BEFORE: usize = 8 + 8 + 8 + 12 + 12;
            in_value(parts, "times", BEFORE, &[0x80, 0, 0, 0, 0, 0])
        },
    ),
    malformed(
        "list-separator-other",
        ("VALUE-LIST-STATE-01", "list-separator"),
        KINDS,
        "Two elements of list state have a semicolon between them.",
        |parts| {
            let separator = parts.find("list-element.separator").filter(|separator| !separator.opened)?;
            parts.overwrite(&separator, b";")
        },
    ),
    malformed(
        "list-separator-at-end",
        ("VALUE-LIST-STATE-01", "list-separator"),
        KINDS,
        "Behind the last element of list state stands another comma.",
        |parts| {
            let entry = entry(parts, |entry| entry.kind == StateKind::Keyed(KeyedStateType::List))?;
            let (length, value) = (entry.field("keyed-entry.value_length")?, entry.value()?);
            let bytes = [parts.bytes(&value), b","].concat();
            resize(parts, length, &value, &bytes)?;
            Some(Spot { offset: Some(value.range.end as u64), ..spot(&value) })
        },
    ),
    malformed(
        "map-value-without-flag",
        ("WIRE-TRUNCATED-01", "truncated"),
        KINDS,
        "The value of map state has no bytes, not even the flag.",
        |parts| {
            let entry = entry(parts, |entry| entry.kind == StateKind::Keyed(KeyedStateType::Map))?;
            let (length, value) = (entry.field("keyed-entry.value_length")?, entry.value()?);
            resize(parts, length, &value, &[])?;
            Some(spot(&value))
        },
    )
    .also(&["VALUE-MAP-STATE-01"]),
    malformed("row-kind-unknown", ("SQL-ROW-01", "sql-row-kind"), ROW, "The kind of a binary row is 4.", |parts| {
        let value = row(parts)?.value()?;
        write_in(parts, &value, LENGTH, &[4])
    }),
    malformed(
        "row-longer-than-value",
        ("WIRE-LENGTH-02", "length-beyond-input"),
        ROW,
        "A binary row is longer than its value.",
        |parts| {
            let value = row(parts)?.value()?;
            write_in(parts, &value, 0, &[0x7F])
        },
    )
    .also(&["VALUE-STATE-01"]),
    malformed(
        "slot-beyond-row",
        ("SQL-BINARY-01", "sql-slot"),
        DECIMALS,
        "A slot of a binary row leads beyond the row.",
        |parts| {
            let slot = slot(parts, is_long_decimal, |_| true)?;
            let offset = write_in(parts, &slot.value, slot.at + 4, &[0xFF, 0x7F])?;
            Some(Spot { offset: offset.offset.map(|at| at - 4), ..offset })
        },
    ),
    malformed(
        "decimal-of-17-bytes",
        ("SQL-BINARY-04", "sql-decimal"),
        DECIMALS,
        "A decimal number has an unscaled value of 17 bytes.",
        |parts| {
            let slot = slot(parts, is_long_decimal, |_| true)?;
            write_in(parts, &slot.value, slot.at, &[17])
        },
    ),
    malformed(
        "string-in-slot-too-long",
        ("SQL-BINARY-03", "sql-inline"),
        ROWS,
        "A string within its slot says that it has 8 bytes.",
        |parts| {
            let is_inline = |slot: &[u8]| slot.last().is_some_and(|last| last & 0x80 != 0);
            let slot = slot(parts, |kind| matches!(kind, SqlKind::VarChar { .. }), is_inline)?;
            let last = write_in(parts, &slot.value, slot.at + 7, &[0x88])?;
            Some(Spot { offset: last.offset.map(|at| at - 7), ..last })
        },
    ),
    malformed(
        "slots-share-bytes",
        ("SQL-BINARY-02", "sql-overlap"),
        ROWS,
        "A map of a binary row takes all of its variable part, where other fields are as well.",
        |parts| {
            let slot = slot(parts, |kind| matches!(kind, SqlKind::Map(..)), |_| true)?;
            let from = slot.fixed;
            let size = u32::try_from(slot.value.range.len() - LENGTH - from).ok()?;
            let all = [size.to_le_bytes(), u32::try_from(from).ok()?.to_le_bytes()].concat();
            write_in(parts, &slot.value, slot.at, &all)
        },
    ),
    malformed(
        "map-of-fewer-keys",
        ("SQL-BINARY-05", "sql-map"),
        ROWS,
        "A binary map has one key less than values.",
        |parts| {
            let is_map = |kind: &SqlKind| matches!(kind, SqlKind::Map(..));
            let slot = slot(parts, is_map, |_| true)?;
            let bytes = parts.bytes(&slot.value).to_vec();
            let offset = u32::from_le_bytes(bytes.get(slot.at + 4..slot.at + 8)?.try_into().ok()?);
            // The size of the keys stands before them, their number at their start.
            let keys = LENGTH + usize::try_from(offset).ok()? + 4;
            let size = u32::from_le_bytes(bytes.get(keys - 4..keys)?.try_into().ok()?);
            let count = bytes.get(keys)?.checked_sub(1)?;
            let spot = write_in(parts, &slot.value, keys, &[count])?;
            // Found where the values start.
            Some(Spot { offset: spot.offset.map(|at| at + u64::from(size)), ..spot })
        },
    ),
    invalid("list-empty", "VALUE-LIST-STATE-03", KINDS, "An entry of list state has no elements.", |parts| {
        let entry = entry(parts, |entry| entry.kind == StateKind::Keyed(KeyedStateType::List))?;
        resize(parts, entry.field("keyed-entry.value_length")?, &entry.value()?, &[])?;
        entry.spot("value")
    }),
    invalid(
        "null-with-time-to-live",
        "VALUE-TTL-03",
        TTL,
        "The flag of a map value with time to live says null.",
        |parts| {
            let entry = entry(parts, |entry| {
                matches!(&entry.value_type, TypeDescription::Map { .. })
                    && entry.kind == StateKind::Keyed(KeyedStateType::Map)
            })?;
            resize(parts, entry.field("keyed-entry.value_length")?, &entry.value()?, &[1])?;
            entry.spot("value.is_null")
        },
    ),
    invalid(
        "bytes-behind-null",
        "VALUE-MAP-STATE-02",
        KINDS,
        "The flag of a map value says null, and the user value stands behind it.",
        |parts| {
            let flag = parts.find_if("map-value.is_null", |flag| !flag.opened && flag.value == "false")?;
            let entry = entries(parts).into_iter().find(|entry| entry.field("map-value.is_null") == Some(&flag))?;
            parts.overwrite(&flag, &[1])?;
            entry.spot("value.is_null")
        },
    ),
    invalid("map-flag-two", "VALUE-MAP-STATE-01", KINDS, "The flag of a map value is 2.", |parts| {
        let entry = entry(parts, |entry| entry.kind == StateKind::Keyed(KeyedStateType::Map))?;
        resize(parts, entry.field("keyed-entry.value_length")?, &entry.value()?, &[2])?;
        entry.spot("value.is_null")
    }),
    invalid(
        "value-null",
        "VALUE-STATE-02",
        POJO,
        "An entry of value state is null, which stands for no entry.",
        |parts| {
            let entry = entry(parts, |entry| is_value(entry) && matches!(entry.value_type, TypeDescription::Pojo(_)))?;
            // The flag of a POJO that is null.
            resize(parts, entry.field("keyed-entry.value_length")?, &entry.value()?, &[1])?;
            entry.spot("value")
        },
    ),
    invalid("list-element-null", "VALUE-LIST-STATE-04", KINDS, "An element of list state is null.", |parts| {
        let entry =
            entry(parts, |entry| is_list_of(entry, Scalar::String) && entry.field("list-element.element").is_some())?;
        let element = entry.field("list-element.element")?;
        resize(parts, entry.field("keyed-entry.value_length")?, element, &[0])?;
        entry.spot("value[0]")
    }),
    invalid(
        "list-of-nothing",
        "VALUE-LIST-STATE-05",
        EMPTY,
        "The elements of a list state are of a type that takes no bytes.",
        |parts| {
            const STRING: &str = "org.apache.flink.api.common.typeutils.base.StringSerializer$StringSerializerSnapshot";
            const NOTHING: &str =
                "org.apache.flink.api.common.typeutils.base.NullValueSerializer$NullValueSerializerSnapshot";
            let element = parts.find_if("versioned-snapshot.class", |class| {
                class.path.contains("nested.snapshots[0]") && class.value.contains(STRING)
            })?;
            let spot = parts.state_of(&element)?;
            parts.replace(&element.file, element.range.clone(), &super::utf(NOTHING))?;
            Some(spot)
        },
    ),
];

/// An entry of value state.
fn is_value(entry: &Entry) -> bool {
    entry.kind == StateKind::Keyed(KeyedStateType::Value)
}

/// An entry of list state with elements of that type.
fn is_list_of(entry: &Entry, scalar: Scalar) -> bool {
    matches!(&entry.value_type, TypeDescription::List { element, .. } if **element == TypeDescription::Scalar(scalar))
}

/// Overwrites the start of the first value of the value state of that name.
fn in_value(parts: &mut Parts, state: &str, at: usize, bytes: &[u8]) -> Option<Spot> {
    let entry = entry(parts, |entry| entry.whole.value == format!("state {state}"))?;
    write_in(parts, &entry.value()?, at, bytes)
}

/// Overwrites bytes of a value.
fn write_in(parts: &mut Parts, value: &Span, at: usize, bytes: &[u8]) -> Option<Spot> {
    let mut changed = parts.bytes(value).to_vec();
    changed.get_mut(at..at + bytes.len())?.copy_from_slice(bytes);
    parts.overwrite(value, &changed)?;
    Some(Spot { offset: Some((value.range.start + at) as u64), ..spot(value) })
}

/// The fields of a binary row.
fn fields(entry: &Entry) -> Option<&[SqlField]> {
    match &entry.value_type {
        TypeDescription::Sql(sql) if is_value(entry) => match &sql.kind {
            SqlKind::Row { fields, .. } => Some(fields),
            _ => None,
        },
        _ => None,
    }
}

/// An entry whose value is a binary row.
fn row(parts: &Parts) -> Option<Entry> {
    entry(parts, |entry| fields(entry).is_some())
}

/// The slot of a field of a binary row.
struct Slot {
    value: Span,
    /// Where it is in the value.
    at: usize,
    /// Where the variable part starts in the row.
    fixed: usize,
}

/// The first slot of a field of that kind, whose bytes fit, and which is not null.
fn slot(parts: &Parts, kind: impl Fn(&SqlKind) -> bool, fits: impl Fn(&[u8]) -> bool) -> Option<Slot> {
    entries(parts).iter().find_map(|entry| {
        let fields = fields(entry)?;
        let value = entry.value()?;
        // A bit for each field, and eight for the kind of the row.
        let head = (fields.len() + 8).div_ceil(64) * 8;
        let bytes = parts.bytes(&value);
        let wanted = |i: &usize| {
            let at = LENGTH + head + 8 * i;
            let is_null = bytes.get(LENGTH + 1 + i / 8).is_none_or(|bits| bits & 1 << (i % 8) != 0);
            fields.get(*i).is_some_and(|field| kind(&field.ty.kind))
                && !is_null
                && bytes.get(at..at + 8).is_some_and(&fits)
        };
        let i = (0..fields.len()).find(wanted)?;
        Some(Slot { at: LENGTH + head + 8 * i, fixed: head + 8 * fields.len(), value })
    })
}

/// A decimal number that does not fit into eight bytes.
fn is_long_decimal(kind: &SqlKind) -> bool {
    matches!(kind, SqlKind::Decimal { precision, .. } if *precision > 18)
}
