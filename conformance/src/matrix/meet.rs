//! Who takes part. Before anything is run, each adapter says who it is, and is tried on a feature that nobody has: one that claims
//! to support everything cannot be believed when it says that it supports something.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use flink_savepoint::metadata::Release;
use globset::GlobMatcher;

use crate::adapter::{Adapter, Answer, Ask, Hello, PROTOCOL, Process, Reply, Role};
use crate::event::About;
use crate::scenario::{Compression, Kind, Operation, Operator, Program, Restore, Stage, State, Verb};
use crate::verdict::Verdict;

use super::progress::Progress;
use super::support::head;
use super::{builtin, judge};

/// Bytes of the last line of a log that are told of one that is broken.
const LAST_LINE: usize = 300;

/// Somebody who takes part.
pub struct Participant {
    /// As events and reports show it.
    pub about: About,
    /// What it is.
    pub who: Who,
    /// The release whose savepoints it writes, of what has one.
    pub release: Option<Version>,
    /// Why nothing can be run with it, and the verdict of its cells.
    pub broken: Option<(Verdict, String)>,
}

/// What takes part.
pub enum Who {
    /// The rules of the specification.
    Rules,
    /// The reference backend, which writes as a release does.
    Reference(Release),
    /// A program, and where its log is.
    Process(Box<Mutex<Process>>, Option<PathBuf>),
    /// Savepoints of the suite: scenarios that a release has run, and where they are.
    Golden(Vec<(String, PathBuf)>),
    /// The vectors of a class.
    Vectors,
}

/// A release, as far as savepoints differ by it: `2.3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u32, u32);

impl Version {
    /// The release of a text like `2.3` or `2.3.0`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(|c: char| !c.is_ascii_digit());
        let mut number = || parts.next()?.parse().ok();
        Some(Self(number()?, number()?))
    }
}

impl Participant {
    /// One that is no program.
    pub fn passive(id: &str, who: Who, release: Option<Version>) -> Self {
        let about = About { id: id.to_owned(), hello: None, command: Vec::new(), broken: None };
        Self { about, who, release, broken: None }
    }

    /// Whether it can be asked that. Whoever did not even say who it is could have been asked everything.
    pub fn has(&self, role: Role) -> bool {
        match (&self.who, &self.about.hello) {
            (Who::Rules | Who::Golden(_) | Who::Vectors, _) => false,
            (_, Some(hello)) => hello.roles.contains(&role),
            (_, None) => role != Role::Inspector,
        }
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.about.id
    }
}

/// An adapter whose program cannot be started at all.
#[derive(Debug)]
pub struct CannotStart(String);

impl fmt::Display for CannotStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CannotStart {}

/// Who an adapter is, and whether it can be used.
pub fn meet(
    id: &str,
    command: Vec<String>,
    mut process: Process,
    log: Option<PathBuf>,
) -> Result<Participant, CannotStart> {
    process.start().map_err(|e| CannotStart(format!("{id}: {}: {e}", command.join(" "))))?;
    let (hello, mut broken) = introduce(&mut process);
    if let Some((_, why)) = &mut broken {
        *why = judge::bounded(why);
        let log = process.log().unwrap_or_default();
        // That is where a traceback says what is wrong.
        let last = log.lines().rev().find(|line| !line.trim().is_empty());
        if let Some(last) = last {
            why.extend(["; its log ends with: ", head(last.trim(), LAST_LINE)]);
        }
    }
    Ok(participant(id, command, hello, broken, Who::Process(Box::new(Mutex::new(process)), log)))
}

/// An adapter that is to be met: name, command, process, and where its log is.
pub type Unmet = (String, Vec<String>, Process, Option<PathBuf>);

/// All adapters, so many at a time, in their order.
pub fn meet_all(unmet: Vec<Unmet>, jobs: usize, progress: &Progress) -> Result<Vec<Participant>, CannotStart> {
    let stop = unmet.len() > jobs;
    let threads = jobs.clamp(1, unmet.len().max(1));
    let queue = Mutex::new(unmet.into_iter().enumerate());
    let met = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((place, (id, command, process, log))) = next else { return };
                    let one = meet(&id, command, process, log);
                    if let (Ok(Participant { who: Who::Process(process, _), .. }), true) = (&one, stop) {
                        process.lock().unwrap_or_else(PoisonError::into_inner).stop();
                    }
                    progress.advance(&id, one.as_ref().map_or(true, |one| one.broken.is_some()));
                    met.lock().unwrap_or_else(PoisonError::into_inner).push((place, one));
                }
            });
        }
    });
    let mut met = met.into_inner().unwrap_or_else(PoisonError::into_inner);
    met.sort_by_key(|(place, _)| *place);
    met.into_iter().map(|(_, one)| one).collect()
}

/// The reference backend, met like any other adapter.
pub(super) fn meet_reference(id: &str, release: Release) -> Participant {
    let (hello, broken) = introduce(&mut *builtin::reference(release));
    participant(id, Vec::new(), hello, broken, Who::Reference(release))
}

