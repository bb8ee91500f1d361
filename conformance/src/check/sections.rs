//! The sections of a keyed stream: each on its own, then what is between them.

use flink_savepoint::Error;
use flink_savepoint::keyed::{KeyedHeader, KeyedSections, KeyedStream, MaxParallelism, Section};
use flink_savepoint::meta_info::{StateKind, StateMetaInfo};
use flink_savepoint::wire::{Input, Output};
use rayon::prelude::*;

use super::entries::{self, Done};
use super::key_groups::{self, Keys};
use super::keyed::Order;
use super::part::{Listing, Part, SectionPart};
use super::place::{Report, Site, Stream};
use super::state_values::Values;
use super::timers::Timers;
use super::{Progress, compression, damage};
use crate::text::count;

/// What looks at the entries of a state. What is told once in a stream is left to [`Part`](super::part::Part), so that any section can
/// be looked at before any other.
pub(super) enum State {
    Keyed(Box<Keys>, Box<Values>),
    Timers(Box<Timers>),
}

impl State {
    pub(super) fn new(header: &KeyedHeader<'_>, state: &StateMetaInfo<'_>, id: u16, max: MaxParallelism) -> Self {
        let key = &header.key_serializer;
        match state.kind {
            StateKind::Keyed(kind) => {
                Self::Keyed(Box::new(Keys::new(key, state, max)), Box::new(Values::new(kind, state, id)))
            }
            _ => Self::Timers(Box::new(Timers::new(key, state, max))),
        }
    }
}

/// For so many sections of a stream that cannot be read it is tried to find out whether an offset is to blame.
const ATTEMPTS: u32 = 16;

/// The sections of a stream.
pub(super) struct Sections<'s> {
    /// The stream.
    pub(super) bytes: &'s [u8],
    pub(super) max: MaxParallelism,
    /// Where the header ends, if it could be read.
    pub(super) header_end: Option<u64>,
    /// The states by id; none if the header could not be read.
    pub(super) states: Option<Vec<State>>,
    /// In the order of the stream.
    pub(super) list: Vec<Section<'s>>,
    /// Whether the stream can be written again, to be compared.
    pub(super) is_writable: bool,
}

/// About so many bytes are looked at in one go: few enough that all cores have their share, and enough that it is work.
const RANGE: u64 = 2 << 20;

impl<'s> Sections<'s> {
    pub(super) fn of(stream: &'s KeyedStream<'_>) -> Self {
        let (header, max) = (stream.header(), stream.max_parallelism());
        let states = (0..).zip(&header.states).map(|(id, state)| State::new(header, state, id, max));
        Self {
            bytes: stream.bytes(),
            max,
            header_end: Some(stream.header_end()),
            states: Some(states.collect()),
            list: stream.sections().collect(),
            is_writable: !header.compressed && header.write(&mut Output::new()).is_ok(),
        }
    }

    /// Those of a stream whose header cannot be read.
    pub(super) fn nameless(sections: &'s KeyedSections<'_>, max: MaxParallelism) -> Self {
        let list = sections.iter().collect();
        Self { bytes: sections.bytes(), max, header_end: None, states: None, list, is_writable: false }
    }

    /// Looks at all of them, in parallel or one after the other; in the order of the stream, whoever is ready first.
    pub(super) fn look(&self, stream: &Stream, in_parallel: bool, progress: &Progress<'_>) -> Vec<SectionPart> {
        let look = |list: &[Section<'_>]| self.look_at(list, stream, progress);
        let ranges = self.ranges();
        let parts: Vec<Vec<SectionPart>> = if in_parallel {
            ranges.into_par_iter().map(look).collect()
        } else {
            ranges.into_iter().map(look).collect()
        };
        parts.into_iter().flatten().collect()
    }

    /// Cuts the list.
    fn ranges(&self) -> Vec<&[Section<'s>]> {
        let mut ranges = Vec::new();
        let mut rest = self.list.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let starts_next = rest.iter().position(|section| {
                bytes += section.bytes().len() as u64;
                bytes >= RANGE
            });
            let (range, behind) = rest.split_at(starts_next.map_or(rest.len(), |last| last + 1));
            ranges.push(range);
            rest = behind;
        }
        ranges
    }

