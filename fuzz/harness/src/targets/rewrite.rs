//! What is read is written, read again and written again as it was; what was canonical already is written as it was the first time.
//! A savepoint that is written anew means the same.
//!
//! Input: what it is (0 metadata, 1 keyed stream, 2 operator stream, 3 savepoint; modulo 4), then an input of the target
//! `metadata`, `keyed_stream` or `operator_state`, or for which release to write (modulo their number), whether to compress, and a
//! bundle ([`crate::bundle`]).
//!
//! Canonical is a stream whose header is written as it stands, whose sections are in the order of their key groups, and which takes as
//! many bytes as the writer's.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use flink_savepoint::keyed::{KeyedStream, KeyedWriter, WrittenStream};
use flink_savepoint::logical::{Fingerprint, fingerprint};
use flink_savepoint::metadata::{Dropping, KeyGroupOffsets, Metadata, OperatorStateHandle, ReadOptions, Release};
use flink_savepoint::operator::{OperatorStream, OperatorWriter, WrittenOperatorStream};
use flink_savepoint::savepoint::{Directory, METADATA, Rewrite, RewriteError, Savepoint, SavepointWriter};
use flink_savepoint::wire::Output;
use flink_savepoint::{Error, ErrorKind, Limits};

use super::savepoint_dir::InMemory;
use super::{keyed_stream, operator_state};
use crate::bundle::{self, Bundle};
use crate::mutate::{Rng, Shape};
use crate::scratch::Scratch;

/// Decompressed entries are at most as large.
const LIMITS: Limits = Limits { entry: 1 << 20, ..Limits::DEFAULT };

/// Mutates what stands behind the first byte as what that says it is.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) -> &'static str {
    let Some((&kind, rest)) = bytes.split_first() else {
        return crate::mutate::mutate(Shape::Bytes, bytes, other, most, rng);
    };
    let head = if kind % 4 == 3 { 3.min(bytes.len()) } else { 1 };
    let mut tail = bytes.split_at(head).1.to_vec();
    let from = other.get(head..).filter(|_| other.first().is_some_and(|other| other % 4 == kind % 4));
    let from = from.map_or_else(|| rest.to_vec(), <[u8]>::to_vec);
    let most = most.saturating_sub(head);
    let done = match kind % 4 {
        0 => crate::mutate::mutate(Shape::Metadata, &mut tail, &from, most, rng),
        1 => keyed_stream::mutate(&mut tail, &from, most, rng),
        2 => operator_state::mutate(&mut tail, &from, most, rng),
        _ => bundle::mutate(&mut tail, &from, most, rng),
    };
    bytes.truncate(head);
    bytes.append(&mut tail);
    done
}

fn metadata(bytes: &[u8]) {
    let Ok(read) = Metadata::parse(bytes) else { return };
    // Some versions are read and not written.
    let Ok(written) = read.to_bytes() else { return };
    let again = Metadata::parse(&written).expect("just written");
    assert_eq!(again.trailing_bytes(), 0);
    assert_eq!(again.to_bytes().expect("just written"), written);
    // Names are kept in the bytes that they had.
    let strict = ReadOptions::new().strict(true);
    if strict.read(bytes).is_ok() {
        assert_eq!(written, bytes);
        strict.read(&written).expect("as it was");
    }
}

/// Writes what a keyed stream holds.
fn write_keyed(stream: &KeyedStream<'_>, offsets: &KeyGroupOffsets<'_>) -> Result<WrittenStream<Vec<u8>>, io::Error> {
    let mut writer = KeyedWriter::new(Vec::new(), stream.header(), offsets.range(), stream.max_parallelism())?;
    let mut sections: Vec<_> = stream.sections().collect();
    sections.sort_by_key(flink_savepoint::keyed::Section::key_group);
    let mut buffer = Vec::new();
    for section in sections {
        section
            .for_each(&mut buffer, |entry| writer.entry(section.key_group(), entry.state, entry.key, entry.value))?;
    }
    writer.finish()
}

fn keyed(input: &[u8]) {
    let Some(keyed_stream::Stream { offsets, max, bytes }) = keyed_stream::Stream::of(input) else { return };
    let open =
        |bytes, offsets: &KeyGroupOffsets<'_>| Ok::<_, Error>(KeyedStream::open(bytes, offsets, max)?.limits(LIMITS));
    let Ok(stream) = open(bytes, &offsets) else { return };
    if stream.for_each::<Error>(&mut Vec::new(), |_, _| Ok(())).is_err() {
        return;
    }
    let written = write_keyed(&stream, &offsets).expect("read before");
    let again = open(&written.sink, &written.offsets).expect("just written");
    let twice = write_keyed(&again, &written.offsets).expect("just written");
    assert_eq!((&twice.sink, &twice.offsets), (&written.sink, &written.offsets));

    let mut header = Output::new();
    stream.header().write(&mut header).expect("read before");
    let has_header = bytes.starts_with(&header.into_bytes());
    let in_order = stream.sections().map(|section| section.key_group()).is_sorted();
    let of_group = |bytes: &[u8]| {
        let mut right = true;
        let read = stream.for_each::<Error>(&mut Vec::new(), |group, entry| {
            right &= entry.key_group == group;
            Ok(())
        });
        read.is_ok() && right && bytes.len() == written.sink.len()
    };
    if has_header && in_order && !stream.header().compressed && of_group(bytes) {
        assert_eq!((&written.sink[..], &written.offsets), (bytes, &offsets));
    }
}

