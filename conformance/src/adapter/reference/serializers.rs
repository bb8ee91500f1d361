//! The serializers that Flink has for the types of scenarios, and the states of an operator as a header says them.

use flink_savepoint::Error;
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::metadata::Release;
use flink_savepoint::serializer::classes::Family;
use flink_savepoint::serializer::{Scalar, SerializerSnapshot};
use flink_savepoint::value::TypeDescription;

use super::Failure;
use crate::scenario::types::Type;
use crate::scenario::{Kind, State};

/// A snapshot that borrows nothing.
pub(super) type Snapshot = SerializerSnapshot<'static>;

const TIME_WINDOW: &str =
    "org.apache.flink.streaming.api.windowing.windows.TimeWindow$Serializer$TimeWindowSerializerSnapshot";

/// The snapshot of a type's serializer, as that release writes it.
pub fn snapshot(ty: &Type, release: Release) -> Result<Snapshot, Error> {
    let all = |parts: &[Type]| parts.iter().map(|part| snapshot(part, release)).collect::<Result<Vec<_>, _>>();
    let scalar = match ty {
        Type::Boolean => Scalar::Boolean,
        Type::Byte => Scalar::Byte,
        Type::Short => Scalar::Short,
        Type::Int => Scalar::Int,
        Type::Long => Scalar::Long,
        Type::Float => Scalar::Float,
        Type::Double => Scalar::Double,
        Type::Char => Scalar::Char,
        Type::String => Scalar::String,
        Type::Bytes => Scalar::ByteArray,
        Type::BigInteger => Scalar::BigInteger,
        Type::BigDecimal => Scalar::BigDecimal,
        Type::Instant => Scalar::Instant,
        Type::LocalDate => Scalar::LocalDate,
        Type::LocalTime => Scalar::LocalTime,
        Type::LocalDateTime => Scalar::LocalDateTime,
        Type::TimeWindow => return Snapshot::simple(TIME_WINDOW),
        Type::Tuple(fields) => return Snapshot::tuple(&all(fields)?),
        Type::List(element) => return Snapshot::list(&snapshot(element, release)?),
        Type::Map(key, value) => return Snapshot::map(&snapshot(key, release)?, &snapshot(value, release)?),
        Type::Row(fields) => return Snapshot::row(release, &all(fields)?),
        Type::Either(left, right) => return Snapshot::either(&snapshot(left, release)?, &snapshot(right, release)?),
    };
    Snapshot::scalar(scalar)
}

/// The serializers of a state that a job registers.
#[derive(Debug, Clone)]
pub struct Serializers {
    /// Of its namespaces; the void namespace, where there are none.
    pub namespace: Snapshot,
    /// Of the keys of a map.
    pub user_key: Option<Snapshot>,
    /// Of a value, of an element or of the values of a map; without the clock of a time to live. Timers have none.
    pub value: Option<Snapshot>,
    /// Whether values have a clock.
    pub ttl: bool,
}

impl Serializers {
    /// Those of a state.
    pub fn of(state: &State, release: Release) -> Result<Self, Failure> {
        let of = |name: &str| -> Result<Snapshot, Failure> { Ok(snapshot(&name.parse::<Type>()?, release)?) };
        let optional = |name: &Option<String>| name.as_deref().map(of).transpose();
        Ok(Self {
            namespace: optional(&state.namespace)?.map_or_else(|| Snapshot::scalar(Scalar::VoidNamespace), Ok)?,
            user_key: optional(&state.user_key)?,
            value: optional(&state.value)?,
            ttl: state.ttl,
        })
    }

