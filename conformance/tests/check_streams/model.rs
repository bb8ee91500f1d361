//! Streams of golden savepoints, taken apart so that one thing in them can be changed, and written again around it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use flink_savepoint::compression::{Framing, IDENTIFIER};
use flink_savepoint::keyed::PrefixWidth;
use flink_savepoint::metadata::stream_handle::RelativeFileHandle;
use flink_savepoint::metadata::{
    Handles, KeyGroupOffsets, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Metadata, MetadataVersion, Operator,
    OperatorStateHandle, StateMeta, StateSize, StreamHandle, Subtask, SubtaskState, Subtasks,
};
use flink_savepoint::savepoint::{Directory, METADATA, Part, PartState, Savepoint};
use flink_savepoint_conformance::check::{Finding, streams_of};

pub const VALID: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/valid");
/// The name of the file of the stream that was changed.
pub const FILE: &str = "stream";

/// A keyed stream of the first subtask of an operator.
pub struct Keyed {
    pub header: Vec<u8>,
    pub compressed: bool,
    pub sections: Vec<Section>,
    /// Behind the last section.
    pub tail: Vec<u8>,
    pub max: u32,
    pub format: KeyGroupsFormat<'static>,
    /// How a section is framed if it is compressed.
    pub frame: fn(&[u8]) -> Vec<u8>,
    /// Added to the offset of the section at that place.
    pub moved: Option<(usize, i64)>,
    names: Vec<String>,
    range: (u32, usize),
}

pub struct Section {
    pub group: u16,
    pub entries: Vec<Entry>,
    /// Behind the last entry.
    pub end: Vec<u8>,
    /// Before the first one.
    pub before: Vec<u8>,
}

#[derive(Clone)]
pub struct Entry {
    pub state: u16,
    /// With the prefix.
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    /// Whether it has the mark of the end of a run, if not as it should.
    pub mark: Option<bool>,
    /// Whether a run of the same state starts here.
    pub new_run: bool,
}

/// Where things came to stand.
pub type Positions = BTreeMap<String, u64>;

pub fn framed(content: &[u8]) -> Vec<u8> {
    let mut out = IDENTIFIER.to_vec();
    Framing::new().append(content, &mut out);
    out
}

