//! The chapter on key groups: prefixes, composite keys, and the key group that a key belongs to.

use flink_savepoint::Error;
use flink_savepoint::keyed::{CompositeKey, Entry, KeyLayout, MaxParallelism, PrefixWidth};
use flink_savepoint::logical::{About, KeyCheck, KeyVerdict, LogicalKind, Place, StateKey};
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::value::{Scalar, TypeDescription};

use super::place::{Report, Site};
use super::values::{broken_by, told};
use crate::text::count;

pub(super) const REQUIREMENTS: &[&str] = &[
    "KEYGROUP-MAX-01",
    "KEYGROUP-HASH-01",
    "KEYGROUP-PREFIX-01",
    "KEYGROUP-VLEN-01",
    "KEYGROUP-VLEN-02",
    "KEYGROUP-VLEN-03",
    "KEYGROUP-END-01",
    "KEYGROUP-NAMESPACE-01",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[
    ("KEYGROUP-HASH-03", "only the savepoint that was copied could tell that a key group was changed"),
    ("KEYGROUP-LENGTH-01", "a writer that is wrong about a length breaks KEYGROUP-VLEN-01"),
];

/// A composite key ends with its last part.
const END: &str = "KEYGROUP-END-01";

/// Whether keys stand in the key groups they belong to.
pub(super) struct Belongs {
    check: Option<KeyCheck>,
}

impl Belongs {
    pub(super) fn new(key: &SerializerSnapshot<'_>, state: &StateMetaInfo<'_>, max: MaxParallelism) -> Self {
        let about = About {
            key_serializer: Some(key),
            namespace_serializer: state.namespace_serializer.as_ref(),
            value_serializer: Some(&state.value_serializer),
            volatile: None,
        };
        let id = StateKey { kind: LogicalKind::Managed(state.kind), name: state.name.canonical() };
        Self { check: KeyCheck::of(&id, &about, max) }
    }

    /// Whether a key, without what follows it in an entry, is known to belong there.
    fn is_right(&self, group: u16, key: &[u8]) -> bool {
        self.check.as_ref().is_none_or(|check| matches!(check.check_key(group, key), KeyVerdict::Verified))
    }

    /// The same of the key of an entry, without its prefix.
    pub(super) fn is_right_entry(&self, group: u16, key: &[u8]) -> bool {
        self.verdict(group, key).is_none_or(|verdict| verdict == KeyVerdict::Verified)
    }

    fn verdict(&self, group: u16, key: &[u8]) -> Option<KeyVerdict> {
        let place = Place { state: 0, key_group: Some(group), prefix: group, subtask: 0 };
        self.check.as_ref().map(|check| check.check(place, key))
    }

    /// Looks at a key, without its prefix, that can be split.
    pub(super) fn look(&self, site: &Site, key: &[u8], report: &mut Report<'_>) {
        if let Some(KeyVerdict::Misplaced { belongs_to }) = self.verdict(site.group, key) {
            report.entry("KEYGROUP-HASH-01", site, || {
                format!("the key belongs into key group {belongs_to}, and stands in {}", site.group)
            });
        }
    }
}

/// Says what is wrong with the prefix of a key: it is that of another section, or the key does not fit its state. `fits` says
/// whether a key without its prefix does. Whether there is anything left to look at.
pub(super) fn prefix(
    site: &Site,
    entry: &Entry<'_>,
    max: MaxParallelism,
    fits: impl Fn(&[u8]) -> bool,
    report: &mut Report<'_>,
) -> bool {
    let matches = entry.key_group.0 == site.group;
    if under_other_width(max, entry, site.group).is_some_and(|key| fits(&key)) {
        report.entry("KEYGROUP-PREFIX-01", site, || {
            let [is, other] = match max.prefix_width() {
                PrefixWidth::One => ["one byte", "two"],
                PrefixWidth::Two => ["two bytes", "one"],
            };
            format!("the prefix of the key has {other}; with a max parallelism of {} it has {is}", max.get())
        });
        return false;
    }
    if !matches {
        report.entry("KEYED-GROUP-04", site, || {
            format!("the prefix of the key is key group {}, and its section that of {}", entry.key_group, site.group)
        });
    }
    true
}

/// Compares the prefix of a key of which nothing else is known with its section.
pub(super) fn of_section(site: &Site, entry: &Entry<'_>, max: MaxParallelism, report: &mut Report<'_>) {
    if entry.key_group.0 != site.group {
        prefix(site, entry, max, |_| true, report);
    }
}

/// What the key would be without its prefix if that had the other width.
fn under_other_width(max: MaxParallelism, entry: &Entry<'_>, group: u16) -> Option<Vec<u8>> {
    let [read_high, read_low] = entry.key_group.0.to_be_bytes();
    let [high, low] = group.to_be_bytes();
    match max.prefix_width() {
        PrefixWidth::One => {
            let (second, key) = entry.key.split_first()?;
            (read_low == high && *second == low).then(|| key.to_vec())
        }
        // The mark at the end of a run takes the top bit.
        PrefixWidth::Two => (read_high == low & 0x7F).then(|| [&[read_low], entry.key].concat()),
    }
}

/// The composite keys of a state of type 0.
pub(super) struct Keys {
    max: MaxParallelism,
    layout: Option<KeyLayout>,
    belongs: Belongs,
    user_key: Option<TypeDescription>,
    /// Whether the namespace is always one zero byte.
    is_void: bool,
    /// Whether nothing else is in a composite key but a key that says where it ends, and that byte.
    is_simple: bool,
}

impl Keys {
    pub(super) fn new(key: &SerializerSnapshot<'_>, state: &StateMetaInfo<'_>, max: MaxParallelism) -> Self {
        let user_key = match (state.kind, state.value_serializer.type_description()) {
            (StateKind::Keyed(KeyedStateType::Map), TypeDescription::Map { key, .. }) => Some(*key),
            _ => None,
        };
        let layout = KeyLayout::of(key, state);
        let is_void = layout.as_ref().is_some_and(|layout| is_void(layout.namespace()));
        let is_map = state.kind == StateKind::Keyed(KeyedStateType::Map);
        let is_simple = is_void
            && !is_map
            && layout.as_ref().is_some_and(|layout| !layout.has_lengths() && layout.key().is_delimited());
        Self { max, layout, belongs: Belongs::new(key, state, max), user_key, is_void, is_simple }
    }

    /// Whether a pass over the key shows that nothing is wrong. Most keys are sound: what is wrong is only looked for in others.
    #[inline]
    pub(super) fn glance(&self, group: u16, entry: &Entry<'_>) -> bool {
        if entry.key_group.0 != group {
            return false;
        }
        let Some(layout) = &self.layout else { return true };
        // Before the one byte of the void namespace the key is all there is.
        if self.is_simple {
            let Some((0, key)) = entry.key.split_last() else { return false };
            return layout.key().glance(key) && self.belongs.is_right(group, key);
        }
        layout.split(entry.key).is_some_and(|parts| {
            layout.key().glance(parts.key)
                && if self.is_void { parts.namespace == [0] } else { layout.namespace().glance(parts.namespace) }
                && self.user_key.as_ref().is_none_or(|ty| parts.user_key.is_none_or(|key| ty.glance(key)))
                && self.belongs.is_right(group, parts.key)
        })
    }

    pub(super) fn look(&self, site: &Site, entry: &Entry<'_>, report: &mut Report<'_>) {
        let Some(layout) = &self.layout else {
            return of_section(site, entry, self.max, report);
        };
        // Most keys are sound: what is wrong is only looked for in others.
        let fits = |key: &[u8]| layout.split(key).is_some_and(|parts| self.wrong_part(layout, &parts).is_none());
        if (entry.key_group.0 != site.group || !fits(entry.key)) && !prefix(site, entry, self.max, fits, report) {
            return;
        }
        let Some(parts) = layout.split(entry.key) else { return unsplit(layout, site, entry.key, report) };
        if let Some((id, what, error)) = self.wrong_part(layout, &parts) {
            report.entry(id, site, || told(what, &error));
        } else if self.is_void && parts.namespace != [0] {
            report.entry("KEYGROUP-NAMESPACE-01", site, || {
                format!("namespace {:02x?}; without namespaces it is one byte 00", parts.namespace)
            });
        }
        self.belongs.look(site, entry.key, report);
    }

    /// The first part that cannot be decoded to its end: the requirement that it breaks, its name, and why.
    fn wrong_part(&self, layout: &KeyLayout, parts: &CompositeKey<'_>) -> Option<(&'static str, &'static str, Error)> {
        let all = [
            ("key", Some(layout.key()), Some(parts.key), "KEYED-KEY-SERIALIZER-01"),
            ("namespace", Some(layout.namespace()), Some(parts.namespace), namespace_place(layout)),
            ("user key", self.user_key.as_ref(), parts.user_key, END),
        ];
        all.into_iter().find_map(|(what, ty, bytes, place)| {
            let error = ty?.decode(bytes?).err()?;
            Some((part_broken_by(&error, place), what, error))
        })
    }
}

/// The requirement that a part of a key breaks. That bytes are left over is a matter of where the part ends.
fn part_broken_by(error: &Error, place: &'static str) -> &'static str {
    match broken_by(error, place) {
        "VALUE-END-01" => place,
        named => named,
    }
}

fn is_void(namespace: &TypeDescription) -> bool {
    *namespace == TypeDescription::Scalar(Scalar::VoidNamespace)
}

/// What a namespace breaks that is not of its type: the void namespace is one byte of its own.
fn namespace_place(layout: &KeyLayout) -> &'static str {
    if is_void(layout.namespace()) { "KEYGROUP-NAMESPACE-01" } else { END }
}

/// Why a composite key cannot be split. Nothing is said where its values do not say how long they are.
fn unsplit(layout: &KeyLayout, site: &Site, composite: &[u8], report: &mut Report<'_>) {
    if !layout.key().is_delimited() {
        // It could only be split from behind: too short for its namespace, or of a map.
        return;
    }
    let has_lengths = layout.has_lengths();
    if layout.with_lengths(!has_lengths).split(composite).is_some() {
        let (found, expected) = if has_lengths { ("no", "there are") } else { ("", "there are none") };
        return report.entry("KEYGROUP-VLEN-01", site, || {
            format!("{found} lengths behind key and namespace; by their serializers {expected}").trim().to_owned()
        });
    }
    let mut rest = composite;
    let parts =
        [(layout.key(), "key", "KEYED-KEY-SERIALIZER-01"), (layout.namespace(), "namespace", namespace_place(layout))];
    for (ty, what, place) in parts {
        let Some(length) = ty.value_length(rest) else {
            // It may be an instance of a class that the snapshot does not have: then nothing is wrong.
            if let Err(error) = ty.decode(rest) {
                report.entry(part_broken_by(&error, place), site, || told(what, &error));
            }
            return;
        };
        rest = rest.get(length..).unwrap_or_default();
        if has_lengths {
            let spelled = spelled(length);
            match rest.strip_prefix(spelled.as_slice()) {
                Some(behind) => rest = behind,
                None => {
                    return report.entry("KEYGROUP-VLEN-02", site, || {
                        let found = rest.get(..spelled.len().min(rest.len())).unwrap_or_default();
                        format!("length {found:02x?} behind the {what} of {length} bytes, expected {spelled:02x?}")
                    });
                }
            }
        }
    }
    if !rest.is_empty() {
        report.entry(END, site, || {
            format!("{} left over behind the last part of the key", count(rest.len() as u64, "byte"))
        });
    }
}

/// A length as composite keys have it.
fn spelled(length: usize) -> Vec<u8> {
    let bytes = length.to_le_bytes();
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
    bytes.into_iter().take(used).collect()
}
