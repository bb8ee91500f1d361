//! The bytes of a section that wait to be written.

use super::{END_OF_RUN, KeyGroup, PrefixWidth};
use crate::compression::BLOCK;

/// What of a section is not written yet: what compression waits for, and the last entry, whose key may yet be marked.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Whole blocks, of which the first `end` bytes are used. It is not the `Vec` that grows from entry to entry, since an
    /// entry would take as many checks of its capacity as it has parts.
    blocks: Vec<u8>,
    end: usize,
    /// Where the first byte of the last key is.
    last_key: usize,
    /// The key-group prefix of the keys of the run: as the high bytes of an `int`, and how many bytes it has.
    prefix: (u64, usize),
}

impl Pending {
    /// Appends an entry; `None` if there is no room for it, or if a length is more than an `i32` can say.
    #[inline]
    pub(super) fn push_entry(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let (prefix, width) = self.prefix;
        let key_length = i32::try_from(width + key.len()).ok()?;
        let value_length = i32::try_from(value.len()).ok()?;
        let free = self.blocks.get_mut(self.end..)?;
        // Eight bytes in one step: what follows overwrites those behind the prefix.
        *free.first_chunk_mut()? = (u64::from(key_length.cast_unsigned()) << 32 | prefix).to_be_bytes();
        let (target, rest) = free.get_mut(4 + width..)?.split_at_mut_checked(key.len())?;
        copy(key, target);
        let (target, rest) = rest.split_first_chunk_mut()?;
        *target = value_length.to_be_bytes();
        copy(value, rest.get_mut(..value.len())?);
        self.last_key = self.end + 4;
        self.end += 8 + width + key.len() + value.len();
        Some(())
    }

    /// The prefix of the keys that follow.
    pub(super) fn set_prefix(&mut self, key_group: KeyGroup, width: PrefixWidth) {
        let width = width.bytes();
        self.prefix = (u64::from(key_group.0) << (32 - 8 * width), width);
    }

    /// Appends the id of a state, or what stands for one; `None` if there is no room for it.
    pub(super) fn push_id(&mut self, id: u16) -> Option<()> {
        *self.blocks.get_mut(self.end..)?.first_chunk_mut()? = id.to_be_bytes();
        self.end += 2;
        Some(())
    }

    /// Whether `size` bytes more fit.
    pub(super) fn has_room(&self, size: usize) -> bool {
        self.blocks.len() - self.end >= size
    }

    /// Makes room for `size` bytes more.
    pub(super) fn grow(&mut self, size: usize) {
        let needed = self.end.saturating_add(size);
        if needed > self.blocks.len() {
            self.blocks.resize(needed.next_multiple_of(BLOCK), 0);
        }
    }

    /// Marks the last key as that of a run's last entry.
    pub(super) fn mark_end_of_run(&mut self) {
        if let Some(first) = self.blocks.get_mut(self.last_key) {
            *first |= END_OF_RUN;
        }
    }

    /// The bytes before the last entry.
    pub(super) fn before_last_entry(&self) -> &[u8] {
        self.blocks.get(..self.last_key.saturating_sub(4)).unwrap_or_default()
    }

    /// All bytes.
    pub(super) fn all(&self) -> &[u8] {
        self.blocks.get(..self.end).unwrap_or_default()
    }

    /// Drops the first `count` bytes.
    pub(super) fn drop_first(&mut self, count: usize) {
        let count = count.min(self.end);
        self.blocks.copy_within(count..self.end, 0);
        self.end -= count;
        self.last_key = self.last_key.saturating_sub(count);
    }
}

/// Copies bytes to as many. Keys and values are mostly short, and then calling `memcpy` takes longer than the copy.
#[inline]
fn copy(source: &[u8], target: &mut [u8]) {
    let copied = match source.len() {
        16..=32 => copy_ends::<16, 16>(source, target),
        // A `long` and its namespace, just put together: eight bytes that overlap would wait for both.
        9 => copy_ends::<8, 1>(source, target),
        8..16 => copy_ends::<8, 8>(source, target),
        4..8 => copy_ends::<4, 4>(source, target),
        _ => None,
    };
    if copied.is_none() {
        target.copy_from_slice(source);
    }
}

/// Copies the first `N` and the last `M` bytes.
#[inline]
fn copy_ends<const N: usize, const M: usize>(source: &[u8], target: &mut [u8]) -> Option<()> {
    *target.first_chunk_mut::<N>()? = *source.first_chunk()?;
    *target.last_chunk_mut::<M>()? = *source.last_chunk()?;
    Some(())
}
