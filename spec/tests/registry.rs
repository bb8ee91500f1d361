//! The registry is sound in itself, and agrees with the chapters on what there is. Each rule is tried on something that breaks it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use flink_savepoint_spec::book;
use flink_savepoint_spec::layouts::{self, Choice, Field, Layout, Length, Structure, Type};
use flink_savepoint_spec::render::{self, Marker};
use flink_savepoint_spec::requirements::{self, Coverage, Level, Requirement};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What conditions may ask for besides earlier fields, and what it is, is in `spec/src/conventions.md`.
const ENVIRONMENT: [&str; 7] = [
    "metadata_version",
    "changelog_layout",
    "stream_version",
    "compressed",
    "max_parallelism",
    "family",
    "snapshot_version",
];

fn chapters() -> Vec<(&'static str, String)> {
    let read = |name| fs::read_to_string(format!("{ROOT}/spec/src/{name}.md")).unwrap();
    book::CHAPTERS.iter().map(|chapter| (chapter.name, read(chapter.name))).collect()
}

/// A chapter without what is generated in it.
fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut generated = false;
    for line in text.lines() {
        generated = match Marker::parse(line) {
            Some(_) => true,
            None if line == "<!-- end -->" => false,
            None => generated,
        };
        if !generated {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Problems of a field, given the names of those before it.
fn problems_of_field(field: &Field, earlier: &BTreeSet<&str>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut known = |name: &str, what: &str| {
        if !earlier.contains(name) && !ENVIRONMENT.contains(&name) {
            problems.push(format!("{what} refers to {name}, which is not before it"));
        }
    };
    if let Some(count) = &field.count {
        known(count, "count");
    }
    for one in field.when.iter().flat_map(|when| &when.all) {
        known(&one.name, "when");
    }
    if let Type::Bytes(Length::Field { name, .. }) | Type::Frame(Length::Field { name, .. }, _) = &field.ty {
        known(name, "length");
    }
    if let Type::Structure(id) | Type::Frame(_, id) = &field.ty
        && layouts::get(id).is_none()
    {
        problems.push(format!("no layout {id}"));
    }
    for id in &field.requirements {
        if requirements::get(id).is_none() {
            problems.push(format!("no requirement {id}"));
        }
    }
    if field.meaning.is_empty() {
        problems.push("says nothing".to_owned());
    }
    if let (Some(since), Some(until)) = (field.since, field.until)
        && since > until
    {
        problems.push("ends before it starts".to_owned());
    }
    problems
}

fn problems_of_layout(layout: &Layout) -> Vec<String> {
    let mut earlier = BTreeSet::new();
    let mut problems = Vec::new();
    for field in &layout.fields {
        let of = problems_of_field(field, &earlier);
        problems.extend(of.into_iter().map(|problem| format!("{}.{}: {problem}", layout.id, field.name)));
        let versioned = field.since.is_some() || field.until.is_some();
        if versioned && layout.scale.is_none() {
            problems.push(format!("{}.{}: versions without a scale", layout.id, field.name));
        }
        if !earlier.insert(field.name.as_str()) && field.when.is_none() && !versioned {
            problems.push(format!("{}.{}: twice, and both always there", layout.id, field.name));
        }
    }
    problems
}

fn problems_of_choice(choice: &Choice) -> Vec<String> {
    let mut problems = Vec::new();
    let mut values = BTreeSet::new();
    for case in &choice.cases {
        if let Some(layout) = &case.layout
            && layouts::get(layout).is_none()
        {
            problems.push(format!("{}: no layout {layout}", choice.id));
        }
        if !values.insert(&case.value) && case.when.is_none() {
            problems.push(format!("{}: {} twice", choice.id, case.value));
        }
    }
    if choice.selector_type.is_none() && !ENVIRONMENT.contains(&choice.selector.as_str()) {
        problems.push(format!("{}: {} is not known", choice.id, choice.selector));
    }
    problems
}

#[test]
fn layouts_refer_to_what_there_is() {
    let mut problems: Vec<String> = layouts::layouts().iter().flat_map(problems_of_layout).collect();
    problems.extend(layouts::choices().iter().flat_map(problems_of_choice));
    assert!(problems.is_empty(), "{problems:#?}");
    let ids: BTreeSet<_> = layouts::layouts().iter().map(|one| &one.id).collect();
    let choices: BTreeSet<_> = layouts::choices().iter().map(|one| &one.id).collect();
    assert_eq!(ids.len() + choices.len(), layouts::layouts().len() + layouts::choices().len(), "an id twice");
    assert!(ids.is_disjoint(&choices));
}

#[test]
fn a_layout_that_refers_to_nothing_is_found() {
    let Some(Structure::Layout(operator)) = layouts::get("operator") else { panic!() };
    let broken = |change: &dyn Fn(&mut Field)| {
        let mut layout = operator.clone();
        change(layout.fields.last_mut().unwrap());
        problems_of_layout(&layout).join("\n")
    };
    assert!(broken(&|field| field.count = Some("num_subtask".into())).contains("num_subtask, which is not before it"));
    assert!(broken(&|field| field.ty = Type::Structure("subtaks".into())).contains("no layout subtaks"));
    assert!(broken(&|field| field.requirements.push("META-NOTHING-01".into())).contains("no requirement"));
    assert!(broken(&|field| field.name = "id".into()).contains("twice"));
    assert!(toml::from_str::<Field>("name = 'a'\ntype = 'i33!'\nmeaning = 'b'").is_err());
    assert!(toml::from_str::<Field>("name = 'a'\ntype = 'i32'\nmeaning = 'b'\nwhen = 'a ~ 3'").is_err());
    assert!(toml::from_str::<Field>("name = 'a'\ntype = 'i32'\nmeanin = 'b'").is_err());
}

fn problems_of_requirement(one: &Requirement) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |holds: bool, what: &str| {
        if !holds {
            problems.push(format!("{}: {what}", one.id));
        }
    };
    check(render::is_id(&one.id), "no id");
    check(one.text.ends_with('.'), "no full stop");
    check(one.text.contains(one.level.word()), "its text has another level");
    let stronger = match one.level {
        Level::Must => false,
        Level::Should => one.text.contains("MUST"),
        Level::May => one.text.contains("MUST") || one.text.contains("SHOULD"),
    };
    check(!stronger, "its text has a higher level");
    check(one.since.is_none_or(|since| one.until.is_none_or(|until| since <= until)), "ends before it starts");
    problems
}

#[test]
fn requirements_are_well_formed() {
    let all = requirements::all();
    let problems: Vec<String> = all.iter().flat_map(problems_of_requirement).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    let ids: BTreeSet<_> = all.iter().map(|one| &one.id).collect();
    assert_eq!(ids.len(), all.len(), "an id twice");
    assert!(all.len() > 300, "{}", all.len());
    let mut broken = all[0].clone();
    broken.text = "A writer may do this".into();
    assert_eq!(problems_of_requirement(&broken).len(), 2);
}

/// Ids that the chapters define, list or cite, compared with the registry.
fn problems_of_ids(chapters: &[(&str, String)], registry: &BTreeMap<&str, &str>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut listed = BTreeMap::<String, usize>::new();
    let mut cited = BTreeSet::new();
    for (name, text) in chapters {
        for marker in text.lines().filter_map(Marker::parse).filter(|marker| marker.kind == "requirements") {
            for id in marker.arguments {
                *listed.entry(id.to_owned()).or_default() += 1;
                if registry.get(id) != Some(name) {
                    problems.push(format!("{name}.md lists {id}, which is of {:?}", registry.get(id)));
                }
            }
        }
        let prose = prose(text);
        for id in render::cited(&prose) {
            cited.insert(id.to_owned());
            if !registry.contains_key(id) {
                problems.push(format!("{name}.md cites {id}, which is not in the registry"));
            }
        }
        // The words of BCP 14 are only used where a requirement says what they mean.
        for (number, paragraph) in prose.split("\n\n").enumerate() {
            let strong = ["MUST", "SHOULD", "MAY "].iter().any(|word| paragraph.contains(word));
            // That chapter says what the words mean.
            if strong && *name != "conventions" && render::cited(paragraph).is_empty() && !paragraph.contains("BCP 14")
            {
                let start: String = paragraph.trim().chars().take(60).collect();
                problems.push(format!("{name}.md, paragraph {number}: binds without an id: {start}"));
            }
        }
    }
    for id in registry.keys() {
        if listed.get(*id) != Some(&1) {
            problems.push(format!("{id} is listed {} times", listed.get(*id).copied().unwrap_or_default()));
        }
        if !cited.contains(*id) {
            problems.push(format!("{id} is not cited in the text"));
        }
    }
    problems
}

#[test]
fn the_text_and_the_registry_have_the_same_requirements() {
    let registry: BTreeMap<&str, &str> = requirements::all().iter().map(|one| (one.id.as_str(), one.chapter)).collect();
    let mut chapters = chapters();
    let problems = problems_of_ids(&chapters, &registry);
    assert!(problems.is_empty(), "{} problems: {problems:#?}", problems.len());

    let metadata = chapters.iter_mut().find(|(name, _)| *name == "metadata").unwrap();
    metadata.1.push_str("\nIt MUST be blue [META-COLOUR-01].\n");
    assert_eq!(
        problems_of_ids(&chapters, &registry),
        ["metadata.md cites META-COLOUR-01, which is not in the registry"]
    );
    let metadata = chapters.iter_mut().find(|(name, _)| *name == "metadata").unwrap();
    metadata.1 = metadata.1.replace("[META-COLOUR-01]", "");
    assert!(problems_of_ids(&chapters, &registry)[0].contains("binds without an id: It MUST be blue"));
    let mut more = registry.clone();
    more.insert("META-UNLISTED-01", "metadata");
    let problems = problems_of_ids(&self::chapters(), &more);
    assert_eq!(problems, ["META-UNLISTED-01 is listed 0 times", "META-UNLISTED-01 is not cited in the text"]);
}

#[test]
fn the_text_has_every_layout_once() {
    let mut marked = BTreeMap::<String, usize>::new();
    for (_, text) in chapters() {
        for marker in text.lines().filter_map(Marker::parse).filter(|one| matches!(one.kind, "layout" | "choice")) {
            for id in marker.arguments {
                *marked.entry(id.to_owned()).or_default() += 1;
            }
        }
    }
    let layouts = layouts::layouts().iter().map(|one| one.id.clone());
    let all: BTreeMap<String, usize> =
        layouts.chain(layouts::choices().iter().map(|one| one.id.clone())).map(|id| (id, 1)).collect();
    assert_eq!(marked, all);
}

#[test]
fn every_comment_in_a_chapter_is_a_marker() {
    for (name, text) in chapters() {
        for line in text.lines().filter(|line| line.starts_with("<!--")) {
            let known = Marker::parse(line).is_some() || line == "<!-- end -->";
            assert!(known || line.starts_with("<!-- serializers by release: "), "{name}.md: {line}");
        }
    }
}

#[test]
fn every_file_of_registry_and_book_is_compiled_in() {
    let stems = |directory: &str, suffix: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(format!("{ROOT}/spec/{directory}")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter_map(|name| name.strip_suffix(suffix).map(str::to_owned)).collect()
    };
    let names = |files: &[(&str, &str)]| files.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(stems("registry/requirements", ".toml"), names(requirements::FILES));
    assert_eq!(stems("registry/layouts", ".toml"), names(layouts::FILES));
    let mut chapters: BTreeSet<String> = book::CHAPTERS.iter().map(|chapter| chapter.name.to_owned()).collect();
    let summary = fs::read_to_string(format!("{ROOT}/spec/src/SUMMARY.md")).unwrap();
    let linked: BTreeSet<String> = summary
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(".md)").map(|(name, _)| name.to_owned()))
        .collect();
    assert_eq!(linked, chapters);
    chapters.insert("SUMMARY".to_owned());
    assert_eq!(stems("src", ".md"), chapters);
}

