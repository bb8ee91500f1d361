//! Scenarios: small declarative programs that any state backend can run, and what must come back.
//!
//! A scenario is a TOML file in `scenarios/`. It is expanded here ([`Scenario::program`]), so that adapters have nothing to expand
//! or to compute, and what must come back is computed here ([`Scenario::expected`]), so that no adapter judges itself.

pub mod bugs;
mod compare;
mod expand;
pub mod feature;
mod file;
mod interpret;
mod java_text;
mod literal;
pub(crate) mod names;
mod program;
pub mod types;

use std::fmt;
use std::fs;
use std::path::Path;

use include_dir::{Dir, include_dir};

pub use compare::compare;
pub use file::{File, OperationForm, OperatorForm, StateForm};
pub use program::{Compression, Kind, Line, Operation, Operator, Program, Restore, Stage, State, Verb};

/// The scenarios of the suite.
static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// A scenario, checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The name of its file.
    pub id: String,
    /// What it is about, in a line.
    pub title: String,
    /// Why it is there.
    pub about: String,
    /// The requirements that it is about, the most specific first.
    pub requirements: Vec<String>,
    /// The bugs that it would have caught.
    pub bugs: Vec<String>,
    /// Whether it is one of the few that are always run with real Flink.
    pub core: bool,
    program: Program,
    restore: Restore,
}

/// What is wrong with a scenario's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The file.
    pub file: String,
    /// Where in it, and what.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}

impl std::error::Error for Error {}

impl Scenario {
    /// The scenarios of the suite, in the order of their ids.
    pub fn all() -> Result<Vec<Self>, Error> {
        let files = FILES.files().filter(|file| file.path().extension().is_some_and(|end| end == "toml"));
        let mut all = files
            .map(|file| {
                let name = file.path().display().to_string();
                let text = file.contents_utf8().ok_or_else(|| Error::new(&name, "not UTF-8"))?;
                Self::parse(&name, text)
            })
            .collect::<Result<Vec<_>, _>>()?;
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(all)
    }

    /// A scenario of one's own.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|e| Error::new(&name, e))?;
        Self::parse(&name, &text)
    }

    /// A scenario from the text of the file of that name.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let file: File = toml::from_str(text).map_err(|e| Error::new(name, e))?;
        Self::of(&file, name).map_err(|e| Error::new(name, e))
    }

    fn of(file: &File, name: &str) -> Result<Self, String> {
        let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(name);
        if file.id != stem {
            return Err(format!("id: {:?} is not the name of the file", file.id));
        }
        let expand::Expanded { stages, restore, restore_parallelism, features } = expand::expand(file)?;
        // Earlier savepoints are of no concern to a consumer.
        let consumer = features.iter().filter(|feature| *feature != "stages").cloned().collect();
        let one = Self {
            id: file.id.clone(),
            title: file.title.clone(),
            about: file.about.trim().to_owned(),
            requirements: file.requirements.clone(),
            bugs: file.bugs.clone(),
            core: file.core,
            restore: Restore {
                scenario: file.id.clone(),
                features: consumer,
                compression: file.compression,
                parallelism: restore_parallelism,
                operators: restore,
            },
            program: Program {
                scenario: file.id.clone(),
                features,
                compression: file.compression,
                inline: file.inline,
                stages,
            },
        };
        let lines = one.expected().len();
        if lines != file.entries {
            return Err(format!("entries: the operations give {lines}, not {}", file.entries));
        }
        Ok(one)
    }

    /// What a producer runs.
    pub fn program(&self) -> Program {
        self.program.clone()
    }

    /// What a consumer restores with.
    pub fn restore(&self) -> Restore {
        self.restore.clone()
    }

    /// What must come back.
    pub fn expected(&self) -> Vec<Line> {
        interpret::expected(&self.program, &self.restore)
    }

    /// What an adapter has to support, sorted: of [`feature::ALL`].
    pub fn features(&self) -> &[String] {
        &self.program.features
    }
}

impl Error {
    fn new(file: &str, message: impl fmt::Display) -> Self {
        Self { file: file.to_owned(), message: message.to_string().trim_end().to_owned() }
    }
}
