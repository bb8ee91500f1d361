//! Java object streams of `LogicalType`s, as Flink writes them.

use super::{SqlField, SqlKind, SqlType};
use crate::error::At;
use crate::serializer::java_object::{Class, FieldOf, Writer};
use crate::wire::Output;
use crate::{Error, ErrorKind};

use FieldOf::{Object, Primitive};

const TYPE_SIGNATURE: &str = "Lorg/apache/flink/table/types/logical/LogicalType;";
const STRING_SIGNATURE: &str = "Ljava/lang/String;";
const LIST_SIGNATURE: &str = "Ljava/util/List;";

macro_rules! logical {
    ($name:literal) => {
        concat!("org.apache.flink.table.types.logical.", $name)
    };
}

macro_rules! signature {
    ($name:literal) => {
        concat!("Lorg/apache/flink/table/types/logical/", $name, ";")
    };
}

static LOGICAL_TYPE: Class = Class::plain(
    logical!("LogicalType"),
    1,
    &[Primitive(b'Z', "isNullable"), Object("typeRoot", signature!("LogicalTypeRoot"))],
    None,
);
static LOGICAL_TYPE_ROOT: Class = Class::of_enum(logical!("LogicalTypeRoot"));
static TIMESTAMP_KIND: Class = Class::of_enum(logical!("TimestampKind"));
static YEAR_MONTH_RESOLUTION: Class = Class::of_enum(logical!("YearMonthIntervalType$YearMonthResolution"));
static DAY_TIME_RESOLUTION: Class = Class::of_enum(logical!("DayTimeIntervalType$DayTimeResolution"));

/// Own fields of the classes.
const NONE: &[FieldOf] = &[];
const LENGTH: &[FieldOf] = &[Primitive(b'I', "length")];
const PRECISION: &[FieldOf] = &[Primitive(b'I', "precision")];
const PRECISION_AND_SCALE: &[FieldOf] = &[Primitive(b'I', "precision"), Primitive(b'I', "scale")];
const PRECISION_AND_KIND: &[FieldOf] = &[Primitive(b'I', "precision"), Object("kind", signature!("TimestampKind"))];
const YEAR_MONTH: &[FieldOf] =
    &[Primitive(b'I', "yearPrecision"), Object("resolution", signature!("YearMonthIntervalType$YearMonthResolution"))];
const DAY_TIME: &[FieldOf] = &[
    Primitive(b'I', "dayPrecision"),
    Primitive(b'I', "fractionalPrecision"),
    Object("resolution", signature!("DayTimeIntervalType$DayTimeResolution")),
];
const ELEMENT: &[FieldOf] = &[Object("elementType", TYPE_SIGNATURE)];
const KEY_AND_VALUE: &[FieldOf] = &[Object("keyType", TYPE_SIGNATURE), Object("valueType", TYPE_SIGNATURE)];
const FIELDS: &[FieldOf] = &[Object("fields", LIST_SIGNATURE)];

static ROW_FIELD: Class = Class::plain(
    logical!("RowType$RowField"),
    1,
    &[Object("description", STRING_SIGNATURE), Object("name", STRING_SIGNATURE), Object("type", TYPE_SIGNATURE)],
    None,
);
static UNMODIFIABLE_LIST: Class = Class::plain(
    "java.util.Collections$UnmodifiableList",
    0xFC0F_2531_B5EC_8E10,
    &[Object("list", LIST_SIGNATURE)],
    Some(&UNMODIFIABLE_COLLECTION),
);
static UNMODIFIABLE_COLLECTION: Class = Class::plain(
    "java.util.Collections$UnmodifiableCollection",
    0x1942_0080_CB5E_F71E,
    &[Object("c", "Ljava/util/Collection;")],
    None,
);
static ARRAY_LIST: Class =
    Class::plain("java.util.ArrayList", 0x7881_D21D_99C7_619D, &[Primitive(b'I', "size")], None).with_custom_data();

macro_rules! class {
    ($name:literal, $fields:expr) => {
        class!($name, $fields, 1)
    };
    ($name:literal, $fields:expr, $uid:literal) => {{
        static CLASS: Class = Class::plain(logical!($name), $uid, $fields, Some(&LOGICAL_TYPE));
        &CLASS
    }};
}

impl SqlType {
    /// Writes the Java object stream of the type, byte for byte as Flink 1.13 to 2.3 do (`VARIANT` from 2.1, `BITMAP` from 2.3),
    /// with each type and name in it an object of its own, timestamps that are no time attributes, and fields without
    /// description.
    ///
    /// Structured, distinct and `RAW` types are [`ErrorKind::NoJavaStream`]: they refer to classes of users.
    pub fn write_stream(&self, out: &mut Output) -> Result<(), Error> {
        write(self, &mut Writer::new(out))
    }
}

