//! Adapters that do one thing wrong, to try the runner on: `hostile_adapter MODE`, and `hostile_adapter slow MILLIS COMMAND...`, which
//! hands everything on to a better one, after a while.
//!
//! Up to the request at which they go wrong they keep the protocol, so that they are not found out before.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio, abort, exit};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

const FOREVER: Duration = Duration::from_secs(3600);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().unwrap_or_default();
    match mode.as_str() {
        "slow" => {
            let millis = arguments.next().and_then(|millis| millis.parse().ok()).unwrap_or(100);
            slow(Duration::from_millis(millis), &arguments.collect::<Vec<_>>());
        }
        "sleep" => sleep(FOREVER),
        _ => serve(&mode),
    }
}

/// Answers what it is asked, and goes wrong at `produce` and `restore`, or earlier if its mode is about that.
fn serve(mode: &str) {
    eprintln!("started as {mode}");
    match mode {
        "exits-at-once" => exit(3),
        "slow-hello" => sleep(FOREVER),
        _ => {}
    }
    for line in io::stdin().lock().lines() {
        let Ok(request) = serde_json::from_str::<Value>(&line.unwrap_or_default()) else { exit(4) };
        let kind = request["request"].as_str().unwrap_or_default();
        let task = if kind == "produce" { &request["program"] } else { &request["restore"] };
        let feature = task["features"][0].as_str().unwrap_or_default();
        let answer = match kind {
            "hello" => hello(mode),
            "stop" if mode == "does-not-stop" => sleep_on(),
            "stop" => json!({ "response": "stopped" }),
            "produce" | "restore" if feature.starts_with("probe-") && mode != "says-yes-to-unknown-features" => {
                json!({ "response": "unsupported", "feature": feature, "reason": "nobody has it" })
            }
            "produce" | "restore" => {
                eprintln!("{kind} {}", task["scenario"]);
                go_wrong(mode, kind, feature, &request["directory"])
            }
            _ => json!({ "response": "error", "message": format!("no such request: {kind}") }),
        };
        respond(answer, &request["seq"]);
        if kind == "stop" {
            return;
        }
    }
}

fn hello(mode: &str) -> Value {
    let mut hello = json!({
        "response": "hello", "protocol": 1, "name": mode, "version": "1", "issues": "https://example.org", "release": "2.3",
        "roles": ["producer", "consumer"],
        "features": [
            "keyed", "operator-state", "state:*", "type:*", "rescale", "stages", "namespace", "inline", "value:*",
            "compression:*", "max-parallelism:*", "finished", "ttl",
        ],
    });
    match mode {
        "hello-without-a-name" => drop(hello.as_object_mut().and_then(|hello| hello.remove("name"))),
        "speaks-protocol-9" => hello["protocol"] = json!(9),
        _ => {}
    }
    hello
}

fn go_wrong(mode: &str, kind: &str, feature: &str, directory: &Value) -> Value {
    let answer = if kind == "produce" {
        json!({ "response": "produced" })
    } else {
        json!({ "response": "restored", "lines": [] })
    };
    match mode {
        "crash" => abort(),
        "exit" => exit(7),
        "hang" => {
            // It is not alone, and who it has started holds the pipes open.
            let child = std::env::current_exe().and_then(|program| Command::new(program).arg("sleep").spawn());
            eprintln!("child {}", child.map_or(0, |child| child.id()));
            sleep_on()
        }
        "claims-it" => {
            // As Flink does in the restore mode of that name, when it needs the savepoint no more.
            let _ = std::fs::remove_dir_all(directory.as_str().unwrap_or_default());
            answer
        }
        "lie" => json!({ "response": "unsupported", "feature": feature, "reason": "not today" }),
        "flood-stdout" => {
            let mut out = io::stdout().lock();
            while out.write_all(&[b'x'; 1 << 14]).is_ok() {}
            exit(5)
        }
        "flood-stderr" => {
            let mut log = io::stderr().lock();
            for _ in 0..2400 {
                let _ = log.write_all(&[b'x'; 1 << 14]);
            }
            let _ = log.write_all(b"\nthe last words\n");
            json!({ "response": "error", "message": "much to say" })
        }
        "garbage" => {
            println!("Hello, world!");
            sleep_on()
        }
        "wrong-seq" => {
            println!("{}", with_seq(answer, json!(4711)));
            sleep_on()
        }
        "wrong-kind" => json!({ "response": "accepted" }),
        "wrong-schema" => json!({ "response": "restored", "lines": [{ "operator": 7 }] }),
        "error" => json!({ "response": "error", "message": "out of luck", "detail": "at luck.rs:7" }),
        // It claims to have done what it has not.
        _ => answer,
    }
}

/// Hands requests on, and answers back, after a while.
fn slow(after: Duration, command: &[String]) {
    let Some((program, arguments)) = command.split_first() else { exit(6) };
    let child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else { exit(6) };
    let (Some(mut to), Some(from)) = (child.stdin.take(), child.stdout.take()) else { exit(6) };
    let mut from = BufReader::new(from);
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { exit(4) };
        sleep(after);
        let mut answer = String::new();
        if writeln!(to, "{line}").is_err() || from.read_line(&mut answer).is_err() {
            exit(6);
        }
        print!("{answer}");
        let _ = io::stdout().flush();
    }
    drop(to);
    let _ = child.wait();
}

fn respond(answer: Value, seq: &Value) {
    println!("{}", with_seq(answer, seq.clone()));
    let _ = io::stdout().flush();
}

fn with_seq(mut answer: Value, seq: Value) -> Value {
    answer["seq"] = seq;
    answer
}

fn sleep_on() -> Value {
    sleep(FOREVER);
    Value::Null
}
