//! What serializer snapshots have that not every release reads.

use std::collections::BTreeMap;

use flink_savepoint::meta_info::StateMetaInfo;
use flink_savepoint::metadata::MetadataVersion;
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::serializer::classes::Family;
use flink_savepoint::serializer::java_object;

use super::facts::{Fact, Facts};

/// The start of a Java object stream.
const JAVA_STREAM: [u8; 4] = [0xAC, 0xED, 0x00, 0x05];
/// How many times what looks like a stream may be none.
const FAILURES: u32 = 100;
/// In front of the outer version of a composite, and the version of snapshots that have it.
const COMPOSITE_MAGIC: u32 = 911_108;
const COMPOSITE_VERSION: i32 = 3;

/// The serializers of a state. `kryo` is the version of the metadata if the state may hold values.
pub(super) fn add_state(facts: &mut Facts, state: &StateMetaInfo<'_>, kryo: Option<MetadataVersion>, place: &str) {
    let serializers = [
        (Some(&state.value_serializer), "value"),
        (state.namespace_serializer.as_ref(), "namespace"),
        (state.key_serializer.as_ref(), "key"),
    ];
    for (snapshot, which) in serializers {
        if let Some(snapshot) = snapshot {
            add(facts, snapshot, kryo, &|| format!("{place}, {} {}, {which} serializer", state.kind, state.name));
        }
    }
}

/// A snapshot and those nested in it.
pub(super) fn add(
    facts: &mut Facts,
    snapshot: &SerializerSnapshot<'_>,
    kryo: Option<MetadataVersion>,
    place: &dyn Fn() -> String,
) {
    add_nested(facts, snapshot, kryo, place);
    for (name, uid) in java_classes(snapshot.raw()) {
        facts.add(Fact::JavaClass { name, uid }, place);
    }
}

/// Nesting is bounded by the reader.
fn add_nested(
    facts: &mut Facts,
    snapshot: &SerializerSnapshot<'_>,
    kryo: Option<MetadataVersion>,
    place: &dyn Fn() -> String,
) {
    let (class, version) = (snapshot.class().to_string(), snapshot.version());
    facts.add(Fact::Snapshot { class, version, outer: outer_version(snapshot) }, place);
    if let (Some(Family::Kryo), Some(metadata)) = (snapshot.family(), kryo) {
        facts.add(Fact::Kryo { metadata: metadata.number() }, place);
    }
    for inner in snapshot.nested() {
        add_nested(facts, &inner, kryo, place);
    }
}

/// The outer version of a composite, which stands behind class, version and a magic number.
fn outer_version(snapshot: &SerializerSnapshot<'_>) -> Option<i32> {
    snapshot.family().filter(|_| snapshot.version() == COMPOSITE_VERSION)?;
    let length = usize::from(u16::from_be_bytes(*snapshot.raw().first_chunk()?));
    let (magic, rest) = snapshot.raw().get(length.checked_add(6)?..)?.split_first_chunk()?;
    (u32::from_be_bytes(*magic) == COMPOSITE_MAGIC).then(|| rest.first_chunk().copied().map(i32::from_be_bytes))?
}

/// The classes that Java streams in a snapshot name, once each. Such streams stand in the bodies of several classes, and bare or
/// behind a length; none of them is worth its own reader, since what they start with is not to be found anywhere else.
fn java_classes(mut bytes: &[u8]) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    let mut failures = 0;
    while let Some(at) = bytes.windows(JAVA_STREAM.len()).position(|window| window == JAVA_STREAM) {
        let stream = bytes.get(at..).unwrap_or_default();
        let length = match java_object::classes(stream) {
            Ok((classes, length)) => {
                all.extend(classes.into_iter().map(|class| (class.name.into_owned(), class.uid)));
                length
            }
            // Not a stream, and only a body that nobody knows has such bytes: no work without end for them.
            Err(_) if failures == FAILURES => break,
            Err(_) => {
                failures += 1;
                JAVA_STREAM.len()
            }
        };
        bytes = stream.get(length..).unwrap_or_default();
    }
    all
}
