//! The golden streams of keyed state, and the snapshots in them and beside them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use flink_savepoint::keyed::{KeyedHeader, MaxParallelism};
use flink_savepoint::metadata::{KeyedHandle, Metadata, Release};
use flink_savepoint::savepoint::{Directory, PartState, Savepoint};
use flink_savepoint::wire;

use super::Input;
use crate::oracle::snapshot;

/// Larger streams and snapshots make each input slow, and have nothing that smaller ones do not have.
const LARGEST: usize = 16 << 10;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors")
}

/// The streams of the vectors, sound or not, that `release` can have been given.
pub(crate) fn streams(release: Release) -> io::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for class in ["valid", "malformed", "invalid"] {
        for directory in sorted(&vectors().join(class))? {
            if !is_newer(&directory, release) {
                of_directory(&directory, &mut inputs);
            }
        }
    }
    Ok(inputs)
}

/// The snapshots in their headers, and of the values that the vectors have of each serializer.
pub(crate) fn snapshots(release: Release) -> io::Result<Vec<Vec<u8>>> {
    let mut snapshots = Vec::new();
    for input in streams(release)? {
        let bytes = wire::Input::new(&input.stream);
        let Ok((_, header)) = KeyedHeader::read_to(bytes, None, &snapshot::hints()) else { continue };
        snapshots.push(header.key_serializer.raw().to_vec());
        for state in &header.states {
            let all = [Some(&state.value_serializer), state.namespace_serializer.as_ref()];
            snapshots.extend(all.into_iter().flatten().map(|snapshot| snapshot.raw().to_vec()));
        }
    }
    for corpus in sorted(&vectors().join("serializers"))? {
        if is_newer(&corpus, release) {
            continue;
        }
        for line in fs::read_to_string(&corpus)?.lines() {
            let Some((_, digits)) = line.split_once("\"snapshot\": \"") else { continue };
            snapshots.push(snapshot::bytes_of(digits.split('"').next().unwrap_or_default()));
        }
    }
    snapshots.retain(|snapshot| snapshot.len() <= LARGEST);
    Ok(snapshots)
}

/// Whether the name starts with that of a newer release: its classes are not there yet.
fn is_newer(path: &Path, release: Release) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".jsonl").unwrap_or(&name);
    let found = name.split('-').next().unwrap_or_default().parse::<Release>();
    found.is_ok_and(|found| found > release)
}

fn sorted(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Vectors whose `_metadata` is wrong, or whose files are missing, have no streams to give.
fn of_directory(directory: &Path, inputs: &mut Vec<Input>) {
    let Ok(bytes) = fs::read(directory.join("_metadata")) else { return };
    let Ok(metadata) = Metadata::parse(&bytes) else { return };
    let savepoint = Savepoint::new(metadata, Directory::new(directory));
    for operator in &savepoint.metadata().operators {
        let Some(max) = MaxParallelism::new(operator.max_parallelism) else { continue };
        let Ok(()) = savepoint.for_each_part(&operator, |part| {
            let PartState::ManagedKeyed(KeyedHandle::KeyGroups(handle)) = part.state else { return Ok(()) };
            let Ok(bytes) = savepoint.bytes(&handle.delegate) else { return Ok(()) };
            let stream = bytes.as_ref().to_vec();
            if stream.len() <= LARGEST && !handle.offsets.offsets().is_empty() {
                let offsets = handle.offsets.offsets().iter().collect();
                inputs.push(Input { first: handle.offsets.range().start(), max, offsets, stream });
            }
            Ok::<_, std::convert::Infallible>(())
        });
    }
}
