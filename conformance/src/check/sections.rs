//! The sections of a keyed stream, one after the other.

use flink_savepoint::Error;
use flink_savepoint::keyed::{KeyedHeader, KeyedWriter, MaxParallelism, Section};
use flink_savepoint::meta_info::{StateKind, StateMetaInfo};
use flink_savepoint::wire::Input;

use super::entries::{self, Done};
use super::key_groups::{self, Keys};
use super::keyed::Order;
use super::place::{Report, Site};
use super::rewritten::Compare;
use super::state_values::Values;
use super::timers::Timers;
use super::{compression, damage};
use crate::text::count;

/// What looks at the entries of a state.
pub(super) enum State {
    Keyed(Box<Keys>, Box<Values>),
    Timers(Box<Timers>),
}

impl State {
    pub(super) fn new(header: &KeyedHeader<'_>, state: &StateMetaInfo<'_>, max: MaxParallelism) -> Self {
        let key = &header.key_serializer;
        match state.kind {
            StateKind::Keyed(kind) => {
                Self::Keyed(Box::new(Keys::new(key, state, max)), Box::new(Values::new(kind, state)))
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
    /// Writes the stream again.
    pub(super) writer: Option<KeyedWriter<Compare<'s>>>,
}

impl Sections<'_> {
    /// Looks at all of them.
    pub(super) fn check(mut self, report: &mut Report<'_>, progress: &mut dyn FnMut(u64)) {
        let mut buffer = Vec::new();
        let mut told_of_order = false;
        // Where the next section starts, where that is known.
        let mut end = self.header_end;
        let mut before: Option<u16> = None;
        let mut inside_of_another = false;
        let mut attempts = ATTEMPTS;
        let list = std::mem::take(&mut self.list);
        for (i, section) in list.iter().enumerate() {
            let group = section.key_group().0;
            if let Some(before) = before.filter(|before| *before > group) {
                report.at("KEYED-GROUP-03", section.offset(), format_args!("key_group[{group}]"), || {
                    format!("the section of key group {group} stands behind that of {before}")
                });
            }
            before = Some(group);
            // Entries of a section that is not sound would say things that are not so.
            match section.for_each::<Error>(&mut buffer, |_| Ok(())) {
                Ok(behind) => {
                    gap(end, section.offset(), report);
                    self.entries(section, &mut told_of_order, &mut buffer, report);
                    end = Some(behind);
                    inside_of_another = false;
                }
                Err(_) if std::mem::take(&mut inside_of_another) => end = None,
                Err(error) => {
                    self.writer = None;
                    let neighbours = (end, list.get(i + 1));
                    inside_of_another = self.damaged(section, neighbours, &error, &mut attempts, &mut buffer, report);
                    end = None;
                }
            }
            progress(section.bytes().len() as u64);
        }
        gap(end, self.bytes.len() as u64, report);
        self.written_again(report);
    }

    /// The entries of a section that is sound.
    fn entries(
        &mut self,
        section: &Section<'_>,
        told_of_order: &mut bool,
        buffer: &mut Vec<u8>,
        report: &mut Report<'_>,
    ) {
        let mut order = Order::default();
        let Self { states, max, writer, .. } = self;
        let read = entries::for_each(section, *max, buffer, |site, entry| {
            order.look(site, entry);
            let state = states.as_mut().and_then(|states| states.get_mut(usize::from(entry.state.0)));
            match state {
                Some(State::Keyed(keys, values)) => {
                    keys.look(site, entry, report);
                    values.look(site, entry, report);
                }
                Some(State::Timers(timers)) => timers.look(site, entry, report),
                None => key_groups::of_section(site, entry, *max, report),
            }
            if let Some(open) = writer
                && open.entry(entry.key_group, entry.state, entry.key, entry.value).is_err()
            {
                *writer = None;
            }
        });
        let Ok(Done { behind, content }) = read else { return };
        if section.is_compressed() {
            let length = usize::try_from(behind - section.offset()).unwrap_or(usize::MAX);
            let window = section.bytes().get(..length).unwrap_or_default();
            let path = format!("key_group[{}]", section.key_group());
            compression::section(Input::with_offset(window, section.offset()), content, &path, buffer, report);
        }
        order.finish(section, *max, buffer, told_of_order, report);
    }

    /// A section that cannot be read to its end: where it should start, and the one behind it are its neighbours. Whether that one is
    /// said to start inside of this.
    fn damaged(
        &self,
        section: &Section<'_>,
        (end, next): (Option<u64>, Option<&Section<'_>>),
        error: &Error,
        attempts: &mut u32,
        buffer: &mut Vec<u8>,
        report: &mut Report<'_>,
    ) -> bool {
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
            report.error(error);
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
        report.error(error);
        false
    }

    /// Whether the stream has the same bytes if it is written again. Only of one that is sound, so that this says something new.
    fn written_again(self, report: &mut Report<'_>) {
        let Some(written) = self.writer.filter(|_| report.is_sound()) else { return };
        let Ok(written) = written.finish() else { return };
        if let Some(offset) = written.sink.difference() {
            report.at("KEYED-ORDER-01", offset, "sections", || {
                "written again, the stream has other bytes from here on: there is more than one run of a state"
                    .to_owned()
            });
        }
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
