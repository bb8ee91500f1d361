//! Rules of the chapter on the directory: which files there have to be, and how handles name them.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use flink_savepoint::metadata::{StateSize, StreamHandle};
use flink_savepoint::savepoint::{FileName, METADATA, Why};

use super::finding::{Findings, Spot};
use super::subject::Subject;
use super::walk::{self, Path};
use crate::explain;

pub(super) const REQUIREMENTS: &[&str] = &[
    "DIR-METADATA-01",
    "DIR-FILES-01",
    "DIR-FILES-03",
    "DIR-SIZE-01",
    "DIR-SIZE-02",
    "DIR-PATH-01",
    "DIR-PATH-04",
    "DIR-PATH-05",
    "DIR-PATH-06",
    "DIR-RELOCATE-01",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[
    ("DIR-METADATA-03", "what was written last cannot be seen afterwards"),
    ("DIR-METADATA-04", "how the file came cannot be seen afterwards"),
    ("DIR-RELOCATE-02", "a file of another name is one that is missing: DIR-FILES-01"),
];

/// Files that no handle leads to are listed up to this number.
const LISTED: usize = 10;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let mut seen = BTreeMap::new();
    walk::streams(&subject.operators, &mut |_, handle, path| match handle {
        StreamHandle::Relative(file) => {
            let name = file.relative_path.to_text();
            let at = || Spot::metadata(None, format!("{}.relative_path", path()));
            let Some(plain) = FileName::new(&name) else {
                findings.add("DIR-PATH-01", at(), || {
                    format!("{name:?} is not a plain file name: it could lead out of the directory, or make Flink fail")
                });
                return;
            };
            let found = seen.entry(name.to_string()).or_insert_with(|| Found::look(subject, plain));
            match found {
                Found::File(length) => size(file.state_size, *length, &name, path, findings),
                Found::Link => findings.add("DIR-PATH-04", at(), || {
                    format!("{name} is a symbolic link: its target may be anywhere, and no reader has to follow it")
                }),
                Found::Other => findings.add("DIR-FILES-01", at(), || format!("{name} is no regular file")),
                Found::Missing(why) => {
                    findings.add("DIR-FILES-01", at(), || format!("the file {name} cannot be read: {why}"));
                }
            }
        }
        StreamHandle::File(file) => {
            let text = file.path.to_text();
            absolute(&text, path, findings);
            let at = || Spot::metadata(None, format!("{}.path", path()));
            match subject.savepoint.bytes(handle) {
                Ok(bytes) => size(file.state_size, bytes.as_ref().len() as u64, &text, path, findings),
                Err(Why::Io { error, .. }) if error.kind() == io::ErrorKind::InvalidInput => {
                    findings.add("DIR-PATH-04", at(), || format!("{text} is no regular file"));
                }
                // Another file system: nothing is known of it here.
                Err(Why::Io { error, .. }) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(Why::Io { error, .. }) => {
                    findings.add("DIR-FILES-01", at(), || format!("the file {text} cannot be read: {error}"));
                }
                // It is not followed.
                Err(_) => {}
            }
        }
        StreamHandle::Segment(segment) => absolute(&segment.path.to_text(), path, findings),
        _ => {}
    });
    listing(subject, &seen, findings);
}

/// What a plain file name leads to.
enum Found {
    File(u64),
    Link,
    Other,
    Missing(io::Error),
}

impl Found {
    fn look(subject: &Subject<'_>, name: FileName<'_>) -> Self {
        match fs::symlink_metadata(subject.source.directory.join(name.as_str())) {
            Ok(found) if found.is_file() => Self::File(found.len()),
            Ok(found) if found.is_symlink() => Self::Link,
            Ok(_) => Self::Other,
            Err(error) => Self::Missing(error),
        }
    }
}

fn size(said: StateSize, found: u64, name: &str, path: Path<'_>, findings: &mut Findings) {
    let at = || Spot::metadata(None, format!("{}.state_size", path()));
    match said.bytes() {
        None => findings.add("DIR-SIZE-01", at(), || format!("the handle does not say how long {name} is ({found} bytes)")),
        Some(said) if said != found => findings.add("DIR-SIZE-02", at(), || {
            format!("{name} has {found} bytes, its handle says {said}: the file was cut or replaced, or the writer miscounted")
        }),
        Some(_) => {}
    }
}

