//! The scenarios of the suite, the language they are written in, and the page that explains it.
//!
//! `UPDATE_DOCS=1 cargo test --test scenarios` writes the generated parts of the page anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flink_savepoint_conformance::json;
use flink_savepoint_conformance::scenario::{File, Line, Scenario, bugs, compare, feature};
use flink_savepoint_spec::{book, requirements};
use serde_json::{Value as Json, json};

const HERE: &str = env!("CARGO_MANIFEST_DIR");

fn all() -> Vec<Scenario> {
    Scenario::all().unwrap_or_else(|e| panic!("{e}"))
}

/// The files as they are, with the mistakes of all of them at once; and those that are embedded are the same.
#[test]
fn every_file_is_a_scenario() {
    let mut ids = Vec::new();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(Path::new(HERE).join("scenarios")).unwrap() {
        match Scenario::load(&entry.unwrap().path()) {
            Ok(scenario) => ids.push(scenario.id),
            Err(e) => wrong.push(e.to_string()),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    ids.sort();
    assert_eq!(ids, all().into_iter().map(|scenario| scenario.id).collect::<Vec<_>>());
    assert!(ids.len() >= 45, "{}", ids.len());
}

#[test]
fn scenarios_cite_what_there_is_and_use_every_feature() {
    let known: BTreeSet<&str> = feature::ALL.iter().map(|(name, _)| *name).collect();
    assert!(feature::ALL.is_sorted() && known.len() == feature::ALL.len());
    let mut used = BTreeSet::new();
    let mut titles = BTreeSet::new();
    let mut core = BTreeSet::new();
    let mut core_size = 0;
    for scenario in all() {
        let id = &scenario.id;
        for requirement in &scenario.requirements {
            assert!(requirements::get(requirement).is_some(), "{id}: there is no requirement {requirement}");
        }
        assert!(scenario.features().is_sorted(), "{id}");
        assert!(titles.insert(scenario.title.clone()), "{id}: the title of another one");
        assert!(scenario.about.len() > 50, "{id}: why is it there?");
        used.extend(scenario.features().to_vec());
        if scenario.core {
            core_size += 1;
            core.extend(scenario.features().to_vec());
        }
    }
    assert_eq!(used.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
    // Few enough for CI, and with all kinds of state.
    assert!((12..=16).contains(&core_size), "{core_size}");
    let missing: Vec<&String> = used.difference(&core).filter(|feature| !feature.starts_with("type:")).collect();
    assert_eq!(missing, ["finished"]);
}

#[test]
fn every_bug_is_shown_or_there_is_a_reason() {
    assert!(bugs::ALL.is_sorted_by_key(|bug| bug.id));
    let shown = shown();
    for bug in &bugs::ALL {
        assert_ne!(shown.contains_key(bug.id), bug.not_shown.is_some(), "{}", bug.id);
    }
    for (bug, by) in &shown {
        assert!(bugs::ALL.iter().any(|one| one.id == bug), "{bug}, which {by:?} cites");
    }
    assert!(shown.len() >= 19, "{}", shown.len());
}

/// The scenarios of each bug.
fn shown() -> BTreeMap<String, Vec<String>> {
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for scenario in all() {
        for bug in scenario.bugs {
            shown.entry(bug).or_default().push(scenario.id.clone());
        }
    }
    shown
}

#[test]
fn the_committed_json_schema_is_that_of_the_type() {
    let schema = json::schema::<File>();
    assert_eq!(stdout(&savepoint(&["scenario", "schema"])), schema);
    let path = PathBuf::from(HERE).join("schemas/scenario.json");
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, schema, "write `savepoint scenario schema` into {}", path.display());
    // It takes the files that there are, and no others.
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let mut files = 0;
    for entry in fs::read_dir(Path::new(HERE).join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        let mut file: Json = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&file).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        file["more"] = json!(1);
        assert!(!validator.is_valid(&file), "{}", path.display());
        files += 1;
    }
    assert!(files >= 45, "{files}");
}

#[test]
fn what_is_generated_stands_on_the_page() {
    let path = PathBuf::from(HERE).join("docs/scenarios.md");
    let text = fs::read_to_string(&path).unwrap();
    let new = filled(&text);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, new).unwrap();
        return;
    }
    let differs = new.lines().zip(text.lines()).find(|(new, old)| new != old);
    assert!(new == text, "UPDATE_DOCS=1 writes it anew: {differs:?}");
    // The example is a scenario.
    let example = text.split_once("```toml\n").and_then(|(_, rest)| rest.split_once("```")).unwrap().0;
    Scenario::parse("keys-example.toml", example).unwrap_or_else(|e| panic!("{e}"));
    // What is not generated is of the same time: every type and kind is named.
    for (feature, _) in feature::ALL {
        if let Some(("type" | "state", name)) = feature.split_once(':') {
            assert!(text.contains(&format!("`{name}")), "{feature}");
        }
    }
}

