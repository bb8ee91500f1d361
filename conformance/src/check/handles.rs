//! Rules of the chapter on handles.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};

use flink_savepoint::metadata::stream_handle::{FileHandle, SegmentFileHandle};
use flink_savepoint::metadata::{KeyGroupsFormat, KeyedHandle, MetadataVersion, Offsets, StateSize, StreamHandle};
use flink_savepoint::savepoint::Savepoint;
use flink_savepoint::wire::JavaStr;

use super::finding::{Findings, Spot};
use super::properties::{self, Kind};
use super::subject::Subject;
use super::versions::Used;
use super::walk::{self, Keyed, Path, Role};
use crate::store::MappedFiles;

pub(super) const REQUIREMENTS: &[&str] = &[
    "META-TYPE-01",
    "META-TYPE-02",
    "META-TYPE-03",
    "META-HANDLE-01",
    "META-HANDLE-02",
    "META-HANDLE-03",
    "META-HANDLE-04",
    "META-SEGMENT-01",
    "META-SEGMENT-02",
    "META-SEGMENT-03",
    "META-SEGMENT-04",
    "META-OPSTATE-01",
    "META-OPSTATE-02",
    "META-OPSTATE-03",
    "META-OPSTATE-05",
    "META-KEYED-01",
    "META-ID-02",
    "META-INCREMENTAL-01",
    "META-INCREMENTAL-02",
    "META-CHANGELOG-01",
    "META-CHANGELOG-02",
    "META-CHANGELOG-03",
    "META-CHANGELOG-04",
    "META-CHANGELOG-08",
    "META-CHANNEL-01",
    "META-CANONICAL-01",
    "META-CANONICAL-02",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] =
    &[("META-CHANNEL-02", "before version 6 there is no byte that could say otherwise")];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let canonical = properties::kind(subject) == Kind::Canonical;
    streams(subject, canonical, findings);
    operator_state(subject, canonical, findings);
    let mut ids = BTreeMap::new();
    walk::keyed_state(&subject.operators, &mut |_, _, kind, handle, path| {
        let byte = handle.type_byte();
        if canonical && kind != Keyed::Nested && matches!(byte, 5 | 8..=11 | 13 | 14) {
            findings.add("META-CANONICAL-02", Spot::metadata(None, path()), || {
                format!("a {} (keyed type {byte}) in a canonical savepoint", handle.class_name())
            });
        }
        keyed_handle(handle, path, findings);
        if let Some((id, field)) = ids_of(handle) {
            let spot = || Spot::metadata(None, format!("{}.{field}", path()));
            if !is_uuid(&id) {
                findings.add("META-ID-02", spot(), || format!("{id:?} is not a UUID"));
            } else if kind != Keyed::Nested {
                // A restore at another parallelism gives a handle in a changelog, with its id, to several subtasks.
                match ids.entry(id) {
                    Entry::Vacant(slot) => {
                        slot.insert(path());
                    }
                    Entry::Occupied(first) => findings.add("META-ID-02", spot(), || {
                        format!("{} is the id of the handle {} as well", first.key(), first.get())
                    }),
                }
            }
        }
    });
    if subject.savepoint.metadata().version() <= MetadataVersion::V3
        && let Some(path) = Used::of(subject).no_meta_state()
    {
        findings.add("META-INCREMENTAL-01", Spot::metadata(None, path), || {
            "an incremental snapshot without meta state, which no release of this version reads".to_owned()
        });
    }
}

