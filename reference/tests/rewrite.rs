//! Files of one release written for another: the same content, or an error that names what would be lost.

mod common;

use common::corpus;
use flink_savepoint::ErrorKind;
use flink_savepoint::metadata::{
    Dropping, Feature, KeyGroupsFormat, KeyedHandle, Metadata, MetadataVersion, OperatorId, ReadOptions, Release,
    SubtaskState, Subtasks, Target,
};

fn golden(id: &str) -> Vec<u8> {
    corpus().into_iter().find(|golden| golden.id == id).unwrap_or_else(|| panic!("no golden {id}")).bytes
}

fn strict(bytes: &[u8]) -> Metadata<'_> {
    ReadOptions::new().strict(true).read(bytes).unwrap()
}

#[test]
fn every_golden_file_can_be_written_for_every_release_or_names_why_not() {
    for golden in corpus() {
        let metadata = strict(&golden.bytes);
        for release in Release::ALL {
            let id = format!("{} for {release}", golden.id);
            match metadata.write(Target::release(release)) {
                Ok(bytes) => {
                    let again = strict(&bytes);
                    assert_eq!(again.version(), release.metadata_version(), "{id}");
                    assert_eq!(again.checkpoint_id, metadata.checkpoint_id, "{id}");
                    assert_eq!(again.master_states, metadata.master_states, "{id}");
                    // Merged channels are spelled differently before version 6.
                    if !golden.id.ends_with("mergedchannel") || again.version() == MetadataVersion::V6 {
                        assert_eq!(again.operators, metadata.operators, "{id}");
                    }
                }
                Err(error) => {
                    assert!(
                        matches!(error.kind(), ErrorKind::Unrepresentable { release: r, .. } if *r == release),
                        "{id}: {error}"
                    );
                }
            }
            let bytes = metadata.write(Target::release(release).dropping(Dropping::everything()));
            let bytes = bytes.unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!(strict(&bytes).operators.len(), metadata.operators.len(), "{id}");
        }
        // For its own release nothing changes.
        assert_eq!(metadata.write(Target::release(golden.release())).unwrap(), golden.bytes, "{}", golden.id);
    }
}

#[test]
fn names_uids_and_properties_are_lost_by_name_only() {
    let bytes = golden("2.3.0-hashmap-file");
    let metadata = strict(&bytes);
    let refused = |dropping: Dropping, release: Release| {
        let error = metadata.write(Target::release(release).dropping(dropping)).unwrap_err();
        match error.kind() {
            ErrorKind::Unrepresentable { feature, .. } => (*feature, error.path()),
            other => panic!("{other:?}"),
        }
    };
    let nothing = Dropping::NOTHING;
    let name = nothing.and(Feature::OperatorName);
    assert_eq!(refused(nothing, Release::V1_20), (Feature::OperatorName, "operators[0].name".to_owned()));
    assert_eq!(refused(name, Release::V1_20).0, Feature::OperatorUid);
    let both = name.and(Feature::OperatorUid);
    assert!(metadata.write(Target::release(Release::V1_20).dropping(both)).is_ok());
    assert_eq!(refused(both, Release::V1_15), (Feature::Properties, "properties".to_owned()));

    let bytes = metadata.write(Target::release(Release::V1_20).dropping(both)).unwrap();
    let old = strict(&bytes);
    assert_eq!(old.version(), MetadataVersion::V4);
    assert_eq!(old.properties, metadata.properties);
    for (old, new) in old.operators.iter().zip(&metadata.operators) {
        assert_eq!((&old.name, &old.uid), (&None, &None));
        assert_eq!((old.id, old.subtasks, old.coordinator_state), (new.id, new.subtasks, new.coordinator_state));
    }
}

#[test]
fn a_newer_version_adds_nothing_but_null_properties() {
    let bytes = golden("1.13.6-rocksdb-file");
    let metadata = strict(&bytes);
    let bytes = metadata.write(Target::version(MetadataVersion::V6)).unwrap();
    let new = strict(&bytes);
    assert_eq!(new.operators, metadata.operators);
    assert_eq!(new.properties.as_ref().map(|p| p.content().is_none()), Some(true));
    // And back: the very bytes.
    assert_eq!(new.write(Target::release(Release::V1_13)).unwrap(), metadata.to_bytes().unwrap());
}

#[test]
fn finished_markers() {
    let bytes = golden("1.14.6-crafted-finished");
    let metadata = strict(&bytes);
    let target = Target::release(Release::V1_13);
    let error = metadata.write(target).unwrap_err();
    let feature = Feature::FinishedMarker;
    assert_eq!(error.kind(), &ErrorKind::Unrepresentable { feature, release: Release::V1_13 });
    let bytes = metadata.write(target.dropping(Dropping::NOTHING.and(feature))).unwrap();
    let old = strict(&bytes);
    let subtasks: Vec<_> = old.operators.iter().map(|o| o.subtasks().map(|s| s.index).collect::<Vec<_>>()).collect();
    assert!(old.operators.iter().all(|operator| !operator.is_fully_finished()));
    assert_eq!(subtasks.concat(), [1], "the finished subtasks are not listed");
}

