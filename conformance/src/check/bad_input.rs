//! What the chapter on bad input says of metadata: it is not nested without bounds, and nothing of it is lost when it is written again.

pub(super) const REQUIREMENTS: &[&str] = &["LIMIT-NESTING-01", "INPUT-STRICT-02"];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[];
