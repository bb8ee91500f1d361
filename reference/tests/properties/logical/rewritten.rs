//! A savepoint written anew means the same.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use flink_savepoint::logical::fingerprint;
use flink_savepoint::metadata::{Dropping, Metadata, Release};
use flink_savepoint::savepoint::{Directory, METADATA, Rewrite, Savepoint, SavepointWriter};
use proptest::prelude::*;
use proptest::sample::select;

use super::model::model;
use super::written::layout;

/// Every file of a directory by name.
fn files(directory: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap())).collect()
}

proptest! {
    // Files are written and synced.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.div_ceil(8), ..ProptestConfig::default() })]

    #[test]
    fn a_rewritten_savepoint_means_the_same(
        model in model(),
        layout in layout(),
        release in select(&Release::ALL[..]),
        compression in any::<Option<bool>>(),
        inline in select(&[0, 100, 1 << 20][..]),
    ) {
        let written = model.write(&layout);
        let scratch = tempfile::tempdir().unwrap();
        let directory = scratch.path().join("rewritten");
        let rewrite = Rewrite { compression, dropping: Dropping::everything(), ..Rewrite::new(release) };
        rewrite.run(&written.savepoint(), SavepointWriter::create(&directory).unwrap().inline(inline)).unwrap();
        let bytes = std::fs::read(directory.join(METADATA)).unwrap();
        // The same once more is the same bytes.
        let again = scratch.path().join("again");
        let savepoint = Savepoint::new(Metadata::parse(&bytes).unwrap(), Directory::new(&directory));
        rewrite.run(&savepoint, SavepointWriter::create(&again).unwrap().inline(inline)).unwrap();
        prop_assert_eq!(files(&again), files(&directory));
        let metadata = Metadata::parse(&bytes).unwrap();
        prop_assert_eq!(metadata.version(), release.metadata_version());
        prop_assert_eq!(metadata.checkpoint_id, layout.checkpoint_id);
        let after = fingerprint(&Savepoint::new(metadata, Directory::new(&directory)), &mut |_| ());
        prop_assert!(after.failures.is_empty() && after.remarks.is_empty(), "{:?}", after);
        prop_assert_eq!(super::digests(&after), super::digests(&written.fingerprint()));
        prop_assert_eq!(after.digest(), written.fingerprint().digest());
    }
}
