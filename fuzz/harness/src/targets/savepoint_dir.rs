//! Any bytes as the files of a savepoint give what is in it or errors with offsets inside the file that they name, for all that reads
//! a savepoint: part by part, fingerprint, report, dump, explanation; from memory and from the disk alike. No handle leads out of the
//! directory.
//!
//! Input: a [bundle](crate::bundle).

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path};

use flink_savepoint::keyed::RawTimers;
use flink_savepoint::logical::survey;
use flink_savepoint::metadata::{KeyedHandle, Metadata};
use flink_savepoint::savepoint::{FileName, METADATA, Part, PartState, Savepoint, Store, Why};
use flink_savepoint::wire::Input;
use flink_savepoint_conformance::explain::{self, Group, Leaf, Sink, Stop};
use flink_savepoint_conformance::source::Source;
use flink_savepoint_conformance::store::MappedFiles;
use flink_savepoint_conformance::{dump, fingerprint, inspect, reading};

use crate::bundle::Bundle;
use crate::scratch::Scratch;

/// Files in memory, which remembers what was asked for.
pub(super) struct InMemory<'b> {
    bundle: &'b Bundle,
    asked: RefCell<BTreeSet<String>>,
}

impl<'b> InMemory<'b> {
    pub(super) fn new(bundle: &'b Bundle) -> Self {
        Self { bundle, asked: RefCell::default() }
    }
}

impl<'b> Store for InMemory<'b> {
    type Bytes = &'b [u8];

    fn open(&self, name: &FileName<'_>) -> io::Result<&'b [u8]> {
        let name = name.as_str();
        self.asked.borrow_mut().insert(name.to_owned());
        content(self.bundle, name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// What stands in the file of that name, of the files that [`Scratch::put`] writes.
pub(super) fn content<'b>(bundle: &'b Bundle, name: &str) -> Option<&'b [u8]> {
    if name == METADATA {
        return Some(&bundle.metadata);
    }
    let of_name = bundle.files.iter().rev().find(|(file, _)| file == name);
    of_name.filter(|(file, _)| FileName::new(file).is_some()).map(|(_, content)| content.as_slice())
}

/// Reads all of a part; the error has an offset inside its file.
fn part<'a, S: Store>(savepoint: &Savepoint<'a, S>, part: &Part<'_, 'a>, of: &Bundle) {
    let mut buffer = Vec::new();
    let read = match part.state {
        PartState::ManagedKeyed(handle) => {
            let by_name = savepoint.keyed(part, handle, |stream| stream.for_each(&mut buffer, |_, _| Ok(())));
            let nameless = savepoint.keyed_sections(part, handle, |sections| {
                sections.iter().try_for_each(|section| section.for_each(&mut Vec::new(), |_| Ok(())).map(|_| ()))
            });
            // With less to read there is less to refuse.
            assert!(by_name.is_err() || nameless.is_ok(), "{nameless:?}");
            by_name
        }
        PartState::ManagedOperator(handle) => savepoint.operator_state(part, handle, |stream| {
            let mut states = 0..stream.header().all_states().count();
            states.try_for_each(|i| stream.for_each_partition(i, &mut buffer, |_| Ok(())).map(|_| ()))
        }),
        PartState::RawKeyed(handle) => {
            assert!(
                matches!(handle, KeyedHandle::KeyGroups(_)) || savepoint.raw_keyed(part, handle, |_, _| ()).is_err()
            );
            savepoint.raw_keyed(part, handle, |_, section| {
                if let Err(error) = RawTimers::read(Input::new(section)) {
                    assert!(error.offset() <= section.len() as u64, "{error}");
                }
            })
        }
        PartState::RawOperator(handle) => savepoint.raw_operator(part, handle, |_, _| ()),
        PartState::Channels => Ok(()),
    };
    let Err(failure) = read else { return };
    match &failure.why {
        Why::Stream { file: Some(file), error } => {
            let length = content(of, file).map_or(0, <[u8]>::len);
            assert!(error.offset() <= length as u64, "{failure}");
        }
        Why::Stream { file: None, error } => assert!(error.offset() <= of.metadata.len() as u64, "{failure}"),
        _ => {}
    }
    assert!(!failure.to_string().is_empty());
}

/// Follows the explanation of a file: leaves outside of what was decompressed have to name each byte once, in order.
struct Follow<'f> {
    file: &'f [u8],
    at: u64,
    /// For each group that is open, whether it was decompressed.
    opened: Vec<bool>,
}

