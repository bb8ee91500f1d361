//! The report for browsers: one page that needs no network. The head, the matrix and the adapters are rendered here; the cells are
//! data, which the page's program renders as far as somebody looks at them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io;

use flink_savepoint_spec::{book, requirements};
use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use serde::Serialize;

use super::counts::Counts;
use super::data::RunData;
use super::words;
use crate::event::{About, Cell, Evidence};
use crate::verdict::Verdict;

/// So many lines of a diff, or findings, are shown.
const LINES: usize = 200;
/// So much of a line.
const LINE: usize = 1_000;
/// So much of the end of a log.
const LOG: usize = 4_000;
/// So many bytes of evidence there are on the page: the first failures have all of theirs, then only the command is shown.
const EVIDENCE: usize = 8 << 20;

/// Renders the page. Links into the rendered specification lead to that URL; without one there are none.
pub fn page(run: &RunData, spec_url: Option<&str>) -> io::Result<String> {
    let mut environment = Environment::new();
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(io::Error::other)?);
    environment.add_template("page.html", include_str!("page.html")).map_err(io::Error::other)?;
    let template = environment.get_template("page.html").map_err(io::Error::other)?;
    let head = Head::of(run, script_json(&Data::of(run, spec_url))?);
    template.render(Serde(&head)).map_err(io::Error::other)
}

/// What the template is filled with.
#[derive(Serialize)]
struct Head<'a> {
    style: &'static str,
    program: &'static str,
    data: String,
    outcome: &'static str,
    good: bool,
    because: String,
    denominators: String,
    suite: &'a str,
    edition: &'a str,
    started: &'a str,
    took: Option<String>,
    command: String,
    stale: &'a [String],
    counts: Vec<Count>,
    consumers: Vec<Sum>,
    rows: Vec<Row>,
    all: Option<Field>,
    adapters: Vec<Adapter<'a>>,
}

impl<'a> Head<'a> {
    fn of(run: &'a RunData, data: String) -> Self {
        let about = run.run();
        let counts = run.counts();
        let column = |name: &String| Sum::new(name, run.of_consumer(name), pair_link("", name));
        Self {
            style: include_str!("page.css"),
            program: include_str!("page.js"),
            data,
            outcome: run.outcome().label(),
            good: run.outcome() == words::Outcome::Good,
            because: words::because(run).join("; "),
            denominators: words::denominators(run),
            suite: &about.suite,
            edition: &about.edition,
            started: &about.started,
            took: run.end().map(|end| words::duration(end.millis)),
            command: shell(&about.command),
            stale: run.end().map(|end| end.stale.as_slice()).unwrap_or_default(),
            counts: Verdict::ALL.into_iter().map(|verdict| Count::of(verdict, counts.of(verdict))).collect(),
            consumers: run.consumers().iter().map(column).collect(),
            rows: run.producers().iter().map(|name| Row::of(run, name)).collect(),
            all: Field::of(counts, "#all".to_owned()),
            adapters: run.adapters().iter().map(Adapter::of).collect(),
        }
    }
}

/// A command line that a shell reads back.
fn shell(words: &[String]) -> String {
    let quoted = words.iter().map(|word| shlex::try_quote(word).map_or(word.clone(), Into::into));
    quoted.collect::<Vec<_>>().join(" ")
}

/// How many cells have a verdict.
#[derive(Serialize)]
struct Count {
    label: &'static str,
    sign: char,
    n: u64,
}

impl Count {
    fn of(verdict: Verdict, n: u64) -> Self {
        Self { label: verdict.label(), sign: verdict.sign(), n }
    }
}

/// A field of the matrix.
#[derive(Serialize)]
struct Field {
    text: String,
    verdict: &'static str,
    title: String,
    link: String,
}

impl Field {
    fn of(counts: Counts, link: String) -> Option<Self> {
        let verdict = counts.worst()?;
        let each: Vec<String> = counts.occurring().map(|(verdict, n)| format!("{n} {}", verdict.label())).collect();
        Some(Self { text: words::field(counts), verdict: verdict.label(), title: each.join(", "), link })
    }
}

/// A name with the sum of its row or column.
#[derive(Serialize)]
struct Sum {
    name: String,
    sum: Option<Field>,
}

impl Sum {
    fn new(name: &str, counts: Counts, link: String) -> Self {
        Self { name: name.to_owned(), sum: Field::of(counts, link) }
    }
}

