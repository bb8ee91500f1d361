//! Timers in raw keyed state.

use flink_savepoint::keyed::{RawTimer, RawTimers};
use flink_savepoint::wire::Input;

use super::keyed::value_text;
use super::sink::Group;
use super::walker::{Rest, Walker, hex_spaced};

/// Names the timers of a key group, which the reference has read.
pub(super) fn explain<'a>(
    walker: &mut Walker<'_>,
    index: u64,
    key_group: &str,
    timers: &RawTimers<'_>,
    section: Input<'a>,
) -> Rest<'a> {
    let layout = "raw-timers";
    let about = format!("timers, {key_group}");
    let group = Group::new("sections", layout, section.offset()).about(about).numbered(index);
    walker.group(&group, |walker| {
        let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| i32::from_be_bytes(*bytes)).to_string();
        let rest = walker.leaf((layout, "marker", None), "bytes[4]", section, 4, hex_spaced)?;
        let rest = walker.leaf((layout, "version", None), "i32", rest, 4, number)?;
        let mut rest = walker.leaf((layout, "num_services", None), "i32", rest, 4, number)?;
        for (i, service) in timers.services.iter().enumerate() {
            let layout = "raw-timer-service";
            let (about, offset) = (service.name.to_string(), rest.offset());
            let group = Group::new("services", layout, offset).about(about).numbered(i as u64);
            rest = walker.group(&group, |walker| {
                let length = rest.bytes().first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes));
                let name = |_: &[u8]| format!("{:?}", service.name.to_string());
                let rest = walker.leaf((layout, "name", None), "utf", rest, 2 + usize::from(length), name)?;
                let rest = walker.structure("versioned-snapshot", "key_serializer", None, rest)?;
                let mut rest = walker.structure("versioned-snapshot", "namespace_serializer", None, rest)?;
                let lists: [(&str, &str, Vec<RawTimer<'_>>); 2] = [
                    ("num_event_timers", "event_timers", service.event().collect()),
                    ("num_processing_timers", "processing_timers", service.processing().collect()),
                ];
                for (count, name, list) in lists {
                    rest = walker.leaf((layout, count, None), "i32", rest, 4, number)?;
                    for (i, timer) in list.iter().enumerate() {
                        rest = one(walker, (name, i as u64), service, *timer, rest)?;
                    }
                }
                Ok(rest)
            })?;
        }
        Ok(rest)
    })
}

fn one<'a>(
    walker: &mut Walker<'_>,
    (name, index): (&str, u64),
    service: &flink_savepoint::keyed::RawTimerService<'_>,
    timer: RawTimer<'_>,
    input: Input<'a>,
) -> Rest<'a> {
    let layout = "raw-timer";
    let offset = input.offset();
    let group = Group::new(name, layout, offset).numbered(index);
    walker.group(&group, |walker| {
        let key = service.key_serializer.type_description();
        let namespace = service.namespace_serializer.type_description();
        let length = key.value_length(timer.rest).unwrap_or(timer.rest.len());
        let rest = walker.leaf((layout, "key", None), "value", input, length, |b| value_text(Some(&key), b))?;
        let rest = if length < timer.rest.len() {
            let text = |bytes: &[u8]| value_text(Some(&namespace), bytes);
            walker.leaf((layout, "namespace", None), "value", rest, timer.rest.len() - length, text)?
        } else {
            rest
        };
        walker.leaf((layout, "timestamp", None), "i64", rest, 8, |_| timer.timestamp.to_string())
    })
}
