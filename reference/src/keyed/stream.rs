//! A whole keyed stream, with the offsets that its handle gives.

use super::header::KeyedHeader;
use super::section::Section;
use super::{Entry, KeyGroup, MaxParallelism, PrefixWidth};
use crate::error::At;
use crate::limits::Budget;
use crate::metadata::KeyGroupOffsets;
use crate::serializer::Hints;
use crate::wire::Input;
use crate::{Error, ErrorKind, Limits};

/// A keyed stream: bytes in memory or mapped, its header, and where each key group is.
#[derive(Debug, Clone)]
pub struct KeyedStream<'a> {
    header: KeyedHeader<'a>,
    header_end: u64,
    max: MaxParallelism,
    sections: KeyedSections<'a>,
}

/// Where the sections of a keyed stream are: all that is left of one whose header cannot be read, since a serializer of a user
/// hides where its snapshot ends. Entries have their key groups, the ids of their states, and whole keys and values.
#[derive(Debug, Clone)]
pub struct KeyedSections<'a> {
    bytes: &'a [u8],
    width: PrefixWidth,
    compressed: bool,
    /// Number of states; ids beyond it are errors.
    states: usize,
    /// Offset and key group of every section, ascending by offset.
    sections: Vec<(u64, KeyGroup)>,
    limits: Limits,
    budget: Option<&'a Budget>,
}

impl<'a> KeyedSections<'a> {
    /// More states than a header can have.
    const ANY_STATE: usize = 1 << 15;

    /// Reads the start of the header, which says whether sections are compressed, and checks the offsets as
    /// [`KeyedStream::open`] does.
    pub fn open(bytes: &'a [u8], offsets: &KeyGroupOffsets<'_>, max: MaxParallelism) -> Result<Self, Error> {
        let (rest, compressed) = KeyedHeader::read_start(Input::new(bytes))?;
        Self::new(bytes, offsets, max, rest.offset(), (compressed, Self::ANY_STATE))
    }

    fn new(
        bytes: &'a [u8],
        offsets: &KeyGroupOffsets<'_>,
        max: MaxParallelism,
        header_end: u64,
        (compressed, states): (bool, usize),
    ) -> Result<Self, Error> {
        let mut sections = Vec::new();
        for (group, offset) in offsets.iter() {
            let bad = |kind| Err(Error::new(kind, 0)).index(group.into()).field("offset");
            let Some(key_group) = u16::try_from(group).ok().filter(|group| *group < max.get()) else {
                return bad(ErrorKind::KeyGroupBeyondMax { found: group, max: max.get() });
            };
            match u64::try_from(offset) {
                Ok(0) => {}
                Ok(at) if at >= header_end && at < bytes.len() as u64 => sections.push((at, KeyGroup(key_group))),
                _ => {
                    return bad(ErrorKind::KeyGroupOffset { found: offset, from: header_end, to: bytes.len() as u64 });
                }
            }
        }
        sections.sort_unstable();
        for pair in sections.windows(2) {
            if let [(at, first), (again, second)] = pair
                && at == again
            {
                let kind = ErrorKind::SharedOffset { first: first.0, second: second.0 };
                return Err(Error::new(kind, *at)).field("offset");
            }
        }
        let width = max.prefix_width();
        Ok(Self { bytes, width, compressed, states, sections, limits: Limits::default(), budget: None })
    }

    /// With other limits for what is decompressed.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With an account of what is decompressed.
    pub(crate) fn budget(self, budget: &'a Budget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// All of the stream, as it stands.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The sections, in the order of the stream. They are independent of each other: read them in any order, or at once.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Section<'a>> + Clone + '_ {
        (0..self.sections.len()).map(|i| self.at(i))
    }

    fn at(&self, i: usize) -> Section<'a> {
        let length = self.bytes.len() as u64;
        let offset_of = |i: usize| self.sections.get(i).map(|(offset, _)| *offset);
        let start = offset_of(i).unwrap_or(length);
        let end = offset_of(i + 1).unwrap_or(length);
        let to_index = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        let window = self.bytes.get(to_index(start)..to_index(end)).unwrap_or_default();
        Section {
            key_group: self.sections.get(i).map_or(KeyGroup(0), |(_, group)| *group),
            window: Input::with_offset(window, start),
            width: self.width,
            states: self.states,
            compressed: self.compressed,
            limits: self.limits,
            budget: self.budget,
        }
    }
}

