//! The chapter on keyed state: headers and their states, the order of sections, runs and entries.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use flink_savepoint::keyed::{Entry, KeyedHeader, MaxParallelism, Section};
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::serializer::classes::Family;
use flink_savepoint::wire::{Input, JavaStr, java};

use super::part::Once;
use super::place::{Report, Site};
use super::{entries, serializers};

pub(super) const REQUIREMENTS: &[&str] = &[
    "STATE-VERSION-01",
    "STATE-VERSION-02",
    "STATE-TYPE-01",
    "STATE-TYPE-02",
    "STATE-OPTION-01",
    "STATE-OPTION-03",
    "STATE-OPTION-04",
    "STATE-SERIALIZER-01",
    "STATE-SERIALIZER-03",
    "STATE-SERIALIZER-04",
    "STATE-SERIALIZER-05",
    "STATE-SERIALIZER-06",
    "KEYED-COMPRESSED-01",
    "KEYED-KEY-SERIALIZER-01",
    "KEYED-STATE-NAME-01",
    "KEYED-STATE-NAME-02",
    "KEYED-STATE-ID-01",
    "KEYED-OFFSET-01",
    "KEYED-OFFSET-02",
    "KEYED-OFFSET-03",
    "KEYED-GROUP-01",
    "KEYED-GROUP-03",
    "KEYED-GROUP-04",
    "KEYED-EOKG-01",
    "KEYED-EOKG-02",
    "KEYED-SECTION-01",
    "KEYED-SECTION-02",
    "KEYED-RUN-01",
    "KEYED-KEY-01",
    "KEYED-ORDER-01",
    "KEYED-DUPLICATE-01",
    "KEYED-DUPLICATE-02",
    "KEYED-EMPTY-02",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[
    ("KEYED-HEADER-01", "where no header stands, its first field is wrong: STATE-VERSION-01"),
    ("KEYED-STATES-01", "the count has no room for more: it reads as a negative one, WIRE-LENGTH-01"),
    ("KEYED-GROUP-02", "a handle has offsets for its range alone; an entry of another key group breaks KEYED-GROUP-04"),
];

/// The header of a keyed stream. `offset` is where a state stands.
pub(super) fn header(header: &KeyedHeader<'_>, offset: impl Fn(usize) -> u64, report: &mut Report<'_>) {
    if header.states.is_empty() {
        report.at("KEYED-EMPTY-02", 0, "header.states", || "a stream without states".to_owned());
    }
    // By name, the first state with entries and the first with timers.
    let mut names: BTreeMap<JavaStr<'static>, [Option<usize>; 2]> = BTreeMap::new();
    for (i, state) in header.states.iter().enumerate() {
        meta_info(state, &format!("header.state[{i}]"), offset(i), report);
        if let StateKind::Keyed(kind) = state.kind {
            of_kind(kind, state, i, offset(i), report);
        }
        let [entries, timers] = names.entry(state.name.canonical()).or_default();
        let (same, different) =
            if state.kind == StateKind::PriorityQueue { (timers, entries) } else { (entries, timers) };
        let path = format_args!("header.state[{i}].name");
        if let Some(other) = same {
            report.at("KEYED-STATE-NAME-01", offset(i), path, || {
                format!("{} is the name of state {other}, too", state.name)
            });
        } else if let Some(other) = different {
            report.at("KEYED-STATE-NAME-02", offset(i), path, || {
                format!("{} is the name of state {other}, too: one has entries, the other timers", state.name)
            });
        }
        same.get_or_insert(i);
    }
}

/// What the kind of a keyed state asks of it.
fn of_kind(kind: KeyedStateType, state: &StateMetaInfo<'_>, i: usize, offset: u64, report: &mut Report<'_>) {
    let path = format_args!("header.state[{i}]");
    if matches!(kind, KeyedStateType::Unknown | KeyedStateType::Folding) {
        report.at("STATE-OPTION-04", offset, format_args!("{path}.options"), || {
            format!("KEYED_STATE_TYPE {}; from 1.13 on it is VALUE, LIST, REDUCING, AGGREGATING or MAP", kind.name())
        });
    }
    let serializer = state.value_serializer.without_ttl_awareness();
    let family = serializer.family();
    let expected = match kind {
        KeyedStateType::List if family != Some(Family::List) => "ListSerializerSnapshot",
        KeyedStateType::Map if family != Some(Family::Map) => "MapSerializerSnapshot",
        _ => return,
    };
    report.at("STATE-SERIALIZER-05", offset, format_args!("{path}.serializers"), || {
        format!("a state of the kind {} by {}, it is a {expected}", kind.name(), serializer.class())
    });
}

/// What is asked of the meta info of any state, in keyed and in operator streams.
pub(super) fn meta_info(state: &StateMetaInfo<'_>, path: &str, offset: u64, report: &mut Report<'_>) {
    super::conventions::string(&state.name, &format!("{path}.name"), offset, report);
    if state.is_ttl_aware() {
        report.at("STATE-SERIALIZER-06", offset, format_args!("{path}.serializers"), || {
            "a TtlAwareSerializerSnapshot, which Flink 1.x does not have; write the one that it wraps".to_owned()
        });
    }
    let all = [Some(&state.value_serializer), state.namespace_serializer.as_ref(), state.key_serializer.as_ref()];
    for serializer in all.into_iter().flatten() {
        serializers::snapshot(serializer, path, offset, report);
    }
    let Some(parts) = Parts::read(state.raw()) else { return };
    let options = usize::from(state.kind != StateKind::PriorityQueue);
    if parts.options != options {
        report.at("STATE-OPTION-03", offset, format_args!("{path}.options"), || {
            format!("{} options, a state of the kind {} has {options}", parts.options, state.kind)
        });
    }
    let expected: &[&str] = match state.kind {
        StateKind::Keyed(_) => &["VALUE_SERIALIZER", "NAMESPACE_SERIALIZER"],
        StateKind::Broadcast => &["VALUE_SERIALIZER", "KEY_SERIALIZER"],
        StateKind::PriorityQueue | StateKind::Operator { .. } => &["VALUE_SERIALIZER"],
    };
    let path = format_args!("{path}.serializers");
    if parts.serializers != expected.len() {
        report.at("STATE-SERIALIZER-04", offset, path, || {
            format!(
                "{} serializers, a state of the kind {} has {}: {}",
                parts.serializers,
                state.kind,
                expected.len(),
                expected.join(" and ")
            )
        });
    } else if parts.first_serializer != *"VALUE_SERIALIZER" {
        report.at("STATE-SERIALIZER-03", offset, path, || {
            format!("{} comes before VALUE_SERIALIZER", parts.first_serializer)
        });
    } else if parts.options == options && state.as_flink_writes().is_ok_and(|bytes| bytes != state.raw()) {
        report.at("WIRE-LAYOUT-01", offset, path, || "written again, the state has other bytes".to_owned());
    }
}

/// What the bytes of a meta info have beside what its reader keeps.
struct Parts<'r> {
    options: usize,
    serializers: usize,
    first_serializer: JavaStr<'r>,
}

