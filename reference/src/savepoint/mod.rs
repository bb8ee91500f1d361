//! A savepoint as a whole: its metadata, and the streams that its handles lead to.
//!
//! Where the bytes of files come from is a [`Store`]'s business: a directory read into memory ([`Directory`]), mapped files,
//! object storage. Handles are resolved here, and never to a path outside of the savepoint: what a relative handle says
//! has to be a plain file name.
//!
//! ```
//! use flink_savepoint::metadata::Metadata;
//! use flink_savepoint::savepoint::{Directory, METADATA, PartState, Savepoint};
//!
//! # let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../conformance/vectors/valid/2.3.0-rocksdb-file");
//! # let directory = std::path::Path::new(directory);
//! let bytes = std::fs::read(directory.join(METADATA))?;
//! let savepoint = Savepoint::new(Metadata::parse(&bytes)?, Directory::new(&directory));
//! let mut entries = 0;
//! for operator in &savepoint.metadata().operators {
//!     savepoint.for_each_part(&operator, |part| {
//!         let PartState::ManagedKeyed(handle) = part.state else { return Ok(()) };
//!         savepoint.keyed(part, handle, |stream| {
//!             stream.for_each(&mut Vec::new(), |key_group, entry| {
//!                 println!("{key_group}: {:02x?} = {:02x?}", entry.key, entry.value);
//!                 entries += 1;
//!                 Ok(())
//!             })
//!         })
//!     })?;
//! }
//! assert_eq!(entries, 266);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod failure;
mod native;
mod parts;
mod rewrite;
mod store;
mod units;
mod writer;

pub use failure::{Failure, Remark, Unusual, Why};
pub use native::{NativeFormat, is_heap_native};
pub use parts::Parts;
pub use rewrite::{Rewrite, RewriteError};
pub use store::{Directory, FileName, Store, local_path, open_regular};
pub use units::{Cut, KeyGroupsOf, Piece, Point, Unit};
pub use writer::{SavepointStream, SavepointWriter};

use std::borrow::Cow;

use account::Account;

use crate::keyed::{KeyedSections, KeyedStream, MaxParallelism};
use crate::metadata::{
    Handles, KeyGroupOffsets, KeyGroupsFormat, KeyedHandle, Metadata, Operator, OperatorStateHandle, StreamHandle,
    SubtaskState,
};
use crate::operator::OperatorStream;
use crate::serializer::Hints;
use crate::wire::JavaStr;
use crate::{Error, Limits};

/// Name of the metadata file in a savepoint's directory.
pub const METADATA: &str = "_metadata";

/// Metadata, and a store with the files beside it.
#[derive(Debug)]
pub struct Savepoint<'a, S> {
    metadata: Metadata<'a>,
    store: S,
    hints: Hints,
    account: Account,
}

/// A handle of a subtask, and whose it is.
#[derive(Debug)]
pub struct Part<'p, 'a> {
    /// The operator.
    pub operator: &'p Operator<'a>,
    /// Index of the subtask.
    pub subtask: u32,
    /// The handle.
    pub state: PartState<'p, 'a>,
}

/// The handles that a subtask can have.
#[derive(Debug, Clone, Copy)]
pub enum PartState<'p, 'a> {
    /// Keyed state and timers.
    ManagedKeyed(&'p KeyedHandle<'a>),
    /// Keyed streams of the operator's own.
    RawKeyed(&'p KeyedHandle<'a>),
    /// Split, union and broadcast state.
    ManagedOperator(&'p OperatorStateHandle<'a>),
    /// A stream of the operator's own.
    RawOperator(&'p OperatorStateHandle<'a>),
    /// In-flight data of a checkpoint.
    Channels,
}

impl Part<'_, '_> {
    /// The path in the handle; none for inline state, and for state in several files.
    pub fn file(&self) -> Option<String> {
        self.stream().and_then(name_of)
    }
}

impl<'p, 'a> PartState<'p, 'a> {
    /// The handles that there are, in the order in which they are visited and counted.
    pub fn of(handles: &'p Handles<'a>) -> impl Iterator<Item = Self> {
        let Handles { managed_operator, raw_operator, managed_keyed, raw_keyed, .. } = handles;
        let has_channels = !handles.input_channels.is_empty() || !handles.result_subpartitions.is_empty();
        let states = [
            managed_operator.as_ref().map(PartState::ManagedOperator),
            raw_operator.as_ref().map(PartState::RawOperator),
            managed_keyed.as_ref().map(PartState::ManagedKeyed),
            raw_keyed.as_ref().map(PartState::RawKeyed),
            has_channels.then_some(PartState::Channels),
        ];
        states.into_iter().flatten()
    }

