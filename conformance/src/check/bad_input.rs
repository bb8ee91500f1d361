//! What the chapter on bad input says: what is beyond a limit is not looked at and so not sound, and nothing of the metadata is lost
//! when it is written again.

pub(super) const REQUIREMENTS: &[&str] =
    &["LIMIT-NESTING-01", "LIMIT-ENTRY-01", "LIMIT-TOTAL-01", "LIMIT-PATH-01", "INPUT-STRICT-02"];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use flink_savepoint_spec::requirements;

    /// What reading can break; errors of writers do not come up.
    #[test]
    fn every_error_has_a_chapter() {
        let known: BTreeSet<&str> = super::super::requirements().into_iter().collect();
        let with_errors = requirements::all().iter().filter(|one| !one.errors.is_empty());
        let missing: Vec<&str> = with_errors.map(|one| one.id.as_str()).filter(|id| !known.contains(id)).collect();
        let of_writers = [
            "WIRE-LENGTH-03",
            "WIRE-MUTF8-02",
            "META-REWRITE-01",
            "META-OPERATOR-03",
            "KEYED-GROUP-02",
            "SERIALIZER-JAVA-06",
            "VALUE-TYPE-01",
        ];
        assert_eq!(missing, of_writers);
    }
}
