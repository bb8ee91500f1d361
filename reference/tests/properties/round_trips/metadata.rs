//! `_metadata` in every version and for every release.

use flink_savepoint::arbitrary::{Metadata1_14, for_release};
use flink_savepoint::metadata::{
    Dropping, Handles, KeyedHandle, Metadata, MetadataVersion, Operator, OperatorId, ReadOptions, Release, Subtask,
    SubtaskState, Subtasks, Target,
};
use flink_savepoint::{Error, ErrorKind};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::of_256;
use crate::strategies::bytes::made_of;
use crate::strategies::handles::{Layout, channel, keyed, operator_state};
use crate::strategies::metadata::{newest, of_1_14, operator, properties};

fn read_strictly(bytes: &[u8]) -> Result<Metadata<'_>, Error> {
    ReadOptions::new().strict(true).read(bytes)
}

/// Written, read strictly and written again, each time the same.
fn check(metadata: &Metadata<'_>) -> Result<(), TestCaseError> {
    let written = metadata.to_bytes().unwrap();
    let read = read_strictly(&written).unwrap();
    prop_assert_eq!(&read, metadata);
    prop_assert_eq!(read.to_bytes().unwrap(), &written[..]);
    prop_assert_eq!(read.write(Target::version(metadata.version())).unwrap(), written);
    Ok(())
}