    /// All that [`label`](Self::label) says.
    pub const LABELS: [&'static str; 5] = ["managed keyed", "raw keyed", "managed operator", "raw operator", "channel"];

    /// For people.
    pub fn label(&self) -> &'static str {
        match self {
            Self::ManagedKeyed(_) => "managed keyed",
            Self::RawKeyed(_) => "raw keyed",
            Self::ManagedOperator(_) => "managed operator",
            Self::RawOperator(_) => "raw operator",
            Self::Channels => "channel",
        }
    }
}

/// The bytes of a stream: in `_metadata`, or of a file.
#[derive(Debug)]
pub enum Bytes<'a, B> {
    /// Inline state.
    Inline(Cow<'a, [u8]>),
    /// A file of the store.
    File(B),
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for Bytes<'_, B> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Inline(bytes) => bytes,
            Self::File(bytes) => bytes.as_ref(),
        }
    }
}

impl<'a, S: Store> Savepoint<'a, S> {
    /// A savepoint of that metadata, with its files in `store`.
    pub fn new(metadata: Metadata<'a>, store: S) -> Self {
        Self { metadata, store, hints: Hints::default(), account: Account::new(Limits::default()) }
    }

    /// With other limits for what is read.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { account: Account::new(limits), ..self }
    }

    /// With what is known of serializers that Flink does not ship.
    #[must_use]
    pub fn with_hints(self, hints: Hints) -> Self {
        Self { hints, ..self }
    }

    /// The same savepoint, as if nothing of it had been read yet: what it costs goes to another account.
    pub fn afresh(&self) -> Savepoint<'a, &S> {
        let account = Account::new(self.account.limits());
        Savepoint { metadata: self.metadata.clone(), store: &self.store, hints: self.hints.clone(), account }
    }

    /// What `_metadata` says.
    pub fn metadata(&self) -> &Metadata<'a> {
        &self.metadata
    }

    /// What has to be read of managed keyed state for the key groups that are wanted: all of it, unless the store can do with less.
    pub fn parts(&self, handle: &KeyedHandle<'a>, wants: impl Fn(u16) -> bool) -> Parts {
        if self.store.is_partial() { Parts::of(handle, wants) } else { Parts::ALL }
    }

    /// Whether more was read than the limit allows ([`Limits::total`]): from there on all is refused.
    pub fn is_exhausted(&self) -> bool {
        self.account.budget.is_exceeded()
    }

    /// Calls `visit` with every handle of an operator, subtask by subtask.
    pub fn for_each_part<'o, E>(
        &self,
        operator: &'o Operator<'a>,
        mut visit: impl FnMut(&Part<'_, 'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        for subtask in operator.subtasks() {
            let SubtaskState::Running(handles) = &subtask.state else { continue };
            for state in PartState::of(handles) {
                visit(&Part { operator, subtask: subtask.index, state })?;
            }
        }
        Ok(())
    }

    /// The bytes that a stream handle leads to.
    pub fn bytes(&self, stream: &StreamHandle<'a>) -> Result<Bytes<'a, S::Bytes>, Why> {
        self.bytes_of(stream, KeyGroupsOf::ALL, &Parts::ALL)
    }

    /// The same for a piece of it. A stream is accounted for as a whole, with its first piece.
    fn bytes_of(
        &self,
        stream: &StreamHandle<'a>,
        groups: KeyGroupsOf,
        parts: &Parts,
    ) -> Result<Bytes<'a, S::Bytes>, Why> {
        match stream {
            StreamHandle::ByteStream(inline) => Ok(Bytes::Inline(inline.data.clone())),
            StreamHandle::Relative(file) => {
                self.admit(&file.relative_path)?;
                let path = file.relative_path.to_text();
                let name = FileName::new(&path).ok_or_else(|| Why::NotAFileName { path: path.to_string() })?;
                let bytes = match parts.ranges() {
                    Some(ranges) => self.store.open_parts(&name, ranges),
                    None => self.store.open(&name),
                };
                let bytes = bytes.map_err(|error| Why::Io { file: path.to_string(), error })?;
                self.opened(&path, bytes, groups)
            }
            StreamHandle::File(file) => {
                self.admit(&file.path)?;
                let path = file.path.to_text();
                match self.store.open_absolute(&path) {
                    None => Err(Why::Absolute { path: path.into_owned() }),
                    Some(Ok(bytes)) => self.opened(&path, bytes, groups),
                    Some(Err(error)) => Err(Why::Io { file: path.into_owned(), error }),
                }
            }
            StreamHandle::Segment(segment) => Err(Why::Segment { path: segment.path.to_string() }),
            StreamHandle::EmptySegment => Ok(Bytes::Inline(Cow::Borrowed(&[]))),
            StreamHandle::KeyGroups(handle) => self.bytes_of(&handle.delegate, groups, parts),
        }
    }

    /// Whether the file of a handle may be opened.
    fn admit(&self, path: &JavaStr<'_>) -> Result<(), Why> {
        self.account.admit(&self.metadata, path).map_err(|error| limited(&path.to_text(), error))
    }

    /// A file that was opened, if so much may still be read.
    fn opened(&self, path: &str, bytes: S::Bytes, groups: KeyGroupsOf) -> Result<Bytes<'a, S::Bytes>, Why> {
        let size = if groups.is_first() { bytes.as_ref().len() } else { 0 };
        let spent = self.account.budget.spend(size);
        spent.map_err(|kind| limited(path, Error::new(kind, 0)))?;
        Ok(Bytes::File(bytes))
    }

    /// Opens managed keyed state in the canonical format and hands it to `read`. Other formats are
    /// [`Why::Native`], with what it would take to read them.
    pub fn keyed<R>(
        &self,
        part: &Part<'_, 'a>,
        handle: &KeyedHandle<'a>,
        read: impl FnOnce(&KeyedStream<'_>) -> Result<R, crate::Error>,
    ) -> Result<R, Failure> {
        self.keyed_piece(part, handle, KeyGroupsOf::ALL, &Parts::ALL, read)
    }

    /// The same for a piece of it: which sections to read is the business of `read`. Those that are not in `parts` must not be looked
    /// into, since a store that can do with less has something else in their place.
    pub fn keyed_piece<R>(
        &self,
        part: &Part<'_, 'a>,
        handle: &KeyedHandle<'a>,
        groups: KeyGroupsOf,
        parts: &Parts,
        read: impl FnOnce(&KeyedStream<'_>) -> Result<R, crate::Error>,
    ) -> Result<R, Failure> {
        self.keyed_bytes(part, handle, (groups, parts), |bytes, offsets, max| {
            let stream = KeyedStream::open_with(bytes, offsets, max, &self.hints)?;
            read(&stream.limits(self.account.limits()).budget(&self.account.budget))
        })
    }

    /// The same where the header cannot be read, since nothing says where a snapshot in it ends.
    pub fn keyed_sections<R>(
        &self,
        part: &Part<'_, 'a>,
        handle: &KeyedHandle<'a>,
        read: impl FnOnce(&KeyedSections<'_>) -> Result<R, crate::Error>,
    ) -> Result<R, Failure> {
        self.keyed_sections_piece(part, handle, KeyGroupsOf::ALL, read)
    }

    /// The same for a piece of it: which of its sections to read is the business of `read`.
    pub fn keyed_sections_piece<R>(
        &self,
        part: &Part<'_, 'a>,
        handle: &KeyedHandle<'a>,
        groups: KeyGroupsOf,
        read: impl FnOnce(&KeyedSections<'_>) -> Result<R, crate::Error>,
    ) -> Result<R, Failure> {
        let parts = self.parts(handle, |group| groups.contains(group.into()));
        self.keyed_bytes(part, handle, (groups, &parts), |bytes, offsets, max| {
            let sections = KeyedSections::open(bytes, offsets, max)?;
            read(&sections.limits(self.account.limits()).budget(&self.account.budget))
        })
    }

    fn keyed_bytes<R>(
        &self,
        part: &Part<'_, 'a>,
        handle: &KeyedHandle<'a>,
        (groups, parts): (KeyGroupsOf, &Parts),
        read: impl FnOnce(&[u8], &KeyGroupOffsets<'a>, MaxParallelism) -> Result<R, crate::Error>,
    ) -> Result<R, Failure> {
        let failed = |why| Failure::of(part, why);
        let max = MaxParallelism::new(part.operator.max_parallelism)
            .ok_or_else(|| failed(Why::MaxParallelism { found: part.operator.max_parallelism }))?;
        let KeyedHandle::KeyGroups(handle) = handle else {
            return Err(failed(Why::Native(NativeFormat::of_handle(handle))));
        };
        let bytes = self.bytes_of(&handle.delegate, groups, parts).map_err(failed)?;
        if handle.format != KeyGroupsFormat::Savepoint && native::is_heap_native(bytes.as_ref(), &handle.offsets) {
            return Err(failed(Why::Native(NativeFormat::Heap)));
        }
        read(bytes.as_ref(), &handle.offsets, max)
            .map_err(|error| failed(Why::Stream { file: name_of(&handle.delegate), error }))
    }

    /// Opens managed operator state and hands it to `read`.
    pub fn operator_state<R>(
        &self,
        part: &Part<'_, 'a>,
        handle: &OperatorStateHandle<'a>,
        read: impl FnOnce(&OperatorStream<'_>) -> Result<R, crate::Error>,
    ) -> Result<R, Failure> {
        let failed = |why| Failure::of(part, why);
        let bytes = self.bytes(&handle.delegate).map_err(failed)?;
        let stream = OperatorStream::open_with(bytes.as_ref(), handle, &self.hints);
        stream
            .and_then(|stream| read(&stream.limits(self.account.limits()).budget(&self.account.budget)))
            .map_err(|error| failed(Why::Stream { file: name_of(&handle.delegate), error }))
    }

    /// The sections of raw keyed state: opaque bytes, each from the offset of its key group up to the next one. Offset -1
    /// means that a key group has nothing; 0 is an offset.
    pub fn raw_keyed(
        &self,
        part: &Part<'_, 'a>,
        handle: &KeyedHandle<'a>,
        visit: impl FnMut(u32, &[u8]),
    ) -> Result<(), Failure> {
        self.raw_keyed_piece(part, handle, KeyGroupsOf::ALL, visit)
    }

    /// The same for a piece of it. Offsets are an error also where they are those of other key groups.
    pub fn raw_keyed_piece(
        &self,
        part: &Part<'_, 'a>,
        handle: &KeyedHandle<'a>,
        groups: KeyGroupsOf,
        mut visit: impl FnMut(u32, &[u8]),
    ) -> Result<(), Failure> {
        let failed = |why| Failure::of(part, why);
        let KeyedHandle::KeyGroups(handle) = handle else {
            return Err(failed(Why::Native(NativeFormat::of_handle(handle))));
        };
        let starts = handle.offsets.iter().filter(|(_, offset)| *offset != -1);
        let starts = starts.map(|(group, offset)| (offset, group)).collect();
        let mut visit = |group, section: &[u8]| {
            if groups.contains(group) {
                visit(group, section);
            }
        };
        self.raw(&handle.delegate, groups, starts, &mut visit).map_err(|why| match why {
            Err((offset, group)) => failed(Why::RawOffset { key_group: group, offset }),
            Ok(why) => failed(why),
        })
    }

    /// The partitions of raw operator state, opaque bytes with the name of their state.
    pub fn raw_operator(
        &self,
        part: &Part<'_, 'a>,
        handle: &OperatorStateHandle<'a>,
        mut visit: impl FnMut(&JavaStr<'_>, &[u8]),
    ) -> Result<(), Failure> {
        let names: Vec<JavaStr<'_>> = handle.states.iter().map(|meta| meta.name).collect();
        let nameless = JavaStr::default();
        let starts = handle.states.iter().zip(0..);
        let starts = starts.flat_map(|(meta, i)| meta.offsets.iter().map(|at| (at, i)).collect::<Vec<_>>()).collect();
        let name = |i: u32| usize::try_from(i).ok().and_then(|i| names.get(i)).unwrap_or(&nameless);
        self.raw(&handle.delegate, KeyGroupsOf::ALL, starts, &mut |i, bytes| visit(name(i), bytes)).map_err(|why| {
            Failure::of(
                part,
                match why {
                    Err((offset, i)) => Why::RawPartition { state: name(i).to_string(), offset },
                    Ok(why) => why,
                },
            )
        })
    }

    /// What starts at each offset, up to the next one. The error is that of the stream, or the offset that is outside of it.
    fn raw(
        &self,
        stream: &StreamHandle<'a>,
        groups: KeyGroupsOf,
        mut starts: Vec<(i64, u32)>,
        visit: &mut dyn FnMut(u32, &[u8]),
    ) -> Result<(), Result<Why, (i64, u32)>> {
        let bytes = self.bytes_of(stream, groups, &Parts::ALL).map_err(Ok)?;
        let bytes = bytes.as_ref();
        starts.sort_unstable();
        let inside = |start: i64| usize::try_from(start).is_ok_and(|start| start <= bytes.len());
        if let Some(wrong) = starts.iter().find(|(start, _)| !inside(*start)) {
            return Err(Err(*wrong));
        }
        let ends =
            starts.iter().skip(1).map(|(start, _)| *start).chain([i64::try_from(bytes.len()).unwrap_or(i64::MAX)]);
        for ((start, whose), end) in starts.iter().zip(ends) {
            let range = usize::try_from(*start).ok().zip(usize::try_from(end).ok());
            let section = range.and_then(|(start, end)| bytes.get(start..end)).ok_or(Err((*start, *whose)))?;
            visit(*whose, section);
        }
        Ok(())
    }
}

/// A file that a limit stands before. Of a path that nobody wants to read only the start is kept.
fn limited(path: &str, error: Error) -> Why {
    const SHOWN: usize = 200;
    let file = match path.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}...", path.split_at(cut).0),
        None => path.to_owned(),
    };
    Why::Stream { file: Some(file), error }
}

fn name_of(stream: &StreamHandle<'_>) -> Option<String> {
    stream.path().map(ToString::to_string)
}