/// The page with its tables.
fn filled(text: &str) -> String {
    let mut tables = BTreeMap::from([
        ("<!-- features -->", "| Feature | What it is |\n|---|---|\n".to_owned()),
        ("<!-- scenarios -->", "| Scenario | What it is about | Requirements | Bugs |\n|---|---|---|---|\n".to_owned()),
        ("<!-- bugs -->", "| Bug | What went wrong | Scenarios |\n|---|---|---|\n".to_owned()),
        ("<!-- not-shown -->", "| Bug | What went wrong | Why not |\n|---|---|---|\n".to_owned()),
    ]);
    let mut row = |table: &str, row: String| writeln!(tables.get_mut(table).unwrap(), "| {row} |").unwrap();
    for (name, what) in feature::ALL {
        row("<!-- features -->", format!("`{name}` | {what}"));
    }
    let file = |id: &str| format!("[`{id}`](../scenarios/{id}.toml)");
    for one in all() {
        let link = |id: &String| {
            let place = book::place(id).unwrap_or_else(|| panic!("{id} is nowhere in the book"));
            format!("[{id}](../../spec/src/{})", place.markdown())
        };
        let links = one.requirements.iter().map(link).collect::<Vec<_>>().join(", ");
        let core = if one.core { " (core)" } else { "" };
        row(
            "<!-- scenarios -->",
            format!("{}{core} | {} | {links} | {}", file(&one.id), one.title, one.bugs.join(", ")),
        );
    }
    let shown = shown();
    for bug in &bugs::ALL {
        match (bug.not_shown, shown.get(bug.id)) {
            (Some(why), _) => row("<!-- not-shown -->", format!("{} | {} | {why}", bug.id, bug.what)),
            (None, by) => {
                let by: Vec<String> = by.into_iter().flatten().map(|id| file(id)).collect();
                row("<!-- bugs -->", format!("{} | {} | {}", bug.id, bug.what, by.join(", ")));
            }
        }
    }
    let mut out = String::new();
    let mut inside = false;
    for line in text.lines() {
        inside &= line != "<!-- end -->";
        if !inside {
            out.push_str(line);
            out.push('\n');
        }
        if let Some(table) = tables.remove(line) {
            writeln!(out, "\n{table}").unwrap();
            inside = true;
        }
    }
    assert!(tables.is_empty(), "no place for {:?}", tables.keys());
    out
}

/// A scenario of one operator.
fn scenario(head: &str, body: &str) -> Result<Scenario, String> {
    let requirements = if head.contains("requirements =") { "" } else { "requirements = ['KEYED-EOKG-01']\n" };
    let text = format!(
        "id = 's'\ntitle = 't'\nabout = 'a'\n{requirements}{head}\n[[operator]]\nuid = 'o'\nkey = 'string'\n{body}"
    );
    Scenario::parse("dir/s.toml", &text).map_err(|e| e.to_string())
}

/// What must come back, a line each: state, then what of it there is.
fn short(lines: &[Line]) -> Vec<String> {
    let line = |line: &Line| {
        let mut text = line.state.clone().unwrap_or_default();
        for part in [&line.key, &line.namespace, &line.user_key, &line.value].into_iter().flatten() {
            let _ = write!(text, " {part}");
        }
        for number in [line.subtask.map(|n| format!("@{n}")), line.timestamp.clone()].into_iter().flatten() {
            let _ = write!(text, " {number}");
        }
        text
    };
    lines.iter().map(line).collect()
}

