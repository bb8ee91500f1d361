//! Wrong headers of keyed streams.

use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::serializer::SerializerSnapshot;

use super::mutants;
use crate::adapter::reference::QUEUES;

/// The meta info of keyed state with another kind or value serializer.
fn changed(
    info: &StateMetaInfo<'static>,
    kind: KeyedStateType,
    value: SerializerSnapshot<'static>,
) -> StateMetaInfo<'static> {
    let namespace = info.namespace_serializer.clone().unwrap_or_else(|| value.clone());
    StateMetaInfo::keyed(&info.name.to_string(), kind, namespace, value)
}

fn nested(snapshot: &SerializerSnapshot<'static>, i: usize) -> Option<SerializerSnapshot<'static>> {
    snapshot.nested().nth(i).map(SerializerSnapshot::into_owned)
}

mutants! { Producer:
    "key-serializer-of-value" breaks "KEYED-KEY-SERIALIZER-01": "The header names the serializer of the first state's values for the keys." {
        fn keyed_header(&self, _: u32, header: &mut KeyedHeader<'static>) {
            if let Some(first) = header.states.first() {
                header.key_serializer = first.value_serializer.clone();
            }
        }
    }

    "kind-unknown" breaks "STATE-OPTION-04": "The option of value state says UNKNOWN." {
        fn keyed_header(&self, _: u32, header: &mut KeyedHeader<'static>) {
            for info in &mut header.states {
                if info.kind == StateKind::Keyed(KeyedStateType::Value) {
                    *info = changed(info, KeyedStateType::Unknown, info.value_serializer.clone());
                }
            }
        }
    }

    "list-serializer-of-element" breaks "STATE-SERIALIZER-05": "The value serializer of list state is that of an element." {
        fn keyed_header(&self, _: u32, header: &mut KeyedHeader<'static>) {
            for info in &mut header.states {
                if info.kind == StateKind::Keyed(KeyedStateType::List)
                    && let Some(element) = nested(&info.value_serializer, 0)
                {
                    *info = changed(info, KeyedStateType::List, element);
                }
            }
        }
    }

    "map-serializer-of-value" breaks "STATE-SERIALIZER-05": "The value serializer of map state is that of a value in the map." {
        fn keyed_header(&self, _: u32, header: &mut KeyedHeader<'static>) {
            for info in &mut header.states {
                if info.kind == StateKind::Keyed(KeyedStateType::Map)
                    && let Some(value) = nested(&info.value_serializer, 1)
                {
                    *info = changed(info, KeyedStateType::Map, value);
                }
            }
        }
    }

    "state-named-twice" breaks "KEYED-STATE-NAME-01": "The first state stands in the header twice." {
        fn keyed_header(&self, _: u32, header: &mut KeyedHeader<'static>) {
            header.states.extend(header.states.first().cloned());
        }
    }

    "timers-without-timer-serializer" breaks "TIMER-TYPE-01": "The value serializer of timers is that of the keys." {
        fn keyed_header(&self, _: u32, header: &mut KeyedHeader<'static>) {
            for info in &mut header.states {
                if info.kind == StateKind::PriorityQueue {
                    *info = StateMetaInfo::timers(&info.name.to_string(), header.key_serializer.clone());
                }
            }
        }
    }

    "queue-name" breaks "TIMER-NAME-01": "The queues of timers are named after their service alone." {
        fn keyed_header(&self, _: u32, header: &mut KeyedHeader<'static>) {
            for info in &mut header.states {
                let name = info.name.to_string();
                let [event, processing] = QUEUES;
                if let Some(service) = name.strip_prefix(event) {
                    *info = StateMetaInfo::timers(&format!("event-{service}"), info.value_serializer.clone());
                } else if let Some(service) = name.strip_prefix(processing) {
                    *info = StateMetaInfo::timers(&format!("processing-{service}"), info.value_serializer.clone());
                }
            }
        }
    }

    "kind-differs" breaks "REDIST-MERGE-02": "Subtasks with odd indexes say of value state that it is reducing state." {
        fn keyed_header(&self, subtask: u32, header: &mut KeyedHeader<'static>) {
            for info in &mut header.states {
                if subtask % 2 == 1 && info.kind == StateKind::Keyed(KeyedStateType::Value) {
                    *info = changed(info, KeyedStateType::Reducing, info.value_serializer.clone());
                }
            }
        }
    }
}
