//! Snapshots made here, byte for byte as Flink writes them. Each is read back once, so that what cannot be read is not made.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::classes::{self, Family};
use super::optional_map::OptionalMap;
use super::{Hints, Scalar, SerializerSnapshot, body};
use crate::metadata::Release;
use crate::value::{AvroBody, SqlKind, SqlType};
use crate::wire::Output;
use crate::{Error, ErrorKind};

type Snapshot = SerializerSnapshot<'static>;
type Made = Result<Snapshot, Error>;

const BASE: &str = "org.apache.flink.api.common.typeutils.base.";
const JAVA: &str = "org.apache.flink.api.java.typeutils.runtime.";
const TABLE: &str = "org.apache.flink.table.runtime.typeutils.";

impl SerializerSnapshot<'_> {
    /// A snapshot without a body (`SimpleTypeSerializerSnapshot`).
    pub fn simple(class: &str) -> Made {
        made(class, 3, |_| Ok(()))
    }

    /// Of a serializer without parameters.
    pub fn scalar(scalar: Scalar) -> Made {
        let class = classes::all().find(|(_, family)| *family == Family::Scalar(scalar));
        let unknown = || Error::new(ErrorKind::UnknownSnapshot { class: scalar.name().to_owned() }, 0);
        Self::simple(&class.ok_or_else(unknown)?.0)
    }

    /// A snapshot of nested ones (`CompositeTypeSerializerSnapshot`). `outer` is what the class itself writes before them; an
    /// error if that is not what the class has.
    pub fn composite(class: &str, outer_version: i32, outer: &[u8], nested: &[SerializerSnapshot<'_>]) -> Made {
        made(class, 3, |out| {
            out.i32(body::COMPOSITE_MAGIC);
            out.i32(outer_version);
            out.raw(outer);
            write_nested(nested, out)
        })
    }

    /// `ListSerializer`, also that of list state.
    pub fn list(element: &SerializerSnapshot<'_>) -> Made {
        Self::composite(&format!("{BASE}ListSerializerSnapshot"), 1, &[], std::slice::from_ref(element))
    }

    /// `MapSerializer`, also that of map state.
    pub fn map(key: &SerializerSnapshot<'_>, value: &SerializerSnapshot<'_>) -> Made {
        Self::composite(&format!("{BASE}MapSerializerSnapshot"), 1, &[], &[key.clone(), value.clone()])
    }

    /// `TupleSerializer` of Flink's own tuple class with as many fields, 1 to 25.
    pub fn tuple(fields: &[SerializerSnapshot<'_>]) -> Made {
        let mut outer = Output::new();
        outer.utf(&format!("org.apache.flink.api.java.tuple.Tuple{}", fields.len()).as_str().into())?;
        Self::composite(&format!("{JAVA}TupleSerializerSnapshot"), 2, &outer.into_bytes(), fields)
    }

    /// `RowSerializer` with row kinds, as the release writes it: up to 1.13 without the flag that says so.
    pub fn row(release: Release, fields: &[SerializerSnapshot<'_>]) -> Made {
        let (version, flag) = if release > Release::V1_13 { (4, &[1][..]) } else { (3, &[][..]) };
        Self::composite(&format!("{JAVA}RowSerializer$RowSerializerSnapshot"), version, flag, fields)
    }

    /// `EitherSerializer`.
    pub fn either(left: &SerializerSnapshot<'_>, right: &SerializerSnapshot<'_>) -> Made {
        Self::composite(&format!("{JAVA}JavaEitherSerializerSnapshot"), 1, &[], &[left.clone(), right.clone()])
    }

    /// `NullableSerializer`; `padding` zero bytes stand for a null besides its flag.
    pub fn nullable(inner: &SerializerSnapshot<'_>, padding: u16) -> Made {
        let class = format!("{JAVA}NullableSerializer$NullableSerializerSnapshot");
        Self::composite(&class, 2, &i32::from(padding).to_be_bytes(), std::slice::from_ref(inner))
    }

    /// `GenericArraySerializer` of elements of that class.
    pub fn object_array(class: &str, element: &SerializerSnapshot<'_>) -> Made {
        let mut outer = Output::new();
        outer.utf(&class.into())?;
        let nested = std::slice::from_ref(element);
        Self::composite(&format!("{BASE}GenericArraySerializerSnapshot"), 1, &outer.into_bytes(), nested)
    }

    /// `EnumSerializer`.
    pub fn constants(class: &str, constants: &[&str]) -> Made {
        made(&format!("{BASE}EnumSerializer$EnumSerializerSnapshot"), 3, |out| {
            out.utf(&class.into())?;
            out.count(constants.len())?;
            constants.iter().try_for_each(|constant| out.utf(&(*constant).into()))
        })
    }

    /// `TtlSerializer`: a value behind the time of its last access.
    pub fn ttl(value: &SerializerSnapshot<'_>) -> Made {
        let class = "org.apache.flink.runtime.state.ttl.TtlStateFactory$TtlSerializerSnapshot";
        Self::composite(class, 2, &[], &[Self::scalar(Scalar::Long)?, value.clone()])
    }

    /// `TimerSerializer` of keys and namespaces.
    pub fn timer(key: &SerializerSnapshot<'_>, namespace: &SerializerSnapshot<'_>) -> Made {
        let class = "org.apache.flink.streaming.api.operators.TimerSerializerSnapshot";
        Self::composite(class, 2, &[], &[key.clone(), namespace.clone()])
    }

    /// `PojoSerializer`. Fields have to come in the order of their names, as UTF-16: Flink reads them by position in the class.
    /// Each is declared by `class` itself.
    pub fn pojo(class: &str, fields: &[(&str, SerializerSnapshot<'_>)]) -> Made {
        Self::pojo_with_subclasses(class, fields, &[])
    }

    /// The same, with registered subclasses: their positions are the tags.
    pub fn pojo_with_subclasses(
        class: &str,
        fields: &[(&str, SerializerSnapshot<'_>)],
        registered: &[(&str, SerializerSnapshot<'_>)],
    ) -> Made {
        let fields: Vec<_> = fields.iter().map(|(name, serializer)| (class, *name, serializer.clone())).collect();
        Self::pojo_of_hierarchy(class, &fields, registered, &[])
    }

    /// The same, where each field comes behind the class that declares it: fields of a subclass are those of its superclasses, too,
    /// all in one order. `others` are subclasses that are not registered; Flink adds to them as it meets some.
    pub fn pojo_of_hierarchy(
        class: &str,
        fields: &[(&str, &str, SerializerSnapshot<'_>)],
        registered: &[(&str, SerializerSnapshot<'_>)],
        others: &[(&str, SerializerSnapshot<'_>)],
    ) -> Made {
        let in_order = fields.is_sorted_by(|(_, a, _), (_, b, _)| a.encode_utf16().lt(b.encode_utf16()));
        if !in_order {
            return Err(Error::new(ErrorKind::PojoFieldOrder, 0));
        }
        made(&format!("{JAVA}PojoSerializerSnapshot"), 2, |out| {
            out.utf(&class.into())?;
            let mut entries = Vec::new();
            for (declaring, name, serializer) in fields {
                let mut key = Output::new();
                key.utf(&(*declaring).into())?;
                key.utf(&(*name).into())?;
                entries.push((*name, key.into_bytes(), serializer.raw().to_vec()));
            }
            OptionalMap::write(entries.into_iter(), out)?;
            for subclasses in [registered, others] {
                let entry =
                    |(name, serializer): &(_, SerializerSnapshot<'_>)| (*name, Vec::new(), serializer.raw().to_vec());
                OptionalMap::write(subclasses.iter().map(entry), out)?;
            }
            Ok(())
        })
    }

    /// `AvroSerializer` of flink-avro: the class of the values (`org.apache.avro.generic.GenericRecord` where there is none), and the
    /// schema as JSON. `version` is 2, or 3, which lifts the limit of 64 KiB.
    pub fn avro(class: &str, schema: &str, version: i32) -> Made {
        made("org.apache.flink.formats.avro.typeutils.AvroSerializerSnapshot", version, |out| {
            AvroBody { class: Some(class.into()), schema: schema.into() }.write(version, out)
        })
    }

    /// The serializer that the table runtime has for a type (`InternalSerializers.create`). An error for types whose snapshots
    /// hold objects of classes that are not Flink's (`RAW`, structured types).
    pub fn sql(ty: &SqlType) -> Made {
        match &ty.kind {
            SqlKind::Char { .. } | SqlKind::VarChar { .. } => {
                Self::simple(&format!("{TABLE}StringDataSerializer$StringDataSerializerSnapshot"))
            }
            SqlKind::Boolean => Self::scalar(Scalar::Boolean),
            SqlKind::TinyInt => Self::scalar(Scalar::Byte),
            SqlKind::SmallInt => Self::scalar(Scalar::Short),
            SqlKind::Integer | SqlKind::Date | SqlKind::Time { .. } | SqlKind::IntervalYearMonth { .. } => {
                Self::scalar(Scalar::Int)
            }
            SqlKind::BigInt | SqlKind::IntervalDayTime { .. } => Self::scalar(Scalar::Long),
            SqlKind::Float => Self::scalar(Scalar::Float),
            SqlKind::Double => Self::scalar(Scalar::Double),
            SqlKind::Binary { .. } | SqlKind::VarBinary { .. } => Self::scalar(Scalar::ByteArray),
            SqlKind::Variant => Self::scalar(Scalar::Variant),
            SqlKind::Bitmap => Self::scalar(Scalar::Bitmap),
            SqlKind::Decimal { precision, scale } => {
                made(&format!("{TABLE}DecimalDataSerializer$DecimalSerializerSnapshot"), 3, |out| {
                    out.i32(*precision);
                    out.i32(*scale);
                    Ok(())
                })
            }
            SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision } => {
                made(&format!("{TABLE}TimestampDataSerializer$TimestampDataSerializerSnapshot"), 1, |out| {
                    out.i32(*precision);
                    Ok(())
                })
            }
            SqlKind::Array(element) => {
                made(&format!("{TABLE}ArrayDataSerializer$ArrayDataSerializerSnapshot"), 3, |out| {
                    element.write_stream(out)?;
                    element.write_serializer_stream(out)
                })
            }
            SqlKind::Map(key, value) => map_data(key, value),
            SqlKind::Multiset(element) => map_data(element, &SqlType { nullable: false, kind: SqlKind::Integer }),
            SqlKind::Row { name: None, fields } => {
                let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
                Self::row_data(&types)
            }
            SqlKind::Distinct { source, .. } => Self::sql(source),
            SqlKind::Row { .. } | SqlKind::Raw { .. } | SqlKind::Null => {
                Err(Error::new(ErrorKind::NoJavaStream { what: ty.to_string() }, 0))
            }
        }
    }

    /// `RowDataSerializer` of fields of those types.
    pub fn row_data(fields: &[&SqlType]) -> Made {
        let nested = fields.iter().map(|ty| Self::sql(ty)).collect::<Result<Vec<_>, _>>()?;
        made(&format!("{TABLE}RowDataSerializer$RowDataSerializerSnapshot"), 3, |out| {
            out.count(fields.len())?;
            fields.iter().try_for_each(|ty| ty.write_stream(out))?;
            write_nested(&nested, out)
        })
    }
}

impl<'a> SerializerSnapshot<'a> {
    /// The snapshot with what each `TtlAwareSerializerSnapshot` wraps in its place. Values have the same bytes.
    #[must_use]
    pub fn without_ttl_awareness(&self) -> SerializerSnapshot<'a> {
        // In the frames of a POJO it never stands: map states alone bring it into a file.
        if !self.is_ttl_aware() || self.family == Some(Family::Pojo) {
            return self.clone();
        }
        let plain: Vec<_> = self.nested().map(|nested| nested.without_ttl_awareness().into_owned()).collect();
        if self.family == Some(Family::TtlAware) {
            return plain.into_iter().next().unwrap_or_else(|| self.clone());
        }
        // Nested snapshots come last: what stands before the first of them stays.
        let nested: usize = self.nested().map(|nested| nested.raw.len()).sum();
        let mut raw = self.raw.get(..self.raw.len().saturating_sub(nested)).unwrap_or_default().to_vec();
        let mut foreign = Vec::new();
        for nested in &plain {
            foreign.extend(nested.foreign.iter().cloned().map(|body| super::Foreign {
                start: body.start + raw.len() as u64,
                end: body.end + raw.len() as u64,
                ..body
            }));
            raw.extend_from_slice(&nested.raw);
        }
        Self { class: self.class.clone(), raw: Cow::Owned(raw), foreign, shared: OnceLock::new(), ..*self }
    }
}

fn map_data(key: &SqlType, value: &SqlType) -> Made {
    made(&format!("{TABLE}MapDataSerializer$MapDataSerializerSnapshot"), 3, |out| {
        key.write_stream(out)?;
        value.write_stream(out)?;
        key.write_serializer_stream(out)?;
        value.write_serializer_stream(out)
    })
}

fn write_nested(nested: &[SerializerSnapshot<'_>], out: &mut Output) -> Result<(), Error> {
    out.i32(body::NESTED_MAGIC);
    out.i32(body::NESTED_VERSION);
    out.count(nested.len())?;
    for snapshot in nested {
        out.raw(snapshot.raw());
    }
    Ok(())
}

fn made(class: &str, version: i32, body: impl FnOnce(&mut Output) -> Result<(), Error>) -> Made {
    let mut out = Output::new();
    out.utf(&class.into())?;
    out.i32(version);
    body(&mut out)?;
    Ok(SerializerSnapshot::parse(&out.into_bytes(), &Hints::default())?.into_owned())
}
