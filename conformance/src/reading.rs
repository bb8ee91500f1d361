//! What the reference says of a savepoint when it reads everything in it: metadata, streams, keys and values.

use std::cell::Cell;
use std::sync::Arc;

use flink_savepoint::Error;
use flink_savepoint::keyed::{Entry, KeyLayout, KeyedStream, RawTimers, Timer};
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::metadata::{KeyGroupOffsets, KeyedHandle, Metadata};
use flink_savepoint::savepoint::{METADATA, Part, PartState, Savepoint, Store, Why};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::value::TypeDescription;
use flink_savepoint::wire::Input;

/// The first error that reading meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The requirement that is broken.
    pub requirement: String,
    /// The code of the error; empty for what is no error of the format's own.
    pub code: String,
    /// Its class: `foreign`, `malformed`, ...
    pub class: &'static str,
    /// The file.
    pub file: String,
    /// The byte of it.
    pub offset: u64,
    /// The error as text.
    pub text: String,
}

impl Refusal {
    fn of(file: &str, error: &Error, start: u64) -> Self {
        Self {
            requirement: error.kind().requirement().to_owned(),
            code: error.kind().code().to_owned(),
            class: error.kind().class().name(),
            file: file.to_owned(),
            offset: start + error.offset(),
            text: error.to_string(),
        }
    }

    /// What has no error of its own in the format: files that cannot be opened, offsets of raw state, other formats.
    fn other(file: &str, text: String) -> Self {
        Self {
            requirement: String::new(),
            code: String::new(),
            class: "invalid",
            file: file.to_owned(),
            offset: 0,
            text,
        }
    }
}

/// Reads all of a savepoint, of which `metadata` is the content of the metadata file; the first error, if there is one.
pub fn refusal<S: Store>(metadata: &[u8], store: S) -> Option<Refusal> {
    let parsed = match Metadata::parse(metadata) {
        Ok(metadata) => metadata,
        Err(error) => return Some(Refusal::of(METADATA, &error, 0)),
    };
    let savepoint = Savepoint::new(parsed, store);
    let operators = &savepoint.metadata().operators;
    operators.iter().find_map(|operator| {
        savepoint.for_each_part(&operator, |part| part_of((&savepoint, metadata), part).map_or(Ok(()), Err)).err()
    })
}

fn part_of<'a, S: Store>((savepoint, metadata): (&Savepoint<'a, S>, &[u8]), part: &Part<'_, 'a>) -> Option<Refusal> {
    let file = part.file().unwrap_or_else(|| METADATA.to_owned());
    // Values of lists and maps count from their own start.
    let start = Cell::new(0);
    let read = match part.state {
        PartState::ManagedKeyed(handle) => savepoint.keyed(part, handle, |stream| keyed(stream, &start)),
        PartState::ManagedOperator(handle) => savepoint.operator_state(part, handle, |stream| {
            // That a partition is what its serializers write is a part of reading it.
            let states = 0..stream.header().all_states().count();
            states.into_iter().try_for_each(|i| stream.for_each_partition(i, &mut Vec::new(), |_| Ok(())).map(|_| ()))
        }),
        PartState::RawKeyed(handle) => return raw_keyed((savepoint, metadata), part, handle, &file),
        PartState::RawOperator(handle) => savepoint.raw_operator(part, handle, |_, _| ()),
        PartState::Channels => Ok(()),
    };
    match read.err()?.why {
        Why::Stream { file: Some(file), error } => Some(Refusal::of(&file, &error, start.get())),
        Why::Stream { file: None, error } => Some(Refusal::of(METADATA, &error, 0)),
        other => Some(Refusal::other(&file, other.to_string())),
    }
}

