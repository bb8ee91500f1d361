//! Writing of rows, arrays and maps, as `BinaryRowWriter` and `BinaryArrayWriter` do.

use super::super::sql_type::{COMPACT_DECIMAL, COMPACT_TIMESTAMP};
use super::super::{SqlField, SqlKind, SqlType, raw};
use super::{DECIMAL_CHUNK, array_header, bit, element_width, reserved, row_header};
use crate::value::big_number::shortest;
use crate::value::{BigDecimal, BigInteger, RowKind, Value};
use crate::wire::Output;
use crate::{Error, ErrorKind};

/// How often an element is in a multiset.
pub(in super::super) const MULTIPLICITY: SqlType = SqlType { nullable: false, kind: SqlKind::Integer };

/// Fails because the value is not what its type needs.
pub(in super::super) fn mismatch<T>(expected: &'static str, offset: u64) -> Result<T, Error> {
    Err(Error::new(ErrorKind::ValueType { expected }, offset))
}

/// Bytes of one row, array or map, with what is nested in it behind its slots.
pub(in super::super) struct BinaryWriter {
    bytes: Vec<u8>,
    /// The offset of the first byte in the output, for errors.
    start: u64,
}

impl BinaryWriter {
    pub(in super::super) fn new(start: u64) -> Self {
        Self { bytes: Vec::new(), start }
    }

    pub(in super::super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn offset(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    fn mismatch<T>(&self, expected: &'static str) -> Result<T, Error> {
        mismatch(expected, self.offset())
    }

    /// A row.
    pub(in super::super) fn row(&mut self, fields: &[SqlField], value: &Value<'_>) -> Result<(), Error> {
        let Value::Row(kind, values) = value else { return self.mismatch("a row") };
        if values.len() != fields.len() {
            return self.mismatch("a row of as many fields");
        }
        let base = self.bytes.len();
        let header = row_header(fields.len());
        self.zeros(header.saturating_add(fields.len().saturating_mul(8)));
        self.put(base, &[RowKind::byte(*kind)]);
        for (i, (field, value)) in fields.iter().zip(values).enumerate() {
            if self.slot(&field.ty, value, base, base + header + 8 * i).map_err(|e| e.within("fields", i))? {
                self.set_bit(base, i + 8);
            }
        }
        Ok(())
    }

    /// An array.
    pub(in super::super) fn array(&mut self, element: &SqlType, value: &Value<'_>) -> Result<(), Error> {
        let Value::List(values) = value else { return self.mismatch("a list") };
        self.elements(element, "elements", values.len(), values.iter())
    }

    /// A map or a multiset.
    pub(in super::super) fn map(&mut self, key: &SqlType, value: &SqlType, map: &Value<'_>) -> Result<(), Error> {
        let Value::Map(entries) = map else { return self.mismatch("a map") };
        let size = self.bytes.len();
        self.zeros(4);
        self.elements(key, "keys", entries.len(), entries.iter().map(|(key, _)| key))?;
        let keys = self.length(self.bytes.len() - size - 4)?;
        self.put(size, &keys.to_le_bytes());
        self.elements(value, "values", entries.len(), entries.iter().map(|(_, value)| value))
    }

    fn elements<'v, 'a: 'v>(
        &mut self,
        ty: &SqlType,
        name: &'static str,
        count: usize,
        values: impl Iterator<Item = &'v Value<'a>>,
    ) -> Result<(), Error> {
        let base = self.bytes.len();
        let (header, width) = (array_header(count), element_width(ty));
        self.zeros(header.saturating_add(count.saturating_mul(width)).next_multiple_of(8));
        let written = self.length(count)?;
        self.put(base, &written.to_le_bytes());
        for (i, value) in values.enumerate() {
            if self.slot(ty, value, base, base + header + width * i).map_err(|e| e.within(name, i))? {
                self.set_bit(base + 4, i);
            }
        }
        Ok(())
    }

    /// Fills a slot and what it leads to; true if the value is null.
    fn slot(&mut self, ty: &SqlType, value: &Value<'_>, base: usize, slot: usize) -> Result<bool, Error> {
        let kind = ty.physical();
        match (kind, value) {
            (_, Value::Null) => return Ok(true),
            (kind, Value::NullWithSpace) => {
                let Some(size) = reserved(kind) else { return self.mismatch("a null without space") };
                let offset = self.length(self.bytes.len() - base)?;
                self.zeros(size.into());
                self.pair(slot, 0, offset);
                return Ok(true);
            }
            (SqlKind::Boolean, Value::Boolean(value)) => self.put(slot, &[u8::from(*value)]),
            (SqlKind::TinyInt, Value::Byte(value)) => self.put(slot, &value.to_le_bytes()),
            (SqlKind::SmallInt, Value::Short(value)) => self.put(slot, &value.to_le_bytes()),
            (
                SqlKind::Integer | SqlKind::Date | SqlKind::Time { .. } | SqlKind::IntervalYearMonth { .. },
                Value::Int(value),
            ) => self.put(slot, &value.to_le_bytes()),
            (SqlKind::BigInt | SqlKind::IntervalDayTime { .. }, Value::Long(value)) => {
                self.put(slot, &value.to_le_bytes());
            }
            (SqlKind::Float, Value::Float(bits)) => self.put(slot, &bits.to_le_bytes()),
            (SqlKind::Double, Value::Double(bits)) => self.put(slot, &bits.to_le_bytes()),
            (SqlKind::Char { .. } | SqlKind::VarChar { .. }, Value::Text(bytes))
            | (SqlKind::Binary { .. } | SqlKind::VarBinary { .. }, Value::Bytes(bytes)) => {
                self.short_or_chunk(bytes, base, slot)?;
            }
            (SqlKind::Decimal { precision, scale }, Value::BigDecimal(value)) => {
                self.decimal(value, *precision, *scale, base, slot)?;
            }
            (
                SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision },
                Value::Timestamp { time, nanos },
            ) => self.timestamp(*time, *nanos, *precision, base, slot)?,
            (SqlKind::Null | SqlKind::Distinct { .. }, _) => return self.mismatch("null"),
            (kind, value) => self.chunk(base, slot, |writer| writer.nested(kind, value))?,
        }
        Ok(false)
    }

