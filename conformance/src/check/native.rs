//! The chapter on native formats: what is not canonical says so by its handle.

use flink_savepoint::Error;
use flink_savepoint::keyed::KeyedStream;
use flink_savepoint::metadata::{
    Handles, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Metadata, SavepointFormat, SnapshotType,
};
use flink_savepoint::savepoint::{NativeFormat, is_heap_native};

use super::place::Report;

pub(super) const REQUIREMENTS: &[&str] = &["NATIVE-OTHER-01", "NATIVE-WRITE-01", "NATIVE-WRITE-02"];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[];

/// Whether a savepoint says that it is canonical: by its properties, or before there were any by the handle of its keyed state.
pub(super) fn says_canonical(metadata: &Metadata<'_>, handles: &Handles<'_>) -> bool {
    match &metadata.properties {
        Some(properties) => properties.content().is_some_and(|content| {
            matches!(content.snapshot, SnapshotType::Savepoint { format: SavepointFormat::Canonical, .. })
        }),
        None => matches!(&handles.managed_keyed,
            Some(KeyedHandle::KeyGroups(handle)) if handle.format == KeyGroupsFormat::Savepoint),
    }
}

/// Whether it says that it is a checkpoint.
pub(super) fn says_checkpoint(metadata: &Metadata<'_>) -> bool {
    let content = metadata.properties.as_ref().and_then(|properties| properties.content());
    content.is_some_and(|content| matches!(content.snapshot, SnapshotType::Checkpoint { .. }))
}

/// The handle of managed keyed state.
pub(super) fn handle(handle: &KeyedHandle<'_>, says_canonical: bool, report: &mut Report<'_>) {
    let type_byte = handle.type_byte();
    if says_canonical && type_byte != 7 {
        report.of_handle("NATIVE-WRITE-01", "", || {
            format!("keyed state of a canonical savepoint in a handle of type {type_byte}, it is 7")
        });
    }
}

/// Keyed state that is not looked at.
pub(super) fn not_read(format: NativeFormat, report: &mut Report<'_>) {
    report.of_handle("NATIVE-OTHER-01", "", || format!("not looked at: {format}"));
}

/// Whether a stream that says it is canonical is in the format of the hashmap backend.
pub(super) fn is_native(stream: &KeyedStream<'_>, handle: &KeyGroupsHandle<'_>, report: &mut Report<'_>) -> bool {
    if handle.format != KeyGroupsFormat::Savepoint || !is_heap_native(stream.bytes(), &handle.offsets) {
        return false;
    }
    // A canonical section of key group 0 can start with its number, too.
    let mut buffer = Vec::new();
    if stream.sections().any(|section| section.for_each::<Error>(&mut buffer, |_| Ok(())).is_ok()) {
        return false;
    }
    report.at("NATIVE-WRITE-02", stream.header_end(), "sections", || {
        "every key group starts with its number: this is the hashmap backend's own format, in a handle of type 7"
            .to_owned()
    });
    true
}
