//! The file `_metadata`: what a savepoint consists of, and where it is.
//!
//! | field | type | versions |
//! |---|---|---|
//! | magic | `49 60 67 2D` | all |
//! | version | `i32` | all |
//! | checkpoint id | `i64`, not negative | all |
//! | master states | list of [`MasterState`] | all |
//! | operators | list of [`Operator`] | all |
//! | properties | [`Properties`] | 4 and later |
//!
//! Reader of `org.apache.flink.runtime.checkpoint.Checkpoints` and the `MetadataV*Serializer` classes, in other words.

pub mod changelog_handle;
pub mod channel_handle;
pub mod codec;
mod java_stream;
pub mod key_groups;
pub mod keyed_handle;
pub mod master;
pub mod operator;
pub mod operator_handle;
mod operator_id;
pub mod properties;
mod release;
mod skip;
pub mod stream_handle;
mod streams;
pub mod subtask;

pub use codec::{Dropping, List};
pub use key_groups::{KeyGroupOffsets, KeyGroupRange, Offsets};
pub use keyed_handle::{KeyGroupsFormat, KeyGroupsHandle, KeyedHandle};
pub use master::MasterState;
pub use operator::{Operator, Subtasks};
pub use operator_handle::{Mode, OperatorStateHandle, StateMeta};
pub use operator_id::OperatorId;
pub use properties::{CheckpointProperties, Properties, SavepointFormat, SnapshotType};
pub use release::{Feature, MetadataVersion, Release, UnknownRelease};
pub use stream_handle::{StateSize, StreamHandle};
pub use streams::StateKind;
pub use subtask::{Handles, Subtask, SubtaskState};

use codec::{ReadContext, WriteContext};

use crate::error::At;
use crate::wire::{Input, Output, Parsed, done, fail, java};
use crate::{Error, ErrorKind, Limits};

const MAGIC: [u8; 4] = [0x49, 0x60, 0x67, 0x2D];

/// The content of a `_metadata` file: read from bytes, which it borrows from, or built.
///
/// A *read* `Metadata` is validated as a whole, in one pass that allocates nothing but a box for a handle nested in
/// another one and the table of back references of the properties (at most 16 entries). Its lists decode on the way
/// when they are iterated over; that cannot fail, and allocates as little.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata<'a> {
    version: MetadataVersion,
    /// Number of the checkpoint or savepoint; one counter serves both.
    pub checkpoint_id: u64,
    /// What master hooks keep; almost always none.
    pub master_states: List<'a, MasterState<'a>>,
    /// The operators of the job, in no particular order.
    pub operators: List<'a, Operator<'a>>,
    /// Absent in versions 2 and 3.
    pub properties: Option<Properties<'a>>,
    changelog_1_14: bool,
    trailing: u64,
}

/// How to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions {
    strict: bool,
    limits: Limits,
}

impl ReadOptions {
    /// As Flink reads, with the default [`Limits`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses what Flink accepts but never writes: trailing bytes, flags other than 0 and 1, over-long characters,
    /// negative counts where -1 or 0 is meant. What is read strictly is written back byte for byte.
    #[must_use]
    pub fn strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// Other limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Reads a whole file.
    pub fn read(self, bytes: &[u8]) -> Result<Metadata<'_>, Error> {
        let file = Input::new(bytes);
        let (body, version) = done(read_header(file), file.end())?;
        let read = |changelog_1_14| {
            let nesting = self.limits.nesting;
            let cx = ReadContext { version, changelog_1_14, strict: self.strict, nesting, nesting_limit: nesting };
            done(Metadata::read_body(body, cx), file.end()).map(|(_, metadata)| metadata)
        };
        let metadata = match read(false) {
            // Types 8, 9 and 10 have another layout in 1.14, with nothing to tell it but that the other one does not fit.
            other if version == MetadataVersion::V3 && !matches!(&other, Ok(m) if m.trailing == 0) => {
                match (other, read(true)) {
                    (Ok(_), Ok(old)) if old.trailing == 0 => Ok(old),
                    (Ok(new), _) => Ok(new),
                    (Err(_), Ok(old)) => Ok(old),
                    (Err(new), Err(old)) => Err(if old.offset() > new.offset() { old } else { new }),
                }
            }
            other => other,
        }?;
        if self.strict && metadata.trailing > 0 {
            let kind = ErrorKind::TrailingBytes { count: metadata.trailing };
            return Err(Error::new(kind, file.end() - metadata.trailing));
        }
        Ok(metadata)
    }
}

/// What to write for.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    version: MetadataVersion,
    release: Option<Release>,
    dropping: Dropping,
}

impl Target {
    /// The newest release that writes `version`.
    pub fn version(version: MetadataVersion) -> Self {
        Self { version, release: version.newest_writer(), dropping: Dropping::NOTHING }
    }

    /// Exactly `release`: not every release of a version holds the same.
    pub fn release(release: Release) -> Self {
        Self { version: release.metadata_version(), release: Some(release), dropping: Dropping::NOTHING }
    }

