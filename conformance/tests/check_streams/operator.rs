//! Operator streams with one thing wrong.

use flink_savepoint::compression::IDENTIFIER;
use flink_savepoint::metadata::{Mode, StateMeta};

use flink_savepoint_conformance::check::Severity;

use crate::model::{Elements, FILE, assert_found, check, chunks, find, replace, utf};

const PLAIN: (&str, &str) = ("2.3.0-rocksdb-file", "operator-states");
const SNAPPY: (&str, &str) = ("2.3.0-rocksdb-snappy", "operator-states");

fn of(golden: (&str, &str)) -> Elements {
    Elements::of(golden.0, golden.1)
}

#[test]
fn what_is_taken_apart_is_put_together_again() {
    for golden in [PLAIN, SNAPPY] {
        let elements = of(golden);
        assert!(elements.states.len() == 3 && elements.compressed == (golden == SNAPPY));
        let (found, ..) = elements.check();
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn data_stands_where_the_offsets_say() {
    type Case = (&'static str, &'static str, (&'static str, &'static str), &'static str, fn(&mut Elements));
    let cases: &[Case] = &[
        ("an element with a byte too many", "OPSTATE-PARTITION-01", PLAIN, "state[0].partition[1]", |elements| {
            elements.states[0].1[1].push(7);
        }),
        ("data in another order", "OPSTATE-ORDER-02", PLAIN, "state[1].partition[0]", |elements| {
            elements.order = vec![1, 0, 2];
        }),
        ("an offset into a chunk", "SNAPPY-OPERATOR-02", SNAPPY, "state[0].partition[1]", |elements| {
            elements.moved = Some((0, 1, 3));
        }),
        ("the offset of the identifier", "SNAPPY-OPERATOR-02", SNAPPY, "state[0].partition[0]", |elements| {
            elements.moved = Some((0, 0, -10));
        }),
    ];
    for (what, id, golden, path, change) in cases {
        let mut elements = of(*golden);
        change(&mut elements);
        let (found, _, positions) = elements.check();
        let moved = elements.moved.map_or(0, |(_, _, by)| by);
        let at = positions[*path].checked_add_signed(moved).unwrap();
        assert_found(what, &found, id, (FILE, path, Some(at)));
    }
}

#[test]
fn compressed_data_is_one_framed_stream() {
    let cases: &[(&str, &str, u64, fn(&mut Elements))] = &[
        ("no identifier", "SNAPPY-IDENTIFIER-01", 0, |elements| elements.identifier.clear()),
        ("a second identifier", "SNAPPY-CHUNK-02", 10, |elements| elements.before = IDENTIFIER.to_vec()),
        ("another checksum", "SNAPPY-CHECKSUM-01", 10, |elements| {
            elements.frame = |data| {
                let mut bytes = chunks(data);
                bytes[4] ^= 1;
                bytes
            };
        }),
    ];
    for (what, id, by, change) in cases {
        let mut elements = of(SNAPPY);
        change(&mut elements);
        let (found, _, positions) = elements.check();
        assert_found(what, &found, id, (FILE, "data", Some(positions["data"] + by)));
    }
    let mut elements = of(PLAIN);
    elements.before = vec![1, 2, 3];
    let (found, _, positions) = elements.check();
    assert_found("a gap", &found, "OPSTATE-ORDER-02", (FILE, "data", Some(positions["data"])));
}

#[test]
fn handles_fit_their_streams() {
    let cases: &[(&str, &str, fn(&mut Elements))] = &[
        ("another mode", "OPSTATE-MODE-01", |elements| elements.states[0].0.mode = Mode::Union),
        ("another name", "OPSTATE-NAMES-01", |elements| elements.states[0].0.name = "other".into()),
        ("offsets of a state that there is not", "OPSTATE-NAMES-02", |elements| {
            let meta = StateMeta { name: "other".into(), ..elements.states[0].0.clone() };
            elements.states.push((meta, Vec::new()));
        }),
        ("two maps", "OPSTATE-BROADCAST-01", |elements| {
            let again = elements.states[2].1[0].clone();
            elements.states[2].1.push(again);
        }),
        ("an offset into the header", "OPSTATE-OFFSET-01", |elements| elements.moved = Some((0, 1, 1 << 40))),
    ];
    for (what, id, change) in cases {
        let mut elements = of(PLAIN);
        change(&mut elements);
        let (found, ..) = elements.check();
        assert_found(what, &found, id, ("_metadata", "state.managed_operator.states", None));
    }
    let mut elements = of(PLAIN);
    replace(&mut elements.header, &[], &utf("union"), &utf("split"));
    replace(&mut elements.header, &[], &utf("UNION"), &utf("SPLIT_DISTRIBUTE"));
    elements.states[1].0 = elements.states[0].0.clone();
    let (found, ..) = elements.check();
    assert_eq!(found[0].requirement, "OPSTATE-NAMES-03", "{found:#?}");
}

#[test]
fn states_say_what_they_have_to() {
    let mut elements = of(PLAIN);
    let option = [utf("OPERATOR_STATE_DISTRIBUTION_MODE"), utf("UNION")].concat();
    let to = [&[0, 0, 0, 2], &option[..], &utf("x"), &utf("y")].concat();
    replace(&mut elements.header, &utf("union"), &[&[0, 0, 0, 1], &option[..]].concat(), &to);
    let (found, bytes, _) = elements.check();
    let at = find(&bytes, &utf("union")) as u64;
    assert_found("another option", &found, "STATE-OPTION-03", (FILE, "header.state[1].options", Some(at)));

    let mut elements = of(PLAIN);
    elements.header = vec![0, 0, 0, 6, 0, 0, 0, 0, 0];
    elements.states.clear();
    elements.order.clear();
    let (found, ..) = elements.check();
    assert_found("no states", &found, "OPSTATE-EMPTY-01", (FILE, "header", Some(0)));
}

#[test]
fn broadcast_maps_have_each_key_once_and_are_the_same_everywhere() {
    // Keys are strings, values are ints.
    let map = |entries: &[(&str, i32)]| {
        let mut bytes = u32::try_from(entries.len()).unwrap().to_be_bytes().to_vec();
        for (key, value) in entries {
            bytes.push(u8::try_from(key.len() + 1).unwrap());
            bytes.extend_from_slice(key.as_bytes());
            bytes.extend(value.to_be_bytes());
        }
        bytes
    };
    let mut elements = of(PLAIN);
    elements.states[2].1[0] = map(&[("a", 1), ("b", 2), ("a", 3)]);
    let (found, _, positions) = elements.check();
    // Behind the count, and two entries of six bytes.
    let at = positions["state[2].partition[0]"] + 4 + 12;
    let path = "state[2].partition[0].entry[2]";
    assert_found("a key twice", &found, "OPSTATE-BROADCAST-02", (FILE, path, Some(at)));

    let subtasks = |other: &[(&str, i32)]| {
        let mut elements = of(PLAIN);
        elements.states[2].1[0] = map(&[("a", 1), ("b", 2)]);
        let (first, bytes, _) = elements.handles("first");
        elements.states[2].1[0] = map(other);
        let (second, again, positions) = elements.handles("second");
        let found = check(128, vec![first, second], &[("first", &bytes), ("second", &again)], None);
        (found, positions)
    };
    let (found, _) = subtasks(&[("b", 2), ("a", 1)]);
    assert!(found.is_empty(), "the order of a map says nothing: {found:#?}");
    let path = "state[2].partition[0]";
    // A job may treat its subtasks differently; a copy that lacks everything is none.
    for (other, severity) in [(&[("a", 1), ("b", 3)][..], Severity::Note), (&[], Severity::Error)] {
        let (found, positions) = subtasks(other);
        assert_found("another copy", &found, "REDIST-BROADCAST-03", ("second", path, Some(positions[path])));
        assert_eq!(found[0].severity, severity, "{found:#?}");
    }
}
