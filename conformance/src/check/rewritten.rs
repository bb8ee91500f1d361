//! Streams written again: the bytes have to be the same.

use std::io::{self, Write};

use super::place::Report;

/// Compares a header that was written again with the stream that it is from.
pub(super) fn header_again(written: &[u8], stream: &[u8], end: u64, report: &mut Report<'_>) {
    let same = written.iter().zip(stream).take_while(|(one, other)| one == other).count() as u64;
    if same != end {
        report.at("WIRE-LAYOUT-01", same, "header", || {
            "written again, the header has other bytes from here on".to_owned()
        });
    }
}

/// Takes bytes, and compares them with those that are expected.
#[derive(Debug)]
pub(super) struct Compare<'e> {
    expected: &'e [u8],
    /// Bytes that were the same.
    same: usize,
    differs: bool,
}

impl<'e> Compare<'e> {
    pub(super) fn new(expected: &'e [u8]) -> Self {
        Self { expected, same: 0, differs: false }
    }

    /// The first byte that differs; bytes that are missing at the end count.
    pub(super) fn difference(&self) -> Option<u64> {
        (self.differs || self.same < self.expected.len()).then_some(self.same as u64)
    }
}

impl Write for Compare<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.differs {
            let rest = self.expected.get(self.same..).unwrap_or_default();
            if rest.starts_with(bytes) {
                self.same += bytes.len();
            } else {
                self.same += rest.iter().zip(bytes).take_while(|(one, other)| one == other).count();
                self.differs = true;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
