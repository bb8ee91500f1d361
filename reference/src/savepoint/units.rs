//! A savepoint in units of work, which can be read in any order, at once, and on several machines.
//!
//! All state stands in one order: master states, then operator by operator what it keeps itself, then its handles as
//! [`Savepoint::for_each_part`] visits them. A unit is what is between two points of that order, so that it takes a line to name it
//! however many handles it spans. A keyed stream may be cut between two key groups, and nothing else inside of a handle.

use std::ops::ControlFlow;

use super::{Part, PartState, Savepoint};
use crate::metadata::{KeyGroupOffsets, KeyedHandle, MasterState, Metadata, Operator, SubtaskState};

/// A place between two pieces of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Point {
    /// Index of the operator in the metadata; none before the first one, where the master states are.
    pub operator: Option<u32>,
    /// Where in the operator.
    pub cut: Cut,
}

/// A place between two pieces of an operator's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cut {
    /// 0 before the operator itself and the state of its coordinator; n before its n-th handle, over all its subtasks.
    pub part: u32,
    /// The key group in that handle; 0 is the start of the handle, whatever its first key group is.
    pub key_group: u32,
}

/// A share of the state of a savepoint: from one point up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Unit {
    /// Where it starts.
    pub from: Point,
    /// Where it ends; none for the end of the savepoint.
    pub to: Option<Point>,
    /// Bytes of streams, as far as handles say: for balance and progress only.
    pub bytes: u64,
}

/// The key groups of a handle that a unit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct KeyGroupsOf {
    /// From this key group on; 0 is the start of the handle.
    pub from: u32,
    /// Up to, and without, this one; none for all the others.
    pub to: Option<u32>,
}

/// What a unit consists of.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'p, 'a> {
    /// The master states.
    Master(&'p [MasterState<'a>]),
    /// An operator itself, with the state of its coordinator.
    Operator(&'p Operator<'a>),
    /// A handle, or some key groups of it.
    Part(&'p Part<'p, 'a>, KeyGroupsOf),
}

impl Cut {
    /// Before a handle.
    fn before(part: u32) -> Self {
        Self { part, key_group: 0 }
    }
}

impl KeyGroupsOf {
    /// All of a handle.
    pub const ALL: Self = Self { from: 0, to: None };

    /// Whether the key group is one of them.
    pub fn contains(self, key_group: u32) -> bool {
        self.from <= key_group && self.to.is_none_or(|to| key_group < to)
    }

    /// Whether nothing before them is left out.
    pub fn is_first(self) -> bool {
        self.from == 0
    }
}

impl Unit {
    /// All of a savepoint.
    pub const ALL: Self =
        Self { from: Point { operator: None, cut: Cut { part: 0, key_group: 0 } }, to: None, bytes: 0 };

    /// Whether the point stands before the end of the unit.
    fn ends_behind(&self, point: Point) -> bool {
        self.to.is_none_or(|to| point < to)
    }

    /// Whether nothing of that operator is left behind the end of the unit.
    pub fn ends_behind_operator(&self, operator: u32) -> bool {
        self.to.is_none_or(|to| to.operator > Some(operator))
    }

    /// The key groups of a keyed handle that the unit has.
    fn key_groups(&self, operator: u32, part: u32) -> KeyGroupsOf {
        let inside = |point: &Point| point.operator == Some(operator) && point.cut.part == part;
        let from = Some(self.from).filter(inside).map_or(0, |from| from.cut.key_group);
        KeyGroupsOf { from, to: self.to.filter(inside).map(|to| to.cut.key_group) }
    }
}

impl<'a, S> Savepoint<'a, S> {
    /// Divides all state into at most `n` units of about as many bytes each. Fewer where there are fewer pieces; a key group is never
    /// divided. The units follow each other; every byte is in one of them.
    ///
    /// Takes two passes over the metadata, and opens no file.
    pub fn units(&self, n: usize) -> Vec<Unit> {
        let n = u128::try_from(n.max(1)).unwrap_or(u128::MAX);
        let mut all: u128 = 0;
        for_each_atom(&self.metadata, &mut |_, atom| all += atom.weight());
        let (mut units, mut before, mut number) = (Vec::<Unit>::new(), 0_u128, 0);
        for_each_atom(&self.metadata, &mut |from, atom| {
            // The unit that the middle of it falls into.
            let share = (before * 2 + atom.weight()).saturating_mul(n) / (all * 2).max(1);
            before += atom.weight();
            match units.last_mut() {
                Some(last) if share <= number => last.bytes = last.bytes.saturating_add(atom.bytes),
                last => {
                    if let Some(last) = last {
                        last.to = Some(from);
                    }
                    units.push(Unit { from, to: None, bytes: atom.bytes });
                    number = share;
                }
            }
        });
        units
    }

