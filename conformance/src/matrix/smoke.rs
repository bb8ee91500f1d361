//! One adapter alone: whether it keeps the protocol, and whether what it writes can be read.

use std::path::{Path, PathBuf};

use flink_savepoint::metadata::Release;
use globset::GlobMatcher;
use serde_json::json;

use crate::adapter::{Adapter, Answer, Ask, Hello, NoAnswer, PROTOCOL, Process, Reply, Role, schema};
use crate::verdict::Verdict;

use super::cases::{self, Subject, Task};
use super::judge::{self, Outcome};
use super::meet::{Version, chosen, probe};
use super::support::fresh;
use super::{builtin, vectors::Suite};

/// So many scenarios are tried, unless they are chosen.
const TRIED: usize = 6;
/// So many lines of a difference or of findings are shown.
const SHOWN: usize = 10;

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub name: String,
    /// Whether it went well; if not, what came.
    pub result: Result<(), String>,
    /// How to mend it.
    pub mend: &'static str,
}

/// Everything that was tried.
pub struct Smoke<'s> {
    told: &'s mut dyn FnMut(&Step),
    failed: bool,
    directory: PathBuf,
}

impl<'s> Smoke<'s> {
    /// Savepoints go to a directory; each step is told when it is done.
    pub fn new(directory: &Path, told: &'s mut dyn FnMut(&Step)) -> Self {
        Self { told, failed: false, directory: directory.to_owned() }
    }

    /// Tries an adapter, with a few scenarios that its features allow, or with those that are chosen, and with some of the suite's
    /// vectors. Says whether all went well.
    pub fn run(mut self, process: &mut Process, scenarios: &[GlobMatcher], suite: &Suite) -> Result<bool, String> {
        let Some(hello) = self.hello(process) else { return Ok(false) };
        let probed = probe(process, &hello).map_err(|(_, why)| why);
        self.step(
            "a feature that nobody has",
            probed,
            "Compare `features` of a program or restore with those of hello before anything else; of one that is not among them answer \
             {\"response\":\"unsupported\",\"feature\":...,\"reason\":...}.",
        );
        self.unknown_request(process);
        let tasks = tasks(&hello, scenarios)?;
        if tasks.is_empty() && hello.roles.iter().any(|role| *role != Role::Inspector) {
            let why = Err("its features allow none of the scenarios".to_owned());
            self.step("scenarios", why, "List what you support in `features` of hello: `keyed`, `state:value` and the types of keys and values are a beginning.");
        }
        if let (Some(task), true) = (tasks.first(), hello.roles.contains(&Role::Consumer)) {
            self.nothing_there(process, task);
        }
        for task in tasks {
            self.scenario(process, &hello, &task);
        }
        if hello.roles.contains(&Role::Inspector) {
            self.vectors(process, &hello, suite)?;
        }
        self.step(
            "stop",
            process.ask_to_stop(),
            "Answer {\"response\":\"stopped\"}, flush, and end the process, with all of its threads.",
        );
        Ok(!self.failed)
    }

    fn step(&mut self, name: impl Into<String>, result: Result<(), String>, mend: &'static str) -> bool {
        let good = result.is_ok();
        self.failed |= !good;
        (self.told)(&Step { name: name.into(), result, mend });
        good
    }

