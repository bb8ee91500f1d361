//! Decoding, encoding and hashing of values, beside what no decoder can beat: a copy of the bytes, and a look at each cache line.
//!
//! All rates count the bytes of the values. There is about 1 MB of each type, which a cache may hold; types are built once.

mod common;

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use flink_savepoint::keyed::{KeyLayout, MaxParallelism};
use flink_savepoint::meta_info::KeyedStateType;
use flink_savepoint::value::{Scalar, TypeDescription, Value};
use flink_savepoint_benches::limits::touch_each_line;
use flink_savepoint_benches::values::{Values, all};

/// Types that are encoded, too: fields one after the other, a map, and a binary row.
const ENCODED: [&str; 3] = ["tuple-string-long", "map-string-int", "row-data"];

fn group<'c>(criterion: &'c mut Criterion, name: String, values: &Values) -> BenchmarkGroup<'c, WallTime> {
    common::group(criterion, name, values.count() as u64, values.bytes().len() as u64)
}

fn codec(criterion: &mut Criterion) {
    for (name, values) in all() {
        let mut group = group(criterion, format!("values/{name}"), &values);
        let (ty, slices) = (values.ty(), values.slices());
        let id = |what| BenchmarkId::from_parameter(what);
        let mut target = vec![0; values.bytes().len()];
        group.bench_function(id("memcpy"), |bencher| {
            bencher.iter(|| target.copy_from_slice(black_box(values.bytes())));
        });
        group.bench_function(id("touch-each-line"), |bencher| {
            bencher.iter(|| touch_each_line(black_box(values.bytes())));
        });
        group.bench_function(id("decode"), |bencher| {
            bencher.iter(|| {
                for slice in &slices {
                    black_box(ty.decode(black_box(slice)).expect("sound"));
                }
            });
        });
        if ENCODED.contains(&name) {
            let decoded: Vec<Value<'_>> = slices.iter().map(|slice| ty.decode(slice).expect("sound")).collect();
            group.bench_function(id("encode"), |bencher| {
                bencher.iter(|| {
                    for value in &decoded {
                        black_box(ty.encode(black_box(value)).expect("of its type"));
                    }
                });
            });
        }
        group.finish();
    }
}

/// From the values of keys to their key groups.
fn hash(criterion: &mut Criterion) {
    let values = Values::tuples();
    let mut group = group(criterion, "values/keys".to_owned(), &values);
    let (ty, slices) = (values.ty(), values.slices());
    let decoded: Vec<Value<'_>> = slices.iter().map(|slice| ty.decode(slice).expect("sound")).collect();
    let max = MaxParallelism::new(128).expect("128 is one");
    group.bench_function("hash-code", |bencher| {
        bencher.iter(|| decoded.iter().map(|key| ty.hash_code(black_box(key)).expect("a tuple").code()).max());
    });
    group.bench_function("decode-and-key-group", |bencher| {
        let group_of = |slice: &&[u8]| {
            let key = ty.decode(black_box(slice)).expect("sound");
            max.key_group_of(ty.hash_code(&key).expect("a tuple").code()).0
        };
        bencher.iter(|| slices.iter().map(group_of).map(u32::from).sum::<u32>());
    });
    group.finish();
}

/// Composite keys, each of a key, a namespace and, in map state, a user key.
fn split(criterion: &mut Criterion) {
    let void = || TypeDescription::Scalar(Scalar::VoidNamespace);
    let string = || TypeDescription::Scalar(Scalar::String);
    for (name, keys, namespace, kind) in [
        ("long", Values::longs(), void(), KeyedStateType::Value),
        ("string", Values::strings(), void(), KeyedStateType::Value),
        ("tuple", Values::tuples(), void(), KeyedStateType::Value),
        ("string-with-lengths", Values::strings(), string(), KeyedStateType::Value),
        ("string-map", Values::strings(), void(), KeyedStateType::Map),
    ] {
        let layout = KeyLayout::new(keys.ty().clone(), namespace, kind).expect("lengths are known");
        let user_key = (kind == KeyedStateType::Map).then_some(&b"\x05user"[..]);
        let composites = keys.composites(&layout, user_key);
        let mut group = group(criterion, format!("split/{name}"), &composites);
        let slices = composites.slices();
        group.bench_function("split", |bencher| {
            bencher.iter(|| {
                slices.iter().map(|key| layout.split(black_box(key)).expect("sound").key.len()).sum::<usize>()
            });
        });
        group.bench_function("split-key", |bencher| {
            bencher.iter(|| {
                slices.iter().map(|key| layout.split_key(black_box(key)).expect("sound").len()).sum::<usize>()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, codec, hash, split);
criterion_main!(benches);
