//! The rules: whether a release reads a thing.

use flink_savepoint_spec::releases::{Changelog, Number, OperatorSnappy, Release};
use flink_savepoint_spec::{releases, serializers};
use schemars::JsonSchema;
use serde::Serialize;

use super::facts::Fact;

/// What a release makes of a thing that it does not read as it was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It reads it, on a condition.
    Remark,
    /// It reads something else without noticing.
    Misreads,
    /// It refuses the savepoint, or fails on it.
    Fails,
}

/// What reads it, and so how early a restore fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The reader of `_metadata`.
    Metadata,
    /// The state backends.
    State,
}

/// Why a release does not read a thing as it was meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reason {
    /// Stable, for programs.
    pub code: &'static str,
    /// What comes of it.
    pub outcome: Outcome,
    /// One sentence, the same for all releases that it is true of.
    pub text: String,
    /// Whether `savepoint rewrite` for that release makes it readable.
    pub mended_by_rewrite: bool,
}

impl Reason {
    fn fails(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, outcome: Outcome::Fails, text: text.into(), mended_by_rewrite: false }
    }

    fn misreads(code: &'static str, text: impl Into<String>) -> Self {
        Self { outcome: Outcome::Misreads, ..Self::fails(code, text) }
    }

    fn remark(code: &'static str, text: impl Into<String>) -> Self {
        Self { outcome: Outcome::Remark, ..Self::fails(code, text) }
    }

    fn mended(self) -> Self {
        Self { mended_by_rewrite: true, ..self }
    }

    /// By its code.
    pub fn layer(&self) -> Layer {
        match self.code {
            METADATA_VERSION | HANDLE_TYPE | CHANGELOG | META_STATE | FINISHED => Layer::Metadata,
            _ => Layer::State,
        }
    }
}

/// The version of `_metadata`.
pub const METADATA_VERSION: &str = "COMPAT-METADATA-VERSION";
/// A type byte of a handle.
pub const HANDLE_TYPE: &str = "COMPAT-HANDLE-TYPE";
/// The layout of a changelog handle.
pub const CHANGELOG: &str = "COMPAT-CHANGELOG-LAYOUT";
/// An incremental handle without meta state.
pub const META_STATE: &str = "COMPAT-META-STATE";
/// A marker of something that has finished.
pub const FINISHED: &str = "COMPAT-FINISHED";
/// The version of keyed state.
pub const KEYED_VERSION: &str = "COMPAT-KEYED-VERSION";
/// The version of operator state.
pub const OPERATOR_VERSION: &str = "COMPAT-OPERATOR-VERSION";
/// Compressed operator state.
pub const OPERATOR_SNAPPY: &str = "COMPAT-OPERATOR-SNAPPY";
/// The class of a serializer snapshot.
pub const SERIALIZER_CLASS: &str = "COMPAT-SERIALIZER-CLASS";
/// The version of a serializer snapshot.
pub const SERIALIZER_VERSION: &str = "COMPAT-SERIALIZER-VERSION";
/// A class that Java serialization put into a snapshot.
pub const JAVA_CLASS: &str = "COMPAT-JAVA-CLASS";
/// Values of Kryo.
pub const KRYO: &str = "COMPAT-KRYO";
/// State in the format of one backend.
pub const NATIVE: &str = "COMPAT-NATIVE";

/// Every code, what it means, and the section of `spec/src/compatibility.md` that has its rule.
pub const CODES: [(&str, &str, &str); 13] = [
    (METADATA_VERSION, "the version of `_metadata` is not known", "the-metadata-file"),
    (HANDLE_TYPE, "a type byte of a handle is not known", "the-metadata-file"),
    (CHANGELOG, "a changelog handle is in the layout that only another release reads", "the-metadata-file"),
    (META_STATE, "an incremental handle has no meta state, which is refused", "the-metadata-file"),
    (FINISHED, "subtasks or operators that have finished are not told from others", "the-metadata-file"),
    (KEYED_VERSION, "the version of a keyed stream is not known", "the-streams"),
    (OPERATOR_VERSION, "the version of an operator stream is not known", "the-streams"),
    (OPERATOR_SNAPPY, "compressed operator state is in a form that is refused or read wrong", "the-streams"),
    (SERIALIZER_CLASS, "a snapshot class is missing", "the-serializers"),
    (SERIALIZER_VERSION, "a version or outer version of a snapshot is not known", "the-serializers"),
    (
        JAVA_CLASS,
        "a class in an embedded Java object is missing, or has another number",
        "classes-in-java-object-streams",
    ),
    (KRYO, "values are of another generation of Kryo", "kryo"),
    (NATIVE, "state is in the format of one backend: a remark, no reason", "what-no-savepoint-tells"),
];

