//! `explain` names every byte of every golden file, once, with fields that the registry has.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use flink_savepoint::keyed::KeyedStream;
use flink_savepoint::metadata::stream_handle::ByteStreamHandle;
use flink_savepoint::metadata::{
    Handles, KeyGroupOffsets, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Metadata, MetadataVersion, Operator,
    OperatorId, StreamHandle, Subtask, SubtaskState, Subtasks,
};
use flink_savepoint::savepoint::{Directory, METADATA, PartState, Savepoint};
use flink_savepoint::serializer::Hints;
use flink_savepoint::wire::JavaStr;
use flink_savepoint_conformance::explain::{self, File, Group, HexView, Leaf, Lines, Page, Sink, Tree};
use flink_savepoint_spec::layouts::{self, Structure};

use common::{VALID, explained, golden_files, serializer_snapshots};

/// Checks what is said while it is said.
#[derive(Default)]
struct Covered {
    /// Offset behind what was named last; in what was decompressed, one for each.
    at: Vec<u64>,
    groups: Vec<bool>,
    named: u64,
    problems: BTreeSet<String>,
    used: BTreeSet<(String, String)>,
}

impl Covered {
    fn problem(&mut self, text: String) {
        if self.problems.len() < 20 {
            self.problems.insert(text);
        }
    }
}