fn absolute(text: &str, path: Path<'_>, findings: &mut Findings) {
    let at = || Spot::metadata(None, format!("{}.path", path()));
    findings.add("DIR-RELOCATE-01", at(), || {
        format!("{text} is an absolute path: the savepoint cannot be moved together with this state")
    });
    match normalized(text) {
        None => findings.add("DIR-PATH-05", at(), || {
            format!("{text:?} neither starts with a slash, nor is it a URI with a scheme and such a path")
        }),
        Some(normal) if normal != text => findings
            .add("DIR-PATH-06", at(), || format!("Flink changes {text} to {normal} when it writes the handle again")),
        Some(_) => {}
    }
}

/// The form into which Flink brings an absolute path; none if it is no absolute path.
fn normalized(text: &str) -> Option<String> {
    let text = text.replace('\\', "/");
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme, rest)) if !scheme.contains('/') => (Some(scheme), rest),
        _ => (None, text.as_str()),
    };
    if !scheme.is_none_or(is_scheme) {
        return None;
    }
    // `file:///x` has an empty authority, `s3://bucket/x` another one.
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) if scheme.is_some() => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        _ => ("", rest),
    };
    if !path.starts_with('/') {
        return None;
    }
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    let mut normal = scheme.map_or_else(String::new, |scheme| format!("{scheme}:"));
    if !authority.is_empty() {
        normal.extend(["//", authority]);
    }
    for step in &steps {
        normal.extend(["/", step]);
    }
    if steps.is_empty() {
        normal.push('/');
    }
    Some(normal)
}

/// Whether a text can be the scheme of a URI.
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// What is in the directory besides.
fn listing(subject: &Subject<'_>, seen: &BTreeMap<String, Found>, findings: &mut Findings) {
    let own = subject.source.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if own != METADATA {
        let spot = Spot { file: own.clone(), ..Spot::default() };
        findings
            .add("DIR-METADATA-01", spot, || format!("the metadata file is named {own}: Flink looks for {METADATA}"));
    }
    // A directory that cannot be listed, as on a store of objects, has nothing to be said about.
    let Ok(entries) = fs::read_dir(&subject.source.directory) else { return };
    let mut others: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| *name != own && !seen.contains_key(name))
        .collect();
    others.sort_unstable();
    let others = others.into_iter().filter(|name| {
        let second = subject.source.start_of::<4>(name).is_some_and(|start| explain::is_metadata(&start));
        if second {
            let spot = Spot { file: name.clone(), ..Spot::default() };
            findings.add("DIR-METADATA-01", spot, || format!("{name} is a second metadata file beside {own}"));
        }
        !second
    });
    let others: Vec<String> = others.collect();
    for name in others.iter().take(LISTED) {
        let spot = Spot { file: name.clone(), ..Spot::default() };
        findings.note("DIR-FILES-03", spot, || "no handle leads to this file: it can be deleted".to_owned());
    }
    if others.len() > LISTED {
        let spot = Spot { file: ".".to_owned(), ..Spot::default() };
        findings.note("DIR-FILES-03", spot, || format!("no handle leads to {} more files", others.len() - LISTED));
    }
}

#[cfg(test)]
mod tests {
    use super::normalized;

    /// The table of the chapter, and what is no absolute path.
    #[test]
    fn absolute_paths_are_normalized_as_flink_does() {
        for (before, after) in [
            ("C:\\x\\y", "C:/x/y"),
            ("file:/a//b", "file:/a/b"),
            ("file:/a/b/../c", "file:/a/c"),
            ("file:/a/b/", "file:/a/b"),
            ("file:///a", "file:/a"),
            ("file:///a//b/../c/", "file:/a/c"),
            ("s3://bucket/a%20b", "s3://bucket/a%20b"),
            ("s3://bucket/./a", "s3://bucket/a"),
            ("hdfs://host:8020/a:b", "hdfs://host:8020/a:b"),
            ("/a/b", "/a/b"),
            ("/", "/"),
            ("/../a", "/../a"),
        ] {
            assert_eq!(normalized(before).as_deref(), Some(after), "{before}");
        }
        for path in ["a", "a/b", "../a", "file:a", "file:", "s3://bucket", "1:/a", "", ":/a"] {
            assert_eq!(normalized(path), None, "{path}");
        }
    }
}