fn write(ty: &SqlType, to: &mut Writer<'_>) -> Result<(), Error> {
    let Some((class, root)) = class_of(&ty.kind) else {
        return Err(to.out.error(ErrorKind::NoJavaStream { what: ty.to_string() }));
    };
    to.object(class)?;
    to.out.bool(ty.nullable);
    to.constant(&LOGICAL_TYPE_ROOT, root)?;
    match &ty.kind {
        SqlKind::Char { length }
        | SqlKind::VarChar { length }
        | SqlKind::Binary { length }
        | SqlKind::VarBinary { length } => to.out.i32(*length),
        SqlKind::Decimal { precision, scale } => {
            to.out.i32(*precision);
            to.out.i32(*scale);
        }
        SqlKind::Time { precision } => to.out.i32(*precision),
        SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision } => {
            to.out.i32(*precision);
            to.constant(&TIMESTAMP_KIND, "REGULAR")?;
        }
        SqlKind::IntervalYearMonth { resolution, precision } => {
            to.out.i32(*precision);
            to.constant(&YEAR_MONTH_RESOLUTION, resolution)?;
        }
        SqlKind::IntervalDayTime { resolution, day_precision, fractional_precision } => {
            to.out.i32(*day_precision);
            to.out.i32(*fractional_precision);
            to.constant(&DAY_TIME_RESOLUTION, resolution)?;
        }
        SqlKind::Array(element) | SqlKind::Multiset(element) => write(element, to).field("elementType")?,
        SqlKind::Map(key, value) => {
            write(key, to).field("keyType")?;
            write(value, to).field("valueType")?;
        }
        SqlKind::Row { fields, .. } => write_fields(fields, to)?,
        _ => {}
    }
    Ok(())
}

/// An unmodifiable view of an `ArrayList`, in two fields of two classes.
fn write_fields(fields: &[SqlField], to: &mut Writer<'_>) -> Result<(), Error> {
    to.object(&UNMODIFIABLE_LIST)?;
    let list = to.object(&ARRAY_LIST)?;
    to.out.count(fields.len())?;
    to.int_block(i32::try_from(fields.len()).unwrap_or(i32::MAX));
    for (i, field) in fields.iter().enumerate() {
        to.object(&ROW_FIELD)?;
        to.null();
        to.text(&field.name).map_err(|e| e.within("fields", i))?;
        write(&field.ty, to).map_err(|e| e.within("fields", i))?;
    }
    to.end();
    to.reference(list);
    Ok(())
}

/// The class and the `LogicalTypeRoot`.
fn class_of(kind: &SqlKind) -> Option<(&'static Class, &'static str)> {
    Some(match kind {
        SqlKind::Boolean => (class!("BooleanType", NONE), "BOOLEAN"),
        SqlKind::TinyInt => (class!("TinyIntType", NONE), "TINYINT"),
        SqlKind::SmallInt => (class!("SmallIntType", NONE), "SMALLINT"),
        SqlKind::Integer => (class!("IntType", NONE), "INTEGER"),
        SqlKind::BigInt => (class!("BigIntType", NONE), "BIGINT"),
        SqlKind::Float => (class!("FloatType", NONE), "FLOAT"),
        SqlKind::Double => (class!("DoubleType", NONE), "DOUBLE"),
        SqlKind::Date => (class!("DateType", NONE), "DATE"),
        SqlKind::Null => (class!("NullType", NONE), "NULL"),
        SqlKind::Variant => (class!("VariantType", NONE, 0x9791_14BF_B383_9BFC), "VARIANT"),
        SqlKind::Bitmap => (class!("BitmapType", NONE), "BITMAP"),
        SqlKind::Char { .. } => (class!("CharType", LENGTH), "CHAR"),
        SqlKind::VarChar { .. } => (class!("VarCharType", LENGTH), "VARCHAR"),
        SqlKind::Binary { .. } => (class!("BinaryType", LENGTH), "BINARY"),
        SqlKind::VarBinary { .. } => (class!("VarBinaryType", LENGTH), "VARBINARY"),
        SqlKind::Decimal { .. } => (class!("DecimalType", PRECISION_AND_SCALE), "DECIMAL"),
        SqlKind::Time { .. } => (class!("TimeType", PRECISION), "TIME_WITHOUT_TIME_ZONE"),
        SqlKind::Timestamp { .. } => (class!("TimestampType", PRECISION_AND_KIND), "TIMESTAMP_WITHOUT_TIME_ZONE"),
        SqlKind::TimestampWithLocalTimeZone { .. } => {
            (class!("LocalZonedTimestampType", PRECISION_AND_KIND), "TIMESTAMP_WITH_LOCAL_TIME_ZONE")
        }
        SqlKind::IntervalYearMonth { .. } => (class!("YearMonthIntervalType", YEAR_MONTH), "INTERVAL_YEAR_MONTH"),
        SqlKind::IntervalDayTime { .. } => (class!("DayTimeIntervalType", DAY_TIME), "INTERVAL_DAY_TIME"),
        SqlKind::Array(_) => (class!("ArrayType", ELEMENT), "ARRAY"),
        SqlKind::Multiset(_) => (class!("MultisetType", ELEMENT), "MULTISET"),
        SqlKind::Map(..) => (class!("MapType", KEY_AND_VALUE), "MAP"),
        SqlKind::Row { name: None, .. } => (class!("RowType", FIELDS), "ROW"),
        SqlKind::Row { name: Some(_), .. } | SqlKind::Distinct { .. } | SqlKind::Raw { .. } => return None,
    })
}
