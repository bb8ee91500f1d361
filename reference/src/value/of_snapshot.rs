//! The type that a serializer snapshot describes.

use super::of_composite::of_composite;
use super::sql::{SqlField, SqlKind, SqlType};
use super::{AvroBody, AvroType, Field, HashRule, LengthRule, NullFlag, Pojo, Record, Scalar, TypeDescription};
use crate::serializer::classes::{self, Family};
use crate::serializer::java_object::JavaObject;
use crate::serializer::{Body, Hint, Nested, OptionalMap, SerializerSnapshot, Wire};
use crate::wire::{Input, JavaStr, done};

impl TypeDescription {
    /// The type of the values that the snapshot's serializer writes. What does not describe itself is
    /// [`Opaque`](TypeDescription::Opaque).
    pub fn of(snapshot: &SerializerSnapshot<'_>) -> Self {
        let Some(family) = snapshot.family() else {
            return snapshot.hint().and_then(of_hint).unwrap_or_else(|| opaque(snapshot, false));
        };
        let described = snapshot.body().and_then(|body| match body {
            Body::Simple => Some(simple(family, snapshot)),
            Body::Named(class) => Some(named(family, &class)),
            Body::Enum { class, constants } => Some(Self::Enum {
                class: text(&class),
                numbers: constants.iter().filter_map(|(_, number)| *number).collect(),
                constants: constants.iter().map(|(name, _)| text(name)).collect(),
            }),
            Body::Composite { outer, nested } => {
                let parts = snapshot.snapshots(nested).map(|nested| Self::of(&nested)).collect();
                of_composite(family, &outer, parts)
            }
            Body::Pojo { class, fields, registered, others } => {
                let field = |(name, ty)| Field { name, ty, is_parameter: true };
                Some(Self::Pojo(Box::new(Pojo {
                    class: text(&class),
                    fields: of_map(snapshot, &fields).map(field).collect(),
                    registered: of_map(snapshot, &registered).collect(),
                    others: of_map(snapshot, &others).collect(),
                })))
            }
            Body::Kryo { class } => Some(Self::Opaque { class: text(&class), is_variable: true }),
            Body::Avro { body } => {
                let (_, AvroBody { schema, .. }) = AvroBody::read(body, snapshot.version()).ok()?;
                AvroType::parse(&schema).ok().map(|ty| Self::Avro(Box::new(ty)))
            }
            Body::Row { types, nested } => row(snapshot, family, &types, nested),
            Body::Numbers(first, second) => numbers(family, first, second),
            Body::Streams(streams) => of_streams(family, &streams),
            Body::Foreign => None,
        });
        described.unwrap_or_else(|| opaque(snapshot, true))
    }

    /// A value of the table runtime.
    fn sql(kind: SqlKind) -> Self {
        Self::Sql(SqlType { nullable: true, kind })
    }
}

impl SerializerSnapshot<'_> {
    /// What is wrong with the first logical type in it that is not one of Flink's, or has not the fields of its class. Values are
    /// read nevertheless, by the serializers of their fields. Those of nested snapshots are theirs; offsets count from the start.
    pub fn logical_type_error(&self) -> Option<crate::Error> {
        let types = match self.body()? {
            Body::Row { types, .. } => types,
            Body::Streams(mut streams) => {
                streams.truncate(streams.len() / 2);
                streams
            }
            _ => return None,
        };
        types.into_iter().find_map(|stream| done(SqlType::read(stream), stream.end()).err())
    }
}

fn of_map<'s>(
    snapshot: &'s SerializerSnapshot<'_>,
    map: &OptionalMap<'s>,
) -> impl Iterator<Item = (Box<str>, TypeDescription)> {
    map.entries().map(move |entry| {
        let name = text(&entry.name);
        let ty = entry.value.and_then(|frame| snapshot.reread(frame)).map(|(_, nested)| TypeDescription::of(&nested));
        let ty = ty.unwrap_or_else(|| TypeDescription::Opaque { class: name.clone(), is_variable: false });
        (name, ty)
    })
}

fn text(text: &JavaStr<'_>) -> Box<str> {
    text.to_text().into()
}

/// The class stands for what it writes: nobody else knows.
fn opaque(snapshot: &SerializerSnapshot<'_>, is_variable: bool) -> TypeDescription {
    TypeDescription::Opaque { class: text(snapshot.class()), is_variable }
}

