//! The files that handles refer to, and those in the directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use flink_savepoint::metadata::{Metadata, StreamHandle, SubtaskState};
use flink_savepoint::savepoint::FileName;
use schemars::JsonSchema;
use serde::Serialize;

use crate::json::Long;
use crate::source::Source;

/// Files of the savepoint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Files {
    /// Every file that a handle refers to, once, sorted by path.
    pub referenced: Vec<File>,
    /// Files in the directory that no handle refers to, sorted.
    pub unreferenced: Vec<String>,
    /// Why the directory could not be listed; then `unreferenced` is empty.
    pub listing_error: Option<String>,
}

/// A file that a handle refers to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct File {
    /// As it stands in the handle.
    pub path: String,
    /// Its size by the handle; null if unknown, or if it holds several segments.
    pub handle_size: Option<Long>,
    /// Its size on disk; null if it was not looked at or is not there.
    pub disk_size: Option<Long>,
    /// How many handles refer to it.
    pub handles: u64,
    /// What became of it.
    pub status: Status,
}

/// Whether a file is as its handle says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// There, of the size in the handle.
    Present,
    /// Not there.
    Missing,
    /// There, of another size.
    OtherSize,
    /// Named by an absolute path, which is not looked at: it may be anywhere.
    Absolute,
    /// A relative path that is not a plain file name. Never followed, since it could leave the directory.
    NotAFileName,
}

/// Size and number of handles; `None` for sizes that differ or are unknown.
type References = BTreeMap<(bool, String), (Option<u64>, u64)>;

impl Files {
    pub(super) fn of(metadata: &Metadata<'_>, source: &Source) -> Self {
        let mut references = References::new();
        for operator in &metadata.operators {
            for subtask in operator.subtasks() {
                if let SubtaskState::Running(handles) = subtask.state {
                    handles.for_each_stream(|_, stream| refer(&mut references, stream));
                }
            }
        }
        let mut names: BTreeSet<String> = BTreeSet::new();
        let referenced = references
            .into_iter()
            .map(|((relative, path), (size, handles))| {
                let (status, disk_size) = look_up(&source.directory, &path, relative, size);
                if relative {
                    names.insert(path.clone());
                }
                File { path, handle_size: size.map(Long::from), disk_size: disk_size.map(Long::from), handles, status }
            })
            .collect();
        names.extend(source.file.file_name().map(|name| name.to_string_lossy().into_owned()));
        match list(&source.directory) {
            Ok(all) => Self {
                referenced,
                unreferenced: all.into_iter().filter(|name| !names.contains(name)).collect(),
                listing_error: None,
            },
            Err(e) => Self { referenced, unreferenced: Vec::new(), listing_error: Some(e.to_string()) },
        }
    }

    /// How many are in `status`.
    pub fn count(&self, status: Status) -> usize {
        self.referenced.iter().filter(|file| file.status == status).count()
    }
}

fn refer(references: &mut References, stream: &StreamHandle<'_>) {
    let (key, size) = match stream {
        StreamHandle::Relative(file) => ((true, file.relative_path.to_string()), file.state_size.bytes()),
        StreamHandle::File(file) => ((false, file.path.to_string()), file.state_size.bytes()),
        StreamHandle::Segment(segment) => ((false, segment.path.to_string()), None),
        StreamHandle::ByteStream(_) | StreamHandle::EmptySegment | StreamHandle::KeyGroups(_) => return,
    };
    let entry = references.entry(key).or_insert((size, 0));
    if entry.0 != size {
        entry.0 = None;
    }
    entry.1 += 1;
}

fn look_up(directory: &Path, path: &str, relative: bool, size: Option<u64>) -> (Status, Option<u64>) {
    if !relative {
        return (Status::Absolute, None);
    }
    if FileName::new(path).is_none() {
        return (Status::NotAFileName, None);
    }
    // Links are not followed: what one leads to may be outside.
    match fs::symlink_metadata(directory.join(path)) {
        Ok(found) if found.is_file() => {
            let same = size.is_none_or(|size| size == found.len());
            (if same { Status::Present } else { Status::OtherSize }, Some(found.len()))
        }
        _ => (Status::Missing, None),
    }
}

fn list(directory: &Path) -> std::io::Result<BTreeSet<String>> {
    fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}
