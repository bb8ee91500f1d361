//! Which bytes of a keyed stream a reader of some key groups needs.

use std::ops::Range;

use crate::metadata::{KeyGroupsFormat, KeyedHandle};

/// Bytes of a file that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts(Option<Vec<Range<u64>>>);

impl Parts {
    /// The whole file.
    pub const ALL: Self = Self(None);

    /// The header of a canonical keyed stream, and the sections of the key groups that are wanted, each up to the next one.
    ///
    /// Of other handles the whole file: which format it has, only its bytes say.
    pub fn of(handle: &KeyedHandle<'_>, wants: impl Fn(u16) -> bool) -> Self {
        let KeyedHandle::KeyGroups(handle) = handle else { return Self::ALL };
        if handle.format != KeyGroupsFormat::Savepoint {
            return Self::ALL;
        }
        // An offset of 0 means that a key group has no section; others that are none are refused when the stream is opened.
        let starts = handle.offsets.iter().filter_map(|(group, at)| Some((u64::try_from(at).ok()?, group)));
        let mut starts: Vec<(u64, u32)> = starts.filter(|(at, _)| *at > 0).collect();
        starts.sort_unstable();
        let Some((first, _)) = starts.first() else { return Self::ALL };
        let header = 0..*first;
        let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([u64::MAX]);
        let sections = starts.iter().zip(ends).filter(|((_, group), _)| u16::try_from(*group).is_ok_and(&wants));
        Self(Some([header].into_iter().chain(sections.map(|((start, _), end)| *start..end)).collect()))
    }

    /// The ranges; none for the whole file.
    pub fn ranges(&self) -> Option<&[Range<u64>]> {
        self.0.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::Parts;
    use crate::metadata::{KeyGroupOffsets, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, StreamHandle};

    fn handle(format: KeyGroupsFormat<'static>, offsets: &[i64]) -> KeyedHandle<'static> {
        let offsets = KeyGroupOffsets::new(4, offsets.iter().copied()).unwrap();
        KeyedHandle::KeyGroups(KeyGroupsHandle { format, offsets, delegate: StreamHandle::EmptySegment })
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "a list of ranges that has one")]
    fn header_and_sections() {
        // Key groups 4 to 8; 5 has no section, and sections stand in any order.
        let handle = handle(KeyGroupsFormat::Savepoint, &[70, 0, 50, 90, -3]);
        for (wanted, parts) in [
            (vec![], vec![0..50]),
            (vec![4], vec![0..50, 70..90]),
            (vec![6, 5, 8], vec![0..50, 50..70]),
            (vec![7, 6], vec![0..50, 50..70, 90..u64::MAX]),
        ] {
            let found = Parts::of(&handle, |group| wanted.contains(&group));
            assert_eq!(found.ranges(), Some(parts.as_slice()), "{wanted:?}");
        }
    }

    #[test]
    fn whole_files() {
        for (format, offsets) in [
            (KeyGroupsFormat::Native, [70, 50]),
            (KeyGroupsFormat::Savepoint, [0, 0]),
            (KeyGroupsFormat::Savepoint, [-1, 0]),
        ] {
            assert_eq!(Parts::of(&handle(format, &offsets), |_| false), Parts::ALL, "{offsets:?}");
        }
    }
}
