//! Releases of Flink: what each writes, and what it reads.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A release by number: a minor release, `1.20`, or one of its patch releases, `1.20.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    /// 1 or 2.
    pub major: u8,
    /// The minor number.
    pub minor: u8,
    /// The patch number, if it is a patch release.
    pub patch: Option<u8>,
}

impl Number {
    /// The minor release.
    #[must_use]
    pub fn to_minor(self) -> Self {
        Self { patch: None, ..self }
    }

    /// Whether a patch release is this one or a later one.
    pub fn is_reached_by(self, release: Self) -> bool {
        self <= release
    }

    /// Whether a patch release is this one or an earlier one; a minor release stands for all its patches.
    pub fn is_not_passed_by(self, release: Self) -> bool {
        if self.patch.is_none() { release.to_minor() <= self } else { release <= self }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a release");
        let numbers = text.split('.').map(|part| part.parse().map_err(|_| wrong()));
        match numbers.collect::<Result<Vec<u8>, String>>()?.as_slice() {
            [major, minor] => Ok(Self { major: *major, minor: *minor, patch: None }),
            [major, minor, patch] => Ok(Self { major: *major, minor: *minor, patch: Some(*patch) }),
            _ => Err(wrong()),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A minor release.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Its number.
    pub name: Number,
    /// The patch release that was run.
    pub tested: Number,
    /// Versions of `_metadata`.
    pub metadata: Versions,
    /// Versions of the header of canonical keyed streams.
    pub keyed_stream: Versions,
    /// Versions of the header of operator state streams.
    pub operator_stream: Versions,
    /// Versions of state meta infos.
    pub meta_info: Versions,
    /// Versions in front of wrapped serializer snapshots.
    pub snapshot_wrapper: Versions,
    /// Type bytes that are read.
    pub handles: Handles,
    /// Layout in which changelog handles of types 8, 9 and 10 are read.
    pub changelog: Changelog,
    /// Whether subtasks that have finished are told from others.
    pub finished: bool,
    /// Whether an incremental handle may have no meta state.
    pub null_meta_state: bool,
    /// How compressed operator state is read.
    pub operator_snappy: OperatorSnappy,
    /// The Kryo library.
    pub kryo: String,
    /// Backends that write canonical savepoints.
    pub canonical: Vec<String>,
    /// Whether savepoints in a native format can be taken.
    pub native: bool,
}

/// Versions of one thing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// The one that is written.
    pub written: i32,
    /// Those that are read.
    pub read: Vec<i32>,
}

/// Type bytes of handles in `_metadata`, by position.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handles {
    /// Where a stream is named.
    pub stream: Vec<u8>,
    /// Where operator state is named.
    pub operator: Vec<u8>,
    /// Where keyed state is named.
    pub keyed: Vec<u8>,
}

/// Layouts of changelog handles of types 8, 9 and 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Changelog {
    /// The types are unknown.
    #[serde(rename = "none")]
    None,
    /// Without sizes and handle ids.
    #[serde(rename = "1.14")]
    V1_14,
    /// With them.
    #[serde(rename = "1.15")]
    V1_15,
}

/// How compressed operator state is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperatorSnappy {
    /// Not at all.
    No,
    /// Only if a single state holds data (FLINK-33863, FLINK-34063).
    Broken,
    /// As it should.
    Yes,
}

static ALL: LazyLock<Vec<Release>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        release: Vec<Release>,
    }
    let file: File = crate::parse("releases", include_str!("../registry/releases.toml"));
    file.release
});

/// All minor releases that the specification covers, oldest first.
pub fn all() -> &'static [Release] {
    &ALL
}

/// The minor release of a number, which can have a patch number.
pub fn get(number: Number) -> Option<&'static Release> {
    all().iter().find(|release| release.name == number.to_minor())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_in_order() {
        assert!(number("1.9") < number("1.13") && number("1.20.5") < number("2.0"));
        assert_eq!(number("1.20.5").to_string(), "1.20.5");
        assert!("1".parse::<Number>().is_err() && "1.20.x".parse::<Number>().is_err());
        assert!(number("1.14.3").is_reached_by(number("1.14.6")) && number("1.14").is_reached_by(number("1.14.0")));
        assert!(!number("1.14.3").is_reached_by(number("1.14.2")));
        assert!(
            number("1.14").is_not_passed_by(number("1.14.6")) && number("1.14.2").is_not_passed_by(number("1.13.6"))
        );
        assert!(!number("1.14.2").is_not_passed_by(number("1.14.6")));
    }

    #[test]
    fn every_release_reads_what_it_writes() {
        assert_eq!(all().len(), 12);
        assert!(all().is_sorted_by_key(|release| release.name));
        for release in all() {
            assert_eq!(release.tested.to_minor(), release.name);
            assert!(std::ptr::eq(get(release.tested).unwrap(), release));
            let Release { metadata, keyed_stream, operator_stream, meta_info, snapshot_wrapper, .. } = release;
            for versions in [metadata, keyed_stream, operator_stream, meta_info, snapshot_wrapper] {
                assert!(versions.read.contains(&versions.written), "{}", release.name);
            }
        }
        assert!(get(number("1.12")).is_none());
    }
}
