//! Native formats in a canonical savepoint.

use flink_savepoint::savepoint::METADATA;

use super::parts::utf;
use super::{FIXED, Mutation, invalid};

pub(super) const ALL: &[Mutation] = &[invalid(
    "canonical-stream-in-native-handle",
    "NATIVE-WRITE-01",
    FIXED,
    "Managed keyed state of a canonical savepoint is in a handle of type 12.",
    |parts| {
        let ty = parts.find_if("keyed-state-handle.type", |ty| {
            ty.path.ends_with("managed_keyed.type") && ty.value.starts_with('7')
        })?;
        let end = parts.at(METADATA, ty.path.strip_suffix(".type")?)?.range.end;
        parts.replace(METADATA, end..end, &utf("00000000-0000-4000-8000-000000000001"))?;
        parts.overwrite(&ty, &[12])
    },
)];
