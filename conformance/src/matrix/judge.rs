//! What a reply means. An adapter never judges itself.

use std::path::Path;

use flink_savepoint::savepoint::METADATA;
use flink_savepoint_spec::requirements;

use crate::adapter::{Answer, Hello, Reply};
use crate::check::{Finding, Severity};
use crate::event::Evidence;
use crate::scenario::compare;
use crate::verdict::Verdict;

use super::cases::Task;
use super::support::head;
use super::symptom;
use super::vectors::Expectation;

/// How the reason of a cell starts where an adapter has refused what it should have taken. What it blames is what it says itself.
pub(crate) const REFUSED: &str = "rejected: ";

/// Bytes of a reason that are kept.
const REASON: usize = 2_000;

/// What came of a request.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) reason: Option<String>,
    pub(crate) blames: Vec<String>,
    pub(crate) diff: Vec<String>,
    pub(crate) findings: Vec<String>,
    /// What the adapter says of it besides.
    pub(crate) detail: Option<String>,
    /// Whether it is a failure of an implementation, which may be known; breaking the protocol is none.
    pub(crate) excusable: bool,
}

impl Outcome {
    fn new(verdict: Verdict, reason: Option<String>, excusable: bool) -> Self {
        let (blames, diff, findings) = Default::default();
        let reason = reason.map(|reason| bounded(&reason));
        Self { verdict, reason, blames, diff, findings, detail: None, excusable }
    }

    pub(crate) fn pass() -> Self {
        Self::new(Verdict::Pass, None, false)
    }

    pub(crate) fn fail(reason: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, Some(reason.into()), true)
    }

    /// Something else than a failure of what is tested.
    pub(crate) fn other(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self::new(verdict, Some(reason.into()), matches!(verdict, Verdict::Crash | Verdict::Timeout))
    }

    /// What there is to look at, without what the adapter logged.
    pub(crate) fn evidence(&mut self) -> Evidence {
        let (diff, findings) = (std::mem::take(&mut self.diff), std::mem::take(&mut self.findings));
        Evidence { diff, findings, ..Evidence::default() }
    }

    fn blaming(mut self, requirements: impl IntoIterator<Item = String>) -> Self {
        for requirement in requirements {
            if !self.blames.contains(&requirement) {
                self.blames.push(requirement);
            }
        }
        self
    }
}

/// An adapter may have as much to say as an answer may have bytes; each of its cells is told in every report.
pub(super) fn bounded(reason: &str) -> String {
    let start = head(reason, REASON);
    if start.len() < reason.len() { format!("{start}...") } else { start.to_owned() }
}

/// What came of it, if it is no answer that a request of its kind wants.
fn trouble(reply: Reply) -> Outcome {
    match reply {
        Reply::Crash(why) => Outcome::other(Verdict::Crash, why),
        Reply::Timeout(why) => Outcome::other(Verdict::Timeout, why),
        Reply::Garbage(why) => Outcome::other(Verdict::AdapterError, why),
        Reply::Answer(Answer::Unsupported { feature, reason }) => Outcome::other(
            Verdict::AdapterError,
            format!("its hello lists all that this needs, and yet it answers unsupported: {feature}: {reason}"),
        ),
        Reply::Answer(Answer::Error { message, detail }) => {
            let mut outcome = Outcome::other(Verdict::AdapterError, message);
            outcome.excusable = true;
            outcome.detail = detail;
            outcome
        }
        Reply::Answer(Answer::Rejected { class, message, requirement, offset, file }) => {
            let place = match (file, offset) {
                (Some(file), Some(offset)) => format!(" ({file}, byte {offset})"),
                (Some(file), None) => format!(" ({file})"),
                (None, Some(offset)) => format!(" (byte {offset})"),
                (None, None) => String::new(),
            };
            // What is no requirement is said in the message, if anywhere.
            let known = requirement.filter(|id| requirements::get(id).is_some());
            Outcome::fail(format!("{REFUSED}{class}: {message}{place}")).blaming(known)
        }
        Reply::Answer(answer) => Outcome::other(Verdict::AdapterError, format!("answered by {answer:?}")),
    }
}

