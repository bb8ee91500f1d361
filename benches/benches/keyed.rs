//! Scanning and writing keyed streams, beside what no scan can beat.
//!
//! All rates count the bytes of the uncompressed stream. It is 8 MB, which a cache may hold; `benches/peer/run` measures on
//! files of 190 MB.

mod common;

use std::hint::black_box;

use common::group;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use flink_savepoint::keyed::WrittenStream;
use flink_savepoint_benches::keyed::{Content, Shape, scan, scan_by_iterator};
use flink_savepoint_benches::limits::{SnappyBlocks, touch_each_line};

const BYTES: u64 = 8_000_000;

fn keyed(criterion: &mut Criterion) {
    let shapes = [16, 40, 200, 4_000].map(|size| (size.to_string(), Shape::of_about(BYTES, size, 2)));
    let varied = Shape { varied: true, ..Shape::of_about(BYTES, 40, 2) };
    let others = [("40-varied".to_owned(), varied), ("40-in-200-states".to_owned(), Shape::of_about(BYTES, 40, 200))];
    for (name, shape) in shapes.into_iter().chain(others) {
        let [plain, snappy] = [false, true].map(|compressed| Content::new(Shape { compressed, ..shape }));
        let WrittenStream { sink: bytes, offsets, length } = plain.write(Vec::new()).expect("sound");
        let compressed = snappy.write(Vec::new()).expect("sound");
        let mut group = group(criterion, format!("keyed/{name}"), shape.entries, length);
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
        let mut target = Vec::with_capacity(bytes.len());
        group.bench_with_input(id("write"), &plain, |bencher, content| {
            bencher.iter(|| {
                target.clear();
                black_box(content).write(&mut target).expect("writable").length
            });
        });
        let mut blocks = SnappyBlocks::of(&compressed);
        group.bench_function(id("snappy-decoder-alone"), |bencher| {
            bencher.iter(|| blocks.decode());
        });
        group.bench_with_input(id("snappy-scan"), &compressed, |bencher, WrittenStream { sink, offsets, .. }| {
            bencher.iter(|| scan(black_box(sink), offsets, &mut buffer).expect("sound"));
        });
        group.bench_with_input(id("snappy-write"), &snappy, |bencher, content| {
            bencher.iter(|| {
                target.clear();
                black_box(content).write(&mut target).expect("writable").length
            });
        });
        group.finish();
    }
}

criterion_group!(benches, keyed);
criterion_main!(benches);
