//! Timers: entries of priority-queue states, with all of them in the key.
//!
//! | field of the key behind the prefix | type |
//! |---|---|
//! | timestamp | `i64` with the sign bit flipped, so that byte order is order in time |
//! | key, namespace | by their serializers; never followed by lengths |

use crate::value::TypeDescription;

const SIGN: i64 = i64::MIN;

/// A timer (`TimerHeapInternalTimer`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer<'k> {
    /// When it fires: milliseconds of event time or of the clock.
    pub timestamp: i64,
    /// Key and namespace, one after the other.
    pub rest: &'k [u8],
}

impl<'k> Timer<'k> {
    /// Reads the key of an entry, without its prefix; `None` if it has no eight bytes.
    pub fn read(key: &'k [u8]) -> Option<Self> {
        let (timestamp, rest) = key.split_first_chunk()?;
        Some(Self { timestamp: i64::from_be_bytes(*timestamp) ^ SIGN, rest })
    }

    /// The key of the entry, without its prefix.
    pub fn write(&self) -> Vec<u8> {
        [&(self.timestamp ^ SIGN).to_be_bytes()[..], self.rest].concat()
    }

    /// Key and namespace, where keys say how long they are.
    pub fn split(&self, key: &TypeDescription) -> Option<(&'k [u8], &'k [u8])> {
        self.rest.split_at_checked(key.value_length(self.rest)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_bit_is_flipped() {
        let key = [0x80, 0, 0, 0, 0, 0, 0x13, 0x89, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        let timer = Timer::read(&key).unwrap();
        assert_eq!((timer.timestamp, timer.rest), (5001, &key[8..]));
        assert_eq!(timer.write(), key);
        assert_eq!(Timer::read(&[0x7F, 255, 255, 255, 255, 255, 255, 255]).unwrap().timestamp, -1);
        assert_eq!(Timer::read(&[0; 7]), None);
    }
}
