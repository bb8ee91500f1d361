//! The header of a keyed stream (`KeyedBackendSerializationProxy`).

use super::StateId;
use crate::error::At;
use crate::meta_info::{Place, StateMetaInfo, read_counted_states, write_states};
use crate::serializer::{Context, Hints, SerializerSnapshot, Todo, infer};
use crate::wire::{Input, Output, Parsed, done, fail, java};
use crate::{Error, ErrorKind};

const VERSION: i32 = 6;

/// What precedes the sections. Never compressed, and not preceded by its length.
///
/// | field | type |
/// |---|---|
/// | version | `i32` 6; 1 to 5 are of Flink before 1.8 |
/// | sections are compressed | `bool` |
/// | key serializer | wrapped snapshot |
/// | states | `i16` count, [`StateMetaInfo`] each; the position is the state id |
#[derive(Debug, Clone, PartialEq)]
pub struct KeyedHeader<'a> {
    /// Whether every section is a framed Snappy stream.
    pub compressed: bool,
    /// Of the keys of all states.
    pub key_serializer: SerializerSnapshot<'a>,
    /// The states by id.
    pub states: Vec<StateMetaInfo<'a>>,
}

impl<'a> KeyedHeader<'a> {
    /// Reads the header from the start of a stream; the rest is what follows it.
    pub fn read(input: Input<'a>) -> Result<(Input<'a>, Self), Error> {
        Self::read_to(input, None, &Hints::default())
    }

    /// The same for a header that is known to end at that offset: then serializers of users may be in it, too.
    pub fn read_to(input: Input<'a>, end: Option<u64>, hints: &Hints) -> Result<(Input<'a>, Self), Error> {
        infer::read_header(input, end, hints, Self::parse).field("header")
    }

    /// Reads what stands before the serializers: whether sections are compressed.
    pub(super) fn read_start(input: Input<'a>) -> Result<(Input<'a>, bool), Error> {
        done(start(input), input.end()).field("header")
    }

    /// The state of that id.
    pub fn state(&self, id: StateId) -> Option<&StateMetaInfo<'a>> {
        self.states.get(usize::from(id.0))
    }

    fn parse(input: Input<'a>, context: &Context<'_>) -> Parsed<'a, Self> {
        let (rest, compressed) = start(input)?;
        let read = SerializerSnapshot::read_wrapped(rest, context);
        if read.is_err() {
            context.left_behind(|| Todo::Counted { place: Place::Keyed });
        }
        let (rest, key_serializer) = read.field("key_serializer")?;
        let (rest, states) = read_counted_states(rest, Place::Keyed, context)?;
        Ok((rest, Self { compressed, key_serializer, states }))
    }

    /// Writes the header.
    pub fn write(&self, out: &mut Output) -> Result<(), Error> {
        out.i32(VERSION);
        out.bool(self.compressed);
        self.key_serializer.write_wrapped(out);
        write_states(&self.states, out).field("header")
    }
}

/// Version, and whether sections are compressed.
fn start(input: Input<'_>) -> Parsed<'_, bool> {
    let (rest, found) = java::i32(input).field("version")?;
    match found {
        VERSION => {}
        1..=5 => return fail(ErrorKind::LegacyStateVersion { found }, input.offset()).field("version"),
        _ => return fail(ErrorKind::StateVersion { found }, input.offset()).field("version"),
    }
    java::bool(rest, false).field("compressed")
}