/// Why a release does not read a thing as it was meant; none if it does.
pub fn judge(fact: &Fact, release: &Release) -> Option<Reason> {
    match fact {
        Fact::Metadata(version) => (!release.metadata.read.contains(version)).then(|| {
            Reason::fails(METADATA_VERSION, format!("version {version} of `_metadata` is not known there")).mended()
        }),
        Fact::StreamHandle(byte) => handle(&release.handles.stream, *byte, "a stream"),
        Fact::OperatorHandle(byte) => handle(&release.handles.operator, *byte, "operator state"),
        Fact::KeyedHandle(byte) => handle(&release.handles.keyed, *byte, "keyed state"),
        Fact::Changelog { of_1_14 } => changelog(*of_1_14, release),
        Fact::NoMetaState => (!release.null_meta_state).then(|| {
            Reason::fails(META_STATE, "an incremental handle without meta state is refused before Flink 1.19")
        }),
        Fact::FinishedSubtask => (!release.finished).then(|| {
            Reason::fails(
                FINISHED,
                "markers of finished subtasks are not known there, and taken for subtasks with state",
            )
        }),
        Fact::FinishedOperator => (!release.finished).then(|| {
            Reason::misreads(FINISHED, "an operator that has finished is taken for one without state, and runs again")
        }),
        Fact::KeyedStream(version) => (!release.keyed_stream.read.contains(version))
            .then(|| Reason::fails(KEYED_VERSION, format!("version {version} of keyed state is not known there"))),
        Fact::OperatorStream(version) => (!release.operator_stream.read.contains(version)).then(|| {
            Reason::fails(OPERATOR_VERSION, format!("version {version} of operator state is not known there")).mended()
        }),
        Fact::OperatorSnappy { sound, single } => operator_snappy(*sound, *single, release),
        Fact::Snapshot { class, version, outer } => snapshot(class, *version, *outer, release),
        Fact::JavaClass { name, uid } => java_class(name, *uid, release),
        Fact::Kryo { metadata } => kryo(*metadata, release),
        Fact::Native(backend) => Some(Reason::remark(
            NATIVE,
            format!("keyed state in the format of the {backend} backend, which only that backend restores"),
        )),
    }
}

fn handle(known: &[u8], byte: u8, what: &str) -> Option<Reason> {
    (!known.contains(&byte))
        .then(|| Reason::fails(HANDLE_TYPE, format!("handle type {byte} of {what} is not known there")))
}

fn changelog(of_1_14: bool, release: &Release) -> Option<Reason> {
    match release.changelog {
        // Its types are unknown, which is said already.
        Changelog::None => None,
        Changelog::V1_14 if of_1_14 => None,
        Changelog::V1_15 if !of_1_14 => None,
        Changelog::V1_14 => {
            Some(Reason::fails(CHANGELOG, "changelog handles have the layout of 1.15, not that of 1.14"))
        }
        Changelog::V1_15 => {
            Some(Reason::fails(CHANGELOG, "changelog handles have the layout of 1.14, which only 1.14 reads"))
        }
    }
}

/// FLINK-33863 and FLINK-34063: Flink 1.18.0 and 1.18.1 wrote a stream for each state, with offsets that do not lead to elements,
/// and read that only where one state holds data. Flink itself says nothing when it misreads them.
fn operator_snappy(sound: bool, single: bool, release: &Release) -> Option<Reason> {
    match release.operator_snappy {
        // The version is unknown, which is said already.
        OperatorSnappy::No => None,
        OperatorSnappy::Yes if sound => None,
        OperatorSnappy::Yes => Some(
            Reason::misreads(
                OPERATOR_SNAPPY,
                "operator state was compressed by 1.18.0 or 1.18.1, with offsets that do not lead to elements: elements are \
                 repeated and lost (FLINK-34063)",
            )
            .mended(),
        ),
        OperatorSnappy::Broken if single && !sound => None,
        OperatorSnappy::Broken if single => Some(Reason::misreads(
            OPERATOR_SNAPPY,
            "compressed operator state of other releases is not reliably read by 1.18.0 and 1.18.1 (FLINK-34063)",
        )),
        OperatorSnappy::Broken => Some(Reason::fails(
            OPERATOR_SNAPPY,
            "1.18.0 and 1.18.1 fail on compressed operator state of more than one state (FLINK-33863)",
        )),
    }
}

