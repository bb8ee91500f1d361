//! Any lines from an adapter give an answer or a reason why it is none; what is an answer is written and read again, and answers what
//! was asked. Lines that came back are compared the same way from both sides. Any lines to the reference adapter are answered; a
//! savepoint that it produces is one.
//!
//! Input: what it is (0 answers, 1 comparison, 2 requests; modulo 3), what was asked (modulo 5), then lines. Of a comparison the
//! first line is what was restored with, the next two are answers. Requests for more subtasks than a few, which are work and no
//! mistake, are left out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use flink_savepoint::metadata::Release;
use flink_savepoint_conformance::adapter::reference::ReferenceAdapter;
use flink_savepoint_conformance::adapter::{Adapter, Answer, Ask, PROTOCOL, Reply, Request, Response, answer};
use flink_savepoint_conformance::scenario::{Compression, Line, Program, Restore, compare};

use crate::mutate::{Rng, Shape};
use crate::scratch::Scratch;

/// So many requests are answered in a run.
const REQUESTS: usize = 4;

/// So many subtasks are a few. What no adapter can have is asked for all the same.
const SUBTASKS: u32 = 64;

/// Mutates the lines, and sometimes what they are.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) -> &'static str {
    super::behind(Shape::Bytes, |_| 2, bytes, other, most, rng)
}

fn asked(kind: u8) -> Ask {
    let directory = "savepoint".to_owned();
    let (scenario, features, compression) = ("s".to_owned(), Vec::new(), Compression::None);
    match kind % 5 {
        0 => Ask::Hello { protocol: PROTOCOL },
        1 => {
            let program = Program { scenario, features, compression, inline: true, stages: Vec::new() };
            Ask::Produce { program: Box::new(program), directory }
        }
        2 => {
            let restore = Restore { scenario, features, compression, parallelism: 1, operators: Vec::new() };
            Ask::Restore { restore: Box::new(restore), directory }
        }
        3 => Ask::Inspect { directory },
        _ => Ask::Stop,
    }
}

/// Lines of an adapter that was asked.
fn answers(kind: u8, lines: &[u8]) {
    let ask = asked(kind);
    for line in lines.split(|byte| *byte == b'\n') {
        let json: Option<serde_json::Value> = serde_json::from_slice(line).ok();
        let seq = json.as_ref().and_then(|json| json["seq"].as_u64()).unwrap_or(0);
        match answer(line, seq, &ask) {
            Ok(found) => {
                let response = Response { seq, what: found.clone() };
                let written = serde_json::to_string(&response).expect("an answer is JSON");
                assert!(!written.contains('\n'));
                assert_eq!(answer(written.as_bytes(), seq, &ask), Ok(found));
                assert!(answer(line, seq.wrapping_add(1), &ask).is_err(), "the answer to another request");
            }
            // What is wrong is said at a bearable length.
            Err(none) => {
                let why = none.into_text();
                assert!(!why.is_empty() && why.len() <= 4096, "{} bytes: {why}", why.len());
            }
        }
    }
}

fn restored(line: Option<&[u8]>) -> Option<Vec<Line>> {
    match serde_json::from_slice::<Response>(line?).ok()?.what {
        Answer::Restored { lines } => Some(lines),
        _ => None,
    }
}

fn comparison(lines: &[u8]) {
    let mut lines = lines.split(|byte| *byte == b'\n');
    let Some(restore) = lines.next().and_then(|line| serde_json::from_slice::<Restore>(line).ok()) else { return };
    let Some(one) = restored(lines.next()) else { return };
    assert_eq!(compare(&restore, &one, &one), Vec::<String>::new());
    let reversed: Vec<Line> = one.iter().rev().cloned().collect();
    assert_eq!(compare(&restore, &one, &reversed), Vec::<String>::new());
    let other = restored(lines.next()).unwrap_or_default();
    let (there, back) = (compare(&restore, &one, &other), compare(&restore, &other, &one));
    assert_eq!(there.len(), back.len());
    let turned = |text: &String| match text.split_at_checked(1) {
        Some(("+", rest)) => format!("-{rest}"),
        Some(("-", rest)) => format!("+{rest}"),
        _ => text.clone(),
    };
    assert_eq!(there, back.iter().map(turned).collect::<Vec<_>>());
}

/// Directories by what requests call them: each has its own place, whatever it is called.
struct Directories {
    scratch: Scratch,
    known: BTreeMap<String, PathBuf>,
}

impl Directories {
    fn place(&mut self, called: &mut String) {
        let next = self.scratch.path().join(format!("savepoint-{}", self.known.len()));
        let path = self.known.entry(std::mem::take(called)).or_insert(next);
        *called = path.display().to_string();
    }
}

fn is_large(ask: &Ask) -> bool {
    let is_large = |parallelism: u32| (SUBTASKS + 1..=1 << 15).contains(&parallelism);
    match ask {
        Ask::Produce { program, .. } => program.stages.iter().any(|stage| is_large(stage.parallelism)),
        Ask::Restore { restore, .. } => is_large(restore.parallelism),
        _ => false,
    }
}

fn requests(release: u8, lines: &[u8]) {
    let release = Release::ALL.get(usize::from(release) % Release::ALL.len()).copied().unwrap_or(Release::V2_3);
    let mut adapter = ReferenceAdapter::new(release);
    let mut directories =
        Directories { scratch: Scratch::new().expect("a temporary directory"), known: BTreeMap::new() };
    for line in lines.split(|byte| *byte == b'\n').take(REQUESTS) {
        let Ok(mut request) = serde_json::from_slice::<Request>(line) else { continue };
        if let Ask::Produce { directory, .. } | Ask::Restore { directory, .. } | Ask::Inspect { directory } =
            &mut request.what
        {
            directories.place(directory);
        }
        if is_large(&request.what) {
            continue;
        }
        let reply = adapter.ask(&request.what);
        let Reply::Answer(found) = &reply else { panic!("{reply:?}") };
        let response = Response { seq: request.seq, what: found.clone() };
        let written = serde_json::to_string(&response).expect("an answer is JSON");
        assert_eq!(answer(written.as_bytes(), request.seq, &request.what).as_ref(), Ok(found));
        if let (Ask::Produce { directory, .. }, Answer::Produced) = (&request.what, found) {
            let inspected = adapter.ask(&Ask::Inspect { directory: directory.clone() });
            assert!(is_sound(&inspected), "what it produces: {inspected:?}");
        }
    }
}

/// Whether what was produced is taken. A scenario may have a timer so long before any clock that it is taken for one whose sign is
/// not flipped.
fn is_sound(inspected: &Reply) -> bool {
    match inspected {
        Reply::Answer(Answer::Rejected { requirement, .. }) => requirement.as_deref() == Some("TIMER-ELEMENT-01"),
        other => *other == Reply::Answer(Answer::Accepted),
    }
}

/// One run.
pub fn run(input: &[u8]) {
    let [kind, what, lines @ ..] = input else { return };
    match kind % 3 {
        0 => answers(*what, lines),
        1 => comparison(lines),
        _ => requests(*what, lines),
    }
}
