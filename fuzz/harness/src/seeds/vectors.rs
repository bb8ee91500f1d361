//! The golden vectors: what real Flink wrote, and mutations of it with one defect each.

use std::path::{Path, PathBuf};
use std::{fs, io};

use flink_savepoint::savepoint::METADATA;

use crate::bundle::Bundle;

/// A savepoint of the vectors.
pub(super) struct Vector {
    /// Class and name, with nothing in it that a file name cannot have.
    pub(super) id: String,
    /// Its directory.
    pub(super) directory: PathBuf,
    /// Its files.
    pub(super) bundle: Bundle,
}

/// The folder of the vectors.
pub(super) fn folder() -> PathBuf {
    super::fuzz().join("../conformance/vectors")
}

/// Those that have a metadata file, by name.
pub(super) fn all() -> io::Result<Vec<Vector>> {
    let mut all = Vec::new();
    for class in ["valid", "invalid", "malformed"] {
        for directory in listed(&folder().join(class))? {
            let name = directory.file_name().unwrap_or_default().to_string_lossy();
            let id = if class == "valid" { name.into_owned() } else { format!("{class}-{name}") };
            let bundle = bundle(&directory)?;
            if !bundle.metadata.is_empty() {
                all.push(Vector { id, directory, bundle });
            }
        }
    }
    Ok(all)
}

/// What is in a folder, by name.
pub(super) fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn bundle(directory: &Path) -> io::Result<Bundle> {
    let mut bundle = Bundle::default();
    for file in listed(directory)?.iter().filter(|file| file.is_file()) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let content = fs::read(file)?;
        if name == METADATA {
            bundle.metadata = content;
        } else {
            bundle.files.push((name.into_owned(), content));
        }
    }
    Ok(bundle)
}
