//! However the bytes of a stream get here, they say the same, and errors name the same byte: as a slice, inline in `_metadata`, as a
//! file in memory, read from the disk or mapped; and as a window of a larger file, where all offsets move along.
//!
//! Input: what it is (even: keyed stream, odd: operator stream), then an input of the target `keyed_stream` or `operator_state`.

use std::fmt::{Debug, Write as _};
use std::fs;

use flink_savepoint::Error;
use flink_savepoint::compression::Chunks;
use flink_savepoint::keyed::{KeyedHeader, KeyedStream, RawTimers};
use flink_savepoint::metadata::stream_handle::{ByteStreamHandle, RelativeFileHandle};
use flink_savepoint::metadata::{
    Handles, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Metadata, MetadataVersion, Operator, OperatorId,
    OperatorStateHandle, Release, StateSize, StreamHandle, Subtask, SubtaskState, Subtasks, Target,
};
use flink_savepoint::operator::{OperatorHeader, OperatorStream};
use flink_savepoint::savepoint::{Directory, PartState, Savepoint, Store, Why};
use flink_savepoint::serializer::{Hints, SerializerSnapshot};
use flink_savepoint::wire::Input;
use flink_savepoint_conformance::store::{MappedFiles, map_file};

use super::savepoint_dir::InMemory;
use super::{keyed_stream, operator_state};
use crate::bundle::Bundle;
use crate::mutate::{Rng, Shape};
use crate::scratch::Scratch;

/// Name of the stream's file.
const FILE: &str = "state";
/// Where a window starts in its file.
const BASE: u64 = 1 << 33;

/// Mutates what stands behind the first byte as what that says it is.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) -> &'static str {
    if bytes.is_empty() {
        return crate::mutate::mutate(Shape::Bytes, bytes, other, most, rng);
    }
    let mut tail = bytes.split_off(1);
    let from = other.get(1..).filter(|_| other.first().map(|other| other % 2) == bytes.first().map(|kind| kind % 2));
    let from = from.map_or_else(|| tail.clone(), <[u8]>::to_vec);
    let is_keyed = bytes.first().is_some_and(|kind| kind % 2 == 0);
    let stream = if is_keyed { keyed_stream::mutate } else { operator_state::mutate };
    let done = stream(&mut tail, &from, most.saturating_sub(1), rng);
    bytes.append(&mut tail);
    done
}

/// What reading gives: a digest of the content, or the error.
type Read = Result<String, Error>;

fn keyed(stream: &KeyedStream<'_>) -> Read {
    let mut all = format!("{:?}", stream.header());
    stream.for_each::<Error>(&mut Vec::new(), |group, entry| {
        let _ = write!(all, "{group:?} {entry:?}");
        Ok(())
    })?;
    Ok(all)
}

fn operator(stream: &OperatorStream<'_>) -> Read {
    let mut all = format!("{:?}", stream.header());
    for i in 0..stream.header().all_states().count() {
        let told_apart = stream.for_each_partition::<Error>(i, &mut Vec::new(), |partition| {
            let _ = write!(all, "{i} {partition:?}");
            Ok(())
        })?;
        all += if told_apart { "," } else { "?" };
    }
    Ok(all)
}

/// The handle of the stream in a savepoint: by itself, or by the file.
fn delegate(bytes: Option<&[u8]>, length: usize) -> StreamHandle<'static> {
    match bytes {
        Some(bytes) => {
            StreamHandle::ByteStream(ByteStreamHandle { handle_name: FILE.into(), data: bytes.to_vec().into() })
        }
        None => StreamHandle::Relative(RelativeFileHandle {
            relative_path: FILE.into(),
            state_size: StateSize::known(length as u64).unwrap_or(StateSize::UNKNOWN),
        }),
    }
}

/// The metadata file of a savepoint with nothing but these handles.
fn metadata(max_parallelism: u32, handles: Handles<'static>) -> Vec<u8> {
    let mut metadata = Metadata::new(MetadataVersion::V3, 1);
    let subtasks = vec![Subtask { index: 0, state: SubtaskState::Running(handles) }];
    metadata.operators = vec![Operator {
        name: None,
        uid: None,
        id: OperatorId([7; 16]),
        parallelism: 1,
        max_parallelism,
        coordinator_state: None,
        subtasks: Subtasks::Listed(subtasks.into()),
    }]
    .into();
    metadata.write(Target::release(Release::V1_13)).expect("nothing that has no place in it")
}

/// What a savepoint's one stream says.
fn of_savepoint<S: Store>(metadata: &[u8], store: S) -> Read {
    let savepoint = Savepoint::new(Metadata::parse(metadata).expect("just written"), store);
    let mut read = None;
    for one in &savepoint.metadata().operators {
        let visited: Result<(), ()> = savepoint.for_each_part(&one, |part| {
            read = Some(match part.state {
                PartState::ManagedKeyed(handle) => savepoint.keyed(part, handle, keyed),
                PartState::ManagedOperator(handle) => savepoint.operator_state(part, handle, operator),
                other => panic!("{other:?} was not written"),
            });
            Ok(())
        });
        assert_eq!(visited, Ok(()));
    }
    read.expect("there is one").map_err(|failure| match failure.why {
        Why::Stream { error, .. } => error,
        why => panic!("{why}"),
    })
}

