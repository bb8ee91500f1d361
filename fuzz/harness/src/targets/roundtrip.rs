//! Any model that can be made is written, read as the same model, and written as the same bytes; what a release drops of metadata is
//! what it has no place for.
//!
//! Input: which kind of model, then what `Arbitrary` makes it of.

use arbitrary::{Arbitrary, Unstructured};
use flink_savepoint::arbitrary::{
    KeyedEntry, KeyedModel, Metadata1_14, OperatorModel, SavepointModel, TypedValue, for_release,
};
use flink_savepoint::keyed::{Entry, KeyedHeader, KeyedStream};
use flink_savepoint::meta_info::{StateKind, StateMetaInfo};
use flink_savepoint::metadata::stream_handle::ByteStreamHandle;
use flink_savepoint::metadata::{
    Dropping, KeyedHandle, Metadata, OperatorStateHandle, ReadOptions, Release, StreamHandle, SubtaskState, Target,
};
use flink_savepoint::operator::OperatorStream;
use flink_savepoint::serializer::{Hints, SerializerSnapshot};
use flink_savepoint::{Error, ErrorKind};

fn read_strictly(bytes: &[u8]) -> Metadata<'_> {
    ReadOptions::new().strict(true).read(bytes).expect("just written")
}

fn metadata(model: &Metadata<'_>) {
    let written = model.to_bytes().expect("made to be written");
    let read = read_strictly(&written);
    assert_eq!(&read, model);
    assert!(read.to_bytes().expect("just read") == written);
    releases(model);
}

fn releases(model: &Metadata<'_>) {
    for release in Release::ALL {
        let target = Target::release(release);
        let dropped = model.write(target.dropping(Dropping::everything())).expect("nothing has to be kept");
        let read = read_strictly(&dropped);
        let expected = for_release(model, release);
        // In files of 1.14 changelog handles may look like those of other releases.
        if release != Release::V1_14 || read.has_changelog_of_1_14() {
            assert_eq!(read.operators, expected.operators, "{release}");
        }
        assert_eq!(read.master_states, expected.master_states);
        assert_eq!(read.properties, expected.properties);
        match model.write(target) {
            Ok(written) => assert!(written == dropped, "nothing was dropped"),
            Err(error) => {
                let ErrorKind::Unrepresentable { feature, release: named } = error.kind() else {
                    panic!("refused for another reason: {error}");
                };
                assert!(*named == release && !release.holds(*feature), "{error}");
            }
        }
    }
}

fn metadata_1_14(Metadata1_14(model): &Metadata1_14) {
    let written = model.write(Target::release(Release::V1_14)).expect("made to be written");
    let read = read_strictly(&written);
    if read.has_changelog_of_1_14() {
        // A model that was built does not say which layout it has.
        assert_eq!(read.operators, model.operators);
        assert!(read.to_bytes().expect("just read") == written);
    }
    releases(model);
}

fn typed_value(TypedValue { serializer, ty, value }: &TypedValue) {
    let snapshot = SerializerSnapshot::parse(serializer.raw(), &Hints::default()).expect("made to be read");
    assert_eq!(&snapshot, serializer);
    assert_eq!(&snapshot.type_description(), ty);
    let written = ty.encode(value).expect("a value of the type");
    assert_eq!(&ty.decode(&written).expect("just encoded"), value);
    assert_eq!(ty.value_length(&written), Some(written.len()));
    let flagged = ty.encode_map_value(value).expect("a value of the type");
    assert_eq!(&ty.decode_map_value(&flagged).expect("just encoded"), value);
}

/// What was read has its bytes besides, so that only the parts are the same.
fn same_states<'a>(
    read: impl Iterator<Item = &'a StateMetaInfo<'a>>,
    model: impl Iterator<Item = &'a StateMetaInfo<'a>>,
) {
    let parts = |info: &StateMetaInfo<'_>| (info.kind, info.as_flink_writes().expect("made to be written"));
    assert!(read.map(parts).eq(model.map(parts)));
}

fn same_entries(model: &KeyedModel, stream: &KeyedStream<'_>) {
    assert_eq!(stream.header().key_serializer, model.header.key_serializer);
    assert_eq!(stream.header().compressed, model.header.compressed);
    same_states(stream.header().states.iter(), model.header.states.iter());
    let mut entries = Vec::new();
    let visit = |key_group, entry: Entry<'_>| {
        assert_eq!(entry.key_group, key_group);
        let (key, value) = (entry.key.to_vec(), entry.value.to_vec());
        entries.push(KeyedEntry { key_group, state: entry.state, key, value });
        Ok(())
    };
    stream.for_each::<Error>(&mut Vec::new(), visit).expect("just written");
    assert_eq!(entries, model.entries);
}

fn keyed(model: &KeyedModel) {
    let written = model.write().expect("made to be written");
    let stream = KeyedStream::open(&written.sink, &written.offsets, model.max).expect("just written");
    same_entries(model, &stream);
    let header = stream.header().clone();
    let again = KeyedModel { header: into_static(&header), ..model.clone() };
    let again = again.write().expect("just read");
    assert!(again.sink == written.sink && again.offsets == written.offsets);
}