#[test]
#[rustfmt::skip] // A table.
fn what_must_come_back_is_what_the_operations_leave() {
    let value = "{ name = 's', kind = 'value', value = 'long' }";
    let list = "{ name = 's', kind = 'list', value = 'int' }";
    let map = "{ name = 's', kind = 'map', user_key = 'int', value = 'string' }";
    let timers = "{ name = 's', kind = 'event-timers' }, { name = 's', kind = 'processing-timers' }";
    for (about, head, states, operations, expected) in [
        ("the last put counts", "", value,
            "{ do = 'put', state = 's', key = 'k', value = 1 }, { do = 'put', state = 's', key = 'k', value = 2 }", vec![r#"s "k" "2""#]),
        ("null clears a value", "", value,
            "{ do = 'put', state = 's', key = 'k', value = 1 }, { do = 'put', state = 's', key = 'k', value = { null = true } }", vec![]),
        ("a namespace is another place", "", "{ name = 's', kind = 'value', namespace = 'int', value = 'long' }",
            "{ do = 'put', state = 's', key = 'k', namespace = '{i}', value = '{i}', times = 2 }", vec![r#"s "k" 0 "0""#, r#"s "k" 1 "1""#]),
        ("lists keep order and equal elements", "", list,
            "{ do = 'add', state = 's', key = 'k', value = 2, times = 2 }, { do = 'add', state = 's', key = 'k', value = 1 }", vec![r#"s "k" [2,2,1]"#]),
        ("a cleared list starts anew", "", list,
            "{ do = 'add', state = 's', key = 'k', value = 2 }, { do = 'clear', state = 's', key = 'k' }, { do = 'add', state = 's', key = 'k', value = 1 }", vec![r#"s "k" [1]"#]),
        ("null in a map is a value", "", map,
            "{ do = 'put', state = 's', key = 'k', user_key = 1, value = { null = true } }", vec![r#"s "k" 1 null"#]),
        ("an emptied map is gone", "", map,
            "{ do = 'put', state = 's', key = 'k', user_key = 1, value = '' }, { do = 'remove', state = 's', key = 'k', user_key = 1 }", vec![]),
        ("sums", "", "{ name = 's', kind = 'reducing' }",
            "{ do = 'add', state = 's', key = 'k', value = '-{i}', times = 5 }, { do = 'add', state = 's', key = 'k', value = 3 }", vec![r#"s "k" "-7""#]),
        ("timers are a set, of each kind", "", timers,
            "{ do = 'put', state = 's', kind = 'event-timers', key = 'k', timestamp = 5, times = 2 }, { do = 'put', state = 's', kind = 'processing-timers', key = 'k', timestamp = 5 }, { do = 'put', state = 's', kind = 'event-timers', key = 'k', timestamp = -6 }, { do = 'remove', state = 's', kind = 'event-timers', key = 'k', timestamp = 5 }",
            vec![r#"s "k" -6"#, r#"s "k" 5"#]),
        ("split elements are there once", "restore_parallelism = 3", "{ name = 's', kind = 'split', value = 'int' }",
            "{ do = 'add', state = 's', value = 1 }, { do = 'add', state = 's', subtask = 1, value = 1 }", vec!["s 1", "s 1"]),
        ("union elements go to all", "restore_parallelism = 3", "{ name = 's', kind = 'union', value = 'int' }",
            "{ do = 'add', state = 's', subtask = 1, value = 1 }", vec!["s 1 @0", "s 1 @1", "s 1 @2"]),
        ("a union list is stored by every subtask", "parallelism = [2, 2]\nrestore_parallelism = 1", "{ name = 's', kind = 'union', value = 'int' }",
            "{ do = 'add', state = 's', value = 1 }, { do = 'add', state = 's', stage = 2, subtask = 1, value = 2 }", vec!["s 1 @0", "s 1 @0", "s 2 @0"]),
        ("broadcast entries go to all", "restore_parallelism = 2", "{ name = 's', kind = 'broadcast', user_key = 'string', value = 'int' }",
            "{ do = 'put', state = 's', user_key = 'a', value = 1 }, { do = 'put', state = 's', user_key = 'b', value = 2 }, { do = 'remove', state = 's', user_key = 'a' }", vec![r#"s "b" 2 @0"#, r#"s "b" 2 @1"#]),
        ("a state that is not registered is kept and not listed", "parallelism = [1, 1]", "{ name = 's', kind = 'value', value = 'int', stages = [1] }, { name = 'kept', kind = 'value', value = 'int' }",
            "{ do = 'put', state = 's', key = 'k', value = 1 }, { do = 'put', state = 'kept', key = 'k', value = 1 }", vec![r#"kept "k" 1"#]),
        ("and there again later", "parallelism = [1, 1, 1]", "{ name = 's', kind = 'value', value = 'int', stages = [1, 3] }",
            "{ do = 'put', state = 's', key = 'k', value = 1 }", vec![r#"s "k" 1"#]),
        ("states can be counted", "", "{ name = 's{i}', kind = 'value', value = 'int', times = 3 }",
            "{ do = 'put', state = 's{i}', key = '{i}', value = '{i}', times = 2 }", vec![r#"s0 "0" 0"#, r#"s1 "1" 1"#]),
    ] {
        let head = format!("entries = {}\n{head}", expected.len());
        let made = scenario(&head, &format!("state = [{states}]\nop = [{operations}]")).unwrap_or_else(|e| panic!("{about}: {e}"));
        assert_eq!(short(&made.expected()), expected, "{about}");
    }
}

#[test]
fn a_program_is_spelled_out() {
    let head = "entries = 1\nparallelism = [2, 3]\nrestore_parallelism = 4\ncompression = 'snappy'";
    let body = "state = [{ name = 'b', kind = 'value', value = 'list< int>', stages = [2] }, { name = 'a', kind = 'reducing', ttl = true }]
        op = [{ do = 'add', state = 'a', stage = 2, key = 'k{i}', value = '1{i}', times = 1 }]";
    let made = scenario(head, body).unwrap_or_else(|e| panic!("{e}"));
    let state_a = json!({ "name": "a", "kind": "reducing", "value": "long", "ttl": true });
    let state_b = json!({ "name": "b", "kind": "value", "value": "list<int>" });
    let operator = json!({ "uid": "o", "max_parallelism": 128, "key": "string" });
    let with = |states: Json, operations: Json| {
        let mut one = operator.clone();
        one["states"] = states;
        one["operations"] = operations;
        json!([one])
    };
    let add = json!({ "do": "add", "state": "a", "kind": "reducing", "key": "k0", "value": "10" });
    let mut features =
        vec!["compression:snappy", "keyed", "rescale", "stages", "state:reducing", "state:value", "ttl", "type:int"];
    features.extend(["type:list", "type:long", "type:string"]);
    assert_eq!(
        serde_json::to_value(made.program()).unwrap(),
        json!({
            "scenario": "s", "features": features, "compression": "snappy", "inline": false,
            "stages": [
                { "parallelism": 2, "operators": with(json!([state_a]), json!([])) },
                { "parallelism": 3, "operators": with(json!([state_b, state_a]), json!([add])) },
            ],
        })
    );
    // Earlier savepoints are no concern of a consumer.
    features.retain(|feature| *feature != "stages");
    assert_eq!(
        serde_json::to_value(made.restore()).unwrap(),
        json!({
            "scenario": "s", "features": features, "compression": "snappy", "parallelism": 4,
            "operators": with(json!([state_b, state_a]), json!([])),
        })
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn mistakes_are_named_with_their_place() {
    let value = "state = [{ name = 's', kind = 'value', value = 'long' }]\n";
    let op = |op: &str| format!("{value}op = [{{ do = 'put', state = 's', key = 'k', value = 1 }}, {op}]");
    let cases = [
        ("entries = 2", value.to_owned(), "entries: the operations give 0, not 2"),
        ("entries = 0\ncolour = 1", value.to_owned(), "unknown field `colour`"),
        ("", value.to_owned(), "missing field `entries`"),
        ("entries = 0\nrequirements = []", value.to_owned(), "requirements: at least one"),
        ("entries = 0\nparallelism = []", value.to_owned(), "parallelism: at least one stage"),
        ("entries = 0\nparallelism = [0]", value.to_owned(), r#"operator "o": a parallelism of 0 is not 1 to 64"#),
        ("entries = 0\nmax_parallelism = 1", value.to_owned(), "a parallelism of 2 is not 1 to 1"),
        ("entries = 0\nmax_parallelism = 32769", value.to_owned(), "max_parallelism: 32769 is not 1 to 32768"),
        ("entries = 0", "state = [{ name = 's', kind = 'value' }]".to_owned(), r#"operator "o": state 1: value: missing"#),
        ("entries = 0", "state = [{ name = 's', kind = 'values', value = 'int' }]".to_owned(), "unknown variant `values`"),
        (
            "entries = 0",
            "state = [{ name = 's', kind = 'list', user_key = 'int', value = 'int' }]".to_owned(),
            "state 1: user_key: does not belong here",
        ),
        (
            "entries = 0",
            "state = [{ name = 's', kind = 'value', namespace = 'bytes', value = 'int' }]".to_owned(),
            "state 1: namespace: bytes cannot be looked up",
        ),
        (
            "entries = 0",
            "state = [{ name = 's', kind = 'reducing', value = 'int' }]".to_owned(),
            "state 1: value: sums are longs",
        ),
        (
            "entries = 0",
            "state = [{ name = 's', kind = 'value', value = 'int' }, { name = 's', kind = 'list', value = 'int' }]".to_owned(),
            r#"state "s": there are two of this name"#,
        ),
        (
            "entries = 0\nparallelism = [2, 2]",
            "state = [{ name = 's', kind = 'value', value = 'int', stages = [1] }, { name = 's', kind = 'value', value = 'int', stages = [2] }]"
                .to_owned(),
            r#"operator "o": state "s": there are two of this name"#,
        ),
        (
            "entries = 0",
            "state = [{ name = 's', kind = 'value', value = 'int', stages = [2] }]".to_owned(),
            "state 1: stages: 2 is not 1 to 1",
        ),
        (
            "entries = 0",
            "state = [{ name = 's', kind = 'event-timers' }, { name = 's', kind = 'processing-timers', namespace = 'int' }]".to_owned(),
            "one timer service has one type of namespaces",
        ),
        ("entries = 0", "finished = true\n".to_owned() + value, "finished: it has no states"),
        ("entries = 1", op("{ do = 'add', state = 's', key = 'k', value = 1 }"), "op 2: do: value has no such operation"),
        ("entries = 1", op("{ do = 'put', state = 't', key = 'k', value = 1 }"), r#"op 2: state: "t" is not registered"#),
        ("entries = 1", op("{ do = 'put', state = 's', key = 1, value = 1 }"), "op 2: key: 1 is no string"),
        ("entries = 1", op("{ do = 'put', state = 's', value = 1 }"), "op 2: key: missing"),
        ("entries = 1", op("{ do = 'put', state = 's', key = 'k', value = 'x' }"), r#"op 2: value: "x" is no long"#),
        ("entries = 1", op("{ do = 'put', state = 's', key = 'k', value = nan }"), "op 2: value: not a number of JSON"),
        (
            "entries = 1",
            op("{ do = 'put', state = 's', key = { null = true }, value = 1 }"),
            "op 2: key: null cannot stand here",
        ),
        (
            "entries = 1",
            op("{ do = 'put', state = 's', key = 'k', namespace = 'n', value = 1 }"),
            "op 2: namespace: does not belong here",
        ),
        ("entries = 1", op("{ do = 'clear', state = 's', key = 'k', value = 1 }"), "op 2: value: does not belong here"),
        ("entries = 1", op("{ do = 'put', state = 's', stage = 2, key = 'k', value = 1 }"), "op 2: stage: 2 is not 1 to 1"),
        ("entries = 1", op("{ do = 'put', state = 's', key = 'k', value = 1, subtask = 0 }"), "op 2: subtask: only of split"),
        (
            "entries = 1",
            op("{ do = 'put', state = 's', key = 'k', value = 1, times = 1000000 }"),
            "op 2: more than 200000 states and operations",
        ),
        (
            "entries = 1",
            op("{ do = 'put', state = 's', key = { repeat = 'long', times = 1000000 }, value = 1, times = 1000 }"),
            "op 2: more than 200000 states and operations, or 67108864 characters",
        ),
        (
            "entries = 1",
            format!(
                "state = [{{ name = 's', kind = 'value', value = 'list<string>' }}]\nop = [{{ do = 'put', state = 's', key = 'k', value = [{}] }}]",
                "{ repeat = 'long', times = 1000000 }, ".repeat(20)
            ),
            "op 1: more than 200000 states and operations, or 67108864 characters",
        ),
        (
            "entries = 0",
            format!(
                "state = [{{ name = 's{{i}}', kind = 'value', value = 'row<{}>', times = 100000 }}]",
                ["string"; 100].join(",")
            ),
            r#"operator "o": more than 200000 states and operations, or 67108864 characters"#,
        ),
        (
            "entries = 1",
            op("{ do = 'put', state = 's', key = 'k', value = 1 }").replace("'long'", "'big-integer'").replace("value = 1 }]", "value = { repeat = '9', times = 10001 } }]"),
            " is no big-integer",
        ),
        (
            "entries = 0",
            "state = [{ name = 's', kind = 'event-timers' }, { name = 's', kind = 'processing-timers' }]
             op = [{ do = 'put', state = 's', key = 'k', timestamp = 1 }]"
                .to_owned(),
            r#"op 1: state: there are several "s"; say which `kind`"#,
        ),
        (
            "entries = 0\nparallelism = [64, 64, 64, 64]",
            "state = [{ name = 's', kind = 'union', value = 'int' }]\nop = [{ do = 'add', state = 's', value = 1 }]".to_owned(),
            "union and broadcast state, with all of its copies: more than 200000",
        ),
        (
            "entries = 0",
            "state = [{ name = { repeat = 'x', times = 65536 }, kind = 'value', value = 'int' }]".to_owned(),
            "state 1: name: longer than 65535 bytes",
        ),
        ("entries = 0", value.to_owned() + "[[operator]]\nuid = 'o'", r#"operator "o": the uid of two operators"#),
        (
            "entries = 0",
            "[[operator]]\nuid = 'p'\nstate = [{ name = 's', kind = 'list', value = 'int' }]".to_owned(),
            r#"operator "p": state 1: the operator has no key"#,
        ),
    ];
    for (head, body, message) in cases {
        let found = scenario(head, &body).map(|made| made.id).unwrap_err();
        assert!(found.starts_with("dir/s.toml: ") && found.contains(message), "{head}\n{body}\n{found}");
    }
    let found = Scenario::parse("dir/other.toml", include_str!("../scenarios/one-group.toml")).unwrap_err();
    assert_eq!(found.to_string(), r#"dir/other.toml: id: "one-group" is not the name of the file"#);
    let found = Scenario::load(Path::new("nowhere/s.toml")).unwrap_err();
    assert!(found.to_string().starts_with("nowhere/s.toml: "), "{found}");
}

/// A line as JSON.
fn line(json: Json) -> Line {
    serde_json::from_value(json).unwrap()
}

#[test]
fn what_came_back_is_compared_by_its_meaning() {
    let body = "state = [{ name = 'm', kind = 'value', value = 'map<string,float>' }, { name = 'l', kind = 'list', value = 'double' }]
        op = [{ do = 'put', state = 'm', key = 'k', value = [['a', 0.1], ['b', { null = true }]] }, { do = 'add', state = 'l', key = 'k', value = '{i}', times = 2 }]";
    let made = scenario("entries = 2", body).unwrap_or_else(|e| panic!("{e}"));
    let map = |value: Json| line(json!({ "operator": "o", "state": "m", "kind": "value", "key": "k", "value": value }));
    let list = |value: Json| line(json!({ "operator": "o", "state": "l", "kind": "list", "key": "k", "value": value }));
    let diff = |found: &[Line]| compare(&made.restore(), &made.expected(), found);

    let good = [list(json!([0, 1.0])), map(json!([["b", null], ["a", 0.1]]))];
    assert_eq!(diff(&good), [""; 0]);
    // A float that was widened is the same float.
    assert_eq!(diff(&[list(json!([0.0, 1])), map(json!([["a", 0.100_000_001_490_116_12], ["b", null]]))]), [""; 0]);
    for (found, signs) in [
        (vec![], "--"),
        (vec![good[0].clone()], "-"),
        (vec![good[0].clone(), good[1].clone(), good[1].clone()], "+"),
        (vec![list(json!([1, 0])), good[1].clone()], "-+"),
        (vec![list(json!([-0.0, 1])), good[1].clone()], "-+"),
        (vec![good[0].clone(), map(json!([["a", 0.1]]))], "-+"),
        (vec![good[0].clone(), map(json!([["a", 0.2], ["b", null]]))], "-+"),
        // What is of no type at all.
        (vec![good[0].clone(), map(json!([["a"], 3])), line(json!({ "operator": "p" }))], "-++"),
    ] {
        let lines = diff(&found);
        let mut found_signs: Vec<char> = lines.iter().filter_map(|line| line.chars().next()).collect();
        found_signs.sort_by_key(|sign| *sign == '+');
        assert_eq!(found_signs.iter().collect::<String>(), signs, "{lines:?}");
    }
    assert_eq!(
        diff(&[good[1].clone()]),
        [r#"- {"operator":"o","state":"l","kind":"list","key":"k","value":[0.0,1.0]}"#]
    );
    let twice = diff(&[good[0].clone(), good[0].clone(), good[0].clone(), good[1].clone()]);
    assert!(twice.len() == 1 && twice[0].ends_with("(2 times)"), "{twice:?}");
}

#[test]
fn the_order_of_members_does_not_count() {
    let body = "state = [{ name = 's', kind = 'value', value = 'row<int,time-window>' }]
        op = [{ do = 'put', state = 's', key = 'k', value = [1, { start = 0, end = 5 }] }]";
    let made = scenario("entries = 1", body).unwrap_or_else(|e| panic!("{e}"));
    let diff = |kind: &str| {
        let text = format!(
            r#"{{"key":"k","kind":"value","operator":"o","state":"s","value":{{"fields":[1,{{"end":"5","start":"0"}}],"kind":"{kind}"}}}}"#
        );
        compare(&made.restore(), &made.expected(), &[serde_json::from_str(&text).unwrap()])
    };
    assert_eq!(diff("+I"), [""; 0]);
    assert_eq!(diff("-D").len(), 2);
}

#[test]
fn differences_are_bounded() {
    let large = all().into_iter().find(|one| one.id == "large-map").unwrap();
    let lines = compare(&large.restore(), &large.expected(), &[]);
    assert_eq!((lines.len(), lines.last().map(String::as_str)), (51, Some("... and 4951 more")));
    let long = all().into_iter().find(|one| one.id == "large-values").unwrap();
    let lines = compare(&long.restore(), &long.expected(), &[]);
    assert!(lines.iter().all(|line| line.len() < 1000) && lines.iter().any(|line| line.contains("characters...")));
    // Every scenario agrees with itself, in any order.
    for scenario in all() {
        let mut found = scenario.expected();
        found.reverse();
        assert_eq!(compare(&scenario.restore(), &scenario.expected(), &found), [""; 0], "{}", scenario.id);
    }
}

fn savepoint(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_savepoint")).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_program_lists_and_shows_them() {
    let listed = stdout(&savepoint(&["scenario", "list", "rescale-*"]));
    assert!(listed.contains("FLINK-16576") && !listed.contains("timers"), "{listed}");
    assert!(listed.ends_with("\n 7 scenarios\n"), "{listed}");
    assert_eq!(savepoint(&["scenario", "list", "nothing"]).status.code(), Some(1));
    let listed: Json = serde_json::from_str(&stdout(&savepoint(&["scenario", "list", "--format", "json"]))).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), all().len());

    let made = all().into_iter().find(|one| one.id == "broadcast-types").unwrap();
    let show = |part: &str| stdout(&savepoint(&["scenario", "show", "broadcast-types", part]));
    assert_eq!(
        serde_json::from_str::<Json>(&show("--program")).unwrap(),
        serde_json::to_value(made.program()).unwrap()
    );
    assert_eq!(
        serde_json::from_str::<Json>(&show("--restore")).unwrap(),
        serde_json::to_value(made.restore()).unwrap()
    );
    let lines = show("--expected");
    let lines: Vec<Line> = lines.lines().map(|one| serde_json::from_str(one).unwrap()).collect();
    assert_eq!(lines, made.expected());
    let page = stdout(&savepoint(&["scenario", "show", "states-130"]));
    assert!(
        page.contains("KEYED-STATE-ID-01") && page.contains("... and 110 more") && page.contains("130 lines"),
        "{page}"
    );

    let file = Path::new(HERE).join("scenarios/finished.toml");
    let page = stdout(&savepoint(&["scenario", "show", file.to_str().unwrap()]));
    assert!(page.contains(r#"operator "done", max parallelism 128, finished"#), "{page}");
    let missing = savepoint(&["scenario", "show", "nothing"]);
    assert_eq!(missing.status.code(), Some(2));
}
