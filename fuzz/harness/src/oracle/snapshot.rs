//! Serializer snapshots: read by `TypeSerializerSnapshot.readVersionedSnapshot` and by [`SerializerSnapshot::parse`].
//!
//! What Flink keeps of a snapshot is what it writes of it again: its bytes are compared, and where they are others, what the
//! reference reads in them.

use std::fmt;
use std::io;

use flink_savepoint::metadata::Release;
use flink_savepoint::serializer::{Hint, Hints, SerializerSnapshot, Wire};
use flink_savepoint::{Error, ErrorKind};

use super::keyed::seeds;
use super::lines::Lines;
use super::{Case, Difference, Reading, Refused, Subject, state_deviations};
use crate::mutate::{Rng, Shape, mutate};

const POJO: &str = "org.apache.flink.api.java.typeutils.runtime.PojoSerializerSnapshot";

/// The kind: bytes from the class name on.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot;

impl Subject for Snapshot {
    fn name(&self) -> &'static str {
        "snapshot"
    }

    fn code(&self) -> u8 {
        b's'
    }

    fn shape(&self) -> Shape {
        Shape::Snapshot
    }

    fn mutate(&self, bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) {
        mutate_state(Shape::Snapshot, bytes, other, most, rng);
    }

    fn seeds(&self, release: Release) -> io::Result<Vec<Vec<u8>>> {
        seeds::snapshots(release)
    }

    fn read(&self, bytes: &[u8], _release: Release) -> Reading {
        let verdict = read(bytes, &hints()).map(|snapshot| {
            let mut lines = Lines::default();
            lines.add("consumed", snapshot.raw().len());
            render(&snapshot, "", &mut lines);
            lines
        });
        Reading { verdict: verdict.map_err(Refused::from), strict: None }
    }

    fn classify(&self, case: &Case<'_>, difference: &Difference) -> Option<&'static str> {
        state_deviations::snapshot(case, difference)
    }
}

/// A mutation that knows the format, or of a byte that is in no name of a class: most bytes are.
pub(super) fn mutate_state(shape: Shape, bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) {
    if bytes.is_empty() || rng.bool() {
        mutate(shape, bytes, other, most, rng);
        return;
    }
    let of_a_name = |byte: u8| byte.is_ascii_alphabetic() || byte == b'.' || byte == b'$';
    let found =
        (0..16).map(|_| rng.usize(..bytes.len())).find(|at| bytes.get(*at).is_some_and(|byte| !of_a_name(*byte)));
    if let Some(byte) = found.and_then(|at| bytes.get_mut(at)) {
        *byte = match rng.u8(..4) {
            0 => *byte ^ 1 << rng.u8(..8),
            1 => byte.wrapping_add(1),
            2 => byte.wrapping_sub(1),
            _ => rng.u8(..),
        };
    }
}

/// What is known of the one class of a user in the golden files.
pub(super) fn hints() -> Hints {
    let mut hints = Hints::default();
    let body = vec![Wire::Utf, Wire::Repeated(Box::new(Wire::I64))];
    hints.add(Hint { class: "CustomSerializerSnapshot".into(), body: Some(body), ..Hint::default() });
    hints
}

/// Reads the snapshot at the start of `bytes`: what follows is left alone, as Flink leaves it.
pub(super) fn read<'a>(bytes: &'a [u8], hints: &Hints) -> Result<SerializerSnapshot<'a>, Error> {
    let error = match SerializerSnapshot::parse(bytes, hints) {
        Err(error) if matches!(error.kind(), ErrorKind::NotCanonical { what: "bytes after the snapshot" }) => error,
        other => return other,
    };
    let end = usize::try_from(error.offset()).unwrap_or(bytes.len());
    SerializerSnapshot::parse(bytes.get(..end).unwrap_or(bytes), hints)
}

/// The classes of the snapshot and of those nested in it, and its bytes.
pub(super) fn render(snapshot: &SerializerSnapshot<'_>, path: &str, lines: &mut Lines) {
    lines.add(&format!("{path}classes"), Tree::of(snapshot));
    let mut digits = String::with_capacity(2 * snapshot.raw().len());
    for byte in snapshot.raw() {
        for nibble in [byte >> 4, byte & 15] {
            digits.extend(char::from_digit(nibble.into(), 16));
        }
    }
    lines.add(&format!("{path}written"), digits);
}

/// The classes of a snapshot and of those nested in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tree {
    class: String,
    nested: Vec<Tree>,
}

impl Tree {
    pub(super) fn of(snapshot: &SerializerSnapshot<'_>) -> Self {
        // Only for classes that are not Flink's this changes anything.
        let class = snapshot.class().to_string().replace(['(', ')', ' ', '\n'], "?");
        Self { class, nested: snapshot.nested().map(|nested| Self::of(&nested)).collect() }
    }

    /// What [`Display`](fmt::Display) prints.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut open = vec![Self { class: String::new(), nested: Vec::new() }];
        let mut class = String::new();
        let put = |open: &mut Vec<Self>, class: &mut String| {
            if !class.is_empty() {
                open.last_mut()?.nested.push(Self { class: std::mem::take(class), nested: Vec::new() });
            }
            Some(())
        };
        for c in text.chars() {
            match c {
                '(' => open.push(Self { class: std::mem::take(&mut class), nested: Vec::new() }),
                ' ' => put(&mut open, &mut class)?,
                ')' => {
                    put(&mut open, &mut class)?;
                    let closed = open.pop()?;
                    open.last_mut()?.nested.push(closed);
                }
                c => class.push(c),
            }
        }
        put(&mut open, &mut class)?;
        let mut root = open.pop().filter(|_| open.is_empty())?;
        root.nested.pop().filter(|_| root.nested.is_empty())
    }

    /// Whether `other` is this without some of the snapshots that stand in frames of POJOs.
    pub(super) fn has_lost(&self, other: &Self) -> bool {
        if self.class != other.class {
            return false;
        }
        let mut kept = other.nested.iter();
        let mut next = kept.next();
        let mut lost = false;
        for nested in &self.nested {
            match next {
                Some(found) if nested == found || nested.has_lost(found) => {
                    lost |= nested != found;
                    next = kept.next();
                }
                _ => lost = self.class == POJO,
            }
        }
        next.is_none() && lost
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.class)?;
        for (i, nested) in self.nested.iter().enumerate() {
            write!(f, "{}{nested}", if i == 0 { "(" } else { " " })?;
        }
        if self.nested.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

/// The bytes of pairs of hexadecimal digits.
pub(super) fn bytes_of(digits: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap_or_default(), 16).unwrap_or_default();
    digits.as_bytes().chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_print_as_they_are_parsed() {
        for text in ["a", "a(b)", "a(b c(d e) f(g(h)))"] {
            assert_eq!(Tree::parse(text).expect("a tree").to_string(), text);
        }
        for text in ["", "a b", "a(b", "a)"] {
            assert_eq!(Tree::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_pojos_lose_snapshots() {
        let lost = |ours: &str, theirs: &str| {
            let [ours, theirs] = [ours, theirs].map(|text| Tree::parse(&text.replace('P', POJO)).expect("a tree"));
            ours.has_lost(&theirs)
        };
        assert!(lost("P(a b)", "P(b)"));
        assert!(lost("P(a b)", "P"));
        assert!(lost("t(x P(a b))", "t(x P(a))"));
        assert!(!lost("P(a b)", "P(a b)"), "nothing is lost");
        assert!(!lost("P(a b)", "P(c)"));
        assert!(!lost("t(a b)", "t(b)"));
    }
}