    /// Leaves out what the target cannot hold, instead of failing.
    #[must_use]
    pub fn dropping(self, dropping: Dropping) -> Self {
        Self { dropping, ..self }
    }
}

impl<'a> Metadata<'a> {
    /// Metadata without any state, to be filled. Properties are `null` where the version has them.
    pub fn new(version: MetadataVersion, checkpoint_id: u64) -> Self {
        Self {
            version,
            checkpoint_id,
            master_states: List::default(),
            operators: List::default(),
            properties: version.has_properties().then(Properties::null),
            changelog_1_14: false,
            trailing: 0,
        }
    }

    /// Reads a file as Flink does, with the default [`Limits`]; see [`ReadOptions`] for more.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        ReadOptions::new().read(bytes)
    }

    /// The version in the header.
    pub fn version(&self) -> MetadataVersion {
        self.version
    }

    /// Bytes behind the end of the metadata. Flink ignores them.
    pub fn trailing_bytes(&self) -> u64 {
        self.trailing
    }

    /// Whether it parses only with the changelog layout of Flink 1.14, which no other release reads.
    pub fn has_changelog_of_1_14(&self) -> bool {
        self.changelog_1_14
    }

    /// The file in its own version. What was read strictly is written back byte for byte.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        self.write(self.as_it_is())
    }

    /// The same in parts, each with an operator at most, where a second copy of all of it is too much. If it fails, some parts may have
    /// been handed out.
    pub fn to_bytes_in_parts(&self, part: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let mut out = Output::new();
        self.write_operator_by_operator(self.as_it_is(), &mut out, &mut |out| out.drain(part))?;
        out.drain(part);
        Ok(())
    }

    fn as_it_is(&self) -> Target {
        Target { version: self.version, release: None, dropping: Dropping::NOTHING }
    }

    /// The file as `target` reads it. What the target cannot hold is an error that names it
    /// ([`ErrorKind::Unrepresentable`]), unless the target says that it may be dropped.
    ///
    /// The content stays the same; its spelling follows the target: channel handles are tagged or not, merged ones are
    /// split before version 6, state handles without an id take the type byte of older releases.
    pub fn write(&self, target: Target) -> Result<Vec<u8>, Error> {
        let mut out = Output::new();
        self.write_operator_by_operator(target, &mut out, &mut |_| ())?;
        Ok(out.into_bytes())
    }

    fn write_operator_by_operator(
        &self,
        target: Target,
        out: &mut Output,
        behind: &mut dyn FnMut(&mut Output),
    ) -> Result<(), Error> {
        if !target.version.is_writable() {
            return Err(out.error(ErrorKind::NotWritable { version: target.version })).field("version");
        }
        let cx = WriteContext { version: target.version, release: target.release, dropping: target.dropping };
        out.raw(&MAGIC);
        out.i32(target.version.number());
        let checkpoint_id = i64::try_from(self.checkpoint_id)
            .map_err(|_| out.error(ErrorKind::CheckpointId { found: -1 }))
            .field("checkpoint_id")?;
        out.i64(checkpoint_id);
        self.master_states.write(out, cx).field("master_state")?;
        self.operators.write_each(out, cx, behind).field("operators")?;
        let content = self.properties.as_ref().filter(|p| p.content().is_some());
        if content.is_some() {
            cx.must_drop(Feature::Properties, out).field("properties")?;
        }
        if target.version.has_properties() {
            match &self.properties {
                Some(properties) => out.raw(properties.raw()),
                None => out.raw(Properties::null().raw()),
            }
        }
        Ok(())
    }

    fn read_body(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, found) = java::field_i64(input, "checkpoint_id")?;
        let Ok(checkpoint_id) = u64::try_from(found) else {
            return fail(ErrorKind::CheckpointId { found }, input.offset()).field("checkpoint_id");
        };
        let (rest, master_states) = List::read(rest, cx).field("master_state")?;
        let (rest, operators) = List::read(rest, cx).field("operators")?;
        let (rest, properties) = if cx.version.has_properties() {
            Properties::read(rest, cx).field("properties").map(|(rest, properties)| (rest, Some(properties)))?
        } else {
            (rest, None)
        };
        let trailing = rest.len() as u64;
        let metadata = Self {
            version: cx.version,
            checkpoint_id,
            master_states,
            operators,
            properties,
            changelog_1_14: cx.changelog_1_14,
            trailing,
        };
        Ok((rest, metadata))
    }
}

/// Magic and version: which versions there are, and why the others are refused (`META-VERSION-*`).
fn read_header(input: Input<'_>) -> Parsed<'_, MetadataVersion> {
    let (rest, found) = java::array::<4>(input).field("magic")?;
    if found != MAGIC {
        return fail(ErrorKind::Magic { found }, input.offset()).field("magic");
    }
    let at = rest.offset();
    let (rest, found) = java::field_i32(rest, "version")?;
    let kind = match found {
        1 => ErrorKind::ObsoleteVersion,
        7 => ErrorKind::ProposedVersion,
        _ => match MetadataVersion::from_number(found) {
            Some(version) => return Ok((rest, version)),
            None => ErrorKind::UnknownVersion { found },
        },
    };
    fail(kind, at).field("version")
}