/// Whether a pattern with `*` matches.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| (0..=text.len()).any(|at| text.get(at..).is_some_and(|text| matches(rest, text)))),
    }
}

/// What there is to cite.
struct Shown<'s> {
    /// Ids of the valid vectors.
    valid: BTreeSet<String>,
    /// The negative vectors, with the requirements that each breaks.
    negative: BTreeMap<String, Vec<String>>,
    /// The text of a source file.
    source: &'s dyn Fn(&str) -> Option<String>,
}

impl Shown<'_> {
    fn has_test(&self, shown: &str) -> bool {
        shown
            .split_once("::")
            .is_some_and(|(file, function)| (self.source)(file).is_some_and(|text| has_test(&text, function)))
    }

    /// What keeps a requirement: a test, or a valid vector.
    fn accepts(&self, shown: &str) -> bool {
        match shown.strip_prefix("vector:") {
            Some(pattern) => self.valid.iter().any(|vector| matches(pattern, vector)),
            None => self.has_test(shown),
        }
    }

    /// What breaks it: a test, or negative vectors that break this requirement, all of them.
    fn rejects(&self, shown: &str, id: &str) -> bool {
        let Some(pattern) = shown.strip_prefix("vector:") else { return self.has_test(shown) };
        let mut of = self.negative.iter().filter(|(vector, _)| matches(pattern, vector)).peekable();
        of.peek().is_some() && of.all(|(_, broken)| broken.iter().any(|one| one == id))
    }
}

