//! A remote savepoint as a directory.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use flink_savepoint::metadata::{Metadata, StreamHandle, SubtaskState};
use flink_savepoint::savepoint::{FileName, METADATA};
use object_store::path::Path as ObjectPath;

use super::cache::Cache;
use super::client::Client;
use super::options::Options;
use super::ranges::Ranges;
use crate::store::{Mapped, map_leased};

/// Objects under a prefix that are looked at; a savepoint has a few for each subtask.
const MOST_OBJECTS: usize = 1 << 20;
/// Bytes of a file name, as file systems have it.
const LONGEST_NAME: usize = 255;

/// Whether a file on this machine can have the name, and is where it seems to be.
fn is_plain(name: &str) -> bool {
    let is_one = !name.contains(['/', '\0']) && !matches!(name, "" | "." | "..");
    // A colon or a backslash is a letter like any other, but on one system.
    is_one && name.len() <= LONGEST_NAME && (cfg!(not(windows)) || FileName::new(name).is_some())
}

/// Files in an order.
#[derive(Debug, Default)]
struct Order {
    names: Vec<String>,
    /// Where each stands.
    places: HashMap<String, usize>,
}

impl Order {
    fn push(&mut self, name: String) {
        if !self.places.contains_key(&name) {
            self.places.insert(name.clone(), self.names.len());
            self.names.push(name);
        }
    }

    /// Those that follow one.
    fn behind(&self, name: &str) -> &[String] {
        self.places.get(name).and_then(|i| self.names.get(i + 1..)).unwrap_or_default()
    }
}

/// A remote savepoint.
#[derive(Debug)]
pub struct Mirror {
    client: Client,
    cache: Cache,
    /// The prefix that relative handles mean.
    prefix: ObjectPath,
    /// What the URL leads to, under the prefix.
    name: String,
    /// The files in the order in which they are read; nothing, if some of them may not be read at all.
    order: OnceLock<Order>,
    /// The first error.
    failed: OnceLock<String>,
}

impl Mirror {
    /// Looks up what is at a URL: a savepoint, which has `_metadata`, or one object under any name.
    pub fn open(url: &str, options: &Options) -> io::Result<Self> {
        let (client, path) = Client::of(url, options)?;
        let (prefix, name) = if client.look_up(&path.clone().join(METADATA))?.is_some() {
            (path, METADATA.to_owned())
        } else if let Some((parent, name)) = parent_of(&path)
            && client.look_up(&path)?.is_some()
        {
            (parent, name)
        } else {
            let why =
                format!("no object, and no {METADATA} under it: this is not a savepoint, or its writer did not finish");
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        };
        let (objects, prefixes) = client.list(&prefix)?;
        if objects.len() > MOST_OBJECTS {
            let why = format!("{} objects beside it, more than any savepoint has ({MOST_OBJECTS})", objects.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        // What has another name no handle can lead to, and no file here can have.
        let named = objects.into_iter().filter_map(|object| {
            let name = object.location.filename().filter(|name| is_plain(name))?.to_owned();
            Some((name, object))
        });
        let objects: BTreeMap<_, _> = named.collect();
        let mut directories: Vec<String> =
            prefixes.iter().filter_map(ObjectPath::filename).map(str::to_owned).collect();
        directories.retain(|name| is_plain(name) && !objects.contains_key(name));
        directories.sort_unstable();
        directories.dedup();
        let cache = Cache::new(options.cache_dir.as_deref(), options.cache_size(), objects, &directories)?;
        Ok(Self { client, cache, prefix, name, order: OnceLock::new(), failed: OnceLock::new() })
    }

    /// The directory that it is presented as.
    pub fn directory(&self) -> &Path {
        self.cache.directory()
    }

    /// The file that the URL means.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL of that file.
    pub fn url(&self) -> String {
        self.url_of(&self.name)
    }

    fn url_of(&self, name: &str) -> String {
        let path =
            self.cache.object(name).map_or_else(|| self.prefix.clone().join(name), |object| object.location.clone());
        self.client.url(&path)
    }

    /// Bytes of a file.
    pub fn size(&self, name: &str) -> Option<u64> {
        self.cache.object(name).map(|object| object.size)
    }

    /// A file, all of it or those parts; what is between them may be zeros.
    pub fn file(&self, name: &str, parts: Option<&[Range<u64>]>) -> io::Result<Mapped> {
        let Some(size) = self.size(name) else {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("{}: no such object", self.url_of(name))));
        };
        let wanted = parts.map_or_else(|| Ranges::whole(size), |parts| Ranges::of(parts, size));
        let next = self.order.get().map(|order| order.behind(name)).unwrap_or_default();
        let lease = self.cache.ensure(&self.client, name, &wanted, next);
        lease.and_then(|lease| map_leased(&self.directory().join(name), lease)).map_err(|error| {
            let why = format!("{}: {error}", self.url_of(name));
            let _ = self.failed.set(why.clone());
            let mut first = FAILURE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            first.get_or_insert_with(|| why.clone());
            io::Error::new(error.kind(), why)
        })
    }

    /// Says that everything will be read, in the order of the metadata: then small files come many at a time.
    pub fn read_ahead(&self, metadata: &Metadata<'_>) {
        let mut order = Order::default();
        for operator in &metadata.operators {
            for subtask in operator.subtasks() {
                let SubtaskState::Running(handles) = subtask.state else { continue };
                handles.for_each_stream(|_, stream| {
                    if let StreamHandle::Relative(file) = stream
                        && let name = file.relative_path.to_string()
                        && self.cache.object(&name).is_some()
                    {
                        order.push(name);
                    }
                });
            }
        }
        let _ = self.order.set(order);
    }

    /// Why it could not be read as a whole.
    pub fn failure(&self) -> Option<String> {
        self.failed.get().cloned()
    }
}

/// The first error of any mirror.
static FAILURE: Mutex<Option<String>> = Mutex::new(None);

/// Why remote storage could not be read: then a command has not seen everything, whatever it makes of it.
pub fn failure() -> Option<String> {
    FAILURE.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
}

fn parent_of(path: &ObjectPath) -> Option<(ObjectPath, String)> {
    let name = path.filename()?.to_owned();
    Some((path.parent().unwrap_or_default(), name))
}
