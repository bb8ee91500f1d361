//! Passes over whole savepoints on disk, beside what is the least that they can do: of some with one file of 8 MB, and of a
//! real one.
//!
//! Files are in the page cache. A comparison counts the bytes and entries of both sides.

mod common;

use std::fs;
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};

use common::group;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flink_savepoint::logical::{Diff, DiffOptions, Fingerprint, diff, fingerprint};
use flink_savepoint::metadata::Metadata;
use flink_savepoint::savepoint::{METADATA, Savepoint};
use flink_savepoint_benches::keyed::{Content, Shape};
use flink_savepoint_benches::limits::touch_each_line;
use flink_savepoint_benches::savepoint;
use flink_savepoint_conformance::check;
use flink_savepoint_conformance::explain::{self, Tree};
use flink_savepoint_conformance::store::MappedFiles;
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

const BYTES: u64 = 8_000_000;
/// Explaining names each field, and so prints many times what it reads.
const EXPLAINED: u64 = 200_000;
const REAL: &str = "../conformance/vectors/valid/2.3.0-rocksdb-typed";

/// Opens it, and does something with it.
fn with<R>(directory: &Path, run: impl FnOnce(&Savepoint<'_, MappedFiles>) -> R) -> R {
    let bytes = fs::read(directory.join(METADATA)).expect("readable");
    let metadata = Metadata::parse(&bytes).expect("sound");
    run(&Savepoint::new(metadata, MappedFiles::new(directory, false)))
}

fn fingerprint_of(directory: &Path) -> Fingerprint {
    with(directory, |savepoint| fingerprint(savepoint, &mut |_| ()))
}

fn compare(a: &Path, b: &Path) -> Diff {
    with(a, |a| {
        with(b, |b| {
            let [of_a, of_b] = [a, b].map(|savepoint| fingerprint(savepoint, &mut |_| ()));
            diff((a, &of_a), (b, &of_b), &DiffOptions::default(), &|_, _, _, _| false)
        })
    })
}

/// The files of a savepoint, the metadata first.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort_by_key(|path| (!path.ends_with(METADATA), path.clone()));
    files
}

/// The bytes of all files.
fn content(directory: &Path) -> Vec<u8> {
    files(directory).iter().flat_map(|path| fs::read(path).expect("readable")).collect()
}

/// Names every byte of every file, as text.
fn explain_all(directory: &Path) {
    let metadata = fs::read(directory.join(METADATA)).expect("readable");
    for path in files(directory) {
        let bytes = fs::read(&path).expect("readable");
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let hints = flink_savepoint::serializer::Hints::default();
        let file = explain::File { name: &name, bytes: &bytes, metadata: Some(&metadata), hints };
        explain::explain(&file, &mut Tree::new(io::sink(), false)).expect("sound");
    }
}

