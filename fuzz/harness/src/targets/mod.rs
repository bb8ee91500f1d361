//! The bodies of the fuzz targets: what has to hold for any bytes.
//!
//! A target panics where it does not. They run under libFuzzer, and on committed inputs in `cargo test`.
#![expect(clippy::missing_panics_doc, reason = "a panic is what a target has to say")]

pub mod adapter_protocol;
pub mod check;
pub mod chunking;
pub mod header;
pub mod keyed_stream;
pub mod metadata;
pub mod operator_state;
pub mod rewrite;
pub mod roundtrip;
pub mod savepoint_dir;
pub mod serializer_snapshot;
pub mod snappy;
pub mod value;

use crate::mutate::{Rng, Shape, mutate};

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is that of its folder of seeds and of its program.
    pub name: &'static str,
    /// Runs it on one input.
    pub run: fn(&[u8]),
    /// Mutates an input of it once, as [`mutate`] does.
    pub mutate: Mutate,
}

/// Mutates the first bytes once, to at most so many; pieces of the second may be put in. Says what was done.
pub type Mutate = fn(&mut Vec<u8>, &[u8], usize, &mut Rng) -> &'static str;

/// All of them, by name.
pub const ALL: &[Target] = &[
    Target { name: "adapter_protocol", run: adapter_protocol::run, mutate: adapter_protocol::mutate },
    Target { name: "check", run: check::run, mutate: crate::bundle::mutate },
    Target { name: "chunking", run: chunking::run, mutate: chunking::mutate },
    Target { name: "header", run: header::run, mutate: header::mutate },
    Target { name: "keyed_stream", run: keyed_stream::run, mutate: keyed_stream::mutate },
    Target {
        name: "metadata",
        run: metadata::run,
        mutate: |bytes, other, most, rng| mutate(Shape::Metadata, bytes, other, most, rng),
    },
    Target { name: "operator_state", run: operator_state::run, mutate: operator_state::mutate },
    Target { name: "rewrite", run: rewrite::run, mutate: rewrite::mutate },
    Target {
        name: "roundtrip",
        run: roundtrip::run,
        // Each bit is a choice, so that libFuzzer's own mutations do well.
        mutate: |bytes, other, most, rng| mutate(Shape::Bytes, bytes, other, most, rng),
    },
    Target { name: "savepoint_dir", run: savepoint_dir::run, mutate: crate::bundle::mutate },
    Target {
        name: "serializer_snapshot",
        run: serializer_snapshot::run,
        mutate: |bytes, other, most, rng| mutate(Shape::Snapshot, bytes, other, most, rng),
    },
    Target {
        name: "snappy",
        run: snappy::run,
        mutate: |bytes, other, most, rng| mutate(Shape::Bytes, bytes, other, most, rng),
    },
    Target { name: "value", run: value::run, mutate: value::mutate },
];

/// The target of that name.
pub fn get(name: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.name == name)
}

/// Mutates what stands behind the start of an input, and sometimes the start itself. `start` says how long it is.
fn behind(
    shape: Shape,
    start: impl Fn(&[u8]) -> usize,
    bytes: &mut Vec<u8>,
    other: &[u8],
    most: usize,
    rng: &mut Rng,
) -> &'static str {
    let at = start(bytes).min(bytes.len());
    let from = start(other).min(other.len());
    if at > 0 && rng.u8(..8) == 0 {
        let i = rng.usize(..at);
        if let Some(byte) = bytes.get_mut(i) {
            *byte = rng.u8(..);
        }
        return "start changed";
    }
    let mut tail = bytes.split_off(at);
    let done = mutate(shape, &mut tail, other.split_at(from).1, most.saturating_sub(at), rng);
    bytes.append(&mut tail);
    bytes.truncate(most);
    done
}
