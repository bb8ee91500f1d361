//! Java's `DataOutput` primitives: the twins of [`java`](super::java).

use super::JavaStr;
use crate::{Error, ErrorKind};

/// Bytes being written, and how many there are: errors name the offset at which the field would have started.
#[derive(Debug, Default)]
pub struct Output {
    bytes: Vec<u8>,
    /// Bytes that were handed out before.
    before: u64,
}

impl Output {
    /// An empty output.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Hands out what was written since this was last called; offsets go on.
    pub(crate) fn drain(&mut self, to: &mut dyn FnMut(&[u8])) {
        to(&self.bytes);
        self.before += self.bytes.len() as u64;
        self.bytes.clear();
    }

    /// The offset of the next byte.
    pub fn offset(&self) -> u64 {
        self.before + self.bytes.len() as u64
    }

    /// An error at the offset of the next byte.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.offset())
    }

    /// Raw bytes.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// `writeByte`.
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// `writeBoolean`.
    pub fn bool(&mut self, value: bool) {
        self.u8(value.into());
    }

    /// `writeShort` of an unsigned value.
    pub fn u16(&mut self, value: u16) {
        self.raw(&value.to_be_bytes());
    }

    /// `writeInt`.
    pub fn i32(&mut self, value: i32) {
        self.raw(&value.to_be_bytes());
    }

    /// `writeLong`.
    pub fn i64(&mut self, value: i64) {
        self.raw(&value.to_be_bytes());
    }

    /// A count of elements or bytes as `i32`.
    pub fn count(&mut self, n: usize) -> Result<(), Error> {
        let count = i32::try_from(n).map_err(|_| self.error(ErrorKind::ListTooLong { length: n }))?;
        self.i32(count);
        Ok(())
    }

    /// `i32` length, then the bytes.
    pub fn bytes32(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.count(bytes.len())?;
        self.raw(bytes);
        Ok(())
    }

    /// `writeUTF`.
    pub fn utf(&mut self, text: &JavaStr<'_>) -> Result<(), Error> {
        let bytes = text.as_modified_utf8();
        let length =
            u16::try_from(bytes.len()).map_err(|_| self.error(ErrorKind::StringTooLong { length: bytes.len() }))?;
        self.u16(length);
        self.raw(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Input, java};

    #[test]
    fn offsets_go_on_behind_what_was_handed_out() {
        let (mut out, mut all) = (Output::new(), Vec::new());
        out.i32(1);
        out.drain(&mut |part| all.extend_from_slice(part));
        out.u8(2);
        assert_eq!((out.offset(), out.error(ErrorKind::EmptyName).offset()), (5, 5));
        out.drain(&mut |part| all.extend_from_slice(part));
        assert_eq!((all, out.into_bytes()), (vec![0, 0, 0, 1, 2], vec![]));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut out = Output::new();
        out.u8(0xFE);
        out.bool(true);
        out.u16(0xABCD);
        out.i32(i32::MIN);
        out.i64(i64::MAX);
        out.bytes32(b"xyz").unwrap();
        out.utf(&JavaStr::from("spl\u{e9}\0\u{1F600}")).unwrap();
        let bytes = out.into_bytes();
        let input = Input::new(&bytes);
        let (input, byte) = java::u8(input).unwrap();
        let (input, flag) = java::bool(input, true).unwrap();
        let (input, short) = java::u16(input).unwrap();
        let (input, int) = java::i32(input).unwrap();
        let (input, long) = java::i64(input).unwrap();
        let (input, raw) = java::bytes32(input).unwrap();
        let (input, text) = java::utf(input, true).unwrap();
        assert_eq!((byte, flag, short, int, long), (0xFE, true, 0xABCD, i32::MIN, i64::MAX));
        assert_eq!((raw.bytes(), text.to_string().as_str()), (&b"xyz"[..], "spl\u{e9}\0\u{1F600}"));
        assert!(input.is_empty());
    }

    #[test]
    fn a_string_of_65535_bytes_is_the_longest() {
        let mut out = Output::new();
        out.utf(&JavaStr::from("a".repeat(65_535).as_str())).unwrap();
        assert_eq!(out.offset(), 65_537);
        let error = out.utf(&JavaStr::from("a".repeat(65_536).as_str())).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (&ErrorKind::StringTooLong { length: 65_536 }, 65_537));
    }
}
