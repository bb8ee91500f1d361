//! State meta infos: what the header of a state stream says of each state.
//!
//! | field | type |
//! |---|---|
//! | name | `utf` |
//! | state type | `i32`, the ordinal of `BackendStateType` |
//! | options | `i32` count, `utf` key and `utf` value each |
//! | serializers | `i32` count, `utf` key and wrapped snapshot each |
//!
//! The same in the keyed and in the operator stream (`StateMetaInfoSnapshotReadersWriters`).

use std::borrow::Cow;
use std::fmt;

use crate::error::At;
use crate::metadata::Mode;
use crate::serializer::{Context, SerializerSnapshot, Todo};
use crate::wire::{Input, JavaStr, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

const KEY_VALUE: i32 = 0;
const OPERATOR: i32 = 1;
const BROADCAST: i32 = 2;
const PRIORITY_QUEUE: i32 = 3;
const KEY_VALUE_V2: i32 = 4;

const KEYED_STATE_TYPE: &str = "KEYED_STATE_TYPE";
const DISTRIBUTION_MODE: &str = "OPERATOR_STATE_DISTRIBUTION_MODE";
const VALUE_SERIALIZER: &str = "VALUE_SERIALIZER";
const NAMESPACE_SERIALIZER: &str = "NAMESPACE_SERIALIZER";
const KEY_SERIALIZER: &str = "KEY_SERIALIZER";

/// A state of a stream.
#[derive(Clone, PartialEq)]
pub struct StateMetaInfo<'a> {
    /// Its name, which is its identity across streams.
    pub name: JavaStr<'a>,
    /// What kind of state it is.
    pub kind: StateKind,
    /// Of values, accumulators, whole lists or maps; of elements in operator state; of timers.
    pub value_serializer: SerializerSnapshot<'a>,
    /// Of namespaces; keyed values only.
    pub namespace_serializer: Option<SerializerSnapshot<'a>>,
    /// Of the keys of broadcast state.
    pub key_serializer: Option<SerializerSnapshot<'a>>,
    /// As it stands in the file, with options and serializers that nobody knows; empty if it was built.
    raw: Cow<'a, [u8]>,
}

/// The kinds of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StateKind {
    /// Keyed state.
    Keyed(KeyedStateType),
    /// Timers: a priority queue in keyed state.
    PriorityQueue,
    /// Split or union operator state.
    Operator {
        /// Whether every subtask gets all elements.
        union: bool,
    },
    /// Broadcast operator state.
    Broadcast,
}

/// `StateDescriptor.Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "Flink's own constants")]
pub enum KeyedStateType {
    Unknown,
    Value,
    List,
    Reducing,
    Folding,
    Aggregating,
    Map,
}

impl KeyedStateType {
    pub(crate) const ALL: [(Self, &'static str); 7] = [
        (Self::Unknown, "UNKNOWN"),
        (Self::Value, "VALUE"),
        (Self::List, "LIST"),
        (Self::Reducing, "REDUCING"),
        (Self::Folding, "FOLDING"),
        (Self::Aggregating, "AGGREGATING"),
        (Self::Map, "MAP"),
    ];

    /// The constant's name in Java.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(this, _)| *this == self).map_or("", |(_, name)| name)
    }
}

impl StateKind {
    /// For people and reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Keyed(kind) => kind.name(),
            Self::PriorityQueue => "TIMERS",
            Self::Operator { union: false } => "SPLIT_DISTRIBUTE",
            Self::Operator { union: true } => "UNION",
            Self::Broadcast => "BROADCAST",
        }
    }

    /// The mode in the handle that belongs to this kind of operator state.
    pub fn mode(self) -> Option<Mode> {
        match self {
            Self::Operator { union: false } => Some(Mode::SplitDistribute),
            Self::Operator { union: true } => Some(Mode::Union),
            Self::Broadcast => Some(Mode::Broadcast),
            Self::Keyed(_) | Self::PriorityQueue => None,
        }
    }

    fn ordinal(self) -> i32 {
        match self {
            Self::Keyed(_) => KEY_VALUE,
            Self::PriorityQueue => PRIORITY_QUEUE,
            Self::Operator { .. } => OPERATOR,
            Self::Broadcast => BROADCAST,
        }
    }

    fn option(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Keyed(kind) => Some((KEYED_STATE_TYPE, kind.name())),
            Self::PriorityQueue => None,
            other => Some((DISTRIBUTION_MODE, other.label())),
        }
    }
}