fn streams(subject: &Subject<'_>, canonical: bool, findings: &mut Findings) {
    let again = names_seen_again(subject);
    let mut inline: BTreeMap<JavaStr<'_>, Cow<'_, [u8]>> = BTreeMap::new();
    walk::streams(&subject.operators, &mut |role, handle, path| {
        let spot = |field: &str| Spot::metadata(None, format!("{}{field}", path()));
        let byte = handle.type_byte();
        if canonical && !matches!(byte, 1 | 2 | 6) {
            findings.add("META-CANONICAL-01", spot(""), || {
                format!("a stream handle of type {byte} in a canonical savepoint, which has types 1, 2 and 6")
            });
        }
        match handle {
            StreamHandle::KeyGroups(_) => findings.add("META-TYPE-03", spot(""), || {
                "a stream handle of type 3, which no part of Flink is known to write".to_owned()
            }),
            StreamHandle::EmptySegment if role != (Role::Operator { empty: Some(true) }) => {
                findings.add("META-SEGMENT-04", spot(""), || {
                    "an empty segment (type 16) that is not the delegate of an empty handle of type 17".to_owned()
                });
            }
            StreamHandle::Segment(_)
            | StreamHandle::EmptySegment
            | StreamHandle::File(_)
            | StreamHandle::Relative(_) => {}
            StreamHandle::ByteStream(state) if !again.may_contain(&state.handle_name) => {}
            StreamHandle::ByteStream(state) => match inline.get(&state.handle_name) {
                Some(first) if *first != state.data => {
                    findings.add("META-HANDLE-04", spot(".handle_name"), || {
                        format!(
                            "the name {} is that of other inline state, too: Flink takes both for the same",
                            state.handle_name
                        )
                    });
                }
                Some(_) => {}
                None => {
                    inline.insert(state.handle_name.clone(), state.data.clone());
                }
            },
        }
        if let StreamHandle::Segment(segment) = handle {
            segment_bounds(&subject.savepoint, segment, path, findings);
        }
    });
}

/// Names of inline state that come more than once, by their hashes: a million handles take eight megabytes.
struct SeenAgain {
    hasher: RandomState,
    /// Sorted.
    hashes: Vec<u64>,
}

impl SeenAgain {
    /// False only for a name that comes once.
    fn may_contain(&self, name: &JavaStr<'_>) -> bool {
        self.hashes.binary_search(&self.hasher.hash_one(name)).is_ok()
    }
}

fn names_seen_again(subject: &Subject<'_>) -> SeenAgain {
    let (hasher, mut hashes) = (RandomState::new(), Vec::new());
    walk::streams(&subject.operators, &mut |_, handle, _| {
        if let StreamHandle::ByteStream(state) = handle {
            hashes.push(hasher.hash_one(&state.handle_name));
        }
    });
    hashes.sort_unstable();
    let hashes = hashes.chunk_by(|a, b| a == b).filter_map(|same| same.get(1)).copied().collect();
    SeenAgain { hasher, hashes }
}

/// Whether a segment is within its file, as far as that can be looked at.
fn segment_bounds<'a>(
    savepoint: &Savepoint<'a, MappedFiles>,
    segment: &SegmentFileHandle<'a>,
    path: Path<'_>,
    findings: &mut Findings,
) {
    let (start, size) = (segment.start_position, segment.state_size);
    for (found, field) in [(start, "start_position"), (size, "state_size")] {
        if found < 0 {
            findings.add("META-SEGMENT-03", Spot::metadata(None, format!("{}.{field}", path())), || {
                format!("{found}, a segment has no negative start or size")
            });
            return;
        }
    }
    let file = StreamHandle::File(FileHandle { state_size: StateSize::UNKNOWN, path: segment.path.clone() });
    if let Ok(bytes) = savepoint.bytes(&file) {
        let (end, length) = (i128::from(start) + i128::from(size), bytes.as_ref().len());
        if end > i128::try_from(length).unwrap_or(i128::MAX) {
            findings.add("META-SEGMENT-03", Spot::metadata(None, format!("{}.state_size", path())), || {
                format!("the segment ends at {end}, its file at {length}")
            });
        }
    }
}

