//! Keyed streams with one thing wrong in the header.

use flink_savepoint::serializer::{Hints, Scalar, SerializerSnapshot};

use crate::model::{FILE, Keyed, assert_found, find, replace, utf};

/// What is wrong, the requirement, the field, the name of the state that it is found at, and what changes it.
type Case = (&'static str, &'static str, &'static str, &'static str, fn(&mut Keyed));

const VALUE: &str = "счёт";
const EVENT: &str = "_timer_state/event_user-timers";
const PROCESSING: &str = "_timer_state/processing_user-timers";

fn number() -> Keyed {
    Keyed::of("2.3.0-rocksdb-file", "by-number")
}

fn wrapped(scalar: Scalar) -> Vec<u8> {
    [&[0, 0, 0, 2], SerializerSnapshot::scalar(scalar).unwrap().raw()].concat()
}

/// Drops the entries of a state, which are not those of its new serializer.
fn drop_entries(keyed: &mut Keyed, name: &str) {
    let id = keyed.id(name);
    keyed.sections.iter_mut().for_each(|section| section.entries.retain(|entry| entry.state != id));
    keyed.sections.retain(|section| !section.entries.is_empty());
}

#[test]
fn states_say_what_they_have_to() {
    let cases: &[Case] = &[
        ("another option", "STATE-OPTION-03", ".options", "list", |keyed| {
            let option = [utf("KEYED_STATE_TYPE"), utf("LIST")].concat();
            let from = [&[0, 0, 0, 1], &option[..]].concat();
            let to = [&[0, 0, 0, 2], &option[..], &utf("x"), &utf("y")].concat();
            replace(&mut keyed.header, &utf("list"), &from, &to);
        }),
        ("an option of timers", "STATE-OPTION-03", ".options", EVENT, |keyed| {
            let to = [&[0, 0, 0, 3, 0, 0, 0, 1], &utf("x")[..], &utf("y")].concat();
            replace(&mut keyed.header, &utf(EVENT), &[0, 0, 0, 3, 0, 0, 0, 0], &to);
        }),
        ("a kind of before 1.13", "STATE-OPTION-04", ".options", VALUE, |keyed| {
            replace(&mut keyed.header, &utf(VALUE), &utf("VALUE"), &utf("FOLDING"));
        }),
        ("another order", "STATE-SERIALIZER-03", ".serializers", VALUE, |keyed| {
            let value = [utf("VALUE_SERIALIZER"), wrapped(Scalar::Long)].concat();
            let namespace = [utf("NAMESPACE_SERIALIZER"), wrapped(Scalar::VoidNamespace)].concat();
            let [from, to] = [[&value[..], &namespace], [&namespace[..], &value]].map(|both| both.concat());
            replace(&mut keyed.header, &utf(VALUE), &from, &to);
        }),
        ("a serializer too many", "STATE-SERIALIZER-04", ".serializers", VALUE, |keyed| {
            let from = [&[0, 0, 0, 2], &utf("VALUE_SERIALIZER")[..]].concat();
            let more = [utf("OTHER_SERIALIZER"), wrapped(Scalar::Int)].concat();
            let to = [&[0, 0, 0, 3], &more[..], &utf("VALUE_SERIALIZER")].concat();
            replace(&mut keyed.header, &utf(VALUE), &from, &to);
        }),
        ("a list by another serializer", "STATE-SERIALIZER-05", ".serializers", "list", |keyed| {
            drop_entries(keyed, "list");
            replace(&mut keyed.header, &utf("list"), &utf("LIST"), &utf("MAP"));
        }),
        ("a serializer that 1.x does not have", "STATE-SERIALIZER-06", ".serializers", VALUE, |keyed| {
            let long = wrapped(Scalar::Long);
            let aware = utf("org.apache.flink.runtime.state.ttl.TtlAwareSerializerSnapshot");
            let to = [&long[..4], &aware, &[0, 0, 0, 1, 0], &long[4..]].concat();
            replace(&mut keyed.header, &utf(VALUE), &long, &to);
        }),
        ("a name twice", "KEYED-STATE-NAME-01", ".name", "map", |keyed| {
            // The later of two is found.
            replace(&mut keyed.header, &utf(VALUE), &utf(VALUE), &utf("map"));
        }),
        ("a name of a queue", "KEYED-STATE-NAME-02", ".name", EVENT, |keyed| {
            replace(&mut keyed.header, &utf(VALUE), &utf(VALUE), &utf(EVENT));
        }),
        ("a queue of another name", "TIMER-NAME-01", ".name", "timers too", |keyed| {
            replace(&mut keyed.header, &utf(EVENT), &utf(EVENT), &utf("timers"));
            // Both, since else one of the two is missing.
            replace(&mut keyed.header, &utf(PROCESSING), &utf(PROCESSING), &utf("timers too"));
        }),
        ("one queue of a service", "TIMER-NAME-02", ".name", "_timer_state/processing_other", |keyed| {
            replace(&mut keyed.header, &utf(PROCESSING), &utf(PROCESSING), &utf("_timer_state/processing_other"));
        }),
        ("a queue by another serializer", "TIMER-TYPE-01", ".serializers", EVENT, |keyed| {
            let key = wrapped(Scalar::Long);
            let namespace = SerializerSnapshot::scalar(Scalar::VoidNamespace).unwrap();
            let key = SerializerSnapshot::parse(&key[4..], &Hints::default()).unwrap();
            let timer = SerializerSnapshot::timer(&key, &namespace).unwrap();
            replace(&mut keyed.header, &utf(EVENT), timer.raw(), key.raw());
        }),
        ("elements of no bytes", "VALUE-LIST-STATE-05", ".serializers", "list", |keyed| {
            drop_entries(keyed, "list");
            let of = |scalar| SerializerSnapshot::scalar(scalar).unwrap();
            replace(&mut keyed.header, &utf("list"), of(Scalar::String).raw(), of(Scalar::NullValue).raw());
        }),
        ("a byte 00 in a name", "WIRE-MUTF8-03", ".name", "li\0t", |keyed| {
            replace(&mut keyed.header, &utf("list"), &utf("list"), &utf("li\0t"));
        }),
    ];
    for (what, id, field, name, change) in cases {
        let mut keyed = number();
        change(&mut keyed);
        let (found, bytes, _) = keyed.check();
        let last = *id == "KEYED-STATE-NAME-02" || *id == "KEYED-STATE-NAME-01";
        let mut at = find(&bytes, &utf(name));
        if last {
            at += 1 + find(&bytes[at + 1..], &utf(name));
        }
        assert_found(what, &found, id, (FILE, field, Some(at as u64)));
    }
}