/// Of `produce`, with where the savepoint has to be.
pub(crate) fn produced(reply: Reply, savepoint: &Path) -> Outcome {
    match reply {
        Reply::Answer(Answer::Produced) if savepoint.join(METADATA).is_file() => Outcome::pass(),
        Reply::Answer(Answer::Produced) => {
            Outcome::other(Verdict::AdapterError, format!("says that it has produced, and there is no {METADATA}"))
        }
        other => trouble(other),
    }
}

/// Of `restore`.
pub(crate) fn restored(reply: Reply, task: &Task) -> Outcome {
    let Reply::Answer(Answer::Restored { lines }) = reply else { return trouble(reply) };
    let diff = compare(&task.restore, &task.expected, &lines);
    if diff.is_empty() {
        return Outcome::pass();
    }
    let count = |sign: char| diff.iter().filter(|line| line.starts_with(sign)).count();
    // The last line of a long difference says how much there is besides.
    let more = diff.last().filter(|last| last.starts_with("...")).map_or_else(String::new, |last| format!(", {last}"));
    let mut outcome = Outcome::fail(format!("{} lines missing, {} not expected{more}", count('-'), count('+')));
    outcome.diff = diff;
    outcome.blaming(symptom::of(task, &lines).map(str::to_owned))
}

/// Of `inspect`, by one with that hello. `exact`: it has to name the requirement and the byte, too.
pub(crate) fn inspected(reply: Reply, expected: &Expectation, hello: Option<&Hello>, exact: bool) -> Outcome {
    match (expected, reply) {
        // Nobody knows before what there is in it. It is declared all the same: what the hello lists is not refused.
        (_, Reply::Answer(Answer::Unsupported { feature, reason }))
            if hello.is_some_and(|hello| hello.lacks(std::slice::from_ref(&feature)).is_some()) =>
        {
            Outcome::other(Verdict::Unsupported, format!("it does not support {feature}: {reason}"))
        }
        (Expectation::Accepted, Reply::Answer(Answer::Accepted)) => Outcome::pass(),
        (Expectation::Rejected { requirement, .. }, Reply::Answer(Answer::Accepted)) => {
            Outcome::fail(format!("accepted, and it breaks {requirement}")).blaming([requirement.clone()])
        }
        (
            Expectation::Rejected { requirement, also, offset, file, .. },
            Reply::Answer(Answer::Rejected { requirement: found, offset: at, file: of, message, .. }),
        ) => {
            let blamed = |reason: String| Outcome::fail(reason).blaming([requirement.clone()]);
            let expected_at = offset.map(|offset| offset.to_string());
            let same_place = (expected_at.is_none() || at == expected_at) && of.as_ref().is_none_or(|of| of == file);
            if !exact {
                Outcome::pass()
            } else if !found.as_ref().is_some_and(|found| found == requirement || also.contains(found)) {
                let found = found.as_deref().unwrap_or("no requirement");
                blamed(format!("rejected for {found} instead of {requirement}: {message}"))
            } else if !same_place {
                let place = |file: &str, at: Option<&str>| format!("{file}, byte {}", at.unwrap_or("unknown"));
                let found = place(of.as_deref().unwrap_or("no file"), at.as_deref());
                let expected = place(file, expected_at.as_deref());
                blamed(format!("rejected at {found}, instead of {expected}: {message}"))
            } else {
                Outcome::pass()
            }
        }
        (_, reply) => trouble(reply),
    }
}

/// Of the rules, on what has to be sound.
pub(crate) fn sound(findings: &[Finding]) -> Outcome {
    let errors = || findings.iter().filter(|finding| finding.severity == Severity::Error);
    let Some(first) = errors().next() else { return Outcome::pass() };
    let more = errors().map(|finding| 1 + finding.more).sum::<u64>() - 1;
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    let mut outcome = Outcome::fail(format!("{}: {}{more}", first.requirement, first.message));
    outcome.findings = findings.iter().map(line).collect();
    outcome.blaming(errors().map(|finding| finding.requirement.clone()))
}

