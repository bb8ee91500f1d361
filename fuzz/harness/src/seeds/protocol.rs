//! Seeds of the target that takes lines of the protocol: the scenarios of the suite, and an answer of each kind.

use std::error::Error;

use flink_savepoint::metadata::Release;
use flink_savepoint_conformance::adapter::reference::ReferenceAdapter;
use flink_savepoint_conformance::adapter::{Adapter, Answer, Ask, PROTOCOL, Reply, Request, Response};
use flink_savepoint_conformance::scenario::Scenario;

use super::Seeds;

/// What lines are, by the first byte.
const ANSWERS: u8 = 0;
const COMPARISON: u8 = 1;
const REQUESTS: u8 = 2;

pub(super) fn all(seeds: &mut Seeds) -> Result<(), Box<dyn Error>> {
    for one in Scenario::all()? {
        of_scenario(&one, seeds)?;
    }
    let hello = ReferenceAdapter::new(Release::V2_3).ask(&Ask::Hello { protocol: PROTOCOL });
    let Reply::Answer(hello) = hello else { return Ok(()) };
    let (class, message) = ("malformed".to_owned(), "magic".to_owned());
    let rejected = Answer::Rejected {
        class,
        message: message.clone(),
        requirement: Some("META-MAGIC-01".to_owned()),
        offset: Some("0".to_owned()),
        file: Some("_metadata".to_owned()),
    };
    let unsupported = Answer::Unsupported { feature: "ttl".to_owned(), reason: message.clone() };
    let error = Answer::Error { message, detail: Some("a stack trace".to_owned()) };
    for (name, asked, what) in [
        ("hello", 0, hello),
        ("produced", 1, Answer::Produced),
        ("unsupported", 1, unsupported),
        ("accepted", 3, Answer::Accepted),
        ("rejected", 3, rejected),
        ("error", 2, error),
        ("stopped", 4, Answer::Stopped),
    ] {
        let line = serde_json::to_vec(&Response { seq: 1, what })?;
        seeds.add("adapter_protocol", format!("answer-{name}"), [&[ANSWERS, asked][..], &line].concat());
    }
    Ok(())
}

fn of_scenario(one: &Scenario, seeds: &mut Seeds) -> Result<(), Box<dyn Error>> {
    let directory = "savepoint".to_owned();
    let asks = [
        Ask::Produce { program: Box::new(one.program()), directory: directory.clone() },
        Ask::Restore { restore: Box::new(one.restore()), directory: directory.clone() },
        Ask::Inspect { directory },
    ];
    let mut lines = Vec::new();
    for (seq, what) in (1..).zip(asks) {
        lines.push(serde_json::to_string(&Request { seq, what })?);
    }
    // All that can be answered by the release that every one is newer than, or by the newest.
    let requests = lines.join("\n").into_bytes();
    let produce = lines.first().cloned().unwrap_or_default().into_bytes();
    for (name, lines) in [("requests", requests), ("produce", produce)] {
        let release = u8::try_from(seeds.made.len() % Release::ALL.len()).unwrap_or(0);
        seeds.add("adapter_protocol", format!("{name}-{}", one.id), [&[REQUESTS, release][..], &lines].concat());
    }
    let restored = Response { seq: 1, what: Answer::Restored { lines: one.expected() } };
    let restored = serde_json::to_string(&restored)?;
    let restore = serde_json::to_string(&one.restore())?;
    seeds.add("adapter_protocol", format!("answer-{}", one.id), [&[ANSWERS, 2], restored.as_bytes()].concat());
    let compared = [restore.as_str(), &restored, &restored].join("\n");
    seeds.add("adapter_protocol", format!("compared-{}", one.id), [&[COMPARISON, 0], compared.as_bytes()].concat());
    Ok(())
}