impl Sink for Follow<'_> {
    fn open(&mut self, group: &Group<'_>) -> io::Result<()> {
        self.opened.push(group.opened || self.opened.last().copied().unwrap_or(false));
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()> {
        if self.opened.last().copied().unwrap_or(false) {
            return Ok(());
        }
        assert_eq!(leaf.offset, self.at, "{leaf:?}");
        self.at += leaf.bytes.len() as u64;
        let (from, to) = (usize::try_from(leaf.offset).ok(), usize::try_from(self.at).ok());
        let range = from.zip(to).and_then(|(from, to)| self.file.get(from..to));
        assert_eq!(range, Some(leaf.bytes), "{leaf:?}");
        Ok(())
    }

    fn close(&mut self, _: u64) -> io::Result<()> {
        assert!(self.opened.pop().is_some(), "closed more often than opened");
        Ok(())
    }
}

fn explained(name: &str, bytes: &[u8], bundle: &Bundle) {
    let mut follow = Follow { file: bytes, at: 0, opened: Vec::new() };
    let file = explain::File {
        name,
        bytes,
        metadata: Some(&bundle.metadata),
        hints: flink_savepoint::serializer::Hints::default(),
    };
    match explain::explain(&file, &mut follow) {
        Ok(()) => assert_eq!(follow.at, bytes.len() as u64, "all of {name} is explained"),
        Err(Stop::Bad { offset, .. }) => assert!(offset <= bytes.len() as u64, "{name}: {offset}"),
        Err(Stop::Io(error)) => panic!("{error}"),
    }
}

/// Everything that is shown of a savepoint, as text.
fn shown<S: Store>(source: &Source, savepoint: &Savepoint<'_, S>) -> String {
    let found = survey(savepoint, &mut |_| ());
    let report = inspect::Report::new(source, savepoint.metadata(), Some(&found), true);
    let mut text = inspect::text::render(&report, true);
    text += &serde_json::to_string(&report).expect("a report is JSON");
    text += &fingerprint::total_bytes(savepoint).to_string();
    text += &fingerprint::text::render(&fingerprint::Report::new(String::new(), &found), true);
    text
}

/// One line for each entry, and what could not be read.
fn dumped<S: Store>(savepoint: &Savepoint<'_, S>) -> (Vec<u8>, Vec<String>) {
    let options = dump::Options { filter: dump::Filter::default(), raw: true, memory: 1 << 20 };
    let mut lines = Vec::new();
    let summary = dump::write(savepoint, &options, &mut |_| (), &mut lines).expect("in memory");
    (lines, summary.failures)
}

/// One run.
pub fn run(input: &[u8]) {
    let bundle = Bundle::read(input);
    let size_of = |file: &str| content(&bundle, file).map_or(0, <[u8]>::len) as u64;
    explained(METADATA, &bundle.metadata, &bundle);
    for (name, content) in &bundle.files {
        explained(name, content, &bundle);
    }
    if let Some(refusal) = reading::refusal(&bundle.metadata, InMemory::new(&bundle)) {
        assert!(refusal.offset <= size_of(&refusal.file), "{refusal:?}");
    }
    let Ok(metadata) = Metadata::parse(&bundle.metadata) else { return };
    let store = InMemory::new(&bundle);
    let savepoint = Savepoint::new(metadata.clone(), &store);
    for operator in &metadata.operators {
        let visited: Result<(), ()> = savepoint.for_each_part(&operator, |one| {
            part(&savepoint, one, &bundle);
            Ok(())
        });
        assert_eq!(visited, Ok(()));
    }
    let from_memory = dumped(&savepoint);

    let scratch = Scratch::new().expect("a temporary directory");
    let directory = scratch.put("savepoint", &bundle).expect("a few files");
    let source = Source::open(&directory).expect("just written");
    let mapped = Savepoint::new(metadata.clone(), MappedFiles::new(&directory, false));
    let inside = |name: &String| {
        let mut components = Path::new(name).components();
        matches!((components.next(), components.next()), (Some(Component::Normal(_)), None))
            && directory.join(name).parent() == Some(&directory)
    };
    assert!(store.asked.borrow().iter().all(inside), "{:?}", store.asked);
    // An empty file, one that is missing and one with a name that the file system does not take fail in words of their own.
    let is_missing = |name: &String| !directory.join(name).is_file();
    if store.asked.borrow().iter().any(is_missing) {
        let _ = (shown(&source, &mapped), dumped(&mapped));
    } else {
        assert_eq!(shown(&source, &mapped), shown(&source, &savepoint));
        assert!(dumped(&mapped) == from_memory, "the disk has what memory has");
    }
}
