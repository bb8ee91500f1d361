//! An example of each deliberate deviation, `fuzz/deviations/<id>.bin`, and beside it what releases of Flink said of it.

use std::io;
use std::path::PathBuf;

use flink_savepoint::metadata::Release;
use serde::{Deserialize, Serialize};

use super::{Answer, Case, Judgement, SUBJECTS, Subject, judge};

/// Releases whose answers are recorded: the first and the last that are covered, and the last of 1.x.
pub const RELEASES: [&str; 3] = ["1.13.6", "1.20.5", "2.3.0"];

/// The file beside an example.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The kind of input.
    pub kind: String,
    /// What each release said.
    #[serde(default)]
    pub answer: Vec<Recorded>,
}

/// What a release said.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The release.
    pub release: String,
    /// The deviations that it shows; none where both say the same.
    pub deviations: Vec<String>,
    /// Its answer.
    pub says: String,
}

/// An example.
#[derive(Debug, Clone)]
pub struct Example {
    /// The deviation.
    pub id: String,
    /// The input.
    pub bytes: Vec<u8>,
    /// What was recorded.
    pub record: Record,
}

/// Where the examples are.
pub fn directory() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../deviations"))
}

/// All examples, by id.
pub fn all() -> io::Result<Vec<Example>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "bin") {
            let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let record = toml::from_str(&std::fs::read_to_string(path.with_extension("toml"))?);
            all.push(Example { id, bytes: std::fs::read(&path)?, record: record.map_err(io::Error::other)? });
        }
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

impl Example {
    /// Writes the example and its record.
    pub fn save(&self) -> io::Result<()> {
        let place = directory().join(&self.id);
        std::fs::create_dir_all(directory())?;
        std::fs::write(place.with_extension("bin"), &self.bytes)?;
        let record = toml::to_string_pretty(&self.record).map_err(io::Error::other)?;
        std::fs::write(place.with_extension("toml"), record)
    }

    /// The kind of its input.
    pub fn subject(&self) -> Option<&'static dyn Subject> {
        SUBJECTS.iter().copied().find(|subject| subject.name() == self.record.kind)
    }

    /// What the reference and an answer of `release` have to say to each other; `None` if kind or release are unknown.
    pub fn judge(&self, release: &str, answer: &Answer) -> Option<Judgement> {
        let (subject, release) = (self.subject()?, release.parse::<Release>().ok()?);
        let case = Case { bytes: &self.bytes, release };
        Some(judge(subject, &case, answer, &subject.read(&self.bytes, release)))
    }

    /// Puts down what a release says.
    pub fn note(&mut self, release: &str, answer: &Answer) -> io::Result<()> {
        let judgement =
            self.judge(release, answer).ok_or_else(|| io::Error::other(format!("{}: kind, release", self.id)))?;
        if let Some(difference) = judgement.unclassified.first() {
            return Err(io::Error::other(format!("{}: {difference}", self.id)));
        }
        let deviations = judgement.classes.into_iter().map(str::to_owned).collect();
        self.record.answer.retain(|one| one.release != release);
        self.record.answer.push(Recorded { release: release.to_owned(), deviations, says: answer.to_string() });
        self.record.answer.sort_by_key(|one| one.release.parse::<Release>().ok());
        Ok(())
    }
}
