//! Which deliberate deviation a difference is. No rule catches all of a kind: each asks for an error and where it stands.

use super::{Case, Difference};

/// Of `_metadata`.
pub(super) fn metadata(_case: &Case<'_>, _difference: &Difference) -> Option<&'static str> {
    None
}