    /// Looks at some of them, in the order of the stream, each on its own.
    pub(super) fn look_at(&self, list: &[Section<'_>], stream: &Stream, progress: &Progress<'_>) -> Vec<SectionPart> {
        let mut buffer = Vec::new();
        let mut listing = Listing::default();
        for section in list {
            let mut part = Part::default();
            let read = self.section(section, &mut buffer, &mut Report::new(stream, &mut part));
            // Entries of a section that is not sound would say things that are not so.
            let (end, split_run, items) =
                read.map_or((None, None, Vec::new()), |(end, split_run)| (Some(end), split_run, part.into_items()));
            listing.add(SectionPart { group: section.key_group().0, end, split_run, items });
            progress(section.bytes().len() as u64);
        }
        listing.into_sections()
    }

    /// Looks at a section: where it ends, and the mark at the end of a run that is split.
    fn section(
        &self,
        section: &Section<'_>,
        buffer: &mut Vec<u8>,
        report: &mut Report<'_>,
    ) -> Result<(u64, Option<u64>), Error> {
        let mut order = Order::default();
        // Of the state of the last run.
        let mut state = None;
        let states = self.states.as_deref();
        let Done { behind, content } = entries::for_each(section, self.max, buffer, |site, entry, previous| {
            if order.look(site, entry, previous) {
                state = states.and_then(|states| states.get(usize::from(entry.state.0)));
            }
            match state {
                Some(State::Keyed(keys, values)) => {
                    if !keys.glance(site.group, entry) {
                        keys.look(site, entry, report);
                    }
                    if !values.glance(entry.value) {
                        values.look(site, entry, report);
                    }
                }
                Some(State::Timers(timers)) => {
                    if !timers.glance(site.group, entry) {
                        timers.look(site, entry, report);
                    }
                }
                None => key_groups::of_section(site, entry, self.max, report),
            }
        })?;
        let length = behind - section.offset();
        let mut split_run = None;
        if section.is_compressed() {
            let window = section.bytes().get(..usize::try_from(length).unwrap_or(usize::MAX)).unwrap_or_default();
            let path = format!("key_group[{}]", section.key_group());
            compression::section(Input::with_offset(window, section.offset()), content, &path, buffer, report);
        } else if length != content {
            split_run = entries::split_run(section, self.max);
        }
        order.finish(section, self.max, buffer, report);
        Ok((behind, split_run))
    }

    /// Joins what was found in each of them, in the order of the stream, and looks at what is between them.
    pub(super) fn join(&self, parts: impl IntoIterator<Item = SectionPart>, report: &mut Report<'_>) {
        let mut buffer = Vec::new();
        // Where the next section starts, where that is known.
        let mut end = self.header_end;
        let mut before: Option<u16> = None;
        let mut inside_of_another = false;
        let mut attempts = ATTEMPTS;
        let mut is_writable = self.is_writable;
        let mut split_run = None;
        for ((i, section), part) in self.list.iter().enumerate().zip(parts) {
            let group = section.key_group().0;
            if let Some(before) = before.filter(|before| *before > group) {
                report.at("KEYED-GROUP-03", section.offset(), format_args!("key_group[{group}]"), || {
                    format!("the section of key group {group} stands behind that of {before}")
                });
            }
            before = Some(group);
            match part.end {
                Some(behind) => {
                    gap(end, section.offset(), report);
                    report.join(part.items);
                    split_run = split_run.or(part.split_run);
                    end = Some(behind);
                    inside_of_another = false;
                }
                None if std::mem::take(&mut inside_of_another) => end = None,
                None => {
                    is_writable = false;
                    let neighbours = (end, self.list.get(i + 1));
                    inside_of_another = self.damaged(section, neighbours, &mut attempts, &mut buffer, report);
                    end = None;
                }
            }
        }
        gap(end, self.bytes.len() as u64, report);
        // Of a sound stream in order all else comes out as it is.
        if let Some(mark) = split_run.filter(|_| is_writable && report.is_sound()) {
            report.again("KEYED-ORDER-01", mark, "sections", || {
                "written again, the stream has other bytes from here on: there is more than one run of a state"
                    .to_owned()
            });
        }
    }

    /// A section that cannot be read to its end: where it should start, and the one behind it are its neighbours. Whether that one is
    /// said to start inside of this.
    fn damaged(
        &self,
        section: &Section<'_>,
        (end, next): (Option<u64>, Option<&Section<'_>>),
        attempts: &mut u32,
        buffer: &mut Vec<u8>,
        report: &mut Report<'_>,
    ) -> bool {
        let Err(error) = section.for_each::<Error>(buffer, |_| Ok(())) else { return false };
        let group = section.key_group().0;
        let states = self.states.as_ref().map_or(1 << 15, Vec::len);
        if damage::is_other_form(section, self.max) {
            let [said, is] = ["compressed", "not compressed"];
            let [said, is] = if section.is_compressed() { [said, is] } else { [is, said] };
            report.at("KEYED-COMPRESSED-01", section.offset(), format_args!("key_group[{group}]"), || {
                format!("the section is {is}, and the header says that sections are {said}")
            });
            return false;
        }
        if let Some(mark) = damage::mark(section, self.max, states) {
            let compressed = section.is_compressed();
            let at = mark.at as u64;
            let offset = section.offset() + if compressed { 0 } else { at };
            let site = Site { group, number: mark.entry, offset, inside: compressed.then_some(at) };
            report.entry("KEYED-RUN-01", &site, || {
                if mark.is_set {
                    "the key has the mark of the last entry of a run, and is not the last".to_owned()
                } else {
                    "the key is that of the last entry of a run, and does not have its mark".to_owned()
                }
            });
            return false;
        }
        // What follows reads from here on as far as it can, maybe to the end of the stream.
        *attempts = attempts.saturating_sub(1);
        if *attempts == 0 {
            report.error(&error);
            return false;
        }
        // An offset that leads into the section, as when it was taken before a buffer was written out.
        if let Some(next) = next
            && let Some(behind) = damage::section_at(self.bytes, section.offset(), group, self.max, buffer)
            && behind > next.offset()
        {
            misplaced(
                next,
                || format!("the offset leads into the section of key group {group}, which ends at {behind}"),
                report,
            );
            return true;
        }
        let limit = next.map_or(self.bytes.len() as u64, Section::offset);
        if let Some(start) = end.filter(|end| *end != section.offset())
            && damage::section_at(self.bytes, start, group, self.max, buffer) == Some(limit)
        {
            misplaced(section, || format!("the section of key group {group} starts at {start}"), report);
            return false;
        }
        report.error(&error);
        false
    }
}

fn misplaced(section: &Section<'_>, what: impl Fn() -> String, report: &mut Report<'_>) {
    let group = section.key_group();
    report.at("KEYED-OFFSET-03", section.offset(), format_args!("key_group[{group}].offset"), what);
}

/// Bytes that no section has.
fn gap(end: Option<u64>, start: u64, report: &mut Report<'_>) {
    let Some(end) = end.filter(|end| *end < start) else { return };
    report.at("KEYED-SECTION-01", end, "sections", || {
        format!("{} of no section (Flink ignores what stands there)", count(start - end, "byte"))
    });
}
