//! The reference backend as an adapter: every scenario, produced and restored, and what it writes beside what Flink does.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::meta_info::{StateKind, StateMetaInfo};
use flink_savepoint::metadata::{Metadata, OperatorId, Release};
use flink_savepoint::operator::OperatorHeader;
use flink_savepoint::savepoint::{Directory, PartState, Savepoint};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::wire::Output;
use flink_savepoint_conformance::adapter::reference::hooks::{Hooks, Right};
use flink_savepoint_conformance::adapter::reference::{ReferenceAdapter, Serializers, snapshot};
use flink_savepoint_conformance::adapter::{Adapter, Answer, Ask, Reply, Request, Response};
use flink_savepoint_conformance::scenario::types::Type;
use flink_savepoint_conformance::scenario::{Kind, Restore, Scenario, State, compare};

fn ask(adapter: &mut dyn Adapter, ask: &Ask) -> Answer {
    match adapter.ask(ask) {
        Reply::Answer(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn produce(scenario: &Scenario, directory: &Path) -> Ask {
    Ask::Produce { program: Box::new(scenario.program()), directory: text(directory) }
}

fn restore(scenario: &Scenario, directory: &Path) -> Ask {
    Ask::Restore { restore: Box::new(scenario.restore()), directory: text(directory) }
}

fn text(directory: &Path) -> String {
    directory.to_str().unwrap().to_owned()
}

fn needs_finished(scenario: &Scenario) -> bool {
    scenario.features().iter().any(|feature| feature == "finished")
}

#[test]
fn every_scenario_comes_back_as_it_went() {
    for release in [Release::V1_13, Release::V1_14, Release::V1_18, Release::V2_3] {
        let mut adapter = ReferenceAdapter::new(release);
        let Answer::Hello(hello) = ask(&mut adapter, &Ask::Hello { protocol: 1 }) else { panic!() };
        for scenario in Scenario::all().unwrap() {
            let scratch = tempfile::tempdir().unwrap();
            let directory = scratch.path().join("savepoint");
            let what = format!("{} in {}", scenario.id, release.name());
            let produced = ask(&mut adapter, &produce(&scenario, &directory));
            if needs_finished(&scenario) && release == Release::V1_13 {
                assert!(matches!(produced, Answer::Unsupported { .. }), "{what}: {produced:?}");
                assert!(hello.lacks(scenario.features()).is_some(), "{what}");
                continue;
            }
            assert_eq!(produced, Answer::Produced, "{what}");
            let restored = ask(&mut adapter, &restore(&scenario, &directory));
            let Answer::Restored { lines } = restored else { panic!("{what}: {restored:?}") };
            assert_eq!(compare(&scenario.restore(), &scenario.expected(), &lines), [""; 0], "{what}");
            assert_eq!(ask(&mut adapter, &Ask::Inspect { directory: text(&directory) }), Answer::Accepted, "{what}");
        }
    }
}

/// Over the pipe, a release that reads what an older one has written.
#[test]
fn it_is_a_program_too() {
    let program = env!("CARGO_BIN_EXE_savepoint");
    let start = |release| {
        let mut command = Command::new(program);
        command.args(["adapter", "reference", "--release", release]).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().unwrap()
    };
    let (mut old, mut new) = (start("1.13"), start("2.3"));
    let scratch = tempfile::tempdir().unwrap();
    let mut answers = {
        let ask = |child: &mut std::process::Child, seq, what| {
            let request = serde_json::to_string(&Request { seq, what }).unwrap();
            writeln!(child.stdin.as_mut().unwrap(), "{request}").unwrap();
            let mut line = Vec::new();
            // Byte by byte: a buffer would swallow the next answer.
            let output = child.stdout.as_mut().unwrap();
            BufReader::with_capacity(1, output).read_until(b'\n', &mut line).unwrap();
            let response: Response = serde_json::from_slice(&line).unwrap();
            assert_eq!(response.seq, seq);
            response.what
        };
        let mut answers = Vec::new();
        for (seq, scenario) in (1..).zip(Scenario::all().unwrap().iter().filter(|one| one.core).take(4)) {
            let directory = scratch.path().join(&scenario.id);
            assert_eq!(ask(&mut old, seq, produce(scenario, &directory)), Answer::Produced, "{}", scenario.id);
            let Answer::Restored { lines } = ask(&mut new, seq, restore(scenario, &directory)) else { panic!() };
            answers.push(compare(&scenario.restore(), &scenario.expected(), &lines));
            let dumped = Command::new(program).arg("dump").arg(&directory).output().unwrap();
            assert!(dumped.status.success(), "{}: {}", scenario.id, String::from_utf8_lossy(&dumped.stderr));
        }
        for child in [&mut old, &mut new] {
            assert_eq!(ask(child, 100, Ask::Stop), Answer::Stopped);
        }
        answers
    };
    assert!(old.wait().unwrap().success() && new.wait().unwrap().success());
    assert!(answers.len() == 4 && answers.drain(..).all(|difference| difference.is_empty()));
}

/// Writes step by step, and nothing wrong.
struct Steps;

impl Hooks for Steps {
    fn steps(&self) -> bool {
        true
    }
}

#[test]
fn step_by_step_the_bytes_are_the_same() {
    for release in [Release::V1_14, Release::V2_3] {
        let mut plain = ReferenceAdapter::new(release);
        let mut steps = ReferenceAdapter::with_hooks(release, Box::new(Steps));
        for scenario in Scenario::all().unwrap() {
            let scratch = tempfile::tempdir().unwrap();
            let [a, b] = ["a", "b"].map(|name| scratch.path().join(name));
            assert_eq!(ask(&mut plain, &produce(&scenario, &a)), Answer::Produced, "{}", scenario.id);
            assert_eq!(ask(&mut steps, &produce(&scenario, &b)), Answer::Produced, "{}", scenario.id);
            let files = |directory: &Path| -> BTreeMap<_, _> {
                let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
                entries.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect()
            };
            assert!(files(&a) == files(&b), "{} in {}", scenario.id, release.name());
        }
    }
}

/// States of the job that wrote the vectors, as a scenario has them: uid, key, then name, kind, namespace, user key, value, and
/// whether they have time to live.
type Described = (&'static str, Option<&'static str>, Vec<State>);

fn described() -> Vec<Described> {
    let state = |name: &str, kind, namespace: Option<&str>, user_key: Option<&str>, value: Option<&str>, ttl| State {
        name: name.to_owned(),
        kind,
        namespace: namespace.map(str::to_owned),
        user_key: user_key.map(str::to_owned),
        value: value.map(str::to_owned),
        ttl,
    };
    let (long, text) = (Some("long"), Some("string"));
    let ambiguous = vec![
        state("value", Kind::Value, text, None, long, false),
        state("list", Kind::List, text, None, text, false),
        state("map", Kind::Map, text, text, long, false),
    ];
    let ttl = vec![
        state("ttl-value", Kind::Value, None, None, long, true),
        state("ttl-list", Kind::List, None, None, text, true),
        state("ttl-map", Kind::Map, None, text, long, true),
        state("user-timers", Kind::EventTimers, None, None, None, false),
    ];
    let operator_states = vec![
        state("empty-split", Kind::Split, None, None, text, false),
        state("empty-union", Kind::Union, None, None, long, false),
        state("empty-broadcast", Kind::Broadcast, None, text, Some("int"), false),
    ];
    vec![("ambiguous", text, ambiguous), ("ttl", long, ttl), ("empty-operator-states", None, operator_states)]
}

/// A meta info as it stands in a header.
fn bytes_of(info: &StateMetaInfo<'_>) -> Vec<u8> {
    let mut out = Output::new();
    let (mut states, mut broadcast_states) = (Vec::new(), Vec::new());
    if info.kind == StateKind::Broadcast {
        broadcast_states.push(info.clone());
    } else {
        states.push(info.clone());
    }
    OperatorHeader { compressed: None, states, broadcast_states }.write(&mut out).unwrap();
    out.into_bytes()
}

#[test]
fn meta_infos_are_those_that_flink_writes() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/valid");
    let mut compared = 0;
    for (vector, release) in [
        ("1.13.6-hashmap-rich", Release::V1_13),
        ("1.13.6-rocksdb-rich", Release::V1_13),
        ("1.20.5-hashmap-rich", Release::V1_20),
        ("2.3.0-hashmap-rich", Release::V2_3),
        ("2.3.0-rocksdb-rich", Release::V2_3),
    ] {
        let directory = vectors.join(vector);
        if !directory.exists() {
            continue;
        }
        let bytes = fs::read(directory.join("_metadata")).unwrap();
        let savepoint = Savepoint::new(Metadata::parse(&bytes).unwrap(), Directory::new(&directory));
        for (uid, key, states) in described() {
            let id = OperatorId::from_uid(uid);
            let operator = savepoint.metadata().operators.iter().find(|operator| operator.id == id);
            let Some(operator) = operator else { continue };
            let key = key.map(|key| snapshot(&key.parse::<Type>().unwrap(), release).unwrap());
            let ours: Vec<StateMetaInfo<'_>> = states
                .iter()
                .flat_map(|state| {
                    let serializers = Serializers::of(state, release).unwrap();
                    serializers.meta_infos(&state.name, state.kind, key.as_ref()).unwrap()
                })
                .collect();
            let mut compare = |theirs: Vec<&StateMetaInfo<'_>>| {
                assert_eq!(theirs.len(), ours.len(), "{vector}: {uid}");
                for theirs in theirs {
                    let ours = ours.iter().find(|ours| ours.name == theirs.name).unwrap();
                    assert_eq!(bytes_of(ours), bytes_of(theirs), "{vector}: {uid}: {ours:?}");
                    compared += 1;
                }
            };
            savepoint
                .for_each_part(&operator, |part| match part.state {
                    PartState::ManagedKeyed(handle) => savepoint.keyed(part, handle, |stream| {
                        let KeyedHeader { key_serializer, states, .. } = stream.header();
                        assert_eq!(Some(key_serializer.raw()), key.as_ref().map(SerializerSnapshot::raw));
                        compare(states.iter().collect());
                        Ok(())
                    }),
                    PartState::ManagedOperator(handle) => savepoint.operator_state(part, handle, |stream| {
                        compare(stream.header().all_states().collect());
                        Ok(())
                    }),
                    _ => Ok(()),
                })
                .unwrap();
        }
    }
    assert!(compared >= 60, "{compared}");
}

/// A savepoint of a scenario, and the scenario.
fn produced(id: &str, hooks: impl Hooks + 'static) -> (tempfile::TempDir, std::path::PathBuf, Scenario) {
    let scenario = Scenario::all().unwrap().into_iter().find(|one| one.id == id).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("savepoint");
    let mut adapter = ReferenceAdapter::with_hooks(Release::V1_13, Box::new(hooks));
    assert_eq!(ask(&mut adapter, &produce(&scenario, &directory)), Answer::Produced);
    (scratch, directory, scenario)
}

/// What a job with something else about it answers: the requirement that it names.
fn refused(directory: &Path, restore: Restore) -> Option<String> {
    let mut adapter = ReferenceAdapter::new(Release::V2_3);
    let restored = ask(&mut adapter, &Ask::Restore { restore: Box::new(restore), directory: text(directory) });
    match restored {
        Answer::Rejected { requirement, .. } => requirement,
        Answer::Restored { .. } => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_max_parallelism_is_refused() {
    let (_scratch, directory, scenario) = produced("empty-groups", Right);
    assert_eq!(refused(&directory, scenario.restore()), None);
    let mut restore = scenario.restore();
    restore.operators[0].max_parallelism += 1;
    assert_eq!(refused(&directory, restore).as_deref(), Some("REDIST-MAX-01"));
}

#[test]
fn a_parallelism_above_the_max_is_refused() {
    let (_scratch, directory, scenario) = produced("empty-groups", Right);
    let at = |parallelism| refused(&directory, Restore { parallelism, ..scenario.restore() });
    assert_eq!(at(scenario.restore().operators[0].max_parallelism), None);
    assert_eq!(at(scenario.restore().operators[0].max_parallelism + 1).as_deref(), Some("REDIST-MAX-02"));
}

#[test]
fn other_types_are_refused() {
    let (_scratch, directory, scenario) = produced("empty-groups", Right);
    let mut restore = scenario.restore();
    restore.operators[0].key = Some("int".to_owned());
    assert_eq!(refused(&directory, restore).as_deref(), Some("KEYED-KEY-SERIALIZER-01"));
    let mut restore = scenario.restore();
    restore.operators[0].states[0].value = Some("string".to_owned());
    assert_eq!(refused(&directory, restore).as_deref(), Some("VALUE-STATE-01"));
    let mut restore = scenario.restore();
    restore.operators[0].states[0].ttl = true;
    assert_eq!(refused(&directory, restore).as_deref(), Some("VALUE-TTL-04"));
    let mut restore = scenario.restore();
    restore.operators[0].uid = "another".to_owned();
    assert_eq!(refused(&directory, restore).as_deref(), Some("META-OPERATOR-ID-01"));
}

#[test]
fn channel_state_is_not_dealt_out() {
    let (_scratch, _, scenario) = produced("empty-groups", Right);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/valid/1.13.6-crafted-channel");
    assert_eq!(refused(&directory, scenario.restore()).as_deref(), Some("REDIST-CHANNEL-02"));
}
