//! The suite is tested: every wrong backend is caught, and blamed on the requirement that it breaks.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use flink_savepoint::metadata::Release;
use flink_savepoint_conformance::mutant::trial::{Bench, Outcomes};
use flink_savepoint_conformance::mutant::{self, Mutant};
use flink_savepoint_conformance::scenario::Scenario;
use flink_savepoint_conformance::verdict::Verdict;
use rayon::prelude::*;

/// Large values take most of the time and show nothing that small ones do not.
fn is_small(scenario: &Scenario) -> bool {
    !["large-values", "large-map", "snappy-large"].contains(&scenario.id.as_str())
}

#[test]
fn every_mutant_is_caught_and_blamed() {
    let bench = Bench::new(Release::V2_3, is_small).unwrap();
    let bad: Vec<String> = bench
        .run_right()
        .iter()
        .filter(|cell| cell.verdict != Verdict::Pass)
        .map(|cell| format!("{} {} {}: {:?}", cell.producer, cell.consumer, cell.case, cell.reason))
        .collect();
    assert_eq!(bad, [""; 0], "the backend with nothing wrong");
    let only = std::env::var("MUTANT").ok();
    let mutants: Vec<&Mutant> = mutant::all()
        .filter(|one| only.as_deref().is_none_or(|only| only.split(',').any(|only| one.name.contains(only))))
        .collect();
    let outcomes: Vec<Outcomes> = mutants.par_iter().map(|mutant| bench.run(mutant)).collect();
    let mut wrong = Vec::new();
    for (mutant, outcomes) in mutants.iter().zip(&outcomes) {
        let caught = outcomes.caught_by().count();
        if caught == 0 || !outcomes.points_at(mutant.requirement) {
            let blames = outcomes.blames.iter().take(4).map(|one| format!("{} {:.2}", one.requirement, one.score));
            let blames: Vec<String> = blames.collect();
            let cells = outcomes.caught_by().take(if only.is_some() { 30 } else { 3 });
            let cells = cells.map(|cell| {
                format!(
                    "\n      {}/{} {}: {}",
                    cell.consumer,
                    cell.case,
                    cell.verdict.label(),
                    cell.reason.as_deref().unwrap_or("?")
                )
            });
            wrong.push(format!(
                "{} ({}): {caught} cells, blamed {}{}",
                mutant.name,
                mutant.requirement,
                blames.join(", "),
                cells.collect::<String>()
            ));
        }
    }
    println!("{}", table(&mutants, &outcomes));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), mutants.len(), wrong.join("\n"));
    if only.is_none() {
        compare_page(&table(&mutants, &outcomes));
    }
}

/// Name, side, what is broken, the cell that shows it best, and how many there are.
fn table(mutants: &[&Mutant], outcomes: &[Outcomes]) -> String {
    let mut page = String::from(
        "| Mutant | Side | Breaks | Cells | Caught first by | What it does |\n|---|---|---|---|---|---|\n",
    );
    for (mutant, outcomes) in mutants.iter().zip(outcomes) {
        let first = outcomes.caught_by().next();
        let first = first.map_or_else(String::new, |cell| {
            let who = if cell.consumer == "mutant" { &cell.producer } else { &cell.consumer };
            format!("{who}, {}", cell.case)
        });
        let Mutant { name, side, requirement, about, .. } = mutant;
        let count = outcomes.caught_by().count();
        let _ = writeln!(page, "| `{name}` | {} | {requirement} | {count} | {first} | {about} |", side.label());
    }
    page
}

/// The page says what is true. `UPDATE_DOCS=1` writes it.
fn compare_page(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mutants.md");
    let page = format!("{HEAD}{table}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == page, "docs/mutants.md is not up to date: UPDATE_DOCS=1 writes it");
}

const HEAD: &str = "# Wrong backends

The reference backend with one wrong behaviour each. The suite catches every one, and blames the requirement that it breaks: no other
has a higher score over all cells of a run, and at most two others have the same. This page is written by
`conformance/tests/mutants.rs`.

To see one of them in a report, run it as an adapter: `savepoint adapter reference --mutant NAME`.

A mutant that writes is given to the rules (`check`) and to the reference backend; one that reads gets the savepoints of the
reference backend, and the broken vectors. Those named `accepts-` do no more than to call such vectors sound, whose first defect is
of that requirement.

";
