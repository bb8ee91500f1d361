//! What looks for bytes that the reference reader takes wrong: the bodies of the fuzz targets, the mutations that know the
//! format, and the comparison with Flink itself.
//!
//! On the stable toolchain; the programs that libFuzzer drives are in a workspace of their own, one level up.
#![deny(unsafe_code)]

pub mod bundle;
pub mod dictionary;
pub mod mutate;
pub mod oracle;
pub mod scratch;
pub mod seeds;
pub mod targets;
