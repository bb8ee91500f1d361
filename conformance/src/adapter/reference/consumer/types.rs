//! Whether a job and a savepoint have the same types.

use flink_savepoint::metadata::Release;
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::value::TypeDescription;

use super::{Refusal, Stop};
use crate::adapter::reference::backend::RunningState;
use crate::adapter::reference::serializers::{Serializers, Snapshot};
use crate::scenario::State;

/// That a state was written with the serializers that the job has. Nothing is migrated.
pub(super) fn same(restored: &RunningState, state: &State, release: Release) -> Result<(), Stop> {
    let job = Serializers::of(state, release)?;
    let stored = &restored.serializers;
    let described = |snapshot: &Option<Snapshot>| snapshot.as_ref().map(SerializerSnapshot::type_description);
    let parts = [
        ("VALUE-STATE-01", "value", described(&stored.value), described(&job.value)),
        ("STATE-SERIALIZER-01", "user key", described(&stored.user_key), described(&job.user_key)),
        (
            "STATE-SERIALIZER-01",
            "namespace",
            Some(stored.namespace.type_description()),
            Some(job.namespace.type_description()),
        ),
    ];
    for (requirement, what, stored, job) in parts {
        if stored != job {
            return Err(mismatch(requirement, &format!("{what} of state {}", state.name), stored, job).into());
        }
    }
    if stored.ttl != job.ttl {
        let message = format!("state {} has time to live in only one of job and savepoint", state.name);
        return Err(Refusal::mismatch("VALUE-TTL-04", message).into());
    }
    Ok(())
}

pub(super) fn mismatch(
    requirement: &str,
    what: &str,
    stored: Option<TypeDescription>,
    job: Option<TypeDescription>,
) -> Refusal {
    let name = |ty: Option<TypeDescription>| ty.map_or_else(|| "nothing".to_owned(), |ty| ty.to_string());
    Refusal::mismatch(requirement, format!("{what}: the savepoint has {}, the job {}", name(stored), name(job)))
}
