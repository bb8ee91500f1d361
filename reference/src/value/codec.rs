//! Decoding and encoding, by type.

use std::borrow::Cow;

use super::{Decoder, NullFlag, TypeDescription, Value, avro, sql};
use super::{collection, pojo, record, scalar_codec};
use crate::wire::{Input, Output, Parsed, done, fail, java};
use crate::{Error, ErrorKind, Limits};

impl TypeDescription {
    /// Decodes a value that is all of `bytes`.
    ///
    /// Errors name the field: `value.fields[2]`. Offsets count from the start of `bytes`.
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Result<Value<'a>, Error> {
        self.decode_at(Input::new(bytes))
    }

    /// The same, of a window that knows where it stands.
    pub fn decode_at<'a>(&self, input: Input<'a>) -> Result<Value<'a>, Error> {
        let end = input.end();
        let value = Decoder::new(Limits::default()).within(input, |decoder, input| self.read(input, decoder));
        done(value.map(|value| (input.skip(input.len()), value)), end).map(|(_, value)| value)
    }

    /// Bytes of the value at the start of `bytes`; `None` if it is cut or damaged, or does not say where it ends.
    pub fn value_length(&self, bytes: &[u8]) -> Option<usize> {
        if let Some(length) = self.glance_length(bytes) {
            return Some(length);
        }
        if let Self::Scalar(scalar) = self {
            return scalar_codec::skip(*scalar, bytes);
        }
        let mut decoder = Decoder::new(Limits::default());
        let (rest, _) = self.read(Input::new(bytes), &mut decoder).ok()?;
        (!decoder.is_open()).then(|| bytes.len() - rest.len())
    }

    /// Encodes a value.
    pub fn encode(&self, value: &Value<'_>) -> Result<Vec<u8>, Error> {
        let mut out = Output::new();
        self.write(value, &mut out)?;
        Ok(out.into_bytes())
    }

    /// Reads a value from the start of the input.
    pub(crate) fn read<'a>(&self, input: Input<'a>, decoder: &mut Decoder) -> Parsed<'a, Value<'a>> {
        match self {
            Self::Scalar(scalar) => scalar_codec::read(*scalar, input),
            Self::Opaque { .. } => {
                let (rest, bytes) = decoder.rest(input);
                Ok((rest, Value::Opaque(Cow::Borrowed(bytes))))
            }
            _ => decoder.deeper(input, |decoder, input| self.read_composite(input, decoder)),
        }
    }

    fn read_composite<'a>(&self, input: Input<'a>, decoder: &mut Decoder) -> Parsed<'a, Value<'a>> {
        match self {
            Self::Scalar(_) | Self::Opaque { .. } => self.read(input, decoder),
            Self::Enum { constants, numbers, .. } => scalar_codec::read_constant(constants.len(), numbers, input),
            Self::List { element, flag, .. } => collection::read_list(element, *flag, input, decoder),
            Self::Map { key, value, nullable_keys, .. } => {
                collection::read_map((key, value), *nullable_keys, input, decoder)
            }
            Self::Record(record) => record::read(record, input, decoder),
            Self::Row { fields, has_kind } => record::read_row(fields, *has_kind, input, decoder),
            Self::Choice { branches, otherwise, .. } => record::read_choice(branches, *otherwise, input, decoder),
            Self::Nullable { inner, flag: NullFlag::None, .. } => inner.read(input, decoder),
            Self::Nullable { inner, flag, padding, .. } => {
                record::read_nullable(inner, *flag == NullFlag::OneIsNull, *padding, input, decoder)
            }
            Self::Framed(inner) => {
                let (rest, window) = java::bytes32(input)?;
                Ok((rest, read_framed(inner, window, decoder)?))
            }
            Self::Pojo(pojo) => pojo::read(pojo, input, decoder),
            Self::Sql(sql) => sql::read(sql, input, decoder),
            Self::BinaryRow { .. } => {
                let (rest, _) = java::bytes32(input)?;
                Ok((rest, Value::Opaque(Cow::Borrowed(input.until(&rest).bytes()))))
            }
            Self::Avro(avro) => avro::read(avro, input, decoder),
        }
    }

    /// Writes a value; an error if it is not one of this type.
    pub(crate) fn write(&self, value: &Value<'_>, out: &mut Output) -> Result<(), Error> {
        match (self, value) {
            // What hid its end was kept as it stood.
            (
                Self::Opaque { .. } | Self::BinaryRow { .. } | Self::List { .. } | Self::Map { .. } | Self::Row { .. },
                Value::Opaque(bytes),
            ) => {
                out.raw(bytes);
                Ok(())
            }
            // The content of the frame as it stood; also what is null to its serializer, but not to the frame.
            (Self::Framed(_), Value::Opaque(bytes)) => out.bytes32(bytes),
            (Self::Scalar(scalar), _) => scalar_codec::write(*scalar, value, out),
            (Self::Enum { constants, numbers, .. }, _) => {
                scalar_codec::write_constant(constants.len(), numbers, value, out)
            }
            (Self::List { element, flag, .. }, _) => collection::write_list(element, *flag, value, out),
            (Self::Map { key, value: mapped, nullable_keys, .. }, _) => {
                collection::write_map((key, mapped), *nullable_keys, value, out)
            }
            (Self::Record(record), _) => record::write(record, value, out),
            (Self::Row { fields, has_kind }, _) => record::write_row(fields, *has_kind, value, out),
            (Self::Choice { branches, .. }, _) => record::write_choice(branches, value, out),
            (Self::Nullable { inner, flag: NullFlag::None, .. }, _) => inner.write(value, out),
            (Self::Nullable { inner, flag, padding, .. }, _) => {
                record::write_nullable(inner, *flag == NullFlag::OneIsNull, *padding, value, out)
            }
            (Self::Framed(inner), _) => out.bytes32(&inner.encode(value)?),
            (Self::Pojo(pojo), _) => pojo::write(pojo, value, out),
            (Self::Sql(sql), _) => sql::write(sql, value, out),
            (Self::Avro(avro), _) => avro::write(avro, value, out),
            (Self::BinaryRow { .. } | Self::Opaque { .. }, _) => Err(mismatch(out)),
        }
    }
}

/// The value in all of a window. Bytes that stand for null are kept, since the frame around them is not null; and so are those of
/// what was kept as it stood, so that what is kept is the content of one frame, the outermost.
pub(super) fn read_framed<'a>(
    inner: &TypeDescription,
    window: Input<'a>,
    decoder: &mut Decoder,
) -> Result<Value<'a>, nom::Err<Error>> {
    match decoder.within(window, |decoder, window| inner.read(window, decoder))? {
        Value::Null | Value::Opaque(_) => Ok(Value::Opaque(Cow::Borrowed(window.bytes()))),
        value => Ok(value),
    }
}

/// The value is not one of the type.
pub(super) fn mismatch(out: &Output) -> Error {
    out.error(ErrorKind::ValueType { expected: "another kind of value" })
}

/// A byte that stands for none of the alternatives.
pub(super) fn unknown_tag<'a, T>(found: u8, offset: u64) -> Parsed<'a, T> {
    fail(ErrorKind::ValueTag { found }, offset)
}
