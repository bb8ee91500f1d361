//! Every golden `_metadata` is understood to the last byte, and written back byte for byte.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::corpus;
use flink_savepoint::ErrorKind;
use flink_savepoint::metadata::channel_handle::Channels;
use flink_savepoint::metadata::{
    KeyedHandle, Metadata, OperatorStateHandle, Properties, ReadOptions, Release, StreamHandle, SubtaskState,
};

#[test]
fn every_golden_file_is_written_back_byte_for_byte() {
    for golden in corpus() {
        let metadata =
            ReadOptions::new().strict(true).read(&golden.bytes).unwrap_or_else(|e| panic!("{}: {e}", golden.id));
        assert_eq!(metadata.version(), golden.release().metadata_version(), "{}", golden.id);
        assert_eq!(metadata.trailing_bytes(), 0, "{}", golden.id);
        assert_eq!(metadata.to_bytes().unwrap(), golden.bytes, "{}", golden.id);
        let mut parts = Vec::new();
        metadata.to_bytes_in_parts(&mut |part| parts.push(part.to_vec())).unwrap();
        assert_eq!(
            (parts.len(), parts.concat()),
            (metadata.operators.len() + 1, golden.bytes.clone()),
            "{}",
            golden.id
        );
        let layout_of_1_14 = golden.release() == Release::V1_14 && golden.id.ends_with("changelog");
        assert_eq!(metadata.has_changelog_of_1_14(), layout_of_1_14, "{}", golden.id);
    }
}

#[test]
fn trailing_bytes_are_reported_and_accepted_unless_strict() {
    for golden in corpus() {
        let mut bytes = golden.bytes.clone();
        bytes.extend([0xAB; 3]);
        assert_eq!(Metadata::parse(&bytes).unwrap().trailing_bytes(), 3, "{}", golden.id);
        let error = ReadOptions::new().strict(true).read(&bytes).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::TrailingBytes { count: 3 });
        assert_eq!(error.offset(), golden.bytes.len() as u64, "{}", golden.id);
    }
}

#[test]
fn properties_made_from_their_content_are_the_bytes_that_flink_wrote() {
    let mut contents = BTreeSet::new();
    for golden in corpus() {
        let metadata = Metadata::parse(&golden.bytes).unwrap();
        let Some(properties) = &metadata.properties else { continue };
        let again = match properties.content() {
            Some(content) => Properties::new(content.clone()).unwrap(),
            None => Properties::null(),
        };
        assert_eq!(again.raw(), properties.raw(), "{}", golden.id);
        contents.insert(format!("{:?}", properties.content()));
    }
    assert_eq!(contents.len(), 9, "null, and the eight that the jobs and `Craft` make: {contents:#?}");
}

#[test]
fn the_corpus_has_every_release_with_both_backends_and_every_case() {
    let mut of: BTreeMap<Release, BTreeSet<String>> = BTreeMap::new();
    for golden in corpus() {
        let (_, rest) = golden.id.split_once('-').unwrap();
        of.entry(golden.release()).or_default().insert(rest.to_owned());
    }
    assert_eq!(of.len(), Release::ALL.len());
    for (release, cases) in of {
        for backend in ["hashmap", "rocksdb"] {
            for kind in ["file", "snappy", "inline-mp200"] {
                assert!(cases.contains(&format!("{backend}-{kind}")), "{release} {backend} {kind}");
            }
        }
        let mut crafted =
            vec!["empty", "master", "coordinator", "opstate", "keyedsavepoint", "keygroups", "incremental", "channel"];
        crafted.extend((release >= Release::V1_14).then_some(["changelog", "finished"]).into_iter().flatten());
        crafted.extend((release >= Release::V1_20).then_some("segment"));
        crafted.extend((release >= Release::V2_1).then_some("mergedchannel"));
        for case in crafted {
            assert!(cases.contains(&format!("crafted-{case}")), "{release} {case}");
        }
    }
}

/// Type bytes by place: (place, byte).
#[derive(Default)]
struct Seen(BTreeSet<(&'static str, u8)>);

impl Seen {
    fn stream(&mut self, handle: &StreamHandle<'_>) {
        self.0.insert(("stream", handle.type_byte()));
        if let StreamHandle::KeyGroups(handle) = handle {
            self.stream(&handle.delegate);
        }
    }

    fn operator(&mut self, handle: &OperatorStateHandle<'_>) {
        self.0.insert(("operator", handle.type_byte()));
        self.stream(&handle.delegate);
    }

    fn keyed(&mut self, handle: &KeyedHandle<'_>) {
        self.0.insert(("keyed", handle.type_byte()));
        match handle {
            KeyedHandle::KeyGroups(handle) => self.stream(&handle.delegate),
            KeyedHandle::Incremental(handle) => {
                handle.meta_state.iter().for_each(|h| self.stream(h));
                handle.shared_state.iter().chain(&handle.private_state).for_each(|h| self.stream(&h.handle));
            }
            KeyedHandle::Changelog(handle) => {
                handle.materialized.iter().chain(&handle.non_materialized).flatten().for_each(|h| self.keyed(&h));
            }
            KeyedHandle::ByteIncrement(_) => {}
            KeyedHandle::FileIncrement(handle) => handle.handles.iter().for_each(|h| self.stream(&h.handle)),
        }
    }
}

#[test]
fn the_corpus_has_every_type_byte_in_every_place() {
    let mut seen = Seen::default();
    let mut merged = BTreeSet::new();
    for golden in corpus() {
        for operator in &Metadata::parse(&golden.bytes).unwrap().operators {
            for subtask in operator.subtasks() {
                let SubtaskState::Running(handles) = subtask.state else { continue };
                handles.managed_operator.iter().chain(&handles.raw_operator).for_each(|h| seen.operator(h));
                handles.managed_keyed.iter().chain(&handles.raw_keyed).for_each(|h| seen.keyed(h));
                for handle in &handles.input_channels {
                    seen.stream(&handle.delegate);
                    merged.insert(matches!(handle.channels, Channels::Merged(_)));
                }
            }
        }
    }
    let stream = [1, 2, 3, 6, 15, 16].map(|byte| ("stream", byte));
    let operator = [4, 17].map(|byte| ("operator", byte));
    let keyed = [3, 5, 7, 8, 9, 10, 11, 12, 13, 14].map(|byte| ("keyed", byte));
    let expected: BTreeSet<_> = stream.into_iter().chain(operator).chain(keyed).collect();
    assert_eq!(seen.0, expected);
    assert_eq!(merged, BTreeSet::from([false, true]));
}

#[test]
fn strings_of_the_corpus_print_as_text() {
    let golden = corpus().into_iter().find(|golden| golden.id == "2.3.0-rocksdb-file").unwrap();
    let metadata = Metadata::parse(&golden.bytes).unwrap();
    let uids: BTreeSet<String> = metadata.operators.iter().filter_map(|o| o.uid.map(|uid| uid.to_string())).collect();
    assert!(uids.contains("by-text-\u{e9}\u{1F600}"), "{uids:?}");
    let names: BTreeSet<String> = metadata.operators.iter().filter_map(|o| o.name.map(|n| n.to_string())).collect();
    assert!(names.contains("по тексту"), "{names:?}");
}
