//! `LogicalType`s from the Java object streams of snapshots.

use std::borrow::Cow;

use super::{SqlField, SqlKind, SqlType};
use crate::error::At;
use crate::serializer::java_object::{JavaNode, JavaObject};
use crate::wire::{Input, Parsed};
use crate::{Error, ErrorKind};

const LOGICAL: &str = "org.apache.flink.table.types.logical.";
/// Where Flink 2.0 has moved what it deprecates.
const LEGACY: &str = "org.apache.flink.table.legacy.types.logical.";

type Read<T> = Result<T, nom::Err<Error>>;

impl SqlType {
    /// Types may be nested this deep. Flink itself has no bound.
    pub const NESTING: u8 = 64;

    /// What one type may expand to: 64 for each type in it, and the bytes of names. References let a short stream repeat a part
    /// of itself, and no stream of a table with less than 16000 columns reaches this.
    pub const EXPANSION: usize = 1 << 20;

    /// Reads the Java object stream of a `LogicalType`, of any release from 1.13 to 2.3.
    ///
    /// Whether a timestamp is a time attribute is not kept; a `RAW` type has the name of its class, and not its serializer.
    /// Types that no value can have (`TIMESTAMP WITH TIME ZONE`, `SYMBOL`, `DESCRIPTOR`) and unknown classes are
    /// [`ErrorKind::LogicalType`].
    pub fn read(input: Input<'_>) -> Parsed<'_, Self> {
        let (rest, stream) = JavaObject::read(input)?;
        let mut builder = Builder { left: Self::EXPANSION, depth: 0 };
        let ty = builder.ty(stream.root())?;
        Ok((rest, ty))
    }
}

struct Builder {
    left: usize,
    depth: u8,
}

impl Builder {
    fn spend(&mut self, bytes: usize, at: u64) -> Read<()> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => error(ErrorKind::LogicalTypeSize { limit: SqlType::EXPANSION }, at),
        }
    }

    /// A name, which back references could repeat.
    fn name(&mut self, name: Cow<'_, str>, at: u64) -> Read<Cow<'static, str>> {
        self.spend(name.len(), at)?;
        Ok(Cow::Owned(name.into_owned()))
    }

    fn ty(&mut self, node: JavaNode<'_, '_>) -> Read<SqlType> {
        if self.depth >= SqlType::NESTING {
            return error(ErrorKind::TooDeep { limit: SqlType::NESTING }, node.offset());
        }
        self.spend(node.field_count().saturating_add(64), node.offset())?;
        self.depth += 1;
        let kind = self.kind(node)?;
        self.depth -= 1;
        let nullable = need(node, "isNullable", node.boolean("isNullable"))?;
        Ok(SqlType { nullable, kind })
    }

    fn boxed(&mut self, node: JavaNode<'_, '_>, field: &'static str) -> Read<Box<SqlType>> {
        let inner = need(node, field, node.object(field))?;
        Ok(Box::new(self.ty(inner).field(field)?))
    }

    fn kind(&mut self, node: JavaNode<'_, '_>) -> Read<SqlKind> {
        let class = node.class_name();
        let int = |field| need(node, field, node.int(field));
        Ok(match class.strip_prefix(LOGICAL).or(class.strip_prefix(LEGACY)).unwrap_or_default() {
            "BooleanType" => SqlKind::Boolean,
            "TinyIntType" => SqlKind::TinyInt,
            "SmallIntType" => SqlKind::SmallInt,
            "IntType" => SqlKind::Integer,
            "BigIntType" => SqlKind::BigInt,
            "FloatType" => SqlKind::Float,
            "DoubleType" => SqlKind::Double,
            "DateType" => SqlKind::Date,
            "NullType" => SqlKind::Null,
            "VariantType" => SqlKind::Variant,
            "BitmapType" => SqlKind::Bitmap,
            "CharType" => SqlKind::Char { length: int("length")? },
            "VarCharType" => SqlKind::VarChar { length: int("length")? },
            "BinaryType" => SqlKind::Binary { length: int("length")? },
            "VarBinaryType" => SqlKind::VarBinary { length: int("length")? },
            "DecimalType" => SqlKind::Decimal { precision: int("precision")?, scale: int("scale")? },
            "TimeType" => SqlKind::Time { precision: int("precision")? },
            "TimestampType" => SqlKind::Timestamp { precision: int("precision")? },
            "LocalZonedTimestampType" => SqlKind::TimestampWithLocalTimeZone { precision: int("precision")? },
            "YearMonthIntervalType" => SqlKind::IntervalYearMonth {
                resolution: resolution(node, &SqlKind::YEAR_MONTH_RESOLUTIONS)?,
                precision: int("yearPrecision")?,
            },
            "DayTimeIntervalType" => SqlKind::IntervalDayTime {
                resolution: resolution(node, &SqlKind::DAY_TIME_RESOLUTIONS)?,
                day_precision: int("dayPrecision")?,
                fractional_precision: int("fractionalPrecision")?,
            },
            "ArrayType" => SqlKind::Array(self.boxed(node, "elementType")?),
            "MultisetType" => SqlKind::Multiset(self.boxed(node, "elementType")?),
            "MapType" => SqlKind::Map(self.boxed(node, "keyType")?, self.boxed(node, "valueType")?),
            "RowType" => SqlKind::Row { name: None, fields: self.fields(node, "fields")? },
            "StructuredType" => self.structured(node)?,
            "DistinctType" => {
                let name = need(node, "objectIdentifier", identifier(node))?;
                let name = self.name(name, node.offset())?;
                SqlKind::Distinct { name, source: self.boxed(node, "sourceType")? }
            }
            "RawType" => {
                let class = need(node, "clazz", node.object("clazz").and_then(JavaNode::class_object))?;
                SqlKind::Raw { class: self.name(class, node.offset())?, inner: None }
            }
            "TypeInformationRawType" | "LegacyTypeInformationType" => {
                let class = need(node, "typeInfo", node.object("typeInfo").map(type_class))?;
                SqlKind::Raw { class: self.name(class, node.offset())?, inner: None }
            }
            _ => return error(ErrorKind::LogicalType { class: class.into_owned() }, node.offset()),
        })
    }

    /// Own attributes come behind those of the supertypes (`StructuredType.getChildren`).
    fn structured(&mut self, node: JavaNode<'_, '_>) -> Read<SqlKind> {
        // From 2.1 on the class is there by name, too, and without the identifier if it is inline.
        let class = node.object("implementationClass").and_then(JavaNode::class_object);
        let name = node.object("className").and_then(JavaNode::text).or_else(|| identifier(node)).or(class);
        let name = name.map(|name| self.name(name, node.offset())).transpose()?;
        let mut types = vec![node];
        let mut next = node;
        while let Some(supertype) = next.object("superType").filter(|supertype| !supertype.is_null()) {
            if types.len() >= usize::from(SqlType::NESTING) {
                return error(ErrorKind::TooDeep { limit: SqlType::NESTING }, supertype.offset());
            }
            types.push(supertype);
            next = supertype;
        }
        let mut fields = Vec::new();
        for node in types.into_iter().rev() {
            fields.append(&mut self.fields(node, "attributes")?);
        }
        Ok(SqlKind::Row { name, fields })
    }

    fn fields(&mut self, node: JavaNode<'_, '_>, list: &'static str) -> Read<Vec<SqlField>> {
        let elements = need(node, list, node.object(list).and_then(JavaNode::elements))?;
        let mut fields = Vec::new();
        for (i, element) in elements.enumerate() {
            fields.push(self.field(element).map_err(|e| e.map(|e: Error| e.within(list, i)))?);
        }
        Ok(fields)
    }

    fn field(&mut self, node: JavaNode<'_, '_>) -> Read<SqlField> {
        self.spend(node.field_count(), node.offset())?;
        let name = need(node, "name", node.object("name").and_then(JavaNode::text))?;
        let name = self.name(name, node.offset())?;
        let ty = need(node, "type", node.object("type"))?;
        Ok(SqlField { name, ty: self.ty(ty).field("type")? })
    }
}

