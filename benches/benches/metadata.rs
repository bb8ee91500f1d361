//! Reading and writing `_metadata`, beside a plain copy of the same bytes.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flink_savepoint::metadata::{Metadata, SubtaskState};
use flink_savepoint_benches::metadata_file;

fn metadata(criterion: &mut Criterion) {
    for (handles, key_groups) in [(10, 128), (1_000, 128), (100_000, 1), (100_000, 128)] {
        let bytes = metadata_file(handles, key_groups).expect("the model can be written");
        let mut group = criterion.benchmark_group(format!("metadata/{handles}x{key_groups}"));
        group.throughput(Throughput::ElementsAndBytes { elements: handles.into(), bytes: bytes.len() as u64 });
        if bytes.len() > 1 << 24 {
            group.sample_size(20);
        }
        let id = |what| BenchmarkId::from_parameter(what);
        group.bench_with_input(id("copy"), &bytes, |bencher, bytes| {
            let mut target = vec![0; bytes.len()];
            bencher.iter(|| target.copy_from_slice(black_box(bytes)));
        });
        group.bench_with_input(id("read"), &bytes, |bencher, bytes| {
            bencher.iter(|| Metadata::parse(black_box(bytes)).expect("sound").trailing_bytes());
        });
        group.bench_with_input(id("read-and-sum-offsets"), &bytes, |bencher, bytes| {
            bencher.iter(|| sum_offsets(&Metadata::parse(black_box(bytes)).expect("sound")));
        });
        let model = Metadata::parse(&bytes).expect("sound");
        group.bench_with_input(id("write"), &model, |bencher, model| {
            bencher.iter(|| black_box(model).to_bytes().expect("writable").len());
        });
        group.finish();
    }
}

/// Looks at everything: each operator, subtask, handle and offset.
fn sum_offsets(metadata: &Metadata<'_>) -> i64 {
    let mut sum = 0;
    for operator in &metadata.operators {
        for subtask in operator.subtasks() {
            if let SubtaskState::Running(handles) = subtask.state
                && let Some(flink_savepoint::metadata::KeyedHandle::KeyGroups(handle)) = handles.managed_keyed
            {
                sum += handle.offsets.offsets().iter().sum::<i64>();
            }
        }
    }
    sum
}

criterion_group!(benches, metadata);
criterion_main!(benches);
