//! Avro schemas, and values of any.

use std::fmt::Write as _;

use ::arbitrary::{Result, Unstructured};

use super::{DEPTH, bytes, int, list, long, one_of};
use crate::value::{AvroKind, AvroSchema, Value};

/// A schema as JSON, nested to the usual depth. Unions have null first; a record may refer to itself in one.
pub(super) fn schema(u: &mut Unstructured<'_>) -> Result<String> {
    let mut json = String::new();
    Writer { json: &mut json, named: 0 }.schema(u, DEPTH, true)?;
    Ok(json)
}

struct Writer<'s> {
    json: &'s mut String,
    /// Number of named types so far; names are numbers.
    named: u32,
}

impl Writer<'_> {
    fn put(&mut self, text: &str) {
        self.json.push_str(text);
    }

    fn name(&mut self) -> u32 {
        self.named += 1;
        self.named
    }

    fn schema(&mut self, u: &mut Unstructured<'_>, depth: u8, may_be_union: bool) -> Result<()> {
        let leaves =
            [r#""int""#, r#""boolean""#, r#""long""#, r#""float""#, r#""double""#, r#""bytes""#, r#""string""#];
        let Some(depth) = depth.checked_sub(1) else {
            self.put(one_of(u, &leaves)?);
            return Ok(());
        };
        match u.int_in_range(0..=8)? {
            1 => self.record(u, depth)?,
            2 => {
                self.put(r#"{"type":"array","items":"#);
                self.schema(u, depth, true)?;
                self.put("}");
            }
            3 => {
                self.put(r#"{"type":"map","values":"#);
                self.schema(u, depth, true)?;
                self.put("}");
            }
            4 if may_be_union => {
                self.put(r#"["null","#);
                self.schema(u, depth, false)?;
                self.put("]");
            }
            5 => {
                let (name, symbols) = (self.name(), u.int_in_range(1..=3)?);
                let symbols = (0..symbols).map(|i| format!(r#""S{i}""#)).collect::<Vec<_>>().join(",");
                let _ = write!(self.json, r#"{{"type":"enum","name":"E{name}","symbols":[{symbols}]}}"#);
            }
            6 => {
                let (name, size) = (self.name(), u.int_in_range(0..=9)?);
                let _ = write!(self.json, r#"{{"type":"fixed","name":"F{name}","size":{size}}}"#);
            }
            7 if may_be_union => self.put(r#""null""#),
            _ => self.put(one_of(u, &leaves)?),
        }
        Ok(())
    }

    fn record(&mut self, u: &mut Unstructured<'_>, depth: u8) -> Result<()> {
        let (name, count) = (self.name(), u.int_in_range(0..=3)?);
        let _ = write!(self.json, r#"{{"type":"record","name":"R{name}","fields":["#);
        for i in 0..count {
            let comma = if i == 0 { "" } else { "," };
            let _ = write!(self.json, r#"{comma}{{"name":"f{i}","type":"#);
            if u.ratio(1_u8, 8)? {
                let _ = write!(self.json, r#"["null","R{name}"]"#);
            } else {
                self.schema(u, depth, true)?;
            }
            self.put("}");
        }
        self.put("]}");
        Ok(())
    }
}

/// A value; below `depth` unions are their first branch and lists are empty.
pub(super) fn value(u: &mut Unstructured<'_>, schema: AvroSchema<'_>, depth: u8) -> Result<Value<'static>> {
    let below = depth.saturating_sub(1);
    let most = if depth == 0 { 0 } else { 3 };
    Ok(match schema.kind() {
        AvroKind::Null => Value::Null,
        AvroKind::Boolean => Value::Boolean(u.arbitrary()?),
        AvroKind::Int => Value::Int(int(u)?),
        AvroKind::Long => Value::Long(long(u)?),
        AvroKind::Float => Value::Float(u.arbitrary()?),
        AvroKind::Double => Value::Double(u.arbitrary()?),
        AvroKind::Bytes => Value::Bytes(bytes(u)?.into()),
        AvroKind::String => Value::Text(bytes(u)?.into()),
        AvroKind::Fixed { size, .. } => {
            Value::Bytes((0..size).map(|_| u.arbitrary()).collect::<Result<Vec<u8>>>()?.into())
        }
        AvroKind::Enum { symbols, .. } => {
            let last = u32::try_from(symbols.len()).unwrap_or(u32::MAX).saturating_sub(1);
            Value::Constant(u.int_in_range(0..=last)?)
        }
        AvroKind::Record { fields, .. } => {
            Value::Record(fields.iter().map(|(_, field)| value(u, field, below)).collect::<Result<_>>()?)
        }
        AvroKind::Array { items } => Value::List(list(u, most, |u| value(u, items, below))?),
        AvroKind::Map { values } => {
            Value::Map(list(u, most, |u| Ok((Value::Text(bytes(u)?.into()), value(u, values, below)?)))?)
        }
        AvroKind::Union { branches } => {
            let last = u32::try_from(branches.len()).unwrap_or(u32::MAX).saturating_sub(1);
            let position = u.int_in_range(0..=if depth == 0 { 0 } else { last })?;
            let branch = branches.branch(position).ok_or(::arbitrary::Error::IncorrectFormat)?;
            Value::Alternative(position, Box::new(value(u, branch, below)?))
        }
    })
}
