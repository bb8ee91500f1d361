//! What makes a program for libFuzzer of a target.

pub use libfuzzer_sys;

/// The program of the target of that name.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        $crate::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| flink_savepoint_harness::targets::$name::run(bytes));
    };
}