impl<'a> KeyedStream<'a> {
    /// Reads the header and checks the offsets: each leads behind the header, inside the stream, and nowhere twice.
    ///
    /// Allocates the states of the header and 16 bytes for each key group that has state.
    pub fn open(bytes: &'a [u8], offsets: &KeyGroupOffsets<'_>, max: MaxParallelism) -> Result<Self, Error> {
        Self::open_with(bytes, offsets, max, &Hints::default())
    }

    /// The same with what is known of serializers that Flink does not ship.
    pub fn open_with(
        bytes: &'a [u8],
        offsets: &KeyGroupOffsets<'_>,
        max: MaxParallelism,
        hints: &Hints,
    ) -> Result<Self, Error> {
        // The first section starts where the header ends.
        let first =
            offsets.iter().filter_map(|(_, offset)| u64::try_from(offset).ok()).filter(|offset| *offset > 0).min();
        let end = first.unwrap_or(bytes.len() as u64);
        let (rest, header) = KeyedHeader::read_to(Input::new(bytes), Some(end), hints)?;
        let header_end = rest.offset();
        let sections = KeyedSections::new(bytes, offsets, max, header_end, (header.compressed, header.states.len()))?;
        Ok(Self { header, header_end, max, sections })
    }

    /// With other limits for what is decompressed.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { sections: self.sections.limits(limits), ..self }
    }

    /// With an account of what is decompressed.
    pub(crate) fn budget(self, budget: &'a Budget) -> Self {
        Self { sections: self.sections.budget(budget), ..self }
    }

    /// What precedes the sections.
    pub fn header(&self) -> &KeyedHeader<'a> {
        &self.header
    }

    /// Number of key groups of the operator.
    pub fn max_parallelism(&self) -> MaxParallelism {
        self.max
    }

    /// All of it, as it stands.
    pub fn bytes(&self) -> &'a [u8] {
        self.sections.bytes
    }

    /// The offset behind the header.
    pub fn header_end(&self) -> u64 {
        self.header_end
    }

    /// Number of bytes.
    pub fn len(&self) -> u64 {
        self.sections.bytes.len() as u64
    }

    /// Whether no key group has state.
    pub fn is_empty(&self) -> bool {
        self.sections.sections.is_empty()
    }

    /// The sections, in the order of the stream. They are independent of each other: read them in any order, or at once.
    pub fn sections(&self) -> impl ExactSizeIterator<Item = Section<'a>> + Clone + '_ {
        self.sections.iter()
    }

    /// The section of a key group; `None` if it has no state here.
    pub fn section(&self, key_group: KeyGroup) -> Option<Section<'a>> {
        let sections = &self.sections;
        sections.sections.iter().position(|(_, group)| *group == key_group).map(|i| sections.at(i))
    }

    /// Calls `visit` with every entry of every section, in the order of the stream. Each section has to end where the next
    /// one starts; bytes in between are an error here ([`ErrorKind::BytesBetweenSections`]), though Flink ignores them.
    pub fn for_each<E: From<Error>>(
        &self,
        buffer: &mut Vec<u8>,
        mut visit: impl FnMut(KeyGroup, Entry<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at = self.header_end;
        for section in self.sections() {
            self.adjacent(at, section.offset())?;
            at = section.for_each(buffer, |entry| visit(section.key_group(), entry))?;
        }
        Ok(self.adjacent(at, self.len())?)
    }

    /// That what ends at `end` is followed at once by what starts at `start`.
    #[expect(clippy::unused_self, reason = "said of this stream")]
    pub(crate) fn adjacent(&self, end: u64, start: u64) -> Result<(), Error> {
        if end == start {
            return Ok(());
        }
        Err(Error::new(ErrorKind::BytesBetweenSections { count: start.saturating_sub(end) }, end))
    }
}
