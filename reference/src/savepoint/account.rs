//! What opening files may cost: how many handles there are, how many lead to one file, and how much was read in all.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::{Part, PartState};
use crate::limits::Budget;
use crate::metadata::{KeyedHandle, Metadata, StreamHandle, SubtaskState};
use crate::wire::JavaStr;
use crate::{Error, ErrorKind, Limits};

/// The account of a savepoint.
#[derive(Debug)]
pub(super) struct Account {
    limits: Limits,
    pub(super) budget: Budget,
    /// How many handles lead to each file, where it is more than one; counted when the first file is opened.
    shared: OnceLock<Result<HashMap<JavaStr<'static>, u32>, ErrorKind>>,
}

impl Account {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, budget: Budget::new(limits.total), shared: OnceLock::new() }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether a file may be opened, by the path in its handle.
    pub(super) fn admit(&self, metadata: &Metadata<'_>, path: &JavaStr<'_>) -> Result<(), Error> {
        let refused = |kind: ErrorKind| Err(Error::new(kind, 0));
        // Three bytes of modified UTF-8 are at most three of UTF-8.
        let length = path.as_modified_utf8().len();
        if length > self.limits.path {
            return refused(ErrorKind::PathTooLong { length, limit: self.limits.path });
        }
        let shared = match self.shared.get_or_init(|| count(metadata, self.limits.handles)) {
            Ok(shared) => shared,
            Err(kind) => return refused(kind.clone()),
        };
        match shared.get(&path.canonical()) {
            Some(handles) if *handles > self.limits.sharing => {
                refused(ErrorKind::FileShared { handles: *handles, limit: self.limits.sharing })
            }
            _ => Ok(()),
        }
    }
}

/// How many of the handles that are opened lead to each file. Files of one handle, which are all in a sound savepoint, are left out.
fn count(metadata: &Metadata<'_>, limit: u32) -> Result<HashMap<JavaStr<'static>, u32>, ErrorKind> {
    let (mut all, mut by_path) = (0_u32, HashMap::new());
    for operator in &metadata.operators {
        for subtask in operator.subtasks() {
            let SubtaskState::Running(handles) = &subtask.state else { continue };
            for state in PartState::of(handles) {
                all = all.saturating_add(1);
                if all > limit {
                    return Err(ErrorKind::TooManyHandles { limit });
                }
                let part = Part { operator: &operator, subtask: subtask.index, state };
                // Of a file of segments each handle opens its own; many in one file are what checkpoints merge files for.
                let whole = part.stream().filter(|stream| !stream.is_segment());
                if let Some(path) = whole.and_then(StreamHandle::path) {
                    let n: &mut u32 = by_path.entry(path.canonical()).or_default();
                    *n = n.saturating_add(1);
                }
            }
        }
    }
    by_path.retain(|_, n| *n > 1);
    by_path.shrink_to_fit();
    Ok(by_path)
}

impl<'p, 'a> Part<'p, 'a> {
    /// The one stream that it consists of.
    pub(super) fn stream(&self) -> Option<&'p StreamHandle<'a>> {
        match self.state {
            PartState::ManagedKeyed(KeyedHandle::KeyGroups(handle))
            | PartState::RawKeyed(KeyedHandle::KeyGroups(handle)) => Some(&handle.delegate),
            PartState::ManagedOperator(handle) | PartState::RawOperator(handle) => Some(&handle.delegate),
            _ => None,
        }
    }
}
