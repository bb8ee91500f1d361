//! Which requirements failing cells point at.
//!
//! Direct evidence weighs most: what the rules found in a savepoint, or what a broken vector breaks ([`Cell::blames`]). Of several
//! findings in one savepoint the first weighs most, since later ones are often its consequences. What a consumer says weighs less
//! where the rules have found something, and next to nothing where they have not. Where nothing was found, the requirements that failing scenarios cite are weighed by how many of the cells that cite them fail.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::event::{Case, Cell};
use crate::matrix::RULES;
use crate::matrix::judge::REFUSED;
use crate::verdict::Verdict;

/// A requirement, and how much points at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Blame {
    /// Its id.
    pub requirement: String,
    /// Greater is worse. Direct evidence adds more than 1 for the cell, hints add at most 1 in all.
    pub score: f64,
}

/// What a cell adds whose consumer has refused a savepoint in which the rules find nothing.
const HEARSAY: f64 = 0.01;
/// What a cell adds to the first requirement that it blames; to each later one a quarter of the one before.
const DIRECT: f64 = 100.0;
const LATER: f64 = 0.25;
/// How much less a requirement weighs that a scenario cites after another one.
const CITED_LATER: f64 = 0.5;

/// The requirements that failing cells point at, the worst first; in the order of their ids where nothing tells them apart.
pub fn blame(cells: &[Cell], cases: &[Case]) -> Vec<Blame> {
    let mut scores: BTreeMap<&str, f64> = BTreeMap::new();
    let found = rules_by_savepoint(cells);
    for cell in cells.iter().filter(|cell| has_failed(cell)) {
        let mut weight = match found.get(&(cell.producer.as_str(), cell.case.as_str())) {
            Some(true) if cell.consumer != RULES => DIRECT * LATER,
            // It has refused what is sound. What it misread is not what is wrong with it.
            Some(false) if is_refusal(cell) => HEARSAY,
            _ => DIRECT,
        };
        for requirement in telling_first(&cell.blames) {
            *scores.entry(requirement).or_default() += weight;
            weight *= LATER;
        }
    }
    for (requirement, hint) in hints(cells, cases) {
        *scores.entry(requirement).or_default() += hint;
    }
    let mut blames: Vec<_> =
        scores.into_iter().map(|(id, score)| Blame { requirement: id.to_owned(), score }).collect();
    blames.sort_by(|a, b| b.score.total_cmp(&a.score));
    blames
}

/// Whether the rules have found something in the savepoint of a producer and a case.
fn rules_by_savepoint(cells: &[Cell]) -> HashMap<(&str, &str), bool> {
    let rules = cells.iter().filter(|cell| cell.consumer == RULES);
    rules.map(|cell| ((cell.producer.as_str(), cell.case.as_str()), has_failed(cell))).collect()
}

/// Whether a consumer says that it is the savepoint that is wrong.
fn is_refusal(cell: &Cell) -> bool {
    cell.reason.as_deref().is_some_and(|reason| reason.starts_with(REFUSED))
}

/// Lengths that lead beyond the end, and ends that come too early, come of something else more often than not: they stand behind what
/// says more.
fn telling_first(blames: &[String]) -> impl Iterator<Item = &String> {
    let is_general = |one: &&String| one.starts_with("WIRE-");
    let telling = blames.iter().filter(move |one| !is_general(one));
    telling.chain(blames.iter().filter(is_general))
}

/// For each requirement that a failing cell cites, between 0 and 1: how many of the citing cells fail, weighed by how early their
/// cases cite it.
fn hints<'c>(cells: &'c [Cell], cases: &'c [Case]) -> BTreeMap<&'c str, f64> {
    let cases: HashMap<&str, &Case> = cases.iter().map(|case| (case.id.as_str(), case)).collect();
    let mut counts: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    // That a savepoint keeps the rules says nothing about who reads it.
    for cell in cells.iter().filter(|cell| cell.consumer != RULES || has_failed(cell)) {
        let (Some(case), true) = (cases.get(cell.case.as_str()), has_failed(cell) || cell.verdict == Verdict::Pass)
        else {
            continue;
        };
        let mut weight = 1.0;
        for requirement in &case.requirements {
            let (failing, passing) = counts.entry(requirement).or_default();
            *(if has_failed(cell) { failing } else { passing }) += weight;
            weight *= CITED_LATER;
        }
    }
    let hints = counts.into_iter().filter(|(_, (failing, _))| *failing > 0.0);
    // Ochiai's measure without its root: how much of the citing fails, times how much of the failing cites.
    let failing = u32::try_from(cells.iter().filter(|cell| has_failed(cell)).count());
    let all = f64::from(failing.unwrap_or(u32::MAX).max(1));
    hints.map(|(id, (failing, passing))| (id, failing / (failing + passing) * (failing / all).min(1.0))).collect()
}

