//! The header of a keyed stream (`KeyedBackendSerializationProxy`).

use super::StateId;
use crate::error::At;
use crate::meta_info::{Place, StateMetaInfo};
use crate::serializer::SerializerSnapshot;
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
        done(Self::parse(input), input.end()).field("header")
    }

    /// The state of that id.
    pub fn state(&self, id: StateId) -> Option<&StateMetaInfo<'a>> {
        self.states.get(usize::from(id.0))
    }

    fn parse(input: Input<'a>) -> Parsed<'a, Self> {
        let (rest, found) = java::i32(input).field("version")?;
        match found {
            VERSION => {}
            1..=5 => return fail(ErrorKind::LegacyStateVersion { found }, input.offset()).field("version"),
            _ => return fail(ErrorKind::StateVersion { found }, input.offset()).field("version"),
        }
        let (rest, compressed) = java::bool(rest, false).field("compressed")?;
        let (rest, key_serializer) = SerializerSnapshot::read_wrapped(rest).field("key_serializer")?;
        let (rest, states) = read_states(rest, Place::Keyed)?;
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

/// `i16` count, then meta infos.
pub(crate) fn read_states(input: Input<'_>, place: Place) -> Parsed<'_, Vec<StateMetaInfo<'_>>> {
    let (mut rest, count) = java::u16(input).field("states")?;
    let Some(count) = i16::try_from(count).ok().and_then(|n| u16::try_from(n).ok()) else {
        return fail(ErrorKind::NegativeLength { found: i64::from(count.cast_signed()) }, input.offset())
            .field("states");
    };
    // Not sized by the count: each state is read before room is made for it.
    let mut states = Vec::new();
    for i in 0..count {
        let (next, state) = StateMetaInfo::read(rest, place).index(i.into()).field("state")?;
        states.push(state);
        rest = next;
    }
    Ok((rest, states))
}

pub(crate) fn write_states(states: &[StateMetaInfo<'_>], out: &mut Output) -> Result<(), Error> {
    let count = i16::try_from(states.len()).map_err(|_| out.error(ErrorKind::ListTooLong { length: states.len() }))?;
    out.u16(count.cast_unsigned());
    states.iter().enumerate().try_for_each(|(i, state)| state.write(out).index(i as u64).field("state"))
}