    /// What a chunk of its own holds, and nothing of the slot.
    fn nested(&mut self, kind: &SqlKind, value: &Value<'_>) -> Result<(), Error> {
        match (kind, value) {
            (SqlKind::Array(element), value) => self.array(element, value),
            (SqlKind::Map(key, of), value) => self.map(key, of, value),
            (SqlKind::Multiset(element), value) => self.map(element, &MULTIPLICITY, value),
            (SqlKind::Row { fields, .. }, value) => self.row(fields, value),
            (SqlKind::Raw { inner, .. }, value) => {
                let mut out = Output::new();
                raw::write(inner.as_deref(), value, &mut out)?;
                self.bytes.extend(out.into_bytes());
                Ok(())
            }
            (SqlKind::Variant, Value::Variant { value, metadata }) => {
                let length = self.length(metadata.len())?;
                self.bytes.extend(length.to_be_bytes());
                self.bytes.extend_from_slice(metadata);
                self.bytes.extend_from_slice(value);
                Ok(())
            }
            (SqlKind::Bitmap, Value::Bytes(bytes)) => {
                self.bytes.extend_from_slice(bytes);
                Ok(())
            }
            _ => self.mismatch("of the field's type"),
        }
    }

    fn short_or_chunk(&mut self, bytes: &[u8], base: usize, slot: usize) -> Result<(), Error> {
        match u8::try_from(bytes.len()) {
            Ok(length @ 0..=7) => {
                self.put(slot, bytes);
                self.put(slot + 7, &[0x80 | length]);
                Ok(())
            }
            _ => self.chunk(base, slot, |writer| {
                writer.bytes.extend_from_slice(bytes);
                Ok(())
            }),
        }
    }

    fn decimal(
        &mut self,
        value: &BigDecimal<'_>,
        precision: i32,
        scale: i32,
        base: usize,
        slot: usize,
    ) -> Result<(), Error> {
        if value.scale != scale {
            return self.mismatch("a decimal number of the type's scale");
        }
        if precision <= COMPACT_DECIMAL {
            let long = unscaled_long(&value.unscaled, self.offset())?;
            self.put(slot, &long.to_le_bytes());
            return Ok(());
        }
        let digits = value.unscaled.bytes();
        if !(1..=usize::from(DECIMAL_CHUNK)).contains(&digits.len()) {
            return Err(Error::new(ErrorKind::SqlDecimal { size: digits.len() }, self.offset()));
        }
        let (at, size) = (self.bytes.len(), self.length(digits.len())?);
        let offset = self.length(at - base)?;
        self.zeros(DECIMAL_CHUNK.into());
        self.put(at, digits);
        self.pair(slot, size, offset);
        Ok(())
    }

    fn timestamp(&mut self, time: i64, nanos: i32, precision: i32, base: usize, slot: usize) -> Result<(), Error> {
        if precision <= COMPACT_TIMESTAMP {
            if nanos != 0 {
                return self.mismatch("a timestamp of whole milliseconds");
            }
            self.put(slot, &time.to_le_bytes());
            return Ok(());
        }
        let offset = self.length(self.bytes.len() - base)?;
        self.bytes.extend(time.to_le_bytes());
        self.pair(slot, nanos.cast_unsigned(), offset);
        Ok(())
    }

    /// A chunk at the end, where all is aligned, and its padding.
    fn chunk(
        &mut self,
        base: usize,
        slot: usize,
        write: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let from = self.bytes.len();
        write(self)?;
        let size = self.length(self.bytes.len() - from)?;
        let offset = self.length(from - base)?;
        let padding = (self.bytes.len() - base).next_multiple_of(8) - (self.bytes.len() - base);
        self.zeros(padding);
        self.pair(slot, size, offset);
        Ok(())
    }

    fn zeros(&mut self, n: usize) {
        self.bytes.resize(self.bytes.len().saturating_add(n), 0);
    }

    /// Overwrites what was written as zeros.
    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    fn pair(&mut self, slot: usize, low: u32, high: u32) {
        self.put(slot, &low.to_le_bytes());
        self.put(slot + 4, &high.to_le_bytes());
    }

    fn set_bit(&mut self, from: usize, index: usize) {
        let (byte, mask) = bit(index);
        if let Some(byte) = self.bytes.get_mut(from + byte) {
            *byte |= mask;
        }
    }

    fn length(&self, n: usize) -> Result<u32, Error> {
        match i32::try_from(n) {
            Ok(length) => Ok(length.cast_unsigned()),
            Err(_) => Err(Error::new(ErrorKind::ListTooLong { length: n }, self.offset())),
        }
    }
}

/// The digits of a compact decimal number.
pub(in super::super) fn unscaled_long(digits: &BigInteger<'_>, offset: u64) -> Result<i64, Error> {
    let digits = shortest(digits.bytes());
    let negative = digits.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut bytes = [if negative { 0xFF } else { 0 }; 8];
    match bytes.len().checked_sub(digits.len()).and_then(|at| bytes.get_mut(at..)) {
        Some(place) if !digits.is_empty() => place.copy_from_slice(digits),
        _ => return Err(Error::new(ErrorKind::SqlDecimal { size: digits.len() }, offset)),
    }
    Ok(i64::from_be_bytes(bytes))
}