fn operator_state(subject: &Subject<'_>, canonical: bool, findings: &mut Findings) {
    walk::operator_state(&subject.operators, &mut |handle, path| {
        let spot = |field: &str| Spot::metadata(None, format!("{}{field}", path()));
        if canonical && handle.segmented.is_some() {
            findings.add("META-CANONICAL-02", spot(""), || {
                "an operator-state handle of type 17 in a canonical savepoint".to_owned()
            });
        }
        let mut names = BTreeSet::new();
        for (i, state) in handle.states.iter().enumerate() {
            if let StreamHandle::Segment(segment) = &handle.delegate {
                offsets_in(segment, &state.offsets, &|| spot(&format!(".states[{i}].offsets")), findings);
            }
            if !names.insert(state.name.clone()) {
                findings.add("META-OPSTATE-03", spot(&format!(".states[{i}].name")), || {
                    format!("the handle has a state {} before: Flink keeps the later one alone", state.name)
                });
            }
        }
        let is_empty = handle.segmented.as_ref().is_some_and(|segmented| segmented.is_empty);
        if is_empty && handle.delegate != StreamHandle::EmptySegment {
            findings.add("META-OPSTATE-05", spot(".delegate"), || {
                format!("the handle says that it is empty, and delegates to type {}", handle.delegate.type_byte())
            });
        }
    });
}

/// Offsets count from the start of the segment. `spot` is of the list.
fn offsets_in(
    segment: &SegmentFileHandle<'_>,
    offsets: &Offsets<'_>,
    spot: &dyn Fn() -> Spot,
    findings: &mut Findings,
) {
    let (start, size) = (segment.start_position, segment.state_size);
    if let Some((i, beyond)) = offsets.iter().enumerate().find(|(_, offset)| size >= 0 && *offset > size) {
        let list = spot();
        let element = Spot { path: format!("{}[{i}]", list.path), ..list };
        findings.add("META-SEGMENT-02", element, || {
            format!("offset {beyond} in a segment of {size} bytes: offsets count from its start, {start}")
        });
    }
}

fn keyed_handle(handle: &KeyedHandle<'_>, path: Path<'_>, findings: &mut Findings) {
    let spot = |field: &str| Spot::metadata(None, format!("{}.{field}", path()));
    match handle {
        KeyedHandle::KeyGroups(handle) => {
            if let StreamHandle::Segment(segment) = &handle.delegate {
                offsets_in(segment, handle.offsets.offsets(), &|| spot("key_groups.offsets"), findings);
            }
        }
        KeyedHandle::Incremental(handle) => {
            for (list, name) in [(&handle.shared_state, "shared_state"), (&handle.private_state, "private_state")] {
                let mut names = BTreeSet::new();
                for (i, file) in list.iter().enumerate() {
                    if !names.insert(file.name.clone()) {
                        findings.add("META-INCREMENTAL-02", spot(&format!("{name}[{i}].name")), || {
                            format!("{} stands in the list before: releases up to 1.17 keep one of them", file.name)
                        });
                    }
                }
            }
        }
        KeyedHandle::Changelog(handle) => {
            let lists = [(&handle.materialized, "materialized"), (&handle.non_materialized, "non_materialized")];
            for (list, name) in lists {
                for (i, _) in list.iter().enumerate().filter(|(_, part)| part.is_none()) {
                    findings.add("META-CHANGELOG-08", spot(&format!("{name}[{i}]")), || "a null handle".to_owned());
                }
            }
        }
        KeyedHandle::ByteIncrement(_) | KeyedHandle::FileIncrement(_) => {}
    }
}

/// The id of a handle, and its field.
fn ids_of(handle: &KeyedHandle<'_>) -> Option<(String, &'static str)> {
    let id = match handle {
        KeyedHandle::KeyGroups(handle) => match &handle.format {
            KeyGroupsFormat::NativeWithId { state_handle_id } => state_handle_id,
            KeyGroupsFormat::Native | KeyGroupsFormat::Savepoint => return None,
        },
        KeyedHandle::Incremental(handle) => &handle.since_1_15.as_ref()?.state_handle_id,
        KeyedHandle::Changelog(handle) => &handle.since_1_15.as_ref()?.state_handle_id,
        KeyedHandle::ByteIncrement(handle) => handle.state_handle_id.as_ref()?,
        KeyedHandle::FileIncrement(handle) => &handle.since_1_15.as_ref()?.state_handle_id,
    };
    Some((id.to_string(), "state_handle_id"))
}

/// Whether a text has the form of a UUID.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| group.chars().all(|c| c.is_ascii_hexdigit()))
}
