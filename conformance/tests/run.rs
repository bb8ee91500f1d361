//! `savepoint run` and `savepoint adapter smoke`, with adapters that do something wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use flink_savepoint_conformance::adapter::{Adapter, Answer, Ask, Bounds, PROTOCOL, Process, Reply, Request, Response};
use flink_savepoint_conformance::event::{Cell, Event};
use flink_savepoint_conformance::json;
use flink_savepoint_conformance::verdict::Verdict;

const SAVEPOINT: &str = env!("CARGO_BIN_EXE_savepoint");
/// Two scenarios that take no time.
const FEW: [&str; 4] = ["--scenario", "map-null-string", "--scenario", "timers-both"];

/// The example `hostile_adapter`. `cargo test` has built it, unless it was asked for this test alone.
fn hostile() -> &'static str {
    static HOSTILE: OnceLock<String> = OnceLock::new();
    HOSTILE.get_or_init(|| {
        let name = format!("hostile_adapter{}", std::env::consts::EXE_SUFFIX);
        let built = Path::new(SAVEPOINT).parent().unwrap().join("examples").join(name);
        let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hostile_adapter.rs");
        if changed(&built) < changed(&source) {
            let arguments = ["build", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--example", "hostile_adapter"];
            assert!(Command::new(env!("CARGO")).args(arguments).status().unwrap().success());
        }
        built.to_str().unwrap().to_owned()
    })
}

/// An `--adapter` that goes wrong.
fn adapter(mode: &str) -> String {
    format!("h-{}={} {mode}", mode.split(' ').next().unwrap(), hostile())
}

struct Run {
    out: tempfile::TempDir,
}

impl Run {
    fn new() -> Self {
        Self { out: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.out.path().join("run").join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(SAVEPOINT);
        command.args(["run", "--suite", env!("CARGO_MANIFEST_DIR"), "--out", self.path("").to_str().unwrap()]);
        command.args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path("events.jsonl")).unwrap()
    }

