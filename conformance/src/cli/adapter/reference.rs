//! `savepoint adapter reference`: the reference backend behind the protocol, on standard input and output.

use std::fmt::Write as _;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use clap::Args;
use flink_savepoint::metadata::Release;

use crate::adapter::reference::ReferenceAdapter;
use crate::adapter::{Adapter, Answer, Reply, Request, Response};
use crate::cli::{Failure, print};
use crate::mutant::{self, Mutant};

/// The reference backend, as an adapter on standard input and output
#[derive(Args)]
pub(super) struct Arguments {
    /// The Flink release whose savepoints it writes; it reads those of all
    #[arg(long, default_value = "1.13", value_name = "RELEASE")]
    release: Release,

    /// Do one thing wrong, to see what the suite says of it; `list` names what there is
    #[arg(long, value_name = "NAME")]
    mutant: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut adapter = match arguments.mutant.as_deref() {
        None => ReferenceAdapter::new(arguments.release),
        Some("list") => {
            print(&list())?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(name) => {
            let mutant = mutant::get(name).ok_or_else(|| format!("no mutant {name}; `--mutant list` names them"))?;
            ReferenceAdapter::with_hooks(arguments.release, (mutant.hooks)())
        }
    };
    serve(&mut adapter, io::stdin().lock(), io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

/// A line for each mutant.
fn list() -> String {
    let mut text = String::new();
    for Mutant { name, side, requirement, about, .. } in mutant::all() {
        let _ = writeln!(text, "{name:<32} {:<9} {requirement:<24} {about}", side.label());
    }
    text
}

/// Answers requests, one JSON object to a line, until it is told to stop or there are no more.
fn serve(adapter: &mut dyn Adapter, requests: impl BufRead, mut responses: impl Write) -> Result<(), Failure> {
    for line in requests.lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let response = match serde_json::from_str::<Request>(&line) {
            Ok(request) => Response { seq: request.seq, what: answer(adapter.ask(&request.what)) },
            Err(error) => {
                let seq =
                    serde_json::from_str(&line).ok().and_then(|json: serde_json::Value| json.get("seq")?.as_u64());
                let message = format!("no request of the protocol: {error}");
                Response { seq: seq.unwrap_or(0), what: Answer::Error { message, detail: None } }
            }
        };
        writeln!(responses, "{}", serde_json::to_string(&response)?)?;
        responses.flush()?;
        if response.what == Answer::Stopped {
            break;
        }
    }
    Ok(())
}

fn answer(reply: Reply) -> Answer {
    match reply {
        Reply::Answer(answer) => answer,
        Reply::Crash(message) | Reply::Timeout(message) | Reply::Garbage(message) => {
            Answer::Error { message, detail: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutants_have_names_of_their_own() {
        let mut names: Vec<&str> = mutant::all().map(|mutant| mutant.name).collect();
        assert!(names.len() >= 65, "{}", names.len());
        assert!(mutant::all().all(|one| flink_savepoint_spec::requirements::get(one.requirement).is_some()));
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        assert_eq!(list().lines().count(), names.len());
    }

    #[test]
    fn each_line_has_an_answer() {
        let requests = "{\"seq\":1,\"request\":\"hello\",\"protocol\":1}\n\nnonsense\n{\"seq\":7,\"request\":\"dance\"}\n\
             {\"seq\":8,\"request\":\"stop\"}\n{\"seq\":9,\"request\":\"stop\"}\n";
        let mut adapter = ReferenceAdapter::new(Release::V1_13);
        let mut responses = Vec::new();
        serve(&mut adapter, requests.as_bytes(), &mut responses).unwrap();
        let text = String::from_utf8(responses).unwrap();
        let responses: Vec<Response> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [hello, nonsense, dance, stopped] = &responses[..] else { panic!("{text}") };
        assert!(matches!(&hello.what, Answer::Hello(hello) if hello.release == "1.13"));
        assert_eq!((nonsense.seq, dance.seq, stopped.seq), (0, 7, 8));
        assert!(matches!(dance.what, Answer::Error { .. }));
        assert_eq!(stopped.what, Answer::Stopped);
    }
}
