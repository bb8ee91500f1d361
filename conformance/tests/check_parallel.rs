//! What `savepoint check` finds is the same on any number of threads, and cut into any number of units that are done elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use flink_savepoint::keyed::{
    KeyGroup, KeyedHeader, KeyedWriter, MaxParallelism, StateId, java_hash, key_groups_of_subtask,
};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{
    Handles, Metadata, Operator, OperatorId, Release, Subtask, SubtaskState, Subtasks, Target,
};
use flink_savepoint::savepoint::{Directory, Savepoint, SavepointWriter, Unit};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint_conformance::check::{self, Finding, Findings, Options, UnitPart};
use flink_savepoint_conformance::json;
use flink_savepoint_conformance::source::Source;
use tempfile::TempDir;

/// All committed savepoints, also those with something wrong.
fn vectors() -> Vec<PathBuf> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let children = |directory: &Path| -> Vec<PathBuf> {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let mut found: Vec<PathBuf> =
        ["valid", "malformed", "invalid"].iter().flat_map(|class| children(&vectors.join(class))).collect();
    found.sort();
    assert!(found.len() > 300, "{}", found.len());
    found
}

fn on_threads(threads: usize, path: &Path, options: &Options) -> String {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| json::page(&check::run(path, options)).unwrap())
}

/// As processes would do it that share nothing but the savepoint: parts are printed and read, in another order. Also the bytes of state
/// that were read when they were joined.
fn in_units(units: usize, path: &Path, options: &Options) -> (String, u64) {
    let Ok(source) = Source::open(path) else { return (json::page(&check::run(path, options)).unwrap(), 0) };
    let plan = match Metadata::parse(&source.bytes) {
        // Only the metadata is read.
        Ok(metadata) => Savepoint::new(metadata, Directory::new(path)).units(units),
        Err(_) => vec![Unit::ALL],
    };
    let mut printed: Vec<String> = Vec::new();
    for unit in &plan {
        let parts = check::work(&source, options, unit, &|_| {});
        printed.extend(parts.iter().map(|part| serde_json::to_string(part).unwrap()));
    }
    printed.reverse();
    let parts: Vec<UnitPart> = printed.iter().map(|part| serde_json::from_str(part).unwrap()).collect();
    let mut read_again = 0;
    let report = check::join(&source, options, parts, &mut |bytes, _| read_again += bytes);
    (json::page(&report).unwrap(), read_again)
}

/// Values of two states: `value` says what stands in which.
fn state(directory: &Path, compressed: bool, value: impl Fn(u64) -> Vec<u8>) {
    let max = MaxParallelism::new(200).unwrap();
    let simple = |class: &str| SerializerSnapshot::simple(&format!("org.apache.flink.{class}")).unwrap();
    let string = simple("api.common.typeutils.base.StringSerializer$StringSerializerSnapshot");
    let void = simple("runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot");
    let named = |name| StateMetaInfo::keyed(name, KeyedStateType::Value, void.clone(), string.clone());
    let long = simple("api.common.typeutils.base.LongSerializer$LongSerializerSnapshot");
    let header = KeyedHeader { compressed, key_serializer: long, states: vec![named("a"), named("b")] };
    let mut savepoint = SavepointWriter::create(directory).unwrap();
    let mut subtasks = Vec::new();
    for index in 0..2 {
        let range = key_groups_of_subtask(max, 2, index).unwrap();
        let mut writer = KeyedWriter::new(savepoint.stream(), &header, range, max).unwrap();
        for group in range.start()..=range.last().unwrap() {
            let group = KeyGroup(u16::try_from(group).unwrap());
            for state in [StateId(0), StateId(1)] {
                for key in (0..2_000_u64).filter(|key| max.key_group_of(java_hash::of_long(key.cast_signed())) == group)
                {
                    let composite = [&key.to_be_bytes()[..], &[0]].concat();
                    writer.entry(group, state, &composite, &value(key)).unwrap();
                }
            }
        }
        let managed_keyed = Some(savepoint.keyed(writer.finish().unwrap()).unwrap());
        subtasks.push(Subtask { index, state: SubtaskState::Running(Handles { managed_keyed, ..Handles::default() }) });
    }
    let mut metadata = Metadata::new(Release::V1_13.metadata_version(), 1);
    let operator = Operator {
        name: None,
        uid: None,
        id: OperatorId::from_uid("parallel"),
        parallelism: 2,
        max_parallelism: 200,
        coordinator_state: None,
        subtasks: Subtasks::Listed(subtasks.into()),
    };
    metadata.operators = vec![operator].into();
    savepoint.finish(&metadata, Target::release(Release::V1_13)).unwrap();
}

