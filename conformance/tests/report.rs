//! Reports say what the events say, in every form, and nothing that an adapter says gets out of its place.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use flink_savepoint_conformance::event::{Cell, End, Event, Evidence, Run};
use flink_savepoint_conformance::report::{self, Counts, Outcome, RunData};
use flink_savepoint_conformance::verdict::Verdict;

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/events.jsonl")
}

fn run() -> RunData {
    RunData::read(&sample()).unwrap()
}

/// A run of these verdicts, of which so many were planned.
fn of(verdicts: &[Verdict], planned: u64, end: Option<End>) -> RunData {
    let head = Run {
        version: 1,
        suite: "0".to_owned(),
        edition: "0".to_owned(),
        started: "2026-01-01T00:00:00Z".to_owned(),
        command: Vec::new(),
        planned,
    };
    let cells = verdicts.iter().enumerate().map(|(at, verdict)| Event::Cell(cell(&format!("case-{at:05}"), *verdict)));
    RunData::from_events(std::iter::once(Event::Run(head)).chain(cells).chain(end.map(Event::End)).collect()).unwrap()
}

fn cell(case: &str, verdict: Verdict) -> Cell {
    Cell {
        producer: "p".to_owned(),
        consumer: "c".to_owned(),
        case: case.to_owned(),
        verdict,
        reason: (verdict != Verdict::Pass).then(|| "because".to_owned()),
        blames: Vec::new(),
        millis: 1,
        evidence: None,
    }
}

fn end(good: bool, stale: &[&str]) -> End {
    End { good, stale: stale.iter().map(|&entry| entry.to_owned()).collect(), millis: 61_000 }
}

#[test]
fn the_sample_has_everything() {
    let run = run();
    for verdict in Verdict::ALL {
        assert!(run.counts().of(verdict) > 0, "{verdict:?}");
    }
    assert!(run.is_complete() && !run.is_torn());
    assert_eq!(run.planned(), run.decided());
    assert_eq!(run.outcome(), Outcome::Bad);
    // Rows and columns in the order of the adapters; the one that is unusable has no cells.
    assert_eq!(run.producers(), ["vectors", "reference", "flink-2.3.0-rocksdb", "quill-0.9", "<b>bold</b>|`x`"]);
    assert_eq!(run.consumers(), ["reference", "flink-2.3.0-rocksdb", "quill-0.9", "<b>bold</b>|`x`", "check"]);
}

#[test]
fn sums_agree_and_only_a_pass_is_a_pass() {
    let run = run();
    let sum = |all: Vec<Counts>| {
        all.into_iter().fold(Counts::default(), |mut sum, one| {
            sum += one;
            sum
        })
    };
    let all = run.counts();
    assert_eq!(sum(run.pairs().map(|(.., counts)| counts).collect()), all);
    assert_eq!(sum(run.producers().iter().map(|name| run.of_producer(name)).collect()), all);
    assert_eq!(sum(run.consumers().iter().map(|name| run.of_consumer(name)).collect()), all);
    assert_eq!(all.total(), run.decided());
    assert_eq!(all.required(), all.total() - all.of(Verdict::Unsupported));
    let by_hand = run.cells().iter().filter(|cell| cell.verdict == Verdict::Pass).count() as u64;
    assert_eq!(all.passes(), by_hand);
    for case in run.cases() {
        assert!(run.cells_of_case(&case.id).count() > 0, "{}", case.id);
    }
    let pair = run.pair("quill-0.9", "check").unwrap();
    assert_eq!(run.cells_of_pair("quill-0.9", "check").count() as u64, pair.total());
    assert_eq!((pair.passes(), pair.required(), pair.worst()), (4, 5, Some(Verdict::Fail)));
    assert_eq!(run.pair("vectors", "flink-2.3.0-rocksdb"), None);
}

/// Verdicts, how many are planned, the end, and what is made of them: the outcome, and words of it.
type Expected<'a> = (&'a [Verdict], u64, Option<End>, Outcome, &'a str);

