//! Deliberately wrong backends: the reference backend with one wrong behaviour each. The suite has to catch every one of them and to
//! blame the requirement that it breaks; with that the suite itself is tested.

mod accepting;
mod entries;
mod headers;
mod metadata;
mod operator;
mod reading;
mod steps;
pub mod trial;

use crate::adapter::reference::hooks::Hooks;

/// A wrong backend.
pub struct Mutant {
    /// What it does wrong, in a word.
    pub name: &'static str,
    /// Whether it writes wrong or reads wrong.
    pub side: Side,
    /// The requirement that it breaks.
    pub requirement: &'static str,
    /// What it does wrong, in a sentence.
    pub about: &'static str,
    /// Does it.
    pub hooks: fn() -> Box<dyn Hooks>,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It writes wrong savepoints.
    Producer,
    /// It reads savepoints wrong, or takes broken ones for sound.
    Consumer,
}

impl Side {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Mutant> {
    [entries::ALL, steps::ALL, headers::ALL, operator::ALL, metadata::ALL, reading::ALL, accepting::ALL]
        .into_iter()
        .flatten()
}

/// The one of that name.
pub fn get(name: &str) -> Option<&'static Mutant> {
    all().find(|mutant| mutant.name == name)
}

/// A list of mutants: name, requirement, sentence, and the methods of [`Hooks`] that it has in place of the right ones.
macro_rules! mutants {
    ($side:ident: $( $name:literal breaks $requirement:literal: $about:literal { $($methods:tt)* } )*) => {
        pub(super) const ALL: &[$crate::mutant::Mutant] = &[$(
            $crate::mutant::Mutant {
                name: $name,
                side: $crate::mutant::Side::$side,
                requirement: $requirement,
                about: $about,
                hooks: {
                    struct Wrong;

                    impl $crate::adapter::reference::hooks::Hooks for Wrong {
                        $($methods)*
                    }

                    || Box::new(Wrong)
                },
            },
        )*];
    };
    // Streams are written step by step.
    ($side:ident by steps: $( $name:literal breaks $requirement:literal: $about:literal { $($methods:tt)* } )*) => {
        $crate::mutant::mutants! { $side: $( $name breaks $requirement: $about {
            fn steps(&self) -> bool {
                true
            }

            $($methods)*
        } )* }
    };
    // Savepoints that break the requirement are taken for sound.
    ($side:ident accepting: $( $name:literal breaks $requirement:literal: $about:literal )*) => {
        $crate::mutant::mutants! { $side: $( $name breaks $requirement: $about {
            fn passes_over(&self, requirement: &str) -> bool {
                requirement == $requirement
            }
        } )* }
    };
}

use mutants;