impl fmt::Display for StateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// Which stream the meta info is in: it decides which kinds may stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Keyed,
    Operator,
    Broadcast,
}

impl<'a> StateMetaInfo<'a> {
    /// Keyed state.
    pub fn keyed(
        name: &str,
        kind: KeyedStateType,
        namespace: SerializerSnapshot<'a>,
        value: SerializerSnapshot<'a>,
    ) -> Self {
        Self::built(name, StateKind::Keyed(kind), value, Some(namespace), None)
    }

    /// Timers. `element` is a `TimerSerializerSnapshot` of key and namespace.
    pub fn timers(name: &str, element: SerializerSnapshot<'a>) -> Self {
        Self::built(name, StateKind::PriorityQueue, element, None, None)
    }

    /// Split or union operator state.
    pub fn operator(name: &str, union: bool, element: SerializerSnapshot<'a>) -> Self {
        Self::built(name, StateKind::Operator { union }, element, None, None)
    }

    /// Broadcast state.
    pub fn broadcast(name: &str, key: SerializerSnapshot<'a>, value: SerializerSnapshot<'a>) -> Self {
        Self::built(name, StateKind::Broadcast, value, None, Some(key))
    }

    fn built(
        name: &str,
        kind: StateKind,
        value_serializer: SerializerSnapshot<'a>,
        namespace_serializer: Option<SerializerSnapshot<'a>>,
        key_serializer: Option<SerializerSnapshot<'a>>,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            value_serializer,
            namespace_serializer,
            key_serializer,
            raw: Cow::Borrowed(&[]),
        }
    }

    /// As it stands in the file; empty if it was built.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// As Flink writes such a state: its one option if it has one, and its serializers in Flink's order. What else
    /// [`raw`](Self::raw) has is missing.
    pub fn as_flink_writes(&self) -> Result<Vec<u8>, Error> {
        let mut out = Output::new();
        self.write_parts(&mut out)?;
        Ok(out.into_bytes())
    }

    /// Whether a serializer is wrapped in a `TtlAwareSerializerSnapshot`, which only Flink 2.1 and later read.
    pub fn is_ttl_aware(&self) -> bool {
        self.serializers().any(|(_, serializer)| serializer.is_ttl_aware())
    }

    /// The state with the snapshots that are wrapped. Values have the same bytes.
    #[must_use]
    pub fn without_ttl_awareness(&self) -> Self {
        if !self.is_ttl_aware() {
            return self.clone();
        }
        let plain = |serializer: &SerializerSnapshot<'a>| serializer.without_ttl_awareness();
        Self {
            name: self.name.clone(),
            kind: self.kind,
            value_serializer: plain(&self.value_serializer),
            namespace_serializer: self.namespace_serializer.as_ref().map(plain),
            key_serializer: self.key_serializer.as_ref().map(plain),
            raw: Cow::Borrowed(&[]),
        }
    }

    /// In the order in which Flink writes them.
    fn serializers(&self) -> impl Iterator<Item = (&'static str, &SerializerSnapshot<'a>)> {
        let all = [
            (VALUE_SERIALIZER, Some(&self.value_serializer)),
            (NAMESPACE_SERIALIZER, self.namespace_serializer.as_ref()),
            (KEY_SERIALIZER, self.key_serializer.as_ref()),
        ];
        all.into_iter().filter_map(|(key, serializer)| Some((key, serializer?)))
    }

    /// Reads one and checks that its kind may stand in `place`.
    pub(crate) fn read(input: Input<'a>, place: Place, context: &Context<'_>) -> Parsed<'a, Self> {
        let (rest, name) = java::utf(input, false).field("name")?;
        let type_at = rest.offset();
        let (rest, ordinal) = java::i32(rest).field("type")?;
        let option_key = match (ordinal, place) {
            (KEY_VALUE, Place::Keyed) => Some(KEYED_STATE_TYPE),
            (PRIORITY_QUEUE, Place::Keyed) => None,
            (OPERATOR, Place::Operator) | (BROADCAST, Place::Broadcast) => Some(DISTRIBUTION_MODE),
            (KEY_VALUE_V2, Place::Keyed) => return fail(ErrorKind::StateV2, type_at).field("type"),
            (found, _) => return fail(ErrorKind::StateType { found }, type_at).field("type"),
        };
        let options_at = rest.offset();
        let (rest, option) = read_options(rest, option_key, context.strict).field("options")?;
        let kind = match (ordinal, option) {
            (PRIORITY_QUEUE, _) => Some(StateKind::PriorityQueue),
            (_, None) => None,
            (_, Some(text)) => kind_of(ordinal, &text.to_text()),
        };
        let Some(kind) = kind else {
            return fail(ErrorKind::StateOption { option: option_key.unwrap_or_default() }, options_at)
                .field("options");
        };
        let serializers_at = rest.offset();
        let (rest, count) = java::count(rest, 12).field("serializers")?;
        let (rest, [value, namespace, key]) = read_serializers(rest, count, context).field("serializers")?;
        let missing = |key| fail(ErrorKind::MissingSerializer { key }, serializers_at).field("serializers");
        let Some(value_serializer) = value else { return missing(VALUE_SERIALIZER) };
        if ordinal == KEY_VALUE && namespace.is_none() {
            return missing(NAMESPACE_SERIALIZER);
        }
        if ordinal == BROADCAST && key.is_none() {
            return missing(KEY_SERIALIZER);
        }
        let raw = Cow::Borrowed(input.until(&rest).bytes());
        let info = Self { name, kind, value_serializer, namespace_serializer: namespace, key_serializer: key, raw };
        Ok((rest, info))
    }

    /// Writes it: as it stood in its file, or as Flink writes such a state.
    pub(crate) fn write(&self, out: &mut Output) -> Result<(), Error> {
        if !self.raw.is_empty() {
            out.raw(&self.raw);
            return Ok(());
        }
        self.write_parts(out)
    }

    fn write_parts(&self, out: &mut Output) -> Result<(), Error> {
        out.utf(&self.name).field("name")?;
        out.i32(self.kind.ordinal());
        let option = self.kind.option();
        out.count(option.iter().count())?;
        if let Some((key, value)) = option {
            out.utf(&key.into())?;
            out.utf(&value.into())?;
        }
        out.count(self.serializers().count())?;
        for (key, serializer) in self.serializers() {
            out.utf(&key.into())?;
            serializer.write_wrapped(out);
        }
        Ok(())
    }
}

