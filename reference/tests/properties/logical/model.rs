//! What a savepoint means.

use std::collections::BTreeMap;

use flink_savepoint::keyed::Timer;
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::value::Scalar;
use proptest::prelude::*;
use proptest::sample::select;

use crate::strategies::wire::long;

/// The content of a savepoint, in no order that means anything.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    /// By uid.
    pub(crate) operators: BTreeMap<String, Content>,
    /// Version and payload by name.
    pub(crate) master_states: BTreeMap<String, (i32, Vec<u8>)>,
}

/// What an operator keeps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Content {
    pub(crate) max: u32,
    /// Values by state, key group and key.
    pub(crate) keyed: BTreeMap<(Keyed, u16, Vec<u8>), Vec<u8>>,
    /// Elements of lists, each as often as it is there.
    pub(crate) elements: Vec<(List, i64)>,
    pub(crate) broadcast: BTreeMap<i64, i64>,
    pub(crate) coordinator: Option<Vec<u8>>,
}

/// The keyed states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Keyed {
    Value,
    Other,
    List,
    Map,
    Reducing,
    EventTimers,
    ProcessingTimers,
}

/// The lists of operator state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum List {
    Split,
    Union,
    /// A split list of another name.
    Second,
}

impl Keyed {
    pub(crate) const ALL: [Self; 7] =
        [Self::Value, Self::Other, Self::List, Self::Map, Self::Reducing, Self::EventTimers, Self::ProcessingTimers];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Value => "счёт",
            Self::Other => "счёт2",
            Self::List => "list",
            Self::Map => "map",
            Self::Reducing => "",
            Self::EventTimers => "_timer_state/event_user-timers",
            Self::ProcessingTimers => "_timer_state/processing_user-timers",
        }
    }

    pub(crate) fn is_timers(self) -> bool {
        matches!(self, Self::EventTimers | Self::ProcessingTimers)
    }

    pub(crate) fn meta_info(self, ttl: bool) -> StateMetaInfo<'static> {
        let void = || scalar(Scalar::VoidNamespace);
        let keyed = |kind, value| StateMetaInfo::keyed(self.name(), kind, void(), value);
        match self {
            Self::Other if ttl => keyed(KeyedStateType::Value, SerializerSnapshot::ttl(&scalar(Scalar::Long)).unwrap()),
            Self::Value | Self::Other => keyed(KeyedStateType::Value, scalar(Scalar::Long)),
            Self::List => keyed(KeyedStateType::List, SerializerSnapshot::list(&scalar(Scalar::Long)).unwrap()),
            Self::Map => {
                let map = SerializerSnapshot::map(&scalar(Scalar::Long), &scalar(Scalar::Long));
                keyed(KeyedStateType::Map, map.unwrap())
            }
            Self::Reducing => keyed(KeyedStateType::Reducing, scalar(Scalar::Long)),
            Self::EventTimers | Self::ProcessingTimers => {
                let timer = SerializerSnapshot::timer(&scalar(Scalar::Long), &void());
                StateMetaInfo::timers(self.name(), timer.unwrap())
            }
        }
    }

    /// The composite key of a key: with a user key, or as a timer at that time.
    pub(crate) fn composite(self, key: i64, other: i64) -> Vec<u8> {
        let rest = [&key.to_be_bytes()[..], &[0]].concat();
        match self {
            Self::Map => [&rest[..], &other.to_be_bytes()].concat(),
            _ if self.is_timers() => Timer { timestamp: other, rest: &rest }.write(),
            _ => rest,
        }
    }

    /// A value of the state; in a map sometimes null.
    pub(crate) fn value(self, number: i64) -> Vec<u8> {
        let bytes = number.to_be_bytes();
        match self {
            Self::Map if number % 4 == 0 => NULL.to_vec(),
            Self::Map => [&[0][..], &bytes].concat(),
            Self::List => [&bytes[..], b",", &bytes].concat(),
            _ if self.is_timers() => Vec::new(),
            _ => bytes.to_vec(),
        }
    }
}

/// A null value of a map, in its short spelling.
pub(crate) const NULL: [u8; 1] = [1];

impl List {
    pub(crate) const ALL: [Self; 3] = [Self::Split, Self::Union, Self::Second];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Union => "union",
            Self::Second => "second",
        }
    }
}

pub(crate) const BROADCAST: &str = "rules";

pub(crate) fn model() -> impl Strategy<Value = Model> {
    let name = select(&["", "a", "источник", "a\0b", "\u{1F600}", "name"][..]).prop_map(str::to_owned);
    let payload = (-2..3_i32, proptest::collection::vec(any::<u8>(), 0..4));
    let operators = proptest::collection::btree_map(select(&UIDS[..]).prop_map(str::to_owned), content(), 0..3);
    let master_states = proptest::collection::btree_map(name, payload, 0..3);
    (operators, master_states).prop_map(|(operators, master_states)| Model { operators, master_states })
}

pub(crate) const UIDS: [&str; 5] = ["one", "two", "", "источник", "this-is-a-longer-uid-than-16-bytes"];

fn content() -> impl Strategy<Value = Content> {
    // Every subtask has an offset for each key group: many take time.
    let max = prop_oneof![9 => select(vec![1_u32, 2, 127, 128, 129, 300]), 1 => select(vec![32_767, 32_768])];
    let keyed = proptest::collection::vec((select(&Keyed::ALL[..]), any::<u16>(), long(), long(), long()), 0..12);
    let elements = proptest::collection::vec((select(&List::ALL[..]), long()), 0..6);
    let broadcast = proptest::collection::btree_map(long(), long(), 0..4);
    let coordinator = proptest::option::weighted(0.3, proptest::collection::vec(any::<u8>(), 0..5));
    (max, keyed, elements, broadcast, coordinator).prop_map(|(max, entries, elements, broadcast, coordinator)| {
        let entry = |(state, group, key, other, value): (Keyed, u16, i64, i64, i64)| {
            ((state, group_of(max, group), state.composite(key, other)), state.value(value))
        };
        Content { max, keyed: entries.into_iter().map(entry).collect(), elements, broadcast, coordinator }
    })
}

/// One of the key groups: often the first or the last.
pub(crate) fn group_of(max: u32, number: u16) -> u16 {
    let last = u16::try_from(max - 1).unwrap();
    match number % 4 {
        0 => 0,
        1 => last,
        _ => u16::try_from(u32::from(number) % max).unwrap(),
    }
}

impl Content {
    pub(crate) fn nothing(max: u32) -> Self {
        Self { max, keyed: BTreeMap::new(), elements: Vec::new(), broadcast: BTreeMap::new(), coordinator: None }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::nothing(self.max)
    }
}

pub(crate) fn scalar(scalar: Scalar) -> SerializerSnapshot<'static> {
    SerializerSnapshot::scalar(scalar).unwrap()
}
