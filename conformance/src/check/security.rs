//! The chapter on security binds programs that show or delete savepoints, and no bytes.

pub(super) const REQUIREMENTS: &[&str] = &[];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[("SECURITY-DELETE-01", "binds programs that delete")];
