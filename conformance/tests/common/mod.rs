//! What tests of the specification share.
#![allow(dead_code, unreachable_pub, reason = "not every test uses all of it")]

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use flink_savepoint::keyed::{KeyedStream, KeyedWriter};
use flink_savepoint::metadata::{KeyedHandle, Metadata};
use flink_savepoint::operator::{OperatorStream, OperatorWriter, SnappyLayout};
use flink_savepoint::savepoint::{Directory, METADATA, Part, PartState, Savepoint};
use flink_savepoint::serializer::Hints;
use flink_savepoint_conformance::explain::{self, Example, File, Sink, Stop};
use flink_savepoint_spec::render::Marker;

/// The root of the workspace.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The golden savepoints.
pub const VALID: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/valid");

/// Every file of every golden savepoint.
pub fn golden_files() -> Vec<PathBuf> {
    let directories = fs::read_dir(VALID).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = directories
        .flat_map(|directory| fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| path.is_file())
        .collect();
    all.sort();
    assert!(all.len() > 600, "{}", all.len());
    all
}

/// Explains a file that stands in its savepoint.
pub fn explained(path: &Path, sink: &mut dyn Sink) -> (Result<(), Stop>, Vec<u8>) {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let beside = explain::metadata_beside(path);
    let name = path.file_name().unwrap().to_str().unwrap();
    let file = File { name, bytes: &bytes, metadata: beside.as_deref(), hints: Hints::default() };
    (explain::explain(&file, sink), bytes)
}

/// A worked example.
pub struct Worked {
    /// The block, as it stands in the book.
    pub text: String,
    /// What it is of.
    pub bytes: Vec<u8>,
    /// The golden file with these bytes; a snapshot of a serializer has none of its own.
    pub file: Option<PathBuf>,
    /// The bytes that it shows.
    pub range: Range<u64>,
}

/// What stands between the markers of an example.
pub fn example(marker: &Marker<'_>) -> Result<Worked, String> {
    let id = marker.arguments.first().ok_or("no id")?;
    if let Some(release) = marker.option("serializers") {
        return serializer_example(id, release, marker.option("name").ok_or("no name")?);
    }
    let directory = Path::new(VALID).join(marker.option("vector").ok_or("no vector")?);
    let file = match marker.option("file") {
        Some(file) => directory.join(file),
        None => file_of(&directory, marker)?,
    };
    let mut extract = Example::of(marker.option("path").unwrap_or_default());
    let (done, bytes) = explained(&file, &mut extract);
    done.map_err(|e| e.to_string())?;
    let (lines, range) = extract.finish().ok_or("no structure of that path")?;
    let vector = marker.option("vector").unwrap_or_default();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let from = format!("Bytes {} to {} of `{name}` in `{vector}`:", range.start, range.end - 1);
    Ok(Worked { text: format!("{from}\n\n```hex {id}\n{lines}```\n"), bytes, file: Some(file), range })
}

/// The snapshot of a serializer, as a release wrote it.
fn serializer_example(id: &str, release: &str, name: &str) -> Result<Worked, String> {
    let bytes = serializer_snapshots(release)
        .into_iter()
        .find_map(|(found, bytes)| (found == name).then_some(bytes))
        .ok_or_else(|| format!("no serializer {name} of {release}"))?;
    let mut extract = Example::of("");
    explain::explain_snapshot(&bytes, &mut extract).map_err(|e| e.to_string())?;
    let (lines, range) = extract.finish().ok_or("no bytes")?;
    let from = format!("The snapshot `{name}` of Flink {release}, {} bytes, in versioned form:", bytes.len());
    Ok(Worked { text: format!("{from}\n\n```hex {id}\n{lines}```\n"), bytes, file: None, range })
}

/// Name and versioned form of every serializer that a release was asked for.
pub fn serializer_snapshots(release: &str) -> Vec<(String, Vec<u8>)> {
    let file = format!("{ROOT}/conformance/vectors/serializers/{release}.jsonl");
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file}: {e}"));
    let cases = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let cases = cases.filter_map(|case| {
        let hex = case["snapshot"].as_str()?.as_bytes().to_vec();
        let digits = hex.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        Some((case["name"].as_str()?.to_owned(), bytes))
    });
    cases.collect()
}

