//! The entries of a section, each with the place where it stands.

use flink_savepoint::Error;
use flink_savepoint::keyed::{Entry, MaxParallelism, Section};

use super::place::Site;

/// What a section took.
pub(super) struct Done {
    /// The offset behind it.
    pub(super) behind: u64,
    /// Bytes that its entries, ids and marks have, uncompressed.
    pub(super) content: u64,
}

/// Calls `visit` with every entry of a section.
pub(super) fn for_each(
    section: &Section<'_>,
    max: MaxParallelism,
    buffer: &mut Vec<u8>,
    mut visit: impl FnMut(&Site, &Entry<'_>),
) -> Result<Done, Error> {
    let mut site = Site { group: section.key_group().0, number: 0, offset: section.offset(), inside: None };
    if let Some(mut entries) = section.entries() {
        loop {
            // The id of the first run stands before its first entry, those of the others are read with the entry before.
            site.offset = entries.offset() + if site.number == 0 { 2 } else { 0 };
            match entries.next() {
                Some(entry) => visit(&site, &entry?),
                None => return Ok(Done { behind: entries.offset(), content: entries.offset() - section.offset() }),
            }
            site.number += 1;
        }
    }
    // An id, or the end mark, stands before and behind each run.
    let (mut inside, mut state) = (0, None);
    let behind = section.for_each::<Error>(buffer, |entry| {
        if state.replace(entry.state) != Some(entry.state) {
            inside += 2;
        }
        site.inside = Some(inside);
        visit(&site, &entry);
        site.number += 1;
        inside += 8 + (max.prefix_width() as usize + entry.key.len() + entry.value.len()) as u64;
        Ok(())
    })?;
    Ok(Done { behind, content: inside + 2 })
}