/// For the failing cells that blame nothing: the requirements that their case cites, without those that a passing case of the same
/// pair cites first. All of them, if none are left.
pub fn by_elimination<'c>(cells: &'c [Cell], cases: &[Case]) -> Vec<(&'c Cell, Vec<String>)> {
    let cases: HashMap<&str, &Case> = cases.iter().map(|case| (case.id.as_str(), case)).collect();
    let mut cleared: HashMap<(&str, &str), BTreeSet<&str>> = HashMap::new();
    for cell in cells.iter().filter(|cell| cell.verdict == Verdict::Pass) {
        let first = cases.get(cell.case.as_str()).and_then(|case| case.requirements.first());
        let pair = (cell.producer.as_str(), cell.consumer.as_str());
        cleared.entry(pair).or_default().extend(first.map(String::as_str));
    }
    let failing = cells.iter().filter(|cell| cell.blames.is_empty() && has_failed(cell));
    let suspects = failing.filter_map(|cell| {
        let cited = &cases.get(cell.case.as_str())?.requirements;
        let cleared = cleared.get(&(cell.producer.as_str(), cell.consumer.as_str()));
        let left = cited.iter().filter(|one| !cleared.is_some_and(|cleared| cleared.contains(one.as_str())));
        let left: Vec<String> = left.cloned().collect();
        let suspects = if left.is_empty() { cited.clone() } else { left };
        (!suspects.is_empty()).then_some((cell, suspects))
    });
    suspects.collect()
}

/// Whether it says something about an implementation, and nothing good. Expected failures are failures.
fn has_failed(cell: &Cell) -> bool {
    matches!(cell.verdict, Verdict::Fail | Verdict::ExpectedFail | Verdict::Crash | Verdict::Timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, requirements: &[&str]) -> Case {
        Case {
            id: id.to_owned(),
            title: String::new(),
            requirements: requirements.iter().map(|&one| one.to_owned()).collect(),
            bugs: Vec::new(),
            features: Vec::new(),
        }
    }

    fn cell(case: &str, verdict: Verdict, blames: &[&str]) -> Cell {
        Cell {
            producer: "p".to_owned(),
            consumer: "c".to_owned(),
            case: case.to_owned(),
            verdict,
            reason: None,
            blames: blames.iter().map(|&one| one.to_owned()).collect(),
            millis: 0,
            evidence: None,
        }
    }

    fn order(cells: &[Cell], cases: &[Case]) -> Vec<String> {
        blame(cells, cases).into_iter().map(|one| one.requirement).collect()
    }

    #[test]
    fn findings_outweigh_citations() {
        let cases = [case("one", &["A", "B"]), case("two", &["A"]), case("three", &["C"])];
        let cells = [
            cell("one", Verdict::Fail, &[]),
            cell("two", Verdict::Fail, &[]),
            cell("three", Verdict::Fail, &["Z", "Y"]),
        ];
        assert_eq!(order(&cells, &cases), ["Z", "Y", "A", "C", "B"]);
    }

    #[test]
    fn the_first_finding_outweighs_its_consequences() {
        let cells = [cell("one", Verdict::Fail, &["B", "A"]), cell("two", Verdict::Crash, &["B", "C"])];
        assert_eq!(order(&cells, &[]), ["B", "A", "C"]);
    }

    #[test]
    fn what_passes_elsewhere_is_less_likely() {
        let cases = [case("maps", &["MAP", "KEY"]), case("lists", &["LIST", "KEY"]), case("values", &["KEY"])];
        let cells =
            [cell("maps", Verdict::Fail, &[]), cell("lists", Verdict::Pass, &[]), cell("values", Verdict::Pass, &[])];
        assert_eq!(order(&cells, &cases), ["MAP", "KEY"]);
        let suspects = by_elimination(&cells, &cases);
        assert_eq!(suspects, [(&cells[0], vec!["MAP".to_owned()])]);
    }

    #[test]
    fn a_case_of_which_all_is_cleared_keeps_its_citations() {
        let cases = [case("one", &["A"]), case("two", &["A"])];
        let cells = [cell("one", Verdict::Pass, &[]), cell("two", Verdict::Fail, &[])];
        assert_eq!(by_elimination(&cells, &cases), [(&cells[1], vec!["A".to_owned()])]);
    }

    #[test]
    fn what_says_nothing_about_an_implementation_blames_nothing() {
        let cases = [case("one", &["A"])];
        for verdict in [Verdict::Pass, Verdict::Unsupported, Verdict::NotRun, Verdict::AdapterError] {
            assert_eq!(blame(&[cell("one", verdict, &[])], &cases), [], "{verdict:?}");
        }
    }
}
