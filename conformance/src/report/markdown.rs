//! The report for the summary of a CI job.

use std::fmt::Write as _;

use super::data::RunData;
use super::words;
use crate::text::count;
use crate::verdict::Verdict;

/// So many unexpected cells are listed: summaries are limited to a mebibyte.
const SHOWN: usize = 100;
/// So much of a name or a reason.
const TEXT: usize = 300;

/// Renders the summary, the matrix and a table of what is not as expected.
pub fn markdown(run: &RunData) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = summary(&mut page, run);
    let _ = matrix(&mut page, run);
    let _ = unexpected(&mut page, run);
    let _ = unsupported(&mut page, run);
    page
}

fn summary(page: &mut String, run: &RunData) -> std::fmt::Result {
    writeln!(page, "## Savepoint conformance: {}\n", run.outcome().label())?;
    writeln!(page, "{}. {}.\n", capital(&words::because(run).join("; ")), capital(&words::denominators(run)))?;
    writeln!(page, "| verdict | cells |\n|---|---:|")?;
    for (verdict, n) in run.counts().occurring() {
        writeln!(page, "| {} {} | {n} |", verdict.sign(), verdict.label())?;
    }
    let about = run.run();
    let took = run.end().map(|end| format!(", took {}", words::duration(end.millis))).unwrap_or_default();
    writeln!(
        page,
        "\nSuite {}, edition {} of the specification, started {}{took}.\n",
        escape(&about.suite),
        escape(&about.edition),
        escape(&about.started)
    )?;
    for entry in words::first_lines(run.end().map(|end| end.stale.as_slice()).unwrap_or_default(), SHOWN, TEXT) {
        writeln!(page, "- Stale known failure: {}", escape(&entry))?;
    }
    for adapter in run.adapters() {
        if let Some(why) = &adapter.broken {
            writeln!(page, "- Unusable: {}: {}", escape(&adapter.id), escape(why))?;
        }
    }
    Ok(())
}

fn matrix(page: &mut String, run: &RunData) -> std::fmt::Result {
    if run.producers().is_empty() {
        return Ok(());
    }
    writeln!(page, "\n### Producers and consumers\n")?;
    write!(page, "| producer")?;
    for consumer in run.consumers() {
        write!(page, " | {}", escape(consumer))?;
    }
    writeln!(page, " | all |\n|---|{}", "---:|".repeat(run.consumers().len() + 1))?;
    for producer in run.producers() {
        write!(page, "| {}", escape(producer))?;
        for consumer in run.consumers() {
            write!(page, " | {}", run.pair(producer, consumer).map(words::field).unwrap_or_default())?;
        }
        writeln!(page, " | {} |", words::field(run.of_producer(producer)))?;
    }
    write!(page, "| all")?;
    for consumer in run.consumers() {
        write!(page, " | {}", words::field(run.of_consumer(consumer)))?;
    }
    writeln!(page, " | {} |", words::field(run.counts()))?;
    writeln!(page, "\nPasses out of what is required, with the sign of the worst verdict; unsupported (–) apart.")
}

fn unexpected(page: &mut String, run: &RunData) -> std::fmt::Result {
    let cells = run.unexpected();
    if cells.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n### Not as expected\n")?;
    writeln!(page, "| verdict | case | producer | consumer | reason | blamed |\n|---|---|---|---|---|---|")?;
    for cell in cells.iter().take(SHOWN) {
        writeln!(
            page,
            "| {} {} | {} | {} | {} | {} | {} |",
            cell.verdict.sign(),
            cell.verdict.label(),
            escape(&cell.case),
            escape(&cell.producer),
            escape(&cell.consumer),
            escape(cell.reason.as_deref().unwrap_or_default()),
            escape(&cell.blames.join(", ")),
        )?;
    }
    if cells.len() > SHOWN {
        writeln!(page, "\nAnd {}.", count((cells.len() - SHOWN) as u64, "more cell"))?;
    }
    Ok(())
}

fn unsupported(page: &mut String, run: &RunData) -> std::fmt::Result {
    if run.counts().of(Verdict::Unsupported) == 0 {
        return Ok(());
    }
    writeln!(page, "\n### Declared unsupported\n\n| adapter | feature | reason |\n|---|---|---|")?;
    for adapter in run.adapters() {
        for one in adapter.hello.iter().flat_map(|hello| &hello.unsupported) {
            writeln!(page, "| {} | {} | {} |", escape(&adapter.id), escape(&one.feature), escape(&one.reason))?;
        }
    }
    Ok(())
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Text that stays text in a table: no markup, no HTML, one line.
fn escape(text: &str) -> String {
    let mut out = String::new();
    let text = words::shortened(text, TEXT);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // Neither a link nor somebody's name.
            ':' if chars.peek() == Some(&'/') => out.push_str("&#58;"),
            '@' => out.push_str("&#64;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
