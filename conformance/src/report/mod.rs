//! What a run is told as: all of it rendered from the events.

mod counts;
mod data;
mod html;
mod junit;
mod markdown;
mod terminal;
mod words;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

pub use counts::Counts;
pub use data::{ReadError, RunData};
pub use html::page;
pub use junit::junit;
pub use markdown::markdown;
pub use terminal::terminal;
pub use words::Outcome;

/// Where the rendered specification is, if it is: in the directory in which `mdbook build spec` puts it.
const BOOK: &str = "spec/book";

/// Name of the events' file in a run's directory.
pub const EVENTS: &str = "events.jsonl";

/// The files that were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The page for browsers.
    pub html: PathBuf,
    /// For CI servers.
    pub junit: PathBuf,
    /// For the summary of a CI job.
    pub markdown: PathBuf,
    /// The events that all of it is rendered from.
    pub jsonl: PathBuf,
}

impl Paths {
    /// Those of a run's directory.
    pub fn in_directory(out: &Path) -> Self {
        Self {
            html: out.join("report.html"),
            junit: out.join("junit.xml"),
            markdown: out.join("report.md"),
            jsonl: out.join(EVENTS),
        }
    }

    /// The reports, without the events that they are rendered from.
    pub fn rendered(&self) -> [&Path; 3] {
        [&self.html, &self.junit, &self.markdown]
    }
}

/// Writes every report into the run's directory, which is made if it is not there. The events are written only if their file is not
/// there, since it is what the runner appends to. Links lead to the rendered specification, where there is one.
pub fn write_all(run: &RunData, out: &Path) -> io::Result<Paths> {
    fs::create_dir_all(out)?;
    let paths = Paths::in_directory(out);
    let book = Path::new(BOOK).join("index.html").is_file().then(|| relative(Path::new(BOOK), out)).transpose()?;
    fs::write(&paths.html, page(run, book.as_deref())?)?;
    fs::write(&paths.junit, junit(run)?)?;
    fs::write(&paths.markdown, markdown(run))?;
    match File::create_new(&paths.jsonl) {
        Ok(file) => {
            let mut file = BufWriter::new(file);
            for event in run.events() {
                serde_json::to_writer(&mut file, &event)?;
                file.write_all(b"\n")?;
            }
            file.flush()?;
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(e),
    }
    Ok(paths)
}

/// The way from a directory to another one, as a link; both are there.
fn relative(to: &Path, from: &Path) -> io::Result<String> {
    let (to, from) = (to.canonicalize()?, from.canonicalize()?);
    let shared = to.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| "..".to_owned());
    let down = to.components().skip(shared).map(|part| part.as_os_str().to_string_lossy().into_owned());
    Ok(up.chain(down).map(|part| html::encoded(&part)).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_between_directories() {
        let root = tempfile::tempdir().unwrap();
        let [book, out] = ["spec/book", "target/a run"].map(|name| root.path().join(name));
        for directory in [&book, &out] {
            fs::create_dir_all(directory).unwrap();
        }
        assert_eq!(relative(&book, &out).unwrap(), "../../spec/book");
        assert_eq!(relative(&out, &book).unwrap(), "../../target/a%20run");
        assert_eq!(relative(&book, root.path()).unwrap(), "spec/book");
        assert!(relative(&root.path().join("none"), &out).is_err());
    }
}