#[test]
fn headers_are_read_as_the_reader_names_it() {
    let cases: &[(&str, &str, fn(&mut Keyed))] = &[
        ("an old version", "STATE-VERSION-02", |keyed| keyed.header[3] = 5),
        ("no version", "STATE-VERSION-01", |keyed| keyed.header[3] = 7),
        ("state of the new API", "STATE-TYPE-02", |keyed| {
            let name = find(&keyed.header, &utf("list")) + 6;
            keyed.header[name + 3] = 4;
        }),
        ("operator state", "STATE-TYPE-01", |keyed| {
            let name = find(&keyed.header, &utf("list")) + 6;
            keyed.header[name + 3] = 1;
        }),
        ("another wrapper", "SERIALIZER-WRAPPER-01", |keyed| keyed.header[8] = 1),
        ("no value serializer", "STATE-SERIALIZER-01", |keyed| {
            replace(&mut keyed.header, &utf("list"), &utf("VALUE_SERIALIZER"), &utf("VALUE_SERIALIZED"));
        }),
        ("no kind", "STATE-OPTION-01", |keyed| {
            replace(&mut keyed.header, &utf("list"), &utf("LIST"), &utf("HEAP"));
        }),
    ];
    for (what, id, change) in cases {
        let mut keyed = number();
        change(&mut keyed);
        let (found, ..) = keyed.check();
        assert_eq!(found.len(), 1, "{what}: {found:#?}");
        assert_eq!((found[0].requirement.as_str(), found[0].file.as_str()), (*id, FILE), "{what}");
        assert!(found[0].offset.is_some(), "{what}");
    }
}

#[test]
fn a_value_that_is_null_is_not_set() {
    let mut keyed = number();
    let of = |scalar| SerializerSnapshot::scalar(scalar).unwrap();
    replace(&mut keyed.header, &utf(VALUE), of(Scalar::Long).raw(), of(Scalar::String).raw());
    let id = keyed.id(VALUE);
    let entries = keyed.sections.iter_mut().flat_map(|section| &mut section.entries);
    entries.filter(|entry| entry.state == id).for_each(|entry| entry.value = b"\x02a".to_vec());
    let path = keyed.change(VALUE, |entry| entry.value = vec![0]);
    let (found, _, positions) = keyed.check();
    assert_found("a null", &found, "VALUE-STATE-02", (FILE, &path, Some(positions[&path])));

    // To Java `None` is an object as any other.
    let mut keyed = number();
    let (long, none) = (of(Scalar::Long), "org.apache.flink.api.scala.typeutils.ScalaOptionSerializerSnapshot");
    let option = SerializerSnapshot::composite(none, 2, &[], std::slice::from_ref(&long)).unwrap();
    replace(&mut keyed.header, &utf(VALUE), long.raw(), option.raw());
    let entries = keyed.sections.iter_mut().flat_map(|section| &mut section.entries);
    entries.filter(|entry| entry.state == id).for_each(|entry| entry.value = vec![0]);
    let (found, ..) = keyed.check();
    assert!(found.is_empty(), "{found:#?}");
    // And nothing else: it is decoded.
    let path = keyed.change(VALUE, |entry| entry.value = vec![0, 0]);
    let (found, _, positions) = keyed.check();
    assert_found("bytes behind None", &found, "VALUE-END-01", (FILE, &path, Some(positions[&path])));
}

#[test]
fn a_stream_has_states() {
    let mut keyed = number();
    keyed.sections.clear();
    let first = find(&keyed.header, &utf(VALUE)).min(find(&keyed.header, &utf("list")));
    let states = (0..first).rev().find(|at| keyed.header[*at - 1..=*at] == [0, 7]).unwrap() - 1;
    keyed.header.truncate(states);
    keyed.header.extend([0, 0]);
    let (found, ..) = keyed.check();
    assert_found("no states", &found, "KEYED-EMPTY-02", (FILE, "header.states", Some(0)));
}

#[test]
fn a_flag_is_0_or_1() {
    let mut keyed = Keyed::of("2.3.0-rocksdb-snappy", "by-number");
    keyed.header[4] = 2;
    let (found, ..) = keyed.check();
    assert_found("another flag", &found, "WIRE-LAYOUT-01", (FILE, "header", Some(4)));
}

#[test]
fn fields_of_a_pojo_are_in_order() {
    let mut keyed = Keyed::of("2.3.0-rocksdb-typed", "key-pojo");
    replace(&mut keyed.header, &[], &utf("row"), &utf("tow"));
    let (found, ..) = keyed.check();
    let ids: Vec<&str> = found.iter().map(|one| one.requirement.as_str()).collect();
    assert!(!ids.is_empty() && ids.iter().all(|id| *id == "SERIALIZER-POJO-01"), "{found:#?}");
}
