//! Any bytes and offsets give partitions or an error with an offset inside the stream; what is read can be written and read again.
//!
//! Input: number of offsets of each state (at most 8), that many offsets of two bytes for each state, the stream.

use flink_savepoint::metadata::stream_handle::ByteStreamHandle;
use flink_savepoint::metadata::{Mode, OperatorStateHandle, StateMeta, StreamHandle};
use flink_savepoint::operator::{OperatorHeader, OperatorStream, OperatorWriter};
use flink_savepoint::wire::Input;
use flink_savepoint::{Error, Limits};

fn handle(states: Vec<StateMeta<'static>>) -> OperatorStateHandle<'static> {
    let delegate = ByteStreamHandle { handle_name: "fuzz".into(), data: (&[][..]).into() };
    OperatorStateHandle { states: states.into(), segmented: None, delegate: StreamHandle::ByteStream(delegate) }
}

/// The partitions of each state; none of a state whose partitions cannot be told apart.
fn read(bytes: &[u8], handle: &OperatorStateHandle<'_>) -> Result<Vec<Option<Vec<Vec<u8>>>>, Error> {
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

/// One run.
pub fn run(input: &[u8]) {
    let [count, rest @ ..] = input else { return };
    let per_state = usize::from(count % 8);
    // The header says how many states there are, and the header stands behind their offsets: as many as fit.
    let found = (0..4).rev().find_map(|states| {
        let (offsets, bytes) = rest.split_at_checked(2 * per_state * states)?;
        let (_, header) = OperatorHeader::read(Input::new(bytes)).ok()?;
        (header.all_states().count() == states).then_some((offsets, bytes, header))
    });
    let Some((offsets, bytes, header)) = found else {
        if let Err(error) = OperatorHeader::read(Input::new(rest)) {
            assert!(error.offset() <= rest.len() as u64, "{error}");
        }
        return;
    };
    let mut offsets = offsets.as_chunks().0.iter().map(|two| i64::from(i16::from_be_bytes(*two)));
    let metas = header.all_states().map(|state| StateMeta {
        name: state.name.clone().into_owned(),
        mode: state.kind.mode().unwrap_or(Mode::SplitDistribute),
        offsets: offsets.by_ref().take(per_state).collect(),
    });
    let states = match read(bytes, &handle(metas.collect())) {
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
