//! The entries of a section, each with the place where it stands.

use flink_savepoint::Error;
use flink_savepoint::keyed::{Entry, MaxParallelism, Section};

use super::place::Site;

/// What a section took.
pub(super) struct Done {
    /// The offset behind it.
    pub(super) behind: u64,
    /// Bytes that its entries have, with one id for each run of a state and the mark at the end, uncompressed.
    pub(super) content: u64,
}

/// Calls `visit` with every entry of a section, and with the key of the entry before, empty for the first. What was visited up to
/// an error says nothing: the section may not be where it seems to be.
#[inline]
pub(super) fn for_each(
    section: &Section<'_>,
    max: MaxParallelism,
    buffer: &mut Vec<u8>,
    mut visit: impl FnMut(&Site, &Entry<'_>, &[u8]),
) -> Result<Done, Error> {
    let mut site = Site { group: section.key_group().0, number: 0, offset: section.offset(), inside: None };
    // Of an entry all but its key and value, and of a run its id.
    let (around, id) = (8 + max.prefix_width().bytes() as u64, 2);
    let (mut content, mut state) = (0, None);
    let mut count = |entry: &Entry<'_>| {
        let start = content + if state.replace(entry.state) == Some(entry.state) { 0 } else { id };
        content = start + around + (entry.key.len() + entry.value.len()) as u64;
        start
    };
    let behind = if let Some(mut entries) = section.entries() {
        let mut previous: &[u8] = &[];
        loop {
            // The id of the first run stands before its first entry, those of the others are read with the entry before.
            site.offset = entries.offset() + if site.number == 0 { id } else { 0 };
            let Some(entry) = entries.next() else { break entries.offset() };
            let entry = entry?;
            count(&entry);
            visit(&site, &entry, previous);
            previous = entry.key;
            site.number += 1;
        }
    } else {
        let mut previous = Vec::new();
        section.for_each::<Error>(buffer, |entry| {
            // Entries behind the first of a run start where those before them end.
            site.inside = Some(count(&entry));
            visit(&site, &entry, &previous);
            previous.clear();
            previous.extend_from_slice(entry.key);
            site.number += 1;
            Ok(())
        })?
    };
    Ok(Done { behind, content: content + id })
}

/// Where the mark is at the end of the first run that another of the same state follows, in a section that is not compressed.
pub(super) fn split_run(section: &Section<'_>, max: MaxParallelism) -> Option<u64> {
    let mut entries = section.entries()?;
    let around = 8 + max.prefix_width().bytes() as u64;
    let (mut start, mut before) = (entries.offset() + 2, None);
    while let Some(Ok(entry)) = entries.next() {
        if let Some((state, mark)) = before.take()
            && state == entry.state
        {
            return Some(mark);
        }
        let end = start + around + (entry.key.len() + entry.value.len()) as u64;
        // The id of the next run was read with it.
        if entries.offset() != end {
            before = Some((entry.state, start + 4));
        }
        start = entries.offset();
    }
    None
}
