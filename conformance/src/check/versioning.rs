//! The chapter on versions binds people and programs; what is not known in a file has requirements where it stands.

pub(super) const REQUIREMENTS: &[&str] = &[];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[
    ("VERSION-NUMBER-01", "binds what people and programs say"),
    ("VERSION-CLAIM-01", "binds what people and programs say"),
    (
        "VERSION-EXTEND-01",
        "what is not known has a requirement of its own: META-VERSION-01, META-TYPE-01, META-OPSTATE-01, STATE-VERSION-01",
    ),
    ("VERSION-EXTEND-02", "whose a name is cannot be seen"),
    ("VERSION-EXTEND-03", "what is described in public cannot be seen"),
];
