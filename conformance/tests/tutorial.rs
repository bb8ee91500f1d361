//! The tutorial of `docs/adapter.md` does what it says: its blocks are its programs', and its programs are run.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flink_savepoint_conformance::report::{Outcome, RunData};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// The blocks of the page: what stands behind the fence, and the lines.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push((info.to_owned(), block.join("\n")));
    }
    blocks
}

fn page() -> Vec<(String, String)> {
    blocks(&fs::read_to_string(docs().join("adapter.md")).unwrap())
}

/// Where there is no Python there is nothing to be run.
fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("no python3 here: the tutorial is not run");
    }
    found
}

fn savepoint(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_savepoint"));
    command.current_dir(docs().join("tutorial")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg(arguments[0]).args(&arguments[1..]).output().unwrap()
}

/// Steps that went well, and those that did not, without what there is to do.
fn steps(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().filter(|line| line.starts_with("pass  ") || line.starts_with("FAIL  ")).map(str::to_owned).collect()
}

#[test]
fn blocks_stand_in_the_programs() {
    let mut shown = BTreeSet::new();
    for (info, block) in page() {
        let Some(name) = info.strip_prefix("python ") else { continue };
        let program = fs::read_to_string(docs().join("tutorial").join(name)).unwrap();
        assert!(format!("\n{program}").contains(&format!("\n{block}\n")), "{name} has no longer:\n{block}");
        if ["step1.py", "step3.py"].contains(&name) {
            assert_eq!(program.trim_end(), block, "all of it is shown");
        }
        shown.insert(name.to_owned());
    }
    // The loop is that of step 2.
    shown.insert("serving.py".to_owned());
    let programs = fs::read_dir(docs().join("tutorial")).unwrap().map(|entry| entry.unwrap().path());
    let programs = programs.filter(|path| path.extension().is_some_and(|extension| extension == "py"));
    assert_eq!(shown, programs.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect());
}

#[test]
fn smoke_says_what_the_page_says() {
    if !has_python() {
        return;
    }
    let mut seen = 0;
    for (_, block) in page().into_iter().filter(|(info, _)| info == "console") {
        let (command, expected) = block.split_once('\n').unwrap();
        let arguments: Vec<&str> = command.strip_prefix("$ savepoint ").unwrap().split(' ').collect();
        let output = savepoint(&arguments);
        assert_eq!(steps(&output).join("\n"), expected, "{command}");
        let failed = expected.contains("FAIL");
        assert_eq!(output.status.code(), Some(i32::from(failed)), "{command}");
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn the_last_step_takes_part_in_the_matrix() {
    if !has_python() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let out = out.path().join("run");
    // Each with the other, and what the rules say.
    let output = savepoint(&[
        "run",
        "--out",
        out.to_str().unwrap(),
        "--adapter",
        "tutorial=python3 step5.py",
        "--producer",
        "tutorial",
        "--producer",
        "reference-1.13",
    ]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let run = RunData::read(&out.join("events.jsonl")).unwrap();
    assert_eq!(run.outcome(), Outcome::Good);
    for (producer, consumer) in
        [("tutorial", "tutorial"), ("tutorial", "reference"), ("tutorial", "check"), ("reference-1.13", "tutorial")]
    {
        let counts = run.pair(producer, consumer).unwrap();
        assert!(counts.passes() >= 7 && counts.passes() == counts.required(), "{producer} -> {consumer}: {counts:?}");
    }
}

#[test]
fn a_broken_savepoint_is_rejected_and_does_not_end_it() {
    if !has_python() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("_metadata"), b"\x49\x60\x67\x2d\0\0\0\x03\0").unwrap();
    let restore = serde_json::json!({
        "seq": 1, "request": "restore", "directory": directory.path(),
        "restore": { "scenario": "s", "features": ["keyed"], "compression": "none", "parallelism": 1, "operators": [] },
    });
    let mut child = Command::new("python3")
        .arg(docs().join("tutorial/step5.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    write!(child.stdin.take().unwrap(), "{restore}\n{{\"seq\":2,\"request\":\"stop\"}}\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (answers[0]["response"].as_str(), answers[1]["response"].as_str()),
        (Some("rejected"), Some("stopped")),
        "{text}"
    );
    assert!(output.status.success());
}
