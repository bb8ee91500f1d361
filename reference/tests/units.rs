//! Units: every byte is in one of them, and what they mean together is what the savepoint means.

mod common;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::OnceLock;

use common::{Golden, corpus};
use flink_savepoint::logical::{Fingerprint, LogicalKind, Mismatch, Partial, fingerprint, partial, survey};
use flink_savepoint::metadata::{KeyedHandle, Metadata, SubtaskState};
use flink_savepoint::savepoint::{Directory, FileName, PartState, Piece, Point, Savepoint, Store, Unit};
use proptest::prelude::*;

fn open(golden: &Golden) -> Savepoint<'_, Directory> {
    Savepoint::new(Metadata::parse(&golden.bytes).unwrap(), Directory::new(&golden.directory))
}

fn goldens() -> &'static [Golden] {
    static GOLDENS: OnceLock<Vec<Golden>> = OnceLock::new();
    GOLDENS.get_or_init(corpus)
}

/// All of a fingerprint, as text.
fn shown(fingerprint: &Fingerprint) -> String {
    format!("{fingerprint:#?}")
}

fn parts<S: Store>(savepoint: &Savepoint<'_, S>, units: &[Unit], keys: bool) -> Vec<Partial> {
    units.iter().map(|unit| partial(savepoint, unit, keys, &mut |_| ())).collect()
}

fn merged(parts: Vec<Partial>) -> Fingerprint {
    let mut all = Partial::default();
    for part in parts {
        all.merge(part).unwrap();
    }
    all.finish().unwrap()
}

/// What there is, as often as it is told of: bytes of streams, or key groups where a handle has offsets.
fn told(savepoint: &Savepoint<'_, Directory>, units: &[Unit]) -> BTreeMap<String, u32> {
    let mut told = BTreeMap::new();
    for unit in units {
        let Ok(()) = savepoint.for_each_piece::<Infallible>(unit, |point, piece| {
            let operator = point.operator;
            match piece {
                Piece::Master(states) => *told.entry(format!("master {}", states.len())).or_default() += 1,
                Piece::Operator(operator_itself) => {
                    *told.entry(format!("{operator:?} {}", operator_itself.id)).or_default() += 1;
                }
                Piece::Part(part, groups) => {
                    let whole = format!("{operator:?} {} {} {}", part.subtask, part.state.label(), point.cut.part);
                    match part.state {
                        PartState::ManagedKeyed(KeyedHandle::KeyGroups(handle))
                        | PartState::RawKeyed(KeyedHandle::KeyGroups(handle)) => {
                            let has = handle.offsets.iter().filter(|(group, _)| groups.contains(*group));
                            for (group, offset) in has {
                                *told.entry(format!("{whole} {group} at {offset}")).or_default() += 1;
                            }
                        }
                        _ => *told.entry(whole).or_default() += 1,
                    }
                }
            }
            Ok(())
        });
    }
    told
}

fn total_bytes(savepoint: &Savepoint<'_, Directory>) -> u64 {
    let metadata = savepoint.metadata();
    let mut total: u64 = metadata.master_states.iter().map(|state| state.payload.len() as u64).sum();
    for operator in &metadata.operators {
        total += operator.coordinator_state.as_ref().map_or(0, |state| state.data.len() as u64);
        for subtask in operator.subtasks() {
            let SubtaskState::Running(handles) = subtask.state else { continue };
            handles.for_each_stream(|kind, stream| {
                use flink_savepoint::metadata::StateKind;
                if !matches!(kind, StateKind::InputChannel | StateKind::ResultSubpartition) {
                    total += stream.state_size().bytes().unwrap_or(0);
                }
            });
        }
    }
    total
}

#[test]
fn merged_units_are_the_fingerprint() {
    let mut most = 0;
    for golden in corpus() {
        let savepoint = open(&golden);
        for (keys, whole) in [(false, fingerprint(&savepoint, &mut |_| ())), (true, survey(&savepoint, &mut |_| ()))] {
            for n in [1, 2, 7, 40] {
                let units = savepoint.units(n);
                most = most.max(units.len());
                let forward = merged(parts(&savepoint, &units, keys));
                assert_eq!(shown(&forward), shown(&whole), "{} in {n}", golden.id);
                // In another order, and some of them merged with each other first.
                let mut rest = parts(&savepoint, &units, keys);
                let mut odd = Partial::default();
                for i in (0..rest.len()).rev().filter(|i| i % 2 == 1) {
                    odd.merge(rest.remove(i)).unwrap();
                }
                rest.push(odd);
                rest.reverse();
                assert_eq!(shown(&merged(rest)), shown(&whole), "{} in {n}", golden.id);
            }
        }
    }
    assert!((30..=40).contains(&most), "{most}");
}

