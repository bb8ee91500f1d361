//! The events of a run, written as they happen.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::event::{About, Case, Cell, Event, Produced, Run};

/// The events file, open for more.
pub(super) struct Journal(Mutex<File>);

/// What an earlier run has left.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// What that run was.
    pub(super) run: Option<Run>,
    /// Who took part.
    pub(super) adapters: Vec<About>,
    /// What was run.
    pub(super) cases: Vec<Case>,
    /// The savepoints, by producer and scenario.
    pub(super) produced: BTreeMap<[String; 2], Produced>,
    /// The cells that are decided, by producer, consumer and case.
    pub(super) cells: BTreeMap<[String; 3], Cell>,
    /// Bytes of the file that count.
    length: u64,
}

impl Journal {
    /// A new one.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        File::create(path).map(|file| Self(Mutex::new(file)))
    }

    /// One that is there, to go on where reading it ended.
    pub(super) fn append(path: &Path, left: &Left) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.set_len(left.length)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self(Mutex::new(file)))
    }

    /// What stands in one, and leaves it as it is. A last line that was not written to its end does not count, nor does the end of a
    /// run.
    pub(super) fn read(path: &Path) -> io::Result<Left> {
        let text = fs::read(path)?;
        let mut left = Left::default();
        for (number, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
            if !line.ends_with(b"\n") {
                break;
            }
            let event = serde_json::from_slice(line);
            let event = event.map_err(|e| io::Error::other(format!("line {}: {e}", number + 1)))?;
            match event {
                Event::Run(run) => left.run = Some(run),
                Event::Adapter(about) => left.adapters.push(about),
                Event::Scenario(case) => left.cases.push(case),
                Event::Produced(one) => {
                    left.produced.insert([one.producer.clone(), one.scenario.clone()], one);
                }
                Event::Cell(cell) => {
                    let key = [&cell.producer, &cell.consumer, &cell.case].map(String::clone);
                    left.cells.insert(key, cell);
                }
                Event::End(_) => break,
            }
            left.length += line.len() as u64;
        }
        Ok(left)
    }

    /// Adds an event.
    pub(super) fn write(&self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        // In one piece: whoever ends the process leaves at most one line that is not whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::End;
    use crate::verdict::Verdict;

    #[test]
    fn a_torn_line_and_the_end_are_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        let journal = Journal::create(&path).unwrap();
        let cell = |case: &str| {
            Event::Cell(Cell {
                producer: "p".to_owned(),
                consumer: "c".to_owned(),
                case: case.to_owned(),
                verdict: Verdict::Pass,
                reason: None,
                blames: Vec::new(),
                millis: 1,
                evidence: None,
            })
        };
        journal.write(&cell("one")).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for end in [b"{\"event\":\"ce".as_slice(), b"", &serde_json::to_vec(&cell("two")).unwrap()] {
            std::fs::write(&path, [&whole, end].concat()).unwrap();
            let left = Journal::read(&path).unwrap();
            assert_eq!(left.cells.len(), 1);
            assert_eq!(std::fs::read(&path).unwrap().len(), whole.len() + end.len(), "reading changes nothing");
            Journal::append(&path, &left).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
        let again = || Journal::append(&path, &Journal::read(&path).unwrap()).unwrap();
        again().write(&Event::End(End { good: true, stale: Vec::new(), millis: 1 })).unwrap();
        again().write(&cell("two")).unwrap();
        assert_eq!(Journal::read(&path).unwrap().cells.len(), 2);
        assert!(!String::from_utf8(std::fs::read(&path).unwrap()).unwrap().contains("\"end\""));
        std::fs::write(&path, "what\n").unwrap();
        assert!(Journal::read(&path).err().unwrap().to_string().starts_with("line 1: "));
    }
}
