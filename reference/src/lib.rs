//! Apache Flink savepoints, without a JVM: a zero-copy reader and a byte-exact writer.
//!
//! Basic familiarity with Flink's state is assumed: operators, subtasks, key groups, state handles.
//!
//! - **Each structure has its own file**, with the function that reads it and the one that writes it side by side.
//! - **Each view borrows** from the bytes it was read from. The same types can be built from owned parts and written.
//! - **Each offset is absolute**: an [`Error`] names the byte of the file and the path of the field.
//!
//! ```
//! use flink_savepoint::metadata::{Metadata, MetadataVersion};
//!
//! // An empty savepoint of Flink 1.13: magic, version 3, checkpoint id 42, no master states, no operators.
//! let file = [
//!     0x49, 0x60, 0x67, 0x2D, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 0,
//! ];
//! let metadata = Metadata::parse(&file)?;
//! assert_eq!(metadata.version(), MetadataVersion::V3);
//! assert_eq!(metadata.checkpoint_id, 42);
//! assert_eq!(metadata.to_bytes()?, file);
//! # Ok::<(), flink_savepoint::Error>(())
//! ```
//!
//! Whatever the bytes are, reading gives a result or an [`Error`]: no panic, no allocation sized by an unchecked
//! number, and bounded nesting ([`Limits`]). Nothing in the file is ever deserialized as a Java object.
#![forbid(unsafe_code)]
// No byte of a file may stop the program.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

#[cfg(feature = "arbitrary")]
pub mod arbitrary;
pub mod compression;
pub mod error;
pub mod keyed;
pub mod limits;
pub mod logical;
pub mod meta_info;
pub mod metadata;
pub mod operator;
pub mod savepoint;
pub mod serializer;
pub mod value;
pub mod wire;

pub use error::{Error, ErrorClass, ErrorKind};
pub use limits::Limits;
