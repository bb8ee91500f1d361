//! What is known while snapshots are read: hints, ends that were recovered, and what is left to do where reading stops.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::hints::{Hint, Hints};
use crate::meta_info::Place;

/// A snapshot of a class that Flink does not ship: where its body is, and how that is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Foreign {
    /// Offset of the first byte of the body.
    pub(crate) start: u64,
    /// Offset behind the body.
    pub(crate) end: u64,
    /// Whether the end was found by exact fit; else a frame or a hint tells it.
    pub(crate) inferred: bool,
    /// What the user says of the class.
    pub(crate) hint: Option<Arc<Hint>>,
}

/// What is left to be read when a snapshot stops the reader: enough to go on behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Todo {
    /// Nested snapshots.
    Snapshots { count: u32, nesting: u8 },
    /// Serializers of a state, each with its key.
    Serializers { count: u32 },
    /// States.
    States { count: u16, place: Place },
    /// The number of states, and these.
    Counted { place: Place },
}

/// What reading snapshots needs to know, and finds.
#[derive(Debug, Default)]
pub(crate) struct Context<'h> {
    hints: Option<&'h Hints>,
    known: &'h [Foreign],
    /// Whether only what Flink writes is accepted, since the end of a body is being looked for.
    pub(crate) strict: bool,
    found: RefCell<Vec<Foreign>>,
    /// The body that stopped the reader.
    stopped: Cell<Option<u64>>,
    todo: RefCell<Vec<Todo>>,
}

impl<'h> Context<'h> {
    pub(crate) fn with_hints(hints: &'h Hints) -> Self {
        Self { hints: Some(hints), ..Self::default() }
    }

    /// With bodies whose ends are known.
    pub(crate) fn knowing(hints: Option<&'h Hints>, known: &'h [Foreign]) -> Self {
        Self { hints, known, ..Self::default() }
    }

    /// The same, accepting only what Flink writes.
    pub(super) fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    pub(crate) fn hints(&self) -> Option<&'h Hints> {
        self.hints
    }

    /// The foreign body that starts there, if its end is known.
    pub(super) fn known_at(&self, start: u64) -> Option<Foreign> {
        self.known.iter().find(|foreign| foreign.start == start).cloned()
    }

    pub(super) fn found(&self, foreign: Foreign) {
        self.found.borrow_mut().push(foreign);
    }

    /// Foreign bodies that were read from the offset on.
    pub(super) fn found_from(&self, offset: u64) -> Vec<Foreign> {
        self.found.borrow().iter().filter(|foreign| foreign.start >= offset).cloned().collect()
    }

    pub(super) fn stop(&self, body: u64) {
        self.stopped.set(Some(body));
    }

    /// Where the reader stopped, and what was left to do, innermost first.
    pub(super) fn take_stop(&self) -> Option<(u64, Vec<Todo>)> {
        self.stopped.take().map(|body| (body, self.todo.take()))
    }

    /// Notes what is left on the way out of a stop.
    pub(crate) fn left_behind(&self, todo: impl FnOnce() -> Todo) {
        if self.stopped.get().is_some() {
            self.todo.borrow_mut().push(todo());
        }
    }
}
