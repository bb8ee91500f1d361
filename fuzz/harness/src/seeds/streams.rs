//! Seeds of the targets that take a stream of keyed or of operator state, and of the framing.

use std::fs;

use flink_savepoint::compression::{Framing, IDENTIFIER};
use flink_savepoint::keyed::{KeyGroup, KeyedStream, KeyedWriter, MaxParallelism};
use flink_savepoint::metadata::{KeyGroupRange, KeyGroupsHandle, KeyedHandle, Metadata, Offsets, OperatorStateHandle};
use flink_savepoint::operator::OperatorStream;
use flink_savepoint::savepoint::{Directory, METADATA, PartState, Savepoint};

use super::Seeds;
use super::vectors::Vector;

/// As many key groups as an input can have.
const KEY_GROUPS: u16 = 8;

/// The streams of a vector.
pub(super) fn of(vector: &Vector, seeds: &mut Seeds) {
    let Ok(bytes) = fs::read(vector.directory.join(METADATA)) else { return };
    let Ok(metadata) = Metadata::parse(&bytes) else { return };
    let savepoint = Savepoint::new(metadata, Directory::new(&vector.directory));
    for operator in &savepoint.metadata().operators {
        let visited: Result<(), ()> = savepoint.for_each_part(&operator, |part| {
            let name = format!("{}-{}-{}", vector.id, operator.id, part.subtask);
            // What the vectors only name, and what is not canonical, has no stream to give.
            match part.state {
                PartState::ManagedKeyed(handle @ KeyedHandle::KeyGroups(groups)) => {
                    if let Ok(Some(seed)) = savepoint.keyed(part, handle, |stream| Ok(first_sections(stream))) {
                        keyed(&name, seed, seeds);
                    } else if let Ok(bytes) = savepoint.bytes(&groups.delegate) {
                        let wide = operator.max_parallelism > 128;
                        keyed(&name, as_it_is(bytes.as_ref(), groups, wide), seeds);
                    }
                    // As it stands, a section is an input of the framing.
                    let _ = savepoint.keyed_sections(part, handle, |sections| {
                        for section in sections.iter().filter(flink_savepoint::keyed::Section::is_compressed).take(2) {
                            seeds.add("snappy", format!("{name}-{}", section.key_group()), section.bytes().to_vec());
                        }
                        Ok(())
                    });
                }
                PartState::ManagedOperator(handle) => {
                    if let Some(seed) =
                        savepoint.bytes(&handle.delegate).ok().and_then(|bytes| partitions(bytes.as_ref(), handle))
                    {
                        seeds.add("operator_state", &name, seed.clone());
                        seeds.add("chunking", format!("operator-{name}"), [&[1][..], &seed].concat());
                        seeds.add("rewrite", format!("operator-{name}"), [&[2][..], &seed].concat());
                    }
                }
                _ => {}
            }
            Ok(())
        });
        debug_assert_eq!(visited, Ok(()));
    }
}

fn keyed(name: &str, seed: Vec<u8>, seeds: &mut Seeds) {
    seeds.add("chunking", format!("keyed-{name}"), [&[0][..], &seed].concat());
    seeds.add("rewrite", format!("keyed-{name}"), [&[1][..], &seed].concat());
    seeds.add("keyed_stream", name, seed);
}

/// The first sections of a stream, as those of the first key groups; none if one of them cannot be read.
fn first_sections(stream: &KeyedStream<'_>) -> Option<Vec<u8>> {
    let wide = stream.max_parallelism().get() > 128;
    let max = MaxParallelism::new(if wide { 129 } else { 128 })?;
    let range = KeyGroupRange::new(0, KEY_GROUPS.into())?;
    let write = || -> std::io::Result<_> {
        let mut writer = KeyedWriter::new(Vec::new(), stream.header(), range, max)?;
        let mut buffer = Vec::new();
        for (group, section) in (0..KEY_GROUPS).zip(stream.sections()) {
            section
                .for_each(&mut buffer, |entry| writer.entry(KeyGroup(group), entry.state, entry.key, entry.value))?;
        }
        writer.finish()
    };
    let written = write().ok()?;
    Some(input(wide, written.offsets.offsets().iter(), &written.sink))
}

/// A stream up to the end of its first sections.
fn as_it_is(bytes: &[u8], handle: &KeyGroupsHandle<'_>, wide: bool) -> Vec<u8> {
    let (first, others): (Vec<_>, Vec<_>) =
        handle.offsets.iter().map(|(_, offset)| offset).enumerate().partition(|(i, _)| *i < KEY_GROUPS.into());
    let last = first.iter().map(|(_, offset)| *offset).max().unwrap_or(0);
    let end = others.iter().map(|(_, offset)| *offset).filter(|offset| *offset > last).min();
    let end = end.and_then(|end| usize::try_from(end).ok()).unwrap_or(bytes.len());
    input(wide, first.iter().map(|(_, offset)| *offset), bytes.get(..end).unwrap_or(bytes))
}

/// An input of the target `keyed_stream`.
fn input(wide: bool, offsets: impl Iterator<Item = i64>, stream: &[u8]) -> Vec<u8> {
    let mut offsets: Vec<u8> = offsets.flat_map(two_bytes).collect();
    offsets.resize(2 * usize::from(KEY_GROUPS), 0);
    [&[u8::try_from(KEY_GROUPS - 1).unwrap_or(0), wide.into()][..], &offsets, stream].concat()
}

/// A stream of operator state as it is, with as many offsets for each state, in the order of the header.
fn partitions(bytes: &[u8], handle: &OperatorStateHandle<'_>) -> Option<Vec<u8>> {
    let offsets: Vec<Offsets<'_>> = handle.states.iter().map(|meta| meta.offsets).collect();
    let most = offsets.iter().map(Offsets::len).max().unwrap_or(0);
    let stream = OperatorStream::open(bytes, handle).ok()?;
    let states = stream.header().all_states();
    let in_order = states.filter_map(|state| handle.states.iter().find(|meta| meta.name.same_text(&state.name)));
    let mut seed = vec![u8::try_from(most).unwrap_or(u8::MAX)];
    for meta in in_order {
        let last = meta.offsets.iter().last().unwrap_or_default();
        let padded = meta.offsets.iter().chain(std::iter::repeat(last)).take(most);
        seed.extend(padded.flat_map(two_bytes));
    }
    seed.extend(bytes);
    Some(seed)
}

fn two_bytes(offset: i64) -> [u8; 2] {
    i16::try_from(offset).unwrap_or(0).to_be_bytes()
}

/// Framed streams that no vector has: none, of one byte again and again, and with what may be skipped.
pub(super) fn compressed(seeds: &mut Seeds) {
    let framed = |data: &[u8]| {
        let mut out = IDENTIFIER.to_vec();
        Framing::new().append(data, &mut out);
        out
    };
    let numbers: Vec<u8> = (0..=255).cycle().take(600).collect();
    for (name, bytes) in [
        ("empty", framed(&[])),
        ("run", framed(&[7; 2000])),
        ("numbers", framed(&numbers)),
        ("stored", framed(b"stored")),
        ("twice", [framed(b"one"), framed(b"two")].concat()),
        ("skipped", [&framed(b"one")[..], &[0xFE, 3, 0, 0, 1, 2, 3], &framed(b"two")].concat()),
    ] {
        seeds.add("snappy", name, bytes);
    }
}
