//! Reading and writing `_metadata`, beside a plain copy of the same bytes and a plain codec for the same content.
//!
//! Rates of bincode count the bytes of the format, too, so that they compare.

mod common;

use std::hint::black_box;

use common::group;
use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use flink_savepoint::metadata::{Metadata, Release};
use flink_savepoint_benches::limits::touch_each_line;
use flink_savepoint_benches::metadata::{Sums, metadata_file};
use flink_savepoint_benches::model;

fn metadata(criterion: &mut Criterion) {
    for (handles, key_groups) in [(10, 128), (1_000, 128), (100_000, 1), (100_000, 128)] {
        let bytes = metadata_file(handles, key_groups, Release::V2_3).expect("the model can be written");
        let mut group =
            group(criterion, format!("metadata/{handles}x{key_groups}"), handles.into(), bytes.len() as u64);
        if handles == 100_000 {
            group.sample_size(10).sampling_mode(SamplingMode::Flat);
        }
        let id = |what| BenchmarkId::from_parameter(what);
        group.bench_with_input(id("memcpy"), &bytes, |bencher, bytes| {
            let mut target = vec![0; bytes.len()];
            bencher.iter(|| target.copy_from_slice(black_box(bytes)));
        });
        group.bench_with_input(id("touch-each-line"), &bytes, |bencher, bytes| {
            bencher.iter(|| touch_each_line(black_box(bytes)));
        });
        group.bench_with_input(id("read"), &bytes, |bencher, bytes| {
            bencher.iter(|| Metadata::parse(black_box(bytes)).expect("sound").trailing_bytes());
        });
        group.bench_with_input(id("read-and-look-at-all"), &bytes, |bencher, bytes| {
            bencher.iter(|| Sums::of(&Metadata::parse(black_box(bytes)).expect("sound")));
        });
        let read = Metadata::parse(&bytes).expect("sound");
        group.bench_with_input(id("write"), &read, |bencher, read| {
            bencher.iter(|| black_box(read).to_bytes().expect("writable").len());
        });
        let model = model::Metadata::of(&read).expect("the model has all of it");
        assert_eq!(model.sums(), Sums::of(&read));
        let encoded = model.encode().expect("plain structures");
        group.bench_with_input(id("bincode-decode"), &encoded, |bencher, bytes| {
            bencher.iter(|| model::Metadata::decode(black_box(bytes)).expect("sound"));
        });
        group.bench_with_input(id("bincode-encode"), &model, |bencher, model| {
            bencher.iter(|| black_box(model).encode().expect("plain structures").len());
        });
        group.finish();
    }
}

criterion_group!(benches, metadata);
criterion_main!(benches);
