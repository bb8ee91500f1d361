//! Streams that operators write on their own; timers in them are known.

use std::collections::BTreeMap;

use flink_savepoint::keyed::RawTimers;
use flink_savepoint::metadata::{KeyGroupOffsets, OperatorStateHandle};
use flink_savepoint::wire::Input;

use super::sink::{Group, Stop};
use super::walker::{Rest, Walker, window};
use crate::text::hex;

/// Names the sections of raw keyed state.
pub(super) fn keyed(walker: &mut Walker<'_>, offsets: &KeyGroupOffsets<'_>, input: Input<'_>) -> Result<(), Stop> {
    let starts =
        offsets.iter().filter_map(|(group, offset)| Some((u64::try_from(offset).ok()?, format!("key group {group}"))));
    ranges(walker, "raw-section", starts.collect(), input)
}

/// Names the partitions of raw operator state.
pub(super) fn operator(
    walker: &mut Walker<'_>,
    handle: &OperatorStateHandle<'_>,
    input: Input<'_>,
) -> Result<(), Stop> {
    let mut starts = BTreeMap::new();
    for meta in &handle.states {
        let about = format!("state {}", meta.name);
        starts.extend(meta.offsets.iter().filter_map(|at| Some((u64::try_from(at).ok()?, about.clone()))));
    }
    ranges(walker, "raw-partition", starts, input)
}

/// From each offset to the next one.
fn ranges(
    walker: &mut Walker<'_>,
    layout: &'static str,
    mut starts: BTreeMap<u64, String>,
    input: Input<'_>,
) -> Result<(), Stop> {
    if !input.is_empty() {
        starts.entry(0).or_insert_with(|| "no offset leads here".to_owned());
    }
    let offsets: Vec<u64> = starts.keys().copied().collect();
    let whole = if layout == "raw-section" { "raw-keyed-stream" } else { "raw-operator-stream" };
    let offset = input.offset();
    let group = Group::new("stream", whole, offset);
    walker.group(&group, |walker| {
        let mut at = input;
        for (i, (offset, about)) in starts.into_iter().enumerate() {
            let end = offsets.get(i + 1).copied().unwrap_or(input.len() as u64);
            let length = end.checked_sub(offset).and_then(|length| usize::try_from(length).ok());
            let Some(section) = length.and_then(|length| window(at, length)) else {
                return walker.bad("sections", at.offset(), "an offset beyond the end of the stream");
            };
            section_of(walker, layout, i as u64, about, section)?;
            at = at.skip(section.len());
        }
        Ok(at)
    })?;
    Ok(())
}

fn section_of<'a>(
    walker: &mut Walker<'_>,
    layout: &'static str,
    index: u64,
    about: String,
    section: Input<'a>,
) -> Rest<'a> {
    let timers = if layout == "raw-section" { RawTimers::read(section).ok().flatten() } else { None };
    if let Some(timers) = timers {
        return super::raw_timers::explain(walker, index, &about, &timers, section);
    }
    let name = if layout == "raw-section" { "sections" } else { "partitions" };
    let group = Group::new(name, layout, section.offset()).about(about).numbered(index);
    walker.group(&group, |walker| walker.leaf((layout, "content", None), "rest", section, section.len(), hex))
}