    /// The hello, by its schema and by what it says.
    fn hello(&mut self, process: &mut Process) -> Option<Hello> {
        let answer = process.exchange(json!({ "request": "hello", "protocol": PROTOCOL }));
        let answer = self.told(
            "an answer with the same seq",
            answer.map_err(NoAnswer::into_text),
            "Read a line from standard input, answer by one line on standard output, flush, and read on. Print nothing else there: a log \
             belongs on standard error. Copy `seq` from the request.",
        )?;
        let valid = schema::violations(&answer).map_or(Ok(()), Err);
        let mend = "See conformance/schemas/response.json. 64-bit integers are strings, bytes are hex.";
        if !self.step("hello is as its schema says", valid, mend) {
            return None;
        }
        let Reply::Answer(Answer::Hello(hello)) = process.ask(&Ask::Hello { protocol: PROTOCOL }) else {
            let what = Err("it was answered by something else, or not at all".to_owned());
            self.step("hello, again", what, "Answer every request, also one that came before.");
            return None;
        };
        let mut wrong = Vec::new();
        if Version::parse(&hello.release).is_none() {
            wrong.push(format!("release: {:?} is none like 2.3", hello.release));
        }
        if hello.roles.is_empty() {
            wrong.push("roles: none, so that it cannot be asked anything".to_owned());
        }
        if hello.name.is_empty() || hello.issues.is_empty() {
            wrong.push("name, issues: empty".to_owned());
        }
        let unexplained = hello.unsupported.iter().filter(|one| one.reason.trim().is_empty());
        wrong.extend(unexplained.map(|one| format!("unsupported: {}: no reason", one.feature)));
        let what = if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) };
        let good = self.step(
            format!("hello: {} {} of Flink {}", hello.name, hello.version, hello.release),
            what,
            "Say who you are: whoever finds a bug has to know where to report it.",
        );
        good.then_some(hello)
    }

    fn told<T>(&mut self, name: &str, result: Result<T, String>, mend: &'static str) -> Option<T> {
        let (value, result) = match result {
            Ok(value) => (Some(value), Ok(())),
            Err(why) => (None, Err(why)),
        };
        self.step(name, result, mend);
        value
    }

    fn unknown_request(&mut self, process: &mut Process) {
        let mend = "Answer requests of a kind that you do not know by {\"response\":\"error\",\"message\":...}, and read on: later \
                    versions of the protocol may have more of them.";
        let answer = process.exchange(json!({ "request": "a-kind-that-there-is-not" })).map_err(NoAnswer::into_text);
        let answer = answer.and_then(|answer| match answer["response"].as_str() {
            Some("error") => schema::violations(&answer).map_or(Ok(()), Err),
            _ => Err(format!("it was answered by {}", answer["response"])),
        });
        self.step("an unknown kind of request", answer, mend);
    }

    /// What answers without reading, or starts empty where it cannot restore, is found out by what is not there.
    fn nothing_there(&mut self, process: &mut Process, task: &Task) {
        let nowhere = self.directory.join("nothing-is-here");
        let result = match restore(process, task, &nowhere) {
            Reply::Answer(Answer::Rejected { .. } | Answer::Error { .. }) => Ok(()),
            Reply::Answer(answer) => Err(judge::bounded(&format!("it was answered by {answer:?}"))),
            Reply::Crash(why) | Reply::Timeout(why) | Reply::Garbage(why) => Err(why),
        };
        self.step(
            "a savepoint that is not there",
            result,
            "Answer `rejected` or `error` where there is nothing to restore; do not start empty, and do not end.",
        );
    }

    /// Writes it and reads it again; the rules and the reference backend read it, too. What does not write reads the reference's.
    fn scenario(&mut self, process: &mut Process, hello: &Hello, task: &Task) {
        let id = &task.program.scenario;
        let savepoint = self.directory.join(id);
        if let Err(e) = fresh(&savepoint) {
            self.step(
                format!("{id}: {}", savepoint.display()),
                Err(e.to_string()),
                "There has to be room for savepoints.",
            );
            return;
        }
        let ask = Ask::Produce { program: Box::new(task.program.clone()), directory: savepoint.display().to_string() };
        if hello.roles.contains(&Role::Producer) {
            let mut outcome = judge::produced(process.ask(&ask), &savepoint);
            let log = log(process, &outcome);
            let mend = "The directory of the request is not there yet, its parent is: write the savepoint into it, and only then answer.";
            if !self.outcome(format!("{id}: produce"), &mut outcome, log, mend) {
                return;
            }
            let mut outcome = judge::sound(&builtin::findings(&savepoint));
            let mend = "`savepoint check --explain ID` prints a requirement; `savepoint explain FILE` names every byte of a file.";
            self.outcome(format!("{id}: the rules of the specification"), &mut outcome, None, mend);
            let mut outcome = judge::restored(restore(&mut *builtin::reference(newest()), task, &savepoint), task);
            let mend = "- is missing, + should not be there. `savepoint dump DIR` prints what is in the savepoint.";
            self.outcome(format!("{id}: the reference backend reads it"), &mut outcome, None, mend);
        } else {
            let release = hello.release.parse().unwrap_or_else(|_| newest());
            let mut outcome = judge::produced(builtin::reference(release).ask(&ask), &savepoint);
            let mend = "This is not your fault: report it.";
            if !self.outcome(format!("{id}: the reference backend writes it"), &mut outcome, None, mend) {
                return;
            }
        }
        if hello.roles.contains(&Role::Consumer) {
            let mut outcome = judge::restored(restore(process, task, &savepoint), task);
            let log = log(process, &outcome);
            let mend = "- is missing, + should not be there. List everything that is restored, in any order.";
            self.outcome(format!("{id}: restore"), &mut outcome, log, mend);
        }
    }

    /// One sound vector of its release, and one broken one.
    fn vectors(&mut self, process: &mut Process, hello: &Hello, suite: &Suite) -> Result<(), String> {
        let valid = suite.valid()?.into_iter().find(|one| one.is_canonical);
        let broken = suite.negative()?.into_iter().find(|one| one.id == "malformed/magic-wrong");
        for vector in valid.into_iter().chain(broken) {
            let reply = process.ask(&Ask::Inspect { directory: vector.directory.display().to_string() });
            let mut outcome = judge::inspected(reply, &vector.expected, Some(hello), false);
            let log = log(process, &outcome);
            let mend = "A savepoint that can be read to its end is `accepted`, whatever job wrote it; one that cannot is `rejected`, and \
                        not answered by `error`.";
            self.outcome(format!("inspect {}", vector.id), &mut outcome, log, mend);
        }
        Ok(())
    }

    fn outcome(&mut self, name: String, outcome: &mut Outcome, log: Option<String>, mend: &'static str) -> bool {
        let result = if outcome.verdict == Verdict::Pass {
            Ok(())
        } else {
            let mut text = format!("{}: {}", outcome.verdict.label(), outcome.reason.take().unwrap_or_default());
            let evidence = outcome.evidence();
            let lines = evidence.diff.iter().chain(&evidence.findings).take(SHOWN);
            lines.for_each(|line| text.extend(["\n", line]));
            let log = log.into_iter().flat_map(|log| last_lines(&log));
            log.for_each(|line| text.extend(["\nlog: ".to_owned(), line]));
            Err(text)
        };
        self.step(name, result, mend)
    }
}

