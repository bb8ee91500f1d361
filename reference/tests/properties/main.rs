//! Properties that hold for whatever the format can say: models are made at random, with the boundaries of their numbers,
//! lengths and characters more often than chance has them.
//!
//! `PROPTEST_CASES` runs more cases. What failed once is kept in `proptest-regressions` and tried first.

mod composite_keys;
mod key_groups;
mod logical;
mod round_trips;
mod strategies;

/// For properties of large models: so many cases where others have 256.
fn of_256(cases: u32) -> proptest::test_runner::Config {
    let usual = proptest::test_runner::Config::default();
    proptest::test_runner::Config { cases: (usual.cases * cases).div_ceil(256), ..usual }
}
