//! Everything that operators refer to, with its field path. Paths are made only where something is wrong.

use flink_savepoint::metadata::{
    Handles, KeyedHandle, Operator, OperatorStateHandle, StreamHandle, Subtask, SubtaskState,
};

/// A field path, in the names of the layouts.
pub(super) type Path<'p> = &'p dyn Fn() -> String;

/// Where a stream handle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// State of an operator's coordinator.
    Coordinator,
    /// The delegate of operator state.
    Operator {
        /// The `is_empty` of type 17.
        empty: Option<bool>,
    },
    /// The delegate of keyed state in one stream, not in a changelog handle.
    KeyGroups,
    /// What handles may share: a file of an incremental snapshot, a stream of changes, or of keyed state in a changelog handle.
    Part,
    /// The delegate of channel state.
    Channel,
}

/// A handle of keyed state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyed {
    /// The one of managed state.
    Managed,
    /// The one of raw state.
    Raw,
    /// One inside of a changelog handle.
    Nested,
}

/// Calls `visit` with every subtask that is listed.
pub(super) fn subtasks<'a>(operators: &[Operator<'a>], visit: &mut dyn FnMut(&Operator<'a>, &Subtask<'a>, Path<'_>)) {
    for (i, operator) in operators.iter().enumerate() {
        for (j, subtask) in operator.subtasks().enumerate() {
            visit(operator, &subtask, &|| format!("operators[{i}].subtasks[{j}]"));
        }
    }
}

/// Calls `visit` with the handles of every subtask that has not finished.
pub(super) fn handles<'a>(
    operators: &[Operator<'a>],
    visit: &mut dyn FnMut(&Operator<'a>, u32, &Handles<'a>, Path<'_>),
) {
    subtasks(operators, &mut |operator, subtask, path| {
        if let SubtaskState::Running(handles) = &subtask.state {
            visit(operator, subtask.index, handles, &|| format!("{}.state", path()));
        }
    });
}

/// Calls `visit` with every handle of operator state.
pub(super) fn operator_state<'a>(
    operators: &[Operator<'a>],
    visit: &mut dyn FnMut(&OperatorStateHandle<'a>, Path<'_>),
) {
    handles(operators, &mut |_, _, handles, path| {
        let both = [("managed_operator", &handles.managed_operator), ("raw_operator", &handles.raw_operator)];
        for (name, handle) in both {
            if let Some(handle) = handle {
                visit(handle, &|| format!("{}.{name}", path()));
            }
        }
    });
}

/// Calls `visit` with every handle of keyed state, also with those in changelog handles.
pub(super) fn keyed_state<'a>(
    operators: &[Operator<'a>],
    visit: &mut dyn FnMut(&Operator<'a>, u32, Keyed, &KeyedHandle<'a>, Path<'_>),
) {
    handles(operators, &mut |operator, index, handles, path| {
        let both =
            [("managed_keyed", Keyed::Managed, &handles.managed_keyed), ("raw_keyed", Keyed::Raw, &handles.raw_keyed)];
        for (name, kind, handle) in both {
            if let Some(handle) = handle {
                let visit = &mut |kind, handle: &KeyedHandle<'a>, path: Path<'_>| {
                    visit(operator, index, kind, handle, path);
                };
                keyed(handle, kind, &|| format!("{}.{name}", path()), visit);
            }
        }
    });
}

fn keyed<'a>(
    handle: &KeyedHandle<'a>,
    kind: Keyed,
    path: Path<'_>,
    visit: &mut dyn FnMut(Keyed, &KeyedHandle<'a>, Path<'_>),
) {
    visit(kind, handle, path);
    if let KeyedHandle::Changelog(handle) = handle {
        for (name, list) in [("materialized", &handle.materialized), ("non_materialized", &handle.non_materialized)] {
            for (i, part) in list.iter().enumerate() {
                if let Some(part) = part {
                    keyed(&part, Keyed::Nested, &|| format!("{}.{name}[{i}]", path()), visit);
                }
            }
        }
    }
}

/// Calls `visit` with every stream handle, first with one that wraps another.
pub(super) fn streams<'a>(operators: &[Operator<'a>], visit: &mut dyn FnMut(Role, &StreamHandle<'a>, Path<'_>)) {
    for (i, operator) in operators.iter().enumerate() {
        if let Some(state) = &operator.coordinator_state {
            let handle = StreamHandle::ByteStream(state.clone());
            visit(Role::Coordinator, &handle, &|| format!("operators[{i}].coordinator_state"));
        }
    }
    operator_state(operators, &mut |handle, path| {
        let empty = handle.segmented.as_ref().map(|segmented| segmented.is_empty);
        stream(Role::Operator { empty }, &handle.delegate, &|| format!("{}.delegate", path()), visit);
    });
    keyed_state(operators, &mut |_, _, kind, handle, path| match handle {
        KeyedHandle::KeyGroups(handle) => {
            let role = if kind == Keyed::Nested { Role::Part } else { Role::KeyGroups };
            stream(role, &handle.delegate, &|| format!("{}.delegate", path()), visit);
        }
        KeyedHandle::Incremental(handle) => {
            if let Some(meta) = &handle.meta_state {
                stream(Role::Part, meta, &|| format!("{}.meta_state", path()), visit);
            }
            for (name, list) in [("shared_state", &handle.shared_state), ("private_state", &handle.private_state)] {
                for (i, file) in list.iter().enumerate() {
                    stream(Role::Part, &file.handle, &|| format!("{}.{name}[{i}].handle", path()), visit);
                }
            }
        }
        KeyedHandle::FileIncrement(handle) => {
            for (i, at) in handle.handles.iter().enumerate() {
                stream(Role::Part, &at.handle, &|| format!("{}.handles[{i}].handle", path()), visit);
            }
        }
        // What is in the first is visited on its own; the second has its bytes itself.
        KeyedHandle::Changelog(_) | KeyedHandle::ByteIncrement(_) => {}
    });
    handles(operators, &mut |_, _, handles, path| {
        for (i, channel) in handles.input_channels.iter().enumerate() {
            stream(
                Role::Channel,
                &channel.delegate,
                &|| format!("{}.input_channels[{i}].handle.delegate", path()),
                visit,
            );
        }
        for (i, channel) in handles.result_subpartitions.iter().enumerate() {
            let path = || format!("{}.result_subpartitions[{i}].handle.delegate", path());
            stream(Role::Channel, &channel.delegate, &path, visit);
        }
    });
}

fn stream<'a>(
    role: Role,
    handle: &StreamHandle<'a>,
    path: Path<'_>,
    visit: &mut dyn FnMut(Role, &StreamHandle<'a>, Path<'_>),
) {
    visit(role, handle, path);
    if let StreamHandle::KeyGroups(inner) = handle {
        stream(role, &inner.delegate, &|| format!("{}.delegate", path()), visit);
    }
}