impl fmt::Debug for StateMetaInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {} {}", self.name, self.kind, self.value_serializer)?;
        self.namespace_serializer.iter().try_for_each(|namespace| write!(f, " by {namespace}"))?;
        self.key_serializer.iter().try_for_each(|key| write!(f, " of {key}"))
    }
}

fn kind_of(ordinal: i32, option: &str) -> Option<StateKind> {
    match (ordinal, option) {
        (KEY_VALUE, word) => {
            KeyedStateType::ALL.iter().find(|(_, name)| *name == word).map(|(kind, _)| StateKind::Keyed(*kind))
        }
        (OPERATOR, "SPLIT_DISTRIBUTE") => Some(StateKind::Operator { union: false }),
        (OPERATOR, "UNION") => Some(StateKind::Operator { union: true }),
        (BROADCAST, "BROADCAST") => Some(StateKind::Broadcast),
        _ => None,
    }
}

/// The value of the option that is asked for. Flink ignores others.
fn read_options<'a>(input: Input<'a>, wanted: Option<&'static str>, strict: bool) -> Parsed<'a, Option<JavaStr<'a>>> {
    let (mut rest, count) = java::count(input, 4)?;
    let mut found = None;
    for i in 0..count {
        let (next, key) = java::utf(rest, false).index(i.into())?;
        let (next, value) = java::utf(next, false).index(i.into())?;
        if wanted.is_some_and(|wanted| key == *wanted) {
            found = Some(value);
        } else if strict {
            return fail(ErrorKind::StateOption { option: wanted.unwrap_or_default() }, rest.offset()).index(i.into());
        }
        rest = next;
    }
    Ok((rest, found))
}