/// Problems of what is said to show that requirements hold.
fn problems_of_coverage(requirements: &[Requirement], coverage: &[Coverage], shown: &Shown<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut covered = BTreeMap::new();
    for one in coverage {
        let id = &one.id;
        if covered.insert(id.as_str(), one).is_some() {
            problems.push(format!("{id}: twice"));
        }
        if !requirements.iter().any(|requirement| requirement.id == *id) {
            problems.push(format!("{id}: no such requirement"));
        }
        for accepted in one.accepts.iter().filter(|accepted| !shown.accepts(accepted)) {
            problems.push(format!("{id}: no test or vector {accepted} that keeps it"));
        }
        for rejected in one.rejects.iter().filter(|rejected| !shown.rejects(rejected, id)) {
            problems.push(format!("{id}: no test or vector {rejected} that breaks it"));
        }
        if one.untested.as_ref().is_some_and(|reason| reason.starts_with("not yet")) {
            problems.push(format!("{id}: left for later"));
        }
    }
    for (vector, broken) in &shown.negative {
        // One requirement can have more vectors than are cited, but none without a vector of its own.
        let Some(id) = broken.first() else { continue };
        let cites = |one: &&Coverage| one.rejects.iter().any(|rejected| rejected.starts_with("vector:"));
        if !covered.get(id.as_str()).is_some_and(cites) {
            problems.push(format!("{id}: {vector} breaks it and no vector is cited"));
        }
    }
    for requirement in requirements.iter().filter(|one| one.level == Level::Must) {
        let id = &requirement.id;
        match covered.get(id.as_str()) {
            None => problems.push(format!("{id}: a MUST that nothing covers")),
            Some(one) if one.untested.is_some() => {}
            Some(one) => {
                if one.accepts.is_empty() {
                    problems.push(format!("{id}: nothing that is accepted, and no reason"));
                }
                if one.rejects.is_empty() {
                    problems.push(format!("{id}: nothing that is rejected, and no reason"));
                }
            }
        }
    }
    problems
}