/// Reads the stream in every way that a savepoint can have it.
fn everywhere(bytes: &[u8], expected: &Read, of: &dyn Fn(StreamHandle<'static>) -> Vec<u8>) {
    let file = of(delegate(None, bytes.len()));
    let bundle = Bundle { metadata: file.clone(), files: vec![(FILE.to_owned(), bytes.to_vec())] };
    let scratch = Scratch::new().expect("a temporary directory");
    let directory = scratch.put("savepoint", &bundle).expect("two files");
    let inline = of(delegate(Some(bytes), bytes.len()));
    same("inline", &of_savepoint(&inline, InMemory::new(&Bundle::default())), expected);
    same("in memory", &of_savepoint(&file, InMemory::new(&bundle)), expected);
    same("a file", &of_savepoint(&file, Directory::new(&directory)), expected);
    same("a mapped file", &of_savepoint(&file, MappedFiles::new(&directory, false)), expected);
    // Inline state at another place than the start of a page.
    let shifted = [&[0xFF; 3][..], bytes].concat();
    fs::write(directory.join("shifted"), &shifted).expect("a file");
    let mapped = map_file(&directory.join("shifted")).expect("just written");
    assert_eq!(mapped.as_ref().get(3..), Some(bytes));
}

#[track_caller]
fn same<T: PartialEq + Debug, E: Debug>(how: &str, found: &Result<T, E>, expected: &Result<T, E>) {
    match (found, expected) {
        (Ok(found), Ok(expected)) => assert!(found == expected, "{how}: {found:?}, not {expected:?}"),
        // Kind, offset and field.
        (Err(found), Err(expected)) => assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{how}"),
        _ => panic!("{how}: {found:?}, not {expected:?}"),
    }
}

/// What is read from the start of a file and from a window of one is the same, and so are errors but for their offset.
#[track_caller]
fn moved<'a, T: Debug>(bytes: &'a [u8], read: impl Fn(Input<'a>) -> Result<T, Error>) {
    let (here, there) = (read(Input::new(bytes)), read(Input::with_offset(bytes, BASE)));
    match (here, there) {
        (Ok(here), Ok(there)) => assert_eq!(format!("{here:?}"), format!("{there:?}")),
        (Err(here), Err(there)) => {
            assert_eq!(here.offset() + BASE, there.offset(), "{here}");
            assert_eq!((here.kind(), here.path()), (there.kind(), there.path()));
        }
        (here, there) => panic!("{here:?}, and at another place {there:?}"),
    }
}

/// Everything that takes a window.
fn windows(bytes: &[u8]) {
    let hints = Hints::default();
    moved(bytes, |input| {
        let (rest, header) = KeyedHeader::read(input)?;
        Ok((rest.len(), format!("{header:?}")))
    });
    moved(bytes, |input| {
        KeyedHeader::read_to(input, Some(input.end()), &hints).map(|(rest, header)| (rest.len(), format!("{header:?}")))
    });
    moved(bytes, |input| OperatorHeader::read(input).map(|(rest, header)| (rest.len(), format!("{header:?}"))));
    moved(bytes, RawTimers::read);
    moved(bytes, |input| {
        let (mut chunks, mut content) = (Chunks::resumed(input), Vec::new());
        while chunks.next_into(&mut content)? {}
        Ok((chunks.rest().len(), content))
    });
    if let Ok((rest, header)) = KeyedHeader::read(Input::new(bytes)) {
        let types = header.states.iter().map(|state| &state.value_serializer).map(SerializerSnapshot::type_description);
        for ty in types.chain([header.key_serializer.type_description()]) {
            moved(rest.bytes(), |input| ty.decode_at(input));
        }
    }
}

fn of_keyed(input: &[u8]) {
    let Some(keyed_stream::Stream { offsets, max, bytes }) = keyed_stream::Stream::of(input) else { return };
    windows(bytes);
    let expected = KeyedStream::open(bytes, &offsets, max).and_then(|stream| keyed(&stream));
    everywhere(bytes, &expected, &|delegate| {
        let handle = KeyGroupsHandle { format: KeyGroupsFormat::Savepoint, offsets: offsets.clone(), delegate };
        let managed_keyed = Some(KeyedHandle::KeyGroups(handle));
        metadata(max.get().into(), Handles { managed_keyed, ..Handles::default() })
    });
}

fn of_operator(input: &[u8]) {
    let Some(operator_state::Stream { handle, bytes, .. }) = operator_state::Stream::of(input) else {
        return windows(input.get(1..).unwrap_or_default());
    };
    windows(bytes);
    let expected = OperatorStream::open(bytes, &handle).and_then(|stream| operator(&stream));
    everywhere(bytes, &expected, &|delegate| {
        let managed_operator = Some(OperatorStateHandle { delegate, ..handle.clone() });
        metadata(128, Handles { managed_operator, ..Handles::default() })
    });
}

/// One run.
pub fn run(input: &[u8]) {
    match input {
        [kind, rest @ ..] if kind % 2 == 0 => of_keyed(rest),
        [_, rest @ ..] => of_operator(rest),
        [] => {}
    }
}
