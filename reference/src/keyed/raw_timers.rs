//! Timers in raw keyed state (`InternalTimerServiceSerializationProxy`): what checkpoints of the RocksDB backend with timers on
//! the heap have instead of priority-queue states. Canonical savepoints never do.
//!
//! | field | type |
//! |---|---|
//! | marker | `F1 CD 85 9F` |
//! | version | `i32` 2 |
//! | services | `i32` count |
//! | name | `utf` |
//! | key serializer, namespace serializer | snapshots, not wrapped |
//! | event timers, processing timers | `i32` count each, then key, namespace and `i64` timestamp |
//!
//! One for each key group. Other than in [priority-queue states](super::Timer) the timestamp comes last and its sign is not flipped.

use crate::error::At;
use crate::serializer::SerializerSnapshot;
use crate::value::TypeDescription;
use crate::wire::{Input, JavaStr, Parsed, done, fail, java};
use crate::{Error, ErrorKind};

/// Marks a versioned stream (`PostVersionedIOReadableWritable`).
const MARKER: [u8; 4] = [0xF1, 0xCD, 0x85, 0x9F];
const VERSION: i32 = 2;

/// The timers of one key group.
#[derive(Debug, Clone)]
pub struct RawTimers<'a> {
    /// The timer services.
    pub services: Vec<RawTimerService<'a>>,
}

/// A timer service: for example `user-timers`.
#[derive(Debug, Clone)]
pub struct RawTimerService<'a> {
    /// Its name, without what the names of priority-queue states have before it.
    pub name: JavaStr<'a>,
    /// Of the keys.
    pub key_serializer: SerializerSnapshot<'a>,
    /// Of the namespaces.
    pub namespace_serializer: SerializerSnapshot<'a>,
    event: &'a [u8],
    processing: &'a [u8],
}

/// A timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawTimer<'a> {
    /// When it fires.
    pub timestamp: i64,
    /// Key and namespace, one after the other.
    pub rest: &'a [u8],
}

impl<'a> RawTimers<'a> {
    /// Reads what a key group has in raw keyed state, to its last byte. `None` if it does not start with the marker: it is
    /// the operator's own.
    pub fn read(section: Input<'a>) -> Result<Option<Self>, Error> {
        if !section.bytes().starts_with(&MARKER) {
            return Ok(None);
        }
        let (rest, timers) = done(Self::parse(section.skip(MARKER.len())), section.end())?;
        if !rest.is_empty() {
            return Err(Error::new(ErrorKind::RawTimersTrailing { count: rest.len() }, rest.offset()));
        }
        Ok(Some(timers))
    }