/// Whether a Rust file has a test of that name.
fn has_test(text: &str, function: &str) -> bool {
    text.match_indices(&format!("fn {function}(")).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default().trim_end();
        let attributes: String = before.lines().rev().take_while(|line| line.trim_start().starts_with('#')).collect();
        attributes.contains("#[test]")
    })
}

#[test]
fn every_must_has_an_accepting_and_a_rejecting_test_or_a_reason() {
    let vectors = |name: &str| -> Vec<toml::Value> {
        let text = fs::read_to_string(format!("{ROOT}/conformance/vectors/{name}.toml")).unwrap();
        text.parse::<toml::Table>().unwrap()["vector"].as_array().unwrap().clone()
    };
    let text = |vector: &toml::Value, field: &str| vector[field].as_str().unwrap().to_owned();
    let broken = |vector: &toml::Value| {
        let also = vector.get("also").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let also = also.into_iter().map(|id| id.as_str().unwrap().to_owned());
        [text(vector, "requirement")].into_iter().chain(also).collect()
    };
    let source = |file: &str| fs::read_to_string(format!("{ROOT}/{file}")).ok();
    let mut shown = Shown {
        valid: vectors("manifest").iter().map(|vector| text(vector, "id")).collect(),
        negative: vectors("negative").iter().map(|vector| (text(vector, "id"), broken(vector))).collect(),
        source: &source,
    };
    let all = requirements::all();
    let coverage = requirements::coverage();
    let problems = problems_of_coverage(all, &coverage, &shown);
    assert!(problems.is_empty(), "{} problems: {problems:#?}", problems.len());

    let mut changed = coverage.clone();
    let at = changed.iter().position(|one| one.id == "META-MAGIC-01").unwrap();
    changed[at].rejects = vec!["vector:malformed/magic-wrong".into()];
    assert!(problems_of_coverage(all, &changed, &shown).is_empty(), "the vector is enough");
    changed[at].rejects = vec!["vector:malformed/version-unknown".into()];
    let other = "META-MAGIC-01: no test or vector vector:malformed/version-unknown that breaks it";
    assert_eq!(problems_of_coverage(all, &changed, &shown), [other]);
    changed[at].rejects.clear();
    assert_eq!(
        problems_of_coverage(all, &changed, &shown),
        [
            "META-MAGIC-01: malformed/magic-wrong breaks it and no vector is cited",
            "META-MAGIC-01: nothing that is rejected, and no reason"
        ]
    );
    changed.remove(at);
    shown.negative.remove("malformed/magic-wrong");
    assert_eq!(problems_of_coverage(all, &changed, &shown), ["META-MAGIC-01: a MUST that nothing covers"]);
    let mut wrong = coverage;
    wrong[0].accepts.push("reference/tests/errors.rs::no_such_test".into());
    wrong[0].untested = Some("not yet: on Monday".into());
    let problems = problems_of_coverage(all, &wrong, &shown);
    assert!(problems[0].contains("no test or vector") && problems[1].contains("left for later"), "{problems:?}");
}
