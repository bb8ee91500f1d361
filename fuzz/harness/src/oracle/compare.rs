//! Verdicts and contents side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::lines::ANY;
use super::{Answer, Case, Reading, Refusal, Refused, Subject};

/// One thing about which Flink and the reference differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Flink reads what the reference refuses.
    FlinkAccepts(Refused),
    /// Flink refuses what the reference reads; what the reference reads it as.
    FlinkRejects(Refusal, String),
    /// Both read it, as other content: one line of it.
    Content {
        /// The path of the field.
        path: String,
        /// What Flink has there.
        flink: Option<String>,
        /// What the reference has there.
        reference: Option<String>,
    },
    /// Both read it as the same, and strict reading refuses it.
    OnlyStrict(Refused),
    /// The oracle itself failed.
    Oracle(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FlinkAccepts(refused) => write!(f, "Flink accepts; reference: {refused}"),
            Self::FlinkRejects(refusal, _) => write!(f, "the reference accepts; Flink: {refusal}"),
            Self::Content { path, flink, reference } => {
                let [flink, reference] = [flink, reference].map(|value| value.as_deref().unwrap_or("nothing"));
                write!(f, "{path}: Flink has {flink}, the reference {reference}")
            }
            Self::OnlyStrict(refused) => write!(f, "Flink accepts; strict reference: {refused}"),
            Self::Oracle(why) => write!(f, "the oracle: {why}"),
        }
    }
}

/// The result of comparing one input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Ids of the deliberate deviations that it shows. None, and nothing unclassified: both agree.
    pub classes: BTreeSet<&'static str>,
    /// Differences that nothing explains.
    pub unclassified: Vec<Difference>,
}

impl Judgement {
    /// Whether both say the same.
    pub fn agrees(&self) -> bool {
        self.classes.is_empty() && self.unclassified.is_empty()
    }
}

/// Compares what Flink says with what the reference says, and sorts the differences.
pub fn judge(subject: &dyn Subject, case: &Case<'_>, answer: &Answer, reading: &Reading) -> Judgement {
    let mut judgement = Judgement::default();
    for difference in differences(answer, reading) {
        match subject.classify(case, &difference) {
            Some(id) => {
                judgement.classes.insert(id);
            }
            None => judgement.unclassified.push(difference),
        }
    }
    judgement
}

fn differences(answer: &Answer, reading: &Reading) -> Vec<Difference> {
    let ended = |class: &str| Refusal { class: class.to_owned(), place: "-".to_owned(), message: String::new() };
    let answer = match answer {
        Answer::Accepts(lines) => Ok(lines),
        Answer::Rejects(refusal) => Err(refusal.clone()),
        Answer::TimesOut => Err(ended("timeout")),
        Answer::Crashes => Err(ended("crash")),
        Answer::Broken(why) => return vec![Difference::Oracle(why.clone())],
    };
    match (answer, &reading.verdict) {
        (Err(_), Err(_)) => Vec::new(),
        (Ok(_), Err(refused)) => vec![Difference::FlinkAccepts(refused.clone())],
        (Err(refusal), Ok(lines)) => vec![Difference::FlinkRejects(refusal, lines.to_string())],
        (Ok(flink), Ok(reference)) => {
            let mut all = contents(flink, reference.as_str());
            all.extend(reading.strict.clone().map(Difference::OnlyStrict));
            all
        }
    }
}

fn split(line: &str) -> (&str, &str) {
    line.split_once(' ').unwrap_or((line, ""))
}

fn contents(flink: &str, reference: &str) -> Vec<Difference> {
    let same = |(flink, reference): (&str, &str)| {
        flink == reference || {
            let (flink, reference) = (split(flink), split(reference));
            flink.0 == reference.0 && reference.1 == ANY
        }
    };
    if flink.lines().count() == reference.lines().count() && flink.lines().zip(reference.lines()).all(same) {
        return Vec::new();
    }
    // Which lines differ is asked only if some do. A path stands once on each side.
    let [flink, reference] = [flink, reference].map(|text| text.lines().map(split).collect::<BTreeMap<_, _>>());
    let paths: BTreeSet<&str> = flink.keys().chain(reference.keys()).copied().collect();
    let pairs = paths.into_iter().map(|path| (path, flink.get(path).copied(), reference.get(path).copied()));
    let differ =
        pairs.filter(|(_, flink, reference)| flink != reference && !(flink.is_some() && *reference == Some(ANY)));
    let all: Vec<Difference> = differ
        .map(|(path, flink, reference)| Difference::Content {
            path: path.to_owned(),
            flink: flink.map(str::to_owned),
            reference: reference.map(str::to_owned),
        })
        .collect();
    if all.is_empty() {
        return vec![Difference::Oracle("the lines are the same and stand in another order".to_owned())];
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_are_found() {
        assert_eq!(contents("a 1\nb x y\n", "a 1\nb x y\n"), []);
        assert_eq!(contents("a 1\nid made-up\n", "a 1\nid *\n"), []);
        let [Difference::Content { path, flink, reference }] = &contents("a 1\nb 2\n", "a 1\nb 3\n")[..] else {
            panic!("one line differs");
        };
        assert_eq!((&**path, flink.as_deref(), reference.as_deref()), ("b", Some("2"), Some("3")));
        assert_eq!(contents("a 1\n", "a 1\nid *\n").len(), 1, "made up, but not there");
        assert_eq!(contents("a 1\nb 2\n", "b 2\na 1\n").len(), 1, "another order");
    }
}
