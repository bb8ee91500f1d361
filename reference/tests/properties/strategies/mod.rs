//! Where the models come from.

pub(crate) mod bytes;
pub(crate) mod wire;