    fn events(&self) -> Vec<Event> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect()
    }

    /// The cells, by producer, consumer and case, as they were told last.
    fn cells(&self) -> BTreeMap<[String; 3], Cell> {
        let cells = self.events().into_iter().filter_map(|event| match event {
            Event::Cell(cell) => Some(([&cell.producer, &cell.consumer, &cell.case].map(String::clone), cell)),
            _ => None,
        });
        cells.collect()
    }

    fn stale(&self) -> Vec<String> {
        match self.events().pop() {
            Some(Event::End(end)) => end.stale,
            other => panic!("{other:?}"),
        }
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{output:?}"))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a mode of the hostile adapter has to get, and a word of the reason.
const WRONG: [(&str, Verdict, &str); 18] = [
    ("crash", Verdict::Crash, "signal 6 (SIGABRT)"),
    ("exit", Verdict::Crash, "exit status 7"),
    ("hang", Verdict::Timeout, "no answer in 2 s"),
    ("lie", Verdict::AdapterError, "its hello lists all that this needs"),
    ("flood-stdout", Verdict::AdapterError, "without the end of a line"),
    ("flood-stderr", Verdict::AdapterError, "much to say"),
    ("garbage", Verdict::AdapterError, "not JSON"),
    ("wrong-seq", Verdict::AdapterError, "an answer to request 4711"),
    ("wrong-kind", Verdict::AdapterError, "was answered by accepted"),
    ("wrong-schema", Verdict::AdapterError, "/lines/0/operator: 7 is not of type \"string\""),
    ("error", Verdict::AdapterError, "out of luck"),
    ("claims", Verdict::Fail, "lines missing"),
    ("slow-hello", Verdict::Timeout, "is broken: hello: no answer"),
    ("exits-at-once", Verdict::Crash, "ended with exit status 3; its log ends with: started as exits-at-once"),
    ("hello-without-a-name", Verdict::AdapterError, "\"name\" is a required property"),
    ("speaks-protocol-9", Verdict::AdapterError, "version 9 of the protocol"),
    ("says-yes-to-unknown-features", Verdict::AdapterError, "it was done instead"),
    ("does-not-stop", Verdict::Fail, "lines missing"),
];

#[test]
#[cfg(unix)]
fn whoever_goes_wrong_reading_gets_the_right_verdict_and_the_run_goes_on() {
    let run = Run::new();
    let adapters: Vec<String> = WRONG.iter().map(|(mode, ..)| adapter(mode)).collect();
    let mut arguments = vec!["--timeout", "2", "--jobs", "4", "--producer", "reference"];
    arguments.extend(["--consumer", "h-*", "--consumer", "check", "--consumer", "reference"]);
    arguments.extend(FEW);
    for adapter in &adapters {
        arguments.extend(["--adapter", adapter]);
    }
    let output = run.run(&arguments);
    assert_eq!(code(&output), 1, "{output:?}");
    let cells = run.cells();
    assert_eq!(cells.len(), 2 * (WRONG.len() + 2));
    for case in ["map-null-string", "timers-both"] {
        let cell = |consumer: &str| &cells[&["reference", consumer, case].map(str::to_owned)];
        for good in ["check", "reference"] {
            assert_eq!(cell(good).verdict, Verdict::Pass, "{:?}", cell(good));
        }
        for (mode, verdict, reason) in WRONG {
            let cell = cell(&format!("h-{mode}"));
            assert_eq!(cell.verdict, verdict, "{mode}: {cell:?}");
            let found = cell.reason.as_deref().unwrap_or_default();
            assert!(found.contains(reason), "{mode}: {found}");
            let evidence = cell.evidence.as_ref().unwrap();
            let again = evidence.command.as_deref().unwrap();
            assert!(again.contains(&format!("{} {mode}", hostile())), "{again}");
            assert_eq!(again.matches("--adapter").count(), 1, "{again}");
            assert!(run.path(evidence.log_file.as_deref().unwrap()).is_file(), "{mode}");
            // To do it again leaves this run alone.
            assert!(again.ends_with(&format!("--out {}", run.path("again").display())), "{again}");
        }
        // Each cell has its own part of the log, also after a restart.
        for mode in ["crash", "garbage"] {
            let log = cell(&format!("h-{mode}")).evidence.clone().unwrap().log.unwrap();
            assert_eq!(log.matches("restore \"").count(), 1, "{log}");
            assert!(log.contains(&format!("restore \"{case}\"")), "{log}");
        }
    }
    let log = fs::read_to_string(run.path("logs/h-flood-stderr.log")).unwrap();
    assert!((16 << 20..17 << 20).contains(&log.len()), "{}", log.len());
    assert!(log.starts_with("started as flood-stderr\n") && log.ends_with("\nthe last words\n"));
    assert!(log.contains(" bytes left out ..."));
    // What the hanging one has started has ended with it.
    let log = fs::read_to_string(run.path("logs/h-hang.log")).unwrap();
    let children: Vec<&str> = log.lines().filter_map(|line| line.strip_prefix("child ")).collect();
    assert_eq!(children.len(), 2, "{log}");
    for child in children {
        let state = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(" Z "), "{state}");
    }
    assert!(run.path("report.html").is_file());
}

#[test]
#[cfg(unix)]
fn whoever_goes_wrong_writing_gets_the_right_verdict_and_leaves_nothing_to_restore() {
    let run = Run::new();
    let modes = [
        ("crash", Verdict::Crash, "signal 6"),
        ("lie", Verdict::AdapterError, "answers unsupported"),
        ("claims", Verdict::AdapterError, "there is no _metadata"),
        ("wrong-kind", Verdict::AdapterError, "produce was answered by accepted"),
        ("says-yes-to-unknown-features", Verdict::AdapterError, "is broken"),
    ];
    let adapters: Vec<String> = modes.iter().map(|(mode, ..)| adapter(mode)).collect();
    let mut arguments = vec!["--producer", "h-*", "--producer", "reference"];
    arguments.extend(["--consumer", "check", "--consumer", "reference"]);
    arguments.extend(FEW);
    for adapter in &adapters {
        arguments.extend(["--adapter", adapter]);
    }
    let output = run.run(&arguments);
    assert_eq!(code(&output), 1, "{output:?}");
    let cells = run.cells();
    for case in ["map-null-string", "timers-both"] {
        for consumer in ["check", "reference"] {
            let cell = |producer: &str| &cells[&[producer, consumer, case].map(str::to_owned)];
            assert_eq!(cell("reference").verdict, Verdict::Pass);
            for (mode, verdict, reason) in modes {
                let cell = cell(&format!("h-{mode}"));
                // Told once as what it is; a broken one cannot be used by anybody.
                let nothing = consumer == "reference" && mode != "says-yes-to-unknown-features";
                assert_eq!(cell.verdict, if nothing { Verdict::NotRun } else { verdict }, "{mode}: {cell:?}");
                assert!(cell.reason.as_deref().unwrap_or_default().contains(reason), "{mode}: {cell:?}");
            }
        }
    }
}

