//! What makes a program for libFuzzer of a target.

mod random;

use std::sync::Once;

use flink_savepoint_harness::mutate::Rng;
use flink_savepoint_harness::targets;
pub use libfuzzer_sys;

/// The program of the target of that name: what it runs, and how libFuzzer mutates its inputs.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        $crate::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $crate::run(stringify!($name), bytes));
        $crate::libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate(stringify!($name), data, size, max_size, seed)
        });
        $crate::libfuzzer_sys::fuzz_crossover!(|data1: &[u8], data2: &[u8], out: &mut [u8], seed: u32| {
            $crate::cross(stringify!($name), data1, data2, out, seed)
        });
    };
}

/// Runs the target. Names of temporary files are the same each time: an input that breaks it breaks it again.
pub fn run(target: &str, bytes: &[u8]) {
    static ONE_THREAD: Once = Once::new();
    ONE_THREAD.call_once(|| {
        // Who of several is first is chance.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
        pool.build_global().expect("nothing has made a pool before");
    });
    fastrand::seed(0);
    (of_name(target).run)(bytes);
}

/// Mutates the first `size` bytes of `data` to at most `most` and gives how many there are: by the seed as libFuzzer does, which
/// knows the dictionary and what was compared, or as the target does, which knows the format.
pub fn mutate(target: &str, data: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let mut rng = Rng::with_seed(seed.into());
    if rng.bool() {
        return libfuzzer_sys::fuzzer_mutate(data, size, most);
    }
    let mut bytes = data[..size].to_vec();
    let other = bytes.clone();
    by_target(target, &mut bytes, &other, most, &mut rng);
    put(&bytes, &mut data[..most])
}

/// Puts pieces of one input into another, and gives how many bytes of `out` that makes.
pub fn cross(target: &str, one: &[u8], other: &[u8], out: &mut [u8], seed: u32) -> usize {
    let mut bytes = one.to_vec();
    by_target(target, &mut bytes, other, out.len(), &mut Rng::with_seed(seed.into()));
    put(&bytes, out)
}

fn by_target(target: &str, bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) {
    (of_name(target).mutate)(bytes, other, most, rng);
}

fn of_name(target: &str) -> &'static targets::Target {
    targets::get(target).expect("a program has a target")
}

fn put(bytes: &[u8], out: &mut [u8]) -> usize {
    let size = bytes.len().min(out.len());
    out[..size].copy_from_slice(&bytes[..size]);
    size
}
