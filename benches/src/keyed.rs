//! Keyed streams for the benches, and what is measured on them.

use std::io::{self, Write};

use flink_savepoint::Error;
use flink_savepoint::keyed::{
    Entry, KeyGroup, KeyedHeader, KeyedStream, KeyedWriter, MaxParallelism, PrefixWidth, StateId, WrittenStream,
};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{KeyGroupOffsets, KeyGroupRange};
use flink_savepoint::serializer::SerializerSnapshot;

const KEY_GROUPS: u32 = 128;
/// At most so many different values, a prime.
const VALUES: u64 = 65_521;
/// Two lengths, the prefix, and the namespace.
const OVERHEAD: usize = 4 + 1 + 1 + 4;

/// A keyed stream as a subtask that has all 128 key groups writes it: `ValueState<String>`s with the same keys, each key in
/// its group, the keys of a run ascending.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Entries of all states together, a multiple of their number.
    pub entries: u64,
    /// Number of states.
    pub states: u16,
    /// Bytes of an entry in the stream, from 16 to 16000. Below 20 keys are `Integer`, else `Long`.
    pub entry_size: usize,
    /// Whether the lengths of values differ, evenly from half to one and a half of what gives `entry_size`.
    pub varied: bool,
    /// Whether sections are framed Snappy streams.
    pub compressed: bool,
}

impl Shape {
    /// Entries of that size in so many states, about `bytes` in all.
    pub fn of_about(bytes: u64, entry_size: usize, states: u16) -> Self {
        let keys = bytes / entry_size as u64 / u64::from(states);
        Self { entries: keys * u64::from(states), states, entry_size, varied: false, compressed: false }
    }

    /// Writes the stream; the same shape gives the same bytes.
    pub fn write<W: Write>(self, sink: W) -> io::Result<WrittenStream<W>> {
        Content::new(self).write(sink)
    }
}

/// What a stream of some shape holds, ready to be written.
#[derive(Debug)]
pub struct Content {
    header: KeyedHeader<'static>,
    /// Key groups and their composite keys, of which the first `key_size` bytes are used.
    groups: Vec<(KeyGroup, Vec<[u8; 9]>)>,
    key_size: usize,
    /// Values, taken in turn.
    values: Vec<Box<[u8]>>,
}

impl Content {
    /// The content of that shape.
    pub fn new(shape: Shape) -> Self {
        let key_size = if shape.entry_size < 20 { 4 } else { 8 };
        let mut groups: Vec<_> = (0..128).map(|group| (KeyGroup(group), Vec::new())).collect();
        for i in 0..shape.entries / u64::from(shape.states) {
            let (key, hash) = if key_size == 4 {
                let key = i32::try_from(i).unwrap_or(i32::MAX);
                (u64::from(key.cast_unsigned()) << 32, key)
            } else {
                (mix(i), hash_code(mix(i)))
            };
            let (_, keys) = &mut groups[usize::from(max_parallelism().key_group_of(hash).0)];
            // The last byte is the namespace, 0.
            let mut composite = [0; 9];
            composite[..8].copy_from_slice(&key.to_be_bytes());
            keys.push(composite);
        }
        for (_, keys) in &mut groups {
            keys.sort_unstable();
        }
        let state =
            |id| StateMetaInfo::keyed(&format!("state-{id}"), KeyedStateType::Value, void(), snapshot("String"));
        let header = KeyedHeader {
            compressed: shape.compressed,
            key_serializer: snapshot(if key_size == 4 { "Int" } else { "Long" }),
            states: (0..shape.states).map(state).collect(),
        };
        let value_size = shape.entry_size - OVERHEAD - key_size;
        let size_of = |seed| match usize::try_from(mix(seed)) {
            Ok(random) if shape.varied => value_size.div_ceil(2) + random % (value_size + 1),
            _ => value_size,
        };
        let values = (0..VALUES.min(shape.entries)).map(|seed| text(seed, size_of(seed))).collect();
        Self { header, groups, key_size: key_size + 1, values }
    }

    /// The same with another value in every `every`-th entry.
    #[must_use]
    pub fn with_changes(mut self, every: usize) -> Self {
        for last in self.values.iter_mut().step_by(every).filter_map(|value| value.last_mut()) {
            *last = b'!';
        }
        self
    }

