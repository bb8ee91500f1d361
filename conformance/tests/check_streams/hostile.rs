//! Any bytes give findings, and nothing else.

use flink_savepoint::serializer::{Scalar, SerializerSnapshot};
use flink_savepoint_conformance::check::Severity;

use crate::model::{Elements, Keyed, replace, utf};

#[test]
fn every_changed_byte_gives_findings_or_none() {
    let mut found = 0;
    let mut tried = 0;
    for (vector, uid) in [("2.3.0-rocksdb-file", "by-number"), ("2.3.0-rocksdb-snappy", "by-number")] {
        let keyed = Keyed::of(vector, uid);
        let end = keyed.check().1.len();
        for at in (0..end).step_by(37) {
            for byte in [0x00, 0xFF] {
                tried += 1;
                found += usize::from(!keyed.check_changed(|bytes| bytes[at] = byte).is_empty());
            }
        }
    }
    println!("{tried} changed bytes, findings for {found}");
    assert!(tried > 200 && found > tried / 2, "{found} of {tried}");
}

#[test]
fn every_truncation_gives_findings() {
    let keyed = Keyed::of("2.3.0-rocksdb-file", "by-number");
    let end = keyed.check().1.len();
    for length in (0..end).step_by(101) {
        assert!(!keyed.check_changed(|bytes| bytes.truncate(length)).is_empty(), "cut at {length}");
    }
    let mut elements = Elements::of("2.3.0-rocksdb-file", "operator-states");
    elements.header.truncate(40);
    assert!(!elements.check().0.is_empty());
}

#[test]
fn a_header_that_cannot_be_read_does_not_hide_its_sections() {
    let mut keyed = Keyed::of("2.3.0-rocksdb-file", "by-number");
    let long = SerializerSnapshot::scalar(Scalar::Long).unwrap();
    let name = long.class().to_string();
    // Nothing that follows fits, since the count of states is another.
    replace(&mut keyed.header, &[], &utf(&name), &utf("com.acme.Snapshot"));
    let last = keyed.header.len() - 1;
    keyed.header[last] = 9;
    let other = keyed.sections[1].entries[0].key[0] ^ 0x40;
    keyed.sections[1].entries[0].key[0] = other;
    let (found, ..) = keyed.check();
    let mut ids: Vec<(&str, Severity)> = found.iter().map(|one| (one.requirement.as_str(), one.severity)).collect();
    ids.sort_unstable();
    // It may be the header that is broken, or the search that did not come far enough.
    assert_eq!(ids, [("KEYED-GROUP-04", Severity::Error), ("SERIALIZER-FIT-01", Severity::Warning)], "{found:#?}");
}

#[test]
fn a_serializer_that_is_not_known_is_no_error() {
    let mut keyed = Keyed::of("2.3.0-rocksdb-file", "by-number");
    let long = SerializerSnapshot::scalar(Scalar::Long).unwrap();
    // A map of which either body may end where the other starts: which it is, nobody can tell.
    let foreign = |body: &[u8]| [&utf("com.acme.Snapshot")[..], &[0, 0, 0, 7], body].concat();
    let key = foreign(&[foreign(b"ab"), foreign(b"cd")].concat());
    let composite = [0, 0, 0, 3, 0, 0x0D, 0xE7, 4, 0, 0, 0, 1, 0, 0x14, 0x57, 0xFD, 0, 0, 0, 1, 0, 0, 0, 2];
    let class = utf("org.apache.flink.api.common.typeutils.base.MapSerializerSnapshot");
    let map = [&class[..], &composite, &key, &foreign(b"")].concat();
    replace(&mut keyed.header, &utf("счёт"), long.raw(), &map);
    let (found, ..) = keyed.check();
    let only = found.first().filter(|_| found.len() == 1).unwrap_or_else(|| panic!("{found:#?}"));
    assert_eq!((only.requirement.as_str(), only.severity), ("SERIALIZER-FIT-02", Severity::Note), "{only:#?}");
    // All that stands around keys and values is looked at all the same.
    keyed.sections[1].entries[0].key[0] ^= 0x40;
    let (found, ..) = keyed.check();
    assert!(found.iter().any(|one| one.requirement == "KEYED-GROUP-04"), "{found:#?}");
}