fn participant(
    id: &str,
    command: Vec<String>,
    hello: Option<Hello>,
    broken: Option<(Verdict, String)>,
    who: Who,
) -> Participant {
    let release = hello.as_ref().and_then(|hello| Version::parse(&hello.release));
    let why = broken.as_ref().map(|(_, why)| why.clone());
    Participant { about: About { id: id.to_owned(), hello, command, broken: why }, who, release, broken }
}

/// Asks who it is, and tries it.
fn introduce(adapter: &mut dyn Adapter) -> (Option<Hello>, Option<(Verdict, String)>) {
    let error = |why: String| Some((Verdict::AdapterError, why));
    let hello = match adapter.ask(&Ask::Hello { protocol: PROTOCOL }) {
        Reply::Answer(Answer::Hello(hello)) => hello,
        Reply::Answer(Answer::Error { message, .. }) => {
            return (None, error(format!("hello was answered by an error: {message}")));
        }
        Reply::Answer(other) => return (None, error(format!("hello was answered by {other:?}"))),
        Reply::Garbage(why) => return (None, error(format!("hello: {why}"))),
        Reply::Crash(why) => return (None, Some((Verdict::Crash, format!("hello: {why}")))),
        Reply::Timeout(why) => return (None, Some((Verdict::Timeout, format!("hello: {why}")))),
    };
    let broken = if Version::parse(&hello.release).is_none() {
        error(format!("hello: release {:?} is none like 2.3", hello.release))
    } else {
        probe(adapter, &hello).err()
    };
    (Some(hello), broken)
}

/// Tries it on a feature that nobody has.
pub(crate) fn probe(adapter: &mut dyn Adapter, hello: &Hello) -> Result<(), (Verdict, String)> {
    let feature = format!("probe-{:016x}", RandomState::new().hash_one(0));
    let directory = std::env::temp_dir().join(&feature).display().to_string();
    for role in &hello.roles {
        let (name, ask) = match role {
            Role::Producer => ("produce", produce(&feature, &directory)),
            Role::Consumer => ("restore", restore(&feature, &directory)),
            Role::Inspector => continue,
        };
        let reply = adapter.ask(&ask);
        // One that claims to have produced something may have left it there.
        let _ = std::fs::remove_dir_all(&directory);
        let because = |what: String| {
            format!("{name} with the feature {feature:?}, which nobody has, has to be answered by unsupported: {what}")
        };
        match reply {
            Reply::Answer(Answer::Unsupported { .. }) => {}
            Reply::Answer(Answer::Error { message, .. }) => {
                return Err((Verdict::AdapterError, because(format!("it was answered by an error: {message}"))));
            }
            Reply::Answer(_) => return Err((Verdict::AdapterError, because("it was done instead".to_owned()))),
            Reply::Garbage(why) => return Err((Verdict::AdapterError, because(why))),
            Reply::Crash(why) => return Err((Verdict::Crash, because(why))),
            Reply::Timeout(why) => return Err((Verdict::Timeout, because(why))),
        }
    }
    Ok(())
}

fn produce(feature: &str, directory: &str) -> Ask {
    let put = Operation {
        verb: Verb::Put,
        state: "value".to_owned(),
        kind: Kind::Value,
        key: Some("key".into()),
        namespace: None,
        user_key: None,
        value: Some("value".into()),
        timestamp: None,
        subtask: None,
    };
    let program = Program {
        scenario: feature.to_owned(),
        features: vec![feature.to_owned()],
        compression: Compression::None,
        inline: false,
        stages: vec![Stage { parallelism: 1, operators: vec![operator(vec![put])] }],
    };
    Ask::Produce { program: Box::new(program), directory: directory.to_owned() }
}

/// There is nothing in the directory: it has to say that the feature is not supported before it looks.
fn restore(feature: &str, directory: &str) -> Ask {
    let restore = Restore {
        scenario: feature.to_owned(),
        features: vec![feature.to_owned()],
        compression: Compression::None,
        parallelism: 1,
        operators: vec![operator(Vec::new())],
    };
    Ask::Restore { restore: Box::new(restore), directory: directory.to_owned() }
}

fn operator(operations: Vec<Operation>) -> Operator {
    let state = State {
        name: "value".to_owned(),
        kind: Kind::Value,
        namespace: None,
        user_key: None,
        value: Some("string".to_owned()),
        ttl: false,
    };
    Operator {
        uid: "probe".to_owned(),
        max_parallelism: 128,
        key: Some("string".to_owned()),
        finished: false,
        states: vec![state],
        operations,
    }
}

/// Whether one of the globs matches, or there are none.
pub(super) fn chosen(globs: &[GlobMatcher], name: &str) -> bool {
    globs.is_empty() || globs.iter().any(|glob| glob.is_match(name))
}
