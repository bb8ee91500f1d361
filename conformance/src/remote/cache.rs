//! The files of a mirror on this machine: sparse, filled as asked, emptied when room is needed.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, TryLockError};

use object_store::ObjectMeta;
use tempfile::TempDir;

use super::client::{Client, PIECE};
use super::ranges::Ranges;

/// Bytes between two ranges that are fetched along with them: as long as another request would take, or less.
const GAP: u64 = 16 << 10;

/// Files in a directory that is deleted at the end.
#[derive(Debug)]
pub(super) struct Cache {
    files: BTreeMap<String, Cached>,
    /// Bytes that may be on disk, and those that are.
    cap: u64,
    used: Mutex<u64>,
    clock: AtomicU64,
    directory: TempDir,
}

/// An object, and what of it is here.
#[derive(Debug)]
struct Cached {
    object: ObjectMeta,
    /// Held while something is fetched, and while the file is emptied.
    present: Mutex<Ranges>,
    leases: Arc<AtomicUsize>,
    used_last: AtomicU64,
}

/// Keeps a file from being emptied, as long as it is mapped.
#[derive(Debug)]
pub struct Lease(Arc<AtomicUsize>);

impl Lease {
    fn of(leases: &Arc<AtomicUsize>) -> Self {
        leases.fetch_add(1, Ordering::SeqCst);
        Self(leases.clone())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Cache {
    /// Files for `objects`, all of them empty, by their names. Others, of which only the names are known, are directories.
    pub(super) fn new(
        parent: Option<&Path>,
        cap: u64,
        objects: BTreeMap<String, ObjectMeta>,
        directories: &[String],
    ) -> io::Result<Self> {
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
        let named = |e: io::Error| io::Error::new(e.kind(), format!("the cache in {}: {e}", parent.display()));
        let directory = tempfile::Builder::new().prefix("savepoint-").tempdir_in(&parent).map_err(named)?;
        delete_when_interrupted(directory.path());
        let mut files = BTreeMap::new();
        for name in directories {
            fs::create_dir(directory.path().join(name)).map_err(named)?;
        }
        for (name, object) in objects {
            File::create_new(directory.path().join(&name)).and_then(|file| file.set_len(object.size)).map_err(named)?;
            let (present, leases, used_last) = (Mutex::default(), Arc::default(), AtomicU64::new(0));
            files.insert(name, Cached { object, present, leases, used_last });
        }
        Ok(Self { files, cap, used: Mutex::new(0), clock: AtomicU64::new(0), directory })
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn object(&self, name: &str) -> Option<&ObjectMeta> {
        self.files.get(name).map(|file| &file.object)
    }

    /// Fetches what is missing of a file: all of it, or some ranges. The lease keeps it.
    pub(super) fn ensure(&self, client: &Client, name: &str, wanted: impl FnOnce(u64) -> Ranges) -> io::Result<Lease> {
        let file = self.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        let mut present = lock(&file.present);
        let lease = Lease::of(&file.leases);
        file.used_last.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        let missing = wanted(file.object.size).without(&present).coalesced(GAP).without(&present);
        let bytes = missing.bytes();
        if bytes == 0 {
            return Ok(lease);
        }
        self.make_room(name, bytes)?;
        let path = self.directory.path().join(name);
        let to = OpenOptions::new().write(true).open(path)?;
        match client.fetch(&file.object, missing.pieces(PIECE), &to) {
            Ok(()) => present.add(&missing),
            Err(error) => {
                let mut freed = bytes;
                // A part of it may have come.
                if file.leases.load(Ordering::SeqCst) == 1 && empty(&to, file.object.size).is_ok() {
                    freed += std::mem::take(&mut *present).bytes();
                }
                let mut used = lock(&self.used);
                *used = used.saturating_sub(freed);
                return Err(error);
            }
        }
        Ok(lease)
    }

    /// Takes `bytes` of the cap, at the cost of files that nobody uses.
    fn make_room(&self, name: &str, bytes: u64) -> io::Result<()> {
        let mut used = lock(&self.used);
        while used.saturating_add(bytes) > self.cap {
            let mut idle: Vec<&String> = self.files.keys().collect();
            idle.retain(|other| *other != name);
            idle.sort_by_key(|name| self.files.get(*name).map(|file| file.used_last.load(Ordering::Relaxed)));
            let freed = idle.into_iter().map(|name| self.give_up(name)).find(|freed| !matches!(freed, Ok(0)));
            match freed {
                Some(freed) => *used = used.saturating_sub(freed?),
                None => {
                    let why = format!(
                        "{bytes} bytes more than the {} of files in use do not fit into the cache of {} \
                         (--cache-size raises it)",
                        *used, self.cap
                    );
                    return Err(io::Error::new(io::ErrorKind::StorageFull, why));
                }
            }
        }
        *used += bytes;
        Ok(())
    }

    /// Empties a file that nobody uses; how many bytes it had.
    fn give_up(&self, name: &str) -> io::Result<u64> {
        let Some(file) = self.files.get(name) else { return Ok(0) };
        let mut present = match file.present.try_lock() {
            Ok(present) => present,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(0),
        };
        if file.leases.load(Ordering::SeqCst) > 0 || present.bytes() == 0 {
            return Ok(0);
        }
        let bytes = present.bytes();
        empty(&OpenOptions::new().write(true).open(self.directory.path().join(name))?, file.object.size)?;
        *present = Ranges::default();
        Ok(bytes)
    }
}

/// Gives the disk back what a file has.
fn empty(file: &File, size: u64) -> io::Result<()> {
    file.set_len(0)?;
    file.set_len(size)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The directories that are to be deleted when the program is ended from outside.
static CACHES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn delete_when_interrupted(directory: &Path) {
    static HANDLER: Once = Once::new();
    lock(&CACHES).push(directory.to_owned());
    HANDLER.call_once(|| {
        // Another handler, of a program that embeds this, comes first.
        let _ = ctrlc::try_set_handler(|| {
            for directory in &*lock(&CACHES) {
                let _ = fs::remove_dir_all(directory);
            }
            std::process::exit(130);
        });
    });
}