fn snapshot(class: &str, version: i32, outer: Option<i32>, release: &Release) -> Option<Reason> {
    let Some(known) = serializers::get(class) else {
        return Some(Reason::remark(
            SERIALIZER_CLASS,
            format!("{class} is not a class of Flink: it has to be on the class path, in a version that reads this"),
        ));
    };
    if !known.distribution {
        let text = format!("{class} is not in the distribution: its module has to be on the class path");
        return Some(Reason::remark(SERIALIZER_CLASS, text));
    }
    if !known.is_in(release) {
        let reason = Reason::fails(SERIALIZER_CLASS, format!("{class} is missing there"));
        return Some(if class.ends_with(".TtlAwareSerializerSnapshot") { reason.mended() } else { reason });
    }
    let newer = |found: Option<i32>, known: Option<i32>| found.zip(known).filter(|(found, known)| found > known);
    let (found, what) = newer(Some(version), known.version)
        .map(|(found, _)| (found, "version"))
        .or_else(|| newer(outer, known.outer_in(release)).map(|(found, _)| (found, "outer version")))?;
    Some(Reason::fails(SERIALIZER_VERSION, format!("{what} {found} of {class} is not known there")))
}

/// The enum was renamed in 1.14 together with the field that held it, so that up to 1.18 its constant is skipped, class and all.
/// From 1.19 on, the stream that tolerates other numbers looks up every class at once (`FailureTolerantObjectInputStream`).
const SKIPPED: &str = "org.apache.flink.table.types.logical.StructuredType$StructuredComparision";

/// A JVM refuses a class that it lacks, and one whose `serialVersionUID` is another.
fn java_class(name: &str, uid: i64, release: &Release) -> Option<Reason> {
    let element = name.strip_prefix("[L").and_then(|array| array.strip_suffix(';'));
    let known = serializers::java_class(element.unwrap_or(name))?;
    match known.in_release(release) {
        None if name == SKIPPED && release.name < (Number { major: 1, minor: 19, patch: None }) => None,
        None => {
            let text = format!("a serializer holds a Java object of {name}, which is missing there");
            Some(Reason::fails(JAVA_CLASS, text))
        }
        // Of arrays the number is not compared.
        Some(other) if element.is_none() && !other.reads(uid) => {
            let text = format!("a serializer holds a Java object of {name}, whose serialVersionUID is another there");
            Some(Reason::fails(JAVA_CLASS, text))
        }
        Some(_) => None,
    }
}

/// Nothing in a snapshot says which Kryo wrote the values; the release does, which the version of the metadata gives away.
fn kryo(metadata: i32, release: &Release) -> Option<Reason> {
    let writer = releases::all().iter().find(|writer| writer.metadata.written >= metadata)?;
    (writer.kryo != release.kryo).then(|| {
        let text = format!(
            "values were written by Kryo {}, whose bytes Kryo {} does not read in general",
            writer.kryo, release.kryo
        );
        Reason::fails(KRYO, text)
    })
}