/// The header with the parts that were read.
fn into_static(header: &KeyedHeader<'_>) -> KeyedHeader<'static> {
    let states = header.states.iter().map(rebuilt).collect();
    let key_serializer = header.key_serializer.clone().into_owned();
    KeyedHeader { compressed: header.compressed, key_serializer, states }
}

fn rebuilt(info: &StateMetaInfo<'_>) -> StateMetaInfo<'static> {
    let owned = |serializer: Option<&SerializerSnapshot<'_>>| serializer.expect("of its kind").clone().into_owned();
    let value = owned(Some(&info.value_serializer));
    let mut rebuilt = match info.kind {
        StateKind::Keyed(kind) => StateMetaInfo::keyed("", kind, owned(info.namespace_serializer.as_ref()), value),
        StateKind::PriorityQueue => StateMetaInfo::timers("", value),
        StateKind::Operator { union } => StateMetaInfo::operator("", union, value),
        StateKind::Broadcast => StateMetaInfo::broadcast("", owned(info.key_serializer.as_ref()), value),
    };
    rebuilt.name = info.name.clone().into_owned();
    rebuilt
}

fn same_partitions(model: &OperatorModel, stream: &OperatorStream<'_>) {
    assert_eq!(stream.header().compressed, model.header.compressed);
    same_states(stream.header().all_states(), model.header.all_states());
    for (i, partitions) in model.partitions.iter().enumerate() {
        let mut read = Vec::new();
        let told_apart = stream.for_each_partition::<Error>(i, &mut Vec::new(), |partition| {
            read.push(partition.to_vec());
            Ok(())
        });
        assert!(told_apart.expect("just written"));
        assert_eq!(&read, partitions);
    }
}

fn operator(model: &OperatorModel) {
    let written = model.write().expect("made to be written");
    let handle = OperatorStateHandle {
        states: written.states.into(),
        segmented: None,
        delegate: StreamHandle::ByteStream(ByteStreamHandle { handle_name: "x".into(), data: (&[][..]).into() }),
    };
    let stream = OperatorStream::open(&written.sink, &handle).expect("just written");
    same_partitions(model, &stream);
    let mut header = model.header.clone();
    header.states = stream.header().states.iter().map(rebuilt).collect();
    header.broadcast_states = stream.header().broadcast_states.iter().map(rebuilt).collect();
    let again = OperatorModel { header, partitions: model.partitions.clone() }.write().expect("just read");
    assert!(again.sink == written.sink && handle.states == again.states.into());
}

fn savepoint(model: &SavepointModel) {
    let metadata = model.metadata().expect("made to be written");
    let bytes = metadata.to_bytes().expect("made to be written");
    let read = read_strictly(&bytes);
    assert_eq!(read, metadata);
    for (operator, model) in read.operators.iter().zip(&model.operators) {
        for (subtask, (keyed, state)) in operator.subtasks().zip(&model.subtasks) {
            let SubtaskState::Running(handles) = subtask.state else { panic!("none had finished") };
            if let (Some(model), Some(KeyedHandle::KeyGroups(handle))) = (keyed, &handles.managed_keyed) {
                let StreamHandle::ByteStream(inline) = &handle.delegate else { panic!("all are inline") };
                let stream = KeyedStream::open(&inline.data, &handle.offsets, model.max).expect("just written");
                same_entries(model, &stream);
            }
            if let (Some(model), Some(handle)) = (state, &handles.managed_operator) {
                let StreamHandle::ByteStream(inline) = &handle.delegate else { panic!("all are inline") };
                same_partitions(model, &OperatorStream::open(&inline.data, handle).expect("just written"));
            }
        }
    }
}

/// Makes a model and hands it to its check.
fn made<'u, T: Arbitrary<'u>>(u: &mut Unstructured<'u>, check: impl FnOnce(&T)) {
    if let Ok(model) = u.arbitrary() {
        check(&model);
    }
}

/// How many kinds of models there are.
pub const KINDS: u8 = 6;

/// One run.
pub fn run(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else { return };
    let u = &mut Unstructured::new(rest);
    match kind % KINDS {
        0 => made(u, metadata),
        1 => made(u, metadata_1_14),
        2 => made(u, typed_value),
        3 => made(u, keyed),
        4 => made(u, operator),
        _ => made(u, savepoint),
    }
}

#[cfg(test)]
mod tests {
    /// libFuzzer finds the rare ones; the common ones hold on the way through `cargo test`.
    #[test]
    fn models_of_random_bytes() {
        let mut random = fastrand::Rng::with_seed(7);
        for i in 0..600_u32 {
            let mut input = vec![0; random.usize(1..600)];
            random.fill(&mut input);
            input[0] = i.to_le_bytes()[0] % super::KINDS;
            super::run(&input);
        }
    }
}
