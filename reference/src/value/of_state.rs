//! Values as the entries of keyed state hold them: lists and maps have a form of their own there.

use std::borrow::Cow;

use super::{Decoder, TypeDescription, Value};
use crate::error::At;
use crate::wire::{Input, done, fail, java};
use crate::{Error, ErrorKind, Limits};

pub(super) const SEPARATOR: u8 = b',';

impl TypeDescription {
    /// Decodes the value of list state: elements of this type, with a comma between them and no count. Elements that do not say
    /// where they end leave the whole opaque.
    pub fn decode_list_state<'a>(&self, bytes: &'a [u8]) -> Result<Value<'a>, Error> {
        if !self.is_delimited() {
            return Ok(Value::Opaque(Cow::Borrowed(bytes)));
        }
        let mut rest = Input::new(bytes);
        let mut elements = Vec::new();
        let mut decoder = Decoder::new(Limits::default());
        while !rest.is_empty() {
            let at = elements.len() as u64;
            let (next, element) = done(self.read(rest, &mut decoder).index(at), rest.end())?;
            // An instance of a class that the snapshot does not have.
            if decoder.is_open() {
                return Ok(Value::Opaque(Cow::Borrowed(bytes)));
            }
            elements.push(element);
            rest = match next.bytes().first() {
                None => next,
                Some(&SEPARATOR) if next.len() > 1 => next.skip(1),
                Some(&found) => {
                    let kind = ErrorKind::ListSeparator { found };
                    return done(fail(kind, next.offset()).index(at), next.end()).map(|(_, value)| value);
                }
            };
        }
        Ok(Value::List(elements))
    }

    /// Encodes a list for list state.
    pub fn encode_list_state(&self, elements: &[Value<'_>]) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        for (i, element) in elements.iter().enumerate() {
            if i > 0 {
                bytes.push(SEPARATOR);
            }
            bytes.extend(self.encode(element).index(i as u64)?);
        }
        Ok(bytes)
    }

    /// Decodes the value of an entry of map state: a flag, 1 for null, then a value of this type.
    pub fn decode_map_value<'a>(&self, bytes: &'a [u8]) -> Result<Value<'a>, Error> {
        let input = Input::new(bytes);
        let (rest, is_null) = done(java::bool(input, false), input.end()).field("null")?;
        // What a serializer writes for null may follow; readers ignore it.
        if is_null { Ok(Value::Null) } else { self.decode_at(rest) }
    }

    /// Encodes the value of an entry of map state.
    pub fn encode_map_value(&self, value: &Value<'_>) -> Result<Vec<u8>, Error> {
        if *value == Value::Null {
            return Ok(vec![1]);
        }
        let mut bytes = vec![0];
        bytes.extend(self.encode(value)?);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Scalar;

    #[test]
    fn lists_have_commas_and_no_count() {
        let short = TypeDescription::Scalar(Scalar::Short);
        let bytes = [0, 1, b',', 0, b',', b',', 0, 3];
        let list = short.decode_list_state(&bytes).unwrap();
        let elements = [Value::Short(1), Value::Short(0x2C), Value::Short(3)];
        assert_eq!(list, Value::List(elements.to_vec()));
        assert_eq!(short.encode_list_state(&elements).unwrap(), bytes);
        let error = short.decode_list_state(&[0, 1, b';', 0, 2]).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (&ErrorKind::ListSeparator { found: b';' }, 2));
        assert_eq!(short.decode_list_state(&[0, 1, b',']).unwrap_err().offset(), 2, "nothing behind the comma");
        assert_eq!(short.decode_list_state(&[0, 1, b',', 0]).unwrap_err().path(), "[1]");
    }

    #[test]
    fn map_values_have_a_flag() {
        let int = TypeDescription::Scalar(Scalar::Int);
        assert_eq!(int.decode_map_value(&[0, 0, 0, 0, 7]).unwrap(), Value::Int(7));
        assert_eq!(int.decode_map_value(&[1]).unwrap(), Value::Null);
        assert_eq!(int.encode_map_value(&Value::Null).unwrap(), [1]);
        assert_eq!(int.decode_map_value(&[0, 0]).unwrap_err().offset(), 1);
    }
}
