//! Named mutations: each takes a sound savepoint and puts one defect into it, so that mending that defect makes it sound again.
//!
//! A mutation finds its place by what the bytes mean ([`Parts::find`]), not by offsets, and works on any savepoint that has such a
//! place. The negative vectors are what the mutations make of golden savepoints; one file of mutations for each chapter of the
//! specification.

mod compression;
mod directory;
mod handles;
mod key_groups;
mod keyed;
mod metadata;
mod native;
mod operator;
mod parts;
mod properties;
mod raw;
mod redistribution;
mod serializers;
mod spans;
mod streams;
mod timers;
mod values;
mod vector;

use crate::check::Spot;

pub use parts::{Parts, spot, utf};
pub use spans::Span;
pub use vector::{Changed, Vector, VectorFile, base, make};

/// What a mutation makes of a savepoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It cannot be read: the reader reports an error.
    Malformed,
    /// It can be read, and breaks a rule.
    Invalid,
}

impl Class {
    /// Its name; that of the directory of its vectors, too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Invalid => "invalid",
        }
    }
}

/// A golden savepoint to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    /// Id of the valid vector.
    pub vector: &'static str,
    /// The operators of it that are kept, by uid, name or id, to keep vectors small; all if it is empty.
    pub keep: &'static [&'static str],
}

/// One way in which a savepoint can be wrong.
#[derive(Debug, Clone, Copy)]
pub struct Mutation {
    /// Part of the id of its vector: `negative-state-size`.
    pub name: &'static str,
    /// The requirement that the result breaks.
    pub requirement: &'static str,
    /// Other requirements that cannot be kept where that one is broken.
    pub also: &'static [&'static str],
    /// Whether a reader can still read it.
    pub class: Class,
    /// The code of the reader's error; none if it is only invalid.
    pub error: Option<&'static str>,
    /// What is wrong, in one sentence.
    pub about: &'static str,
    /// What its vector is made from.
    pub base: Base,
    /// Puts the defect in. Returns where it is to be reported; `None`, with the savepoint in any state, if it has no such place.
    pub apply: fn(&mut Parts) -> Option<Spot>,
}

impl Mutation {
    /// The same, where these requirements cannot be kept either.
    const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }
}

/// All mutations, chapter by chapter.
pub fn all() -> impl Iterator<Item = &'static Mutation> {
    let chapters: [&'static [Mutation]; 14] = [
        directory::ALL,
        metadata::ALL,
        handles::ALL,
        properties::ALL,
        key_groups::ALL,
        keyed::ALL,
        operator::ALL,
        timers::ALL,
        serializers::ALL,
        values::ALL,
        compression::ALL,
        raw::ALL,
        native::ALL,
        redistribution::ALL,
    ];
    chapters.into_iter().flatten()
}

/// The mutation of that name.
pub fn get(name: &str) -> Option<&'static Mutation> {
    all().find(|mutation| mutation.name == name)
}

/// A savepoint as a whole.
const fn whole(vector: &'static str) -> Base {
    Base { vector, keep: &[] }
}

/// Some operators of a savepoint.
const fn of(vector: &'static str, keep: &'static [&'static str]) -> Base {
    Base { vector, keep }
}

/// A mutation that no reader gets past.
const fn malformed(
    name: &'static str,
    (requirement, error): (&'static str, &'static str),
    base: Base,
    about: &'static str,
    apply: fn(&mut Parts) -> Option<Spot>,
) -> Mutation {
    Mutation { name, requirement, also: &[], class: Class::Malformed, error: Some(error), about, base, apply }
}

/// A mutation that only rules find.
const fn invalid(
    name: &'static str,
    requirement: &'static str,
    base: Base,
    about: &'static str,
    apply: fn(&mut Parts) -> Option<Spot>,
) -> Mutation {
    Mutation { name, requirement, also: &[], class: Class::Invalid, error: None, about, base, apply }
}

/// Keyed state with keys and values of fixed length: one value state, two timer queues, six entries.
const FIXED: Base = of("2.3.0-hashmap-typed", &["key-short"]);
/// Keyed state of every kind, with timers, of two subtasks.
const KINDS: Base = of("2.3.0-hashmap-file", &["by-number"]);
/// Split, union and broadcast state of two subtasks.
const OPERATOR: Base = of("2.3.0-hashmap-file", &["operator-states"]);
