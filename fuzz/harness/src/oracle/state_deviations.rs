//! Which deliberate deviation a difference is, of snapshots and of keyed streams. No rule catches all of a kind: each asks
//! for what Flink threw, or for an error of the reference, and where it stands.

use flink_savepoint::metadata::Release;
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::serializer::classes::{Family, family};
use flink_savepoint::serializer::java_object::classes;

use super::keyed::Input;
use super::snapshot::{Tree, bytes_of, hints};
use super::{Case, Difference, Refusal, Refused};

/// Composites that have a flag since a newer version: of 1.14.3 and of 1.16.
const FLAGGED: [&str; 4] = [
    "org.apache.flink.api.java.typeutils.runtime.RowSerializer$RowSerializerSnapshot",
    "org.apache.flink.table.runtime.typeutils.LinkedListSerializer$LinkedListSerializerSnapshot",
    "org.apache.flink.streaming.api.functions.sink.TwoPhaseCommitSinkFunction$StateSerializerSnapshot",
    "org.apache.flink.cep.nfa.NFAStateSerializerSnapshot",
];

/// Of serializer snapshots.
pub(super) fn snapshot(case: &Case<'_>, difference: &Difference) -> Option<&'static str> {
    match difference {
        _ if case.release < Release::V1_17 && is_of_outer_version(difference) => Some("DEV-OUTER-VERSION"),
        Difference::FlinkAccepts(refused) if refused.code == "wrapper-version" => (case.release < Release::V1_17
            && refused.text.contains("wrapper of version 1,"))
        .then_some("DEV-LEGACY-WRAPPER"),
        Difference::FlinkAccepts(refused) => flink_accepts(case.bytes, refused),
        Difference::FlinkRejects(refusal, lines) => flink_rejects(refusal, lines),
        Difference::Content { path, flink, reference } => {
            let (flink, reference) = (flink.as_deref()?, reference.as_deref()?);
            match path.rsplit('.').next()? {
                "classes" => lost_frames(flink, reference).then_some("DEV-POJO-FRAME"),
                "written" => written(flink, reference),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Of keyed streams.
pub(super) fn keyed(case: &Case<'_>, difference: &Difference) -> Option<&'static str> {
    let input = Input::of_payload(case.bytes)?;
    let case = Case { bytes: &input.stream, ..*case };
    match difference {
        Difference::FlinkAccepts(refused) if refused.path.starts_with("header.") => snapshot(&case, difference),
        Difference::FlinkAccepts(refused) => entries(refused),
        Difference::Content { path, flink: Some(_), reference: None } if path.starts_with("state[") => {
            let (_, name) = path.split_once("].")?;
            let is_extra = if let Some(option) = name.strip_prefix("option[") {
                // Timers have no options, whatever these are named.
                !option.starts_with("KEYED_STATE_TYPE]") || is_timers(&input, path)
            } else {
                name.ends_with(".classes") || name.ends_with(".written")
            };
            is_extra.then_some("DEV-STATE-EXTRAS")
        }
        _ => snapshot(&case, difference),
    }
}

fn is_timers(input: &Input, path: &str) -> bool {
    use flink_savepoint::keyed::KeyedHeader;
    use flink_savepoint::meta_info::StateKind;
    let number = path.strip_prefix("state[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
    let bytes = flink_savepoint::wire::Input::new(&input.stream);
    let header = KeyedHeader::read_to(bytes, None, &hints());
    let state =
        number.zip(header.ok()).and_then(|(number, (_, header))| header.states.get(number).map(|state| state.kind));
    state == Some(StateKind::PriorityQueue)
}

/// Flink's reader of a section asks for less than the reference.
fn entries(refused: &Refused) -> Option<&'static str> {
    match refused.code {
        "key-group-beyond-max" => Some("DEV-KEY-GROUP-BEYOND-MAX"),
        "key-group-offset" => Some("DEV-OFFSET-INTO-HEADER"),
        "shared-offset" => Some("DEV-SHARED-OFFSET"),
        _ if !refused.path.starts_with("key_group[") => None,
        "unknown-state-id" => Some("DEV-STATE-ID"),
        "empty-section" => Some("DEV-EMPTY-SECTION"),
        "key-too-short" => Some("DEV-KEY-WITHOUT-PREFIX"),
        "section-end" | "length-beyond-input" | "truncated" => Some("DEV-SECTION-OVER-NEXT"),
        _ => None,
    }
}

fn flink_accepts(bytes: &[u8], refused: &Refused) -> Option<&'static str> {
    if refused.path.split('.').any(is_frame) {
        return Some(if refused.code == "frame-trailing" { "DEV-FRAME-TRAILING" } else { "DEV-POJO-FRAME" });
    }
    match refused.code {
        "snapshot-version" => takes_any_version(bytes, refused).then_some("DEV-SNAPSHOT-VERSION"),
        "truncated" | "length-beyond-input" | "stream-tag" | "back-reference" | "snapshot-magic"
            if is_java_serializer(&refused.path) =>
        {
            Some("DEV-JAVA-DESCRIPTOR")
        }
        "negative-length" if is_map_count(&refused.path) || refused.path.ends_with("constants") => {
            Some("DEV-NEGATIVE-COUNT")
        }
        "negative-length" if refused.path.ends_with("padding") => Some("DEV-NEGATIVE-PADDING"),
        _ => None,
    }
}

/// Whether it is about a flag that came with a newer version of a composite, or about what the version meant before it.
fn is_of_outer_version(difference: &Difference) -> bool {
    const MAGIC: &str = "Corrupt data, magic number mismatch";
    match difference {
        Difference::FlinkAccepts(refused) => {
            refused.code == "snapshot-magic"
                && refused.path.ends_with("nested_magic")
                && refused.text.contains(&format!("found {}", 0x1457_FD00))
        }
        Difference::FlinkRejects(refusal, lines) => {
            refusal.message.starts_with(MAGIC) && FLAGGED.iter().any(|class| lines.contains(class))
        }
        Difference::Content { path, flink: Some(flink), reference: Some(reference) } => {
            let (flink, reference) = (bytes_of(flink), bytes_of(reference));
            path.ends_with("written")
                && !means_the_same(&flink, &reference)
                && means_the_same(&without_version(&flink), &without_version(&reference))
        }
        _ => false,
    }
}

/// The bytes without the outer versions of these composites.
fn without_version(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for class in FLAGGED {
        for at in 0..bytes.len() {
            // Behind the class, the version and the magic number.
            let end = at + class.len();
            if bytes.get(at..end) == Some(class.as_bytes())
                && let Some(version) = bytes.get_mut(end + 8..end + 12)
            {
                version.fill(0);
            }
        }
    }
    bytes
}

/// The number of entries of an optional map.
fn is_map_count(path: &str) -> bool {
    const MAPS: [&str; 6] = [
        "fields",
        "registered",
        "non_registered",
        "registrations",
        "default_serializers",
        "default_serializer_classes",
    ];
    let map = path.strip_suffix(".count").and_then(|path| path.rsplit('.').next());
    map.is_some_and(|map| MAPS.contains(&map))
}

/// The Java streams of serializers stand behind those of types, of which the first is one.
fn is_java_serializer(path: &str) -> bool {
    path.rsplit('.').next().is_some_and(|step| ["streams[1]", "streams[2]", "streams[3]"].contains(&step))
}

/// Whether that is a step into the snapshot in a frame of a POJO.
fn is_frame(step: &str) -> bool {
    ["fields[", "registered[", "non_registered["].iter().any(|list| step.starts_with(list))
}

/// Whether Flink's class of the snapshot does not look at the version, or takes all from 3 on for one.
fn takes_any_version(bytes: &[u8], refused: &Refused) -> bool {
    let Some(at) = refused.text.strip_prefix("offset 0x").and_then(|text| text.split(':').next()) else { return false };
    let Ok(at) = usize::from_str_radix(at, 16) else { return false };
    let Some(before) = bytes.get(..at) else { return false };
    let ends = |length: usize| {
        let (head, name) = before.split_at_checked(at.checked_sub(length)?)?;
        let stored = head.last_chunk::<2>()?;
        (usize::from(u16::from_be_bytes(*stored)) == length).then(|| std::str::from_utf8(name).ok())?
    };
    let family = (1..512).filter_map(ends).find_map(family);
    family.is_some_and(|family| {
        !matches!(family, Family::Scalar(_) | Family::Pojo | Family::TimeWindow | Family::CountWindow)
    })
}

fn flink_rejects(refusal: &Refusal, lines: &str) -> Option<&'static str> {
    let all = refusal.to_string();
    let thrown_in = |place: &str| all.split(' ').any(|word| word == place);
    if all.contains(" InstantiationUtil.deserializeObject ") || all.contains("ObjectInputStream.") {
        return Some("DEV-JAVA-OBJECT");
    }
    // What was deserialized is another of the objects that the stream holds than the one asked for.
    if refusal.simple_class() == "ClassCastException"
        && refusal.place.ends_with("Snapshot.readSnapshot")
        && refusal.message.contains(" cannot be cast to class org.apache.flink.")
    {
        return Some("DEV-JAVA-OBJECT");
    }
    if thrown_in("InstantiationUtil.resolveClassByName") {
        return Some("DEV-CLASS-PATH");
    }
    if thrown_in("EnumSerializer$EnumSerializerSnapshot.readSnapshot") && lines.contains("EnumSerializerSnapshot") {
        return Some("DEV-CLASS-PATH");
    }
    if thrown_in("GeneratedClass.newInstance") && lines.contains("RowDataKeySerializerSnapshot") {
        return Some("DEV-GENERATED-CODE");
    }
    let of_kryo = all.contains("DataInputDeserializer.") || all.contains(" KryoSerializerSnapshotData$");
    if lines.contains(".KryoSerializerSnapshot") && of_kryo {
        return Some("DEV-KRYO-FRAME");
    }
    None
}

/// Whether two snapshots are of the same classes and values, whatever their versions are.
fn means_the_same(one: &[u8], other: &[u8]) -> bool {
    let hints = hints();
    let both = SerializerSnapshot::parse(one, &hints).ok().zip(SerializerSnapshot::parse(other, &hints).ok());
    both.is_some_and(|(one, other)| {
        Tree::of(&one) == Tree::of(&other) && one.type_description() == other.type_description()
    })
}

/// Flink writes a snapshot again as other bytes.
fn written(flink: &str, reference: &str) -> Option<&'static str> {
    let (flink, reference) = (bytes_of(flink), bytes_of(reference));
    if means_the_same(&flink, &reference) {
        return Some("DEV-SNAPSHOT-REWRITTEN");
    }
    let hints = hints();
    let ours = SerializerSnapshot::parse(&reference, &hints).ok()?;
    let theirs = SerializerSnapshot::parse(&flink, &hints).ok()?;
    let (tree, kept) = (Tree::of(&ours), Tree::of(&theirs));
    if tree.has_lost(&kept) {
        return Some("DEV-POJO-FRAME");
    }
    if tree != kept {
        return None;
    }
    let others = has_foreign_type(&ours) || java_classes(&reference) != java_classes(&flink);
    others.then_some("DEV-JAVA-OBJECT")
}

/// Names of the classes in the Java streams of a snapshot.
fn java_classes(bytes: &[u8]) -> Vec<String> {
    let starts =
        (0..bytes.len()).filter(|at| bytes.get(*at..).is_some_and(|from| from.starts_with(&[0xAC, 0xED, 0, 5])));
    let streams = starts.filter_map(|at| classes(bytes.get(at..)?).ok());
    streams.flat_map(|(named, _)| named.into_iter().map(|class| class.name.into_owned())).collect()
}

/// Whether the reference does not know a logical type of the snapshot for one of Flink's.
fn has_foreign_type(snapshot: &SerializerSnapshot<'_>) -> bool {
    snapshot.logical_type_error().is_some() || snapshot.nested().any(|nested| has_foreign_type(&nested))
}

fn lost_frames(flink: &str, reference: &str) -> bool {
    let trees = Tree::parse(reference).zip(Tree::parse(flink));
    trees.is_some_and(|(ours, theirs)| ours.has_lost(&theirs))
}
