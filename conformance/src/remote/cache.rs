//! The files of a mirror on this machine: sparse, filled as asked, emptied when room is needed.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError, TryLockError};

use object_store::ObjectMeta;
use tempfile::TempDir;

use super::client::{Client, Job, PIECE};
use super::ranges::Ranges;

/// Bytes between two ranges that are fetched along with them: as long as another request would take, or less.
const GAP: u64 = 16 << 10;
/// Small files that are fetched along with another one, of together no more than [`PIECE`] bytes.
const AHEAD: usize = 64;

/// Files in a directory that is deleted at the end.
#[derive(Debug)]
pub(super) struct Cache {
    files: BTreeMap<String, Cached>,
    /// Bytes that may be on disk, and those that are.
    cap: u64,
    used: Mutex<u64>,
    clock: AtomicU64,
    /// What could not be fetched, and why: what is left would be no whole, and one dead server is waited for once.
    given_up: OnceLock<String>,
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

/// A file into which something is fetched.
struct Filling<'f> {
    name: &'f str,
    file: &'f Cached,
    present: MutexGuard<'f, Ranges>,
    lease: Lease,
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
        Ok(Self { files, cap, used: Mutex::new(0), clock: AtomicU64::new(0), given_up: OnceLock::new(), directory })
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn object(&self, name: &str) -> Option<&ObjectMeta> {
        self.files.get(name).map(|file| &file.object)
    }

    /// Fetches what is missing of a file, of which those ranges are wanted. The lease keeps it. Along with a whole file come small
    /// ones that are read next, as far as there is room: the way to the server and back is what they cost.
    pub(super) fn ensure(&self, client: &Client, name: &str, wanted: &Ranges, next: &[String]) -> io::Result<Lease> {
        let file = self.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        let mut first = Filling { name, file, present: lock(&file.present), lease: Lease::of(&file.leases) };
        file.used_last.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        let missing = wanted.without(&first.present).coalesced(GAP).without(&first.present);
        if missing.bytes() == 0 {
            return Ok(first.lease);
        }
        if let Some(first) = self.given_up.get() {
            return Err(io::Error::other(format!("given up after {first}")));
        }
        self.make_room(name, missing.bytes())?;
        let ahead = if *wanted == Ranges::whole(file.object.size) { self.ahead(next) } else { Vec::new() };
        let mut jobs = vec![self.job(&first, missing)?];
        for filling in &ahead {
            jobs.push(self.job(filling, Ranges::whole(filling.file.object.size))?);
        }
        let done = client.fetch(&jobs);
        // Before the locks are left: others may wait to do the same.
        if let Some(Err(error)) = done.first() {
            let _ = self.given_up.set(format!("{}: {error}", client.url(&file.object.location)));
        }
        let mut done = done.into_iter().zip(jobs);
        let result = done.next().map_or(Ok(()), |(result, job)| self.settle(&mut first, &job, result));
        for (filling, (fetched, job)) in ahead.into_iter().zip(done) {
            let mut filling = filling;
            // Whoever opens it will hear of it.
            let fetched = if result.is_ok() { fetched } else { Err(io::ErrorKind::Interrupted.into()) };
            let _ = self.settle(&mut filling, &job, fetched);
        }
        result.map(|()| first.lease)
    }

    fn job<'j>(&self, filling: &Filling<'j>, ranges: Ranges) -> io::Result<Job<'j>> {
        let to = OpenOptions::new().write(true).open(self.directory.path().join(filling.name))?;
        Ok(Job { object: &filling.file.object, ranges, to })
    }

    /// Small files of `next` of which nothing is here, with room taken for them.
    fn ahead<'c>(&'c self, next: &'c [String]) -> Vec<Filling<'c>> {
        let (mut ahead, mut bytes) = (Vec::new(), 0);
        for name in next.iter().take(AHEAD) {
            let Some(file) = self.files.get(name).filter(|file| file.object.size <= PIECE - bytes) else { break };
            let Ok(present) = file.present.try_lock() else { continue };
            if present.bytes() > 0 || file.object.size == 0 {
                continue;
            }
            let mut used = lock(&self.used);
            if used.saturating_add(file.object.size) > self.cap {
                break;
            }
            *used += file.object.size;
            bytes += file.object.size;
            ahead.push(Filling { name, file, present, lease: Lease::of(&file.leases) });
        }
        ahead
    }

    /// Writes down what came of fetching.
    fn settle(&self, filling: &mut Filling<'_>, job: &Job<'_>, result: io::Result<()>) -> io::Result<()> {
        if result.is_ok() {
            filling.present.add(&job.ranges);
        } else {
            let mut freed = job.ranges.bytes();
            // A part of it may have come.
            if filling.file.leases.load(Ordering::SeqCst) == 1 && empty(&job.to, filling.file.object.size).is_ok() {
                freed += std::mem::take(&mut *filling.present).bytes();
            }
            let mut used = lock(&self.used);
            *used = used.saturating_sub(freed);
        }
        result
    }

    /// Takes `bytes` of the cap, at the cost of files that nobody uses.
    fn make_room(&self, name: &str, bytes: u64) -> io::Result<()> {
        let mut used = lock(&self.used);
        while used.saturating_add(bytes) > self.cap {
            let mut idle: Vec<&String> = self.files.keys().collect();
            idle.retain(|other| *other != name);
            idle.sort_by_key(|name| self.files.get(*name).map(|file| file.used_last.load(Ordering::Relaxed)));
            let freed = idle.into_iter().map(|name| self.give_up(name)).find(|freed| !matches!(freed, Ok(0)));
            let Some(freed) = freed else {
                let why = format!(
                    "{bytes} bytes more than the {} of files in use do not fit into the cache of {} (--cache-size raises it)",
                    *used, self.cap
                );
                return Err(io::Error::new(io::ErrorKind::StorageFull, why));
            };
            *used = used.saturating_sub(freed?);
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
