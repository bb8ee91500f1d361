//! Raw state, of which nothing but its cuts is known.

use flink_savepoint::savepoint::METADATA;

use super::parts::{spot, utf};
use super::spans::Span;
use super::{Base, Mutation, invalid, malformed, of};
use crate::check::Spot;

const RAW: Base = of("2.3.0-hashmap-rich", &["raw"]);

/// What timers in raw keyed state start with.
const MARKER: [u8; 4] = [0xF1, 0xCD, 0x85, 0x9F];

pub(super) const ALL: &[Mutation] = &[
    invalid(
        "raw-keyed-in-savepoint-handle",
        "RAW-KEYED-01",
        RAW,
        "Raw keyed state is in a handle of type 7.",
        |parts| {
            let ty = parts.find_if("keyed-state-handle.type", |ty| {
                ty.path.ends_with("raw_keyed.type") && ty.value.starts_with("12")
            })?;
            let id = parts.at(METADATA, &ty.path.replace(".type", ".state_handle_id"))?;
            parts.replace(METADATA, id.range.clone(), &[])?;
            parts.overwrite(&ty, &[7])
        },
    ),
    invalid(
        "raw-keyed-offset-beyond-stream",
        "RAW-KEYED-02",
        RAW,
        "The offset of a key group of raw keyed state is beyond the end of the stream.",
        |parts| {
            let offset = parts.find_if("key-group-offsets.offsets", |offset| {
                offset.path.contains(".raw_keyed.") && offset.value == "-1"
            })?;
            parts.overwrite(&offset, &0x10000_i64.to_be_bytes())
        },
    ),
    invalid(
        "raw-operator-name-other",
        "RAW-OPERATOR-01",
        RAW,
        "Raw operator state has another name than _default_.",
        |parts| {
            let name = parts.find_if("operator-handle-state.name", |name| name.path.contains(".raw_operator."))?;
            parts.replace(METADATA, name.range.clone(), &utf("_other_"))?;
            Some(spot(&name))
        },
    ),
    invalid(
        "raw-operator-offset-beyond-stream",
        "RAW-OPERATOR-02",
        RAW,
        "An offset of raw operator state is beyond the end of the stream.",
        |parts| {
            let offsets = parts.all("operator-handle-state.offsets");
            let offset = offsets.iter().rfind(|offset| offset.path.contains(".raw_operator."))?;
            parts.overwrite(offset, &0x10000_i64.to_be_bytes())
        },
    ),
    malformed(
        "raw-timers-version-unknown",
        ("RAW-TIMERS-01", "raw-timers-version"),
        RAW,
        "Timers in raw keyed state are of version 3.",
        |parts| {
            let section = parts.find("raw-section.content")?;
            parts.replace(&section.file, section.range.clone(), &[&MARKER[..], &[0, 0, 0, 3]].concat())?;
            Some(behind(&section, MARKER.len()))
        },
    ),
    malformed(
        "raw-timers-trailing",
        ("RAW-TIMERS-02", "raw-timers-trailing"),
        RAW,
        "Behind the last service of the timers in raw keyed state stands a byte.",
        |parts| {
            let section = parts.find("raw-section.content")?;
            let bytes = [&MARKER[..], &[0, 0, 0, 2], &[0; 4], &[7]].concat();
            parts.replace(&section.file, section.range.clone(), &bytes)?;
            Some(behind(&section, bytes.len() - 1))
        },
    ),
    malformed(
        "raw-timer-cut",
        ("RAW-TIMERS-03", "raw-timer"),
        RAW,
        "A timer in raw keyed state has no timestamp.",
        |parts| {
            const LONG: &str = "org.apache.flink.api.common.typeutils.base.LongSerializer$LongSerializerSnapshot";
            const VOID: &str = "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot";
            let section = parts.find("raw-section.content")?;
            let snapshot = |class: &str| [utf(class), 3_i32.to_be_bytes().to_vec()].concat();
            let service =
                [&MARKER[..], &[0, 0, 0, 2, 0, 0, 0, 1], &utf("timers"), &snapshot(LONG), &snapshot(VOID)].concat();
            let timer = [1_i32.to_be_bytes().as_slice(), &7_i64.to_be_bytes(), &[0]].concat();
            parts.replace(&section.file, section.range.clone(), &[service.as_slice(), &timer].concat())?;
            Some(behind(&section, service.len() + 4))
        },
    ),
    invalid(
        "raw-timers-in-savepoint",
        "TIMER-RAW-01",
        RAW,
        "Raw keyed state of a canonical savepoint holds timers.",
        |parts| {
            let section = parts.find("raw-section.content")?;
            let bytes = [&MARKER[..], &[0, 0, 0, 2], &[0; 4]].concat();
            parts.replace(&section.file, section.range.clone(), &bytes)?;
            Some(spot(&section))
        },
    ),
    invalid("state-handle-id-no-uuid", "META-ID-02", RAW, "The id of a handle is no UUID.", |parts| {
        let id = parts.find("key-groups-handle-v2.state_handle_id")?;
        parts.set_byte(&id, 2, b'x')
    }),
];

/// So many bytes behind the start of a section.
fn behind(section: &Span, bytes: usize) -> Spot {
    Spot { offset: Some((section.range.start + bytes) as u64), ..spot(section) }
}
