//! Puts seeds made from the golden vectors where libFuzzer looks for them: `fuzz/corpus/<target>/`, or a directory that is given.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use flink_savepoint_harness::seeds;

fn main() -> Result<(), Box<dyn Error>> {
    let into = std::env::args_os().nth(1).map_or_else(|| seeds::fuzz().join("corpus"), PathBuf::from);
    let mut counts = BTreeMap::<&str, (usize, usize)>::new();
    for seed in seeds::all()? {
        let place = into.join(seed.target);
        fs::create_dir_all(&place)?;
        fs::write(place.join(&seed.name), &seed.bytes)?;
        let (count, bytes) = counts.entry(seed.target).or_default();
        *count += 1;
        *bytes += seed.bytes.len();
    }
    for (target, (count, bytes)) in counts {
        println!("{count:5} seeds, {bytes:8} bytes: {target}");
    }
    Ok(())
}