/// Value, namespace and key serializer. They come in any order, and Flink ignores others.
pub(crate) fn read_serializers<'a>(
    input: Input<'a>,
    count: u32,
    context: &Context<'_>,
) -> Parsed<'a, [Option<SerializerSnapshot<'a>>; 3]> {
    let mut rest = input;
    let mut found = [None, None, None];
    for i in 0..count {
        let (next, key) = java::utf(rest, false).index(i.into())?;
        let slot = [VALUE_SERIALIZER, NAMESPACE_SERIALIZER, KEY_SERIALIZER].iter().position(|known| key == **known);
        if slot.is_none() && context.strict {
            return fail(ErrorKind::MissingSerializer { key: VALUE_SERIALIZER }, rest.offset()).index(i.into());
        }
        let read = SerializerSnapshot::read_wrapped(next, context);
        if read.is_err() {
            context.left_behind(|| Todo::Serializers { count: count - i - 1 });
        }
        let (next, snapshot) = read.index(i.into())?;
        if let Some(slot) = slot.and_then(|slot| found.get_mut(slot)) {
            *slot = Some(snapshot);
        }
        rest = next;
    }
    Ok((rest, found))
}

/// `i16` count, then meta infos.
pub(crate) fn read_counted_states<'a>(
    input: Input<'a>,
    place: Place,
    context: &Context<'_>,
) -> Parsed<'a, Vec<StateMetaInfo<'a>>> {
    let (rest, count) = java::u16(input).field("states")?;
    let Some(count) = i16::try_from(count).ok().and_then(|n| u16::try_from(n).ok()) else {
        return fail(ErrorKind::NegativeLength { found: i64::from(count.cast_signed()) }, input.offset())
            .field("states");
    };
    read_states(rest, count, place, context)
}

/// That many meta infos.
pub(crate) fn read_states<'a>(
    input: Input<'a>,
    count: u16,
    place: Place,
    context: &Context<'_>,
) -> Parsed<'a, Vec<StateMetaInfo<'a>>> {
    let mut rest = input;
    // Not sized by the count: each state is read before room is made for it.
    let mut states = Vec::new();
    for i in 0..count {
        let read = StateMetaInfo::read(rest, place, context);
        if read.is_err() {
            context.left_behind(|| Todo::States { count: count - i - 1, place });
        }
        let (next, state) = read.index(i.into()).field("state")?;
        states.push(state);
        rest = next;
    }
    Ok((rest, states))
}

/// `i16` count, then meta infos.
pub(crate) fn write_states(states: &[StateMetaInfo<'_>], out: &mut Output) -> Result<(), Error> {
    let count = i16::try_from(states.len()).map_err(|_| out.error(ErrorKind::ListTooLong { length: states.len() }))?;
    out.u16(count.cast_unsigned());
    states.iter().enumerate().try_for_each(|(i, state)| state.write(out).index(i as u64).field("state"))
}