fn simple(family: Family, snapshot: &SerializerSnapshot<'_>) -> TypeDescription {
    use TypeDescription as T;
    match family {
        Family::Scalar(scalar) => T::Scalar(scalar),
        Family::TimeWindow => structure("TIME_WINDOW", &[("start", Scalar::Long), ("end", Scalar::Long)]),
        Family::CountWindow => structure("COUNT_WINDOW", &[("id", Scalar::Long)]),
        Family::EventId => super::of_composite::event_id(),
        Family::StringData => T::sql(SqlKind::VarChar { length: i32::MAX }),
        Family::KafkaTransaction => super::of_composite::kafka_transaction(),
        Family::KafkaContext => {
            T::List { name: "SET", element: Box::new(T::Scalar(Scalar::Utf)), flag: NullFlag::None }
        }
        Family::JavaObject => T::Opaque { class: "java.io.Serializable".into(), is_variable: true },
        _ => opaque(snapshot, true),
    }
}

/// A record of scalars that the serializer has by its nature.
pub(super) fn structure(name: &str, fields: &[(&str, Scalar)]) -> TypeDescription {
    let field = |(name, scalar): &(&str, Scalar)| Field {
        name: (*name).into(),
        ty: TypeDescription::Scalar(*scalar),
        is_parameter: false,
    };
    TypeDescription::Record(Record {
        name: name.into(),
        fields: fields.iter().map(field).collect(),
        length: LengthRule::Sum,
        hash: HashRule::Unknown,
    })
}

/// `Value` classes of Flink have a known form; those of users have not.
fn named(family: Family, class: &JavaStr<'_>) -> TypeDescription {
    let class = class.to_text();
    let scalar = match &*class {
        "org.apache.flink.types.BooleanValue" => Scalar::BooleanValue,
        "org.apache.flink.types.ByteValue" => Scalar::ByteValue,
        "org.apache.flink.types.ShortValue" => Scalar::ShortValue,
        "org.apache.flink.types.CharValue" => Scalar::CharValue,
        "org.apache.flink.types.IntValue" => Scalar::IntValue,
        "org.apache.flink.types.LongValue" => Scalar::LongValue,
        "org.apache.flink.types.FloatValue" => Scalar::FloatValue,
        "org.apache.flink.types.DoubleValue" => Scalar::DoubleValue,
        "org.apache.flink.types.StringValue" => Scalar::StringValue,
        "org.apache.flink.types.NullValue" => Scalar::NullValueByte,
        _ => return TypeDescription::Opaque { class: class.into(), is_variable: family != Family::CopyableValue },
    };
    let ty = TypeDescription::Scalar(scalar);
    if family == Family::CopyableValue {
        return ty;
    }
    TypeDescription::Nullable { name: "", inner: Box::new(ty), flag: NullFlag::None, padding: 0 }
}

fn numbers(family: Family, first: i32, second: i32) -> Option<TypeDescription> {
    Some(match family {
        Family::DecimalData => TypeDescription::sql(SqlKind::Decimal { precision: first, scale: second }),
        Family::TimestampData | Family::PyTimestamp => TypeDescription::sql(SqlKind::Timestamp { precision: first }),
        Family::PyDecimal => TypeDescription::Scalar(Scalar::Utf8),
        Family::BinaryRowData => TypeDescription::BinaryRow { arity: u32::try_from(first).ok()? },
        _ => return None,
    })
}

