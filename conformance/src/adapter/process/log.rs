//! What an adapter writes to standard error: kept in a file of bounded size, its head and its tail.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A log, shared by the thread that reads standard error and the one that asks.
#[derive(Clone)]
pub(super) struct Log(Arc<Mutex<Inner>>);

struct Inner {
    file: Option<File>,
    /// So many bytes at most stand in the file from the start on.
    head: u64,
    /// So many bytes at most stand in the file from the end.
    tail: usize,
    /// The last bytes of all.
    last: VecDeque<u8>,
    /// How many bytes there were.
    total: u64,
}

impl Log {
    /// A log in a file that is made anew; without a file only the tail is kept.
    pub(super) fn new(file: Option<&Path>, head: u64, tail: usize) -> io::Result<Self> {
        let file = file.map(File::create).transpose()?;
        Ok(Self(Arc::new(Mutex::new(Inner { file, head, tail, last: VecDeque::new(), total: 0 }))))
    }

    /// How many bytes there were so far: where the next one will stand.
    pub(super) fn position(&self) -> u64 {
        self.lock().total
    }

    /// Adds to it.
    pub(super) fn write(&self, bytes: &[u8]) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let room = usize::try_from(inner.head.saturating_sub(inner.total)).unwrap_or(usize::MAX).min(bytes.len());
        // A full disk costs the log, not the run.
        if let (Some(file), true) = (&mut inner.file, room > 0)
            && file.write_all(&bytes[..room]).is_err()
        {
            inner.file = None;
        }
        inner.total += bytes.len() as u64;
        inner.last.extend(&bytes[bytes.len().saturating_sub(inner.tail)..]);
        let excess = inner.last.len().saturating_sub(inner.tail);
        inner.last.drain(..excess);
    }

    /// All that comes from a reader.
    pub(super) fn copy(&self, mut reader: impl Read) {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return,
                Ok(n) => self.write(&buffer[..n]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    /// Brings the tail into the file.
    pub(super) fn flush(&self) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let beyond = inner.total.saturating_sub(inner.head);
        if let (Some(file), true) = (&mut inner.file, beyond > 0) {
            // It fails with the disk full, which costs the log and not the run.
            let _ = write_tail(file, inner.head, beyond, &inner.last);
        }
    }

    /// What came from a position on: its last `most` bytes, as text.
    pub(super) fn since(&self, position: u64, most: usize) -> String {
        let inner = self.lock();
        let length = usize::try_from(inner.total.saturating_sub(position)).unwrap_or(usize::MAX);
        let shown = length.min(most).min(inner.last.len());
        let bytes: Vec<u8> = inner.last.range(inner.last.len() - shown..).copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        if shown == length { text.into_owned() } else { format!("... {} bytes before ...\n{text}", length - shown) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_tail(file: &mut File, head: u64, beyond: u64, last: &VecDeque<u8>) -> io::Result<()> {
    let kept = beyond.min(last.len() as u64);
    file.seek(SeekFrom::Start(head))?;
    if beyond > kept {
        write!(file, "\n... {} bytes left out ...\n", beyond - kept)?;
    }
    let skip = last.len() - usize::try_from(kept).unwrap_or(last.len());
    let bytes: Vec<u8> = last.range(skip..).copied().collect();
    file.write_all(&bytes)?;
    let end = file.stream_position()?;
    file.set_len(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_tail_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let log = Log::new(Some(&path), 10, 5).unwrap();
        let table = [
            ("01234567", "01234567", "34567"),
            ("89ab", "0123456789ab", "789ab"),
            ("cdefghij", "0123456789\n... 5 bytes left out ...\nfghij", "fghij"),
            ("k", "0123456789\n... 6 bytes left out ...\nghijk", "ghijk"),
        ];
        for (added, file, last) in table {
            log.write(added.as_bytes());
            log.flush();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), file);
            assert!(log.since(0, 100).ends_with(last));
        }
        assert_eq!(log.position(), 21);
        assert_eq!(log.since(18, 100), "ijk");
        assert_eq!(log.since(18, 2), "... 1 bytes before ...\njk");
        assert_eq!(log.since(21, 2), "");
    }
}
