//! What the streams of one operator have to agree in, of the chapter on redistribution.

use std::collections::BTreeMap;

use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::logical::Digest;
use flink_savepoint::meta_info::StateKind;
use flink_savepoint::wire::JavaStr;

use super::place::Report;
use crate::text::count;

/// What the streams of an operator said so far, each with the subtask that said it first.
#[derive(Debug, Default)]
pub(super) struct Agreement {
    keyed: BTreeMap<JavaStr<'static>, (StateKind, u32)>,
    broadcast: BTreeMap<JavaStr<'static>, (Digest, u32)>,
}

impl Agreement {
    /// The kinds of the states of type 0. `offset` is where a state stands.
    pub(super) fn keyed(
        &mut self,
        header: &KeyedHeader<'_>,
        subtask: u32,
        offset: impl Fn(usize) -> u64,
        report: &mut Report<'_>,
    ) {
        for (i, state) in header.states.iter().enumerate() {
            if state.kind == StateKind::PriorityQueue {
                continue;
            }
            let (kind, first) = *self.keyed.entry(state.name.canonical()).or_insert((state.kind, subtask));
            if kind != state.kind && first != subtask {
                report.at("REDIST-MERGE-02", offset(i), format_args!("header.state[{i}].options"), || {
                    format!("state {} is of the kind {} here, and {kind} in subtask {first}", state.name, state.kind)
                });
            }
        }
    }

    /// The content of a broadcast state. Copies may differ where the job treats its subtasks differently; one that is empty, where
    /// another is not, is none.
    pub(super) fn broadcast(
        &mut self,
        name: &JavaStr<'_>,
        digest: Digest,
        subtask: u32,
        (offset, path): (u64, &str),
        report: &mut Report<'_>,
    ) {
        let (other, first) = *self.broadcast.entry(name.canonical()).or_insert((digest, subtask));
        if other == digest {
            return;
        }
        let message = || {
            format!(
                "broadcast state {name} has {} here, and others than in subtask {first}, which has {}",
                count(digest.entries, "entry"),
                other.entries
            )
        };
        if (digest.entries == 0) == (other.entries == 0) {
            report.note("REDIST-BROADCAST-03", offset, path, message);
        } else {
            report.at("REDIST-BROADCAST-03", offset, path, message);
        }
    }
}
