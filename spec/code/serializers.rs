//! Serializer snapshots: which release has which class, and which version of it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::releases::{Number, Release};

/// A serializer snapshot class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serializer {
    /// Name as it stands in a file.
    pub class: String,
    /// First minor release that has it; absent for classes that are not in the distribution.
    pub since: Option<Number>,
    /// Last minor release that has it.
    pub until: Option<Number>,
    /// Version of the snapshot; absent where none is written or it is not established.
    pub version: Option<i32>,
    /// Outer version of a composite.
    pub outer: Option<Outer>,
    /// What kind of body it has.
    pub kind: Kind,
    /// The section of the chapter that specifies it.
    pub family: String,
    /// Whether the reference knows the class.
    #[serde(default = "yes")]
    pub known: bool,
    /// Whether releases write it, or only read it.
    #[serde(default = "yes")]
    pub written: bool,
    /// Whether it is in the binary distribution of Flink.
    #[serde(default = "yes")]
    pub distribution: bool,
    /// Anything else.
    pub note: Option<String>,
}

fn yes() -> bool {
    true
}

/// What kind of body a snapshot has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// None.
    Simple,
    /// A class name.
    Generic,
    /// Nested snapshots.
    Composite,
    /// One of its own.
    Own,
    /// `TypeSerializerConfigSnapshot`.
    Legacy,
}

/// The outer version of a composite.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Outer {
    /// The same in all releases.
    One(i32),
    /// By release with patch level.
    Changed(Vec<OuterSpan>),
}

/// An outer version, and which releases write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OuterSpan {
    /// The version.
    pub version: i32,
    /// First release; absent: the first of all.
    pub since: Option<Number>,
    /// Last release; absent: the last of all.
    pub until: Option<Number>,
}

impl Serializer {
    /// Whether the distribution of a release has the class.
    pub fn is_in(&self, release: &Release) -> bool {
        self.since.is_some_and(|since| since <= release.name) && self.until.is_some_and(|until| until >= release.name)
    }

    /// The outer version that a release writes, which is the newest that it reads.
    pub fn outer_in(&self, release: &Release) -> Option<i32> {
        match self.outer.as_ref()? {
            Outer::One(version) => Some(*version),
            Outer::Changed(spans) => {
                let covers = |span: &&OuterSpan| {
                    span.since.is_none_or(|since| since.is_reached_by(release.tested))
                        && span.until.is_none_or(|until| until.is_not_passed_by(release.tested))
                };
                spans.iter().find(covers).map(|span| span.version)
            }
        }
    }
}

/// A class that Java serialization puts into snapshots, and in which releases differ.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JavaClass {
    /// Its name.
    pub name: String,
    /// Its `serialVersionUID`; releases outside of all spans do not have it.
    pub uids: Vec<UidSpan>,
}

/// A `serialVersionUID`, and which releases have it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UidSpan {
    /// First minor release.
    pub since: Number,
    /// Last minor release.
    pub until: Number,
    /// The number.
    pub uid: i64,
    /// Numbers of other releases that these read as well.
    #[serde(default)]
    pub tolerated: Vec<i64>,
}

impl JavaClass {
    /// The `serialVersionUID` in a release, and the others that it tolerates; none if it does not have the class.
    pub fn in_release(&self, release: &Release) -> Option<&UidSpan> {
        self.uids.iter().find(|span| (span.since..=span.until).contains(&release.name))
    }
}

impl UidSpan {
    /// Whether a stream with that number is read.
    pub fn reads(&self, uid: i64) -> bool {
        uid == self.uid || self.tolerated.contains(&uid)
    }
}

static ALL: LazyLock<Vec<Serializer>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        serializer: Vec<Serializer>,
    }
    let file: File = crate::parse("serializers", include_str!("../registry/serializers.toml"));
    file.serializer
});

static BY_CLASS: LazyLock<BTreeMap<&'static str, &'static Serializer>> =
    LazyLock::new(|| all().iter().map(|one| (one.class.as_str(), one)).collect());

static JAVA_CLASSES: LazyLock<Vec<JavaClass>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        class: Vec<JavaClass>,
    }
    let file: File = crate::parse("java-classes", include_str!("../registry/java-classes.toml"));
    file.class
});

static BY_NAME: LazyLock<BTreeMap<&'static str, &'static JavaClass>> =
    LazyLock::new(|| java_classes().iter().map(|one| (one.name.as_str(), one)).collect());

/// All snapshot classes that Flink ships.
pub fn all() -> &'static [Serializer] {
    &ALL
}

/// The snapshot class of that name.
pub fn get(class: &str) -> Option<&'static Serializer> {
    BY_CLASS.get(class).copied()
}

/// The classes inside of snapshots in which releases differ.
pub fn java_classes() -> &'static [JavaClass] {
    &JAVA_CLASSES
}

/// The class of that name, if releases differ in it.
pub fn java_class(name: &str) -> Option<&'static JavaClass> {
    BY_NAME.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::releases;

    #[test]
    fn what_the_distribution_has_has_releases() {
        for one in all() {
            assert_eq!(one.since.is_some(), one.distribution, "{}", one.class);
            assert_eq!(one.until.is_some(), one.distribution, "{}", one.class);
        }
        assert_eq!(BY_CLASS.len(), all().len());
        assert_eq!(BY_NAME.len(), java_classes().len());
    }

    #[test]
    fn by_release() {
        let in_release = |name: &str| releases::get(name.parse().unwrap()).unwrap();
        let row = get("org.apache.flink.api.java.typeutils.runtime.RowSerializer$RowSerializerSnapshot").unwrap();
        assert_eq!(row.outer_in(in_release("1.13")), Some(3));
        assert_eq!(row.outer_in(in_release("1.14")), Some(4));
        let scala = get("org.apache.flink.api.scala.typeutils.ScalaOptionSerializerSnapshot").unwrap();
        assert!(scala.is_in(in_release("1.20")) && !scala.is_in(in_release("2.0")));
        let data_type = java_class("org.apache.flink.table.types.DataType").unwrap();
        let of_1_13 = data_type.in_release(in_release("1.13")).unwrap().uid;
        assert!(!data_type.in_release(in_release("2.3")).unwrap().reads(of_1_13));
        let bitmap = java_class("org.apache.flink.table.types.logical.BitmapType").unwrap();
        assert!(bitmap.in_release(in_release("2.2")).is_none());
    }
}
