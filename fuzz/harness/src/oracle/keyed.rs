//! Streams of keyed state: read by `FullSnapshotRestoreOperation`, which every backend restores savepoints with, and by
//! [`KeyedStream`].

pub(super) mod seeds;

use std::collections::BTreeMap;
use std::io;

use flink_savepoint::Error;
use flink_savepoint::keyed::{KeyGroup, KeyedStream, MaxParallelism, PrefixWidth};
use flink_savepoint::meta_info::{StateKind, StateMetaInfo};
use flink_savepoint::metadata::{KeyGroupOffsets, Release};

use super::lines::Lines;
use super::snapshot::{self, mutate_state};
use super::{Case, Difference, Reading, Refused, Subject, state_deviations};
use crate::mutate::{Rng, Shape};

/// The kind: number of offsets, first key group and max parallelism (four bytes each), offsets (eight each), the stream.
#[derive(Debug, Clone, Copy)]
pub struct KeyedState;

impl Subject for KeyedState {
    fn name(&self) -> &'static str {
        "keyed"
    }

    fn code(&self) -> u8 {
        b'k'
    }

    fn shape(&self) -> Shape {
        Shape::Keyed
    }

    fn mutate(&self, bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) {
        let (Some(mut input), Some(other)) = (Input::of_payload(bytes), Input::of_payload(other)) else { return };
        if rng.u8(..8) == 0 {
            input.lead_elsewhere(rng);
        } else {
            let before = input.stream.clone();
            mutate_state(Shape::Keyed, &mut input.stream, &other.stream, most, rng);
            // Half of the time the offsets follow the sections that have moved.
            if rng.bool() {
                input.follow(&before);
            }
        }
        *bytes = input.payload();
    }

    fn seeds(&self, release: Release) -> io::Result<Vec<Vec<u8>>> {
        Ok(seeds::streams(release)?.iter().map(Input::payload).collect())
    }

    fn read(&self, bytes: &[u8], _release: Release) -> Reading {
        let input = Input::of_payload(bytes).unwrap_or_default();
        Reading { verdict: read(&input).map_err(Refused::from), strict: None }
    }

    fn classify(&self, case: &Case<'_>, difference: &Difference) -> Option<&'static str> {
        state_deviations::keyed(case, difference)
    }
}

/// A stream with what its handle says.
#[derive(Debug, Clone)]
pub(super) struct Input {
    /// The first key group.
    pub(super) first: u32,
    /// Number of key groups of the operator.
    pub(super) max: MaxParallelism,
    /// Of the key groups from the first on.
    pub(super) offsets: Vec<i64>,
    /// The stream.
    pub(super) stream: Vec<u8>,
}

impl Default for Input {
    fn default() -> Self {
        let max = MaxParallelism::new(1).expect("in range");
        Self { first: 0, max, offsets: vec![0], stream: Vec::new() }
    }
}

impl Input {
    /// As the oracle takes it.
    pub(super) fn payload(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(12 + self.offsets.len() * 8 + self.stream.len());
        out.extend(u32::try_from(self.offsets.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend(self.first.to_be_bytes());
        out.extend(u32::from(self.max.get()).to_be_bytes());
        self.offsets.iter().for_each(|offset| out.extend(offset.to_be_bytes()));
        out.extend(&self.stream);
        out
    }

    /// The input of a payload.
    pub(super) fn of_payload(payload: &[u8]) -> Option<Self> {
        let (count, rest) = payload.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk()?;
        let (max, rest) = rest.split_first_chunk()?;
        let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
        let (offsets, stream) = rest.split_at_checked(count.checked_mul(8)?)?;
        Some(Self {
            first: u32::from_be_bytes(*first),
            max: MaxParallelism::new(u32::from_be_bytes(*max))?,
            offsets: offsets.as_chunks().0.iter().map(|offset| i64::from_be_bytes(*offset)).collect(),
            stream: stream.to_vec(),
        })
    }

    /// Shifts the offsets behind the place where the stream has become longer or shorter.
    fn follow(&mut self, before: &[u8]) {
        let same = self.stream.iter().zip(before).take_while(|(new, old)| new == old).count();
        let [new, old, same] = [self.stream.len(), before.len(), same].map(|n| i64::try_from(n).unwrap_or(0));
        self.offsets.iter_mut().filter(|offset| **offset > same).for_each(|offset| *offset += new - old);
    }

    /// Lets the offset of a key group with state lead elsewhere.
    fn lead_elsewhere(&mut self, rng: &mut Rng) {
        let length = i64::try_from(self.stream.len()).unwrap_or(0);
        let other = rng.choice(&self.offsets).copied().unwrap_or_default();
        let with_state: Vec<&mut i64> = self.offsets.iter_mut().filter(|offset| **offset != 0).collect();
        let Some(offset) = rng.choice(with_state) else { return };
        *offset = match rng.u8(..8) {
            0 => 0,
            1 => -1,
            2 => other,
            3 => offset.wrapping_add(rng.i64(-8..8)),
            4 => length,
            5 => rng.i64(..=length),
            6 => rng.i64(..),
            _ => *offset ^ 1 << rng.u8(..63),
        };
    }
}

/// Reads each section from its offset on; what stands between sections does not matter here, as it does not in Flink.
fn read(input: &Input) -> Result<Lines, Error> {
    let offsets =
        KeyGroupOffsets::new(input.first, input.offsets.iter().copied()).expect("an input has few key groups");
    let stream = KeyedStream::open_with(&input.stream, &offsets, input.max, &snapshot::hints())?;
    let mut groups = BTreeMap::new();
    let mut buffer = Vec::new();
    for section in stream.sections() {
        let mut lines = Lines::default();
        let KeyGroup(group) = section.key_group();
        let mut n = 0;
        section.for_each::<Error>(&mut buffer, |entry| {
            let path = format!("group[{group}][{n}].");
            n += 1;
            let prefix = entry.key_group.0.to_be_bytes();
            let prefix = match input.max.prefix_width() {
                PrefixWidth::One => prefix.split_at(1).1,
                PrefixWidth::Two => &prefix,
            };
            lines.add(&format!("{path}state"), entry.state.0);
            lines.bytes(&format!("{path}key"), &[prefix, entry.key].concat());
            lines.bytes(&format!("{path}value"), entry.value);
            Ok(())
        })?;
        groups.insert(group, lines);
    }
    let header = stream.header();
    let mut lines = Lines::default();
    lines.add("compressed", header.compressed);
    snapshot::render(&header.key_serializer, "key.", &mut lines);
    for (i, state) in header.states.iter().enumerate() {
        render(state, &format!("state[{i}]."), &mut lines);
    }
    for group in groups.values() {
        lines.append(group);
    }
    Ok(lines)
}

fn render(state: &StateMetaInfo<'_>, path: &str, lines: &mut Lines) {
    lines.text(&format!("{path}name"), &state.name);
    match state.kind {
        StateKind::Keyed(kind) => {
            lines.add(&format!("{path}type"), "KEY_VALUE");
            lines.text(&format!("{path}option[KEYED_STATE_TYPE]"), &kind.name().into());
        }
        _ => lines.add(&format!("{path}type"), "PRIORITY_QUEUE"),
    }
    // In the order of their names.
    let serializers = [
        ("KEY_SERIALIZER", state.key_serializer.as_ref()),
        ("NAMESPACE_SERIALIZER", state.namespace_serializer.as_ref()),
        ("VALUE_SERIALIZER", Some(&state.value_serializer)),
    ];
    for (name, serializer) in serializers {
        if let Some(serializer) = serializer {
            snapshot::render(serializer, &format!("{path}{name}."), lines);
        }
    }
}