fn raw_keyed<'a, S: Store>(
    (savepoint, metadata): (&Savepoint<'a, S>, &[u8]),
    part: &Part<'_, 'a>,
    handle: &KeyedHandle<'a>,
    file: &str,
) -> Option<Refusal> {
    let mut refused = None;
    let read = savepoint.raw_keyed(part, handle, |group, section| {
        if let Err(error) = RawTimers::read(Input::new(section)) {
            // Inline state stands in the metadata file.
            let start = offset_in(metadata, section).or_else(|| match handle {
                KeyedHandle::KeyGroups(of) => section_offset(&of.offsets, group),
                _ => None,
            });
            refused.get_or_insert_with(|| Refusal::of(file, &error, start.unwrap_or(0)));
        }
    });
    read.err().map(|failure| Refusal::other(file, failure.why.to_string())).or(refused)
}

/// Where the section of a key group starts; none if it has none.
pub(crate) fn section_offset(offsets: &KeyGroupOffsets<'_>, group: u32) -> Option<u64> {
    let i = usize::try_from(group.checked_sub(offsets.range().start())?).ok()?;
    u64::try_from(offsets.offsets().get(i)?).ok()
}

/// Where `part` starts in `whole`, if it is a part of it.
pub(crate) fn offset_in(whole: &[u8], part: &[u8]) -> Option<u64> {
    let at = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (at.checked_add(part.len())? <= whole.len()).then_some(at as u64)
}

/// The types of a state.
struct Types {
    kind: StateKind,
    key: Arc<TypeDescription>,
    namespace: Option<TypeDescription>,
    value: TypeDescription,
    layout: Option<KeyLayout>,
}

fn keyed(stream: &KeyedStream<'_>, start: &Cell<u64>) -> Result<(), Error> {
    let header = stream.header();
    let types = |state: &StateMetaInfo<'_>| Types {
        kind: state.kind,
        key: header.key_serializer.shared_type(),
        namespace: state.namespace_serializer.as_ref().map(SerializerSnapshot::type_description),
        value: state.value_serializer.type_description(),
        layout: KeyLayout::of(&header.key_serializer, state),
    };
    let types: Vec<Types> = header.states.iter().map(types).collect();
    for section in stream.sections() {
        // Where a part of an entry stands; in a compressed section only the section can be named.
        let window = section.bytes();
        let at = |bytes: &[u8]| {
            let inside = if section.is_compressed() { None } else { offset_in(window, bytes) };
            section.offset() + inside.unwrap_or(0)
        };
        section.for_each(&mut Vec::new(), |entry| match types.get(usize::from(entry.state.0)) {
            Some(types) => decode(types, &entry, &at, start),
            None => Ok(()),
        })?;
    }
    Ok(())
}

fn decode(types: &Types, entry: &Entry<'_>, at: &dyn Fn(&[u8]) -> u64, start: &Cell<u64>) -> Result<(), Error> {
    let read = |ty: &TypeDescription, bytes: &[u8]| ty.decode_at(Input::with_offset(bytes, at(bytes))).map(|_| ());
    if let Some(parts) = types.layout.as_ref().and_then(|layout| layout.split(entry.key)) {
        read(&types.key, parts.key)?;
        if let Some(namespace) = &types.namespace {
            read(namespace, parts.namespace)?;
        }
        if let (Some(user_key), TypeDescription::Map { key, .. }) = (parts.user_key, &types.value) {
            read(key, user_key)?;
        }
    } else if types.kind == StateKind::PriorityQueue
        && let Some((key, _)) = Timer::read(entry.key).and_then(|timer| timer.split(&types.key))
    {
        read(&types.key, key)?;
    }
    match (types.kind, &types.value) {
        (StateKind::PriorityQueue, _) => Ok(()),
        (StateKind::Keyed(KeyedStateType::List), TypeDescription::List { element, .. }) => {
            within(start, at(entry.value), || element.decode_list_state(entry.value).map(|_| ()))
        }
        (StateKind::Keyed(KeyedStateType::Map), TypeDescription::Map { value, .. }) => {
            within(start, at(entry.value), || value.decode_map_value(entry.value).map(|_| ()))
        }
        (_, ty) => read(ty, entry.value),
    }
}

/// Leaves behind where the bytes started that could not be read.
fn within(start: &Cell<u64>, at: u64, read: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    read().inspect_err(|_| start.set(at))
}