    /// What the header says of a state of that kind and name, of an operator with such keys.
    pub fn meta_infos(
        &self,
        name: &str,
        kind: Kind,
        key: Option<&Snapshot>,
    ) -> Result<Vec<StateMetaInfo<'static>>, Failure> {
        let value = || self.value.clone().ok_or_else(|| format!("state {name} has no type of values"));
        let user_key = || self.user_key.as_ref().ok_or_else(|| format!("state {name} has no type of user keys"));
        let clocked = || -> Result<Snapshot, Failure> {
            let value = value()?;
            Ok(if self.ttl { Snapshot::ttl(&value)? } else { value })
        };
        let keyed = |kind, value| StateMetaInfo::keyed(name, kind, self.namespace.clone(), value);
        Ok(vec![match kind {
            Kind::Value => keyed(KeyedStateType::Value, clocked()?),
            Kind::Reducing => keyed(KeyedStateType::Reducing, clocked()?),
            Kind::Aggregating => keyed(KeyedStateType::Aggregating, clocked()?),
            Kind::List => keyed(KeyedStateType::List, Snapshot::list(&clocked()?)?),
            Kind::Map => keyed(KeyedStateType::Map, Snapshot::map(user_key()?, &clocked()?)?),
            Kind::EventTimers | Kind::ProcessingTimers => {
                let key = key.ok_or_else(|| format!("timers {name} of an operator without keys"))?;
                let element = Snapshot::timer(key, &self.namespace)?;
                return Ok(QUEUES
                    .map(|prefix| StateMetaInfo::timers(&format!("{prefix}{name}"), element.clone()))
                    .into());
            }
            Kind::Split => StateMetaInfo::operator(name, false, value()?),
            Kind::Union => StateMetaInfo::operator(name, true, value()?),
            Kind::Broadcast => StateMetaInfo::broadcast(name, user_key()?.clone(), value()?),
        }])
    }
}

/// What stands before the name of a timer service, in the names of its two queues.
pub const QUEUES: [&str; 2] = ["_timer_state/event_", "_timer_state/processing_"];

/// Name and kind of the state that a queue holds the timers of.
pub(super) fn service_of(queue: &str) -> Option<(&str, Kind)> {
    let [event, processing] = QUEUES;
    match queue.strip_prefix(event) {
        Some(service) => Some((service, Kind::EventTimers)),
        None => Some((queue.strip_prefix(processing)?, Kind::ProcessingTimers)),
    }
}

impl Serializers {
    /// What a header says of a state; `None` if its serializers are not those of its kind.
    pub fn of_meta_info(info: &StateMetaInfo<'_>) -> Option<Self> {
        let value = &info.value_serializer;
        let nested = |i: usize| Some(value.nested().nth(i)?.into_owned());
        let void = || Snapshot::scalar(Scalar::VoidNamespace).ok();
        let (namespace, user_key, value) = match info.kind {
            StateKind::Keyed(kind) => {
                let namespace = info.namespace_serializer.clone()?.into_owned();
                match (kind, value.type_description()) {
                    (KeyedStateType::List, TypeDescription::List { .. }) => (namespace, None, Some(nested(0)?)),
                    (KeyedStateType::Map, TypeDescription::Map { .. }) => {
                        (namespace, Some(nested(0)?), Some(nested(1)?))
                    }
                    (KeyedStateType::List | KeyedStateType::Map, _) => return None,
                    _ => (namespace, None, Some(value.clone().into_owned())),
                }
            }
            StateKind::PriorityQueue => (nested(1)?, None, None),
            StateKind::Operator { .. } | StateKind::Broadcast => {
                let key = info.key_serializer.clone().map(SerializerSnapshot::into_owned);
                (void()?, key, Some(value.clone().into_owned()))
            }
        };
        // A clock stands around the innermost value.
        let value = value.map(|value| value.without_ttl_awareness());
        let clocked = value
            .as_ref()
            .filter(|value| value.family() == Some(Family::Ttl))
            .map(|ttl| ttl.nested().nth(1).map(SerializerSnapshot::into_owned));
        Some(match clocked {
            Some(inner) => Self { namespace, user_key, value: Some(inner?), ttl: true },
            None => Self { namespace, user_key, value, ttl: false },
        })
    }
}
