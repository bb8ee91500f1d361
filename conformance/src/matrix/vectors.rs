//! The suite's files: golden savepoints, broken ones, and those that real Flink wrote for scenarios.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The directory of the suite, with `vectors/` and `flink/` in it.
#[derive(Debug, Clone)]
pub struct Suite {
    directory: PathBuf,
}

/// A savepoint of the suite that stands for itself.
#[derive(Debug, Clone)]
pub struct Vector {
    /// Its id.
    pub id: String,
    /// What it is, in a line.
    pub title: String,
    /// Where it is.
    pub directory: PathBuf,
    /// The Flink release that wrote it, or that wrote what it was made of.
    pub release: String,
    /// Whether its files are there and fit together. Crafted ones are metadata files that show what real savepoints seldom have.
    pub is_whole: bool,
    /// Whether it is whole and in the canonical format, which is all that readers have to read.
    pub is_canonical: bool,
    /// What has to come of it.
    pub expected: Expectation,
}

/// What has to come of a vector.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// It is a savepoint.
    Accepted,
    /// It is none.
    Rejected {
        /// `malformed` or `invalid`.
        class: String,
        /// What it breaks.
        requirement: String,
        /// What else cannot be kept by what breaks it.
        also: Vec<String>,
        /// The file, relative to the savepoint.
        file: String,
        /// The byte.
        offset: Option<u64>,
        /// Whether readers need not refuse it, since it is what binds writers, or no MUST: only the rules have to notice.
        only_rules: bool,
    },
}

/// A savepoint that a release wrote for a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// Its directory's parent, which names the producer: `2.3.0-rocksdb`.
    pub producer: String,
    /// The scenario.
    pub scenario: String,
    /// The release that wrote it.
    pub release: String,
    /// The state backend that wrote it.
    pub backend: String,
    /// How to write it again.
    pub command: String,
    /// What it consists of.
    pub files: Vec<GoldenFile>,
}

/// A file of a savepoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenFile {
    /// Relative to the savepoint.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// In hex.
    pub sha256: String,
}

/// `vectors/scenarios/manifest.toml`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Goldens {
    #[serde(default)]
    pub(super) savepoint: Vec<Golden>,
}

/// `vectors/negative.toml`, as far as it is needed here.
#[derive(Deserialize)]
struct Negative {
    #[serde(default)]
    vector: Vec<NegativeVector>,
}

#[derive(Deserialize)]
struct NegativeVector {
    id: String,
    class: String,
    requirement: String,
    #[serde(default)]
    also: Vec<String>,
    level: String,
    binds: String,
    file: String,
    offset: Option<u64>,
    about: String,
    base: String,
}

/// `vectors/manifest.toml`, as far as it is needed here.
#[derive(Deserialize)]
struct Valid {
    vector: Vec<ValidVector>,
}

#[derive(Deserialize)]
struct ValidVector {
    id: String,
    release: String,
    backend: String,
    kind: String,
    features: Vec<String>,
}

impl Suite {
    /// The suite in a directory; by default in `./conformance`, or where it was when this program was built.
    pub fn find(directory: Option<&Path>) -> Result<Self, String> {
        let near = || {
            let near = PathBuf::from("conformance");
            near.join("vectors").is_dir().then_some(near)
        };
        let directory = directory.map(Path::to_owned).or_else(near);
        let directory = directory.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        if !directory.join("vectors").is_dir() {
            return Err(format!("{}: no directory `vectors` in it: name the suite by --suite", directory.display()));
        }
        let directory = directory.canonicalize().map_err(|e| format!("{}: {e}", directory.display()))?;
        Ok(Self { directory })
    }

    /// The program that drives real Flink, and the one that fetches it.
    pub fn flink(&self, program: &str) -> PathBuf {
        self.directory.join("flink").join(program)
    }

    /// The savepoints that have to be accepted.
    pub fn valid(&self) -> Result<Vec<Vector>, String> {
        let manifest: Valid = self.manifest("manifest.toml")?.unwrap_or(Valid { vector: Vec::new() });
        let vectors = manifest.vector.into_iter().map(|one| Vector {
            directory: self.vectors().join("valid").join(&one.id),
            title: format!("{} {} of Flink {}: {}", one.backend, one.kind, one.release, one.features.join(", ")),
            release: one.release,
            id: one.id,
            is_whole: one.kind != "crafted",
            is_canonical: one.kind == "canonical",
            expected: Expectation::Accepted,
        });
        Ok(vectors.collect())
    }

    /// The savepoints that have to be refused. Each was made of a valid one, and is of its release.
    pub fn negative(&self) -> Result<Vec<Vector>, String> {
        let manifest: Negative = self.manifest("negative.toml")?.unwrap_or(Negative { vector: Vec::new() });
        let releases: BTreeMap<String, String> = self.valid()?.into_iter().map(|one| (one.id, one.release)).collect();
        let vectors = manifest.vector.into_iter().map(|one| {
            let release = releases.get(&one.base);
            let release = release.ok_or_else(|| format!("negative.toml: {}: no vector {}", one.id, one.base))?;
            Ok(Vector {
                directory: self.vectors().join(&one.id),
                title: one.about,
                release: release.clone(),
                id: one.id,
                is_whole: true,
                is_canonical: true,
                expected: Expectation::Rejected {
                    class: one.class,
                    requirement: one.requirement,
                    also: one.also,
                    file: one.file,
                    offset: one.offset,
                    only_rules: one.binds == "writer" || one.level != "MUST",
                },
            })
        });
        vectors.collect()
    }

    /// The savepoints that releases wrote for scenarios, with their directories.
    pub fn goldens(&self) -> Result<Vec<(Golden, PathBuf)>, String> {
        let manifest: Goldens = self.manifest("scenarios/manifest.toml")?.unwrap_or_default();
        let with_directory = |one: Golden| {
            let directory = self.vectors().join("scenarios").join(&one.producer).join(&one.scenario);
            (one, directory)
        };
        Ok(manifest.savepoint.into_iter().map(with_directory).collect())
    }

    fn vectors(&self) -> PathBuf {
        self.directory.join("vectors")
    }

    /// A manifest, if it is there.
    fn manifest<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<Option<T>, String> {
        let path = self.vectors().join(name);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        toml::from_str(&text).map(Some).map_err(|e| format!("{}: {e}", path.display()))
    }
}
