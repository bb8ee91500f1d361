//! Writes a savepoint's directory: all of it, or nothing that could be taken for a savepoint.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::METADATA;
use crate::keyed::WrittenStream;
use crate::metadata::stream_handle::{ByteStreamHandle, RelativeFileHandle};
use crate::metadata::{
    KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Metadata, OperatorStateHandle, StateSize, StreamHandle, Target,
};
use crate::operator::WrittenOperatorStream;

/// Writes the streams of a savepoint, and then its metadata.
///
/// Everything is written and synced in a temporary directory beside the final one, which is then renamed; the metadata file gets its
/// name last. Whenever it is interrupted, there is no directory with a `_metadata` that is not complete. A writer that
/// is dropped leaves nothing.
///
/// ```no_run
/// # use flink_savepoint::keyed::{KeyedHeader, KeyedWriter, MaxParallelism};
/// # use flink_savepoint::metadata::{KeyGroupRange, Metadata, Release, Target};
/// # use flink_savepoint::savepoint::SavepointWriter;
/// # fn savepoint(header: &KeyedHeader<'_>, range: KeyGroupRange, max: MaxParallelism, metadata: &Metadata<'_>) -> std::io::Result<()> {
/// let mut savepoint = SavepointWriter::create("savepoints/first")?;
/// let stream = KeyedWriter::new(savepoint.stream(), header, range, max)?;
/// // ... entries ...
/// let handle = savepoint.keyed(stream.finish()?)?;
/// // ... into a subtask of an operator of the metadata ...
/// savepoint.finish(metadata, Target::release(Release::V2_3))
/// # }
/// ```
#[derive(Debug)]
pub struct SavepointWriter {
    directory: PathBuf,
    temporary: TempDir,
    inline: usize,
    streams: u32,
}

/// A stream being written: in memory up to the threshold, and from there on in a file.
#[derive(Debug)]
pub struct SavepointStream {
    path: PathBuf,
    name: String,
    inline: usize,
    memory: Vec<u8>,
    file: Option<BufWriter<File>>,
    length: u64,
}

/// Until it is complete, the metadata file has this name.
const UNFINISHED: &str = "_metadata.inprogress";

impl SavepointWriter {
    /// What Flink keeps in `_metadata` unless configured otherwise (`state.storage.fs.memory-threshold`): 20 KiB.
    pub const DEFAULT_INLINE: usize = 20 * 1024;

    /// Prepares to write into `directory`, which must not be there or be empty. Its parent is created.
    pub fn create(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let directory = directory.into();
        let name = directory.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        match fs::read_dir(&directory).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Ok(false) => return Err(io::ErrorKind::DirectoryNotEmpty.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let parent = parent(&directory);
        fs::create_dir_all(parent)?;
        let prefix = format!(".{}.inprogress-", name.to_string_lossy());
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        // As any directory that a program makes, not for its owner only.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let temporary = builder.tempdir_in(parent)?;
        Ok(Self { directory, temporary, inline: Self::DEFAULT_INLINE, streams: 0 })
    }

    /// Streams of up to `bytes` bytes are kept in `_metadata`; with 0 every stream is a file.
    #[must_use]
    pub fn inline(self, bytes: usize) -> Self {
        Self { inline: bytes, ..self }
    }

    /// A new stream. Names are numbers, so that the same content gives the same bytes.
    pub fn stream(&mut self) -> SavepointStream {
        self.streams += 1;
        let name = format!("state-{}", self.streams);
        let path = self.temporary.path().join(&name);
        SavepointStream { path, name, inline: self.inline, memory: Vec::new(), file: None, length: 0 }
    }

    /// Ends a stream and syncs its file.
    pub fn close(&mut self, mut stream: SavepointStream) -> io::Result<StreamHandle<'static>> {
        let handle_name = stream.name.as_str().into();
        let Some(mut file) = stream.file.take() else {
            return Ok(StreamHandle::ByteStream(ByteStreamHandle { handle_name, data: stream.memory.into() }));
        };
        file.flush()?;
        file.get_ref().sync_all()?;
        let state_size = StateSize::known(stream.length).unwrap_or(StateSize::UNKNOWN);
        Ok(StreamHandle::Relative(RelativeFileHandle { relative_path: handle_name, state_size }))
    }

