//! The chapter on operator state.

use std::collections::{BTreeMap, HashSet};

use flink_savepoint::compression::IDENTIFIER;
use flink_savepoint::logical::Digest;
use flink_savepoint::meta_info::{StateKind, StateMetaInfo};
use flink_savepoint::metadata::OperatorStateHandle;
use flink_savepoint::operator::{OperatorStream, OperatorWriter, SnappyLayout, broadcast_entries};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::wire::{JavaStr, Output};

use super::place::Report;
use super::rewritten::{Compare, header_again};
use super::values::{broken_by, told};
use super::{agreement, compression, keyed};
use crate::reading::offset_in;
use crate::text;

pub(super) const REQUIREMENTS: &[&str] = &[
    "OPSTATE-NAMES-01",
    "OPSTATE-NAMES-02",
    "OPSTATE-NAMES-03",
    "OPSTATE-MODE-01",
    "OPSTATE-BROADCAST-01",
    "OPSTATE-BROADCAST-02",
    "OPSTATE-PARTITION-01",
    "OPSTATE-OFFSET-01",
    "OPSTATE-EMPTY-01",
    "OPSTATE-ORDER-02",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[
    ("OPSTATE-VERSION-01", "it depends on the release that is to read: the question of --target"),
    ("OPSTATE-ORDER-01", "only the job knows the order of its elements"),
];

/// An operator stream with its states and the offsets of their partitions.
pub(super) struct Elements<'s, 'a> {
    stream: &'s OperatorStream<'a>,
    /// By state, in the order of the header.
    offsets: Vec<Vec<u64>>,
}

impl<'s, 'a> Elements<'s, 'a> {
    pub(super) fn new(stream: &'s OperatorStream<'a>, handle: &OperatorStateHandle<'_>) -> Self {
        // Of two with one name Flink keeps the later.
        let by_name: BTreeMap<JavaStr<'static>, Vec<u64>> = handle
            .states
            .iter()
            .map(|meta| {
                (meta.name.canonical(), meta.offsets.iter().filter_map(|offset| u64::try_from(offset).ok()).collect())
            })
            .collect();
        let of = |state: &StateMetaInfo<'_>| by_name.get(&state.name.canonical()).cloned().unwrap_or_default();
        Self { stream, offsets: stream.header().all_states().map(of).collect() }
    }

    /// Looks at the header and all partitions.
    pub(super) fn check(&self, subtask: u32, report: &mut Report<'_>) {
        self.header(report);
        if self.stream.layout() == SnappyLayout::Plain {
            self.order(report);
        } else if !self.chunks(report) {
            return;
        }
        let mut buffer = Vec::new();
        for i in 0..self.offsets.len() {
            self.state(i, subtask, &mut buffer, report);
        }
        self.written_again(report);
    }

    fn header(&self, report: &mut Report<'_>) {
        let header = self.stream.header();
        if self.offsets.is_empty() {
            report.at("OPSTATE-EMPTY-01", 0, "header", || "a stream without states".to_owned());
        }
        for (i, state) in header.states.iter().enumerate() {
            keyed::meta_info(state, &format!("header.state[{i}]"), self.offset_of(state), report);
        }
        for (i, state) in header.broadcast_states.iter().enumerate() {
            keyed::meta_info(state, &format!("header.broadcast_state[{i}]"), self.offset_of(state), report);
        }
        let mut out = Output::new();
        if header.write(&mut out).is_ok() {
            header_again(&out.into_bytes(), self.stream.bytes(), self.stream.data().offset(), report);
        }
    }

    /// Where a state of the header stands: as far before the data as its bytes do.
    fn offset_of(&self, state: &StateMetaInfo<'_>) -> u64 {
        offset_in(self.stream.bytes(), state.raw()).unwrap_or(0)
    }

    /// The data stands in the order of the header, directly behind it.
    fn order(&self, report: &mut Report<'_>) {
        let mut before = self.stream.data().offset();
        for (i, offsets) in self.offsets.iter().enumerate() {
            for (j, offset) in offsets.iter().enumerate() {
                if *offset < before {
                    let path = format_args!("state[{i}].partition[{j}]");
                    return report.at("OPSTATE-ORDER-02", *offset, path, || {
                        format!("it stands before what ends at {before}: the data is not in the order of the header")
                    });
                }
                before = *offset;
            }
        }
        if let Some((offset, count)) = self.stream.unreached() {
            report.at("OPSTATE-ORDER-02", offset, "data", || {
                format!("{} that no offset leads to", text::count(count, "byte"))
            });
        }
    }

    /// Whether the data is a framed stream, and the offsets lead to chunks of it.
    fn chunks(&self, report: &mut Report<'_>) -> bool {
        let data = self.stream.data();
        let by_state = self.stream.layout() == SnappyLayout::ByState;
        if by_state {
            report.at("SNAPPY-OPERATOR-01", data.offset(), "data", || {
                "a framed stream for each state, or offsets that are not those of elements, as Flink 1.18.0 and 1.18.1 \
                 wrote: later releases read wrong elements from it"
                    .to_owned()
            });
        }
        if !data.is_empty() && !data.bytes().starts_with(&IDENTIFIER) {
            report.at("SNAPPY-IDENTIFIER-01", data.offset(), "data", || {
                "compressed data that does not start with an identifier".to_owned()
            });
            return false;
        }
        // Offsets in ascending order, each compared with the chunk that comes next: as many chunks as there are need no memory.
        let of_state =
            |(i, offsets): (usize, &Vec<u64>)| offsets.iter().zip(0..).map(|(at, j)| (*at, i, j)).collect::<Vec<_>>();
        let mut offsets: Vec<(u64, usize, usize)> = self.offsets.iter().enumerate().flat_map(of_state).collect();
        offsets.sort_unstable();
        let mut rest = offsets.into_iter().peekable();
        let (mut wrong, mut second) = (Vec::new(), None);
        compression::chunks(data, "data", &mut Vec::new(), report, |chunk| {
            if chunk.is_identifier {
                second = second.or((chunk.offset > data.offset()).then_some(chunk.offset));
                return;
            }
            // Padding holds no element.
            if chunk.size == 0 {
                return;
            }
            wrong.extend(std::iter::from_fn(|| rest.next_if(|(offset, ..)| *offset < chunk.offset)));
            while rest.next_if(|(offset, ..)| *offset == chunk.offset).is_some() {}
        });
        wrong.extend(rest.filter(|(offset, ..)| *offset != data.end()));
        if by_state {
            return true;
        }
        if let Some(second) = second {
            report.at("SNAPPY-CHUNK-02", second, "data", || "a second identifier, which readers skip".to_owned());
        }
        for (offset, i, j) in &wrong {
            report.at("SNAPPY-OPERATOR-02", *offset, format_args!("state[{i}].partition[{j}]"), || {
                format!("no chunk of data starts at offset {offset}")
            });
        }
        wrong.is_empty()
    }

    fn state(&self, i: usize, subtask: u32, buffer: &mut Vec<u8>, report: &mut Report<'_>) {
        let Some(info) = self.stream.header().state(i) else { return };
        let offsets = self.offsets.get(i).map_or(&[][..], Vec::as_slice);
        let ty = info.value_serializer.type_description();
        let mut number = 0;
        let read = self.stream.for_each_partition::<flink_savepoint::Error>(i, buffer, |partition| {
            let offset = offsets.get(number).copied().unwrap_or(0);
            let path = format!("state[{i}].partition[{number}]");
            number += 1;
            if info.kind == StateKind::Broadcast {
                broadcast(info, partition, (offset, &path), subtask, report);
            } else if let Err(error) = ty.decode(partition) {
                report.at(broken_by(&error, "OPSTATE-PARTITION-01"), offset, &path, || told("value", &error));
            }
            Ok(())
        });
        if let Err(error) = read {
            report.error(&error);
        }
    }

    fn written_again(&self, report: &mut Report<'_>) {
        if !report.is_sound() || self.stream.layout() != SnappyLayout::Plain {
            return;
        }
        let Ok(mut writer) = OperatorWriter::new(Compare::new(self.stream.bytes()), self.stream.header()) else {
            return;
        };
        for i in 0..self.offsets.len() {
            let written =
                self.stream.for_each_partition(i, &mut Vec::new(), |partition| writer.partition(i, partition));
            if written.is_err() {
                return;
            }
        }
        let Ok(written) = writer.finish() else { return };
        if let Some(offset) = written.sink.difference() {
            let id = if offset < self.stream.data().offset() { "WIRE-LAYOUT-01" } else { "OPSTATE-ORDER-02" };
            report.again(id, offset, "data", || "written again, the stream has other bytes from here on".to_owned());
        }
    }
}

/// A broadcast map: each key once, and the same in every subtask.
fn broadcast(
    info: &StateMetaInfo<'_>,
    partition: &[u8],
    (offset, path): (u64, &str),
    subtask: u32,
    report: &mut Report<'_>,
) {
    let Some(entries) = broadcast_entries(info, partition) else { return };
    let key_type = info.key_serializer.as_ref().map(SerializerSnapshot::type_description);
    let value_type = info.value_serializer.type_description();
    let mut keys = HashSet::new();
    let mut digest = Digest::default();
    for (n, (key, value)) in entries.into_iter().enumerate() {
        digest.add(0, key, value);
        // Keys and values are slices of the partition.
        let at = |part: &[u8]| offset.saturating_add(offset_in(partition, part).unwrap_or(0));
        let path = format!("{path}.entry[{n}]");
        if !keys.insert(key) {
            report.at("OPSTATE-BROADCAST-02", at(key), &path, || "the key is in the map twice".to_owned());
        }
        let parts = [("key", key_type.as_ref(), key), ("value", Some(&value_type), value)];
        for (what, ty, bytes) in parts {
            if let Some(Err(error)) = ty.map(|ty| ty.decode(bytes)) {
                report.at(broken_by(&error, "OPSTATE-PARTITION-01"), at(bytes), &path, || told(what, &error));
            }
        }
    }
    agreement::broadcast(&info.name, digest, subtask, (offset, path), report);
}
