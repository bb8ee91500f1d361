//! Runs a target on files, on the stable toolchain and without libFuzzer: `replay TARGET FILE...`.
//!
//! Stops at the first that breaks it, as libFuzzer does: the panic is the finding.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use flink_savepoint_harness::targets;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(target) = name.to_str().and_then(targets::get) else {
        let names: Vec<&str> = targets::ALL.iter().map(|target| target.name).collect();
        return Err(format!("replay TARGET FILE|DIRECTORY...: TARGET is one of {}", names.join(", ")).into());
    };
    let mut files = Vec::new();
    for path in arguments.map(PathBuf::from) {
        collect(&path, &mut files)?;
    }
    for file in files {
        let bytes = fs::read(&file)?;
        // Said before, since a panic ends it.
        print!("{}: {} bytes, ", file.display(), bytes.len());
        let start = Instant::now();
        (target.run)(&bytes);
        println!("{:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(())
}

/// A file, or those in a directory, by name.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut within = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    within.sort();
    within.iter().try_for_each(|path| collect(path, files))
}