fn resolution(node: JavaNode<'_, '_>, known: &[&'static str]) -> Read<&'static str> {
    let found = node.object("resolution").and_then(JavaNode::constant);
    need(node, "resolution", known.iter().copied().find(|known| found.as_deref() == Some(*known)))
}

/// `catalog.database.object`; the parts before the object may be missing.
fn identifier<'a>(node: JavaNode<'_, 'a>) -> Option<Cow<'a, str>> {
    let identifier = node.object("objectIdentifier")?;
    let part = |field| identifier.object(field).and_then(JavaNode::text);
    let object = part("objectName")?;
    match (part("catalogName"), part("databaseName")) {
        (Some(catalog), Some(database)) => Some(Cow::Owned(format!("{catalog}.{database}.{object}"))),
        _ => Some(object),
    }
}

/// The class that a `TypeInformation` is of, where it says so in a field; else its own.
fn type_class<'a>(info: JavaNode<'_, 'a>) -> Cow<'a, str> {
    let class = |field| info.object(field).and_then(JavaNode::class_object);
    class("typeClass").or_else(|| class("clazz")).unwrap_or_else(|| info.class_name())
}

fn need<T>(node: JavaNode<'_, '_>, field: &'static str, found: Option<T>) -> Read<T> {
    match found {
        Some(found) => Ok(found),
        None => error(ErrorKind::LogicalTypeField { class: node.class_name().into_owned(), field }, node.offset()),
    }
}

fn error<T>(kind: ErrorKind, offset: u64) -> Read<T> {
    Err(nom::Err::Failure(Error::new(kind, offset)))
}
