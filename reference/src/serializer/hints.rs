//! What a user says of serializers that Flink does not ship.

use std::sync::Arc;

use crate::error::At;
use crate::wire::{Input, Parsed};

/// Descriptions of snapshot classes, each by its name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    hints: Vec<Arc<Hint>>,
}

/// How one snapshot class writes its body, and its serializer its values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hint {
    /// The snapshot class, as it stands in the file (`$` before nested classes).
    pub class: String,
    /// What the body consists of. `None` leaves its end to be found by exact fit.
    pub body: Option<Vec<Wire>>,
    /// The fields of a value; `None` leaves values opaque.
    pub value: Option<Vec<(String, Wire)>>,
    /// `TypeSerializer.getLength`; `None` is -1, variable.
    pub length: Option<u32>,
}

/// What Java's `DataOutput` and Flink's helpers write.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "numbers named by their width")]
pub enum Wire {
    Bool,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
    /// `writeUTF`.
    Utf,
    /// `StringValue.writeString`, as `StringSerializer` does.
    Str,
    /// `i32` length and bytes.
    Bytes,
    /// `i32` count, and as many.
    Repeated(Box<Wire>),
}

impl Hints {
    /// Adds a description; a later one of the same class takes the place of the earlier.
    pub fn add(&mut self, hint: Hint) {
        self.hints.retain(|known| known.class != hint.class);
        self.hints.push(Arc::new(hint));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hints.is_empty()
    }

    pub(super) fn get(&self, class: &str) -> Option<&Arc<Hint>> {
        self.hints.iter().find(|hint| hint.class == class)
    }
}

impl Wire {
    /// The wire of that name: `i32`, `utf`, `str`, `bytes`; with `*` behind it a counted list.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(element) = name.strip_suffix('*') {
            return Self::parse(element).map(|element| Self::Repeated(Box::new(element)));
        }
        Some(match name {
            "bool" => Self::Bool,
            "i8" => Self::I8,
            "i16" => Self::I16,
            "i32" => Self::I32,
            "i64" => Self::I64,
            "f32" => Self::F32,
            "f64" => Self::F64,
            "utf" => Self::Utf,
            "str" => Self::Str,
            "bytes" => Self::Bytes,
            _ => return None,
        })
    }
}

/// Reads a body of that description to its end.
pub(super) fn skip<'a>(body: &[Wire], input: Input<'a>) -> Parsed<'a, ()> {
    let mut rest = input;
    for (i, wire) in body.iter().enumerate() {
        let ty = crate::value::of_wire(wire);
        let mut decoder = crate::value::Decoder::new(crate::Limits::default());
        rest = ty.read(rest, &mut decoder).index(i as u64).field("body")?.0;
    }
    Ok((rest, ()))
}