/// Writes what an operator stream holds; none if the partitions of a state cannot be told apart.
fn write_operator(stream: &OperatorStream<'_>) -> Result<Option<WrittenOperatorStream<Vec<u8>>>, io::Error> {
    let mut writer = OperatorWriter::new(Vec::new(), stream.header())?;
    let mut buffer = Vec::new();
    for i in 0..stream.header().all_states().count() {
        if !stream.for_each_partition(i, &mut buffer, |partition| writer.partition(i, partition))? {
            return Ok(None);
        }
    }
    writer.finish().map(Some)
}

fn operator(input: &[u8]) {
    let Some(operator_state::Stream { handle, bytes, .. }) = operator_state::Stream::of(input) else { return };
    let open =
        |bytes, handle: &OperatorStateHandle<'_>| Ok::<_, Error>(OperatorStream::open(bytes, handle)?.limits(LIMITS));
    let Ok(stream) = open(bytes, &handle) else { return };
    let Ok(Some(written)) = write_operator(&stream) else { return };
    let states = written.states.clone();
    let of_written = OperatorStateHandle { states: written.states.into(), ..handle.clone() };
    let again = open(&written.sink, &of_written).expect("just written");
    // A single compressed list with empty elements could be by either writer.
    let Some(twice) = write_operator(&again).expect("just written") else { return };
    assert_eq!((&twice.sink, &twice.states), (&written.sink, &states));
    let mut header = Output::new();
    stream.header().write(&mut header).expect("read before");
    let has_header = bytes.starts_with(&header.into_bytes());
    let offsets: Vec<_> = states.iter().map(|meta| meta.offsets.iter().collect::<Vec<_>>()).collect();
    let as_before: Vec<_> = handle.states.iter().map(|meta| meta.offsets.iter().collect::<Vec<_>>()).collect();
    if has_header
        && stream.header().compressed != Some(true)
        && offsets == as_before
        && bytes.len() == written.sink.len()
    {
        assert_eq!(written.sink, bytes);
    }
}

/// What each state means, without what a writer may spell differently.
fn meaning(found: &Fingerprint) -> BTreeMap<String, String> {
    let states = found.operators.iter().flat_map(|(id, operator)| {
        operator.states.iter().filter(|(_, state)| state.total.entries > 0).map(move |(key, state)| {
            (format!("{id} {key}"), format!("{} {:?} {:?}", operator.max_parallelism, state.total, state.key_groups))
        })
    });
    let masters = found.master_states.iter().map(|(name, digest)| (format!("master {name}"), format!("{digest:?}")));
    states.chain(masters).collect()
}

/// The files of a directory.
fn files(directory: &Path) -> io::Result<BTreeMap<std::ffi::OsString, Vec<u8>>> {
    fs::read_dir(directory)?
        .map(|entry| entry.and_then(|entry| Ok((entry.file_name(), fs::read(entry.path())?))))
        .collect()
}

fn savepoint(release: u8, compression: u8, input: &[u8]) {
    let bundle = Bundle::read(input);
    let Ok(metadata) = Metadata::parse(&bundle.metadata) else { return };
    let savepoint = Savepoint::new(metadata, InMemory::new(&bundle));
    let release = Release::ALL.get(usize::from(release) % Release::ALL.len()).copied().unwrap_or(Release::V2_3);
    let compression = [None, Some(false), Some(true)].get(usize::from(compression % 3)).copied().flatten();
    let rewrite = Rewrite { release, dropping: Dropping::everything(), compression };
    let scratch = Scratch::new().expect("a temporary directory");
    let write = |name: &str, savepoint: &dyn Fn(SavepointWriter) -> Result<(), RewriteError>| {
        let directory = scratch.path().join(name);
        let done = savepoint(
            SavepointWriter::create(&directory)
                .expect("a new directory")
                .inline(usize::from(compression.is_some()) * 64),
        );
        done.map(|()| directory)
    };
    let first = match write("first", &|writer| rewrite.run(&savepoint, writer)) {
        Ok(first) => first,
        Err(RewriteError::Part(_)) => return,
        Err(RewriteError::Write(error)) => {
            let error = error.downcast::<Error>().expect("nothing but the format is in the way");
            // What is the writer's own limit, or what is in the wrong place.
            assert!(!matches!(error.kind(), ErrorKind::UnknownStateId { .. }), "{error}");
            return;
        }
    };
    let bytes = fs::read(first.join(METADATA)).expect("just written");
    let again = Savepoint::new(Metadata::parse(&bytes).expect("just written"), Directory::new(&first));
    let (before, after) = (fingerprint(&savepoint, &mut |_| ()), fingerprint(&again, &mut |_| ()));
    if before.failures.is_empty() && before.remarks.is_empty() {
        assert!(after.failures.is_empty(), "{:?}", after.failures);
        assert_eq!(meaning(&after), meaning(&before));
    }
    let second = write("second", &|writer| rewrite.run(&again, writer)).expect("just written");
    assert!(
        files(&first).expect("just written") == files(&second).expect("just written"),
        "the second time is as the first"
    );
}

/// One run.
pub fn run(input: &[u8]) {
    match input {
        [kind, rest @ ..] if kind % 4 == 0 => metadata(rest),
        [kind, rest @ ..] if kind % 4 == 1 => keyed(rest),
        [kind, rest @ ..] if kind % 4 == 2 => operator(rest),
        [_, release, compression, rest @ ..] => savepoint(*release, *compression, rest),
        _ => {}
    }
}