/// What it logged, if it did not go well.
fn log(process: &mut Process, outcome: &Outcome) -> Option<String> {
    if outcome.verdict == Verdict::Pass { None } else { process.log() }
}

fn last_lines(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(SHOWN)..].iter().map(|&line| line.to_owned()).collect()
}

fn restore(adapter: &mut dyn Adapter, task: &Task, savepoint: &Path) -> Reply {
    adapter.ask(&Ask::Restore { restore: Box::new(task.restore.clone()), directory: savepoint.display().to_string() })
}

fn newest() -> Release {
    Release::ALL[Release::ALL.len() - 1]
}

/// The scenarios that its features allow: those that are chosen, or a few that differ.
fn tasks(hello: &Hello, chosen_ones: &[GlobMatcher]) -> Result<Vec<Task>, String> {
    let all = cases::scenarios()?.into_iter().filter(|case| chosen(chosen_ones, &case.about.id));
    let tasks = all.filter_map(|case| match case.subject {
        Subject::Scenario(task) => Some((case.core, *task)),
        Subject::Vector(_) => None,
    });
    let mut possible: Vec<_> = tasks
        .filter(|(_, task)| {
            hello.lacks(&task.program.features).or_else(|| hello.lacks(&task.restore.features)).is_none()
        })
        .collect();
    if chosen_ones.is_empty() {
        // What needs little first: that is where an adapter begins.
        possible.sort_by_key(|(core, task)| (!core, task.program.features.len()));
        let step = possible.len().div_ceil(TRIED).max(1);
        possible = possible.into_iter().step_by(step).collect();
    }
    Ok(possible.into_iter().map(|(_, task)| task).collect())
}
