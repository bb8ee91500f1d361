//! Negative vectors: what mutations make of golden savepoints, and what the manifest says of them.

use std::io;
use std::path::Path;

use flink_savepoint_spec::requirements;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Base, Mutation, Parts};
use crate::text::hex;

/// A negative vector, as the manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// Class and name of the mutation: `malformed/magic-wrong`; also its directory.
    pub id: String,
    /// `malformed` or `invalid`.
    pub class: String,
    /// The requirement that it breaks.
    pub requirement: String,
    /// Other requirements that cannot be kept where that one is broken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// How strongly that binds.
    pub level: String,
    /// Whom it binds: `reader`, `writer` or `both`.
    pub binds: String,
    /// The code of the error, of the registry; of malformed ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The file that the defect is reported in.
    pub file: String,
    /// The byte that it is reported at; none if it is that of no byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The field path, in the names of the layouts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What is wrong.
    pub about: String,
    /// The valid vector that it was made from.
    pub base: String,
    /// The operators of it that were kept; all if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// What the base has, by the manifest of the valid vectors.
    pub features: Vec<String>,
    /// What differs from the base.
    pub changed: Vec<Changed>,
    /// Its files.
    pub files: Vec<VectorFile>,
}

/// The bytes of a file that differ from those of the base: with those of the base in their place, the file is sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// The file.
    pub path: String,
    /// The first byte that differs.
    pub offset: u64,
    /// How many bytes stand there.
    pub length: u64,
    /// How many bytes the base has there.
    pub was: u64,
}

/// A file of a vector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorFile {
    /// Its name.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, as hex.
    pub sha256: String,
}

/// The golden savepoint of a base, in the directory of the valid vectors.
pub fn base(valid: &Path, base: Base) -> io::Result<Parts> {
    let mut parts = Parts::read(&valid.join(base.vector))?;
    if !base.keep.is_empty() {
        let missing = || io::Error::other(format!("{} has not all of {:?}", base.vector, base.keep));
        parts.keep(base.keep).ok_or_else(missing)?;
    }
    Ok(parts)
}

/// Applies a mutation to its base, and describes the result.
pub fn make(mutation: &Mutation, sound: &Parts, features: &[String]) -> Result<(Parts, Vector), String> {
    let mut parts = sound.clone();
    let spot = (mutation.apply)(&mut parts).ok_or_else(|| format!("{}: its base has no such place", mutation.name))?;
    let changed = changes(sound, &parts);
    if changed.is_empty() {
        return Err(format!("{}: changes nothing", mutation.name));
    }
    let requirement = requirements::get(mutation.requirement)
        .ok_or_else(|| format!("{}: no requirement {}", mutation.name, mutation.requirement))?;
    let file = |(path, bytes): (&String, &Vec<u8>)| VectorFile {
        path: path.clone(),
        size: bytes.len() as u64,
        sha256: hex(&Sha256::digest(bytes)),
    };
    let vector = Vector {
        id: format!("{}/{}", mutation.class.name(), mutation.name),
        class: mutation.class.name().to_owned(),
        requirement: mutation.requirement.to_owned(),
        also: mutation.also.iter().map(|&id| id.to_owned()).collect(),
        level: requirement.level.word().to_owned(),
        binds: format!("{:?}", requirement.applies).to_lowercase(),
        error: mutation.error.map(str::to_owned),
        file: spot.file,
        offset: spot.offset,
        path: spot.path,
        about: mutation.about.to_owned(),
        base: mutation.base.vector.to_owned(),
        keep: mutation.base.keep.iter().map(|&name| name.to_owned()).collect(),
        features: features.to_vec(),
        changed,
        files: parts.files.iter().map(file).collect(),
    };
    Ok((parts, vector))
}

/// What differs between the files of two savepoints: from the first byte that is not the same to the last.
fn changes(old: &Parts, new: &Parts) -> Vec<Changed> {
    let names = old.files.keys().chain(new.files.keys().filter(|name| !old.files.contains_key(*name)));
    let change = |name: &String| {
        let [before, after] = [old, new].map(|parts| parts.files.get(name).map(Vec::as_slice).unwrap_or_default());
        let is_same = old.files.contains_key(name) == new.files.contains_key(name) && before == after;
        let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
        let tails = before.iter().skip(start).rev().zip(after.iter().skip(start).rev());
        let end = tails.take_while(|(a, b)| a == b).count();
        (!is_same).then(|| Changed {
            path: name.clone(),
            offset: start as u64,
            length: (after.len() - start - end) as u64,
            was: (before.len() - start - end) as u64,
        })
    };
    names.filter_map(change).collect()
}
