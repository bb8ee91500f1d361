//! The registry of snapshot classes, the classes that the reference knows, and the table in the text agree.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use flink_savepoint::serializer::{Hints, Scalar, SerializerSnapshot, classes};
use flink_savepoint::value::{SqlKind, SqlType, Value};

const RELEASES: [&str; 12] =
    ["1.13", "1.14", "1.15", "1.16", "1.17", "1.18", "1.19", "1.20", "2.0", "2.1", "2.2", "2.3"];
const BEGIN: &str = "<!-- serializers by release: begin -->\n";
const END: &str = "<!-- serializers by release: end -->";

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../spec/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn registry() -> Vec<toml::Table> {
    let registry: toml::Table = read("registry/serializers.toml").parse().unwrap();
    let all = registry["serializer"].as_array().unwrap();
    all.iter().map(|entry| entry.as_table().unwrap().clone()).collect()
}

fn text<'t>(entry: &'t toml::Table, key: &str) -> Option<&'t str> {
    entry.get(key).map(|value| value.as_str().unwrap())
}

fn flag(entry: &toml::Table, key: &str) -> bool {
    entry.get(key).is_none_or(|value| value.as_bool().unwrap())
}

fn class(entry: &toml::Table) -> &str {
    text(entry, "class").unwrap()
}

/// Major, minor and, in outer versions, patch.
fn release(name: &str) -> (u32, u32, Option<u32>) {
    let mut parts = name.split('.').map(|part| part.parse().unwrap());
    let release = (parts.next().unwrap(), parts.next().unwrap(), parts.next());
    assert_eq!(parts.next(), None, "{name}");
    release
}

/// Whether any patch of a minor release lies between the ends, both included.
fn covers(range: &toml::Table, minor: &str) -> bool {
    let of = |key| text(range, key).map(|name| (release(name).0, release(name).1));
    let minor = (release(minor).0, release(minor).1);
    of("since").is_none_or(|since| since <= minor) && of("until").is_none_or(|until| minor <= until)
}

#[test]
fn the_registry_has_every_known_class_and_the_reverse() {
    let registry = registry();
    let names: BTreeSet<String> = registry.iter().map(|entry| class(entry).to_owned()).collect();
    assert_eq!(names.len(), registry.len(), "a class twice");
    let known: BTreeSet<String> =
        registry.iter().filter(|entry| flag(entry, "known")).map(|entry| class(entry).to_owned()).collect();
    let reference: BTreeSet<String> = classes::all().map(|(class, _)| class).collect();
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!(only(&reference, &known), Vec::<String>::new(), "missing in the registry, or known = false");
    assert_eq!(only(&known, &reference), Vec::<String>::new(), "not known to the reference");
}

#[test]
fn entries_are_well_formed() {
    let chapter = read("src/serializers.md");
    let keys =
        ["class", "since", "until", "version", "outer", "kind", "family", "known", "written", "distribution", "note"];
    for entry in registry() {
        let class = class(&entry);
        for key in entry.keys() {
            assert!(keys.contains(&key.as_str()), "{class}: {key}");
        }
        let released = flag(&entry, "distribution");
        for end in ["since", "until"] {
            assert_eq!(text(&entry, end).is_some(), released, "{class}: {end}");
            assert!(text(&entry, end).is_none_or(|end| RELEASES.contains(&end)), "{class}: {end}");
        }
        let version = entry.get("version").map(|version| version.as_integer().unwrap());
        let kind = text(&entry, "kind").unwrap();
        match kind {
            "simple" => assert!(version == Some(3) || !flag(&entry, "known"), "{class}"),
            "composite" => assert_eq!(version, Some(3), "{class}"),
            "generic" => assert_eq!(version, Some(2), "{class}"),
            "legacy" => assert!(!flag(&entry, "known"), "{class}"),
            "own" => {}
            _ => panic!("{class}: {kind}"),
        }
        assert_eq!(entry.contains_key("outer"), kind == "composite", "{class}");
        assert!(version.is_some() || entry.contains_key("note"), "{class}: no version, and no word why");
        let family = text(&entry, "family").unwrap();
        assert!(chapter.contains(&format!("\n### {family}\n")), "{class}: no section {family}");
    }
}

#[test]
fn outer_versions_have_no_gaps() {
    for entry in registry() {
        let Some(ranges) = entry.get("outer").and_then(toml::Value::as_array) else { continue };
        for pair in ranges.windows(2) {
            let [older, newer] = pair else { continue };
            let until = release(older["until"].as_str().unwrap());
            let since = release(newer["since"].as_str().unwrap());
            let next_patch = (until.0, until.1, until.2.map(|patch| patch + 1));
            // All patches of a minor release, then the next one.
            let next_minor = (until.0, until.1 + 1);
            let follows = match until.2 {
                Some(_) => since == next_patch,
                None => (since.0, since.1) == next_minor && since.2.is_none_or(|patch| patch == 0),
            };
            assert!(follows, "{}: {until:?}, {since:?}", class(&entry));
        }
    }
}