/// Releases in a row: `1.13 to 1.15, 2.0`.
pub fn spans(releases: &[Number]) -> String {
    let position = |number: &Number| releases::all().iter().position(|release| release.name == *number);
    let mut rows: Vec<(Number, Number, usize)> = Vec::new();
    for (number, at) in releases.iter().filter_map(|number| Some((*number, position(number)?))) {
        match rows.last_mut() {
            Some((_, last, end)) if *end + 1 == at => (*last, *end) = (number, at),
            _ => rows.push((number, number, at)),
        }
    }
    let row = |(first, last, _): (Number, Number, usize)| {
        if first == last { first.to_string() } else { format!("{first} to {last}") }
    };
    rows.into_iter().map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(name: &str) -> &'static Release {
        releases::get(name.parse().unwrap()).unwrap()
    }

    /// The outcome in each of these releases.
    fn outcomes<const N: usize>(fact: &Fact, names: [&str; N]) -> [Option<Outcome>; N] {
        names.map(|name| judge(fact, release(name)).map(|reason| reason.outcome))
    }

    const FAILS: Option<Outcome> = Some(Outcome::Fails);
    const MISREADS: Option<Outcome> = Some(Outcome::Misreads);
    const REMARK: Option<Outcome> = Some(Outcome::Remark);

    #[test]
    fn of_metadata() {
        assert_eq!(outcomes(&Fact::Metadata(4), ["1.15", "1.16", "2.3"]), [FAILS, None, None]);
        assert_eq!(outcomes(&Fact::StreamHandle(15), ["1.19", "1.20"]), [FAILS, None]);
        assert_eq!(outcomes(&Fact::OperatorHandle(17), ["1.19", "1.20"]), [FAILS, None]);
        assert_eq!(outcomes(&Fact::KeyedHandle(12), ["1.14", "1.15"]), [FAILS, None]);
        assert_eq!(outcomes(&Fact::NoMetaState, ["1.18", "1.19"]), [FAILS, None]);
        assert_eq!(outcomes(&Fact::FinishedSubtask, ["1.13", "1.14"]), [FAILS, None]);
        assert_eq!(outcomes(&Fact::FinishedOperator, ["1.13", "1.14"]), [MISREADS, None]);
        let layout = |of_1_14| outcomes(&Fact::Changelog { of_1_14 }, ["1.13", "1.14", "1.15", "2.3"]);
        assert_eq!(layout(true), [None, None, FAILS, FAILS]);
        assert_eq!(layout(false), [None, FAILS, None, None]);
    }

    #[test]
    fn of_streams() {
        assert_eq!(outcomes(&Fact::KeyedStream(6), ["1.13", "2.3"]), [None, None]);
        assert_eq!(outcomes(&Fact::KeyedStream(5), ["1.16", "1.17"]), [None, FAILS]);
        assert_eq!(outcomes(&Fact::OperatorStream(6), ["1.17", "1.18"]), [FAILS, None]);
        assert_eq!(outcomes(&Fact::OperatorStream(5), ["1.13", "2.3"]), [None, None]);
        let snappy = |sound, single| outcomes(&Fact::OperatorSnappy { sound, single }, ["1.17", "1.18", "1.19"]);
        assert_eq!(snappy(true, false), [None, FAILS, None]);
        assert_eq!(snappy(true, true), [None, MISREADS, None]);
        assert_eq!(snappy(false, true), [None, None, MISREADS]);
        assert_eq!(snappy(false, false), [None, FAILS, MISREADS]);
        assert_eq!(outcomes(&Fact::Native("rocksdb"), ["1.13"]), [REMARK]);
    }

    #[test]
    fn of_serializers() {
        let snapshot = |class: &str, version, outer| Fact::Snapshot { class: class.to_owned(), version, outer };
        let row = "org.apache.flink.api.java.typeutils.runtime.RowSerializer$RowSerializerSnapshot";
        assert_eq!(outcomes(&snapshot(row, 3, Some(4)), ["1.13", "1.14"]), [FAILS, None]);
        assert_eq!(outcomes(&snapshot(row, 3, Some(3)), ["1.13", "2.3"]), [None, None]);
        assert_eq!(outcomes(&snapshot(row, 4, None), ["1.13", "2.3"]), [FAILS, FAILS]);
        let option = "org.apache.flink.api.scala.typeutils.ScalaOptionSerializerSnapshot";
        assert_eq!(outcomes(&snapshot(option, 3, Some(2)), ["1.20", "2.0"]), [None, FAILS]);
        assert_eq!(outcomes(&snapshot("com.acme.MoneySnapshot", 9, None), ["1.13"]), [REMARK]);
        let avro = "org.apache.flink.formats.avro.typeutils.AvroSerializerSnapshot";
        assert_eq!(outcomes(&snapshot(avro, 3, None), ["1.13"]), [REMARK]);
        let ttl_aware = snapshot("org.apache.flink.runtime.state.ttl.TtlAwareSerializerSnapshot", 1, None);
        assert!(judge(&ttl_aware, release("1.20")).unwrap().mended_by_rewrite);
        assert_eq!(outcomes(&Fact::Kryo { metadata: 4 }, ["1.13", "1.20", "2.0"]), [None, None, FAILS]);
        assert_eq!(outcomes(&Fact::Kryo { metadata: 6 }, ["1.20", "2.0"]), [FAILS, None]);
    }

    #[test]
    fn of_java_classes() {
        let class = |name: &str, uid| Fact::JavaClass { name: name.to_owned(), uid };
        let data_type = "org.apache.flink.table.types.DataType";
        let uid = |name: &str| serializers::java_class(data_type).unwrap().in_release(release(name)).unwrap().uid;
        assert_eq!(outcomes(&class(data_type, uid("1.13")), ["1.13", "2.3"]), [None, FAILS]);
        assert_eq!(outcomes(&class(data_type, uid("2.3")), ["1.13", "2.3"]), [FAILS, None]);
        assert_eq!(outcomes(&class(&format!("[L{data_type};"), 7), ["1.13", "2.3"]), [None, None]);
        let bitmap = "org.apache.flink.table.types.logical.BitmapType";
        assert_eq!(outcomes(&class(bitmap, 1), ["2.2", "2.3"]), [FAILS, None]);
        assert_eq!(outcomes(&class("com.acme.Money", 1), ["2.3"]), [None]);
        assert_eq!(outcomes(&class(SKIPPED, 0), ["1.13", "1.14", "1.18", "1.19"]), [None, None, None, FAILS]);
        let map = "org.apache.flink.table.runtime.typeutils.MapDataSerializer";
        let map = |uid| outcomes(&class(map, uid), ["1.18", "1.19", "2.3"]);
        assert_eq!(map(2_533_002_123_505_507_000), [None, None, None]);
        assert_eq!(map(4_073_842_523_628_732_956), [FAILS, None, None]);
    }

    #[test]
    fn releases_in_a_row() {
        let numbers = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<Number>>();
        assert_eq!(spans(&numbers(&["1.13", "1.14", "1.15", "1.20", "2.0", "2.2"])), "1.13 to 1.15, 1.20 to 2.0, 2.2");
        assert_eq!(spans(&[]), "");
    }
}