#[test]
fn segments_are_state_that_is_lost_only_when_asked_to() {
    let bytes = golden("1.20.5-crafted-segment");
    let metadata = strict(&bytes);
    for release in [Release::V1_14, Release::V1_19] {
        let error = metadata.write(Target::release(release)).unwrap_err();
        let feature = Feature::Segment;
        assert_eq!(error.kind(), &ErrorKind::Unrepresentable { feature, release });
        assert_eq!(error.path(), "operators[0].subtasks[0].state.managed_operator");
        let bytes = metadata.write(Target::release(release).dropping(Dropping::NOTHING.and(feature))).unwrap();
        let operator = strict(&bytes).operators.iter().next().unwrap();
        let SubtaskState::Running(handles) = operator.subtasks().next().unwrap().state else { panic!() };
        assert!(handles.is_empty());
    }
    assert!(metadata.write(Target::release(Release::V2_0)).is_ok());
}

#[test]
fn state_handle_ids_become_older_types() {
    let bytes = golden("1.15.4-crafted-keygroups");
    let metadata = strict(&bytes);
    let target = Target::release(Release::V1_14);
    assert!(metadata.write(target).is_err());
    let bytes = metadata.write(target.dropping(Dropping::NOTHING.and(Feature::StateHandleId))).unwrap();
    let operator = strict(&bytes).operators.iter().next().unwrap();
    let SubtaskState::Running(handles) = operator.subtasks().next().unwrap().state else { panic!() };
    let Some(KeyedHandle::KeyGroups(handle)) = handles.managed_keyed else { panic!() };
    assert_eq!(handle.format, KeyGroupsFormat::Native);

    let bytes = golden("2.3.0-crafted-incremental");
    let old = strict(&bytes).write(Target::release(Release::V1_13).dropping(Dropping::everything())).unwrap();
    let operator = strict(&old).operators.iter().next().unwrap();
    let SubtaskState::Running(handles) = operator.subtasks().next().unwrap().state else { panic!() };
    assert_eq!(handles.managed_keyed.map(|h| h.type_byte()), Some(5));
}

#[test]
fn changelog_layouts_are_not_mistaken_for_each_other() {
    let of_1_14 = golden("1.14.6-crafted-changelog");
    let feature = Feature::Changelog1_14;
    let error = strict(&of_1_14).write(Target::release(Release::V1_15)).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unrepresentable { feature, release: Release::V1_15 });
    let of_1_16 = golden("1.16.3-crafted-changelog");
    let error = strict(&of_1_16).write(Target::release(Release::V1_15)).unwrap_err();
    let feature = Feature::Changelog1_16;
    assert_eq!(error.kind(), &ErrorKind::Unrepresentable { feature, release: Release::V1_15 });
}

#[test]
fn merged_channels_are_split_for_versions_without_them() {
    let bytes = golden("2.3.0-crafted-mergedchannel");
    let target = Target::release(Release::V2_0);
    let plain = strict(&bytes).write(target).unwrap();
    let operator = strict(&plain).operators.iter().next().unwrap();
    let SubtaskState::Running(handles) = operator.subtasks().next().unwrap().state else { panic!() };
    assert_eq!((handles.input_channels.len(), handles.result_subpartitions.len()), (2, 1));
}

#[test]
fn versions_2_and_below_are_not_written() {
    let metadata = Metadata::new(MetadataVersion::V3, 1);
    let version = MetadataVersion::V2;
    let error = metadata.write(Target::version(version)).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::NotWritable { version });
}

#[test]
fn what_the_model_cannot_mean_is_not_written() {
    let bytes = golden("2.3.0-crafted-coordinator");
    let metadata = strict(&bytes);
    let with = |change: &dyn Fn(&mut flink_savepoint::metadata::Operator<'_>)| {
        let mut operator = metadata.operators.iter().next().unwrap();
        change(&mut operator);
        let mut metadata = metadata.clone();
        metadata.operators = vec![operator].into();
        metadata.to_bytes().map_err(|error| error.kind().code())
    };
    assert!(with(&|operator| operator.id = OperatorId([7; 16])).is_ok());
    assert_eq!(with(&|operator| operator.uid = Some("".into())), Err("empty-name"));
    assert_eq!(with(&|operator| operator.parallelism = 1000), Err("parallelism"));
    assert_eq!(with(&|operator| operator.subtasks = Subtasks::FullyFinished), Err("finished-coordinator"));
    let long = "x".repeat(70_000);
    assert_eq!(with(&|operator| operator.name = Some(long.as_str().into())), Err("string-too-long"));
}
