//! What identifies a state, whatever stream it is in.

use std::fmt;

use crate::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use crate::serializer::SerializerSnapshot;
use crate::serializer::classes::Family;
use crate::wire::JavaStr;

/// What identifies a state of an operator in every savepoint of the job. State ids do not: they are positions in a stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateKey {
    /// What kind of state.
    pub kind: LogicalKind,
    /// Its name, in canonical spelling; empty for state that has none.
    pub name: JavaStr<'static>,
}

/// The kinds of state that an operator can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogicalKind {
    /// With a meta info in the header of its stream.
    Managed(StateKind),
    /// Keyed state or timers in a stream whose header cannot be read, named `#` and the
    /// id of the state in that stream.
    Nameless,
    /// Raw keyed state: one opaque stream for each key group.
    RawKeyed,
    /// Raw operator state: opaque partitions.
    RawOperator,
    /// The state of the operator's coordinator.
    Coordinator,
}

impl StateKey {
    /// State without a meta info.
    pub(super) fn other(kind: LogicalKind, name: &JavaStr<'_>) -> Self {
        Self { kind, name: name.canonical() }
    }

    /// State with a meta info.
    pub(super) fn managed(info: &StateMetaInfo<'_>) -> Self {
        Self { kind: LogicalKind::Managed(info.kind), name: info.name.canonical() }
    }

    /// Timers of a service, by the name of their priority-queue state.
    pub(super) fn timers(time: &str, service: &JavaStr<'_>) -> Self {
        let name = JavaStr::from_utf16(format!("_timer_state/{time}_").encode_utf16().chain(service.utf16()));
        Self { kind: LogicalKind::Managed(StateKind::PriorityQueue), name }
    }

    /// Kind and name as bytes, different for different states.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [self.kind.label().as_bytes(), b" ", self.name.as_modified_utf8()].concat()
    }

    /// Whether its entries are in key groups.
    pub fn is_keyed(&self) -> bool {
        matches!(
            self.kind,
            LogicalKind::Managed(StateKind::Keyed(_) | StateKind::PriorityQueue)
                | LogicalKind::Nameless
                | LogicalKind::RawKeyed
        )
    }

    /// Whether every subtask has a copy of the whole.
    pub fn is_broadcast(&self) -> bool {
        self.kind == LogicalKind::Managed(StateKind::Broadcast)
    }
}

impl LogicalKind {
    /// For people and reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Managed(kind) => kind.label(),
            Self::Nameless => "NAMELESS",
            Self::RawKeyed => "RAW_KEYED",
            Self::RawOperator => "RAW_OPERATOR",
            Self::Coordinator => "COORDINATOR",
        }
    }
}

impl LogicalKind {
    /// The kind of that label.
    pub fn of_label(label: &str) -> Option<Self> {
        let managed = [
            StateKind::PriorityQueue,
            StateKind::Operator { union: false },
            StateKind::Operator { union: true },
            StateKind::Broadcast,
        ];
        let keyed = KeyedStateType::ALL.map(|(kind, _)| StateKind::Keyed(kind));
        let others = [Self::Nameless, Self::RawKeyed, Self::RawOperator, Self::Coordinator];
        let mut all = managed.into_iter().chain(keyed).map(Self::Managed).chain(others);
        all.find(|kind| kind.label() == label)
    }
}

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.label())?;
        if self.name.is_empty() { Ok(()) } else { write!(f, " {}", self.name) }
    }
}

/// What a stream says of a state besides its name and kind. Not part of the meaning: a job may read its state with other serializers.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'s> {
    /// Of the keys: of the operator, or of a broadcast map.
    pub key_serializer: Option<&'s SerializerSnapshot<'s>>,
    /// Of namespaces.
    pub namespace_serializer: Option<&'s SerializerSnapshot<'s>>,
    /// Of values, whole lists or maps, elements, timers.
    pub value_serializer: Option<&'s SerializerSnapshot<'s>>,
    /// Why two runs of one job need not agree in it.
    pub volatile: Option<Volatile>,
}

impl<'s> About<'s> {
    pub(super) fn keyed(key_serializer: &'s SerializerSnapshot<'s>, info: &'s StateMetaInfo<'s>) -> Self {
        Self { key_serializer: Some(key_serializer), ..Self::operator(info) }
    }

    pub(super) fn operator(info: &'s StateMetaInfo<'s>) -> Self {
        Self {
            key_serializer: info.key_serializer.as_ref(),
            namespace_serializer: info.namespace_serializer.as_ref(),
            value_serializer: Some(&info.value_serializer),
            volatile: Volatile::of(info),
        }
    }

    pub(super) fn volatile(volatile: Volatile) -> Self {
        Self { volatile: Some(volatile), ..Self::default() }
    }
}

/// Why two runs of one job need not have equal content in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Volatile {
    /// Every value carries the time of its last update (TTL).
    Clock,
    /// How far a source has read when the savepoint was taken.
    SourcePosition,
}

impl Volatile {
    /// For people and reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Clock => "carries a clock (TTL)",
            Self::SourcePosition => "position of a source",
        }
    }

    /// The reason of that label.
    pub fn of_label(label: &str) -> Option<Self> {
        [Self::Clock, Self::SourcePosition].into_iter().find(|why| why.label() == label)
    }

    fn of(info: &StateMetaInfo<'_>) -> Option<Self> {
        if matches!(info.kind, StateKind::Operator { .. }) && info.name == *"SourceReaderState" {
            return Some(Self::SourcePosition);
        }
        has_ttl(&info.value_serializer).then_some(Self::Clock)
    }
}

fn has_ttl(snapshot: &SerializerSnapshot<'_>) -> bool {
    snapshot.family() == Some(Family::Ttl) || snapshot.nested().any(|nested| has_ttl(&nested))
}
