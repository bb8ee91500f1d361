//! Formats that are a backend's own: how to tell them, and what reading them would take.

use std::fmt;

use crate::metadata::{KeyGroupOffsets, KeyedHandle};

/// A format of keyed state that is not the canonical one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NativeFormat {
    /// Files of a RocksDB database.
    RocksDb,
    /// The format of the hashmap backend.
    Heap,
    /// A snapshot of another backend with a log of changes.
    Changelog,
}

impl NativeFormat {
    /// By the class of the handle; key-groups handles are told by their bytes.
    pub(super) fn of_handle(handle: &KeyedHandle<'_>) -> Self {
        match handle {
            KeyedHandle::Incremental(_) => Self::RocksDb,
            KeyedHandle::KeyGroups(_) => Self::Heap,
            KeyedHandle::Changelog(_) | KeyedHandle::ByteIncrement(_) | KeyedHandle::FileIncrement(_) => {
                Self::Changelog
            }
        }
    }
}

impl fmt::Display for NativeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, needs) = match self {
            Self::RocksDb => ("files of a RocksDB database", "a RocksDB library"),
            Self::Heap => ("in the native format of the hashmap backend", "the serializers of its values"),
            Self::Changelog => {
                ("a snapshot with a log of changes", "the format of the backend underneath and that of the changelog")
            }
        };
        write!(
            f,
            "{what}, not canonical; to read it would need {needs}. Take a savepoint in the canonical format instead"
        )
    }
}

/// Whether a stream in a plain key-groups handle is that of the hashmap backend: there every key group, also an empty one, starts
/// with its number. RocksDB up to Flink 1.15 puts the canonical format into such handles.
pub fn is_heap_native(bytes: &[u8], offsets: &KeyGroupOffsets<'_>) -> bool {
    offsets.range().count() > 0
        && offsets.iter().all(|(group, offset)| {
            let at = usize::try_from(offset).unwrap_or(usize::MAX);
            let number = bytes.get(at..).and_then(<[u8]>::first_chunk);
            offset != 0 && number.is_some_and(|number| u32::from_be_bytes(*number) == group)
        })
}
