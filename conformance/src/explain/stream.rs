//! A stream of state, by what it is.

use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::operator::OperatorHeader;
use flink_savepoint::savepoint::is_heap_native;
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::wire::Input;

use super::sink::Stop;
use super::streams::{Kind, Stream};
use super::walker::Walker;
use super::{keyed, operator, raw};
use crate::text::hex;

/// Names the bytes of a stream. Offsets in `input` are those of the file that it stands in; those of the handle count from its start.
pub(super) fn explain(walker: &mut Walker<'_>, stream: &Stream<'_>, input: Input<'_>) -> Result<(), Stop> {
    match &stream.kind {
        Kind::Keyed { offsets: Some(offsets), canonical: false, .. } if is_heap_native(input.bytes(), offsets) => {
            keyed::heap_native(walker, offsets, input)
        }
        Kind::Keyed { offsets, max, .. } => keyed::explain(walker, offsets.as_ref(), *max, input),
        Kind::Operator(handle) => operator::explain(walker, handle.as_ref(), input),
        Kind::RawKeyed(offsets) => raw::keyed(walker, offsets, input),
        Kind::RawOperator(handle) => raw::operator(walker, handle, input),
        Kind::Native(_) => {
            walker.leaf(("native-stream", "content", None), "rest", input, input.len(), hex)?;
            Ok(())
        }
    }
}

/// Whether bytes inside of a metadata file are a stream of that kind. Handles can be made of any bytes, and in tests they are.
pub(super) fn is_one(stream: &Stream<'_>, bytes: &[u8]) -> bool {
    let inside = |offset: i64| u64::try_from(offset).is_ok_and(|offset| offset <= bytes.len() as u64);
    match &stream.kind {
        Kind::Keyed { .. } => bytes.starts_with(&[0, 0, 0, 6]),
        Kind::Operator(_) => matches!(bytes, [0, 0, 0, 1..=6, ..]),
        Kind::RawKeyed(offsets) => offsets.iter().all(|(_, offset)| offset == -1 || inside(offset)),
        Kind::RawOperator(handle) => handle.states.iter().all(|meta| meta.offsets.iter().all(inside)),
        Kind::Native(_) => false,
    }
}

/// What a stream is that no metadata points to: keyed state, or operator state, by its header.
pub(super) fn guess(bytes: &[u8]) -> Option<Kind<'static>> {
    if KeyedHeader::read(Input::new(bytes)).is_ok() {
        return Some(Kind::Keyed { offsets: None, max: None, canonical: true });
    }
    OperatorHeader::read(Input::new(bytes)).is_ok().then_some(Kind::Operator(None))
}

/// Tells the walker where the foreign bodies of those snapshots end, which stand in this order somewhere in `header`.
pub(super) fn know_foreign<'s, 'a: 's>(
    walker: &mut Walker<'_>,
    header: Input<'_>,
    snapshots: impl Iterator<Item = &'s SerializerSnapshot<'a>>,
) {
    for snapshot in snapshots.filter(|snapshot| snapshot.is_foreign()) {
        let raw = snapshot.raw();
        // Equal bytes have equal ends, so that it does not matter which of several is found first.
        let found = header.bytes().windows(raw.len().max(1)).enumerate().filter(|(_, window)| *window == raw);
        for (at, _) in found {
            let start = header.offset() + at as u64;
            walker.foreign.extend(snapshot.foreign_bodies().map(|(from, to)| (start + from, start + to)));
        }
    }
}
