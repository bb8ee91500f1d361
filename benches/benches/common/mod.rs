//! How all benches measure: short, since there are many, and since `benches/ratios` reads medians.

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};

/// A group whose rates are of so many elements and bytes.
pub(crate) fn group(
    criterion: &mut Criterion,
    name: impl Into<String>,
    elements: u64,
    bytes: u64,
) -> BenchmarkGroup<'_, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::ElementsAndBytes { elements, bytes });
    group.sample_size(20).nresamples(10_000);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(800));
    group
}
