//! Rules of the chapter on checkpoint properties, and what they say the savepoint is.

use flink_savepoint::metadata::{KeyGroupsFormat, KeyedHandle, Properties, SavepointFormat, SnapshotType};

use super::finding::{Findings, Spot};
use super::subject::Subject;
use super::walk::{self, Keyed};

pub(super) const REQUIREMENTS: &[&str] = &[
    "PROPS-PRESENCE-01",
    "PROPS-STREAM-01",
    "PROPS-STREAM-02",
    "PROPS-STREAM-03",
    "PROPS-HANDLE-02",
    "PROPS-CLASS-01",
    "PROPS-CLASS-02",
    "PROPS-CONSTANT-01",
    "PROPS-VALUE-01",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[
    ("PROPS-HANDLE-01", "a handle that is counted otherwise leads elsewhere: PROPS-STREAM-03"),
    ("PROPS-COPY-01", "what was read before is not known"),
];

/// What a metadata file is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A canonical savepoint.
    Canonical,
    /// A savepoint in native formats.
    Native,
    /// A checkpoint.
    Checkpoint,
    /// It does not say.
    Unknown,
}

/// By the properties; where there are none, by keyed state that is for savepoints only.
pub(super) fn kind(subject: &Subject<'_>) -> Kind {
    match said(subject) {
        Kind::Unknown if has_savepoint_handles(subject) => Kind::Canonical,
        said => said,
    }
}

fn said(subject: &Subject<'_>) -> Kind {
    let properties = subject.savepoint.metadata().properties.as_ref();
    match properties.and_then(Properties::content).map(|content| &content.snapshot) {
        Some(SnapshotType::Savepoint { format: SavepointFormat::Canonical, .. }) => Kind::Canonical,
        Some(SnapshotType::Savepoint { format: SavepointFormat::Native, .. }) => Kind::Native,
        Some(SnapshotType::Checkpoint { .. }) => Kind::Checkpoint,
        None => Kind::Unknown,
    }
}

/// Whether managed keyed state is in handles of type 7.
fn has_savepoint_handles(subject: &Subject<'_>) -> bool {
    let mut found = false;
    walk::keyed_state(&subject.operators, &mut |_, _, kind, handle, _| {
        found |= kind == Keyed::Managed
            && matches!(handle, KeyedHandle::KeyGroups(handle) if handle.format == KeyGroupsFormat::Savepoint);
    });
    found
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let metadata = subject.savepoint.metadata();
    let bytes = &subject.source.bytes;
    let Some(properties) = &metadata.properties else {
        let trailing = usize::try_from(metadata.trailing_bytes()).unwrap_or(usize::MAX);
        let behind = bytes.len().saturating_sub(trailing);
        if bytes.get(behind..).is_some_and(|rest| rest.starts_with(&[0xAC, 0xED])) {
            findings.add("PROPS-PRESENCE-01", Spot::metadata(Some(behind as u64), "trailing"), || {
                format!("checkpoint properties in version {}, which has none before version 4", metadata.version())
            });
        }
        return;
    };
    let named = match said(subject) {
        Kind::Native => Some("a native savepoint"),
        Kind::Checkpoint => Some("a checkpoint"),
        Kind::Canonical | Kind::Unknown => None,
    };
    if let Some(named) = named
        && has_savepoint_handles(subject)
    {
        findings.add("PROPS-VALUE-01", Spot::metadata(None, "properties"), || {
            format!("the properties say that it is {named}, and keyed state is in handles of canonical savepoints")
        });
    }
    if let Some(content) = properties.content()
        && let Ok(again) = Properties::new(content.clone())
        && again.raw() != properties.raw()
    {
        let same = again.raw().iter().zip(properties.raw()).take_while(|(one, other)| one == other).count();
        let trailing = usize::try_from(metadata.trailing_bytes()).unwrap_or(0);
        let start = bytes.len().saturating_sub(trailing).saturating_sub(properties.raw().len());
        findings.add("PROPS-HANDLE-02", Spot::metadata(Some((start + same) as u64), "properties"), || {
            "Java writes the same properties in other bytes from here on: it describes a class once and refers back to it"
                .to_owned()
        });
    }
}
