//! Mutations that know nothing of the bytes.

use super::{Rng, replace};

/// As many bytes are removed, inserted or copied at once.
const RUN: usize = 16;

/// Changes the bytes in some way.
pub(super) fn mutate(bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) -> &'static str {
    let length = bytes.len();
    let at = rng.usize(..=length);
    let run = 1 + rng.usize(..RUN);
    match rng.u8(..if length == 0 { 3 } else { 8 }) {
        0 => {
            let new = if rng.bool() { vec![rng.u8(..); run] } else { (0..run).map(|_| rng.u8(..)).collect() };
            replace(bytes, at..at, new);
            "bytes inserted"
        }
        1 => {
            bytes.extend((0..run).map(|_| rng.u8(..)));
            "bytes behind the end"
        }
        2 => {
            let from = rng.usize(..=other.len());
            bytes.truncate(at);
            bytes.extend(other.iter().skip(from));
            "spliced"
        }
        3 => {
            if let Some(byte) = bytes.get_mut(at.min(length - 1)) {
                *byte ^= 1 << rng.u8(..8);
            }
            "bit flipped"
        }
        4 => {
            let any = rng.u8(..);
            if let Some(byte) = bytes.get_mut(at.min(length - 1)) {
                *byte = rng.choice([0, 1, 0x7F, 0x80, 0xFF, any]).unwrap_or(any);
            }
            "byte set"
        }
        5 => {
            replace(bytes, at..at + run, []);
            "bytes removed"
        }
        6 => {
            let from = rng.usize(..length);
            let new: Vec<u8> = bytes.iter().skip(from).take(run).copied().collect();
            replace(bytes, at..at + if rng.bool() { new.len() } else { 0 }, new);
            "bytes copied within"
        }
        _ => {
            bytes.truncate(at);
            "truncated"
        }
    }
}
