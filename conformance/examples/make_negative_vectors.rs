//! Writes the negative vectors, `conformance/vectors/malformed` and `invalid`, and their manifest, `negative.toml`. With `--check`
//! it writes nothing and fails if a file is not what it would write.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use flink_savepoint_conformance::mutation::{self, Vector};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Golden {
    vector: Vec<GoldenVector>,
}

#[derive(Deserialize)]
struct GoldenVector {
    id: String,
    features: Vec<String>,
}

#[derive(Serialize)]
struct Manifest {
    vector: Vec<Vector>,
}

const HEAD: &str = "# The negative vectors of the suite; written by `cargo run --example make_negative_vectors`. Directories are the ids.\n\n";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let check = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(other) => return Err(format!("{other}: the only option is --check").into()),
    };
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let written = make(&vectors)?;
    let mut problems = 0;
    for path in there(&vectors)? {
        if !written.contains_key(&path) {
            problems += 1;
            println!("{}: of no mutation", path.display());
            if !check {
                fs::remove_file(vectors.join(&path))?;
                // Only an empty directory goes.
                let _ = path.parent().map(|parent| fs::remove_dir(vectors.join(parent)));
            }
        }
    }
    for (path, bytes) in &written {
        let file = vectors.join(path);
        if fs::read(&file).is_ok_and(|there| there == *bytes) {
            continue;
        }
        problems += 1;
        println!("{}: new", path.display());
        if !check {
            fs::create_dir_all(file.parent().ok_or("no directory")?)?;
            fs::write(file, bytes)?;
        }
    }
    let size: usize = written.values().map(Vec::len).sum();
    println!("{} mutations, {} files, {size} bytes, {problems} differed", mutation::all().count(), written.len());
    Ok(if check && problems > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Every file, by its path in the directory of the vectors.
fn make(vectors: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>, Box<dyn Error>> {
    let golden: Golden = toml::from_str(&fs::read_to_string(vectors.join("manifest.toml"))?)?;
    let mut written = BTreeMap::new();
    let mut described = Vec::new();
    let mut problems = Vec::new();
    for mutation in mutation::all() {
        let sound = mutation::base(&vectors.join("valid"), mutation.base)?;
        let base = golden.vector.iter().find(|vector| vector.id == mutation.base.vector);
        let features = &base.ok_or_else(|| format!("{}: not in the manifest", mutation.base.vector))?.features;
        let (parts, vector) = match mutation::make(mutation, &sound, features) {
            Ok(made) => made,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        for (name, bytes) in parts.files {
            if written.insert(Path::new(&vector.id).join(&name), bytes).is_some() {
                return Err(format!("{} twice", vector.id).into());
            }
        }
        described.push(vector);
    }
    if !problems.is_empty() {
        return Err(problems.join("\n").into());
    }
    described.sort_by(|a, b| a.id.cmp(&b.id));
    let manifest = HEAD.to_owned() + &toml::to_string(&Manifest { vector: described })?;
    written.insert(PathBuf::from("negative.toml"), manifest.into_bytes());
    Ok(written)
}

/// The files that are there.
fn there(vectors: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut all = Vec::new();
    for class in ["malformed", "invalid"] {
        let Ok(directories) = fs::read_dir(vectors.join(class)) else { continue };
        for directory in directories {
            let directory = directory?;
            for file in fs::read_dir(directory.path())? {
                all.push(Path::new(class).join(directory.file_name()).join(file?.file_name()));
            }
        }
    }
    Ok(all)
}
