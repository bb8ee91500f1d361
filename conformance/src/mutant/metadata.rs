//! Wrong metadata and files.

use std::fs;
use std::io;
use std::path::Path;

use flink_savepoint::metadata::stream_handle::FileHandle;
use flink_savepoint::metadata::{Metadata, Operator, OperatorId, StreamHandle, Subtasks};
use flink_savepoint::savepoint::METADATA;
use flink_savepoint::wire::JavaStr;

use super::mutants;

/// Changes the bytes of the metadata file.
fn patch(directory: &Path, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
    let path = directory.join(METADATA);
    let mut bytes = fs::read(&path)?;
    change(&mut bytes);
    fs::write(path, bytes)
}

/// Overwrites bytes of the metadata file.
fn overwrite(directory: &Path, at: usize, new: &[u8]) -> io::Result<()> {
    patch(directory, |bytes| bytes.iter_mut().skip(at).zip(new).for_each(|(byte, new)| *byte = *new))
}

/// Changes every operator.
fn each(metadata: &mut Metadata<'static>, change: impl Fn(&mut Operator<'static>)) {
    let mut operators: Vec<_> = metadata.operators.iter().collect();
    operators.iter_mut().for_each(change);
    metadata.operators = operators.into();
}

fn text(text: &str) -> JavaStr<'static> {
    JavaStr::from(text).into_owned()
}

mutants! { Producer:
    "operator-id-backwards" breaks "META-OPERATOR-ID-01": "The halves of an operator id have their low byte first." {
        fn operator_id(&self, uid: &str) -> OperatorId {
            let mut id = OperatorId::from_uid(uid);
            let (first, second) = id.0.split_at_mut(8);
            first.reverse();
            second.reverse();
            id
        }
    }

    "operator-twice" breaks "META-OPERATOR-ID-02": "The first operator stands in the metadata twice." {
        fn metadata(&self, metadata: &mut Metadata<'static>) {
            let operators: Vec<_> = metadata.operators.iter().chain(metadata.operators.iter().take(1)).collect();
            metadata.operators = operators.into();
        }
    }

    "subtask-twice" breaks "META-SUBTASK-03": "The first subtask of an operator has two entries." {
        fn metadata(&self, metadata: &mut Metadata<'static>) {
            each(metadata, |operator| {
                if let Subtasks::Listed(subtasks) = &mut operator.subtasks {
                    let all: Vec<_> = subtasks.iter().chain(subtasks.iter().take(1)).collect();
                    *subtasks = all.into();
                }
            });
        }
    }

    "max-parallelism-of-job" breaks "REDIST-RANGE-01": "Every operator has a max parallelism of 128 in the metadata, whatever its keys were written with." {
        fn metadata(&self, metadata: &mut Metadata<'static>) {
            each(metadata, |operator| operator.max_parallelism = 128);
        }
    }

    "path-absolute" breaks "DIR-RELOCATE-01": "Handles have absolute paths, to where the savepoint was before it was moved." {
        fn stream_handle(&self, handle: &mut StreamHandle<'static>) {
            if let StreamHandle::Relative(file) = handle {
                let path = text(&format!("file:/savepoints/savepoint-1/{}", file.relative_path));
                *handle = StreamHandle::File(FileHandle { state_size: file.state_size, path });
            }
        }
    }

    "path-of-job" breaks "DIR-PATH-01": "Relative paths start in the directory above that of the savepoint." {
        fn stream_handle(&self, handle: &mut StreamHandle<'static>) {
            if let StreamHandle::Relative(file) = handle {
                file.relative_path = text(&format!("savepoint/{}", file.relative_path));
            }
        }
    }

    "file-missing" breaks "DIR-FILES-01": "The first state file is not written." {
        fn directory(&self, directory: &Path) -> io::Result<()> {
            match fs::remove_file(directory.join("state-1")) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done,
            }
        }
    }

    "handle-names-equal" breaks "META-HANDLE-04": "All inline states have one handle name." {
        fn stream_handle(&self, handle: &mut StreamHandle<'static>) {
            if let StreamHandle::ByteStream(inline) = handle {
                inline.handle_name = text("state");
            }
        }
    }

    "magic-low-byte-first" breaks "META-MAGIC-01": "The magic number has its low byte first." {
        fn directory(&self, directory: &Path) -> io::Result<()> {
            overwrite(directory, 0, &[0x2D, 0x67, 0x60, 0x49])
        }
    }

    "version-too-new" breaks "META-VERSION-03": "The metadata is of version 7." {
        fn directory(&self, directory: &Path) -> io::Result<()> {
            overwrite(directory, 4, &7_i32.to_be_bytes())
        }
    }

    "checkpoint-id-negative" breaks "META-CHECKPOINT-ID-01": "A savepoint that is not triggered by a checkpoint has the checkpoint id -1." {
        fn directory(&self, directory: &Path) -> io::Result<()> {
            overwrite(directory, 8, &(-1_i64).to_be_bytes())
        }
    }

    "metadata-trailing" breaks "META-END-01": "A checksum of four bytes stands behind the metadata." {
        fn directory(&self, directory: &Path) -> io::Result<()> {
            patch(directory, |bytes| bytes.extend([0xCA, 0xFE, 0xBA, 0xBE]))
        }
    }

    "metadata-cut" breaks "WIRE-LENGTH-02": "The last byte of the metadata is lost, since the file was not flushed." {
        fn directory(&self, directory: &Path) -> io::Result<()> {
            patch(directory, |bytes| bytes.truncate(bytes.len().saturating_sub(1)))
        }
    }
}
