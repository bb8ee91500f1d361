//! A window into a file that knows where it stands.

use std::fmt;
use std::iter::{Copied, Enumerate};
use std::slice::Iter;

/// Bytes and the absolute offset of the first of them, as input for nom.
///
/// A window cut out of a file keeps the file's offsets, so that an error deep inside a nested structure still names
/// the byte of the file. 24 bytes, `Copy`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Input<'a> {
    bytes: &'a [u8],
    offset: u64,
}

impl<'a> Input<'a> {
    /// A whole file: offset 0.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// Bytes that start at `offset` of their file.
    pub fn with_offset(bytes: &'a [u8], offset: u64) -> Self {
        Self { bytes, offset }
    }

    /// The bytes of the window. They live as long as the file, not as this `Input`.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The absolute offset of the first byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The absolute offset behind the last byte.
    pub fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }

    /// Bytes in the window.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The window without its first `n` bytes, or an empty one at its end.
    #[must_use]
    pub fn skip(&self, n: usize) -> Input<'a> {
        let n = n.min(self.bytes.len());
        Self { bytes: self.bytes.split_at(n).1, offset: self.offset + n as u64 }
    }

    /// What was consumed between this input and `rest`, a later position of the same window.
    #[must_use]
    pub fn until(&self, rest: &Input<'a>) -> Input<'a> {
        let used = self.bytes.len().saturating_sub(rest.bytes.len());
        Self { bytes: self.bytes.split_at(used).0, offset: self.offset }
    }
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Input({:#x}..{:#x})", self.offset, self.end())
    }
}

// Callers of `take*` have compared the index with `input_len`, as the trait demands.
impl<'a> nom::Input for Input<'a> {
    type Item = u8;
    type Iter = Copied<Iter<'a, u8>>;
    type IterIndices = Enumerate<Self::Iter>;

    fn input_len(&self) -> usize {
        self.bytes.len()
    }

    fn take(&self, index: usize) -> Self {
        self.take_split(index).1
    }

    fn take_from(&self, index: usize) -> Self {
        self.take_split(index).0
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        let (head, tail) = self.bytes.split_at(index);
        (Self { bytes: tail, offset: self.offset + index as u64 }, Self { bytes: head, offset: self.offset })
    }

    fn position<P: Fn(u8) -> bool>(&self, predicate: P) -> Option<usize> {
        self.bytes.iter().position(|b| predicate(*b))
    }

    fn iter_elements(&self) -> Self::Iter {
        self.bytes.iter().copied()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.iter_elements().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, nom::Needed> {
        match count.checked_sub(self.bytes.len()) {
            None | Some(0) => Ok(count),
            Some(missing) => Err(nom::Needed::new(missing)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nom::Input as _;

    #[test]
    fn windows_keep_absolute_offsets() {
        let file = Input::new(&[0, 1, 2, 3, 4, 5]);
        let (tail, head) = file.take_split(2);
        assert_eq!((head.offset(), head.end()), (0, 2));
        assert_eq!((tail.offset(), tail.end()), (2, 6));
        let inner = tail.take_from(1).take(2);
        assert_eq!((inner.bytes(), inner.offset()), (&[3, 4][..], 3));
        assert_eq!(file.until(&tail), head);
        assert_eq!(file.slice_index(7), Err(nom::Needed::new(1)));
        assert_eq!(file.position(|b| b == 4), Some(4));
        assert_eq!(file.iter_indices().next_back(), Some((5, 5)));
        assert_eq!((file.slice_index(6), file.slice_index(2)), (Ok(6), Ok(2)));
        assert_eq!(format!("{inner:?}"), "Input(0x3..0x5)");
        let (end, beyond) = (tail.skip(4), tail.skip(5));
        assert_eq!((tail.skip(1).bytes(), tail.skip(1).offset()), (&[3, 4, 5][..], 3));
        assert!(end.is_empty() && beyond == end && end.offset() == 6 && !tail.is_empty());
    }
}
