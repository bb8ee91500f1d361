//! Savepoints of a run as golden ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::text::hex;
use crate::verdict::Verdict;

use super::cases::Subject;
use super::meet::Who;
use super::plan::{Plan, REFERENCE, RULES};
use super::run::{Done, Settings};
use super::vectors::{Golden, GoldenFile, Goldens};

/// Savepoints that are greater, in bytes, are left out.
const LARGEST: u64 = 64 << 10;
/// What the manifest begins with.
const HEAD: &str = "\
# Savepoints that Flink wrote for the scenarios of the suite; written by `savepoint run --export`. Directories are
# <producer>/<scenario>.

";

/// Copies the savepoints of all processes that the rules and the reference backend have accepted, and writes or completes the manifest.
/// Gives their number.
pub fn export(plan: &Plan, settings: &Settings, done: &Done, into: &Path) -> Result<usize, String> {
    let manifest = into.join("manifest.toml");
    let mut all: BTreeMap<(String, String), Golden> = BTreeMap::new();
    if manifest.exists() {
        let text = fs::read_to_string(&manifest).map_err(|e| format!("{}: {e}", manifest.display()))?;
        let before: Goldens = toml::from_str(&text).map_err(|e| format!("{}: {e}", manifest.display()))?;
        all.extend(before.savepoint.into_iter().map(|one| ((one.producer.clone(), one.scenario.clone()), one)));
    }
    let mut exported = 0;
    for producer in plan.participants.iter().filter(|one| matches!(one.who, Who::Process(..))) {
        let Some(hello) = &producer.about.hello else { continue };
        // `flink-2.3.0-rocksdb` is `golden-2.3.0-rocksdb` from now on.
        let name = producer.id().strip_prefix("flink-").unwrap_or(producer.id());
        for case in plan.cases.iter().filter(|case| matches!(case.subject, Subject::Scenario(_))) {
            let passed = |consumer: &str| {
                let key = [producer.id(), consumer, &case.about.id].map(str::to_owned);
                done.cells.get(&key).is_some_and(|cell| cell.verdict == Verdict::Pass)
            };
            let from = settings.out.join("savepoints").join(producer.id()).join(&case.about.id);
            if !passed(RULES) || !passed(REFERENCE) {
                continue;
            }
            let files = files(&from).map_err(|e| format!("{}: {e}", from.display()))?;
            if files.values().map(|bytes| bytes.len() as u64).sum::<u64>() > LARGEST {
                continue;
            }
            let to = into.join(name).join(&case.about.id);
            write(&to, &files).map_err(|e| format!("{}: {e}", to.display()))?;
            let again = [
                "--producer",
                producer.id(),
                "--scenario",
                &case.about.id,
                "--export",
                "conformance/vectors/scenarios",
            ];
            let command = settings.again([producer.id()]);
            let command = command.iter().map(String::as_str).chain(again);
            let golden = Golden {
                producer: name.to_owned(),
                scenario: case.about.id.clone(),
                release: hello.release.clone(),
                backend: hello.backend.clone().unwrap_or_default(),
                command: shlex::try_join(command).unwrap_or_default(),
                files: files.iter().map(|(path, bytes)| described(path, bytes)).collect(),
            };
            all.insert((golden.producer.clone(), golden.scenario.clone()), golden);
            exported += 1;
        }
    }
    let text: String = all.values().map(entry).collect();
    fs::create_dir_all(into).map_err(|e| format!("{}: {e}", into.display()))?;
    fs::write(&manifest, format!("{HEAD}{}\n", text.trim_end())).map_err(|e| format!("{}: {e}", manifest.display()))?;
    Ok(exported)
}

/// An entry of the manifest, with a line for each file.
fn entry(golden: &Golden) -> String {
    let Golden { producer, scenario, release, backend, command, files } = golden;
    let text = |text: &str| toml::Value::String(text.to_owned());
    let members = [
        ("producer", producer),
        ("scenario", scenario),
        ("release", release),
        ("backend", backend),
        ("command", command),
    ];
    let members = members.map(|(name, value)| format!("{name} = {}\n", text(value))).concat();
    let file = |GoldenFile { path, size, sha256 }: &GoldenFile| {
        format!("  {{ path = {}, size = {size}, sha256 = {} }},\n", text(path), text(sha256))
    };
    let files: String = files.iter().map(file).collect();
    format!("[[savepoint]]\n{members}files = [\n{files}]\n\n")
}

fn described(path: &str, bytes: &[u8]) -> GoldenFile {
    GoldenFile { path: path.to_owned(), size: bytes.len() as u64, sha256: hex(&Sha256::digest(bytes)) }
}

/// The files of a savepoint, which has no directories in it.
fn files(savepoint: &Path) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(savepoint)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
        }
    }
    Ok(files)
}

/// Writes them in place of what is there.
fn write(to: &Path, files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    files.iter().try_for_each(|(name, bytes)| fs::write(to.join(name), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_they_are_written() {
        let golden = Golden {
            producer: "2.3.0-rocksdb".to_owned(),
            scenario: "maps".to_owned(),
            release: "2.3".to_owned(),
            backend: "rocksdb".to_owned(),
            command: "savepoint run --adapter 'a=b \"c\"'".to_owned(),
            files: vec![described("_metadata", b"abc"), described("s", b"")],
        };
        let again: Goldens = toml::from_str(&format!("{HEAD}{}{0}", entry(&golden))).unwrap();
        assert_eq!(again.savepoint, [golden.clone(), golden]);
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((again.savepoint[0].files[0].size, &*again.savepoint[0].files[0].sha256), (3, sha256));
    }
}