/// A row of the matrix.
#[derive(Serialize)]
struct Row {
    name: String,
    sum: Option<Field>,
    fields: Vec<Option<Field>>,
}

impl Row {
    fn of(run: &RunData, producer: &str) -> Self {
        let Sum { name, sum } = Sum::new(producer, run.of_producer(producer), pair_link(producer, ""));
        let field = |consumer: &String| Field::of(run.pair(producer, consumer)?, pair_link(producer, consumer));
        Self { name, sum, fields: run.consumers().iter().map(field).collect() }
    }
}

/// The place on the page that lists a pair's cells; an empty name stands for all.
fn pair_link(producer: &str, consumer: &str) -> String {
    format!("#pair/{}/{}", encoded(producer), encoded(consumer))
}

/// As JavaScript's `encodeURIComponent` does it.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// Who took part, as the page lists them.
#[derive(Serialize)]
struct Adapter<'a> {
    id: &'a str,
    name: Option<String>,
    release: Option<&'a str>,
    issues: Option<&'a str>,
    roles: String,
    command: String,
    broken: Option<&'a str>,
    unsupported: Vec<(&'a str, &'a str)>,
}

impl<'a> Adapter<'a> {
    fn of(about: &'a About) -> Self {
        let hello = about.hello.as_ref();
        Self {
            id: &about.id,
            name: hello.map(|hello| {
                let backend = hello.backend.as_ref().map(|backend| format!(", {backend}")).unwrap_or_default();
                format!("{} {}{backend}", hello.name, hello.version)
            }),
            release: hello.map(|hello| hello.release.as_str()),
            // What an adapter says is no reason to run it.
            issues: hello.map(|hello| hello.issues.as_str()).filter(|url| is_web(url)),
            roles: hello.map(|hello| roles(&hello.roles)).unwrap_or_default(),
            command: shell(&about.command),
            broken: about.broken.as_deref(),
            unsupported: hello
                .map(|hello| hello.unsupported.iter().map(|one| (one.feature.as_str(), one.reason.as_str())).collect())
                .unwrap_or_default(),
        }
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn roles(roles: &[crate::adapter::Role]) -> String {
    use crate::adapter::Role;
    let word = |role: &Role| match role {
        Role::Producer => "producer",
        Role::Consumer => "consumer",
        Role::Inspector => "inspector",
    };
    roles.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// What the page's program renders from. Names are numbers into `names`, cases into `cases`, reasons into `reasons`.
#[derive(Serialize)]
struct Data<'a> {
    verdicts: Vec<(&'static str, String, bool)>,
    names: Vec<&'a str>,
    producers: Vec<usize>,
    consumers: Vec<usize>,
    cases: Vec<CaseData<'a>>,
    requirements: BTreeMap<&'a str, RequirementData>,
    reasons: Vec<&'a str>,
    cells: Vec<CellData<'a>>,
    produced: Vec<ProducedData<'a>>,
}

#[derive(Serialize)]
struct CaseData<'a> {
    id: &'a str,
    title: &'a str,
    requirements: &'a [String],
    bugs: &'a [String],
    features: &'a [String],
}

#[derive(Serialize)]
struct RequirementData {
    level: &'static str,
    text: &'static str,
    link: Option<String>,
}

/// Producer, consumer, case, verdict, milliseconds; of what is not a pass the reason and what there is to look at.
#[derive(Serialize)]
#[serde(untagged)]
enum CellData<'a> {
    Pass(usize, usize, usize, usize, u64),
    Other(usize, usize, usize, usize, u64, Option<usize>, &'a [String], Option<Shown>),
}

/// Producer, case, verdict, milliseconds, reason, savepoint.
#[derive(Serialize)]
struct ProducedData<'a>(usize, usize, usize, u64, Option<&'a str>, Option<&'a str>);

#[derive(Serialize)]
struct Shown {
    command: Option<String>,
    diff: Vec<String>,
    findings: Vec<String>,
    log: Option<String>,
    log_file: Option<String>,
    /// That there is more, which has no room here.
    left_out: bool,
}

impl Shown {
    fn of(evidence: &Evidence, room: &mut usize) -> Self {
        let mut shown = Self {
            command: evidence.command.as_ref().map(|command| words::shortened(command, LINE * 4)),
            diff: words::first_lines(&evidence.diff, LINES, LINE),
            findings: words::first_lines(&evidence.findings, LINES, LINE),
            log: evidence.log.as_ref().map(|log| words::tail(log, LOG)),
            log_file: evidence.log_file.as_ref().filter(|file| is_beside(file)).cloned(),
            left_out: false,
        };
        let size = shown.diff.iter().chain(&shown.findings).chain(&shown.log).map(String::len).sum::<usize>();
        if let Some(left) = room.checked_sub(size) {
            *room = left;
        } else {
            shown.diff.clear();
            shown.findings.clear();
            shown.log = None;
            shown.left_out = true;
        }
        shown
    }
}

/// Whether a link to that file stays in the run's directory.
fn is_beside(file: &str) -> bool {
    !file.is_empty()
        && !file.starts_with('/')
        && !file.contains([':', '\\'])
        && !file.split('/').any(|part| part == "..")
}

/// Numbers names as they come.
#[derive(Default)]
struct Names<'a> {
    numbers: HashMap<&'a str, usize>,
    list: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn number(&mut self, name: &'a str) -> usize {
        *self.numbers.entry(name).or_insert_with(|| {
            self.list.push(name);
            self.list.len() - 1
        })
    }
}

impl<'a> Data<'a> {
    fn of(run: &'a RunData, spec_url: Option<&str>) -> Self {
        let mut names = Names::default();
        let mut reasons = Names::default();
        let mut ids = Names::default();
        let producers = run.producers().iter().map(|name| names.number(name)).collect();
        let consumers = run.consumers().iter().map(|name| names.number(name)).collect();
        for case in run.cases() {
            ids.number(&case.id);
        }
        let mut room = EVIDENCE;
        let mut named: BTreeSet<&str> = BTreeSet::new();
        let mut cells = Vec::new();
        for cell in run.cells() {
            named.extend(cell.blames.iter().map(String::as_str));
            cells.push(CellData::of(cell, &mut names, &mut ids, &mut reasons, &mut room));
        }
        let produced = run
            .produced()
            .iter()
            .map(|one| {
                ProducedData(
                    names.number(&one.producer),
                    ids.number(&one.scenario),
                    one.verdict as usize,
                    one.millis,
                    one.reason.as_deref(),
                    one.savepoint.as_deref(),
                )
            })
            .collect();
        let known: HashMap<&str, _> = run.cases().iter().map(|case| (case.id.as_str(), case)).collect();
        let cases = ids.list.iter().map(|id| {
            let Some(case) = known.get(id) else {
                return CaseData { id, title: "", requirements: &[], bugs: &[], features: &[] };
            };
            named.extend(case.requirements.iter().map(String::as_str));
            CaseData {
                id,
                title: &case.title,
                requirements: &case.requirements,
                bugs: &case.bugs,
                features: &case.features,
            }
        });
        let cases = cases.collect();
        let requirements = named.into_iter().filter_map(|id| Some((id, RequirementData::of(id, spec_url)?))).collect();
        Self {
            verdicts: Verdict::ALL.map(|one| (one.label(), one.sign().to_string(), one.is_bad())).to_vec(),
            producers,
            consumers,
            names: names.list,
            cases,
            requirements,
            reasons: reasons.list,
            cells,
            produced,
        }
    }
}

impl<'a> CellData<'a> {
    fn of(
        cell: &'a Cell,
        names: &mut Names<'a>,
        ids: &mut Names<'a>,
        reasons: &mut Names<'a>,
        room: &mut usize,
    ) -> Self {
        let (producer, consumer, case) =
            (names.number(&cell.producer), names.number(&cell.consumer), ids.number(&cell.case));
        let verdict = cell.verdict as usize;
        if cell.verdict == Verdict::Pass {
            return Self::Pass(producer, consumer, case, verdict, cell.millis);
        }
        let reason = cell.reason.as_deref().map(|reason| reasons.number(reason));
        let shown = cell.evidence.as_ref().map(|evidence| Shown::of(evidence, room));
        Self::Other(producer, consumer, case, verdict, cell.millis, reason, &cell.blames, shown)
    }
}

impl RequirementData {
    fn of(id: &str, spec_url: Option<&str>) -> Option<Self> {
        let requirement = requirements::get(id)?;
        let link = spec_url.zip(book::place(id));
        let link = link.map(|(url, place)| format!("{}/{}", url.trim_end_matches('/'), place.html()));
        Some(Self { level: requirement.level.word(), text: &requirement.text, link })
    }
}

/// JSON that cannot end the element that it stands in.
fn script_json(data: &Data<'_>) -> io::Result<String> {
    Ok(serde_json::to_string(data)?.replace('<', "\\u003c"))
}
