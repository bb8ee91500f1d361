//! What is wrong with a section whose entries cannot be read to its end: a mark that is missing or too early, or an offset.

use flink_savepoint::compression::Chunks;
use flink_savepoint::keyed::{KeyedSections, MaxParallelism, Section};
use flink_savepoint::metadata::KeyGroupOffsets;
use flink_savepoint::wire::Input;

/// So many bytes of a section are looked at, uncompressed.
const MOST: usize = 64 << 20;
/// So many entries before the one that cannot be read are suspected.
const SUSPECTS: usize = 4;

const END_OF_SECTION: u16 = 0xFFFF;
const END_OF_RUN: u8 = 0x80;

/// A run whose end is marked where it is not, or not marked where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrongMark {
    /// The number of the entry.
    pub(super) entry: u64,
    /// Where its key starts, behind the start of the section as it is uncompressed.
    pub(super) at: usize,
    /// Whether the mark is there.
    pub(super) is_set: bool,
}

/// The one mark that makes the section sound if it is changed.
pub(super) fn mark(section: &Section<'_>, max: MaxParallelism, states: usize) -> Option<WrongMark> {
    let mut opened = Vec::new();
    let content = if section.is_compressed() {
        let mut chunks = Chunks::new(Input::new(section.bytes()));
        while chunks.next_into(&mut opened).ok()? {
            if opened.len() > MOST {
                return None;
            }
        }
        opened.as_slice()
    } else {
        section.bytes()
    };
    if content.len() > MOST {
        return None;
    }
    let walk = Walk { content, width: max.prefix_width().bytes(), states };
    let mut suspects: Vec<WrongMark> = Vec::new();
    if walk.to_end(None, |mark| {
        if suspects.len() == SUSPECTS {
            suspects.remove(0);
        }
        suspects.push(mark);
    }) == Some(content.len())
    {
        return None;
    }
    let mends = |mark: &WrongMark| walk.to_end(Some(mark.at), |_| {}) == Some(content.len());
    suspects.into_iter().rev().find(mends)
}

struct Walk<'c> {
    content: &'c [u8],
    width: usize,
    states: usize,
}

impl Walk<'_> {
    /// Reads entries up to the end mark; `toggled` is the first byte of a key whose mark is to be taken for its opposite. Where the
    /// section ends, if nothing is wrong with it.
    fn to_end(&self, toggled: Option<usize>, mut visit: impl FnMut(WrongMark)) -> Option<usize> {
        let mut at = self.id(0)?;
        for entry in 0.. {
            let key = self.bytes32(at)?;
            if key.1 < key.0 + self.width {
                return None;
            }
            let is_set = self.content.get(key.0)? & END_OF_RUN != 0;
            visit(WrongMark { entry, at: key.0, is_set });
            at = self.bytes32(key.1)?.1;
            if is_set != (toggled == Some(key.0)) {
                if self.number(at)? == END_OF_SECTION {
                    return Some(at + 2);
                }
                at = self.id(at)?;
            }
        }
        None
    }

    fn number(&self, at: usize) -> Option<u16> {
        self.content.get(at..)?.first_chunk().map(|two| u16::from_be_bytes(*two))
    }

    /// Passes over the id of a state.
    fn id(&self, at: usize) -> Option<usize> {
        let id = self.number(at)?;
        (usize::from(id) < self.states).then_some(at + 2)
    }

    /// Start and end of bytes that have their length before them.
    fn bytes32(&self, at: usize) -> Option<(usize, usize)> {
        let length = i32::from_be_bytes(*self.content.get(at..)?.first_chunk()?);
        let end = (at + 4).checked_add(usize::try_from(length).ok()?)?;
        (end <= self.content.len()).then_some((at + 4, end))
    }
}

/// Whether a section is sound if it is taken as compressed although the header says that it is not, or the other way round.
pub(super) fn is_other_form(section: &Section<'_>, max: MaxParallelism) -> bool {
    let bytes = section.bytes();
    if bytes.len() > MOST {
        return false;
    }
    // The start of a header, with the other flag.
    let start = [0, 0, 0, 6, u8::from(!section.is_compressed())];
    let stream = [&start[..], bytes].concat();
    let behind = section_at(&stream, start.len() as u64, section.key_group().0, max, &mut Vec::new());
    behind == Some(stream.len() as u64)
}

/// Where a section ends that starts at `offset`, if there is a sound one, wherever the next one is said to start.
pub(super) fn section_at(
    stream: &[u8],
    offset: u64,
    group: u16,
    max: MaxParallelism,
    buffer: &mut Vec<u8>,
) -> Option<u64> {
    let offsets = KeyGroupOffsets::new(group.into(), [i64::try_from(offset).ok()?])?;
    let sections = KeyedSections::open(stream, &offsets, max).ok()?;
    let section = sections.iter().next()?;
    let mut is_of_group = true;
    let behind = section.for_each::<flink_savepoint::Error>(buffer, |entry| {
        is_of_group &= entry.key_group.0 == group;
        Ok(())
    });
    behind.ok().filter(|_| is_of_group)
}