impl Sink for Covered {
    fn open(&mut self, group: &Group<'_>) -> std::io::Result<()> {
        if layouts::get(group.layout).is_none() {
            self.problem(format!("no layout {}", group.layout));
        }
        self.groups.push(group.opened);
        if group.opened {
            self.at.push(0);
        }
        let at = *self.at.last().unwrap();
        if at != group.offset {
            self.problem(format!("{} starts at {:#x}, not {at:#x}", group.name, group.offset));
        }
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> std::io::Result<()> {
        let known = match layouts::get(leaf.layout) {
            Some(Structure::Layout(layout)) => layout.fields.iter().any(|field| field.name == leaf.name),
            Some(Structure::Choice(choice)) => choice.selector == leaf.name,
            None => false,
        };
        if !known {
            self.problem(format!("{} has no field {}", leaf.layout, leaf.name));
        }
        self.used.insert((leaf.layout.to_owned(), leaf.name.to_owned()));
        let at = self.at.last_mut().unwrap();
        let start = std::mem::replace(at, leaf.offset + leaf.bytes.len() as u64);
        if self.at.len() == 1 {
            self.named += leaf.bytes.len() as u64;
        }
        if start != leaf.offset {
            self.problem(format!("{} starts at {:#x}, not {start:#x}", leaf.name, leaf.offset));
        }
        Ok(())
    }

    fn close(&mut self, _: u64) -> std::io::Result<()> {
        if self.groups.pop() == Some(true) {
            self.at.pop();
        }
        Ok(())
    }
}

#[test]
fn every_byte_of_every_golden_file_belongs_to_a_field_of_the_registry() {
    let mut problems = BTreeMap::<String, usize>::new();
    let mut used = BTreeSet::new();
    for path in golden_files() {
        let mut covered = Covered { at: vec![0], ..Covered::default() };
        let (done, bytes) = explained(&path, &mut covered);
        let length = bytes.len();
        let name = path.strip_prefix(VALID).unwrap().display().to_string();
        if let Err(stop) = done {
            *problems.entry(format!("{name}: {stop}")).or_default() += 1;
        }
        if covered.named != length as u64 {
            *problems.entry(format!("{name}: {} of {length} bytes are named", covered.named)).or_default() += 1;
        }
        for problem in covered.problems {
            *problems.entry(format!("{name}: {problem}")).or_default() += 1;
        }
        used.append(&mut covered.used);
    }
    let listed: Vec<_> = problems.keys().take(60).collect();
    assert!(problems.is_empty(), "{} problems: {listed:#?}", problems.len());
    assert!(used.len() > 150, "{}", used.len());
}

/// The check above finds a gap, an overlap, a field and a layout that the registry does not have.
#[test]
fn bytes_without_a_name_are_found() {
    let leaf = |layout, name, offset, bytes| Leaf {
        name,
        index: None,
        layout,
        ty: "i32".to_owned(),
        offset,
        bytes,
        value: String::new(),
    };
    let problem = |leaves: &[Leaf<'_>]| {
        let mut covered = Covered { at: vec![0], ..Covered::default() };
        for leaf in leaves {
            covered.leaf(leaf).unwrap();
        }
        covered.problems.into_iter().collect::<Vec<_>>().join("; ")
    };
    let sound = || leaf("metadata-file", "version", 0, &[0; 4]);
    assert_eq!(problem(&[sound(), leaf("metadata-file", "checkpoint_id", 4, &[0; 8])]), "");
    let gap = problem(&[sound(), leaf("metadata-file", "checkpoint_id", 5, &[0; 8])]);
    assert_eq!(gap, "checkpoint_id starts at 0x5, not 0x4");
    let overlap = problem(&[sound(), leaf("metadata-file", "checkpoint_id", 3, &[0; 8])]);
    assert_eq!(overlap, "checkpoint_id starts at 0x3, not 0x4");
    assert_eq!(problem(&[leaf("metadata-file", "colour", 0, &[0])]), "metadata-file has no field colour");
    assert_eq!(problem(&[leaf("nothing", "version", 0, &[0])]), "nothing has no field version");
}

#[test]
fn every_byte_of_every_serializer_snapshot_belongs_to_a_field() {
    let mut snapshots = 0;
    for release in ["1.13.6", "1.20.5", "2.3.0"] {
        for (name, bytes) in serializer_snapshots(release) {
            let mut covered = Covered { at: vec![0], ..Covered::default() };
            explain::explain_snapshot(&bytes, &mut covered).unwrap_or_else(|e| panic!("{release} {name}: {e}"));
            assert_eq!((covered.named, covered.problems), (bytes.len() as u64, BTreeSet::new()), "{release} {name}");
            snapshots += 1;
        }
    }
    assert!(snapshots > 500, "{snapshots}");
}

/// Path and value of every field.
#[derive(Default)]
struct Values {
    path: Vec<String>,
    of: BTreeMap<String, String>,
    /// Keys and values of entries, in the order of the stream.
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    part: Option<bool>,
}

impl Values {
    fn name(name: &str, index: Option<u64>) -> String {
        index.map_or(name.to_owned(), |index| format!("{name}[{index}]"))
    }
}

impl Sink for Values {
    fn open(&mut self, group: &Group<'_>) -> std::io::Result<()> {
        if group.layout == "keyed-entry" {
            self.entries.push(Default::default());
        }
        self.path.push(Self::name(group.name, group.index));
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> std::io::Result<()> {
        match leaf.name {
            "key_length" if leaf.layout == "keyed-entry" => self.part = Some(true),
            "value_length" if leaf.layout == "keyed-entry" => self.part = Some(false),
            "state_id" | "end_mark" => self.part = None,
            _ => {
                if let (Some(is_key), Some((key, value))) = (self.part, self.entries.last_mut()) {
                    (if is_key { key } else { value }).extend_from_slice(leaf.bytes);
                }
            }
        }
        let mut path = self.path.get(1..).unwrap_or_default().to_vec();
        path.push(Self::name(leaf.name, leaf.index));
        self.of.insert(path.join("."), leaf.value.clone());
        Ok(())
    }

    fn close(&mut self, _: u64) -> std::io::Result<()> {
        self.path.pop();
        Ok(())
    }
}

fn size(size: flink_savepoint::metadata::StateSize) -> String {
    size.bytes().map_or("-1".to_owned(), |bytes| bytes.to_string())
}

/// What the reference says of a stream handle, by path.
fn of_stream(path: &str, handle: &StreamHandle<'_>, said: &mut BTreeMap<String, String>) {
    let mut say = |field: &str, value: String| said.insert(format!("{path}.{field}"), value);
    match handle {
        StreamHandle::Relative(file) => {
            say("relative_path", format!("{:?}", file.relative_path.to_string()));
            say("state_size", size(file.state_size));
        }
        StreamHandle::File(file) => {
            say("path", format!("{:?}", file.path.to_string()));
            say("state_size", size(file.state_size));
        }
        StreamHandle::ByteStream(inline) => {
            say("handle_name", format!("{:?}", inline.handle_name.to_string()));
            say("length", inline.data.len().to_string());
        }
        StreamHandle::Segment(segment) => {
            say("state_size", segment.state_size.to_string());
            say("path", format!("{:?}", segment.path.to_string()));
        }
        _ => {}
    }
}

/// What the reference says of a metadata file, by the paths of the layouts.
fn of_reference(metadata: &Metadata<'_>) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    said.insert("version".to_owned(), metadata.version().number().to_string());
    said.insert("checkpoint_id".to_owned(), metadata.checkpoint_id.to_string());
    for (i, master) in metadata.master_states.iter().enumerate() {
        said.insert(format!("master_states[{i}].name"), format!("{:?}", master.name.to_string()));
        said.insert(format!("master_states[{i}].version"), master.version.to_string());
    }
    for (i, operator) in metadata.operators.iter().enumerate() {
        let mut say = |field: &str, value: String| said.insert(format!("operators[{i}].{field}"), value);
        say("id", operator.id.to_string());
        say("parallelism", operator.parallelism.to_string());
        say("max_parallelism", operator.max_parallelism.to_string());
        if metadata.version().number() >= 5 {
            let text = |name: &Option<flink_savepoint::wire::JavaStr<'_>>| {
                format!("{:?}", name.as_ref().map(ToString::to_string).unwrap_or_default())
            };
            say("name", text(&operator.name));
            say("uid", text(&operator.uid));
        }
        let Subtasks::Listed(subtasks) = &operator.subtasks else { continue };
        for (j, subtask) in subtasks.iter().enumerate() {
            let path = format!("operators[{i}].subtasks[{j}]");
            let finished = matches!(subtask.state, SubtaskState::Finished);
            let index = i64::from(subtask.index);
            said.insert(format!("{path}.index"), if finished { -index - 1 } else { index }.to_string());
            let SubtaskState::Running(handles) = &subtask.state else { continue };
            for (name, handle) in
                [("managed_operator", &handles.managed_operator), ("raw_operator", &handles.raw_operator)]
            {
                let Some(handle) = handle else { continue };
                let path = format!("{path}.state.{name}");
                for (k, meta) in handle.states.iter().enumerate() {
                    said.insert(format!("{path}.states[{k}].name"), format!("{:?}", meta.name.to_string()));
                    for (l, offset) in meta.offsets.iter().enumerate() {
                        said.insert(format!("{path}.states[{k}].offsets[{l}]"), offset.to_string());
                    }
                }
                of_stream(&format!("{path}.delegate"), &handle.delegate, &mut said);
            }
            for (name, handle) in [("managed_keyed", &handles.managed_keyed), ("raw_keyed", &handles.raw_keyed)] {
                let path = format!("{path}.state.{name}");
                match handle {
                    Some(KeyedHandle::KeyGroups(handle)) => {
                        let range = handle.offsets.range();
                        said.insert(format!("{path}.key_groups.start"), range.start().to_string());
                        said.insert(format!("{path}.key_groups.count"), range.count().to_string());
                        for (k, (_, offset)) in handle.offsets.iter().enumerate() {
                            said.insert(format!("{path}.key_groups.offsets[{k}]"), offset.to_string());
                        }
                        of_stream(&format!("{path}.delegate"), &handle.delegate, &mut said);
                    }
                    Some(KeyedHandle::Incremental(handle)) => {
                        said.insert(format!("{path}.checkpoint_id"), handle.checkpoint_id.to_string());
                        said.insert(format!("{path}.backend_id"), format!("{:?}", handle.backend_id.to_string()));
                        for (k, file) in handle.shared_state.iter().enumerate() {
                            let path = format!("{path}.shared_state[{k}].handle");
                            of_stream(&path, &file.handle, &mut said);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    said
}

#[test]
fn it_says_of_metadata_what_the_reference_says() {
    let mut compared = 0;
    let mut differ = Vec::new();
    for path in golden_files().into_iter().filter(|path| path.ends_with(METADATA)) {
        let mut values = Values::default();
        let (done, bytes) = explained(&path, &mut values);
        done.unwrap();
        let metadata = Metadata::parse(&bytes).unwrap();
        for (field, value) in of_reference(&metadata) {
            compared += 1;
            if values.of.get(&field) != Some(&value) {
                differ.push(format!("{}: {field}: {:?}, not {value}", path.display(), values.of.get(&field)));
            }
        }
    }
    assert!(differ.is_empty(), "{} differ: {:#?}", differ.len(), &differ[..differ.len().min(20)]);
    assert!(compared > 20_000, "{compared}");
}

#[test]
fn it_cuts_keyed_streams_into_the_entries_of_the_reference() {
    let mut entries = 0;
    for metadata_file in golden_files().into_iter().filter(|path| path.ends_with(METADATA)) {
        let directory = metadata_file.parent().unwrap();
        let bytes = std::fs::read(&metadata_file).unwrap();
        let savepoint = Savepoint::new(Metadata::parse(&bytes).unwrap(), Directory::new(directory));
        for operator in &savepoint.metadata().operators {
            let visit = |part: &flink_savepoint::savepoint::Part<'_, '_>| {
                let PartState::ManagedKeyed(handle) = part.state else { return Ok(()) };
                let Some(file) = part.file().filter(|file| directory.join(file).is_file()) else { return Ok(()) };
                let mut values = Values::default();
                explained(&directory.join(&file), &mut values).0.unwrap();
                // Streams in the format of a backend are not cut.
                let _ = savepoint.keyed(part, handle, |stream: &KeyedStream<'_>| {
                    let mut expected = values.entries.iter();
                    let width = stream.max_parallelism().prefix_width().bytes();
                    stream.for_each(&mut Vec::new(), |group, entry| {
                        let (key, value) = expected.next().unwrap();
                        assert_eq!((&key[width..], &value[..]), (entry.key, entry.value), "{file}: {group}");
                        entries += 1;
                        Ok(())
                    })?;
                    assert_eq!(expected.next(), None, "{file}");
                    Ok(())
                });
                Ok::<_, ()>(())
            };
            savepoint.for_each_part(&operator, visit).unwrap();
        }
    }
    assert!(entries > 10_000, "{entries}");
}

/// Timers of one key group in raw keyed state, which checkpoints have and savepoints do not, and a second group beside it.
#[test]
fn timers_in_raw_keyed_state_are_named() {
    let utf = |text: &str| [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
    let long = "org.apache.flink.api.common.typeutils.base.LongSerializer$LongSerializerSnapshot";
    let void = "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot";
    let timers = [
        &[0xF1, 0xCD, 0x85, 0x9F, 0, 0, 0, 2, 0, 0, 0, 1][..],
        &utf("user-timers"),
        &utf(long),
        &[0, 0, 0, 3],
        &utf(void),
        &[0, 0, 0, 3],
        &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x13, 0x8B],
        &[0; 4],
    ]
    .concat();
    let second = i64::try_from(timers.len()).unwrap();
    let data = [&timers[..], b"the operator's own"].concat();
    let handle = KeyGroupsHandle {
        format: KeyGroupsFormat::NativeWithId { state_handle_id: JavaStr::from("id") },
        offsets: KeyGroupOffsets::new(0, [0, -1, second]).unwrap(),
        delegate: StreamHandle::ByteStream(ByteStreamHandle {
            handle_name: JavaStr::from("inline"),
            data: data.into(),
        }),
    };
    let handles = Handles { raw_keyed: Some(KeyedHandle::KeyGroups(handle)), ..Handles::default() };
    let mut metadata = Metadata::new(MetadataVersion::V6, 1);
    metadata.operators = vec![Operator {
        name: None,
        uid: None,
        id: OperatorId::from_uid("timers"),
        parallelism: 1,
        max_parallelism: 3,
        coordinator_state: None,
        subtasks: Subtasks::Listed(vec![Subtask { index: 0, state: SubtaskState::Running(handles) }].into()),
    }]
    .into();
    let bytes = metadata.to_bytes().unwrap();
    let mut covered = Covered { at: vec![0], ..Covered::default() };
    let file = File { name: METADATA, bytes: &bytes, metadata: Some(&bytes), hints: Hints::default() };
    explain::explain(&file, &mut covered).unwrap();
    assert_eq!((covered.named, covered.problems), (bytes.len() as u64, BTreeSet::new()));
    let mut values = Values::default();
    explain::explain(&file, &mut values).unwrap();
    let stream = "operators[0].subtasks[0].state.raw_keyed.delegate.data.stream";
    let timer = format!("{stream}.sections[0].services[0].event_timers[0]");
    assert_eq!(values.of[&format!("{timer}.timestamp")], "5003");
    assert_eq!(values.of[&format!("{timer}.key")], "\"3\"");
    assert_eq!(values.of[&format!("{stream}.sections[1].content")], "746865206f70657261746f722773206f776e");
}

#[test]
fn whatever_the_bytes_are_it_ends_and_says_where() {
    let path = std::path::Path::new(VALID).join("2.3.0-rocksdb-inline-mp200").join(METADATA);
    let bytes = std::fs::read(path).unwrap();
    let run = |bytes: &[u8]| {
        let file = File { name: METADATA, bytes, metadata: Some(bytes), hints: Hints::default() };
        let mut out = Vec::new();
        (explain::explain(&file, &mut Tree::new(&mut out, false)), out.len())
    };
    assert!(run(&bytes).0.is_ok());
    for length in (0..bytes.len()).step_by(197) {
        let (done, _) = run(&bytes[..length]);
        let said = done.expect_err("a file that ends early").to_string();
        assert!(said.starts_with("offset 0x"), "{said}");
    }
    let mut bytes = bytes;
    for at in (0..bytes.len()).step_by(131) {
        let before = std::mem::replace(&mut bytes[at], 0xFF);
        let (_, printed) = run(&bytes);
        assert!(printed < 64 << 20, "{printed} at {at:#x}");
        bytes[at] = before;
    }
    // Nothing at all.
    for junk in [&b""[..], b"\x49\x60\x67\x2d", b"\0\0\0\x06", &[0xFF; 64]] {
        assert!(run(junk).0.is_err());
    }
}

/// State files with a changed byte, `SAVEPOINT_EXHAUSTIVE=1`: every byte of them.
#[test]
fn damaged_state_files_are_explained_up_to_the_damage() {
    let step = if std::env::var_os("SAVEPOINT_EXHAUSTIVE").is_some() { 1 } else { 211 };
    let mut runs = 0;
    for vector in [
        "2.3.0-rocksdb-rich",
        "2.3.0-rocksdb-snappy",
        "2.3.0-hashmap-sql",
        "2.3.0-rocksdb-typed",
        "1.18.1-hashmap-snappy",
    ] {
        let directory = std::path::Path::new(VALID).join(vector);
        let metadata = std::fs::read(directory.join(METADATA)).unwrap();
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let mut bytes = std::fs::read(&path).unwrap();
            if name == METADATA {
                continue;
            }
            for at in (0..bytes.len()).step_by(step) {
                for change in [0x01, 0x80, 0xFF] {
                    bytes[at] ^= change;
                    let file = File { name, bytes: &bytes, metadata: Some(&metadata), hints: Hints::default() };
                    let mut covered = Covered { at: vec![0], ..Covered::default() };
                    let done = explain::explain(&file, &mut covered);
                    assert!(covered.problems.is_empty(), "{vector}/{name} at {at:#x}: {:?}", covered.problems);
                    assert!(covered.named <= bytes.len() as u64);
                    assert!(done.is_err() || covered.named == bytes.len() as u64, "{vector}/{name} at {at:#x}");
                    bytes[at] ^= change;
                    runs += 1;
                }
            }
        }
    }
    assert!(runs > 1_000, "{runs}");
}

#[test]
fn pages() {
    let directory = std::path::Path::new(VALID).join("2.3.0-rocksdb-snappy");
    let mut state = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    state.sort();
    let mut tree = Vec::new();
    explained(&directory.join("6f4f980c-b875-4696-aa81-fc70d2360079"), &mut Tree::new(&mut tree, true)).0.unwrap();
    let text = String::from_utf8(tree).unwrap();
    insta::assert_snapshot!("tree", text.lines().take(120).collect::<Vec<_>>().join("\n"));

    let crafted = std::path::Path::new(VALID).join("2.3.0-crafted-properties-canonical").join(METADATA);
    let mut hex = Vec::new();
    explained(&crafted, &mut HexView::new(&mut hex)).0.unwrap();
    insta::assert_snapshot!("hex", String::from_utf8(hex).unwrap());

    let mut json = Vec::new();
    explained(&crafted, &mut Lines::new(&mut json)).0.unwrap();
    let lines = String::from_utf8(json).unwrap();
    let parsed: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(
        parsed.iter().any(|line| line["path"] == "properties.content.class.class_name" && line["spec"].is_string())
    );

    let mut html = Vec::new();
    let mut page = Page::start(&mut html, "a <b>", "book").unwrap();
    explained(&crafted, &mut page).0.unwrap();
    page.finish(Some("stopped & gone")).unwrap();
    let html = String::from_utf8(html).unwrap();
    assert!(html.contains("a &lt;b&gt;") && html.contains("stopped &amp; gone") && !html.contains("{title}"));
    assert_eq!(html.matches("<details").count(), html.matches("</details>").count());
    assert!(html.contains("book/metadata.html#layout-metadata-file"));
    assert!(!html.contains("http://") && !html.contains("https://"), "it needs no network");
}