    /// Calls `visit` with every piece of a unit, and where it starts.
    pub fn for_each_piece<E>(
        &self,
        unit: &Unit,
        mut visit: impl FnMut(Point, &Piece<'_, 'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = Point::default();
        if unit.from == start && unit.ends_behind(start) {
            let states: Vec<MasterState<'a>> = self.metadata.master_states.iter().collect();
            visit(start, &Piece::Master(&states))?;
        }
        for (index, operator) in (0..).zip(&self.metadata.operators) {
            let point = |cut| Point { operator: Some(index), cut };
            if !unit.ends_behind(point(Cut::default())) {
                return Ok(());
            }
            if unit.from.operator > Some(index) {
                continue;
            }
            if unit.from <= point(Cut::default()) {
                visit(point(Cut::default()), &Piece::Operator(&operator))?;
            }
            let done = for_each_numbered(&operator, |number, part| {
                if !unit.ends_behind(point(Cut::before(number))) {
                    return ControlFlow::Break(None);
                }
                if unit.from >= point(Cut::before(number.saturating_add(1))) {
                    return ControlFlow::Continue(());
                }
                let groups = unit.key_groups(index, number);
                // Only keyed handles have several pieces; of another one the first has all.
                let groups = match part.state {
                    PartState::ManagedKeyed(_) | PartState::RawKeyed(_) => groups,
                    _ if groups.is_first() => KeyGroupsOf::ALL,
                    _ => return ControlFlow::Continue(()),
                };
                let cut = Cut { part: number, key_group: groups.from };
                match visit(point(cut), &Piece::Part(part, groups)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => ControlFlow::Break(Some(error)),
                }
            });
            if let ControlFlow::Break(Some(error)) = done {
                return Err(error);
            }
        }
        Ok(())
    }
}

/// What is never divided.
struct Atom {
    /// Of streams.
    bytes: u64,
    /// What it takes besides reading them, as if it was bytes: opening a file and reading its header, starting a key group.
    extra: u32,
}

impl Atom {
    const PART: u32 = 4096;
    const KEY_GROUP: u32 = 64;

    fn weight(&self) -> u128 {
        u128::from(self.bytes) + u128::from(self.extra)
    }
}

fn for_each_atom(metadata: &Metadata<'_>, visit: &mut dyn FnMut(Point, Atom)) {
    let payloads = metadata.master_states.iter().map(|state| state.payload.len() as u64);
    visit(Point::default(), Atom { bytes: payloads.sum(), extra: 0 });
    for (index, operator) in (0..).zip(&metadata.operators) {
        let mut at = |cut, bytes, extra| visit(Point { operator: Some(index), cut }, Atom { bytes, extra });
        let coordinator = operator.coordinator_state.as_ref().map_or(0, |state| state.data.len() as u64);
        at(Cut::default(), coordinator, Atom::KEY_GROUP);
        let ControlFlow::<()>::Continue(()) = for_each_numbered(&operator, |number, part| {
            of_part(number, part, &mut at);
            ControlFlow::Continue(())
        }) else {
            return;
        };
    }
}

fn of_part(number: u32, part: &Part<'_, '_>, at: &mut dyn FnMut(Cut, u64, u32)) {
    let size = size_of(part);
    let starts = match part.state {
        PartState::ManagedKeyed(KeyedHandle::KeyGroups(handle)) => starts(&handle.offsets, 0),
        PartState::RawKeyed(KeyedHandle::KeyGroups(handle)) => starts(&handle.offsets, -1),
        _ => Vec::new(),
    };
    let ends = starts.iter().skip(1).map(|(_, start)| *start).chain([size]);
    // The first piece has what stands before the first section.
    let mut from = 0;
    let mut cut = Cut::before(number);
    let mut extra = Atom::PART;
    for (i, ((group, _), end)) in starts.iter().zip(ends).enumerate() {
        if i > 0 {
            (cut.key_group, extra) = (*group, Atom::KEY_GROUP);
        }
        // Offsets may be beyond what the handle says of the size.
        let end = end.min(size).max(from);
        at(cut, end - from, extra);
        from = end;
    }
    if starts.is_empty() {
        at(cut, size, extra);
    }
}

/// Bytes of a handle's streams, as far as it says.
fn size_of(part: &Part<'_, '_>) -> u64 {
    let mut size = 0_u64;
    let mut add = |stream: &crate::metadata::StreamHandle<'_>| {
        size = size.saturating_add(stream.state_size().bytes().unwrap_or(0));
    };
    match part.state {
        PartState::ManagedKeyed(handle) | PartState::RawKeyed(handle) => handle.for_each_stream(&mut add),
        PartState::ManagedOperator(handle) | PartState::RawOperator(handle) => add(&handle.delegate),
        PartState::Channels => {}
    }
    size
}

/// Key groups that have a section, and where it starts. Empty unless the sections stand in the order of their key groups: a stream of
/// another order is read as a whole, as it is read up to its first error.
fn starts(offsets: &KeyGroupOffsets<'_>, absent: i64) -> Vec<(u32, u64)> {
    let sections = offsets.iter().filter(|(_, offset)| *offset != absent);
    let starts: Option<Vec<(u32, u64)>> =
        sections.map(|(group, offset)| Some((group, u64::try_from(offset).ok()?))).collect();
    let ascend = |starts: &Vec<(u32, u64)>| starts.is_sorted_by_key(|(_, offset)| *offset);
    starts.filter(ascend).unwrap_or_default()
}

/// The handles of an operator with their numbers.
fn for_each_numbered<'a, B>(
    operator: &Operator<'a>,
    mut visit: impl FnMut(u32, &Part<'_, 'a>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let mut number = 0_u32;
    for subtask in operator.subtasks() {
        let SubtaskState::Running(handles) = &subtask.state else { continue };
        for state in PartState::of(handles) {
            number = number.saturating_add(1);
            visit(number, &Part { operator, subtask: subtask.index, state })?;
        }
    }
    ControlFlow::Continue(())
}
