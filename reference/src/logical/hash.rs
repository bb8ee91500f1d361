//! Hashes of entries, and sums of them that do not depend on order.

use std::fmt;
use std::ops::AddAssign;

use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Name of the way in which digests are made; another name where it changes. Only digests of one algorithm can be compared.
pub const ALGORITHM: &str = "xxh3-128-sum/1";

/// The sum of the hashes of some entries, modulo 2^128, and their number.
///
/// Addition is commutative, so that the digest does not depend on order, and it counts repeated entries, which exclusive or would
/// cancel. The hash of an entry is made of XXH3 with 128 bits: two different sets of entries have the same digest by accident
/// with a probability of about 2^-128. It is no defence against somebody who *chooses* entries to collide: XXH3 is
/// not a cryptographic hash, and a sum of hashes is weaker than the hash itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct Digest {
    /// Sum of the hashes.
    pub sum: u128,
    /// Number of entries.
    pub entries: u64,
    /// Bytes of their keys and values, without prefixes and lengths.
    pub bytes: u64,
}

impl Digest {
    /// Adds an entry; `standing` is [`Place::standing`](super::Place::standing), its key group.
    #[inline]
    pub fn add(&mut self, standing: u32, key: &[u8], value: &[u8]) {
        self.sum = self.sum.wrapping_add(EntryHash::of(standing, key, value).whole());
        self.entries = self.entries.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(key.len() as u64).wrapping_add(value.len() as u64);
    }
}

impl AddAssign for Digest {
    fn add_assign(&mut self, other: Self) {
        self.sum = self.sum.wrapping_add(other.sum);
        self.entries = self.entries.wrapping_add(other.entries);
        self.bytes = self.bytes.wrapping_add(other.bytes);
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.sum)
    }
}

/// The hashes of an entry's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryHash {
    /// Of key group and key.
    pub key: u128,
    /// Of the value, under the key: the same value under another key has another hash.
    pub value: u128,
}

impl EntryHash {
    /// Key and value are hashed apart, so that no byte can move from one to the other unnoticed. `standing` is
    /// [`Place::standing`](super::Place::standing), the key group.
    #[inline]
    pub fn of(standing: u32, key: &[u8], value: &[u8]) -> Self {
        let key = xxh3_128_with_seed(key, standing.into());
        let low = u64::try_from(key & u128::from(u64::MAX)).unwrap_or_default();
        let value = xxh3_128_with_seed(value, low);
        Self { key, value }
    }

    /// Of the entry as a whole.
    #[inline]
    pub fn whole(self) -> u128 {
        self.key.rotate_left(64) ^ self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts = (u32, &'static [u8], &'static [u8]);

    fn digest(entries: &[Parts]) -> Digest {
        let mut digest = Digest::default();
        for (group, key, value) in entries {
            digest.add(*group, key, value);
        }
        digest
    }

    #[test]
    fn order_does_not_matter_and_everything_else_does() {
        let entries: [Parts; 5] = [(1, b"k", b"v"), (2, b"k", b"v"), (1, b"kv", b""), (1, b"", b"kv"), (1, b"v", b"k")];
        let [a, b, ..] = entries;
        let mut reversed = entries;
        reversed.reverse();
        assert_eq!(digest(&entries), digest(&reversed));
        let sums: std::collections::BTreeSet<u128> = entries.iter().map(|entry| digest(&[*entry]).sum).collect();
        assert_eq!(sums.len(), 5);
        assert_ne!(digest(&[a]).sum, digest(&[a, a, a]).sum, "repeated entries count");
        assert_ne!(digest(&[a, b]).sum, digest(&[(1, b"k", b"w"), b]).sum);
    }
}
