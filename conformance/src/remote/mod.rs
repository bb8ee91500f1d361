//! Savepoints in object storage: `s3://bucket/path`, `gs://bucket/path`, and `https://host/path` of a server of `WebDAV`.
//!
//! A remote savepoint is presented as a directory on this machine: a sparse file for each object, of the object's size, into which
//! ranges are fetched when they are asked for. So nothing above a [`Store`](flink_savepoint::savepoint::Store) knows that it is
//! remote, and memory stays flat. The directory has a cap and is deleted at the end.
//!
//! Compiled without the feature `remote`, a URL is refused with an error that says so.

#[cfg(feature = "remote")]
mod cache;
#[cfg(feature = "remote")]
mod client;
#[cfg(feature = "remote")]
mod mirror;
#[cfg(feature = "remote")]
mod options;
#[cfg(feature = "remote")]
mod ranges;
#[cfg(feature = "remote")]
mod words;

#[cfg(not(feature = "remote"))]
mod absent;

#[cfg(not(feature = "remote"))]
pub use absent::{Lease, Mirror, Options, failure};
#[cfg(feature = "remote")]
pub use cache::Lease;
#[cfg(feature = "remote")]
pub use mirror::{Mirror, failure};
#[cfg(feature = "remote")]
pub use options::Options;

use std::path::Path;

/// The schemes of a URL that is opened over the network; `s3a` and `s3n` are names that Hadoop has for `s3`.
const SCHEMES: [&str; 6] = ["s3", "s3a", "s3n", "gs", "http", "https"];

/// The text of a path that is the URL of a remote savepoint.
pub fn url_of(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    let (scheme, _) = text.split_once("://")?;
    SCHEMES.contains(&scheme).then_some(text)
}

/// A URL without what may be secret in it: user and password, query and fragment.
pub fn without_secrets(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let (place, query) = path.split_at(path.find(['?', '#']).unwrap_or(path.len()));
    // What closes a bracket or a quote around the URL is no part of it.
    let closing = query.trim_start_matches(|c| !matches!(c, ')' | '"' | '\'' | ','));
    format!("{scheme}://{host}{place}{closing}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_paths() {
        for url in ["s3://b", "s3a://b/p", "gs://b/p/", "http://h:1/p", "https://h/p"] {
            assert_eq!(url_of(Path::new(url)), Some(url));
        }
        for path in ["", "s3", "s3:/b", "/s3://b", "./s3://b", "hdfs://n/p", "file:///x", "S3x://b"] {
            assert_eq!(url_of(Path::new(path)), None, "{path}");
        }
    }
}
