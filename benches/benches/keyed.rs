//! Scanning and writing keyed streams, beside what no scan can beat.
//!
//! All rates count the bytes of the uncompressed stream. It has 128 MB, more than caches hold, as state does; compressed 8 MB,
//! where the decoder takes longer than memory does.

mod common;

use std::hint::black_box;

use common::group;
use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use flink_savepoint::keyed::WrittenStream;
use flink_savepoint_benches::keyed::{Content, Shape, scan, scan_by_iterator};
use flink_savepoint_benches::limits::{SnappyBlocks, touch_each_line};

const PLAIN: u64 = 128_000_000;
const COMPRESSED: u64 = 8_000_000;

fn shapes(bytes: u64) -> impl Iterator<Item = (String, Shape)> {
    let sizes = [16, 40, 200, 4_000].map(|size| (size.to_string(), Shape::of_about(bytes, size, 2)));
    let varied = Shape { varied: true, ..Shape::of_about(bytes, 40, 2) };
    let others = [("40-varied".to_owned(), varied), ("40-in-200-states".to_owned(), Shape::of_about(bytes, 40, 200))];
    sizes.into_iter().chain(others)
}

fn plain(criterion: &mut Criterion) {
    for (name, shape) in shapes(PLAIN) {
        let content = Content::new(shape);
        let WrittenStream { sink: bytes, offsets, length } = content.write(Vec::new()).expect("sound");
        let mut group = group(criterion, format!("keyed/{name}"), shape.entries, length);
        group.sampling_mode(SamplingMode::Flat);
        let id = |what| BenchmarkId::from_parameter(what);
        let mut target = vec![0; bytes.len()];
        group.bench_with_input(id("memcpy"), &bytes, |bencher, bytes| {
            bencher.iter(|| target.copy_from_slice(black_box(bytes)));
        });
        group.bench_with_input(id("touch-each-line"), &bytes, |bencher, bytes| {
            bencher.iter(|| touch_each_line(black_box(bytes)));
        });
        let mut buffer = Vec::new();
        group.bench_with_input(id("scan"), &bytes, |bencher, bytes| {
            bencher.iter(|| scan(black_box(bytes), &offsets, &mut buffer).expect("sound"));
        });
        group.bench_with_input(id("scan-by-iterator"), &bytes, |bencher, bytes| {
            bencher.iter(|| scan_by_iterator(black_box(bytes), &offsets).expect("sound"));
        });
        group.bench_with_input(id("write"), &content, |bencher, content| {
            bencher.iter(|| {
                target.clear();
                black_box(content).write(&mut target).expect("writable").length
            });
        });
        group.finish();
    }
}

fn snappy(criterion: &mut Criterion) {
    for (name, shape) in shapes(COMPRESSED) {
        let content = Content::new(Shape { compressed: true, ..shape });
        let stream = content.write(Vec::new()).expect("sound");
        let mut blocks = SnappyBlocks::of(&stream);
        let bytes = blocks.decode() as u64;
        let mut group = group(criterion, format!("keyed/{name}-snappy"), shape.entries, bytes);
        let id = |what| BenchmarkId::from_parameter(what);
        group.bench_function(id("snappy-decoder-alone"), |bencher| {
            bencher.iter(|| blocks.decode());
        });
        let mut buffer = Vec::new();
        group.bench_with_input(id("scan"), &stream, |bencher, WrittenStream { sink, offsets, .. }| {
            bencher.iter(|| scan(black_box(sink), offsets, &mut buffer).expect("sound"));
        });
        let mut target = Vec::with_capacity(stream.sink.len());
        group.bench_with_input(id("write"), &content, |bencher, content| {
            bencher.iter(|| {
                target.clear();
                black_box(content).write(&mut target).expect("writable").length
            });
        });
        group.finish();
    }
}

criterion_group!(benches, plain, snappy);
criterion_main!(benches);
