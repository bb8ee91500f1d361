//! Seeds: small inputs of each target, made from the golden vectors, the scenarios and what the builders make.

mod bundles;
mod models;
mod protocol;
mod serializers;
mod streams;
mod vectors;

use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;

/// An input to start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// Name of the target.
    pub target: &'static str,
    /// Name of its file: where it comes from.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
}

/// Larger inputs make each run slow, and have nothing that smaller ones do not have.
pub const LARGEST: usize = 4096;

/// The folder that the corpora are in.
pub fn fuzz() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Seeds, as they are made: each content once for a target.
#[derive(Debug, Default)]
struct Seeds {
    made: Vec<Seed>,
    known: BTreeSet<(&'static str, Vec<u8>)>,
}

impl Seeds {
    fn add(&mut self, target: &'static str, name: impl Into<String>, bytes: Vec<u8>) {
        if bytes.len() <= LARGEST && self.known.insert((target, bytes.clone())) {
            self.made.push(Seed { target, name: name.into(), bytes });
        }
    }
}

/// All seeds of all targets. The same, in the same order, whenever they are made.
pub fn all() -> Result<Vec<Seed>, Box<dyn Error>> {
    let mut seeds = Seeds::default();
    for vector in vectors::all()? {
        seeds.add("metadata", &vector.id, vector.bundle.metadata.clone());
        streams::of(&vector, &mut seeds);
        bundles::of(&vector, &mut seeds);
    }
    streams::compressed(&mut seeds);
    serializers::all(&mut seeds)?;
    protocol::all(&mut seeds)?;
    models::all(&mut seeds);
    Ok(seeds.made)
}