    /// Writes the stream.
    pub fn write<W: Write>(&self, sink: W) -> io::Result<WrittenStream<W>> {
        let mut writer = KeyedWriter::new(sink, &self.header, key_groups(), max_parallelism())?;
        let states = (0..u16::try_from(self.header.states.len()).unwrap_or(u16::MAX)).map(StateId);
        let mut values = self.values.iter().cycle();
        for (group, keys) in &self.groups {
            for state in states.clone() {
                for key in keys {
                    let key = &key[..self.key_size];
                    writer.entry(*group, state, key, values.next().map_or(&[], |value| value))?;
                }
            }
        }
        writer.finish()
    }
}

/// What a scan found. Equal for the same stream, whoever scanned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Number of entries.
    pub entries: u64,
    /// Bytes of all keys, with their prefixes.
    pub key_bytes: u64,
    /// Bytes of all values.
    pub value_bytes: u64,
    /// Sum of the first and the last byte of each key, without its prefix, and of each value.
    pub checksum: u64,
}

impl Counts {
    #[inline]
    fn add(&mut self, entry: Entry<'_>) {
        let ends = |bytes: &[u8]| match bytes {
            [] => 0,
            [first, ..] => u64::from(*first) + u64::from(bytes[bytes.len() - 1]),
        };
        self.entries += 1;
        self.key_bytes += (PrefixWidth::One.bytes() + entry.key.len()) as u64;
        self.value_bytes += entry.value.len() as u64;
        self.checksum += ends(entry.key) + ends(entry.value);
    }
}

/// Opens the stream and looks at every entry.
pub fn scan(bytes: &[u8], offsets: &KeyGroupOffsets<'_>, buffer: &mut Vec<u8>) -> Result<Counts, Error> {
    let mut counts = Counts::default();
    KeyedStream::open(bytes, offsets, max_parallelism())?.for_each(buffer, |_, entry| {
        counts.add(entry);
        Ok::<_, Error>(())
    })?;
    Ok(counts)
}

/// The same through the iterator of each section, which only uncompressed ones have.
pub fn scan_by_iterator(bytes: &[u8], offsets: &KeyGroupOffsets<'_>) -> Result<Counts, Error> {
    let mut counts = Counts::default();
    for section in KeyedStream::open(bytes, offsets, max_parallelism())?.sections() {
        let Some(entries) = section.entries() else { continue };
        for entry in entries {
            counts.add(entry?);
        }
    }
    Ok(counts)
}

/// Number of key groups of all streams here.
///
/// # Panics
///
/// Never: 128 is one.
pub fn max_parallelism() -> MaxParallelism {
    MaxParallelism::new(KEY_GROUPS).expect("128 is one")
}

/// The key groups of all streams here.
///
/// # Panics
///
/// Never: 128 are a range.
pub fn key_groups() -> KeyGroupRange {
    KeyGroupRange::new(0, KEY_GROUPS).expect("128 are a range")
}

fn snapshot(name: &str) -> SerializerSnapshot<'static> {
    let class = format!("org.apache.flink.api.common.typeutils.base.{name}Serializer${name}SerializerSnapshot");
    SerializerSnapshot::simple(&class).expect("without content")
}

fn void() -> SerializerSnapshot<'static> {
    let class = "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot";
    SerializerSnapshot::simple(class).expect("without content")
}

/// `Long.hashCode`.
fn hash_code(key: u64) -> i32 {
    let [_, _, _, _, low @ ..] = (key ^ key >> 32).to_be_bytes();
    i32::from_be_bytes(low)
}

/// A `String` as Flink writes it, of `size` bytes in all: words out of 64, so that Snappy finds something.
fn text(seed: u64, size: usize) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(size);
    // The number of characters and 1, seven bits to a byte.
    let characters = if size < 128 { size - 1 } else { size - 2 };
    let [high, low] = u16::try_from(characters + 1).unwrap_or(u16::MAX).to_be_bytes();
    if size < 128 {
        bytes.push(low);
    } else {
        bytes.extend([low | 0x80, high << 1 | low >> 7]);
    }
    let words = (0..).map(|i| mix(seed << 32 | i) % 64);
    let letters = words.flat_map(|word| mix(word).to_be_bytes().map(|byte| b'a' + byte % 26));
    bytes.extend(letters.take(characters));
    bytes.into()
}

/// The finaliser of `SplitMix64`: a bijection, so that no key comes twice.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}
