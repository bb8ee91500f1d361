//! Scanning and writing keyed streams, beside what no scan can beat.
//!
//! All rates count the bytes of the uncompressed stream. It is 8 MB, which a cache may hold; `benches/peer/scan` measures
//! on a file of 182 MB.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flink_savepoint::compression::{BLOCK, IDENTIFIER};
use flink_savepoint::keyed::WrittenStream;
use flink_savepoint_benches::keyed::{Content, Shape, scan, scan_by_iterator, touch_each_line};
use snap::raw::Decoder;

fn keyed(criterion: &mut Criterion) {
    for (entry_size, varied) in [(16, false), (40, false), (40, true), (200, false), (4_000, false)] {
        let shape = Shape { varied, ..Shape::of_about(8_000_000, entry_size) };
        let [plain, snappy] = [false, true].map(|compressed| Content::new(Shape { compressed, ..shape }));
        let WrittenStream { sink: bytes, offsets, length } = plain.write(Vec::new()).expect("sound");
        let compressed = snappy.write(Vec::new()).expect("sound");
        let mut group = criterion.benchmark_group(format!("keyed/{entry_size}{}", if varied { "-varied" } else { "" }));
        group.throughput(Throughput::ElementsAndBytes { elements: shape.entries, bytes: length });
        group.sample_size(20).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
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
        group.bench_with_input(id("snappy-decoder-alone"), &chunks(&compressed), |bencher, chunks| {
            let (mut decoder, mut block) = (Decoder::new(), vec![0; BLOCK]);
            bencher.iter(|| {
                for (stored, data) in chunks {
                    if *stored {
                        block.get_mut(..data.len()).expect("a block").copy_from_slice(data);
                    } else {
                        decoder.decompress(black_box(data), &mut block).expect("sound");
                    }
                }
            });
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

/// The data of each chunk, and whether it is stored as it is.
fn chunks(stream: &WrittenStream<Vec<u8>>) -> Vec<(bool, &[u8])> {
    let first = stream.offsets.offsets().iter().filter(|offset| *offset > 0).min().expect("a key group has state");
    let mut rest = stream.sink.get(usize::try_from(first).expect("an index")..).expect("inside the stream");
    let mut chunks = Vec::new();
    while let Some(([kind, a, b, c], behind)) = rest.split_first_chunk() {
        let (body, behind) = behind.split_at(usize::from(*a) | usize::from(*b) << 8 | usize::from(*c) << 16);
        if *kind != IDENTIFIER[0] {
            let (_crc, data) = body.split_at(4);
            chunks.push((*kind == 1, data));
        }
        rest = behind;
    }
    chunks
}

criterion_group!(benches, keyed);
criterion_main!(benches);
