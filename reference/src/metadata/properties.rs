//! Checkpoint properties: what was asked for when the snapshot was taken. Version 4 and later; the last thing in the file.
//!
//! In the file they are a Java object stream without a length. It is read as the fixed layouts below and never
//! deserialized. `null` is legal, and the simplest thing that a writer other than Flink can say.

use std::borrow::Cow;
use std::fmt;

use super::codec::ReadContext;
use super::java_stream::{Class, Reader, Writer};
use crate::Error;
use crate::error::{At, Segment};
use crate::wire::{Input, JavaStr, Parsed};

static PROPERTIES: Class = Class {
    name: "org.apache.flink.runtime.checkpoint.CheckpointProperties",
    serial_version_uid: 2,
    flags: SERIALIZABLE,
    booleans: &[
        "discardCancelled",
        "discardFailed",
        "discardFinished",
        "discardSubsumed",
        "discardSuspended",
        "forced",
        "unclaimed",
    ],
    objects: &[("checkpointType", "Lorg/apache/flink/runtime/checkpoint/SnapshotType;")],
    superclass: None,
};

// The serialVersionUIDs of the next two are computed by Java, and the same in all releases from 1.15 to 2.3.
static SAVEPOINT_TYPE: Class = Class {
    name: "org.apache.flink.runtime.checkpoint.SavepointType",
    serial_version_uid: 0xA087_D308_A458_14B8,
    flags: SERIALIZABLE,
    booleans: &[],
    objects: &[
        ("formatType", "Lorg/apache/flink/core/execution/SavepointFormatType;"),
        ("name", "Ljava/lang/String;"),
        ("postCheckpointAction", "Lorg/apache/flink/runtime/checkpoint/SavepointType$PostCheckpointAction;"),
    ],
    superclass: None,
};

static CHECKPOINT_TYPE: Class = Class {
    name: "org.apache.flink.runtime.checkpoint.CheckpointType",
    serial_version_uid: 0xD6DE_4F03_05AE_1D3A,
    flags: SERIALIZABLE,
    booleans: &[],
    objects: &[
        ("name", "Ljava/lang/String;"),
        ("sharingFilesStrategy", "Lorg/apache/flink/runtime/checkpoint/SnapshotType$SharingFilesStrategy;"),
    ],
    superclass: None,
};

static JAVA_ENUM: Class = enum_class("java.lang.Enum", None);
static FORMAT_TYPE: Class = enum_class("org.apache.flink.core.execution.SavepointFormatType", Some(&JAVA_ENUM));
static POST_CHECKPOINT_ACTION: Class =
    enum_class("org.apache.flink.runtime.checkpoint.SavepointType$PostCheckpointAction", Some(&JAVA_ENUM));
static SHARING_FILES_STRATEGY: Class =
    enum_class("org.apache.flink.runtime.checkpoint.SnapshotType$SharingFilesStrategy", Some(&JAVA_ENUM));

const SERIALIZABLE: u8 = 0x02;
const SERIALIZABLE_ENUM: u8 = 0x12;

const fn enum_class(name: &'static str, superclass: Option<&'static Class>) -> Class {
    Class { name, serial_version_uid: 0, flags: SERIALIZABLE_ENUM, booleans: &[], objects: &[], superclass }
}

/// The properties as they stand in the file, and what they say.
#[derive(Clone, PartialEq)]
pub struct Properties<'a> {
    raw: Cow<'a, [u8]>,
    content: Option<CheckpointProperties<'a>>,
}

impl<'a> Properties<'a> {
    /// No properties, said explicitly: `AC ED 00 05 70`.
    pub fn null() -> Properties<'static> {
        let mut writer = Writer::new();
        writer.null();
        Properties { raw: Cow::Owned(writer.into_bytes()), content: None }
    }

    /// The bytes that Flink writes for `content`.
    pub fn new(content: CheckpointProperties<'a>) -> Result<Self, Error> {
        let raw = Cow::Owned(content.encode()?);
        Ok(Self { raw, content: Some(content) })
    }

    /// What they say; `None` for `null`.
    pub fn content(&self) -> Option<&CheckpointProperties<'a>> {
        self.content.as_ref()
    }

    /// The Java object stream.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub(super) fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let mut reader = Reader::new(input, cx.strict)?;
        let content = CheckpointProperties::read(&mut reader)?;
        let raw = Cow::Borrowed(input.until(&reader.rest()).bytes());
        Ok((reader.rest(), Self { raw, content }))
    }
}

impl fmt::Debug for Properties<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.content.fmt(f)
    }
}

/// `CheckpointProperties`. Fields are in the order of the stream, and named as in Flink.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "Flink's own fields")]
pub struct CheckpointProperties<'a> {
    /// Discarded when the job is cancelled.
    pub discard_cancelled: bool,
    /// Discarded when the job fails.
    pub discard_failed: bool,
    /// Discarded when the job finishes.
    pub discard_finished: bool,
    /// Discarded when a newer one completes.
    pub discard_subsumed: bool,
    /// Discarded when the job is suspended.
    pub discard_suspended: bool,
    /// Taken regardless of other checkpoints: what savepoints of jobs without unaligned checkpoints say.
    pub forced: bool,
    /// Restored from without a claim to its files.
    pub unclaimed: bool,
    /// What kind of snapshot it is.
    pub snapshot: SnapshotType<'a>,
}

/// `SnapshotType`.
#[derive(Debug, Clone, PartialEq)]
pub enum SnapshotType<'a> {
    /// `SavepointType`.
    Savepoint {
        /// In which format the backends wrote.
        format: SavepointFormat,
        /// `Savepoint`, `Suspend Savepoint` or `Terminate Savepoint`.
        name: JavaStr<'a>,
        /// What the job did afterwards.
        action: PostCheckpointAction,
    },
    /// `CheckpointType`.
    Checkpoint {
        /// `Checkpoint` or `Full Checkpoint`.
        name: JavaStr<'a>,
        /// What it shares with other checkpoints.
        sharing: SharingFilesStrategy,
    },
}

