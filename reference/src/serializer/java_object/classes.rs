//! The classes that a stream names.

use std::borrow::Cow;

use super::{Item, JavaObject};
use crate::Error;
use crate::wire::{Input, done};

/// A class descriptor: what a JVM compares with the class that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedClass<'a> {
    /// Its name, as `Class.getName`.
    pub name: Cow<'a, str>,
    /// Its `serialVersionUID`; 0 for enums and for classes that are not serializable.
    pub uid: i64,
}

/// The classes named by the stream that `bytes` start with, and the length of the stream.
pub fn classes(bytes: &[u8]) -> Result<(Vec<NamedClass<'_>>, usize), Error> {
    let input = Input::new(bytes);
    let (rest, stream) = done(JavaObject::read(input), input.end())?;
    // The number stands behind the tag, two bytes of length, and the name.
    let uid = |at: u32, name: &[u8]| {
        let from = usize::try_from(at).ok()?.checked_add(3)?.checked_add(name.len())?;
        bytes.get(from..)?.first_chunk().copied().map(i64::from_be_bytes)
    };
    let named = stream.items.iter().filter_map(|(at, item)| match item {
        Item::Class(class) if !class.name.is_empty() => {
            Some(NamedClass { name: super::view::text(class.name), uid: uid(*at, class.name)? })
        }
        _ => None,
    });
    Ok((named.collect(), bytes.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enum_constant() {
        let mut bytes = b"\xAC\xED\0\x05\x7E\x72\0\x03a.E\0\0\0\0\0\0\0\x07\x12\0\0\x78\x70\x74\0\x01X".to_vec();
        let length = bytes.len();
        bytes.push(1);
        let (named, read) = classes(&bytes).unwrap();
        assert_eq!(named, [NamedClass { name: "a.E".into(), uid: 7 }]);
        assert_eq!(read, length);
        assert!(classes(&bytes[..length - 1]).is_err());
    }
}
