//! `_metadata` files: read by `Checkpoints.loadCheckpointMetadata` and by [`Metadata::parse`].

mod handles;
mod render;

use std::io;
use std::path::{Path, PathBuf};

use flink_savepoint::metadata::{Metadata, ReadOptions, Release};

use super::{Case, Difference, Reading, Refused, Subject, deviations};
use crate::mutate::Shape;

/// Larger golden files have nothing that smaller ones have not.
const LARGEST: u64 = 16 * 1024;

/// The kind.
#[derive(Debug, Clone, Copy)]
pub struct MetadataFile;

impl Subject for MetadataFile {
    fn name(&self) -> &'static str {
        "metadata"
    }

    fn code(&self) -> u8 {
        b'm'
    }

    fn shape(&self) -> Shape {
        Shape::Metadata
    }

    /// Those of newer versions would all be refused for their version.
    fn seeds(&self, release: Release) -> io::Result<Vec<Vec<u8>>> {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors");
        let mut files = Vec::new();
        for class in ["valid", "malformed", "invalid"] {
            find(&vectors.join(class), &mut files)?;
        }
        let newest = release.metadata_version().number();
        let mut seeds = Vec::new();
        for file in files {
            let bytes = std::fs::read(file)?;
            let version = bytes.get(4..).and_then(<[u8]>::first_chunk).map(|four| i32::from_be_bytes(*four));
            if version.is_none_or(|version| version <= newest) {
                seeds.push(bytes);
            }
        }
        Ok(seeds)
    }

    fn read(&self, bytes: &[u8], release: Release) -> Reading {
        let verdict = Metadata::parse(bytes).map(|metadata| render::metadata(&metadata, release));
        let strict = verdict.is_ok().then(|| ReadOptions::new().strict(true).read(bytes).err()).flatten();
        Reading { verdict: verdict.map_err(Refused::from), strict: strict.map(Refused::from) }
    }

    fn classify(&self, case: &Case<'_>, difference: &Difference) -> Option<&'static str> {
        deviations::metadata(case, difference)
    }
}

/// All `_metadata` files below a directory, small ones.
fn find(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.file_name().is_some_and(|name| name == "_metadata") && path.metadata()?.len() <= LARGEST {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}