/// A directory, of which one byte of each file is another one.
struct Damaged {
    directory: Directory,
    /// Where, in thousandths of the file.
    at: usize,
}

impl Store for Damaged {
    type Bytes = Vec<u8>;

    fn open(&self, name: &FileName<'_>) -> io::Result<Vec<u8>> {
        let mut bytes = self.directory.open(name)?;
        let at = bytes.len() * self.at / 1000;
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 0xFF;
        }
        Ok(bytes)
    }
}

/// A stream is read up to its first error, also where that is in another unit; and what hides the end of a header is found in each.
#[test]
fn damage_is_found_once() {
    let (mut failed, mut nameless, mut inside) = (0, 0, 0);
    for golden in corpus()
        .into_iter()
        .filter(|g| ["-rich", "-custom", "-file", "-snappy"].iter().any(|kind| g.id.ends_with(kind)))
    {
        for at in (15..1000).step_by(97) {
            let damaged = || Damaged { directory: Directory::new(&golden.directory), at };
            let savepoint = Savepoint::new(Metadata::parse(&golden.bytes).unwrap(), damaged());
            let whole = survey(&savepoint, &mut |_| ());
            let entries: u64 = whole.digest().entries;
            failed += usize::from(!whole.failures.is_empty());
            inside += usize::from(!whole.failures.is_empty() && entries > 0);
            let states = whole.operators.values().flat_map(|operator| operator.states.keys());
            nameless += states.filter(|key| key.kind == LogicalKind::Nameless).count();
            for n in [2, 7, 40] {
                let merged = merged(parts(&savepoint, &savepoint.units(n), true));
                assert_eq!(shown(&merged), shown(&whole), "{} damaged at {at} in {n}", golden.id);
            }
        }
    }
    assert!(failed > 100 && inside > 100 && nameless > 0, "{failed} {inside} {nameless}");
}

#[test]
fn what_is_missing_or_there_twice_is_named() {
    let golden = corpus().into_iter().find(|golden| golden.id == "2.3.0-rocksdb-rich").unwrap();
    let savepoint = open(&golden);
    let units = savepoint.units(40);
    assert!(units.len() > 20, "{}", units.len());
    for skipped in 0..units.len() {
        let mut all = Partial::default();
        for (i, part) in parts(&savepoint, &units, false).into_iter().enumerate().filter(|(i, _)| *i != skipped) {
            all.merge(part).unwrap_or_else(|e| panic!("{i}: {e}"));
        }
        let again = usize::from(skipped == 0);
        let twice = all.merge(partial(&savepoint, &units[again], false, &mut |_| ())).unwrap_err();
        assert!(matches!(twice, Mismatch::Twice { .. } | Mismatch::MasterStatesTwice), "{twice:?}");
        let missing = all.finish().unwrap_err();
        assert!(matches!(missing, Mismatch::Missing { .. } | Mismatch::NoMasterStates), "{missing:?}");
    }
    let other = Partial { operators: 1, ..Partial::default() };
    let mut all = merge_all(&savepoint, &units);
    assert!(matches!(all.merge(other), Err(Mismatch::Operators { other: 1, .. })));
}

fn merge_all(savepoint: &Savepoint<'_, Directory>, units: &[Unit]) -> Partial {
    let mut all = Partial::default();
    for part in parts(savepoint, units, false) {
        all.merge(part).unwrap();
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_byte_is_in_one_unit(index in any::<prop::sample::Index>(), n in 1_usize..=40) {
        let golden = index.get(goldens());
        let savepoint = open(golden);
        let units = savepoint.units(n);
        prop_assert!((1..=n).contains(&units.len()));
        prop_assert_eq!(units[0].from, Point::default());
        for pair in units.windows(2) {
            prop_assert!(pair[0].from < pair[1].from);
            prop_assert_eq!(pair[0].to, Some(pair[1].from));
        }
        prop_assert_eq!(units[units.len() - 1].to, None);
        prop_assert_eq!(units.iter().map(|unit| unit.bytes).sum::<u64>(), total_bytes(&savepoint));
        let told_of = told(&savepoint, &units);
        prop_assert!(told_of.values().all(|times| *times == 1), "{told_of:#?}");
        prop_assert_eq!(told_of, told(&savepoint, &[Unit::ALL]));
    }
}
