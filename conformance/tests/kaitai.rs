//! The Kaitai Struct definitions say the same as the reference: `spec/kaitai/compare.mjs` compares every field of the golden
//! savepoints. Needs Node and npm; without them there is nothing to see.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "it is a test")]

mod common;

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use flink_savepoint_conformance::explain::Lines;
use flink_savepoint_spec::layouts::{choices, layouts};
use flink_savepoint_spec::serializers;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What both tests need, made once.
struct Prepared {
    /// Registry and explanations.
    files: PathBuf,
    /// Where Node finds packages.
    modules: PathBuf,
}

static PREPARED: LazyLock<Option<Prepared>> = LazyLock::new(prepare);

fn definitions() -> PathBuf {
    Path::new(common::ROOT).join("spec/kaitai")
}

fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn prepare() -> Option<Prepared> {
    if !runs("node") || !runs("npm") {
        eprintln!("skipped: no Node here");
        return None;
    }
    let modules = Path::new(common::ROOT).join("target/kaitai");
    install(&modules);
    let files = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kaitai");
    fs::create_dir_all(&files).unwrap();
    fs::write(files.join("registry.json"), registry().to_string()).unwrap();
    for path in common::golden_files() {
        let below = path.strip_prefix(common::VALID).unwrap();
        let to = files.join("explained").join(below);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let mut out = BufWriter::new(File::create(to).unwrap());
        let (done, _) = common::explained(&path, &mut Lines::new(&mut out));
        done.unwrap_or_else(|e| panic!("{}: {e}", below.display()));
        out.flush().unwrap();
    }
    Some(Prepared { files, modules })
}

/// Installs the packages, unless those that are wanted are there.
fn install(modules: &Path) {
    let wanted = fs::read(definitions().join("package.json")).unwrap();
    let here = modules.join("package.json");
    let mark = modules.join("node_modules/.installed");
    if fs::read(&here).is_ok_and(|found| found == wanted) && mark.exists() {
        return;
    }
    fs::create_dir_all(modules).unwrap();
    fs::write(&here, wanted).unwrap();
    let done = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--silent", "--no-package-lock"])
        .current_dir(modules)
        .status()
        .unwrap();
    assert!(done.success(), "npm install: {done}");
    fs::write(mark, "").unwrap();
}

/// What the definitions are compared with before any file is read.
fn registry() -> Value {
    let fields = |layout: &'static flink_savepoint_spec::layouts::Layout| {
        (layout.id.clone(), layout.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>().into())
    };
    let layouts: serde_json::Map<String, Value> = layouts().iter().map(fields).collect();
    let values = |choice: &'static flink_savepoint_spec::layouts::Choice| {
        let values: Vec<_> = choice.cases.iter().map(|case| case.value.to_string()).collect();
        (choice.id.clone(), json!({ "selector": choice.selector, "values": values }))
    };
    let choices: serde_json::Map<String, Value> = choices().iter().map(values).collect();
    let class = |one: &serializers::Serializer| json!({ "class": one.class, "kind": format!("{:?}", one.kind).to_lowercase(), "known": one.known });
    json!({ "layouts": layouts, "choices": choices, "classes": serializers::all().iter().map(class).collect::<Vec<_>>() })
}

/// Runs the comparison; nothing if there is no Node.
fn compared(definitions: &Path) -> Option<Output> {
    let prepared = PREPARED.as_ref()?;
    let output = Command::new("node")
        .arg(self::definitions().join("compare.mjs"))
        .arg(&prepared.modules)
        .arg(prepared.files.join("registry.json"))
        .arg(common::VALID)
        .arg(prepared.files.join("explained"))
        .arg(definitions)
        .output()
        .unwrap();
    Some(output)
}

#[test]
fn definitions_say_what_the_reference_says() {
    let Some(output) = compared(&definitions()) else { return };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let counts: Value = serde_json::from_slice(&output.stdout).unwrap();
    eprintln!("{counts}");
    let floors = [
        ("files", 960),
        ("fields", 290_000),
        ("blobs", 24_000),
        ("inline", 160),
        ("types", 115),
        ("choices", 7),
        ("classes", 150),
    ];
    for (what, floor) in floors {
        assert!(counts[what].as_u64().unwrap() >= floor, "{what}: {counts}");
    }
}

/// A definition with one change, and what is then reported.
struct Change {
    file: &'static str,
    /// Two texts that change places.
    swap: [&'static str; 2],
    /// Where the files differ.
    reported: &'static str,
}

const CHANGES: &[Change] = &[
    Change {
        file: "flink_savepoint_metadata",
        swap: ["- id: outer\n", "- id: inner\n"],
        reported: "channel-info.inner with field inner",
    },
    Change {
        file: "flink_serializer_snapshot",
        swap: ["- id: precision\n", "- id: scale\n"],
        reported: "decimal-data-body.scale with field scale",
    },
    Change {
        file: "flink_java_object_stream",
        swap: ["- id: forced\n", "- id: unclaimed\n"],
        reported: "checkpoint-properties.unclaimed with field unclaimed",
    },
];

#[test]
fn a_definition_that_differs_is_found() {
    for Change { file, swap: [one, other], reported } in CHANGES {
        let copy = TempDir::new().unwrap();
        for entry in fs::read_dir(definitions()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "ksy") {
                fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        let changed = copy.path().join(format!("{file}.ksy"));
        let text = fs::read_to_string(&changed).unwrap();
        for part in [one, other] {
            assert_eq!(text.matches(part).count(), 1, "{file}: {part}");
        }
        let swapped = text.replace(one, "\0").replace(other, one).replace('\0', other);
        fs::write(&changed, swapped).unwrap();
        let Some(output) = compared(copy.path()) else { return };
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{file}: {errors}");
        let line = errors.lines().find(|line| line.contains(": here ") && line.contains(reported));
        assert!(line.is_some(), "{file}: {errors}");
    }
}