/// Of the rules, on what has one defect.
pub(crate) fn broken(findings: &[Finding], expected: &Expectation) -> Outcome {
    let Expectation::Rejected { requirement, also, .. } = expected else { return sound(findings) };
    let is_it = |finding: &Finding| finding.requirement == *requirement || also.contains(&finding.requirement);
    if findings.iter().any(is_it) {
        return Outcome::pass();
    }
    let found: Vec<&str> = findings.iter().map(|finding| finding.requirement.as_str()).collect();
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    let mut outcome = Outcome::fail(format!("finds {found} instead of {requirement}")).blaming([requirement.clone()]);
    outcome.findings = findings.iter().map(line).collect();
    outcome
}

/// A finding, in a line.
fn line(finding: &Finding) -> String {
    let offset = finding.offset.map_or_else(String::new, |offset| format!(" byte {}", offset.0));
    let more = if finding.more == 0 { String::new() } else { format!(" (and {} more like it)", finding.more) };
    let Finding { requirement, file, path, message, .. } = finding;
    format!("{requirement} {file}{offset} {path}: {message}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(requirement: &str, offset: u64, file: &str) -> Reply {
        Reply::Answer(Answer::Rejected {
            class: "malformed".to_owned(),
            message: "no".to_owned(),
            requirement: Some(requirement.to_owned()),
            offset: Some(offset.to_string()),
            file: Some(file.to_owned()),
        })
    }

    #[test]
    fn inspections_are_judged() {
        let broken = Expectation::Rejected {
            class: "malformed".to_owned(),
            requirement: "META-MAGIC-01".to_owned(),
            also: Vec::new(),
            file: "_metadata".to_owned(),
            offset: Some(0),
            only_rules: false,
        };
        let hello: Hello = serde_json::from_value(serde_json::json!({
            "protocol": 1, "name": "n", "version": "1", "issues": "i", "release": "2.3", "roles": ["inspector"],
            "features": ["keyed"],
        }))
        .unwrap();
        let unsupported =
            |feature: &str| Reply::Answer(Answer::Unsupported { feature: feature.to_owned(), reason: "no".to_owned() });
        let accepted = || Reply::Answer(Answer::Accepted);
        let table = [
            (accepted(), &Expectation::Accepted, true, Verdict::Pass),
            (rejected("META-MAGIC-01", 0, "_metadata"), &Expectation::Accepted, true, Verdict::Fail),
            (accepted(), &broken, false, Verdict::Fail),
            (rejected("META-MAGIC-01", 0, "_metadata"), &broken, true, Verdict::Pass),
            (rejected("META-VERSION-01", 0, "_metadata"), &broken, true, Verdict::Fail),
            (rejected("META-MAGIC-01", 4, "_metadata"), &broken, true, Verdict::Fail),
            (rejected("META-MAGIC-01", 0, "other"), &broken, true, Verdict::Fail),
            (rejected("META-VERSION-01", 4, "other"), &broken, false, Verdict::Pass),
            // Of what it does not have, an inspector learns only when it reads.
            (unsupported("compression:snappy"), &Expectation::Accepted, false, Verdict::Unsupported),
            (unsupported("keyed"), &Expectation::Accepted, false, Verdict::AdapterError),
            // To end is not to reject.
            (Reply::Crash("signal 11".to_owned()), &broken, false, Verdict::Crash),
            (Reply::Timeout("60 s".to_owned()), &broken, false, Verdict::Timeout),
            (Reply::Garbage("?".to_owned()), &broken, false, Verdict::AdapterError),
            (
                Reply::Answer(Answer::Error { message: "?".to_owned(), detail: None }),
                &broken,
                false,
                Verdict::AdapterError,
            ),
        ];
        for (reply, expected, exact, verdict) in table {
            let outcome = inspected(reply.clone(), expected, Some(&hello), exact);
            assert_eq!(outcome.verdict, verdict, "{reply:?} {expected:?}: {:?}", outcome.reason);
        }
    }

    #[test]
    fn claims_are_not_believed() {
        let nowhere = Path::new("/nowhere/at/all");
        let outcome = produced(Reply::Answer(Answer::Produced), nowhere);
        assert_eq!((outcome.verdict, outcome.excusable), (Verdict::AdapterError, false));
        let unsupported = Answer::Unsupported { feature: "f".to_owned(), reason: "r".to_owned() };
        let outcome = produced(Reply::Answer(unsupported), nowhere);
        assert_eq!((outcome.verdict, outcome.excusable), (Verdict::AdapterError, false));
    }
}
