//! Where a URL leads, and how its objects are asked for.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::{ClientConfigKey, Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use super::options::Options;
use super::ranges::Ranges;
use super::words::{plain, words};

/// Bytes of a request. One that fails half-way is resumed, and one that does not end has a timeout.
pub(super) const PIECE: u64 = 4 << 20;

/// What is to be fetched of an object.
#[derive(Debug)]
pub(super) struct Job<'j> {
    pub(super) object: &'j ObjectMeta,
    pub(super) ranges: Ranges,
    pub(super) to: File,
}

/// A store of objects, and a place in it.
#[derive(Debug)]
pub(super) struct Client {
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
    /// Of all threads that open files.
    requests: Arc<Semaphore>,
    concurrency: usize,
    /// The URL up to the path: scheme and bucket or host.
    origin: String,
}

impl Client {
    /// The store that a URL names, and the path in it. Credentials come from the environment, as `object_store` reads it.
    pub(super) fn of(url: &str, options: &Options) -> io::Result<(Self, Path)> {
        let refused = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, why.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refused("not a URL"))?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(refused("a URL with a user or a password: credentials belong into the environment"));
        }
        if url.contains(['?', '#']) {
            return Err(refused("a URL with a query or a fragment, which no object storage here has"));
        }
        if authority.is_empty() {
            return Err(refused("a URL without a bucket or host"));
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        let path = if scheme.starts_with("http") { Path::from_url_path(path) } else { Path::parse(path) };
        let path = path.map_err(|e| refused(&plain(&e.to_string())))?;
        let seconds = |seconds: std::time::Duration| format!("{} seconds", seconds.as_secs());
        let settings = [
            (ClientConfigKey::Timeout, seconds(options.timeout())),
            (ClientConfigKey::ConnectTimeout, seconds(options.connect_timeout())),
        ];
        // One of a program that embeds this is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = match scheme {
            "gs" => {
                let builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(authority);
                let with = |builder: GoogleCloudStorageBuilder, (key, value)| {
                    builder.with_config(GoogleConfigKey::Client(key), value)
                };
                let builder = settings.into_iter().fold(builder, with).with_retry(options.retry());
                builder.build().map(|store| Arc::new(store) as Arc<dyn ObjectStore>)
            }
            "http" | "https" => {
                let builder = HttpBuilder::new().with_url(format!("{scheme}://{authority}"));
                let builder =
                    settings.into_iter().fold(builder, |builder, (key, value)| builder.with_config(key, value));
                // Who asks for `http` knows it.
                let builder = builder.with_config(ClientConfigKey::AllowHttp, (scheme == "http").to_string());
                builder.with_retry(options.retry()).build().map(|store| Arc::new(store) as Arc<dyn ObjectStore>)
            }
            _ => {
                let builder = AmazonS3Builder::from_env().with_bucket_name(authority);
                let with =
                    |builder: AmazonS3Builder, (key, value)| builder.with_config(AmazonS3ConfigKey::Client(key), value);
                let builder = settings.into_iter().fold(builder, with).with_retry(options.retry());
                builder.build().map(|store| Arc::new(store) as Arc<dyn ObjectStore>)
            }
        };
        let store = store.map_err(|e| io::Error::other(words(&e)))?;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let concurrency = usize::from(options.concurrency);
        let requests = Arc::new(Semaphore::new(concurrency));
        let origin = format!("{scheme}://{authority}");
        Ok((Self { store, runtime, requests, concurrency, origin }, path))
    }

    /// The URL of an object.
    pub(super) fn url(&self, path: &Path) -> String {
        format!("{}/{path}", self.origin)
    }

    /// An object; none if there is none.
    pub(super) fn look_up(&self, path: &Path) -> io::Result<Option<ObjectMeta>> {
        match self.runtime.block_on(self.store.head(path)) {
            Ok(found) => Ok(Some(found)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(io::Error::other(words(&error))),
        }
    }

    /// The objects right under a prefix, and the names of the prefixes under it.
    pub(super) fn list(&self, prefix: &Path) -> io::Result<(Vec<ObjectMeta>, Vec<Path>)> {
        let prefix = (!prefix.is_root()).then_some(prefix);
        match self.runtime.block_on(self.store.list_with_delimiter(prefix)) {
            Ok(found) => Ok((found.objects, found.common_prefixes)),
            Err(error) => Err(io::Error::other(words(&error))),
        }
    }

    /// Fetches ranges of objects, several at a time, each to the place in its file where it is in the object. What became of each.
    pub(super) fn fetch(&self, jobs: &[Job<'_>]) -> Vec<io::Result<()>> {
        let pieces =
            jobs.iter().enumerate().flat_map(|(i, job)| job.ranges.pieces(PIECE).map(move |piece| (i, job, piece)));
        let requests = pieces.map(|(i, job, piece)| async move { (i, self.piece(job.object, piece, &job.to).await) });
        let mut done: Vec<io::Result<()>> = jobs.iter().map(|_| Ok(())).collect();
        self.runtime.block_on(async {
            let mut requests = stream::iter(requests).buffer_unordered(self.concurrency);
            while let Some((i, result)) = requests.next().await {
                if let Some(first) = done.get_mut(i)
                    && first.is_ok()
                {
                    *first = result;
                }
                // The rest of a file of which a part is missing is no use; the first is what somebody waits for.
                if done.first().is_some_and(Result::is_err) {
                    break;
                }
            }
        });
        done
    }

    async fn piece(&self, object: &ObjectMeta, piece: Range<u64>, to: &File) -> io::Result<()> {
        let failed = |kind, why: String| io::Error::new(kind, format!("bytes {} to {}: {why}", piece.start, piece.end));
        let of_store = |error: Error| {
            let kind = match error {
                Error::NotFound { .. } => io::ErrorKind::NotFound,
                Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => io::ErrorKind::PermissionDenied,
                _ => io::ErrorKind::Other,
            };
            failed(kind, words(&error))
        };
        let _permit = self.requests.acquire().await.map_err(|e| failed(io::ErrorKind::Other, e.to_string()))?;
        // A weak tag matches nothing.
        let if_match = object.e_tag.clone().filter(|tag| !tag.starts_with("W/"));
        let options = GetOptions { range: Some(GetRange::Bounded(piece.clone())), if_match, ..GetOptions::default() };
        let found = self.store.get_opts(&object.location, options).await.map_err(of_store)?;
        if found.meta.size != object.size || found.range != piece {
            let why = format!("the object has {} bytes now, {} before", found.meta.size, object.size);
            return Err(failed(io::ErrorKind::InvalidData, why));
        }
        let (mut chunks, mut at) = (found.into_stream(), piece.start);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(of_store)?;
            let end = at + chunk.len() as u64;
            if end > piece.end {
                return Err(failed(io::ErrorKind::InvalidData, "the answer is longer".to_owned()));
            }
            write_at(to, &chunk, at).map_err(|e| failed(e.kind(), format!("writing to the cache: {e}")))?;
            at = end;
        }
        if at < piece.end {
            return Err(failed(io::ErrorKind::UnexpectedEof, format!("the answer ends at {at}")));
        }
        Ok(())
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        bytes = &bytes[written..];
        at += written as u64;
    }
    Ok(())
}