macro_rules! constants {
    ($(#[$doc:meta])* $name:ident of $class:ident { $( $(#[$cdoc:meta])* $constant:ident = $text:literal ),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $( $(#[$cdoc])* $constant, )* }

        impl $name {
            const NAMES: &'static [&'static str] = &[$($text),*];

            /// The constant's name in Java.
            pub fn name(self) -> &'static str {
                match self { $( Self::$constant => $text, )* }
            }

            fn read(reader: &mut Reader<'_>, at: &'static str) -> Result<Option<Self>, nom::Err<Error>> {
                let name = field(reader.constant(&$class, Self::NAMES), at)?;
                Ok([$(Self::$constant),*].into_iter().find(|constant| constant.name() == name))
            }

            fn write(self, writer: &mut Writer) -> Result<(), Error> {
                writer.constant(&$class, self.name())
            }
        }
    };
}

constants! {
    /// `SavepointFormatType`.
    SavepointFormat of FORMAT_TYPE {
        /// The unified format, which every state backend restores.
        Canonical = "CANONICAL",
        /// The backend's own.
        Native = "NATIVE",
    }
}

constants! {
    /// `SavepointType.PostCheckpointAction`.
    PostCheckpointAction of POST_CHECKPOINT_ACTION {
        /// The job went on.
        None = "NONE",
        /// The job was stopped.
        Suspend = "SUSPEND",
        /// The job was drained and stopped.
        Terminate = "TERMINATE",
    }
}

constants! {
    /// `SnapshotType.SharingFilesStrategy`.
    SharingFilesStrategy of SHARING_FILES_STRATEGY {
        /// Shares files with checkpoints before and after it.
        ForwardBackward = "FORWARD_BACKWARD",
        /// Shares files with checkpoints after it.
        Forward = "FORWARD",
        /// Shares nothing.
        NoSharing = "NO_SHARING",
    }
}

fn field<T>(read: Result<T, nom::Err<Error>>, name: &'static str) -> Result<T, nom::Err<Error>> {
    read.map_err(|e| {
        e.map(|mut e: Error| {
            e.push(Segment::Field(name));
            e
        })
    })
}

impl<'a> CheckpointProperties<'a> {
    /// A canonical savepoint, as `JobClient.triggerSavepoint` asks for one.
    pub fn canonical_savepoint(forced: bool) -> CheckpointProperties<'static> {
        CheckpointProperties {
            discard_cancelled: false,
            discard_failed: false,
            discard_finished: false,
            discard_subsumed: false,
            discard_suspended: false,
            forced,
            unclaimed: false,
            snapshot: SnapshotType::Savepoint {
                format: SavepointFormat::Canonical,
                name: "Savepoint".into(),
                action: PostCheckpointAction::None,
            },
        }
    }

    fn read(reader: &mut Reader<'a>) -> Result<Option<Self>, nom::Err<Error>> {
        if reader.object(&[&PROPERTIES], true)?.is_none() {
            return Ok(None);
        }
        let mut flags = [false; 7];
        for (flag, name) in flags.iter_mut().zip(PROPERTIES.booleans) {
            *flag = field(reader.boolean(), name)?;
        }
        let snapshot = field(SnapshotType::read(reader), "checkpointType")?;
        let [
            discard_cancelled,
            discard_failed,
            discard_finished,
            discard_subsumed,
            discard_suspended,
            forced,
            unclaimed,
        ] = flags;
        Ok(Some(Self {
            discard_cancelled,
            discard_failed,
            discard_finished,
            discard_subsumed,
            discard_suspended,
            forced,
            unclaimed,
            snapshot,
        }))
    }

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut writer = Writer::new();
        writer.object(&PROPERTIES)?;
        for flag in [
            self.discard_cancelled,
            self.discard_failed,
            self.discard_finished,
            self.discard_subsumed,
            self.discard_suspended,
            self.forced,
            self.unclaimed,
        ] {
            writer.boolean(flag);
        }
        self.snapshot.write(&mut writer).field("checkpointType")?;
        Ok(writer.into_bytes())
    }
}

impl<'a> SnapshotType<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, nom::Err<Error>> {
        let class = reader.object(&[&SAVEPOINT_TYPE, &CHECKPOINT_TYPE], false)?;
        if class == Some(&SAVEPOINT_TYPE) {
            let format = SavepointFormat::read(reader, "formatType")?;
            let name = field(reader.text(), "name")?;
            let action = PostCheckpointAction::read(reader, "postCheckpointAction")?;
            // `constant` returns only names of the list, so that both are there.
            Ok(Self::Savepoint {
                format: format.unwrap_or(SavepointFormat::Canonical),
                name,
                action: action.unwrap_or(PostCheckpointAction::None),
            })
        } else {
            let name = field(reader.text(), "name")?;
            let sharing = SharingFilesStrategy::read(reader, "sharingFilesStrategy")?;
            Ok(Self::Checkpoint { name, sharing: sharing.unwrap_or(SharingFilesStrategy::NoSharing) })
        }
    }

    fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        match self {
            Self::Savepoint { format, name, action } => {
                writer.object(&SAVEPOINT_TYPE)?;
                format.write(writer)?;
                writer.text(name)?;
                action.write(writer)
            }
            Self::Checkpoint { name, sharing } => {
                writer.object(&CHECKPOINT_TYPE)?;
                writer.text(name)?;
                sharing.write(writer)
            }
        }
    }
}