#[test]
fn the_verdict_of_a_run() {
    use Verdict::{ExpectedFail, Fail, NotRun, Pass, Unsupported};
    let cases: [Expected<'_>; 10] = [
        (&[Pass, Pass], 2, Some(end(true, &[])), Outcome::Good, "good: every required cell passes, in 1 min 1 s"),
        (&[Pass, ExpectedFail, Unsupported], 3, Some(end(true, &[])), Outcome::Good, "or is one of 1 known failure,"),
        (&[Pass, Fail], 2, Some(end(true, &[])), Outcome::Bad, "not good: 1 cell is not as expected: 1 fail,"),
        (&[Pass, NotRun], 2, Some(end(false, &[])), Outcome::Bad, "1 not-run"),
        (&[Pass], 1, Some(end(true, &["x"])), Outcome::Bad, "not good: 1 of the known failures is stale"),
        (&[Unsupported, ExpectedFail], 2, Some(end(true, &[])), Outcome::Bad, "not good: nothing passed"),
        (&[], 0, Some(end(true, &[])), Outcome::Bad, "nothing passed"),
        (&[Pass], 1, Some(end(false, &[])), Outcome::Bad, "not good: the runner says so"),
        (
            &[Pass],
            3,
            None,
            Outcome::Incomplete,
            "incomplete: the run did not come to its end; 2 planned cells are not decided",
        ),
        (&[Pass], 3, Some(end(true, &[])), Outcome::Incomplete, "incomplete: 2 planned cells are not decided"),
    ];
    for (verdicts, planned, end, outcome, says) in cases {
        let run = of(verdicts, planned, end);
        assert_eq!(run.outcome(), outcome, "{says}");
        let page = report::terminal(&run, false, 100);
        assert!(page.lines().last().unwrap().contains(says), "{says}: {page}");
        let junit = String::from_utf8(report::junit(&run).unwrap()).unwrap();
        assert_eq!(
            junit.contains(r#"<testcase name="verdict" classname="run">"#)
                && !junit.contains(&format!(r#"type="{}""#, outcome.label())),
            outcome == Outcome::Good,
            "{junit}"
        );
        assert!(
            report::page(&run, None).unwrap().contains(&format!("<title>Savepoint conformance: {}", outcome.label()))
        );
        assert!(report::markdown(&run).starts_with(&format!("## Savepoint conformance: {}\n", outcome.label())));
    }
}

#[test]
fn a_killed_run_is_read_as_far_as_it_came() {
    let bytes = fs::read(sample()).unwrap();
    let whole = run();
    let lines: Vec<usize> = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
    // Cut everywhere in the last two lines, which is also within characters.
    for cut in lines[lines.len() - 3]..bytes.len() - 1 {
        let read = RunData::parse(&bytes[..cut]).unwrap();
        let ends_a_line = cut == bytes.len() - 1 || bytes[cut] == b'\n' || bytes[cut - 1] == b'\n';
        assert_eq!(read.is_torn(), !ends_a_line, "{cut}");
        assert!(!read.is_complete() && read.decided() >= whole.decided() - 1, "{cut}");
    }
    let unusable = [
        (&b""[..], "there is no event `run`"),
        (b"{\"event\":\"end\",\"good\":true,\"millis\":1}\n", "there is no event `run`"),
        (b"garbage\n{}\n", "line 1, column 1"),
        (b"\xff\n\n", "line 1"),
    ];
    for (bytes, says) in unusable {
        let error = RunData::parse(bytes).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let gone = RunData::read(Path::new("nowhere/events.jsonl")).unwrap_err().to_string();
    assert!(gone.starts_with("nowhere/events.jsonl: "), "{gone}");
}

#[test]
fn what_is_told_last_counts() {
    let events = run().events().collect::<Vec<_>>();
    let again: Vec<Event> = events
        .iter()
        .filter(|event| matches!(event, Event::Run(_)))
        .cloned()
        .chain([Event::Cell(Cell { verdict: Verdict::Fail, ..run().cells()[0].clone() })])
        .collect();
    let resumed = RunData::from_events(events.into_iter().chain(again).collect()).unwrap();
    assert_eq!(resumed.decided(), run().decided());
    assert_eq!((run().cells()[0].verdict, resumed.cells()[0].verdict), (Verdict::Pass, Verdict::Fail));
    // It was begun again, and has not ended again.
    assert!(!resumed.is_complete());
}

#[test]
fn terminal() {
    let run = run();
    let plain = report::terminal(&run, false, 110);
    insta::assert_snapshot!("terminal", plain);
    insta::assert_snapshot!(
        "terminal-narrow",
        report::terminal(&run, false, 60).lines().take(24).collect::<Vec<_>>().join("\n")
    );
    assert!(!plain.contains('\u{1b}'));
    let coloured = report::terminal(&run, true, 110);
    assert!(coloured.contains("\u{1b}[31m✗\u{1b}[0m"), "{coloured:?}");
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn what_is_listed_is_bounded() {
    let run = of(&vec![Verdict::Fail; 10_000], 10_000, Some(end(false, &[])));
    let page = report::terminal(&run, false, 100);
    assert_eq!(page.matches("\nfail case-").count(), 10);
    assert!(page.contains("… and 9990 more cells not as expected"), "{page}");
    let markdown = report::markdown(&run);
    assert!(markdown.contains("And 9900 more cells.") && markdown.len() < 100_000);

    let long: Vec<String> = (0..500).map(|n| format!("- line {n} {}", "x".repeat(2_000))).collect();
    let evidence =
        Evidence { diff: long.clone(), findings: long, log: Some("y".repeat(50_000)), ..Evidence::default() };
    let events = run.events().map(|event| match event {
        Event::Cell(cell) if cell.case.as_str() < "case-00030" => {
            Event::Cell(Cell { evidence: Some(evidence.clone()), ..cell })
        }
        other => other,
    });
    let run = RunData::from_events(events.collect()).unwrap();
    assert!(report::page(&run, None).unwrap().len() < 10 << 20);
    assert!(report::terminal(&run, false, 100).len() < 100_000);
}

#[test]
fn markdown() {
    let page = report::markdown(&run());
    insta::assert_snapshot!("markdown", page);
    // As many bars in each line of a table as in its head.
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut head = 0;
    for line in page.lines() {
        head = if line.starts_with('|') { if head == 0 { bars(line) } else { head } } else { 0 };
        assert!(head == 0 || bars(line) == head, "{line}");
    }
    assert!(!page.contains("<script") && !page.contains("<b>"));
}

#[test]
fn junit() {
    let run = run();
    let xml = report::junit(&run).unwrap();
    let read = quick_junit::Report::deserialize(xml.as_slice()).unwrap();
    let suites: BTreeMap<&str, &quick_junit::TestSuite> =
        read.test_suites.iter().map(|suite| (suite.name.as_str(), suite)).collect();
    assert_eq!(suites.len(), read.test_suites.len());
    assert_eq!(suites.len(), run.pairs().count() + 1);
    let counts = run.counts();
    let sum = |of: &[Verdict]| of.iter().map(|verdict| usize::try_from(counts.of(*verdict)).unwrap()).sum::<usize>();
    // And the run itself, and the stale entry.
    assert_eq!(read.tests, sum(&Verdict::ALL) + 2);
    assert_eq!(read.failures, sum(&[Verdict::Fail, Verdict::UnexpectedPass]) + 2);
    assert_eq!(read.errors, sum(&[Verdict::Crash, Verdict::Timeout, Verdict::AdapterError, Verdict::NotRun]));
    let skipped: usize = read
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases)
        .filter(|case| matches!(case.status, quick_junit::TestCaseStatus::Skipped { .. }))
        .count();
    assert_eq!(skipped, sum(&[Verdict::Unsupported, Verdict::ExpectedFail]));

    let suite = suites["quill-0.9 -> reference"];
    let case = suite.test_cases.iter().find(|case| case.name.as_str() == "wide-prefix").unwrap();
    let quick_junit::TestCaseStatus::NonSuccess { message, ty, description, .. } = &case.status else {
        panic!("{case:?}")
    };
    assert_eq!(ty.as_ref().unwrap().as_str(), "fail");
    assert_eq!(message.as_ref().unwrap().as_str(), "3 of 400 lines are missing, 1 was not expected");
    let description = description.as_ref().unwrap().as_str();
    for part in
        ["blamed: KEYGROUP-PREFIX-01, KEYED-KEY-01", "again: savepoint run --producer", "- {\"operator\":\"wide\""]
    {
        assert!(description.contains(part), "{description}");
    }
    assert!(case.system_err.as_ref().unwrap().as_str().contains("WARN key 129"));
    let skipped = suites["reference -> quill-0.9"].test_cases.iter().find(|case| case.name.as_str() == "timers-both");
    let quick_junit::TestCaseStatus::Skipped { message, .. } = &skipped.unwrap().status else { panic!("{skipped:?}") };
    assert!(message.as_ref().unwrap().as_str().contains("QUILL-77"));
}

#[test]
fn the_page_stands_alone_and_escapes() {
    let page = report::page(&run(), Some("https://spec.example/book/")).unwrap();
    // The only scripts and styles are its own, and the data cannot end them.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(page.contains("default-src 'none'"));
    for loading in [" src=", "@import", "url(", "<link rel=\"stylesheet", "<img", "<iframe"] {
        assert!(!page.contains(loading), "{loading}");
    }
    let (head, rest) = page.split_once(r#"<script type="application/json" id="data">"#).unwrap();
    assert!(!head.contains("<b>bold") && head.contains("&lt;b&gt;bold"));
    // An address that a browser would run is no link.
    assert!(!head.contains("href=\"javascript:") && head.contains("href=\"https:&#x2f;&#x2f;quill.example"), "{head}");
    let (data, _) = rest.split_once("</script>").unwrap();
    assert!(!data.contains('<'));
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["cells"].as_array().unwrap().len() as u64, run().decided());
    let requirement = &data["requirements"]["KEYGROUP-PREFIX-01"];
    assert!(requirement["text"].as_str().unwrap().contains("MUST"));
    assert_eq!(requirement["link"], "https://spec.example/book/key-groups.html#KEYGROUP-PREFIX-01");
    assert!(!report::page(&run(), None).unwrap().contains("\"link\":\""));
    let texts = data.to_string();
    assert!(texts.contains("logs/bold/names-non-latin.log") && !texts.contains("\"log_file\":\"javascript"));
}

#[test]
fn all_are_written_and_events_only_if_they_are_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("new/run");
    let paths = report::write_all(&run(), &out).unwrap();
    assert_eq!(RunData::read(&paths.jsonl).unwrap(), run());
    for path in [&paths.html, &paths.junit, &paths.markdown] {
        assert!(fs::metadata(path).unwrap().len() > 1_000, "{}", path.display());
    }
    fs::write(&paths.jsonl, "kept").unwrap();
    report::write_all(&run(), &out).unwrap();
    assert_eq!(fs::read_to_string(&paths.jsonl).unwrap(), "kept");
}