    /// Ends a keyed stream, and makes the handle of the subtask's managed keyed state.
    pub fn keyed(&mut self, written: WrittenStream<SavepointStream>) -> io::Result<KeyedHandle<'static>> {
        let WrittenStream { sink, offsets, .. } = written;
        let delegate = self.close(sink)?;
        Ok(KeyedHandle::KeyGroups(KeyGroupsHandle { format: KeyGroupsFormat::Savepoint, offsets, delegate }))
    }

    /// Ends an operator state stream, and makes the handle of the subtask's managed operator state.
    pub fn operator_state(
        &mut self,
        written: WrittenOperatorStream<SavepointStream>,
    ) -> io::Result<OperatorStateHandle<'static>> {
        let WrittenOperatorStream { sink, states, .. } = written;
        Ok(OperatorStateHandle { states: states.into(), segmented: None, delegate: self.close(sink)? })
    }

    /// Writes the metadata, and gives the directory its name. Fails if there is something of that name by now.
    pub fn finish(self, metadata: &Metadata<'_>, target: Target) -> io::Result<()> {
        let bytes = metadata.write(target)?;
        let unfinished = self.temporary.path().join(UNFINISHED);
        let mut file = File::create_new(&unfinished)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        sync_directory(self.temporary.path())?;
        fs::rename(self.temporary.path(), &self.directory)?;
        // There is nothing left to remove.
        let _ = self.temporary.keep();
        sync_directory(parent(&self.directory))?;
        fs::rename(self.directory.join(UNFINISHED), self.directory.join(METADATA))?;
        sync_directory(&self.directory)
    }
}

impl Write for SavepointStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        if self.file.is_none() && self.memory.len() + bytes.len() <= self.inline {
            self.memory.extend_from_slice(bytes);
            return Ok(());
        }
        if self.file.is_none() {
            let mut file = BufWriter::with_capacity(1 << 16, File::create_new(&self.path)?);
            file.write_all(&std::mem::take(&mut self.memory))?;
            self.file = Some(file);
        }
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

fn parent(directory: &Path) -> &Path {
    directory.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes names in a directory last. Only Unix can open one.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::MetadataVersion;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn target() -> Target {
        Target::version(MetadataVersion::V3)
    }

    #[test]
    fn streams_are_inline_up_to_the_threshold_and_files_above() {
        let scratch = tempfile::tempdir().unwrap();
        let directory = scratch.path().join("a/b/savepoint");
        let mut savepoint = SavepointWriter::create(&directory).unwrap().inline(4);
        let mut stream = savepoint.stream();
        stream.write_all(b"1234").unwrap();
        assert_eq!(savepoint.close(stream).unwrap().type_byte(), 1);
        let mut stream = savepoint.stream();
        stream.write_all(b"1234").unwrap();
        stream.write_all(b"5").unwrap();
        let handle = savepoint.close(stream).unwrap();
        assert_eq!((handle.path().unwrap().to_string().as_str(), handle.state_size().bytes()), ("state-2", Some(5)));
        savepoint.finish(&Metadata::new(MetadataVersion::V3, 1), target()).unwrap();
        assert_eq!(names(&directory), ["_metadata", "state-2"]);
        assert_eq!(fs::read(directory.join("state-2")).unwrap(), b"12345");
        assert_eq!(names(directory.parent().unwrap()), ["savepoint"]);
    }

    #[test]
    fn what_is_there_is_not_overwritten() {
        let scratch = tempfile::tempdir().unwrap();
        let directory = scratch.path().join("savepoint");
        let savepoint = SavepointWriter::create(&directory).unwrap();
        // Another writer was faster.
        let other = SavepointWriter::create(&directory).unwrap();
        other.finish(&Metadata::new(MetadataVersion::V3, 2), target()).unwrap();
        let written = fs::read(directory.join(METADATA)).unwrap();
        savepoint.finish(&Metadata::new(MetadataVersion::V3, 1), target()).unwrap_err();
        assert_eq!(fs::read(directory.join(METADATA)).unwrap(), written);
        assert_eq!(names(scratch.path()), ["savepoint"]);
        assert_eq!(SavepointWriter::create(&directory).unwrap_err().kind(), io::ErrorKind::DirectoryNotEmpty);
    }

    #[test]
    fn what_is_interrupted_is_no_savepoint() {
        let scratch = tempfile::tempdir().unwrap();
        let directory = scratch.path().join("savepoint");
        let write = || {
            let mut savepoint = SavepointWriter::create(&directory).unwrap().inline(0);
            let mut stream = savepoint.stream();
            stream.write_all(b"state").unwrap();
            savepoint.close(stream).unwrap();
            savepoint
        };
        // Given up: nothing is left.
        drop(write());
        assert_eq!(names(scratch.path()), [""; 0]);
        // Metadata that cannot be written: nothing is left.
        let refused = write().finish(&Metadata::new(MetadataVersion::V3, u64::MAX), target()).unwrap_err();
        assert_eq!(refused.downcast::<crate::Error>().unwrap().kind().code(), "checkpoint-id");
        assert_eq!(names(scratch.path()), [""; 0]);
        // Killed: a hidden directory without metadata.
        std::mem::forget(write());
        let [left] = names(scratch.path()).try_into().unwrap();
        assert!(left.starts_with(".savepoint.inprogress-"), "{left}");
        assert_eq!(names(&scratch.path().join(left)), ["state-1"]);
    }
}
