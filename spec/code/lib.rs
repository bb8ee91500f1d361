//! The machine-readable twin of the specification, as typed data: what `spec/registry/*.toml` says.
//!
//! The registry is compiled in, so that a program carries the edition that it was built with. Its tables are rendered into the
//! chapters of the book ([`render`]); tests compare both, and both with the reference.

pub mod book;
pub mod deviations;
pub mod errors;
pub mod layouts;
pub mod releases;
pub mod render;
pub mod requirements;
pub mod serializers;

/// Reads a file of the registry. It is compiled in, so that a mistake in it is one of this crate, which its tests find.
fn parse<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> T {
    toml::from_str(text).unwrap_or_else(|e| panic!("registry {name}: {e}"))
}