/// `PyFlink`'s arrays and maps have their serializers as Java objects only, and stay opaque.
fn of_streams(family: Family, streams: &[Input<'_>]) -> Option<TypeDescription> {
    // Logical types come first, then as many serializers.
    let (types, serializers) = streams.split_at(streams.len() / 2);
    let read = |(ty, serializer): (&Input<'_>, &Input<'_>)| {
        let (_, mut ty) = SqlType::read(*ty).ok()?;
        open_raw_object(&mut ty, *serializer);
        Some(Box::new(ty))
    };
    let mut types = types.iter().zip(serializers).map(read);
    Some(match family {
        Family::ArrayData => TypeDescription::sql(SqlKind::Array(types.next()??)),
        Family::MapData => TypeDescription::sql(SqlKind::Map(types.next()??, types.next()??)),
        _ => return None,
    })
}

/// What is inside of `RAW` where there is no snapshot: a Java object of the serializer, which says enough if it has no parameters.
fn open_raw_object(ty: &mut SqlType, serializer: Input<'_>) {
    let SqlKind::Raw { inner, .. } = &mut ty.kind else { return };
    let Ok((_, object)) = JavaObject::read(serializer) else { return };
    let Some(class) = object.root().object("serializer").map(|inner| inner.class_name().into_owned()) else { return };
    let simple = class.rsplit(['.', '$']).next().unwrap_or_default();
    if let Some(Family::Scalar(scalar)) = classes::family(&format!("{class}${simple}Snapshot")) {
        *inner = Some(Box::new(TypeDescription::Scalar(scalar)));
    }
}

fn row(
    snapshot: &SerializerSnapshot<'_>,
    family: Family,
    types: &[Input<'_>],
    nested: Nested<'_>,
) -> Option<TypeDescription> {
    let serializers: Vec<_> = snapshot.snapshots(nested).collect();
    if family == Family::PyRowData {
        let fields = serializers.iter().map(TypeDescription::of).collect();
        return Some(TypeDescription::Row { fields, has_kind: true });
    }
    let fields = row_fields(types, &serializers);
    let arity = u32::try_from(types.len()).ok()?;
    let row = fields.map(|fields| TypeDescription::sql(SqlKind::Row { name: None, fields }));
    Some(row.unwrap_or(TypeDescription::BinaryRow { arity }))
}

/// The fields by their logical types, and by their serializers where a logical type is not one of Flink's.
fn row_fields(types: &[Input<'_>], serializers: &[SerializerSnapshot<'_>]) -> Option<Vec<SqlField>> {
    if types.len() != serializers.len() {
        return None;
    }
    let field = |(stream, serializer): (&Input<'_>, &SerializerSnapshot<'_>)| {
        let mut ty = match SqlType::read(*stream) {
            Ok((_, ty)) => ty,
            Err(_) => of_serializer(&TypeDescription::of(serializer))?,
        };
        open_raw(&mut ty, serializer);
        Some(SqlField { name: "".into(), ty })
    };
    types.iter().zip(serializers).map(field).collect()
}

/// Which type a serializer of the table runtime stands for, as far as values are concerned.
fn of_serializer(ty: &TypeDescription) -> Option<SqlType> {
    let kind = match ty {
        TypeDescription::Sql(sql) => return Some(sql.clone()),
        TypeDescription::Framed(inner) => SqlKind::Raw { class: inner.to_string().into(), inner: Some(inner.clone()) },
        TypeDescription::Scalar(scalar) => match scalar {
            Scalar::Boolean => SqlKind::Boolean,
            Scalar::Byte => SqlKind::TinyInt,
            Scalar::Short => SqlKind::SmallInt,
            Scalar::Int => SqlKind::Integer,
            Scalar::Long => SqlKind::BigInt,
            Scalar::Float => SqlKind::Float,
            Scalar::Double => SqlKind::Double,
            Scalar::ByteArray => SqlKind::VarBinary { length: i32::MAX },
            Scalar::Variant => SqlKind::Variant,
            Scalar::Bitmap => SqlKind::Bitmap,
            _ => return None,
        },
        _ => return None,
    };
    Some(SqlType { nullable: true, kind })
}

/// What is inside of `RAW`: its logical type has the serializer as a Java object only, the snapshot as a snapshot.
fn open_raw(ty: &mut SqlType, serializer: &SerializerSnapshot<'_>) {
    match &mut ty.kind {
        SqlKind::Raw { inner, .. } => {
            if let TypeDescription::Framed(framed) = TypeDescription::of(serializer) {
                *inner = Some(framed);
            }
        }
        SqlKind::Row { fields, .. } => {
            for (field, serializer) in fields.iter_mut().zip(serializer.nested()) {
                open_raw(&mut field.ty, &serializer);
            }
        }
        SqlKind::Distinct { source, .. } => open_raw(source, serializer),
        _ => {}
    }
}

/// What a user says that the values of a class are.
fn of_hint(hint: &Hint) -> Option<TypeDescription> {
    let fields = hint.value.as_ref()?;
    let field =
        |(name, wire): &(String, Wire)| Field { name: name.as_str().into(), ty: of_wire(wire), is_parameter: true };
    let record = Record {
        name: hint.class.rsplit(['.', '$']).next().unwrap_or_default().into(),
        fields: fields.iter().map(field).collect(),
        length: LengthRule::Given(hint.length),
        hash: HashRule::Unknown,
    };
    Some(TypeDescription::Record(record))
}

/// The type of what a user names.
pub(crate) fn of_wire(wire: &Wire) -> TypeDescription {
    TypeDescription::Scalar(match wire {
        Wire::Bool => Scalar::Boolean,
        Wire::I8 => Scalar::Byte,
        Wire::I16 => Scalar::Short,
        Wire::I32 => Scalar::Int,
        Wire::I64 => Scalar::Long,
        Wire::F32 => Scalar::Float,
        Wire::F64 => Scalar::Double,
        Wire::Utf => Scalar::Utf,
        Wire::Str => Scalar::String,
        Wire::Bytes => Scalar::ByteArray,
        Wire::Repeated(element) => {
            return TypeDescription::List { name: "LIST", element: Box::new(of_wire(element)), flag: NullFlag::None };
        }
    })
}