    fn parse(input: Input<'a>) -> Parsed<'a, Self> {
        let (rest, found) = java::field_i32(input, "version")?;
        if found != VERSION {
            return fail(ErrorKind::RawTimersVersion { found }, input.offset()).field("version");
        }
        // A name, two class names with versions, two counts.
        let (mut rest, count) = java::count(rest, 22).field("services")?;
        let mut services = Vec::new();
        for i in 0..count {
            let (next, service) = RawTimerService::read(rest).index(i.into()).field("service")?;
            services.push(service);
            rest = next;
        }
        Ok((rest, Self { services }))
    }
}

impl<'a> RawTimerService<'a> {
    fn read(input: Input<'a>) -> Parsed<'a, Self> {
        let (rest, name) = java::field_utf(input, false, "name")?;
        let (rest, key_serializer) = SerializerSnapshot::read_versioned(rest).field("key_serializer")?;
        let (rest, namespace_serializer) = SerializerSnapshot::read_versioned(rest).field("namespace_serializer")?;
        let types = [key_serializer.type_description(), namespace_serializer.type_description()];
        let list = |rest| timers(rest, &types);
        let (rest, event) = list(rest).field("event_timers")?;
        let (rest, processing) = list(rest).field("processing_timers")?;
        Ok((rest, Self { name, key_serializer, namespace_serializer, event, processing }))
    }

    /// The timers of event time.
    pub fn event(&self) -> impl Iterator<Item = RawTimer<'a>> + '_ {
        self.iter(self.event)
    }

    /// The timers of processing time.
    pub fn processing(&self) -> impl Iterator<Item = RawTimer<'a>> + '_ {
        self.iter(self.processing)
    }

    fn iter(&self, mut bytes: &'a [u8]) -> impl Iterator<Item = RawTimer<'a>> + '_ {
        let types = [self.key_serializer.type_description(), self.namespace_serializer.type_description()];
        // The bytes were read once, so that reading them again cannot fail.
        std::iter::from_fn(move || {
            let (timer, rest) = split(bytes, &types)?;
            bytes = rest;
            Some(timer)
        })
    }
}

/// A count, and the bytes of as many timers.
fn timers<'a>(input: Input<'a>, types: &[TypeDescription; 2]) -> Parsed<'a, &'a [u8]> {
    let (all, count) = java::count(input, 8)?;
    let mut rest = all.bytes();
    for i in 0..count {
        let Some((_, behind)) = split(rest, types) else {
            let at = all.end() - rest.len() as u64;
            return fail(ErrorKind::RawTimer, at).index(i.into());
        };
        rest = behind;
    }
    let used = all.len() - rest.len();
    let (bytes, _) = all.bytes().split_at(used);
    Ok((all.skip(used), bytes))
}

fn split<'a>(bytes: &'a [u8], [key, namespace]: &[TypeDescription; 2]) -> Option<(RawTimer<'a>, &'a [u8])> {
    let key = key.value_length(bytes)?;
    let namespace = namespace.value_length(bytes.get(key..)?)?;
    let (rest, behind) = bytes.split_at_checked(key + namespace)?;
    let (timestamp, behind) = behind.split_first_chunk()?;
    Some((RawTimer { timestamp: i64::from_be_bytes(*timestamp), rest }, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "org.apache.flink.api.common.typeutils.base.LongSerializer$LongSerializerSnapshot";
    const VOID: &str = "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot";

    /// One service, `user-timers`, with that list of event timers.
    fn section(event: &[u8]) -> Vec<u8> {
        let utf = |text: &str| [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
        let parts = [
            &MARKER[..],
            &[0, 0, 0, 2],
            &[0, 0, 0, 1],
            &utf("user-timers"),
            &utf(LONG),
            &[0, 0, 0, 3],
            &utf(VOID),
            &[0, 0, 0, 3],
            event,
            &[0, 0, 0, 0],
        ];
        parts.concat()
    }

    #[test]
    fn as_flink_writes_them() {
        let empty = section(&[0; 4]);
        assert_eq!(empty.len(), 211);
        let timers = RawTimers::read(Input::new(&empty)).unwrap().unwrap();
        assert_eq!(timers.services.len(), 1);
        assert_eq!(timers.services[0].event().count() + timers.services[0].processing().count(), 0);

        #[rustfmt::skip]
        let one = section(&[
            0, 0, 0, 1,                     // one event timer
            0, 0, 0, 0, 0, 0, 0, 3,         // key 3
            0,                              // namespace
            0, 0, 0, 0, 0, 0, 0x13, 0x8B,   // 5003
        ]);
        let timers = RawTimers::read(Input::new(&one)).unwrap().unwrap();
        let service = &timers.services[0];
        assert_eq!(service.name, *"user-timers");
        let timer = RawTimer { timestamp: 5003, rest: &[0, 0, 0, 0, 0, 0, 0, 3, 0] };
        assert_eq!(service.event().collect::<Vec<_>>(), [timer]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(RawTimers::read(Input::new(b"the operator's own")).unwrap().is_none());
        let good = section(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x13, 0x8B]);
        for length in MARKER.len()..good.len() {
            let error = RawTimers::read(Input::new(&good[..length])).unwrap_err();
            assert!(error.offset() <= length as u64, "cut at {length}: {error}");
        }
        let check = |bytes: &[u8], code: &str, path: &str| {
            let error = RawTimers::read(Input::new(bytes)).unwrap_err();
            assert_eq!((error.kind().code(), error.path().as_str()), (code, path));
        };
        check(&[&MARKER[..], &[0, 0, 0, 1]].concat(), "raw-timers-version", "version");
        check(&[&good[..], &[0]].concat(), "raw-timers-trailing", "");
        let cut = section(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0]);
        check(&cut, "raw-timer", "service[0].event_timers[0]");
        // The first of two is whole; the offset is that of the second.
        let second = section(&[0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x13, 0x8B, 0, 0]);
        check(&second, "raw-timer", "service[0].event_timers[1]");
        let at = RawTimers::read(Input::new(&second)).unwrap_err().offset();
        assert_eq!(at, (second.len() - 4 - 2) as u64);
    }
}
