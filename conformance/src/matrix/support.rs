//! What the runner needs of files, locks, panics and texts.

use std::any::Any;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// A directory that is not there, in one that is.
pub(super) fn fresh(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// The files of a savepoint, with size and time of the last change.
pub(super) fn listing(savepoint: &Path) -> BTreeSet<(OsString, u64, Option<SystemTime>)> {
    let entries = fs::read_dir(savepoint).into_iter().flatten().flatten();
    let described = entries.map(|entry| {
        let metadata = entry.metadata().ok();
        let size = metadata.as_ref().map_or(0, fs::Metadata::len);
        (entry.file_name(), size, metadata.and_then(|metadata| metadata.modified().ok()))
    });
    described.collect()
}

/// What it gives, or with what it panicked: what is built in has bugs as well.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let text = |panic: Box<dyn Any + Send>| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        format!("panicked: {text}")
    };
    catch_unwind(AssertUnwindSafe(work)).map_err(text)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The start of a text.
pub(super) fn head(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// As a shell reads it.
pub(super) fn quoted<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let quoted =
        words.map(|word| shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned));
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_caught_and_texts_are_cut_between_characters() {
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(caught(|| -> u8 { panic!("no {}", 1) }), Err("panicked: no 1".to_owned()));
        assert_eq!(head("aä", 2), "a");
        assert_eq!(head("aä", 9), "aä");
    }
}