/// Metadata of one operator with one subtask.
fn of_handles(handles: Handles<'static>) -> Metadata<'static> {
    let mut metadata = Metadata::new(MetadataVersion::V6, 1);
    let subtask = Subtask { index: 0, state: SubtaskState::Running(handles) };
    let operator = Operator {
        name: None,
        uid: None,
        id: OperatorId([7; 16]),
        parallelism: 1,
        max_parallelism: 1,
        coordinator_state: None,
        subtasks: Subtasks::Listed(vec![subtask].into()),
    };
    metadata.operators = vec![operator].into();
    metadata
}

/// Whether 1.14 wrote what another release reads, too, and as something else: nothing in the file tells.
fn is_ambiguous(read: &Metadata<'_>) -> bool {
    !read.has_changelog_of_1_14()
}

fn has_changelog(metadata: &Metadata<'_>) -> bool {
    metadata.operators.iter().any(|operator| {
        operator.subtasks().any(|subtask| match subtask.state {
            SubtaskState::Finished => false,
            SubtaskState::Running(handles) => {
                let keyed = [handles.managed_keyed, handles.raw_keyed];
                keyed.iter().flatten().any(|handle| matches!(handle.type_byte(), 8..=10))
            }
        })
    })
}

/// What every release makes of it, refusing what it cannot hold or dropping it.
fn check_releases(metadata: &Metadata<'_>) -> Result<(), TestCaseError> {
    for release in Release::ALL {
        let target = Target::release(release);
        let dropped = metadata.write(target.dropping(Dropping::everything())).unwrap();
        let read = read_strictly(&dropped).unwrap();
        let expected = for_release(metadata, release);
        if !(release == Release::V1_14 && has_changelog(&expected) && is_ambiguous(&read)) {
            prop_assert_eq!(&read.operators, &expected.operators, "{}", release);
        }
        prop_assert_eq!(
            (read.version(), read.checkpoint_id, &read.master_states, &read.properties),
            (expected.version(), expected.checkpoint_id, &expected.master_states, &expected.properties)
        );
        // Once dropped, nothing is left to drop.
        prop_assert_eq!(read.write(target).unwrap(), &dropped[..], "{}", release);
        match metadata.write(target) {
            Ok(written) => prop_assert_eq!(written, dropped),
            Err(error) => match error.kind() {
                ErrorKind::Unrepresentable { feature, release: named } => {
                    prop_assert_eq!(*named, release);
                    prop_assert!(!release.holds(*feature), "{}", error);
                }
                _ => prop_assert!(false, "{}", error),
            },
        }
    }
    Ok(())
}

/// The same file as Flink 1.10 wrote it: in version 2 there is nothing but the states of the four kinds.
fn as_version_2(metadata: &Metadata<'_>) -> Vec<u8> {
    use flink_savepoint::wire::Output;
    let mut out = Output::new();
    out.raw(&[0x49, 0x60, 0x67, 0x2D]);
    out.i32(2);
    out.i64(metadata.checkpoint_id.cast_signed());
    out.i32(0);
    out.count(metadata.operators.len()).unwrap();
    for operator in &metadata.operators {
        out.raw(&operator.id.0);
        out.i32(operator.parallelism.cast_signed());
        out.i32(operator.max_parallelism.cast_signed());
        out.i32(1);
        out.i32(0);
    }
    out.into_bytes()
}

proptest! {
    #![proptest_config(of_256(48))]

    #[test]
    fn newest_version(metadata in newest()) {
        check(&metadata)?;
    }

    #[test]
    fn every_release(metadata in newest()) {
        check_releases(&metadata)?;
    }

    #[test]
    fn every_release_of_what_a_fuzzer_makes(metadata in made_of::<Metadata<'static>>(600)) {
        check(&metadata)?;
        check_releases(&metadata)?;
    }

    /// Versions 3 to 6 hold what their newest release does.
    #[test]
    fn every_writable_version(metadata in newest()) {
        for version in MetadataVersion::ALL.into_iter().filter(|version| version.is_writable()) {
            let target = Target::version(version).dropping(Dropping::everything());
            let written = metadata.write(target).unwrap();
            let read = read_strictly(&written).unwrap();
            prop_assert_eq!(read.version(), version);
            check(&read)?;
        }
        prop_assert!(metadata.write(Target::version(MetadataVersion::V2)).is_err());
    }

    #[test]
    fn version_2(metadata in newest()) {
        let bytes = as_version_2(&metadata);
        let read = read_strictly(&bytes).unwrap();
        prop_assert_eq!(read.version(), MetadataVersion::V2);
        prop_assert_eq!(read.operators.len(), metadata.operators.len());
        for (old, new) in read.operators.iter().zip(&metadata.operators) {
            let expected = Operator {
                name: None,
                uid: None,
                coordinator_state: None,
                subtasks: Subtasks::Listed(vec![].into()),
                ..new
            };
            prop_assert_eq!(old, expected);
        }
        prop_assert!(read.to_bytes().is_err());
        // Read once, it can be written for any release.
        for release in Release::ALL {
            let written = read.write(Target::release(release)).unwrap();
            prop_assert_eq!(&read_strictly(&written).unwrap().operators, &read.operators);
        }
    }

    #[test]
    fn layouts_of_1_14(metadata in prop_oneof![of_1_14(), made_of::<Metadata1_14>(600).prop_map(|made| made.0)]) {
        let written = metadata.write(Target::release(Release::V1_14)).unwrap();
        prop_assert_eq!(metadata.to_bytes().unwrap(), &written[..]);
        let read = read_strictly(&written).unwrap();
        if !has_changelog(&metadata) || !is_ambiguous(&read) {
            prop_assert_eq!(&read.operators, &metadata.operators);
            prop_assert_eq!(read.to_bytes().unwrap(), written);
        }
        check_releases(&metadata)?;
    }

    #[test]
    fn keyed_handles(managed in keyed(Layout::Newest), raw in keyed(Layout::Newest)) {
        let handles = Handles { managed_keyed: Some(managed), raw_keyed: Some(raw), ..Handles::default() };
        check(&of_handles(handles))?;
    }

    #[test]
    fn keyed_handles_of_a_fuzzer(managed in made_of::<KeyedHandle<'static>>(200)) {
        check(&of_handles(Handles { managed_keyed: Some(managed), ..Handles::default() }))?;
    }

    #[test]
    fn operator_state_handles(managed in operator_state(Layout::Newest), raw in operator_state(Layout::Newest)) {
        let handles = Handles { managed_operator: Some(managed), raw_operator: Some(raw), ..Handles::default() };
        check(&of_handles(handles))?;
    }

    #[test]
    fn channel_handles(
        inputs in prop::collection::vec(channel(Layout::Newest), 0..4),
        results in prop::collection::vec(channel(Layout::Newest), 0..4),
    ) {
        let handles =
            Handles { input_channels: inputs.into(), result_subpartitions: results.into(), ..Handles::default() };
        check(&of_handles(handles))?;
    }

    #[test]
    fn operators(operator in operator(Layout::Newest)) {
        let mut metadata = Metadata::new(MetadataVersion::V6, 1);
        metadata.operators = vec![operator].into();
        check(&metadata)?;
    }

    #[test]
    fn checkpoint_properties(properties in properties()) {
        for version in [MetadataVersion::V4, MetadataVersion::V5, MetadataVersion::V6] {
            let mut metadata = Metadata::new(version, 1);
            metadata.properties = Some(properties.clone());
            check(&metadata)?;
        }
    }

    /// Every prefix is an error that stands inside of it or at its end.
    #[test]
    fn cut_files(metadata in newest(), cut: Index) {
        let written = metadata.to_bytes().unwrap();
        let cut = cut.index(written.len());
        let error = Metadata::parse(&written[..cut]).unwrap_err();
        prop_assert!(error.offset() <= cut as u64, "cut at {}: {}", cut, error);
        prop_assert!(!error.to_string().is_empty());
    }

    /// A changed byte is an error inside of the file, or another file that is read and written as any other.
    #[test]
    fn flipped_bytes(metadata in newest(), at: Index, flip in 1..=255_u8) {
        let mut written = metadata.to_bytes().unwrap();
        let at = at.index(written.len());
        written[at] ^= flip;
        match Metadata::parse(&written) {
            Err(error) => prop_assert!(error.offset() <= written.len() as u64, "{}", error),
            Ok(read) => {
                let _ = format!("{read:?}");
                if let Ok(strict) = read_strictly(&written)
                    && strict.version().is_writable()
                {
                    prop_assert_eq!(strict.to_bytes().unwrap(), written);
                }
            }
        }
    }
}
