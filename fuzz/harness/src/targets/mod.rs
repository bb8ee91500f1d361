//! The bodies of the fuzz targets: what has to hold for any bytes.
//!
//! A target panics where it does not. They run under libFuzzer, and on committed inputs in `cargo test`.
#![expect(clippy::missing_panics_doc, reason = "a panic is what a target has to say")]

pub mod header;
pub mod keyed_stream;
pub mod metadata;
pub mod operator_state;
pub mod serializer_snapshot;
pub mod value;

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is that of its folder of seeds and of its program.
    pub name: &'static str,
    /// Runs it on one input.
    pub run: fn(&[u8]),
}

/// All of them, by name.
pub const ALL: &[Target] = &[
    Target { name: "header", run: header::run },
    Target { name: "keyed_stream", run: keyed_stream::run },
    Target { name: "metadata", run: metadata::run },
    Target { name: "operator_state", run: operator_state::run },
    Target { name: "serializer_snapshot", run: serializer_snapshot::run },
    Target { name: "value", run: value::run },
];
