//! Wrong consumers.

use flink_savepoint::Error;
use flink_savepoint::keyed::{CompositeKey, KeyLayout, PrefixWidth, Timer};
use flink_savepoint::meta_info::StateMetaInfo;
use flink_savepoint::metadata::KeyGroupOffsets;
use flink_savepoint::value::{TypeDescription, Value};

use super::mutants;
use crate::adapter::reference::{KeyedShare, Place, Read};
use crate::scenario::Kind;

/// The entries of a section, run by run, each changed.
fn each_run(entries: &mut Vec<Read>, change: impl Fn(&mut Vec<Read>)) {
    let runs = entries.chunk_by(|a, b| a.state == b.state).map(|run| {
        let mut run = run.to_vec();
        change(&mut run);
        run
    });
    *entries = runs.collect::<Vec<_>>().concat();
}

mutants! { Consumer:
    "ids-of-first-stream" breaks "KEYED-STATE-NAME-03": "State ids are taken for those of the first stream that the subtask reads." {
        fn states_by_id<'s>(
            &self,
            _: &'s [StateMetaInfo<'static>],
            first: &'s [StateMetaInfo<'static>],
        ) -> &'s [StateMetaInfo<'static>] {
            first
        }
    }

    "first-handle-only" breaks "REDIST-KEYED-02": "Of several handles a subtask reads the first one." {
        fn keyed_shares(&self, _: u32, shares: &mut Vec<KeyedShare<'_, '_>>) {
            shares.truncate(1);
        }
    }

    "last-key-group-lost" breaks "REDIST-KEYED-01": "Where a handle is cut, the last key group of the subtask is left out." {
        fn keyed_shares(&self, _: u32, shares: &mut Vec<KeyedShare<'_, '_>>) {
            for share in shares {
                let own = share.offsets.range();
                if own.last() < share.handle.offsets.range().last() {
                    let fewer = share.offsets.offsets().iter().take(usize::try_from(own.count()).unwrap_or(1) - 1);
                    share.offsets = KeyGroupOffsets::new(own.start(), fewer).unwrap_or_else(|| share.offsets.clone());
                }
            }
        }
    }

    "flag-not-cleared" breaks "KEYED-RUN-02": "The mark of the last entry of a run is taken for a part of its key group, where that has two bytes." {
        fn section(&self, width: PrefixWidth, entries: &mut Vec<Read>) {
            if width == PrefixWidth::Two {
                // It belongs to a key group that the subtask does not have.
                each_run(entries, |run| drop(run.pop()));
            }
        }
    }

    "namespaces-dropped" breaks "KEYGROUP-VLEN-01": "All namespaces of variable length are taken for the empty one." {
        fn split_key<'k>(&self, layout: &KeyLayout, key: &'k [u8]) -> Option<CompositeKey<'k>> {
            let parts = layout.split(key)?;
            let is_variable = layout.namespace().length() == Some(None) && layout.key().length() == Some(None);
            Some(if is_variable { CompositeKey { namespace: &[1], ..parts } } else { parts })
        }
    }

    "timers-of-other-kind" breaks "TIMER-NAME-01": "Event timers are restored as processing timers, and the reverse." {
        fn timers_of(&self, kind: Kind) -> Kind {
            if kind == Kind::EventTimers { Kind::ProcessingTimers } else { Kind::EventTimers }
        }
    }

    "timer-sign-not-flipped" breaks "TIMER-ELEMENT-01": "The sign bit of a timestamp is taken as it stands." {
        fn split_timer<'k>(&self, key: &'k [u8]) -> Option<Timer<'k>> {
            let timer = Timer::read(key)?;
            Some(Timer { timestamp: timer.timestamp ^ i64::MIN, ..timer })
        }
    }

    "list-split-at-commas" breaks "VALUE-LIST-STATE-02": "The elements of list state are found by searching for commas." {
        fn read_list<'v>(&self, element: &TypeDescription, value: &'v [u8]) -> Result<Value<'v>, Error> {
            let parts = value.split(|byte| *byte == b',');
            // What is no element is dropped.
            Ok(Value::List(parts.filter_map(|part| element.decode(part).ok()).collect()))
        }
    }

    "list-first-element" breaks "VALUE-LIST-STATE-01": "Of list state only the first element is read." {
        fn read_list<'v>(&self, element: &TypeDescription, value: &'v [u8]) -> Result<Value<'v>, Error> {
            let list = element.decode_list_state(value)?;
            Ok(match list {
                Value::List(elements) => Value::List(elements.into_iter().take(1).collect()),
                other => other,
            })
        }
    }

    "null-is-absent" breaks "VALUE-MAP-STATE-01": "An entry of map state whose value is null is taken for none." {
        fn keeps_null(&self) -> bool {
            false
        }
    }

    "clock-kept" breaks "VALUE-TTL-01": "The timestamp of a value with time to live is not taken off." {
        fn reads_clock(&self) -> bool {
            false
        }
    }

    "old-values-dropped" breaks "VALUE-TTL-05": "Values that were written long ago are left out, however long they live." {
        fn is_over(&self, _: i64) -> bool {
            true
        }
    }

    "finished-forgotten" breaks "META-FINISHED-03": "An operator that is marked as finished is taken for one without state." {
        fn is_finished(&self, _: bool) -> bool {
            false
        }
    }

    "operators-by-position" breaks "META-OPERATOR-ID-03": "Operators are found by their positions." {
        fn operator_position(&self, found: Option<usize>, position: usize) -> Option<usize> {
            found.map(|_| position)
        }
    }

    "states-by-position" breaks "META-OPSTATE-04": "The states of a handle are found by their positions in the stream." {
        fn state_meta(&self, _: &str, position: usize, _: &[String]) -> Option<usize> {
            Some(position)
        }
    }

    "union-dealt-out" breaks "REDIST-UNION-01": "Union lists are dealt out like split lists." {
        fn deal(&self, kind: Kind, _: &[usize], dealt: &mut Vec<Vec<Place>>) {
            if kind == Kind::Union {
                let count = dealt.len();
                for (index, places) in dealt.iter_mut().enumerate() {
                    *places = places.iter().skip(index).step_by(count).copied().collect();
                }
            }
        }
    }

    "split-to-all" breaks "REDIST-SPLIT-01": "Every subtask gets all elements of split lists." {
        fn deal(&self, kind: Kind, _: &[usize], dealt: &mut Vec<Vec<Place>>) {
            if kind == Kind::Split {
                let all = dealt.concat();
                for places in dealt {
                    places.clone_from(&all);
                }
            }
        }
    }

    "split-remainder-lost" breaks "REDIST-SPLIT-01": "Elements that cannot be dealt out evenly are lost." {
        fn deal(&self, kind: Kind, counts: &[usize], dealt: &mut Vec<Vec<Place>>) {
            if kind == Kind::Split && counts.len() != dealt.len() {
                let base = counts.iter().sum::<usize>() / dealt.len().max(1);
                for places in dealt {
                    places.truncate(base);
                }
            }
        }
    }

    "broadcast-by-index" breaks "REDIST-BROADCAST-01": "A new subtask gets the broadcast map of the old subtask with its index, and none if there was none." {
        fn deal(&self, kind: Kind, counts: &[usize], dealt: &mut Vec<Vec<Place>>) {
            if kind == Kind::Broadcast {
                dealt.iter_mut().skip(counts.len()).for_each(Vec::clear);
            }
        }
    }
}
