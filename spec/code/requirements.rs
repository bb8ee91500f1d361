//! Requirements: one normative sentence each, with an id that is never used again.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// How strongly a requirement binds (BCP 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Without exception.
    Must,
    /// Unless there is a reason that was weighed.
    Should,
    /// A choice.
    May,
}

impl Level {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        }
    }
}

/// Whom a requirement binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Applies {
    /// Programs that read.
    Reader,
    /// Programs that write.
    Writer,
    /// The bytes, and so both.
    Both,
}

impl Applies {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Both => "reader and writer",
        }
    }
}

/// A requirement.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its id, by topic: `META-MAGIC-01`.
    pub id: String,
    /// How strongly it binds.
    pub level: Level,
    /// Whom it binds.
    pub applies: Applies,
    /// The sentence.
    pub text: String,
    /// Why, or what Flink does.
    pub rationale: Option<String>,
    /// First metadata version that it is about; absent: all.
    pub since: Option<u8>,
    /// Last metadata version that it is about; absent: all.
    pub until: Option<u8>,
    /// Codes of the errors by which the reference reports that it is broken.
    pub errors: Vec<String>,
    /// The chapter that it belongs to: the name of the registry's file.
    #[serde(skip)]
    pub chapter: &'static str,
}

/// What shows that a requirement holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The requirement.
    pub id: String,
    /// Tests (`file::function`) and vectors (`vector:glob`) that are accepted.
    #[serde(default)]
    pub accepts: Vec<String>,
    /// Tests and vectors that are rejected.
    #[serde(default)]
    pub rejects: Vec<String>,
    /// Why there is no accepting, or no rejecting one.
    pub untested: Option<String>,
}

macro_rules! files {
    ($directory:literal: $($chapter:literal),+ $(,)?) => {
        &[$(($chapter, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/registry/", $directory, "/", $chapter, ".toml")))),+]
    };
}
pub(crate) use files;

/// Chapter and text of each file.
pub const FILES: &[(&str, &str)] = files!("requirements":
    "conventions", "directory", "metadata", "handles", "properties", "keyed", "key-groups", "state-values", "timers",
    "operator", "raw", "compression", "serializers", "values", "redistribution", "bad-input", "security", "native",
    "versioning", "compatibility",
);

static ALL: LazyLock<Vec<Requirement>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        requirement: Vec<Requirement>,
    }
    let mut all = Vec::new();
    for (chapter, text) in FILES {
        let file: File = crate::parse(chapter, text);
        all.extend(file.requirement.into_iter().map(|one| Requirement { chapter, ..one }));
    }
    all
});

static BY_ID: LazyLock<BTreeMap<&'static str, &'static Requirement>> =
    LazyLock::new(|| all().iter().map(|one| (one.id.as_str(), one)).collect());

/// All requirements, in the order of the chapters.
pub fn all() -> &'static [Requirement] {
    &ALL
}

/// The requirement of that id.
pub fn get(id: &str) -> Option<&'static Requirement> {
    BY_ID.get(id).copied()
}

/// Which tests and vectors show what.
pub fn coverage() -> Vec<Coverage> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        coverage: Vec<Coverage>,
    }
    let file: File = crate::parse("coverage", include_str!("../registry/coverage.toml"));
    file.coverage
}