/// The state file of an operator's subtask.
fn file_of(directory: &Path, marker: &Marker<'_>) -> Result<PathBuf, String> {
    let wanted = marker.option("operator").ok_or("neither file nor operator")?;
    let subtask = marker.option("subtask").map_or(Ok(0), str::parse).map_err(|_| "no subtask")?;
    let bytes = fs::read(directory.join(METADATA)).map_err(|e| e.to_string())?;
    let metadata = Metadata::parse(&bytes).map_err(|e| e.to_string())?;
    let savepoint = Savepoint::new(metadata, Directory::new(directory));
    let mut found = None;
    for operator in &savepoint.metadata().operators {
        let names = [&operator.uid, &operator.name];
        if !names.into_iter().flatten().any(|name| name.to_text() == wanted) {
            continue;
        }
        let look = |part: &flink_savepoint::savepoint::Part<'_, '_>| {
            let fits = match marker.option("part") {
                Some("managed_operator") => matches!(part.state, PartState::ManagedOperator(_)),
                _ => matches!(part.state, PartState::ManagedKeyed(_)),
            };
            if fits && part.subtask == subtask {
                found = part.file();
            }
            Ok::<_, ()>(())
        };
        savepoint.for_each_part(&operator, look).unwrap();
    }
    found.map(|file| directory.join(file)).ok_or_else(|| format!("no file of {wanted}"))
}

/// A file as the reference writes it from what it read; `None` for what is compressed, where bytes are the writer's choice.
pub fn rewritten(file: &Path) -> Option<Vec<u8>> {
    let bytes = fs::read(file).unwrap();
    if explain::is_metadata(&bytes) {
        return Some(Metadata::parse(&bytes).unwrap().to_bytes().unwrap());
    }
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    let metadata_bytes = explain::metadata_beside(file).unwrap();
    let metadata = Metadata::parse(&metadata_bytes).unwrap();
    let savepoint = Savepoint::new(metadata, Directory::new(file.parent().unwrap()));
    let mut again = None;
    for operator in &savepoint.metadata().operators {
        let visit = |part: &Part<'_, '_>| {
            if part.file().as_ref() != Some(&name) {
                return Ok(());
            }
            match part.state {
                PartState::ManagedKeyed(handle) => savepoint.keyed(part, handle, |stream| {
                    again = keyed_again(stream, handle);
                    Ok(())
                }),
                PartState::ManagedOperator(handle) => savepoint.operator_state(part, handle, |stream| {
                    again = operator_again(stream);
                    Ok(())
                }),
                // What it consists of is not known, and so cannot be written anew.
                _ => Ok(()),
            }
        };
        savepoint.for_each_part(&operator, visit).unwrap();
    }
    again
}

fn keyed_again(stream: &KeyedStream<'_>, handle: &KeyedHandle<'_>) -> Option<Vec<u8>> {
    let KeyedHandle::KeyGroups(handle) = handle else { return None };
    if stream.header().compressed {
        return None;
    }
    let range = handle.offsets.range();
    let mut writer = KeyedWriter::new(Vec::new(), stream.header(), range, stream.max_parallelism()).unwrap();
    let entry = |group, entry: flink_savepoint::keyed::Entry<'_>| {
        writer.entry(group, entry.state, entry.key, entry.value).unwrap();
        Ok::<_, flink_savepoint::Error>(())
    };
    stream.for_each(&mut Vec::new(), entry).unwrap();
    Some(writer.finish().unwrap().sink)
}

fn operator_again(stream: &OperatorStream<'_>) -> Option<Vec<u8>> {
    if stream.layout() != SnappyLayout::Plain {
        return None;
    }
    let mut writer = OperatorWriter::new(Vec::new(), stream.header()).unwrap();
    for (i, state) in stream.header().all_states().enumerate() {
        for partition in stream.partitions(&state.name).unwrap().unwrap().told_apart().unwrap() {
            writer.partition(i, partition).unwrap();
        }
    }
    Some(writer.finish().unwrap().sink)
}