fn usual(key: u64) -> Vec<u8> {
    // 3 KB for each key, so that a stream is several times what one thread takes.
    let mut value = vec![0xB9, 0x17];
    value.extend((0..3000).map(|i| b'a' + u8::try_from((key + i) % 26).unwrap()));
    value
}

#[test]
fn any_number_of_threads_finds_the_same_in_the_vectors() {
    let options = Options::default();
    for path in vectors() {
        let one = on_threads(1, &path, &options);
        assert_eq!(on_threads(5, &path, &options), one, "{}", path.display());
    }
}

#[test]
fn any_number_of_units_finds_the_same_in_the_vectors() {
    let options = Options::default();
    for path in vectors() {
        let whole = json::page(&check::run(&path, &options)).unwrap();
        for units in [1, 7, 1000] {
            let (report, read_again) = in_units(units, &path, &options);
            assert_eq!(report, whole, "{}: {units}", path.display());
            assert!(units > 1 || read_again == 0, "{}: {read_again} bytes were read again", path.display());
        }
    }
}

#[test]
fn many_findings_are_cut_as_if_they_had_come_one_after_the_other() {
    let place = TempDir::new().unwrap();
    for compressed in [false, true] {
        let directory = place.path().join(format!("{compressed}"));
        // One byte too many in every third value, none in every 700th: more of both kinds than are listed.
        state(&directory, compressed, |key| match key {
            _ if key % 700 == 5 => vec![0],
            _ if key % 3 == 0 => [usual(key), vec![0]].concat(),
            _ => usual(key),
        });
        let options = Options::default();
        let one = on_threads(1, &directory, &options);
        for threads in [2, 5] {
            assert_eq!(on_threads(threads, &directory, &options), one);
        }
        for units in [1, 3, 50] {
            let (report, read_again) = in_units(units, &directory, &options);
            assert_eq!(report, one);
            // Headers.
            assert!(read_again < 2_000, "{read_again} bytes were read again");
        }
        let report = check::run(&directory, &options);
        let of = |id: &str| -> Vec<&Finding> { report.findings.iter().filter(|one| one.requirement == id).collect() };
        let counted = |found: &[&Finding]| found.iter().map(|one| 1 + one.more).sum::<u64>();
        let (broken, null) = (of("VALUE-END-01"), of("VALUE-STATE-02"));
        // Two streams, each a file of its own.
        assert_eq!(u64::try_from(broken.len()).unwrap(), 2 * Findings::LISTED);
        assert_eq!((counted(&broken), counted(&null)), (2 * 666, 2 * 3));
        assert_eq!(broken.iter().filter(|one| one.more > 0).count(), 2, "the last of each file counts the others");
    }
}

#[test]
fn the_stream_that_is_too_much_is_the_same_on_any_number_of_threads() {
    let place = TempDir::new().unwrap();
    state(place.path(), true, usual);
    let mut refused = 0;
    for megabytes in [1, 3, 7, 20, 100] {
        let mut options = Options::default();
        options.limits.total = megabytes << 20;
        let one = on_threads(1, place.path(), &options);
        for threads in [2, 5] {
            assert_eq!(on_threads(threads, place.path(), &options), one, "{megabytes} MB");
        }
        refused += u32::from(one.contains("LIMIT-TOTAL"));
    }
    assert!((1..5).contains(&refused), "{refused}");
}

#[test]
fn progress_adds_up_to_what_there_is() {
    let place = TempDir::new().unwrap();
    state(place.path(), false, usual);
    for threads in [1, 4] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (mut read, mut all) = (0, 0);
        pool.install(|| {
            check::run_with(place.path(), &Options::default(), &mut |bytes, total| {
                read += bytes;
                all = total;
            })
        });
        assert!(read == all && all > 10_000_000, "{read} of {all}");
    }
}
