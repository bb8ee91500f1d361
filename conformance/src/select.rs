//! Which states of which operators are meant: `operator=GLOB,state=GLOB`.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flink_savepoint::logical::{Fingerprint, OperatorFingerprint, StateKey, Volatile};
use flink_savepoint::metadata::OperatorId;
use globset::{Glob, GlobMatcher};

/// States that are named on the command line.
#[derive(Debug, Clone)]
pub struct Selector {
    text: String,
    operator: Option<GlobMatcher>,
    /// The id of an operator with that uid, where the pattern can be one: before version 5 the metadata has no uids.
    uid_hash: Option<OperatorId>,
    state: Option<GlobMatcher>,
    used: Arc<AtomicBool>,
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut selector =
            Self { text: text.to_owned(), operator: None, uid_hash: None, state: None, used: Arc::default() };
        for part in text.split(',') {
            let glob = |pattern: &str| Glob::new(pattern).map(|glob| glob.compile_matcher()).map_err(|e| e.to_string());
            match part.split_once('=') {
                Some(("operator", pattern)) => {
                    selector.operator = Some(glob(pattern)?);
                    selector.uid_hash = Some(OperatorId::from_uid(pattern));
                }
                Some(("state", pattern)) => selector.state = Some(glob(pattern)?),
                _ => return Err(format!("{part:?} is neither operator=GLOB nor state=GLOB")),
            }
        }
        Ok(selector)
    }
}

impl Selector {
    /// Whether the state is meant. Operators are known by id, uid and name; states by name, and by kind and name as they are
    /// printed.
    pub fn matches(&self, id: &OperatorId, operator: &OperatorFingerprint, state: &StateKey) -> bool {
        let is_operator = self.matches_operator(id, operator);
        let is_state = self
            .state
            .as_ref()
            .is_none_or(|glob| glob.is_match(state.name.to_string()) || glob.is_match(state.to_string()));
        let matches = is_operator && is_state;
        self.used.fetch_or(matches, Ordering::Relaxed);
        matches
    }

    fn matches_operator(&self, id: &OperatorId, operator: &OperatorFingerprint) -> bool {
        self.operator.as_ref().is_none_or(|glob| {
            self.uid_hash == Some(*id)
                || glob.is_match(id.to_string())
                || [&operator.uid, &operator.name].into_iter().flatten().any(|name| glob.is_match(name))
        })
    }
}

/// What is left out of a comparison.
#[derive(Debug, Clone, clap::Args)]
pub struct Ignore {
    /// Leave out these states: `operator=GLOB`, `state=GLOB` or both, joined by a comma; may be given several times
    ///
    /// Operators are matched by id, uid and name, states by name or as they are printed ("MAP my-state").
    #[arg(long, value_name = "operator=GLOB,state=GLOB")]
    ignore: Vec<Selector>,

    /// Leave out what two runs of one job need not agree in: state with TTL, which carries the clock, and positions of sources
    #[arg(long)]
    ignore_volatile: bool,
}

impl Ignore {
    /// Whether anything is left out.
    pub fn is_given(&self) -> bool {
        self.ignore_volatile || !self.ignore.is_empty()
    }

    /// Whether the state is left out.
    pub fn matches(
        &self,
        id: &OperatorId,
        operator: &OperatorFingerprint,
        state: &StateKey,
        volatile: Option<Volatile>,
    ) -> bool {
        // All of them, so that each is known to be used.
        let selected = self.ignore.iter().filter(|selector| selector.matches(id, operator, state)).count();
        selected > 0 || self.ignore_volatile && volatile.is_some()
    }

    /// Leaves out what could not be read of operators of which no state counts.
    pub fn remove_failures_from(&self, fingerprint: &mut Fingerprint) {
        let Fingerprint { operators, failures, .. } = fingerprint;
        failures.retain(|failure| {
            let all = self.ignore.iter().filter(|selector| selector.state.is_none());
            let operator = operators.get(&failure.operator);
            !operator.is_some_and(|operator| all.clone().any(|one| one.matches_operator(&failure.operator, operator)))
        });
    }

    /// Leaves the states out of a fingerprint.
    pub fn remove_from(&self, fingerprint: &mut Fingerprint) {
        self.remove_failures_from(fingerprint);
        for (id, operator) in &mut fingerprint.operators {
            let states = std::mem::take(&mut operator.states).into_iter();
            let kept = states.filter(|(key, state)| !self.matches(id, operator, key, state.volatile)).collect();
            operator.states = kept;
        }
    }

    /// The selectors that matched nothing, as they were given.
    pub fn unused(&self) -> impl Iterator<Item = &str> {
        self.ignore
            .iter()
            .filter(|selector| !selector.used.load(Ordering::Relaxed))
            .map(|selector| selector.text.as_str())
    }
}
