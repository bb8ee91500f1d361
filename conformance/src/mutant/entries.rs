//! Wrong keys and values.

use flink_savepoint::keyed::{CompositeKey, KeyGroup, KeyLayout, KeyedHeader, MaxParallelism};
use flink_savepoint::meta_info::{KeyedStateType, StateKind};
use flink_savepoint::metadata::KeyGroupRange;

use super::mutants;
use crate::adapter::reference::Entry;
use crate::scenario::Kind;

/// Whether keys of this layout have lengths behind their parts.
fn has_lengths(layout: &KeyLayout) -> bool {
    layout.join(&CompositeKey { key: &[], namespace: &[], user_key: None }).len() == 2
}

fn bare(parts: &CompositeKey<'_>) -> Vec<u8> {
    [parts.key, parts.namespace, parts.user_key.unwrap_or_default()].concat()
}

fn length(part: &[u8]) -> [u8; 4] {
    u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// Positions of the states of a kind.
fn of_kind(header: &KeyedHeader<'_>, kind: KeyedStateType) -> Vec<u16> {
    let positions = (0..).zip(&header.states).filter(|(_, info)| info.kind == StateKind::Keyed(kind));
    positions.map(|(position, _)| position).collect()
}

mutants! { Producer:
    "hash-unmixed" breaks "KEYGROUP-HASH-01": "The key group is the remainder of the hash code, which is not mixed before." {
        fn key_group(&self, max: MaxParallelism, hash: i32) -> KeyGroup {
            let group = hash.unsigned_abs() % u32::from(max.get());
            KeyGroup(u16::try_from(group).unwrap_or(0))
        }
    }

    "hash-absolute" breaks "KEYGROUP-HASH-01": "The sign of a hash code is dropped before it is mixed." {
        fn key_group(&self, max: MaxParallelism, hash: i32) -> KeyGroup {
            max.key_group_of(hash.wrapping_abs())
        }
    }

    "ranges-rounded-down" breaks "REDIST-RANGE-01": "Subtask i starts at i * m / p, rounded down." {
        fn key_groups(&self, max: MaxParallelism, parallelism: u32, index: u32) -> Option<KeyGroupRange> {
            let bound = |index: u32| index * u32::from(max.get()) / parallelism;
            KeyGroupRange::new(bound(index), bound(index + 1) - bound(index))
        }
    }

    "ranges-overlap" breaks "REDIST-RANGE-01": "The ranges of neighbours share the key group between them." {
        fn key_groups(&self, max: MaxParallelism, parallelism: u32, index: u32) -> Option<KeyGroupRange> {
            let own = flink_savepoint::keyed::key_groups_of_subtask(max, parallelism, index)?;
            let start = own.start().saturating_sub(1);
            KeyGroupRange::new(start, own.start() + own.count() - start)
        }
    }

    "lengths-left-out" breaks "KEYGROUP-VLEN-01": "Ambiguous composite keys have no lengths." {
        fn composite_key(&self, _: &KeyLayout, parts: &CompositeKey<'_>) -> Vec<u8> {
            bare(parts)
        }
    }

    "lengths-always" breaks "KEYGROUP-VLEN-01": "Composite keys have lengths also where they are not ambiguous." {
        fn composite_key(&self, layout: &KeyLayout, parts: &CompositeKey<'_>) -> Vec<u8> {
            if has_lengths(layout) {
                return layout.join(parts);
            }
            let low = |part: &[u8]| part.len().to_le_bytes().into_iter().take(1).collect::<Vec<u8>>();
            [parts.key, &low(parts.key), parts.namespace, &low(parts.namespace), parts.user_key.unwrap_or_default()].concat()
        }
    }

    "lengths-of-four-bytes" breaks "KEYGROUP-VLEN-02": "The lengths in ambiguous keys have four bytes, high byte first." {
        fn composite_key(&self, layout: &KeyLayout, parts: &CompositeKey<'_>) -> Vec<u8> {
            if !has_lengths(layout) {
                return layout.join(parts);
            }
            let CompositeKey { key, namespace, user_key } = parts;
            [key, &length(key)[..], namespace, &length(namespace), user_key.unwrap_or_default()].concat()
        }
    }

    "lengths-high-byte-first" breaks "KEYGROUP-VLEN-02": "Lengths of more than one byte have their high byte first." {
        fn composite_key(&self, layout: &KeyLayout, parts: &CompositeKey<'_>) -> Vec<u8> {
            if !has_lengths(layout) {
                return layout.join(parts);
            }
            let spelled = |part: &[u8]| {
                let bytes = length(part);
                let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(3);
                bytes.into_iter().skip(first).collect::<Vec<u8>>()
            };
            let CompositeKey { key, namespace, user_key } = parts;
            [key, &spelled(key)[..], namespace, &spelled(namespace), user_key.unwrap_or_default()].concat()
        }
    }

    "void-namespace-left-out" breaks "KEYGROUP-NAMESPACE-01": "State without namespaces has no byte for the void namespace." {
        fn composite_key(&self, layout: &KeyLayout, parts: &CompositeKey<'_>) -> Vec<u8> {
            let is_void = parts.namespace == [0];
            if is_void { bare(&CompositeKey { namespace: &[], ..*parts }) } else { layout.join(parts) }
        }
    }

    "key-with-terminator" breaks "KEYGROUP-END-01": "A zero byte stands behind each composite key that is not of a map." {
        fn composite_key(&self, layout: &KeyLayout, parts: &CompositeKey<'_>) -> Vec<u8> {
            let mut key = layout.join(parts);
            if parts.user_key.is_none() {
                key.push(0);
            }
            key
        }
    }

    "timer-sign" breaks "TIMER-ELEMENT-01": "The sign bit of a timestamp is not flipped." {
        fn timer(&self, timestamp: i64, key: &[u8], namespace: &[u8]) -> Vec<u8> {
            [&timestamp.to_be_bytes()[..], key, namespace].concat()
        }
    }

    "timer-namespace-first" breaks "TIMER-ELEMENT-02": "A timer has its namespace before its key." {
        fn timer(&self, timestamp: i64, key: &[u8], namespace: &[u8]) -> Vec<u8> {
            [&(timestamp ^ i64::MIN).to_be_bytes()[..], namespace, key].concat()
        }
    }

    "timer-lengths" breaks "TIMER-ELEMENT-03": "Timers have lengths behind key and namespace, as composite keys have them." {
        fn timer(&self, timestamp: i64, key: &[u8], namespace: &[u8]) -> Vec<u8> {
            let low = |part: &[u8]| part.len().to_le_bytes().into_iter().take(1).collect::<Vec<u8>>();
            [&(timestamp ^ i64::MIN).to_be_bytes()[..], key, &low(key), namespace, &low(namespace)].concat()
        }
    }

    "timer-value" breaks "TIMER-VALUE-01": "Timers have one byte of value." {
        fn timer_value(&self) -> Vec<u8> {
            vec![0]
        }
    }

    "queues-swapped" breaks "TIMER-NAME-01": "Event timers stand in the queue of processing timers, and the reverse." {
        fn queue(&self, kind: Kind) -> Kind {
            match kind {
                Kind::EventTimers => Kind::ProcessingTimers,
                Kind::ProcessingTimers => Kind::EventTimers,
                other => other,
            }
        }
    }

    "timers-left-out" breaks "TIMER-RAW-01": "Timers are not written as keyed state: the backend keeps them on the heap." {
        fn entries(&self, header: &KeyedHeader<'static>, _: MaxParallelism, entries: &mut Vec<Entry>) {
            let is_queue = |entry: &Entry| {
                header.states.get(usize::from(entry.state)).is_some_and(|info| info.kind == StateKind::PriorityQueue)
            };
            entries.retain(|entry| !is_queue(entry));
        }
    }

    "list-with-count" breaks "VALUE-LIST-STATE-01": "List state is written as a list elsewhere: its size, and no separators." {
        fn list(&self, elements: &[Vec<u8>]) -> Vec<u8> {
            let count = u32::try_from(elements.len()).unwrap_or(u32::MAX);
            [count.to_be_bytes().to_vec(), elements.concat()].concat()
        }
    }

    "list-without-separators" breaks "VALUE-LIST-STATE-01": "Nothing stands between the elements of list state." {
        fn list(&self, elements: &[Vec<u8>]) -> Vec<u8> {
            elements.concat()
        }
    }

    "list-trailing-separator" breaks "VALUE-LIST-STATE-01": "A separator stands behind the last element of list state, too." {
        fn list(&self, elements: &[Vec<u8>]) -> Vec<u8> {
            elements.iter().flat_map(|element| [element.as_slice(), b","].concat()).collect()
        }
    }

    "list-empty" breaks "VALUE-LIST-STATE-03": "Where a key has a value and no list, an entry for an empty list is written." {
        fn entries(&self, header: &KeyedHeader<'static>, _: MaxParallelism, entries: &mut Vec<Entry>) {
            let values = of_kind(header, KeyedStateType::Value);
            for list in of_kind(header, KeyedStateType::List) {
                let has_list = |key: &[u8]| entries.iter().any(|entry| entry.state == list && entry.key == key);
                let without = entries.iter().filter(|entry| values.contains(&entry.state) && !has_list(&entry.key));
                let empty: Vec<_> =
                    without.map(|entry| Entry { state: list, value: Vec::new(), ..entry.clone() }).collect();
                entries.extend(empty);
            }
            entries.sort();
        }
    }

    "map-flag-inverted" breaks "VALUE-MAP-STATE-01": "In map state 0 stands for null, and 1 for a value." {
        fn map_value(&self, value: Option<Vec<u8>>) -> Vec<u8> {
            value.map_or_else(|| vec![0], |value| [vec![1], value].concat())
        }
    }

    "map-flag-left-out" breaks "VALUE-MAP-STATE-01": "Values of map state have no flag." {
        fn map_value(&self, value: Option<Vec<u8>>) -> Vec<u8> {
            value.unwrap_or_default()
        }
    }

    "map-null-unmarked" breaks "VALUE-MAP-STATE-01": "A null in map state is a value without bytes." {
        fn map_value(&self, value: Option<Vec<u8>>) -> Vec<u8> {
            value.map_or_else(|| vec![0], |value| [vec![0], value].concat())
        }
    }

    "value-with-length" breaks "VALUE-END-01": "The value of value state is preceded by its length." {
        fn value(&self, value: Vec<u8>) -> Vec<u8> {
            [&length(&value)[..], &value].concat()
        }
    }

    "value-with-flag" breaks "VALUE-END-01": "The value of value state is preceded by a flag for null, as in map state." {
        fn value(&self, value: Vec<u8>) -> Vec<u8> {
            [vec![0], value].concat()
        }
    }

    "value-trailing" breaks "VALUE-END-01": "A zero byte stands behind the value of value state." {
        fn value(&self, value: Vec<u8>) -> Vec<u8> {
            [value, vec![0]].concat()
        }
    }

    "clock-behind" breaks "VALUE-TTL-01": "The timestamp stands behind the value that has time to live." {
        fn with_clock(&self, clock: i64, value: Vec<u8>) -> Vec<u8> {
            [value, clock.to_be_bytes().to_vec()].concat()
        }
    }

    "clock-left-out" breaks "VALUE-TTL-01": "Values have no timestamps, though their serializer says so." {
        fn with_clock(&self, _: i64, value: Vec<u8>) -> Vec<u8> {
            value
        }
    }

    "entry-twice" breaks "KEYED-DUPLICATE-01": "The last entry of each key group is written twice." {
        fn entries(&self, _: &KeyedHeader<'static>, _: MaxParallelism, entries: &mut Vec<Entry>) {
            let groups = entries.chunk_by(|a, b| a.group == b.group);
            *entries = groups.flat_map(|group| group.iter().chain(group.last()).cloned().collect::<Vec<_>>()).collect();
        }
    }
}