/// Hands the first subtask with state of an operator of a golden savepoint to `read`.
pub fn golden<R>(
    vector: &str,
    uid: &str,
    read: impl FnOnce(&Savepoint<'_, Directory>, &Operator<'_>, &Handles<'_>) -> R,
) -> R {
    let directory = Path::new(VALID).join(vector);
    let bytes = fs::read(directory.join(METADATA)).unwrap();
    let savepoint = Savepoint::new(Metadata::parse(&bytes).unwrap(), Directory::new(&directory));
    for operator in &savepoint.metadata().operators {
        // Before version 5 operators have no uid, but an id that is made of it.
        if operator.uid.as_ref().is_none_or(|one| *one != *uid) {
            continue;
        }
        let subtask = operator.subtasks().next().unwrap();
        let SubtaskState::Running(handles) = &subtask.state else { panic!() };
        return read(&savepoint, &operator, handles);
    }
    panic!("no {uid} in {vector}")
}

impl Keyed {
    pub fn of(vector: &str, uid: &str) -> Self {
        golden(vector, uid, |savepoint, operator, handles| {
            let handle = handles.managed_keyed.as_ref().unwrap();
            let KeyedHandle::KeyGroups(of) = handle else { panic!() };
            let part = Part { operator, subtask: 0, state: PartState::ManagedKeyed(handle) };
            savepoint
                .keyed(&part, handle, |stream| {
                    let sections = stream.sections().map(|section| {
                        let mut entries = Vec::new();
                        section.for_each::<flink_savepoint::Error>(&mut Vec::new(), |entry| {
                            let [high, low] = entry.key_group.0.to_be_bytes();
                            let prefix: &[u8] = match stream.max_parallelism().prefix_width() {
                                PrefixWidth::One => &[low],
                                PrefixWidth::Two => &[high, low],
                            };
                            let (key, value) = ([prefix, entry.key].concat(), entry.value.to_vec());
                            entries.push(Entry { state: entry.state.0, key, value, mark: None, new_run: false });
                            Ok(())
                        })?;
                        let group = section.key_group().0;
                        Ok(Section { group, entries, end: vec![0xFF, 0xFF], before: Vec::new() })
                    });
                    Ok(Self {
                        sections: sections.collect::<Result<_, flink_savepoint::Error>>()?,
                        header: stream.bytes()[..usize::try_from(stream.header_end()).unwrap()].to_vec(),
                        compressed: stream.header().compressed,
                        tail: Vec::new(),
                        max: operator.max_parallelism,
                        format: KeyGroupsFormat::Savepoint,
                        frame: framed,
                        moved: None,
                        names: stream.header().states.iter().map(|state| state.name.to_string()).collect(),
                        range: (of.offsets.range().start(), of.offsets.offsets().len()),
                    })
                })
                .unwrap()
        })
    }

    /// The id of a state.
    pub fn id(&self, name: &str) -> u16 {
        u16::try_from(self.names.iter().position(|one| one == name).unwrap()).unwrap()
    }

    /// Changes the first entry of a state, and says where it is.
    pub fn change(&mut self, name: &str, change: impl FnOnce(&mut Entry)) -> String {
        self.change_one(name, |_| true, change)
    }

    /// The same with the first that is suited.
    pub fn change_one(
        &mut self,
        name: &str,
        suited: impl Fn(&Entry) -> bool,
        change: impl FnOnce(&mut Entry),
    ) -> String {
        let id = self.id(name);
        let position = |section: &Section| section.entries.iter().position(|one| one.state == id && suited(one));
        let mut sections = self.sections.iter().enumerate();
        let (i, j) = sections.find_map(|(i, section)| Some((i, position(section)?))).unwrap();
        change(&mut self.sections[i].entries[j]);
        self.path(i, j)
    }

    pub fn path(&self, section: usize, entry: usize) -> String {
        format!("key_group[{}].entry[{entry}]", self.sections[section].group)
    }

    /// A section of which a run has several entries: its number, and the first of them.
    pub fn run(&self) -> (usize, usize) {
        let mut sections = self.sections.iter().enumerate();
        let several = |entries: &[Entry]| entries.windows(2).position(|pair| pair[0].state == pair[1].state);
        sections.find_map(|(i, section)| Some((i, several(&section.entries)?))).unwrap()
    }

    /// The first section with entries of two states: its number, and the last entry of the first of them.
    pub fn two_runs(&self) -> (usize, usize) {
        let mut sections = self.sections.iter().enumerate();
        let several = |entries: &[Entry]| entries.windows(2).position(|pair| pair[0].state != pair[1].state);
        sections.find_map(|(i, section)| Some((i, several(&section.entries)?))).unwrap()
    }

    /// The stream, its offsets, and where things are.
    fn build(&self) -> (Vec<u8>, Vec<i64>, Positions) {
        let mut bytes = self.header.clone();
        let mut offsets = vec![0; self.range.1];
        let mut positions = Positions::new();
        for section in &self.sections {
            bytes.extend_from_slice(&section.before);
            let start = bytes.len();
            let (content, entries) = section.content();
            for (i, at) in entries.into_iter().enumerate() {
                let path = format!("key_group[{}].entry[{i}]", section.group);
                let at = if self.compressed { start } else { start + at };
                positions.insert(path, at as u64);
            }
            positions.insert(format!("key_group[{}]", section.group), start as u64);
            offsets[usize::from(section.group) - self.range.0 as usize] = i64::try_from(start).unwrap();
            bytes.extend(if self.compressed { (self.frame)(&content) } else { content });
        }
        positions.insert("end".to_owned(), bytes.len() as u64);
        bytes.extend_from_slice(&self.tail);
        if let Some((i, by)) = self.moved {
            offsets[usize::from(self.sections[i].group) - self.range.0 as usize] += by;
        }
        (bytes, offsets, positions)
    }

    /// What the rules find in it.
    pub fn check(&self) -> (Vec<Finding>, Vec<u8>, Positions) {
        let (bytes, offsets, positions) = self.build();
        (self.check_bytes(&bytes, offsets), bytes, positions)
    }

    /// What they find if the stream is changed afterwards.
    pub fn check_changed(&self, change: impl FnOnce(&mut Vec<u8>)) -> Vec<Finding> {
        let (mut bytes, offsets, _) = self.build();
        change(&mut bytes);
        self.check_bytes(&bytes, offsets)
    }

    fn check_bytes(&self, bytes: &[u8], offsets: Vec<i64>) -> Vec<Finding> {
        let offsets = KeyGroupOffsets::new(self.range.0, offsets).unwrap();
        let handle = KeyGroupsHandle { format: self.format.clone(), offsets, delegate: file(FILE, bytes) };
        let handles = Handles { managed_keyed: Some(KeyedHandle::KeyGroups(handle)), ..Handles::default() };
        check(self.max, vec![handles], &[(FILE, bytes)], None)
    }
}

impl Section {
    /// The bytes, and where each entry starts in them.
    fn content(&self) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut positions) = (Vec::new(), Vec::new());
        let mut state = None;
        for (i, entry) in self.entries.iter().enumerate() {
            if state.replace(entry.state) != Some(entry.state) || entry.new_run {
                bytes.extend(entry.state.to_be_bytes());
            }
            positions.push(bytes.len());
            let next = self.entries.get(i + 1);
            let ends = next.is_none_or(|next| next.state != entry.state || next.new_run);
            bytes.extend(u32::try_from(entry.key.len()).unwrap().to_be_bytes());
            let at = bytes.len();
            bytes.extend_from_slice(&entry.key);
            if entry.mark.unwrap_or(ends) {
                bytes[at] |= 0x80;
            }
            bytes.extend(u32::try_from(entry.value.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(&entry.value);
        }
        bytes.extend_from_slice(&self.end);
        (bytes, positions)
    }
}

/// An operator stream of the first subtask of an operator.
pub struct Elements {
    pub header: Vec<u8>,
    pub compressed: bool,
    /// Name, mode and partitions of each state.
    pub states: Vec<(StateMeta<'static>, Vec<Vec<u8>>)>,
    /// Between header and data, behind the identifier.
    pub before: Vec<u8>,
    pub identifier: Vec<u8>,
    pub frame: fn(&[u8]) -> Vec<u8>,
    /// Added to the offset of that partition of that state.
    pub moved: Option<(usize, usize, i64)>,
    /// In which order the data stands.
    pub order: Vec<usize>,
}

pub fn chunks(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Framing::new().append(data, &mut out);
    out
}

impl Elements {
    pub fn of(vector: &str, uid: &str) -> Self {
        golden(vector, uid, |savepoint, operator, handles| {
            let handle = handles.managed_operator.as_ref().unwrap();
            let part = Part { operator, subtask: 0, state: PartState::ManagedOperator(handle) };
            savepoint
                .operator_state(&part, handle, |stream| {
                    let mut states = Vec::new();
                    for info in stream.header().all_states() {
                        let partitions = stream.partitions(&info.name)?.unwrap();
                        let partitions = partitions.told_apart().unwrap().map(<[u8]>::to_vec).collect();
                        let (name, mode) = (info.name.clone().into_owned(), info.kind.mode().unwrap());
                        states.push((StateMeta { name, mode, offsets: [].into_iter().collect() }, partitions));
                    }
                    let compressed = stream.header().compressed == Some(true);
                    Ok(Self {
                        header: stream.bytes()[..usize::try_from(stream.data().offset()).unwrap()].to_vec(),
                        compressed,
                        order: (0..states.len()).collect(),
                        states,
                        before: Vec::new(),
                        identifier: if compressed { IDENTIFIER.to_vec() } else { Vec::new() },
                        frame: chunks,
                        moved: None,
                    })
                })
                .unwrap()
        })
    }

    fn build(&self) -> (Vec<u8>, Vec<StateMeta<'static>>, Positions) {
        let mut bytes = [&self.header[..], &self.identifier, &self.before].concat();
        let mut positions = Positions::from([("data".to_owned(), self.header.len() as u64)]);
        let mut offsets = vec![Vec::new(); self.states.len()];
        for i in &self.order {
            for (j, partition) in self.states[*i].1.iter().enumerate() {
                positions.insert(format!("state[{i}].partition[{j}]"), bytes.len() as u64);
                offsets[*i].push(i64::try_from(bytes.len()).unwrap());
                bytes.extend(if self.compressed { (self.frame)(partition) } else { partition.clone() });
            }
        }
        if let Some((i, j, by)) = self.moved {
            offsets[i][j] += by;
        }
        let metas = self.states.iter().zip(offsets);
        let metas =
            metas.map(|((meta, _), offsets)| StateMeta { offsets: offsets.into_iter().collect(), ..meta.clone() });
        (bytes, metas.collect(), positions)
    }

    pub fn check(&self) -> (Vec<Finding>, Vec<u8>, Positions) {
        let (handles, bytes, positions) = self.handles(FILE);
        (check(128, vec![handles], &[(FILE, &bytes)], None), bytes, positions)
    }

    pub fn handles(&self, name: &'static str) -> (Handles<'static>, Vec<u8>, Positions) {
        let (bytes, states, positions) = self.build();
        let handle = OperatorStateHandle { states: states.into(), segmented: None, delegate: file(name, &bytes) };
        (Handles { managed_operator: Some(handle), ..Handles::default() }, bytes, positions)
    }
}

pub fn file(name: &'static str, bytes: &[u8]) -> StreamHandle<'static> {
    let state_size = StateSize::known(bytes.len() as u64).unwrap();
    StreamHandle::Relative(RelativeFileHandle { relative_path: name.into(), state_size })
}

/// What the rules find in a savepoint of one operator with these subtasks. `max_as_bytes` is put into the file as it is.
pub fn check(max: u32, subtasks: Vec<Handles<'_>>, files: &[(&str, &[u8])], max_as_bytes: Option<i32>) -> Vec<Finding> {
    let directory = tempfile::tempdir().unwrap();
    let mut metadata = Metadata::new(MetadataVersion::V3, 1);
    let parallelism = u32::try_from(subtasks.len()).unwrap();
    let subtasks = (0..).zip(subtasks);
    let subtasks = subtasks.map(|(index, handles)| Subtask { index, state: SubtaskState::Running(handles) });
    let id = golden("2.3.0-rocksdb-file", "gate", |_, operator, _| operator.id);
    let operator = Operator {
        name: None,
        uid: None,
        id,
        parallelism,
        max_parallelism: max,
        coordinator_state: None,
        subtasks: Subtasks::Listed(subtasks.collect::<Vec<_>>().into()),
    };
    metadata.operators = vec![operator].into();
    let mut bytes = metadata.to_bytes().unwrap();
    if let Some(max) = max_as_bytes {
        // Magic, version, checkpoint id and two counts, then id and parallelism of the operator.
        bytes[44..48].copy_from_slice(&max.to_be_bytes());
    }
    fs::write(directory.path().join(METADATA), bytes).unwrap();
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    streams_of(directory.path()).unwrap()
}

/// That nothing but one requirement is broken, and where.
#[track_caller]
pub fn assert_found(what: &str, found: &[Finding], id: &str, place: (&str, &str, Option<u64>)) {
    // In ascending order, so that an error which comes along with a warning is seen.
    let ids: Vec<&str> = found.iter().map(|one| one.requirement.as_str()).collect();
    assert!(!ids.is_empty() && ids.iter().all(|one| *one == id), "{what}, not only {id}: {found:#?}");
    let first = &found[0];
    let (file, path, offset) = place;
    assert_eq!(first.file, file, "{what}: {first:#?}");
    assert!(first.path.ends_with(path), "{what}, not at {path}: {first:#?}");
    assert_eq!(first.offset.map(|offset| u64::try_from(offset.0).unwrap()), offset, "{what}: {first:#?}");
    assert!(!first.message.is_empty(), "{what}");
}

/// A string as `DataOutput.writeUTF` writes it.
pub fn utf(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat()
}

/// Where `part` starts in `whole` for the first time.
#[track_caller]
pub fn find(whole: &[u8], part: &[u8]) -> usize {
    whole.windows(part.len().max(1)).position(|window| window.starts_with(part)).expect("these bytes are there")
}

/// Replaces what stands first behind `behind`.
#[track_caller]
pub fn replace(bytes: &mut Vec<u8>, behind: &[u8], from: &[u8], to: &[u8]) {
    let start = find(bytes, behind);
    let at = start + find(&bytes[start..], from);
    bytes.splice(at..at + from.len(), to.iter().copied());
}