#[test]
fn the_text_has_the_table() {
    let expected = table();
    println!("{expected}");
    let chapter = read("src/serializers.md");
    let found = chapter.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map(|(table, _)| table);
    assert!(found == Some(&format!("\n{expected}\n")), "spec/src/serializers.md does not have the table above");
}

/// The bytes of a fenced block `hex id`: what stands before the semicolons.
fn example(chapter: &str, id: &str) -> Vec<u8> {
    let (_, rest) = chapter.split_once(&format!("\n```hex {id}\n")).unwrap();
    let (block, _) = rest.split_once("\n```").unwrap();
    let digits = block.lines().filter_map(|line| line.split(';').next()).flat_map(str::split_whitespace);
    digits.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

#[test]
fn the_worked_example_is_what_the_text_says() {
    let bytes = example(&read("src/serializers.md"), "serializer-tuple2");
    let snapshot = SerializerSnapshot::parse(&bytes, &Hints::default()).unwrap();
    assert_eq!(snapshot.to_string(), "TupleSerializer<StringSerializer, IntSerializer>");
    let fields: Vec<_> = snapshot.nested().collect();
    assert_eq!(SerializerSnapshot::tuple(&fields).unwrap().raw(), bytes);
}

#[test]
fn examples_of_values_are_read_and_written_again() {
    let chapter = read("src/values.md");
    let scalar = |scalar| SerializerSnapshot::scalar(scalar).unwrap();
    let pair = SerializerSnapshot::tuple(&[scalar(Scalar::String), scalar(Scalar::Int)]).unwrap();
    let (pair, bytes) = (pair.type_description(), example(&chapter, "value-tuple2"));
    let value = pair.decode(&bytes).unwrap();
    assert_eq!(value, Value::Record(vec![Value::String("a".into()), Value::Int(1)]));
    assert_eq!(pair.encode(&value).unwrap(), bytes);

    let (short, bytes) = (scalar(Scalar::Short), example(&chapter, "value-list-state"));
    let value = short.type_description().decode_list_state(&bytes).unwrap();
    assert_eq!(value, Value::List(vec![Value::Short(1), Value::Short(44)]));

    let sql = |kind| SqlType { nullable: true, kind };
    let (int, long) = (sql(SqlKind::Integer), sql(SqlKind::BigInt));
    let text = sql(SqlKind::VarChar { length: 100 });
    let map = sql(SqlKind::Map(Box::new(text.clone()), Box::new(long)));
    for (id, snapshot) in [
        ("value-row-data", SerializerSnapshot::row_data(&[&int, &text])),
        ("value-row-data-long", SerializerSnapshot::row_data(&[&text])),
        ("value-array-data", SerializerSnapshot::sql(&sql(SqlKind::Array(Box::new(int.clone()))))),
        ("value-map-data", SerializerSnapshot::sql(&map)),
    ] {
        let (ty, bytes) = (snapshot.unwrap().type_description(), example(&chapter, id));
        let value = ty.decode(&bytes).unwrap();
        assert_eq!(ty.encode(&value).unwrap(), bytes, "{id}: {value:?}");
    }
}

/// A row for each class that the reference knows, in the order of the registry.
fn table() -> String {
    let mut table =
        format!("| Class | Package | {} |\n|---|---|{}\n", RELEASES.join(" | "), "---|".repeat(RELEASES.len()));
    let mut names = BTreeSet::new();
    for entry in registry().iter().filter(|entry| flag(entry, "known")) {
        let (package, class) = class(entry).rsplit_once('.').unwrap();
        let name = class.rsplit('$').next().unwrap();
        let package = abbreviated(package);
        assert!(names.insert((package.clone(), name.to_owned())), "{package} {name} twice");
        let mark = if flag(entry, "written") { "" } else { " †" };
        let cells = RELEASES.map(|release| cell(entry, release));
        writeln!(table, "| `{name}`{mark} | `{package}` | {} |", cells.join(" | ")).unwrap();
    }
    table
}

/// `o.a.f.a.c.t.base`: the first letter of each part, and the last part.
fn abbreviated(package: &str) -> String {
    let (parents, last) = package.rsplit_once('.').unwrap();
    let parents: String = parents.split('.').flat_map(|part| [&part[..1], "."]).collect();
    parents + last
}

fn cell(entry: &toml::Table, release: &str) -> String {
    let version = entry.get("version").map_or("?".to_owned(), toml::Value::to_string);
    if !flag(entry, "distribution") {
        return format!("({version})");
    }
    if !covers(entry, release) {
        return "-".to_owned();
    }
    match entry.get("outer") {
        None => version,
        Some(toml::Value::Array(ranges)) => {
            let ranges = ranges.iter().map(|range| range.as_table().unwrap()).filter(|range| covers(range, release));
            ranges.map(|range| format!("{version}/{}", range["version"])).collect::<Vec<_>>().join(", ")
        }
        Some(outer) => format!("{version}/{outer}"),
    }
}
