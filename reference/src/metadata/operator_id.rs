//! Operator ids: what Flink restores by.

use std::fmt;
use std::str::FromStr;

/// `OperatorID`: 16 bytes, printed in hex in the order of the file. A hash of the uid where the user set one; else of the
/// operator's place in the job graph, which cannot be computed from a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorId(pub [u8; 16]);

impl OperatorId {
    /// The id of an operator with that uid (`StreamGraphHasherV2`): MurmurHash3 x64 with 128 bits and seed 0 of its UTF-8 bytes.
    ///
    /// ```
    /// # use flink_savepoint::metadata::OperatorId;
    /// assert_eq!(OperatorId::from_uid("my-uid").to_string(), "8409efe6adc6d20787611f16017c808f");
    /// ```
    pub fn from_uid(uid: &str) -> Self {
        let bytes = uid.as_bytes();
        let (blocks, tail) = bytes.as_chunks::<16>();
        let (mut h1, mut h2) = (0, 0);
        for block in blocks {
            let (k1, k2) = halves(*block);
            h1 = (h1 ^ mix1(k1)).rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52DC_E729);
            h2 = (h2 ^ mix2(k2)).rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5AB5);
        }
        let mut last = [0; 16];
        last.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
        // Zero bytes mix to zero, so that an empty tail changes nothing.
        let (k1, k2) = halves(last);
        let length = bytes.len() as u64;
        (h1, h2) = (h1 ^ mix1(k1) ^ length, h2 ^ mix2(k2) ^ length);
        h1 = h1.wrapping_add(h2);
        h2 = h2.wrapping_add(h1);
        (h1, h2) = (avalanche(h1), avalanche(h2));
        h1 = h1.wrapping_add(h2);
        h2 = h2.wrapping_add(h1);
        Self((u128::from(h2) << 64 | u128::from(h1)).to_le_bytes())
    }
}

fn halves(block: [u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(block);
    let low = |n: u128| u64::try_from(n & u128::from(u64::MAX)).unwrap_or_default();
    (low(both), low(both >> 64))
}

const C1: u64 = 0x87C3_7B91_1142_53D5;
const C2: u64 = 0x4CF5_AD43_2745_937F;

fn mix1(k: u64) -> u64 {
    k.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

fn mix2(k: u64) -> u64 {
    k.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

fn avalanche(mut h: u64) -> u64 {
    h = (h ^ h >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    h = (h ^ h >> 33).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    h ^ h >> 33
}

impl fmt::Display for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for OperatorId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(|id| Self(id.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::OperatorId;

    #[test]
    fn ids_that_flink_computed() {
        for (uid, id) in [
            ("my-uid", "8409efe6adc6d20787611f16017c808f"),
            ("a", "897859f6655555855a890e51483ab5e6"),
            ("", "00000000000000000000000000000000"),
            ("source-\u{e9}\u{4e2d}\u{1f600}", "5b91b6b831fe74bdda3adcc5893a909d"),
            ("this-is-a-longer-uid-than-16-bytes", "34f5579a59a047b35914725ad7178dc9"),
        ] {
            assert_eq!(OperatorId::from_uid(uid).to_string(), id, "{uid}");
            assert_eq!(format!("{:?}", OperatorId::from_uid(uid)), id);
            assert_eq!(id.parse(), Ok(OperatorId::from_uid(uid)));
        }
    }
}
