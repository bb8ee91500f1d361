//! Any bytes and offsets give entries or an error with an offset inside the stream; what is read can be written and read again.
//!
//! Input: number of key groups `n` (1 to 8), whether the prefix has two bytes, `n` offsets of two bytes, the stream.

use flink_savepoint::keyed::{KeyGroup, KeyLayout, KeyedStream, KeyedWriter, MaxParallelism, StateId, Timer};
use flink_savepoint::metadata::KeyGroupOffsets;
use flink_savepoint::{Error, Limits};

use crate::mutate::{Rng, Shape};

type Entries = Vec<(KeyGroup, StateId, Vec<u8>, Vec<u8>)>;

/// What an input means.
pub(super) struct Stream<'i> {
    /// Where each key group starts.
    pub(super) offsets: KeyGroupOffsets<'static>,
    /// 128, or 129 where the prefix has two bytes.
    pub(super) max: MaxParallelism,
    /// The stream.
    pub(super) bytes: &'i [u8],
}

impl<'i> Stream<'i> {
    /// None if the input ends before the stream starts.
    pub(super) fn of(input: &'i [u8]) -> Option<Self> {
        let [groups, wide, rest @ ..] = input else { return None };
        let n = usize::from(groups % 8 + 1);
        let (offsets, bytes) = rest.split_at_checked(2 * n)?;
        let offsets = offsets.as_chunks().0.iter().map(|two| i64::from(i16::from_be_bytes(*two)));
        let offsets = KeyGroupOffsets::new(0, offsets).expect("a few");
        let max = MaxParallelism::new(if wide % 2 == 0 { 128 } else { 129 }).expect("in range");
        Some(Self { offsets, max, bytes })
    }
}

/// Mutates the stream, and sometimes what stands before it.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) -> &'static str {
    let start = |input: &[u8]| input.first().map_or(0, |groups| 2 + 2 * usize::from(groups % 8 + 1));
    super::behind(Shape::Keyed, start, bytes, other, most, rng)
}

pub(super) fn read(bytes: &[u8], offsets: &KeyGroupOffsets<'_>, max: MaxParallelism) -> Result<Entries, Error> {
    let stream = KeyedStream::open(bytes, offsets, max)?.limits(Limits { entry: 1 << 20, ..Limits::default() });
    let mut entries = Entries::new();
    stream.for_each::<Error>(&mut Vec::new(), |group, entry| {
        if let Some(state) = stream.header().state(entry.state) {
            if let Some(layout) = KeyLayout::of(&stream.header().key_serializer, state)
                && let Some(parts) = layout.split(entry.key)
            {
                assert_eq!(layout.join(&parts), entry.key);
            }
            if let Some(timer) = Timer::read(entry.key) {
                assert_eq!(timer.write(), entry.key);
            }
        }
        entries.push((group, entry.state, entry.key.to_vec(), entry.value.to_vec()));
        Ok(())
    })?;
    Ok(entries)
}

/// One run.
pub fn run(input: &[u8]) {
    let Some(Stream { offsets, max, bytes }) = Stream::of(input) else { return };
    let entries = match read(bytes, &offsets, max) {
        Ok(entries) => entries,
        Err(error) => {
            assert!(error.offset() <= bytes.len() as u64, "{error}");
            return;
        }
    };
    let stream = KeyedStream::open(bytes, &offsets, max).expect("read before");
    let mut writer = KeyedWriter::new(Vec::new(), stream.header(), offsets.range(), max).expect("read before");
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by_key(|(group, ..)| *group);
    for (group, state, key, value) in &sorted {
        writer.entry(*group, *state, key, value).expect("read before");
    }
    let written = writer.finish().expect("read before");
    let again = read(&written.sink, &written.offsets, max).expect("just written");
    assert!(again.iter().eq(sorted), "what was written is read again");
}
