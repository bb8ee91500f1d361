//! The canonical keyed stream: a header, then a section for each key group that has state.
//!
//! ```text
//! stream  := header section*
//! section := run+ FF FF                 at the offset of its key group; one framed Snappy stream if compressed
//! run     := state id:u16 entry+
//! entry   := key:bytes32 value:bytes32
//! ```
//!
//! There is no count and no length for runs and sections: in the last entry of a run the top bit of the key's first
//! byte is set. That byte belongs to the key-group prefix, which never needs the bit.

mod composite_key;
mod cursor;
pub(crate) mod header;
pub mod java_hash;
mod key_group;
mod pending;
mod raw_timers;
mod section;
mod stream;
mod timer;
mod writer;

pub use composite_key::{CompositeKey, KeyLayout};
pub use header::KeyedHeader;
pub use key_group::{
    KeyGroup, MaxParallelism, PrefixWidth, default_max_parallelism, key_groups_of_subtask, murmur_hash,
};
pub use raw_timers::{RawTimer, RawTimerService, RawTimers};
pub use section::{Entries, Entry, Section};
pub use stream::{KeyedSections, KeyedStream};
pub use timer::Timer;
pub use writer::{KeyedWriter, WrittenStream};

/// The number of a state in its stream: its position in the header, from 0. Not the same in every stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateId(pub u16);

/// Stands where the id of the next run would: the section ends (`END_OF_KEY_GROUP_MARK`).
const END_OF_KEY_GROUP: u16 = 0xFFFF;

/// Set in the first byte of the last key of a run (`FIRST_BIT_IN_BYTE_MASK`).
const END_OF_RUN: u8 = 0x80;
