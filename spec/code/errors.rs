//! Errors: their codes, and the classes that say what an error means for the file.

use std::sync::LazyLock;

use serde::Deserialize;

/// A class of errors.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// What it says of the file.
    pub meaning: String,
    /// What a reader does.
    pub reader: String,
}

/// An error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Its code.
    pub code: String,
    /// The name of its class.
    pub class: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registry {
    class: Vec<Class>,
    error: Vec<Code>,
}

static ALL: LazyLock<Registry> = LazyLock::new(|| crate::parse("errors", include_str!("../registry/errors.toml")));

/// All classes.
pub fn classes() -> &'static [Class] {
    &ALL.class
}

/// All codes, by class.
pub fn codes() -> &'static [Code] {
    &ALL.error
}
