//! Any bytes give a result or an error with an offset inside the input; what strict reading accepts is written back as it
//! was; what is written for another release can be read.

use flink_savepoint::metadata::{Dropping, Metadata, ReadOptions, Release, SubtaskState, Subtasks, Target};

/// One run.
pub fn run(bytes: &[u8]) {
    let metadata = match Metadata::parse(bytes) {
        Ok(metadata) => metadata,
        Err(error) => {
            assert!(error.offset() <= bytes.len() as u64, "{error}");
            return;
        }
    };
    for operator in &metadata.operators {
        if let Subtasks::Listed(listed) = &operator.subtasks {
            // Their end was found without reading each.
            assert_eq!(listed.iter().count(), listed.len());
        }
        for subtask in operator.subtasks() {
            if let SubtaskState::Running(handles) = subtask.state {
                handles.for_each_stream(|_, stream| assert!(stream.type_byte() <= 16));
            }
        }
    }
    if let Ok(strict) = ReadOptions::new().strict(true).read(bytes)
        && strict.version().is_writable()
    {
        assert_eq!(strict.to_bytes().expect("read strictly"), bytes);
    }
    for release in Release::ALL {
        let target = Target::release(release).dropping(Dropping::everything());
        if let Ok(written) = metadata.write(target) {
            Metadata::parse(&written).expect("what is written can be read");
        }
    }
}
