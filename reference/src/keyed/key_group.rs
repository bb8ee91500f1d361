//! Key groups: which there are, which a key belongs to, and which subtask has them.

use std::fmt;

use crate::metadata::KeyGroupRange;

/// A key group, below 32768.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyGroup(pub u16);

impl fmt::Display for KeyGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of key groups of an operator: 1 to 32768.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MaxParallelism(u16);

impl MaxParallelism {
    /// `None` outside of 1 to 32768 (`UPPER_BOUND_MAX_PARALLELISM`).
    pub fn new(key_groups: u32) -> Option<Self> {
        u16::try_from(key_groups).ok().filter(|n| (1..=32_768).contains(n)).map(Self)
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }

    /// How many bytes of a composite key say its key group.
    pub fn prefix_width(self) -> PrefixWidth {
        if self.0 > 128 { PrefixWidth::Two } else { PrefixWidth::One }
    }

    /// The key group of a key, by the value of its `hashCode` in Java (`KeyGroupRangeAssignment.assignToKeyGroup`).
    pub fn key_group_of(self, hash_code: i32) -> KeyGroup {
        let group = murmur_hash(hash_code).unsigned_abs() % u32::from(self.0);
        KeyGroup(u16::try_from(group).unwrap_or(u16::MAX))
    }
}

/// Number of bytes of the key-group prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrefixWidth {
    /// Max parallelism up to 128.
    One,
    /// Max parallelism above 128.
    Two,
}

impl PrefixWidth {
    /// How many bytes that is.
    #[inline]
    pub const fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// `MathUtils.murmurHash`: MurmurHash3 of four bytes with seed 0, then the absolute value. Not negative.
pub fn murmur_hash(code: i32) -> i32 {
    let mut h = code.cast_unsigned().wrapping_mul(0xCC9E_2D51).rotate_left(15).wrapping_mul(0x1B87_3593);
    h = h.rotate_left(13).wrapping_mul(5).wrapping_add(0xE654_6B64) ^ 4;
    h = (h ^ h >> 16).wrapping_mul(0x85EB_CA6B);
    h = (h ^ h >> 13).wrapping_mul(0xC2B2_AE35);
    h ^= h >> 16;
    h.cast_signed().checked_abs().unwrap_or(0)
}

/// The key groups of subtask `index` of `parallelism` (`computeKeyGroupRangeForOperatorIndex`); `None` if the index is not
/// below the parallelism.
pub fn key_groups_of_subtask(max: MaxParallelism, parallelism: u32, index: u32) -> Option<KeyGroupRange> {
    if index >= parallelism {
        return None;
    }
    let (max, parallelism, index) = (u64::from(max.0), u64::from(parallelism), u64::from(index));
    let start = (index * max).div_ceil(parallelism);
    let end = ((index + 1) * max).div_ceil(parallelism);
    KeyGroupRange::new(u32::try_from(start).ok()?, u32::try_from(end - start).ok()?)
}

/// What Flink takes for an operator that does not say (`computeDefaultMaxParallelism`).
pub fn default_max_parallelism(parallelism: u16) -> MaxParallelism {
    let wanted = u32::from(parallelism) + u32::from(parallelism) / 2;
    let rounded = wanted.checked_next_power_of_two().unwrap_or(u32::MAX);
    MaxParallelism(u16::try_from(rounded.clamp(128, 32_768)).unwrap_or(32_768))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_that_flink_computed() {
        for (code, hash) in [
            (0, 593_689_054),
            (1, 68_075_478),
            (-1, 1_982_413_648),
            (42, 1_134_849_565),
            (i32::MAX, 1_653_689_534),
            (i32::MIN, 1_718_298_732),
            (99_162_322, 1_715_862_179),
        ] {
            assert_eq!(murmur_hash(code), hash);
        }
        let groups = |max: u32, codes: &[i32]| -> Vec<u16> {
            codes.iter().map(|code| MaxParallelism::new(max).unwrap().key_group_of(*code).0).collect()
        };
        assert_eq!(groups(4, &[1, 2, 3, 6]), [2, 3, 1, 2]);
        assert_eq!(groups(300, &[99_162_322, 0]), [179, 154]);
    }

    #[test]
    fn ranges_partition_the_key_groups() {
        let ranges = |max: u32, parallelism| -> Vec<String> {
            let max = MaxParallelism::new(max).unwrap();
            (0..parallelism).map(|i| key_groups_of_subtask(max, parallelism, i).unwrap().to_string()).collect()
        };
        assert_eq!(ranges(128, 3), ["0..=42", "43..=85", "86..=127"]);
        assert_eq!(ranges(10, 4), ["0..=2", "3..=4", "5..=7", "8..=9"]);
        assert_eq!(key_groups_of_subtask(MaxParallelism::new(10).unwrap(), 4, 4), None);
    }

    #[test]
    fn default_max_parallelisms() {
        for (parallelism, max) in [(1, 128), (85, 128), (86, 256), (128, 256), (1000, 2048), (20_000, 32_768)] {
            assert_eq!(default_max_parallelism(parallelism).get(), max, "{parallelism}");
        }
        assert_eq!(MaxParallelism::new(0), None);
        assert_eq!(MaxParallelism::new(32_769), None);
        let widths = [128, 129].map(|n| MaxParallelism::new(n).unwrap().prefix_width());
        assert_eq!(widths, [PrefixWidth::One, PrefixWidth::Two]);
    }
}
