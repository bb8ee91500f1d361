//! Cells, counted by their verdict.

use std::ops::AddAssign;

use crate::verdict::Verdict;

/// How many cells have which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u64; Verdict::ALL.len()]);

/// What a pair or a row is shown as is its worst verdict, in this order.
const WORST: [Verdict; Verdict::ALL.len()] = [
    Verdict::Fail,
    Verdict::Crash,
    Verdict::Timeout,
    Verdict::AdapterError,
    Verdict::UnexpectedPass,
    Verdict::NotRun,
    Verdict::ExpectedFail,
    Verdict::Pass,
    Verdict::Unsupported,
];

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, verdict: Verdict) {
        if let Some(n) = self.0.get_mut(verdict as usize) {
            *n += 1;
        }
    }

    /// How many have that verdict.
    pub fn of(&self, verdict: Verdict) -> u64 {
        self.0.get(verdict as usize).copied().unwrap_or(0)
    }

    /// How many passed.
    pub fn passes(&self) -> u64 {
        self.of(Verdict::Pass)
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many there are that nobody declared unsupported: what passes are counted out of.
    pub fn required(&self) -> u64 {
        self.total() - self.of(Verdict::Unsupported)
    }

    /// How many make the run a bad one.
    pub fn bad(&self) -> u64 {
        Verdict::ALL.into_iter().filter(|verdict| verdict.is_bad()).map(|verdict| self.of(verdict)).sum()
    }

    /// The worst verdict. None: there are no cells.
    pub fn worst(&self) -> Option<Verdict> {
        WORST.into_iter().find(|verdict| self.of(*verdict) > 0)
    }

    /// Verdicts that occur, with their number, in the order of reports.
    pub fn occurring(&self) -> impl Iterator<Item = (Verdict, u64)> + '_ {
        Verdict::ALL.into_iter().map(|verdict| (verdict, self.of(verdict))).filter(|(_, n)| *n > 0)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for (n, more) in self.0.iter_mut().zip(other.0) {
            *n += more;
        }
    }
}
