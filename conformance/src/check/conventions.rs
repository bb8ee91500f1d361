//! What the chapter on conventions says of numbers, lengths and strings. The readers look after most of it.

use flink_savepoint::wire::JavaStr;

use super::place::Report;

pub(super) const REQUIREMENTS: &[&str] =
    &["WIRE-LAYOUT-01", "WIRE-TRUNCATED-01", "WIRE-LENGTH-01", "WIRE-LENGTH-02", "WIRE-MUTF8-01", "WIRE-MUTF8-03"];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[
    ("WIRE-NUMBER-01", "a number in another order of bytes is another number"),
    ("WIRE-LENGTH-03", "the count has no room for more"),
    ("WIRE-MUTF8-02", "the length has no room for more"),
    ("WIRE-MUTF8-05", "what was read before is not known"),
    ("WIRE-OFFSET-01", "an offset that counts from elsewhere leads elsewhere: KEYED-OFFSET-03, OPSTATE-PARTITION-01"),
];

/// The bytes of a string are those that Java writes for it.
pub(super) fn string(text: &JavaStr<'_>, path: &str, offset: u64, report: &mut Report<'_>) {
    if text.as_modified_utf8() != text.canonical().as_modified_utf8() {
        report.at("WIRE-MUTF8-03", offset, path, || {
            format!("{text} has characters in another form than Java writes: a byte 00, or over-long ones")
        });
    }
}
