//! Java object streams of the serializers that `ArrayData` and `MapData` snapshots hold for their elements.

use super::{SqlKind, SqlType};
use crate::serializer::java_object::{Class, FieldOf, Writer};
use crate::wire::Output;
use crate::{Error, ErrorKind};

use FieldOf::Primitive;

static TYPE_SERIALIZER: Class = Class::plain("org.apache.flink.api.common.typeutils.TypeSerializer", 1, &[], None);
static SINGLETON: Class = Class::plain(
    "org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton",
    0x79A9_87AA_C72E_7745,
    &[],
    Some(&TYPE_SERIALIZER),
);
static DECIMAL: Class = Class::plain(
    "org.apache.flink.table.runtime.typeutils.DecimalDataSerializer",
    1,
    &[Primitive(b'I', "precision"), Primitive(b'I', "scale")],
    Some(&TYPE_SERIALIZER),
);
static TIMESTAMP: Class = Class::plain(
    "org.apache.flink.table.runtime.typeutils.TimestampDataSerializer",
    1,
    &[Primitive(b'I', "precision")],
    Some(&TYPE_SERIALIZER),
);

macro_rules! singleton {
    ($name:literal) => {
        singleton!("org.apache.flink.api.common.typeutils.base.", $name, 1)
    };
    ($package:literal, $name:literal, $uid:literal) => {{
        static CLASS: Class = Class::plain(concat!($package, $name, "Serializer"), $uid, &[], Some(&SINGLETON));
        &CLASS
    }};
}

impl SqlType {
    /// Writes the Java object stream of the serializer that Flink has for the type (`InternalSerializers.create`), byte for byte.
    ///
    /// Rows, arrays, maps and multisets are [`ErrorKind::NoJavaStream`], for their serializers hold lambdas; so are `RAW` types,
    /// whose serializers are of users.
    pub fn write_serializer_stream(&self, out: &mut Output) -> Result<(), Error> {
        let class = match self.physical() {
            SqlKind::Decimal { precision, scale } => {
                let to = &mut Writer::new(out);
                to.object(&DECIMAL)?;
                to.out.i32(*precision);
                to.out.i32(*scale);
                return Ok(());
            }
            SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision } => {
                let to = &mut Writer::new(out);
                to.object(&TIMESTAMP)?;
                to.out.i32(*precision);
                return Ok(());
            }
            SqlKind::Boolean => singleton!("Boolean"),
            SqlKind::TinyInt => singleton!("Byte"),
            SqlKind::SmallInt => singleton!("Short"),
            SqlKind::Integer | SqlKind::Date | SqlKind::Time { .. } | SqlKind::IntervalYearMonth { .. } => {
                singleton!("Int")
            }
            SqlKind::BigInt | SqlKind::IntervalDayTime { .. } => singleton!("Long"),
            SqlKind::Float => singleton!("Float"),
            SqlKind::Double => singleton!("Double"),
            SqlKind::Char { .. } | SqlKind::VarChar { .. } => {
                singleton!("org.apache.flink.table.runtime.typeutils.", "StringData", 1)
            }
            SqlKind::Binary { .. } | SqlKind::VarBinary { .. } => {
                singleton!("org.apache.flink.api.common.typeutils.base.array.", "BytePrimitiveArray", 1)
            }
            SqlKind::Variant => {
                singleton!("org.apache.flink.api.common.typeutils.base.", "Variant", 0x47A8_46DC_87A3_5D33)
            }
            SqlKind::Bitmap => {
                singleton!("org.apache.flink.api.common.typeutils.base.", "Bitmap", 0x68F1_FB4B_28E5_B2D5)
            }
            SqlKind::Array(_)
            | SqlKind::Map(..)
            | SqlKind::Multiset(_)
            | SqlKind::Row { .. }
            | SqlKind::Raw { .. }
            | SqlKind::Distinct { .. }
            | SqlKind::Null => {
                return Err(out.error(ErrorKind::NoJavaStream { what: format!("the serializer of {self}") }));
            }
        };
        Writer::new(out).object(class).map(|_| ())
    }
}
