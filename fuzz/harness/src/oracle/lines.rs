//! Content as lines, path and value, in the same words as the oracle's `OracleLines`.

use std::fmt::{self, Display, Write as _};

use flink_savepoint::wire::JavaStr;

/// Longer bytes are told by their length and a hash.
const SHORT: usize = 32;

/// Stands for a value that Flink makes up: any will do.
pub const ANY: &str = "*";

/// Content of an input: one field to a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines(String);

impl Lines {
    /// A field.
    pub fn add(&mut self, path: &str, value: impl Display) {
        let _ = writeln!(self.0, "{path} {value}");
    }

    /// Any text of Java.
    pub fn text(&mut self, path: &str, value: &JavaStr<'_>) {
        let _ = writeln!(self.0, "{path} {}", quoted(value));
    }

    /// Bytes.
    pub fn bytes(&mut self, path: &str, value: &[u8]) {
        let _ = write!(self.0, "{path} {} bytes ", value.len());
        if value.len() <= SHORT {
            for byte in value {
                let _ = write!(self.0, "{byte:02x}");
            }
        } else {
            // FNV-1a.
            let hash = value
                .iter()
                .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
            let _ = write!(self.0, "#{hash:x}");
        }
        self.0.push('\n');
    }

    /// Numbers.
    pub fn numbers(&mut self, path: &str, values: impl Iterator<Item = i64>) {
        let values: Vec<String> = values.map(|value| value.to_string()).collect();
        let _ = writeln!(self.0, "{path} [{}]", values.join(" "));
    }

    /// The lines of `other` behind these.
    pub fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text in quotes, with everything but printable ASCII as its UTF-16 units.
pub fn quoted(value: &JavaStr<'_>) -> String {
    let mut out = String::from("\"");
    for unit in value.utf16() {
        match u8::try_from(unit) {
            Ok(byte @ 0x20..0x7F) if byte != b'"' && byte != b'\\' => out.push(byte.into()),
            _ => {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out.push('"');
    out
}

/// The same, for use within a path, which ends at the first space.
pub fn quoted_in_path(value: &JavaStr<'_>) -> String {
    quoted(value).replace(' ', "\\u0020")
}
