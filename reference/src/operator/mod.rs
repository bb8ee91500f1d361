//! The operator state stream: a header, then elements and broadcast maps where the handle's offsets say.
//!
//! | field | type | version 5 (1.13 to 1.17) | version 6 (1.18 and later) |
//! |---|---|---|---|
//! | version | `i32` | yes | yes |
//! | data is compressed | `bool` | | yes |
//! | split and union states | `i16` count, [`StateMetaInfo`] each | yes | yes |
//! | broadcast states | `i16` count, [`StateMetaInfo`] each | yes | yes |
//! | data | elements, then broadcast maps, in the order of the header | yes | yes |

mod layout;
mod stream;
mod writer;

pub use layout::SnappyLayout;
pub use stream::{OperatorStream, Partitions, broadcast_entries};
pub use writer::{OperatorWriter, WrittenOperatorStream};

use crate::error::At;
use crate::meta_info::{Place, StateMetaInfo, read_counted_states, write_states};
use crate::serializer::{Context, Hints, Todo, infer};
use crate::wire::{Input, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

const VERSION_5: i32 = 5;
const VERSION_6: i32 = 6;

/// The header (`OperatorBackendSerializationProxy`).
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorHeader<'a> {
    /// Whether the data is compressed; `None` in version 5, which cannot say and never compresses.
    pub compressed: Option<bool>,
    /// Split and union states.
    pub states: Vec<StateMetaInfo<'a>>,
    /// Broadcast states.
    pub broadcast_states: Vec<StateMetaInfo<'a>>,
}

impl<'a> OperatorHeader<'a> {
    /// Reads the header from the start of a stream; the rest is what follows it.
    pub fn read(input: Input<'a>) -> Result<(Input<'a>, Self), Error> {
        Self::read_to(input, None, &Hints::default())
    }

    /// The same for a header that is known to end at that offset: then serializers of users may be in it, too.
    pub fn read_to(input: Input<'a>, end: Option<u64>, hints: &Hints) -> Result<(Input<'a>, Self), Error> {
        infer::read_header(input, end, hints, Self::parse).field("header")
    }

    /// The version that it is written in.
    pub fn version(&self) -> i32 {
        if self.compressed.is_some() { VERSION_6 } else { VERSION_5 }
    }

    /// All states, in the order of their data.
    pub fn all_states(&self) -> impl Iterator<Item = &StateMetaInfo<'a>> {
        self.states.iter().chain(&self.broadcast_states)
    }

    /// The state at that position: split and union states first, then broadcast states.
    pub fn state(&self, index: usize) -> Option<&StateMetaInfo<'a>> {
        match index.checked_sub(self.states.len()) {
            None => self.states.get(index),
            Some(index) => self.broadcast_states.get(index),
        }
    }

    fn parse(input: Input<'a>, context: &Context<'_>) -> Parsed<'a, Self> {
        let (rest, found) = java::i32(input).field("version")?;
        let (rest, compressed) = match found {
            VERSION_5 => (rest, None),
            VERSION_6 => java::bool(rest, false).field("compressed").map(|(rest, flag)| (rest, Some(flag)))?,
            1..=4 => return fail(ErrorKind::LegacyStateVersion { found }, input.offset()).field("version"),
            _ => return fail(ErrorKind::StateVersion { found }, input.offset()).field("version"),
        };
        let read = read_counted_states(rest, Place::Operator, context);
        if read.is_err() {
            context.left_behind(|| Todo::Counted { place: Place::Broadcast });
        }
        let (rest, states) = read?;
        let (rest, broadcast_states) = read_counted_states(rest, Place::Broadcast, context)?;
        Ok((rest, Self { compressed, states, broadcast_states }))
    }

    /// Writes the header.
    pub fn write(&self, out: &mut Output) -> Result<(), Error> {
        out.i32(self.version());
        if let Some(compressed) = self.compressed {
            out.bool(compressed);
        }
        write_states(&self.states, out).field("header")?;
        write_states(&self.broadcast_states, out).field("header")
    }
}