fn made(criterion: &mut Criterion) {
    let place = tempfile::tempdir().expect("a directory");
    for (name, size, compressed) in [("40", 40, false), ("200", 200, false), ("200-snappy", 200, true)] {
        let shape = Shape { compressed, ..Shape::of_about(BYTES, size, 2) };
        let [a, b] = ["a", "b"].map(|which| place.path().join(format!("{name}-{which}")));
        savepoint::write(&a, &Content::new(shape)).expect("writable");
        savepoint::write(&b, &Content::new(shape).with_changes(1000)).expect("writable");
        assert!(compare(&a, &a).is_empty());
        assert!(!compare(&a, &b).is_empty());
        // Rates count what is not compressed.
        let stream = Content::new(Shape { compressed: false, ..shape }).write(Vec::new()).expect("sound");
        let (bytes, length) = (stream.sink, stream.length);

        let mut group = group(criterion, format!("savepoint/{name}"), shape.entries, length);
        let id = |what| BenchmarkId::from_parameter(what);
        let mut target = vec![0; bytes.len()];
        group.bench_function(id("memcpy"), |bencher| {
            bencher.iter(|| target.copy_from_slice(black_box(&bytes)));
        });
        group.bench_function(id("touch-each-line"), |bencher| {
            bencher.iter(|| touch_each_line(black_box(&bytes)));
        });
        group.bench_function(id("xxh3"), |bencher| {
            bencher.iter(|| xxh3_128(black_box(&bytes)));
        });
        group.bench_function(id("xxh3-of-each"), |bencher| {
            bencher.iter(|| {
                let hashes = black_box(&bytes).chunks(size).map(|entry| xxh3_128_with_seed(entry, 7));
                hashes.fold(0, u128::wrapping_add)
            });
        });
        group.bench_function(id("fingerprint"), |bencher| {
            bencher.iter(|| fingerprint_of(black_box(&a)).digest());
        });
        let options = check::Options::default();
        group.bench_function(id("check"), |bencher| {
            bencher.iter(|| check::run(black_box(&a), &options).findings.len());
        });
        group.throughput(Throughput::ElementsAndBytes { elements: 2 * shape.entries, bytes: 2 * length });
        group.bench_function(id("diff-equal"), |bencher| {
            bencher.iter(|| compare(black_box(&a), &a).is_empty());
        });
        group.bench_function(id("diff-different"), |bencher| {
            bencher.iter(|| compare(black_box(&a), &b).is_empty());
        });
        group.finish();
    }

    let small = place.path().join("explained");
    let shape = Shape::of_about(EXPLAINED, 40, 2);
    savepoint::write(&small, &Content::new(shape)).expect("writable");
    let mut group = group(criterion, "explain/40", shape.entries, content(&small).len() as u64);
    group.bench_function("explain", |bencher| bencher.iter(|| explain_all(black_box(&small))));
    group.finish();
}

fn real(criterion: &mut Criterion) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(REAL);
    let (bytes, metadata) = (content(&directory), fs::read(directory.join(METADATA)).expect("readable"));
    let fingerprint = fingerprint_of(&directory);
    let states = fingerprint.operators.values().flat_map(|operator| operator.states.values());
    let entries = states.map(|state| state.total.entries).sum();
    let mut group = group(criterion, "savepoint/real", entries, bytes.len() as u64);
    let mut target = vec![0; bytes.len()];
    group.bench_function("memcpy", |bencher| bencher.iter(|| target.copy_from_slice(black_box(&bytes))));
    group.bench_function("touch-each-line", |bencher| bencher.iter(|| touch_each_line(black_box(&bytes))));
    group.bench_function("xxh3", |bencher| bencher.iter(|| xxh3_128(black_box(&bytes))));
    group.bench_function("fingerprint", |bencher| bencher.iter(|| fingerprint_of(black_box(&directory)).digest()));
    let options = check::Options::default();
    group
        .bench_function("check", |bencher| bencher.iter(|| check::run(black_box(&directory), &options).findings.len()));
    group.bench_function("explain", |bencher| bencher.iter(|| explain_all(black_box(&directory))));
    group.throughput(Throughput::ElementsAndBytes { elements: 2 * entries, bytes: 2 * bytes.len() as u64 });
    group
        .bench_function("diff-equal", |bencher| bencher.iter(|| compare(black_box(&directory), &directory).is_empty()));
    group.finish();

    let read = Metadata::parse(&metadata).expect("sound");
    let mut group = common::group(criterion, "metadata/real", read.operators.len() as u64, metadata.len() as u64);
    let mut target = vec![0; metadata.len()];
    group.bench_function("memcpy", |bencher| bencher.iter(|| target.copy_from_slice(black_box(&metadata))));
    group.bench_function("touch-each-line", |bencher| bencher.iter(|| touch_each_line(black_box(&metadata))));
    group.bench_function("read", |bencher| {
        bencher.iter(|| Metadata::parse(black_box(&metadata)).expect("sound").trailing_bytes());
    });
    group.bench_function("write", |bencher| bencher.iter(|| black_box(&read).to_bytes().expect("writable").len()));
    group.finish();
}

criterion_group!(benches, made, real);
criterion_main!(benches);
