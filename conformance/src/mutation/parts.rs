//! A savepoint in memory, and the tools that break it in one place and keep the rest right.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::{fs, io};

use flink_savepoint::metadata::{List, Metadata, Operator};
use flink_savepoint::savepoint::{FileName, METADATA, Store};

use super::spans::{self, Span};
use crate::check::Spot;

/// The files of a savepoint, by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// `_metadata` and the state files.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Parts {
    /// Reads the files of a directory.
    pub fn read(directory: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name().into_string().map_err(|_| io::ErrorKind::InvalidFilename)?;
            files.insert(name, fs::read(entry.path())?);
        }
        Ok(Self { files })
    }

    /// Writes the files into a directory, which is made.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        for (name, bytes) in &self.files {
            fs::write(directory.join(name), bytes)?;
        }
        Ok(())
    }

    /// Keeps the operators that have one of these uids, names or ids, and the files that they lead to.
    pub fn keep(&mut self, operators: &[&str]) -> Option<()> {
        let bytes = self.files.remove(METADATA)?;
        let mut metadata = Metadata::parse(&bytes).ok()?;
        let named = |operator: &Operator<'_>| {
            let names = [&operator.uid, &operator.name].into_iter().flatten().map(ToString::to_string);
            names.chain([operator.id.to_string()]).any(|name| operators.contains(&name.as_str()))
        };
        let kept: Vec<Operator<'_>> = metadata.operators.iter().filter(named).collect();
        (kept.len() == operators.len()).then_some(())?;
        metadata.operators = List::from(kept);
        self.files.insert(METADATA.to_owned(), metadata.to_bytes().ok()?);
        self.forget_unused();
        Some(())
    }

    /// Takes the files away that no handle leads to.
    pub fn forget_unused(&mut self) {
        let used: Vec<String> =
            self.all("relative-file-handle.relative_path").iter().map(|path| self.text(path)).collect();
        self.files.retain(|name, _| name == METADATA || used.contains(name));
    }

    /// Everything that is named in a file.
    pub fn spans(&self, file: &str) -> Vec<Span> {
        let metadata = self.files.get(METADATA).map(Vec::as_slice);
        self.files.get(file).map(|bytes| spans::of(file, bytes, metadata)).unwrap_or_default()
    }

    /// All spans of a place (see [`Span::is`]): those of `_metadata` first, then those of the state files.
    pub fn all(&self, place: &str) -> Vec<Span> {
        self.of_place(place).collect()
    }

    /// The first span of a place.
    pub fn find(&self, place: &str) -> Option<Span> {
        self.of_place(place).next()
    }

    /// The first span of a place that is as wanted.
    pub fn find_if(&self, place: &str, mut wanted: impl FnMut(&Span) -> bool) -> Option<Span> {
        self.of_place(place).find(|span| wanted(span))
    }

    fn of_place(&self, place: &str) -> impl Iterator<Item = Span> {
        let others = self.files.keys().map(String::as_str).filter(|name| *name != METADATA);
        let names = [METADATA].into_iter().chain(others);
        names.flat_map(|name| self.spans(name)).filter(move |span| span.is(place))
    }

    /// The span with that path, in a file.
    pub fn at(&self, file: &str, path: &str) -> Option<Span> {
        self.spans(file).into_iter().find(|span| span.path == path)
    }

    /// Where the state starts in the header of its stream, whose meta info has that span. What is wrong with a state is reported
    /// there.
    pub fn state_of(&self, span: &Span) -> Option<Spot> {
        let state = span.path.split_once("].")?.0;
        let state = self.at(&span.file, &format!("{state}]"))?;
        Some(Spot { path: span.path.clone(), ..spot(&state) })
    }

    /// The bytes of a span.
    pub fn bytes(&self, span: &Span) -> &[u8] {
        self.files.get(&span.file).filter(|_| !span.opened).and_then(|file| file.get(span.range.clone())).unwrap_or(&[])
    }

    /// The text of a string, which stands behind its length.
    pub fn text(&self, span: &Span) -> String {
        String::from_utf8_lossy(self.bytes(span).get(2..).unwrap_or_default()).into_owned()
    }

    /// Puts other bytes of the same length in the place of a span. The defect is there.
    pub fn overwrite(&mut self, span: &Span, bytes: &[u8]) -> Option<Spot> {
        let file = self.files.get_mut(&span.file).filter(|_| !span.opened)?;
        file.get_mut(span.range.clone())
            .filter(|old| old.len() == bytes.len() && *old != bytes)?
            .copy_from_slice(bytes);
        Some(spot(span))
    }

    /// Overwrites the first span of a place.
    pub fn set(&mut self, place: &str, bytes: &[u8]) -> Option<Spot> {
        let span = self.find(place)?;
        self.overwrite(&span, bytes)
    }

    /// Changes one byte of a span.
    pub fn set_byte(&mut self, span: &Span, at: usize, byte: u8) -> Option<Spot> {
        let mut bytes = self.bytes(span).to_vec();
        *bytes.get_mut(at)? = byte;
        self.overwrite(span, &bytes)
    }

    /// Puts other bytes in the place of `range`. In a state file the offsets and the size in `_metadata` follow; an offset that
    /// leads to the start of the range stays.
    pub fn replace(&mut self, file: &str, range: Range<usize>, bytes: &[u8]) -> Option<()> {
        self.splice(file, range.clone(), bytes, |offset| offset > range.start)
    }

    /// Inserts bytes before what stands at `at`: an offset that leads there follows it.
    pub fn insert_before(&mut self, file: &str, at: usize, bytes: &[u8]) -> Option<()> {
        self.splice(file, at..at, bytes, |offset| offset >= at)
    }

    fn splice(&mut self, file: &str, range: Range<usize>, bytes: &[u8], moves: impl Fn(usize) -> bool) -> Option<()> {
        let handles = if file == METADATA { Vec::new() } else { self.handles_of(file) };
        let more = i64::try_from(bytes.len()).ok()? - i64::try_from(range.len()).ok()?;
        let content = self.files.get_mut(file)?;
        content.get(range.clone())?;
        content.splice(range, bytes.iter().copied());
        for number in handles {
            let value = i64::from_be_bytes(self.bytes(&number).try_into().ok()?);
            let is_size = number.field.as_deref() == Some("state_size");
            // 0 stands for a key group without state; nothing that moves is at 0.
            let follows = is_size && value >= 0 || !is_size && value > 0 && moves(usize::try_from(value).ok()?);
            if follows {
                self.write_at(&number, &value.checked_add(more)?.to_be_bytes())?;
            }
        }
        Some(())
    }

    /// Offsets and sizes of the handles that lead to a file.
    fn handles_of(&self, file: &str) -> Vec<Span> {
        let spans = self.spans(METADATA);
        let leads = |span: &&Span| span.is("relative-file-handle.relative_path") && self.text(span) == file;
        let handles: Vec<String> = spans
            .iter()
            .filter(leads)
            .filter_map(|span| span.path.strip_suffix("delegate.relative_path").map(str::to_owned))
            .collect();
        let is_number = |span: &Span| {
            ["key-group-offsets.offsets", "operator-handle-state.offsets", "relative-file-handle.state_size"]
                .iter()
                .any(|place| span.is(place))
        };
        let of_it = |span: &Span| handles.iter().any(|handle| span.path.starts_with(handle));
        spans.into_iter().filter(|span| is_number(span) && of_it(span)).collect()
    }

    fn write_at(&mut self, span: &Span, bytes: &[u8]) -> Option<()> {
        self.files.get_mut(&span.file)?.get_mut(span.range.clone())?.copy_from_slice(bytes);
        Some(())
    }

    /// Adds to a count or length of two or four bytes.
    pub fn add(&mut self, span: &Span, more: i32) -> Option<()> {
        let bytes = self.bytes(span);
        let changed = match bytes.len() {
            2 => i16::from_be_bytes(bytes.try_into().ok()?)
                .checked_add(i16::try_from(more).ok()?)?
                .to_be_bytes()
                .to_vec(),
            4 => i32::from_be_bytes(bytes.try_into().ok()?).checked_add(more)?.to_be_bytes().to_vec(),
            _ => return None,
        };
        self.write_at(span, &changed)
    }

    /// Writes the metadata anew from a changed model.
    pub fn remodel(&mut self, change: impl FnOnce(&mut Metadata<'_>) -> Option<()>) -> Option<()> {
        let bytes = self.files.get(METADATA)?;
        let mut metadata = Metadata::parse(bytes).ok()?;
        change(&mut metadata)?;
        let changed = metadata.to_bytes().ok()?;
        self.files.insert(METADATA.to_owned(), changed);
        Some(())
    }
}

/// Where a span is.
pub fn spot(span: &Span) -> Spot {
    Spot { file: span.file.clone(), offset: Some(span.range.start as u64), path: span.path.clone() }
}

/// A string as `_metadata` and headers have it.
pub fn utf(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

impl<'p> Store for &'p Parts {
    type Bytes = &'p [u8];

    fn open(&self, name: &FileName<'_>) -> io::Result<&'p [u8]> {
        self.files.get(name.as_str()).map(Vec::as_slice).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
