//! Bytes that models are made of: any do, and more make larger ones.

use super::Seeds;
use crate::targets::roundtrip::KINDS;

pub(super) fn all(seeds: &mut Seeds) {
    let mut random = fastrand::Rng::with_seed(1);
    for kind in 0..KINDS {
        for length in [0, 30, 100, 300, 1_000] {
            let mut bytes = vec![0; length];
            random.fill(&mut bytes);
            bytes.insert(0, kind);
            seeds.add("roundtrip", format!("kind-{kind}-of-{length}"), bytes);
        }
    }
}
