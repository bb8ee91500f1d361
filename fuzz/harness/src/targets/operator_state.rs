//! Any bytes and offsets give partitions or an error with an offset inside the stream; what is read can be written and read again.
//!
//! Input: number of offsets of each state (at most 8), that many offsets of two bytes for each state, the stream.

use flink_savepoint::metadata::stream_handle::ByteStreamHandle;
use flink_savepoint::metadata::{Mode, OperatorStateHandle, StateMeta, StreamHandle};
use flink_savepoint::operator::{OperatorHeader, OperatorStream, OperatorWriter};
use flink_savepoint::wire::Input;
use flink_savepoint::{Error, Limits};

use crate::mutate::{Rng, Shape};

fn handle(states: Vec<StateMeta<'static>>) -> OperatorStateHandle<'static> {
    let delegate = ByteStreamHandle { handle_name: "fuzz".into(), data: (&[][..]).into() };
    OperatorStateHandle { states: states.into(), segmented: None, delegate: StreamHandle::ByteStream(delegate) }
}

/// The partitions of each state; none of a state whose partitions cannot be told apart.
pub(super) fn read(bytes: &[u8], handle: &OperatorStateHandle<'_>) -> Result<Vec<Option<Vec<Vec<u8>>>>, Error> {
    let stream = OperatorStream::open(bytes, handle)?.limits(Limits { entry: 1 << 20, ..Limits::default() });
    let mut states = Vec::new();
    for i in 0..stream.header().all_states().count() {
        let mut partitions = Vec::new();
        let told_apart = stream.for_each_partition::<Error>(i, &mut Vec::new(), |partition| {
            partitions.push(partition.to_vec());
            Ok(())
        })?;
        states.push(told_apart.then_some(partitions));
    }
    Ok(states)
}

/// What an input means.
pub(super) struct Stream<'i> {
    /// The states of the header, with their offsets. It leads nowhere.
    pub(super) handle: OperatorStateHandle<'static>,
    /// The stream.
    pub(super) bytes: &'i [u8],
    /// What it starts with.
    pub(super) header: OperatorHeader<'i>,
}

impl<'i> Stream<'i> {
    /// None if there is no header, or not of as many states as there are offsets.
    pub(super) fn of(input: &'i [u8]) -> Option<Self> {
        let [count, rest @ ..] = input else { return None };
        let per_state = usize::from(count % 8);
        // The header says how many states there are, and the header stands behind their offsets: as many as fit.
        let (offsets, bytes, header) = (0..4).rev().find_map(|states| {
            let (offsets, bytes) = rest.split_at_checked(2 * per_state * states)?;
            let (_, header) = OperatorHeader::read(Input::new(bytes)).ok()?;
            (header.all_states().count() == states).then_some((offsets, bytes, header))
        })?;
        let mut offsets = offsets.as_chunks().0.iter().map(|two| i64::from(i16::from_be_bytes(*two)));
        let metas = header.all_states().map(|state| StateMeta {
            name: state.name.clone().into_owned(),
            mode: state.kind.mode().unwrap_or(Mode::SplitDistribute),
            offsets: offsets.by_ref().take(per_state).collect(),
        });
        Some(Self { handle: handle(metas.collect()), bytes, header })
    }
}

/// Mutates the stream, and sometimes what stands before it.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) -> &'static str {
    let start = |input: &[u8]| Stream::of(input).map_or(1, |stream| input.len() - stream.bytes.len());
    super::behind(Shape::Operator, start, bytes, other, most, rng)
}

/// One run.
pub fn run(input: &[u8]) {
    let Some(Stream { handle: of_header, bytes, header }) = Stream::of(input) else {
        let rest = input.get(1..).unwrap_or_default();
        if let Err(error) = OperatorHeader::read(Input::new(rest)) {
            assert!(error.offset() <= rest.len() as u64, "{error}");
        }
        return;
    };
    let states = match read(bytes, &of_header) {
        Ok(states) => states,
        Err(error) => {
            assert!(error.offset() <= bytes.len() as u64, "{error}");
            return;
        }
    };
    let Some(states) = states.into_iter().collect::<Option<Vec<_>>>() else { return };
    let mut writer = OperatorWriter::new(Vec::new(), &header).expect("read before");
    for (i, partitions) in states.iter().enumerate() {
        for partition in partitions {
            writer.partition(i, partition).expect("read before");
        }
    }
    let written = writer.finish().expect("read before");
    let again = read(&written.sink, &handle(written.states)).expect("just written");
    // A single compressed list with empty elements could be by either writer, and only its serializer can tell.
    let Some(again) = again.into_iter().collect::<Option<Vec<_>>>() else {
        assert!(header.compressed == Some(true) && states.len() == 1);
        return;
    };
    assert!(again == states, "what was written is read again");
}
