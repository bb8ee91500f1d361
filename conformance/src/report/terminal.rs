//! The report at the end of a run.

use std::collections::HashMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, Table, presets};

use super::counts::Counts;
use super::data::RunData;
use super::words::{self, Outcome};
use crate::event::Cell;
use crate::text::{count, printable};
use crate::verdict::Verdict;

/// So many unexpected cells are shown, of those that are alike one.
const SHOWN: usize = 10;
/// So many lines of a diff.
const DIFF: usize = 6;
/// So much of a line.
const LINE: usize = 240;

const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const PLAIN: Style = Style::new();

/// Renders the matrix, the first unexpected cells, the counts and the verdict. The matrix is broken up where it is wider than so
/// many characters.
pub fn terminal(run: &RunData, colour: bool, width: usize) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = matrix(&mut page, run, width);
    let _ = unexpected(&mut page, run);
    let _ = stale(&mut page, run);
    let _ = totals(&mut page, run);
    if colour { page } else { anstream::adapter::strip_str(&page).to_string() }
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => GREEN,
        Verdict::ExpectedFail => YELLOW,
        Verdict::Unsupported => PLAIN,
        _ => RED,
    }
}

/// Stands for the sign of a verdict until the table is laid out, which cannot measure colours.
fn mark(verdict: Verdict) -> char {
    char::from_u32(0xE000 + verdict as u32).unwrap_or(' ')
}

fn coloured(line: &str) -> String {
    Verdict::ALL.into_iter().fold(line.to_owned(), |line, verdict| {
        let style = style(verdict);
        line.replace(mark(verdict), &format!("{style}{}{style:#}", verdict.sign()))
    })
}

fn field(counts: Option<Counts>) -> String {
    let Some(counts) = counts.filter(|counts| counts.total() > 0) else { return String::new() };
    let sign = counts.worst().unwrap_or(Verdict::NotRun);
    let unsupported = counts.of(Verdict::Unsupported);
    let apart = if unsupported > 0 { format!(" {unsupported}{}", mark(Verdict::Unsupported)) } else { String::new() };
    match counts.required() {
        0 => apart.trim_start().to_owned(),
        required => format!("{}/{required} {}{apart}", counts.passes(), mark(sign)),
    }
}

fn matrix(page: &mut String, run: &RunData, width: usize) -> std::fmt::Result {
    if run.producers().is_empty() {
        return Ok(());
    }
    let columns: Vec<(String, &str)> = run.consumers().iter().map(|name| (printable(name), name.as_str())).collect();
    let whole = table(run, &columns, true);
    if measure(&whole) <= width {
        return print(page, &whole);
    }
    // Names take too much room: numbers in the head, and as many columns at a time as there is room for.
    writeln!(page, "consumers:")?;
    let mut short = Vec::new();
    for (at, (printed, name)) in columns.iter().enumerate() {
        writeln!(page, "  [{}] {printed}", at + 1)?;
        short.push((format!("[{}]", at + 1), *name));
    }
    let mut left = short.as_slice();
    while !left.is_empty() {
        let fits = (1..=left.len())
            .rev()
            .find(|n| measure(&table(run, left.get(..*n).unwrap_or(left), *n == left.len())) <= width);
        let (block, rest) = left.split_at(fits.unwrap_or(1));
        writeln!(page)?;
        print(page, &table(run, block, rest.is_empty()))?;
        left = rest;
    }
    Ok(())
}

/// The rows of all producers and these columns, with the sums of the rows if they are wanted.
fn table(run: &RunData, columns: &[(String, &str)], sums: bool) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let all = || sums.then(|| "all".to_owned());
    table.set_header(
        std::iter::once("producer".to_owned()).chain(columns.iter().map(|(head, _)| head.clone())).chain(all()),
    );
    for producer in run.producers() {
        let fields = columns.iter().map(|(_, consumer)| field(run.pair(producer, consumer)));
        let sum = sums.then(|| field(Some(run.of_producer(producer))));
        table.add_row(std::iter::once(printable(producer)).chain(fields).chain(sum));
    }
    let fields = columns.iter().map(|(_, consumer)| field(Some(run.of_consumer(consumer))));
    table.add_row(std::iter::once("all".to_owned()).chain(fields).chain(sums.then(|| field(Some(run.counts())))));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn measure(table: &Table) -> usize {
    table.lines().map(|line| line.trim_end().chars().count()).max().unwrap_or(0)
}

