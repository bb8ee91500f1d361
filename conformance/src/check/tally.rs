//! How many findings of one kind there are: the first few are listed, the others counted.

use std::collections::BTreeMap;

/// So many findings of one requirement in one file are listed.
pub(super) const LISTED: u64 = 10;

/// Counts findings by requirement and file. `T` is where the last one stands that is listed.
#[derive(Debug, Clone)]
pub(super) struct Tally<T> {
    /// Of each requirement the files, which are few.
    counts: BTreeMap<String, Vec<Count<T>>>,
}

#[derive(Debug, Clone)]
struct Count<T> {
    file: String,
    found: u64,
    last: T,
}

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Self { counts: BTreeMap::new() }
    }
}

impl<T: Copy> Tally<T> {
    /// Counts a finding and the `more` that it stands for, which is to be listed at `here`. If there are enough: where the one
    /// stands that counts it.
    pub(super) fn add(&mut self, requirement: &str, file: &str, more: u64, here: T) -> Option<T> {
        if !self.counts.contains_key(requirement) {
            self.counts.insert(requirement.to_owned(), Vec::new());
        }
        let files = self.counts.get_mut(requirement)?;
        let Some(known) = files.iter_mut().find(|known| known.file == file) else {
            files.push(Count { file: file.to_owned(), found: more.saturating_add(1), last: here });
            return None;
        };
        let is_listed = known.found < LISTED;
        known.found = known.found.saturating_add(more).saturating_add(1);
        if is_listed {
            known.last = here;
            return None;
        }
        Some(known.last)
    }
}