impl<'r> Parts<'r> {
    fn read(raw: &'r [u8]) -> Option<Self> {
        let (rest, _name) = java::utf(Input::new(raw), false).ok()?;
        let (rest, _kind) = java::i32(rest).ok()?;
        let (mut rest, options) = java::count(rest, 4).ok()?;
        for _ in 0..options {
            let (next, _key) = java::utf(rest, false).ok()?;
            rest = java::utf(next, false).ok()?.0;
        }
        let (rest, serializers) = java::count(rest, 12).ok()?;
        let (_, first_serializer) = java::utf(rest, false).ok()?;
        let [options, serializers] = [options, serializers].map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        Some(Self { options, serializers, first_serializer })
    }
}

/// The order of the runs and entries of a section, and entries that are there twice.
#[derive(Default)]
pub(super) struct Order {
    state: Option<u16>,
    seen: BTreeSet<u16>,
    unordered: Option<(Site, String)>,
}

impl Order {
    /// `previous` is the key of the entry before, without its prefix. Whether a run starts, of another state than the one before.
    #[inline]
    pub(super) fn look(&mut self, site: &Site, entry: &Entry<'_>, previous: &[u8]) -> bool {
        let is_of_run = self.state == Some(entry.state.0);
        if !is_of_run {
            self.run(site, entry.state.0);
        } else if entry.key <= previous && self.unordered.is_none() {
            let what = format!("entries of state {} are not in ascending order of their keys", entry.state.0);
            self.unordered = Some((*site, what));
        }
        !is_of_run
    }

    fn run(&mut self, site: &Site, id: u16) {
        let descends = self.state.is_some_and(|before| before > id);
        if (descends || !self.seen.insert(id)) && self.unordered.is_none() {
            self.unordered = Some((*site, format!("a run of state {id} behind one of a higher id")));
        }
        self.state = Some(id);
    }

    /// At the end of the section. Of one that is not in order every key is hashed: 8 bytes for each entry, up to the end of this.
    pub(super) fn finish(
        self,
        section: &Section<'_>,
        max: MaxParallelism,
        buffer: &mut Vec<u8>,
        report: &mut Report<'_>,
    ) {
        // In strictly ascending order nothing is there twice.
        let Some((site, what)) = self.unordered else { return };
        // The section was read before, so that reading it again cannot fail.
        let mut hashes = Vec::new();
        let _ = entries::for_each(section, max, buffer, |_, entry, _| hashes.push(hash(entry)));
        hashes.sort_unstable();
        let twice =
            |pair: &[u64]| matches!(pair, [one, other] if one == other).then(|| pair.first().copied()).flatten();
        let suspects: HashSet<u64> = hashes.windows(2).filter_map(twice).collect();
        let mut keys: HashMap<(u16, Vec<u8>), u64> = HashMap::new();
        if !suspects.is_empty() {
            let _ = entries::for_each(section, max, buffer, |site, entry, _| {
                if !suspects.contains(&hash(entry)) {
                    return;
                }
                match keys.entry((entry.state.0, entry.key.to_vec())) {
                    std::collections::hash_map::Entry::Vacant(slot) => {
                        slot.insert(site.number);
                    }
                    std::collections::hash_map::Entry::Occupied(first) => {
                        report.entry("KEYED-DUPLICATE-01", site, || {
                            let (state, first) = (entry.state.0, first.get());
                            format!("the key is that of entry {first} of state {state}, too: Flink takes the later one")
                        });
                    }
                }
            });
        }
        if keys.is_empty() {
            report.entry_once(Once::Order, "KEYED-ORDER-01", &site, || {
                format!("{what} (the first place in this stream)")
            });
        }
    }
}

fn hash(entry: &Entry<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (entry.state.0, entry.key).hash(&mut hasher);
    hasher.finish()
}
