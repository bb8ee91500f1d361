//! Seeds of the targets that take a whole savepoint.

use flink_savepoint::metadata::Release;

use super::Seeds;
use super::vectors::Vector;

/// The vector as it is, and to be written for one release or another.
pub(super) fn of(vector: &Vector, seeds: &mut Seeds) {
    let Some(bytes) = vector.bundle.write() else { return };
    seeds.add("savepoint_dir", &vector.id, bytes.clone());
    seeds.add("check", &vector.id, bytes.clone());
    let number = seeds.made.len();
    let release = u8::try_from(number % Release::ALL.len()).unwrap_or(0);
    let compression = u8::try_from(number % 3).unwrap_or(0);
    seeds.add("rewrite", format!("savepoint-{}", vector.id), [&[3, release, compression][..], &bytes].concat());
    if vector.bundle.metadata.len() <= 512 {
        seeds.add("rewrite", format!("metadata-{}", vector.id), [&[0][..], &vector.bundle.metadata].concat());
    }
}