fn print(page: &mut String, table: &Table) -> std::fmt::Result {
    table.lines().try_for_each(|line| writeln!(page, "{}", coloured(line.trim_end())))
}

fn unexpected(page: &mut String, run: &RunData) -> std::fmt::Result {
    let kinds = alike(run.unexpected());
    for (cell, more) in kinds.iter().take(SHOWN) {
        one_cell(page, cell, *more)?;
    }
    let left: u64 = kinds.iter().skip(SHOWN).map(|(_, more)| 1 + more).sum();
    if left > 0 {
        writeln!(page, "\n… and {} not as expected", count(left, "more cell"))?;
    }
    Ok(())
}

/// What goes wrong with one case often does so for many pairs: the first of those that say the same, and how many more there are.
fn alike(cells: Vec<&Cell>) -> Vec<(&Cell, u64)> {
    let mut places = HashMap::new();
    let mut kinds: Vec<(&Cell, u64)> = Vec::new();
    for cell in cells {
        let place = *places.entry((cell.verdict, &cell.case, &cell.reason)).or_insert(kinds.len());
        match kinds.get_mut(place) {
            Some((_, more)) => *more += 1,
            None => kinds.push((cell, 0)),
        }
    }
    kinds
}

fn one_cell(page: &mut String, cell: &Cell, more: u64) -> std::fmt::Result {
    let line = |text: &str| words::shortened(&printable(text), LINE);
    let more = if more == 0 { String::new() } else { format!(", and {}", count(more, "more pair")) };
    writeln!(
        page,
        "\n{RED}{}{RED:#} {}: {} -> {}{more}",
        cell.verdict.label(),
        line(&cell.case),
        line(&cell.producer),
        line(&cell.consumer)
    )?;
    if let Some(reason) = &cell.reason {
        writeln!(page, "  {}", line(reason))?;
    }
    if !cell.blames.is_empty() {
        writeln!(page, "  blamed: {}", line(&cell.blames.join(", ")))?;
    }
    let Some(evidence) = &cell.evidence else { return Ok(()) };
    for text in words::first_lines(&evidence.diff, DIFF, LINE) {
        let style = match text.as_bytes().first() {
            Some(b'-') => RED,
            Some(b'+') => GREEN,
            _ => PLAIN,
        };
        writeln!(page, "    {style}{}{style:#}", printable(&text))?;
    }
    for text in words::first_lines(&evidence.findings, DIFF, LINE) {
        writeln!(page, "    {}", printable(&text))?;
    }
    evidence.command.iter().try_for_each(|command| writeln!(page, "  again: {}", line(command)))
}

fn stale(page: &mut String, run: &RunData) -> std::fmt::Result {
    let stale = run.end().map(|end| end.stale.as_slice()).unwrap_or_default();
    for entry in words::first_lines(stale, SHOWN, LINE) {
        writeln!(page, "\n{RED}stale{RED:#} known failure: {}", printable(&entry))?;
    }
    for broken in run.adapters() {
        if let Some(why) = &broken.broken {
            writeln!(
                page,
                "\n{RED}unusable{RED:#} {}: {}",
                printable(&broken.id),
                words::shortened(&printable(why), LINE)
            )?;
        }
    }
    Ok(())
}

fn totals(page: &mut String, run: &RunData) -> std::fmt::Result {
    writeln!(page)?;
    let counts = run.counts();
    let each: Vec<String> = counts
        .occurring()
        .map(|(verdict, n)| {
            let style = style(verdict);
            format!("{style}{} {n} {}{style:#}", verdict.sign(), verdict.label())
        })
        .collect();
    if !each.is_empty() {
        writeln!(page, "{}", each.join("   "))?;
    }
    writeln!(page, "{}", words::denominators(run))?;
    let style = match run.outcome() {
        Outcome::Good => GREEN,
        Outcome::Bad => RED,
        Outcome::Incomplete => YELLOW,
    };
    let took = run.end().map(|end| format!(", in {}", words::duration(end.millis))).unwrap_or_default();
    writeln!(page, "{style}{}{style:#}: {}{took}", run.outcome().label(), words::because(run).join("; "))
}
