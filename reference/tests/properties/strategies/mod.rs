//! Where the models come from.

pub(crate) mod bytes;
pub(crate) mod handles;
pub(crate) mod metadata;
pub(crate) mod values;
pub(crate) mod wire;
