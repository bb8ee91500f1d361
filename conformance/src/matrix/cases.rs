//! What is run: scenarios, and vectors that stand for themselves.

use crate::event;
use crate::scenario::{Line, Program, Restore, Scenario};

use super::vectors::{Expectation, Suite, Vector};

/// A scenario or a vector.
#[derive(Debug, Clone)]
pub struct Case {
    /// As events and reports show it.
    pub about: event::Case,
    /// Whether it is one of the few that are always run with real Flink.
    pub core: bool,
    /// What it is.
    pub subject: Subject,
}

/// What a case is.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Something to produce and to restore.
    Scenario(Box<Task>),
    /// Something to look into.
    Vector(Box<Vector>),
}

/// A scenario, as adapters get it.
#[derive(Debug, Clone)]
pub struct Task {
    /// For producers.
    pub program: Program,
    /// For consumers.
    pub restore: Restore,
    /// What must come back.
    pub expected: Vec<Line>,
}

/// All scenarios.
pub(super) fn scenarios() -> Result<Vec<Case>, String> {
    let all = Scenario::all().map_err(|e| e.to_string())?;
    let case = |one: Scenario| Case {
        about: event::Case {
            id: one.id.clone(),
            title: one.title.clone(),
            requirements: one.requirements.clone(),
            bugs: one.bugs.clone(),
            features: one.features().to_vec(),
        },
        core: one.core,
        subject: Subject::Scenario(Box::new(Task {
            program: one.program(),
            restore: one.restore(),
            expected: one.expected(),
        })),
    };
    Ok(all.into_iter().map(case).collect())
}

/// All vectors.
pub(super) fn vectors(suite: &Suite) -> Result<Vec<Case>, String> {
    let case = |vector: Vector| {
        let requirements = match &vector.expected {
            Expectation::Accepted => Vec::new(),
            Expectation::Rejected { requirement, .. } => vec![requirement.clone()],
        };
        Case {
            about: event::Case {
                id: vector.id.clone(),
                title: vector.title.clone(),
                requirements,
                bugs: Vec::new(),
                features: Vec::new(),
            },
            core: true,
            subject: Subject::Vector(Box::new(vector)),
        }
    };
    Ok(suite.valid()?.into_iter().chain(suite.negative()?).map(case).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_has_to_come_back() {
        for case in scenarios().unwrap() {
            let Subject::Scenario(task) = case.subject else { panic!("{} is a vector", case.about.id) };
            assert!(!task.expected.is_empty(), "{}: whoever reads nothing would pass", case.about.id);
        }
    }
}
