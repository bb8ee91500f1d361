//! What a savepoint means, whoever wrote it.
//!
//! Two savepoints mean the same if every operator has the same entries in the same states. Not part of the meaning: in
//! which file, subtask and order an entry stands, compression, inlining, state ids, the version of `_metadata`, names and
//! uids of operators (versions before 5 have none), serializer snapshots, and the two spellings of a null map value.
//!
//! Also what no sound savepoint has is part of the meaning: entries in the section of another key group than their prefix
//! says, and copies of broadcast state that differ. So a diff is empty exactly if the digests of both fingerprints are equal,
//! but by accident.

mod collect;
mod diff;
mod fingerprint;
mod hash;
mod key_check;
mod partial;
mod state;
mod visit;
mod workers;

pub use collect::StatePartial;
pub use diff::{Change, Diff, DiffOptions, Difference, Excerpt, Ignore, Presence, StateDiff, diff, diff_with};
pub use fingerprint::{Fingerprint, OperatorFingerprint, Serializers, StateFingerprint, fingerprint, survey};
pub use hash::{ALGORITHM, Digest, EntryHash};
pub use key_check::{KeyCheck, KeyCounts, KeyVerdict, Misplaced};
pub use partial::{Mismatch, OperatorAbout, Partial, Segment, partial};
pub use state::{About, LogicalKind, StateKey, Volatile};
pub use visit::{Place, Stop, Visited, Visitor, visit, visit_piece};
pub use workers::{OneWorker, Workers};