#[test]
fn a_savepoint_is_not_to_be_changed() {
    let run = Run::new();
    let claims_it = adapter("claims-it");
    let chosen = ["--producer", "reference", "--consumer", "h-*", "--scenario", "timers-both"];
    assert_eq!(code(&run.run(&[["--adapter", &claims_it].as_slice(), &chosen].concat())), 1);
    let cells = run.cells();
    let cell = cells.values().next().unwrap();
    assert_eq!((cells.len(), cell.verdict), (1, Verdict::AdapterError));
    assert!(cell.reason.as_deref().unwrap().contains("was changed while it was read"), "{cell:?}");
}

#[test]
fn a_run_that_was_killed_goes_on() {
    let run = Run::new();
    let slow = adapter(&format!("slow 150 {SAVEPOINT} adapter reference --release 2.3"));
    let arguments = [
        ["--adapter", &slow, "--jobs", "1"].as_slice(),
        &["--scenario", "key-*", "--producer", "reference", "--consumer", "h-slow", "--consumer", "check"],
    ]
    .concat();
    let mut child = run.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let decided =
        || fs::read_to_string(run.path("events.jsonl")).unwrap_or_default().matches("\"event\":\"cell\"").count();
    let start = Instant::now();
    while decided() < 2 {
        assert!(start.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none(), "no cell came");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = run.text();
    let whole = before.rfind('\n').map_or("", |end| &before[..=end]);
    assert!(!whole.contains("\"event\":\"end\""), "it was over before it was killed");

    let other = run.run(&[&["--resume"], &arguments[..4], &["--scenario", "key-t*"]].concat());
    assert_eq!(code(&other), 2, "{other:?}");
    assert!(stderr(&other).contains("another run: "), "{}", stderr(&other));
    assert!(run.text().starts_with(whole), "a run that cannot go on is left as it was");

    let output = run.run(&[["--resume"].as_slice(), &arguments].concat());
    assert_eq!(code(&output), 0, "{output:?}");
    assert!(run.text().starts_with(whole), "what was decided stays");
    let decided = run.events().into_iter().filter(|event| matches!(event, Event::Cell(_))).count();
    let Some(Event::Run(first)) = run.events().into_iter().next() else { panic!("no run") };
    assert_eq!(decided as u64, first.planned, "each is decided once");
    assert!(run.cells().values().all(|cell| cell.verdict == Verdict::Pass));

    // It has an end now, which it keeps when somebody else wants to go on.
    let complete = run.text();
    assert_eq!(code(&run.run(&[&["--resume"], &arguments[..4], &["--scenario", "key-t*"]].concat())), 2);
    assert_eq!(run.text(), complete);
    // Once more: there is nothing to be done, and it is as good as before.
    assert_eq!(code(&run.run(&[["--resume"].as_slice(), &arguments].concat())), 0);
    assert_eq!(code(&run.run(&["--report"])), 0);
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_the_adapters_too() {
    let run = Run::new();
    let hang = adapter("hang");
    let arguments = ["--adapter", &hang, "--producer", "reference", "--consumer", "h-hang"];
    let mut child = run.command(&[arguments.as_slice(), &FEW].concat()).stderr(Stdio::null()).spawn().unwrap();
    let hanging = || {
        let log = fs::read_to_string(run.path("logs/h-hang.log")).unwrap_or_default();
        log.lines().find_map(|line| line.strip_prefix("child ")?.parse::<u32>().ok())
    };
    let start = Instant::now();
    while hanging().is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "it does not hang");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let state = || fs::read_to_string(format!("/proc/{}/stat", hanging().unwrap())).unwrap_or_default();
    let start = Instant::now();
    while !(state().is_empty() || state().contains(" Z ")) {
        assert!(start.elapsed() < Duration::from_secs(10), "{}", state());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn known_failures_are_expected_and_go_stale() {
    let run = Run::new();
    let (claims, error) = (adapter("claims"), adapter("error"));
    let file = run.out.path().join("known.toml");
    let with = |entries: &str, more: &[&str]| {
        fs::write(&file, entries).unwrap();
        let arguments = ["--adapter", &claims, "--adapter", &error, "--known-failures", file.to_str().unwrap()];
        let chosen = ["--producer", "reference", "--consumer", "h-*", "--consumer", "reference"];
        run.run(&[arguments.as_slice(), &chosen, &FEW, more].concat())
    };
    let all = "[[failure]]\nconsumer = 'h-{claims,error}'\nreason = 'hostile'\nissue = 'BUG-1'\n";
    let of = |consumer: &str, case: &str| run.cells()[&["reference", consumer, case].map(str::to_owned)].clone();

    let output = with(all, &[]);
    assert_eq!(code(&output), 0, "{output:?}");
    for consumer in ["h-claims", "h-error"] {
        let cell = of(consumer, "timers-both");
        assert_eq!(cell.verdict, Verdict::ExpectedFail);
        assert!(cell.reason.unwrap().starts_with("BUG-1: hostile ("));
    }
    assert_eq!(of("reference", "timers-both").verdict, Verdict::Pass);

    let output =
        with(&format!("{all}[[failure]]\nconsumer = 'reference'\nscenario = 'timers-*'\nreason = 'no'\n"), &[]);
    assert_eq!(code(&output), 1);
    assert_eq!(of("reference", "timers-both").verdict, Verdict::UnexpectedPass);
    assert_eq!(of("reference", "map-null-string").verdict, Verdict::Pass);
    assert_eq!(run.stale().len(), 1, "{:?}", run.stale());

    // Nothing but failures is not good, however well they are known.
    let known = ["--adapter", &claims, "--known-failures", file.to_str().unwrap()];
    fs::write(&file, all).unwrap();
    let output = run.run(&[known.as_slice(), &["--producer", "reference", "--consumer", "h-claims"], &FEW].concat());
    assert_eq!(code(&output), 1, "{output:?}");
    assert!(run.cells().values().all(|cell| cell.verdict == Verdict::ExpectedFail));

    // What is about others is no concern of this run, unless it is said to be of all.
    let others = format!("{all}[[failure]]\nproducer = 'somebody'\nreason = 'else'\n");
    assert_eq!(code(&with(&others, &[])), 0);
    assert_eq!(code(&with(&others, &["--all-known-failures"])), 1);
    assert!(run.stale().iter().any(|stale| stale.contains("no cell falls under it")), "{:?}", run.stale());

    let output = with("[[failure]]\nconsumer = '['\nreason = 'r'\n", &[]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("known.toml: failure 1"), "{}", stderr(&output));
}

#[test]
fn nothing_run_is_a_failure_and_bad_arguments_are_named() {
    let run = Run::new();
    // Nobody reads what a later release has written.
    let output = run.run(&["--producer", "reference", "--consumer", "reference-1.13"]);
    assert_eq!(code(&output), 1, "{output:?}");
    assert_eq!(run.cells().len(), 0);
    // Everything unsupported is nothing run, too.
    let output = run.run(&["--scenario", "finished", "--producer", "reference-1.13", "--consumer", "check"]);
    assert_eq!(code(&output), 1, "{output:?}");
    let cells = run.cells();
    let cell = cells.values().next().unwrap();
    assert_eq!((cells.len(), cell.verdict), (1, Verdict::Unsupported));
    assert!(cell.reason.as_deref().unwrap().starts_with("reference-1.13 does not support finished: "), "{cell:?}");

    let strange = tempfile::tempdir().unwrap();
    fs::write(strange.path().join("mine"), "").unwrap();
    let table = [
        (vec!["--adapter", "x=/there/is/no/such/program"], "/there/is/no/such/program"),
        (vec!["--adapter", "nothing"], "not NAME=COMMAND"),
        (vec!["--adapter", "x="], "no command"),
        (vec!["--adapter", "check=x"], "the name is taken"),
        (vec!["--adapter", "reference-1.13=x"], "the name is taken"),
        (vec!["--adapter", "a/b=x"], "a name has letters"),
        (vec!["--adapter", "x=y", "--adapter", "x=z"], "two of that name"),
        (vec!["--scenario", "["], "["),
        (vec!["--scenario", "timers-*", "--scenario", "timer-both"], "--scenario timer-both: there is nothing of that"),
        (vec!["--consumer", "flink-*"], "--consumer flink-*: there is nothing of that name"),
        (vec!["--suite", "/nowhere"], "/nowhere"),
        (vec!["--known-failures", "/nowhere.toml"], "/nowhere.toml"),
        (vec!["--out", strange.path().to_str().unwrap()], "not empty"),
        (vec!["--out", strange.path().to_str().unwrap(), "--resume"], "no run to go on with"),
        (vec!["--timeout", "0"], "--timeout"),
    ];
    for (arguments, reason) in table {
        let mut command = Command::new(SAVEPOINT);
        command.arg("run").args(&arguments);
        if !arguments.contains(&"--out") {
            command.args(["--out", run.path("").to_str().unwrap()]);
        }
        let output = command.output().unwrap();
        assert_eq!(code(&output), 2, "{arguments:?}: {output:?}");
        assert!(stderr(&output).contains(reason), "{arguments:?}: {}", stderr(&output));
    }
    assert!(strange.path().join("mine").is_file(), "what is not of a run is left alone");
}

#[test]
fn cells_are_chosen_by_globs_and_no_release_reads_later_ones() {
    let run = Run::new();
    let list = |arguments: &[&str]| {
        let output = run.run(&[&["--list"], arguments].concat());
        assert_eq!(code(&output), 0, "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let some = list(&["--producer", "reference-1.{13,20}", "--consumer", "reference*", "--scenario", "timers-b*"]);
    let expected = [
        ["reference-1.13", "reference-1.13"],
        ["reference-1.13", "reference-1.20"],
        ["reference-1.13", "reference"],
        ["reference-1.20", "reference-1.20"],
        ["reference-1.20", "reference"],
    ];
    assert_eq!(some, expected.map(|[producer, consumer]| format!("{producer}\t{consumer}\ttimers-both")));
    assert!(!run.path("events.jsonl").exists(), "a list leaves nothing");

    let vectors = list(&["--producer", "vectors-*", "--scenario", "1.13.6-*", "--scenario", "malformed/magic-wrong"]);
    for line in ["vectors-malformed\tcheck\tmalformed/magic-wrong", "vectors-valid\treference\t1.13.6-hashmap-file"] {
        assert!(vectors.iter().any(|one| one == line), "{line}: {vectors:?}");
    }
    assert!(
        !vectors.iter().any(|line| line.contains("crafted")),
        "metadata files without their states are for no reader"
    );
    assert!(list(&["--core", "--producer", "reference"]).len() < list(&["--producer", "reference"]).len());
}

#[test]
fn an_export_takes_part_as_golden_savepoints() {
    let run = Run::new();
    let own = format!("mine={SAVEPOINT} adapter reference --release 1.20");
    let goldens = run.out.path().join("suite/vectors/scenarios");
    let mut arguments = vec!["--adapter", &own, "--export", goldens.to_str().unwrap(), "--producer", "mine"];
    arguments.extend(FEW);
    let output = run.run(&arguments);
    assert_eq!(code(&output), 0, "{output:?}");
    assert!(stderr(&output).contains("2 savepoints exported"), "{}", stderr(&output));
    let manifest = fs::read_to_string(goldens.join("manifest.toml")).unwrap();
    assert!(goldens.join("mine/timers-both/_metadata").is_file());
    for word in ["release = \"1.20\"", "scenario = \"timers-both\"", "sha256 = \"", "--producer mine"] {
        assert!(manifest.contains(word), "{word}: {manifest}");
    }

    let suite = run.out.path().join("suite");
    let mut command = Command::new(SAVEPOINT);
    command.args(["run", "--suite", suite.to_str().unwrap(), "--out", run.path("").to_str().unwrap()]);
    let output = command.args(["--producer", "golden-*"]).output().unwrap();
    assert_eq!(code(&output), 0, "{output:?}");
    let cells = run.cells();
    let keys: Vec<[&str; 3]> = cells.keys().map(|key| [&*key[0], &*key[1], &*key[2]]).collect();
    assert!(keys.contains(&["golden-mine", "reference-1.20", "timers-both"]), "{keys:?}");
    assert!(!keys.iter().any(|[_, consumer, _]| *consumer == "reference-1.13"), "{keys:?}");
    assert_eq!(cells.len(), 2 * 3, "check, and the reference as 1.20 and 2.3");
}

#[test]
fn smoke_says_what_is_wrong() {
    let smoke = |arguments: &[&str]| {
        let suite = ["adapter", "smoke", "--timeout", "2", "--suite", env!("CARGO_MANIFEST_DIR")];
        let few = ["--scenario", "map-null-string", "--"];
        let output = Command::new(SAVEPOINT).args(suite).args(few).args(arguments).output().unwrap();
        (code(&output), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (good, page) = smoke(&[SAVEPOINT, "adapter", "reference"]);
    assert_eq!(good, 0, "{page}");
    assert!(
        !page.contains("FAIL") && page.contains("pass  map-null-string: restore\n") && page.contains("pass  stop\n"),
        "{page}"
    );
    let table = [
        ("exits-at-once", "FAIL  an answer with the same seq\n      ended with exit status 3\n"),
        ("slow-hello", "FAIL  an answer with the same seq\n      no answer in 2 s\n"),
        ("hello-without-a-name", "FAIL  hello is as its schema says\n      : \"name\" is a required property\n"),
        ("says-yes-to-unknown-features", "FAIL  a feature that nobody has\n"),
        ("claims", "FAIL  a savepoint that is not there\n      it was answered by Restored { lines: [] }\n"),
        ("claims", "FAIL  map-null-string: produce\n      adapter-error: says that it has produced"),
        ("lie", "adapter-error: its hello lists all that this needs"),
        ("crash", "log: produce \"map-null-string\"\n"),
        ("does-not-stop", "FAIL  stop\n      no answer in 5 s\n"),
    ];
    for (mode, expected) in table {
        let (bad, page) = smoke(&[hostile(), mode]);
        assert_eq!(bad, 1, "{mode}: {page}");
        assert!(page.contains(expected), "{mode}: {page}");
        assert!(page.contains("\n   -> "), "{mode}: how to mend it: {page}");
    }
    assert_eq!(smoke(&["/there/is/no/such/program"]).0, 2);
}

#[test]
fn a_process_is_started_anew_and_has_to_be_the_same() {
    let command = |mode: &str| vec![hostile().to_owned(), mode.to_owned()];
    let bounds = Bounds { timeout: Duration::from_secs(20), line: 1 << 20, ..Bounds::default() };
    let restore = Ask::Inspect { directory: "x".to_owned() };
    let mut process = Process::new(&command("crash"), None, bounds).unwrap();
    // Not asked who it is before, it is asked now.
    assert!(matches!(process.ask(&restore), Reply::Answer(Answer::Error { .. })));
    process.stop();
    assert!(matches!(process.ask(&restore), Reply::Answer(Answer::Error { .. })));
    assert_eq!(process.ask_to_stop(), Ok(()));
    assert!(matches!(process.ask(&Ask::Hello { protocol: PROTOCOL }), Reply::Answer(Answer::Hello(_))));

    let mut process = Process::new(&command("exits-at-once"), None, bounds).unwrap();
    assert!(matches!(process.ask(&restore), Reply::Crash(why) if why == "ended with exit status 3"));
    assert!(Process::new(&[], None, bounds).is_err());
    assert!(Process::new(&["/no/such/program".to_owned()], None, bounds).unwrap().start().is_err());
}

#[test]
fn the_committed_json_schemas_are_those_of_the_messages() {
    let schemas = [
        ("request", json::schema::<Request>(), ["adapter", "schema", "request"].as_slice()),
        ("response", json::schema::<Response>(), &["adapter", "schema", "response"]),
        ("events", json::schema::<Event>(), &["run", "--json-schema"]),
    ];
    for (name, schema, command) in schemas {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.json"));
        let printed = Command::new(SAVEPOINT).args(command).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&printed.stdout), schema);
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, schema, "write `savepoint {}` into {}", command.join(" "), path.display());
    }
}
