//! The directory: which files there are, and how handles lead to them.

use flink_savepoint::savepoint::METADATA;

use super::parts::{Parts, spot, utf};
use super::spans::Span;
use super::{FIXED, Mutation, invalid};
use crate::check::Spot;

pub(super) const ALL: &[Mutation] = &[
    invalid("metadata-missing", "DIR-METADATA-01", FIXED, "The directory has state files and no _metadata.", |parts| {
        parts.files.remove(METADATA)?;
        Some(Spot::metadata(None, ""))
    }),
    invalid("metadata-twice", "DIR-METADATA-01", FIXED, "The directory has a second metadata file.", |parts| {
        let again = parts.files.get(METADATA)?.clone();
        parts.files.insert("metadata-2".to_owned(), again);
        Some(Spot { file: "metadata-2".to_owned(), ..Spot::default() })
    }),
    invalid("file-missing", "DIR-FILES-01", FIXED, "A file that a handle leads to is not there.", |parts| {
        let path = relative(parts)?;
        parts.files.remove(&parts.text(&path))?;
        Some(spot(&path))
    }),
    invalid(
        "file-of-other-size",
        "DIR-SIZE-02",
        FIXED,
        "A handle says that its file is one byte longer than it is.",
        |parts| {
            let path = relative(parts)?;
            let size = parts.at(METADATA, &path.path.replace("relative_path", "state_size"))?;
            let more = size.value.parse::<i64>().ok()?.checked_add(1)?;
            parts.overwrite(&size, &more.to_be_bytes())
        },
    ),
    invalid("size-unknown", "DIR-SIZE-01", FIXED, "A handle does not say how long its file is.", |parts| {
        let path = relative(parts)?;
        let size = parts.at(METADATA, &path.path.replace("relative_path", "state_size"))?;
        parts.overwrite(&size, &(-1_i64).to_be_bytes())
    }),
    invalid(
        "relative-path-with-directory",
        "DIR-PATH-01",
        FIXED,
        "A relative path leads into the directory above.",
        |parts| {
            let path = relative(parts)?;
            let name = parts.text(&path);
            parts.files.remove(&name)?;
            parts.replace(METADATA, path.range.clone(), &utf(&format!("../{name}")))?;
            Some(spot(&path))
        },
    ),
    invalid("relative-path-with-colon", "DIR-PATH-01", FIXED, "A relative path has a colon.", |parts| {
        let path = relative(parts)?;
        let name = parts.text(&path);
        let renamed = format!("a:{name}");
        let file = parts.files.remove(&name)?;
        parts.replace(METADATA, path.range.clone(), &utf(&renamed))?;
        parts.files.insert(renamed, file);
        Some(spot(&path))
    }),
    invalid(
        "path-not-absolute",
        "DIR-PATH-05",
        FIXED,
        "The path of a handle of type 2 is neither absolute nor a URI.",
        |parts| absolute(parts, "savepoints/state"),
    ),
    invalid("path-not-normal", "DIR-PATH-06", FIXED, "The path of a handle of type 2 has an empty step.", |parts| {
        absolute(parts, "s3://bucket/savepoints//state")
    }),
    invalid(
        "path-absolute",
        "DIR-RELOCATE-01",
        FIXED,
        "A handle has an absolute path: the savepoint cannot be moved.",
        |parts| absolute(parts, "s3://bucket/savepoints/state"),
    ),
];

/// The first relative path whose file is there.
fn relative(parts: &Parts) -> Option<Span> {
    parts.find_if("relative-file-handle.relative_path", |path| parts.files.contains_key(&parts.text(path)))
}

/// Makes a handle of type 6 one of type 2, with that path, and takes its file away.
fn absolute(parts: &mut Parts, to: &str) -> Option<Spot> {
    let path = relative(parts)?;
    let handle = path.path.strip_suffix(".relative_path")?.to_owned();
    let (ty, size) =
        (parts.at(METADATA, &format!("{handle}.type"))?, parts.at(METADATA, &format!("{handle}.state_size"))?);
    let size_bytes = parts.bytes(&size).to_vec();
    parts.files.remove(&parts.text(&path))?;
    let changed = [&[2][..], &size_bytes, &utf(to)].concat();
    parts.replace(METADATA, ty.range.start..size.range.end, &changed)?;
    Some(Spot::metadata(Some(ty.range.start as u64 + 9), format!("{handle}.path")))
}
