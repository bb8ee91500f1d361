//! What all reports say in the same words.

use super::data::RunData;
use crate::text::count;
use crate::verdict::Verdict;

/// The verdict of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing failed unexpectedly, and something passed.
    Good,
    /// Something failed unexpectedly, or a known failure is stale, or nothing passed.
    Bad,
    /// It did not come to its end.
    Incomplete,
}

impl Outcome {
    /// Of a run. What the cells say counts for more than what the runner made of it.
    pub(super) fn of(run: &RunData) -> Self {
        let counts = run.counts();
        match run.end() {
            _ if counts.bad() > 0 => Self::Bad,
            Some(end) if !end.stale.is_empty() => Self::Bad,
            Some(end) if run.is_complete() && (!end.good || counts.passes() == 0) => Self::Bad,
            Some(_) if run.is_complete() => Self::Good,
            _ => Self::Incomplete,
        }
    }

    /// In a word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "not good",
            Self::Incomplete => "incomplete",
        }
    }
}

/// The denominators: `118 of 124 required cells pass; 140 planned, 138 decided, 14 unsupported`.
pub(super) fn denominators(run: &RunData) -> String {
    let counts = run.counts();
    format!(
        "{} of {} pass; {} planned, {} decided, {} unsupported",
        counts.passes(),
        count(counts.required(), "required cell"),
        run.planned(),
        run.decided(),
        counts.of(Verdict::Unsupported)
    )
}

/// Why the run is what it is, a sentence for each reason.
pub(super) fn because(run: &RunData) -> Vec<String> {
    let counts = run.counts();
    let mut why = Vec::new();
    if counts.bad() > 0 {
        let of: Vec<String> = counts
            .occurring()
            .filter(|(verdict, _)| verdict.is_bad())
            .map(|(verdict, n)| format!("{n} {}", verdict.label()))
            .collect();
        why.push(format!("{} not as expected: {}", is_are(counts.bad(), "cell"), of.join(", ")));
    }
    if let Some(end) = run.end() {
        if !end.stale.is_empty() {
            let stale = end.stale.len();
            why.push(format!("{stale} of the known failures {} stale", if stale == 1 { "is" } else { "are" }));
        }
    } else {
        why.push("the run did not come to its end".to_owned());
    }
    let open = run.planned().saturating_sub(run.decided());
    if open > 0 {
        why.push(format!("{} not decided", is_are(open, "planned cell")));
    }
    if counts.passes() == 0 {
        why.push("nothing passed".to_owned());
    }
    if why.is_empty() {
        if run.outcome() == Outcome::Good {
            let expected = counts.of(Verdict::ExpectedFail);
            why.push(if expected == 0 {
                "every required cell passes".to_owned()
            } else {
                format!("every required cell passes or is one of {}", count(expected, "known failure"))
            });
        } else {
            why.push("the runner says so".to_owned());
        }
    }
    why
}

/// `1 cell is`, `2 cells are`.
fn is_are(n: u64, one: &str) -> String {
    format!("{} {}", count(n, one), if n == 1 { "is" } else { "are" })
}

/// A duration: `850 ms`, `12.3 s`, `4 min 5 s`.
pub(super) fn duration(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1_000),
    }
}

/// The passes of a field of the matrix, its sign, and apart from them what is unsupported: `12/14 ✗ 2–`.
pub(super) fn field(counts: super::Counts) -> String {
    let unsupported = counts.of(Verdict::Unsupported);
    let sign = counts.worst().map_or(' ', Verdict::sign);
    match (counts.required(), unsupported) {
        (0, _) => format!("{unsupported}{sign}"),
        (required, 0) => format!("{}/{required} {sign}", counts.passes()),
        (required, _) => format!("{}/{required} {sign} {unsupported}{}", counts.passes(), Verdict::Unsupported.sign()),
    }
}

/// A text of so many characters at most.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The end of a text, of so many characters at most.
pub(super) fn tail(text: &str, most: usize) -> String {
    let from = text.char_indices().rev().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
    let end = text.get(from..).unwrap_or(text);
    if from == 0 { end.to_owned() } else { format!("…{end}") }
}

/// The first lines, each shortened, and how many there are more.
pub(super) fn first_lines(lines: &[String], most: usize, width: usize) -> Vec<String> {
    let mut shown: Vec<String> = lines.iter().take(most).map(|line| shortened(line, width)).collect();
    if lines.len() > most {
        shown.push(format!("… and {}", count((lines.len() - most) as u64, "more line")));
    }
    shown
}
