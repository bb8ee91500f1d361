//! The chapter on serializer snapshots. Most of it the reader looks after: a snapshot that breaks a rule cannot be read.

use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::serializer::classes::Family;
use flink_savepoint::value::TypeDescription;

use super::place::Report;

pub(super) const REQUIREMENTS: &[&str] = &[
    "SERIALIZER-WRAPPER-01",
    "SERIALIZER-CLASS-01",
    "SERIALIZER-VERSION-01",
    "SERIALIZER-COMPOSITE-01",
    "SERIALIZER-FIT-01",
    "SERIALIZER-FIT-02",
    "SERIALIZER-OPTIONAL-MAP-01",
    "SERIALIZER-OPTIONAL-MAP-02",
    "SERIALIZER-POJO-01",
    "SERIALIZER-JAVA-01",
    "SERIALIZER-JAVA-02",
    "SERIALIZER-JAVA-03",
    "SERIALIZER-JAVA-04",
    "SERIALIZER-JAVA-05",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] =
    &[("SERIALIZER-RELEASE-01", "it depends on the release that is to read: the question of --target")];

/// A snapshot and those nested in it; `path` is that of the state.
pub(super) fn snapshot(snapshot: &SerializerSnapshot<'_>, path: &str, offset: u64, report: &mut Report<'_>) {
    if snapshot.family() == Some(Family::Pojo)
        && let TypeDescription::Pojo(pojo) = snapshot.type_description()
    {
        // A field that the class had lost has no name here.
        let names = || pojo.fields.iter().map(|field| &field.name).filter(|name| !name.is_empty());
        let wrong = names().zip(names().skip(1)).find(|(one, next)| !one.encode_utf16().lt(next.encode_utf16()));
        if let Some((one, next)) = wrong {
            report.at("SERIALIZER-POJO-01", offset, format_args!("{path}.serializers"), || {
                format!(
                    "field {next} of {} stands behind {one}: fields are in ascending order of their names",
                    pojo.class
                )
            });
        }
    }
    if let Some(error) = snapshot.logical_type_error() {
        report.at(error.kind().requirement(), offset, format_args!("{path}.serializers"), || error.kind().to_string());
    }
    for nested in snapshot.nested() {
        self::snapshot(&nested, path, offset, report);
    }
}
