//! State meta infos.

use ::arbitrary::{Arbitrary, Result, Unstructured};

use super::{DEPTH, one_of, serializer::serializer};
use crate::meta_info::{KeyedStateType, StateMetaInfo};
use crate::serializer::SerializerSnapshot;
use crate::wire::JavaStr;

impl<'u> Arbitrary<'u> for StateMetaInfo<'static> {
    fn arbitrary(u: &mut Unstructured<'u>) -> Result<Self> {
        match u.int_in_range(0..=3)? {
            0 => keyed(u),
            1 => {
                let [key, namespace] = [u.arbitrary()?, u.arbitrary()?];
                timers(u, &key, &namespace)
            }
            2 => operator(u),
            _ => broadcast(u),
        }
    }
}

/// The name may be one that is no text.
fn named(u: &mut Unstructured<'_>, mut info: StateMetaInfo<'static>) -> Result<StateMetaInfo<'static>> {
    info.name = u.arbitrary::<JavaStr<'static>>()?;
    Ok(info)
}

pub(super) fn keyed(u: &mut Unstructured<'_>) -> Result<StateMetaInfo<'static>> {
    use KeyedStateType as T;
    let kind = one_of(u, &[T::Value, T::List, T::Reducing, T::Folding, T::Aggregating, T::Map, T::Unknown])?;
    let namespace = serializer(u, 1)?;
    // The values of list and map state are a whole list and a whole map to their serializers.
    let value = match kind {
        T::List => SerializerSnapshot::list(&serializer(u, DEPTH)?),
        T::Map => {
            let [key, value] = [serializer(u, DEPTH)?, serializer(u, DEPTH)?];
            SerializerSnapshot::map(&key, &value)
        }
        _ => serializer(u, DEPTH).map(Ok)?,
    };
    let value = value.map_err(|_| ::arbitrary::Error::IncorrectFormat)?;
    named(u, StateMetaInfo::keyed("", kind, namespace, value))
}

pub(super) fn timers(
    u: &mut Unstructured<'_>,
    key: &SerializerSnapshot<'static>,
    namespace: &SerializerSnapshot<'static>,
) -> Result<StateMetaInfo<'static>> {
    let element = SerializerSnapshot::timer(key, namespace).map_err(|_| ::arbitrary::Error::IncorrectFormat)?;
    named(u, StateMetaInfo::timers("", element))
}

pub(super) fn operator(u: &mut Unstructured<'_>) -> Result<StateMetaInfo<'static>> {
    let (union, element) = (u.arbitrary()?, u.arbitrary()?);
    named(u, StateMetaInfo::operator("", union, element))
}

pub(super) fn broadcast(u: &mut Unstructured<'_>) -> Result<StateMetaInfo<'static>> {
    let (key, value) = (u.arbitrary()?, u.arbitrary()?);
    named(u, StateMetaInfo::broadcast("", key, value))
}
