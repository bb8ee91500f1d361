//! Tables and lists of the book, made from the registry, and the markers that say where they stand.
//!
//! ```text
//! <!-- layout operator -->
//! ... generated ...
//! <!-- end -->
//! ```

use std::fmt::Write as _;

use crate::layouts::{self, Choice, Field, Layout, Scale, Structure, Type};
use crate::releases::{self, Changelog, OperatorSnappy, Versions};
use crate::requirements::{self, Requirement};
use crate::serializers;
use crate::{book, errors};

/// Metadata versions that have a column.
const VERSIONS: std::ops::RangeInclusive<u8> = 2..=6;
const END: &str = "<!-- end -->";
/// What is generated.
const KINDS: [&str; 11] = [
    "compat-codes",
    "layout",
    "choice",
    "requirements",
    "example",
    "errors",
    "error-classes",
    "releases",
    "classes",
    "index",
    "references",
];

/// The first line of a generated block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker<'t> {
    /// What stands in the block: `layout`, `choice`, `requirements`, `example`, ...
    pub kind: &'t str,
    /// What of it.
    pub arguments: Vec<&'t str>,
}

impl<'t> Marker<'t> {
    /// Reads a line; `None` if it is no marker.
    pub fn parse(line: &'t str) -> Option<Self> {
        let inside = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
        let mut words = inside.split_whitespace();
        let kind = words.next().filter(|kind| KINDS.contains(kind))?;
        Some(Self { kind, arguments: words.collect() })
    }

    /// The value of `key=value` among the arguments.
    pub fn option(&self, key: &str) -> Option<&'t str> {
        self.arguments.iter().find_map(|word| word.split_once('=').filter(|(k, _)| *k == key).map(|(_, value)| value))
    }
}

/// Replaces what stands between markers and their ends by what `content` gives for them; `None` leaves a block as it is.
///
/// # Errors
///
/// A marker without an end, or what `content` says.
pub fn fill(
    text: &str,
    mut content: impl FnMut(&Marker<'_>) -> Result<Option<String>, String>,
) -> Result<String, String> {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(marker) = Marker::parse(line) else { continue };
        let mut old = String::new();
        loop {
            match lines.next() {
                None => return Err(format!("{line}: no {END}")),
                Some(END) => break,
                Some(line) if Marker::parse(line).is_some() => return Err(format!("{line}: in another block")),
                Some(line) => {
                    old.push_str(line);
                    old.push('\n');
                }
            }
        }
        match content(&marker).map_err(|e| format!("{line}: {e}"))? {
            Some(new) => {
                out.push('\n');
                out.push_str(new.trim_end());
                out.push_str("\n\n");
            }
            None => out.push_str(&old),
        }
        out.push_str(END);
        out.push('\n');
    }
    Ok(out)
}

/// What the registry has for a marker; `None` if it is not of the registry.
pub fn of_registry(chapter: &str, marker: &Marker<'_>) -> Result<Option<String>, String> {
    let mut out = String::new();
    match marker.kind {
        "layout" | "choice" => {
            for id in &marker.arguments {
                out.push_str(&match layouts::get(id).ok_or_else(|| format!("no layout {id}"))? {
                    Structure::Layout(layout) => layout_table(chapter, layout),
                    Structure::Choice(choice) => choice_table(chapter, choice),
                });
            }
        }
        "requirements" => {
            for id in &marker.arguments {
                let one = requirements::get(id).ok_or_else(|| format!("no requirement {id}"))?;
                out.push_str(&requirement_line(one));
            }
        }
        "index" => out = index(),
        "releases" => out = releases_table(),
        "classes" => out = classes_table(),
        "error-classes" => out = error_classes_table(),
        "errors" => out = errors_table(),
        _ => return Ok(None),
    }
    Ok(Some(out))
}

/// A link from a chapter to where a layout or requirement is defined.
fn link(chapter: &str, id: &str, text: &str) -> String {
    match book::place(id) {
        Some(place) if place.chapter == chapter => format!("[{text}](#{})", place.anchor),
        Some(place) => format!("[{text}]({})", place.markdown()),
        None => text.to_owned(),
    }
}

fn type_cell(chapter: &str, field: &Field) -> String {
    let one = match &field.ty {
        Type::Structure(id) => link(chapter, id, &format!("`{id}`")),
        Type::Frame(length, id) => format!("frame of `{length}` bytes: {}", link(chapter, id, &format!("`{id}`"))),
        other => format!("`{other}`"),
    };
    let constant = field.value.as_ref().map_or_else(String::new, |value| format!(" = `{value}`"));
    let times = field.count.as_ref().map_or_else(String::new, |count| format!(", `{count}` times"));
    format!("{one}{constant}{times}")
}

fn meaning_cell(field: &Field) -> String {
    let mut text = field.meaning.clone();
    if let Some(when) = &field.when {
        let when = when.to_string().replace(" and ", "` and `");
        text = format!("Only if `{when}`. {text}");
    }
    if let Some(absent) = &field.absent {
        let _ = write!(text, "{}Absent: {absent}", if text.is_empty() { "" } else { ". " });
    }
    text.replace('|', "\\|")
}

/// Versions with the same fields, together.
fn columns(layout: &Layout) -> Vec<Vec<u8>> {
    if layout.scale != Some(Scale::Metadata) {
        return Vec::new();
    }
    let has = |version: u8| layout.fields.iter().map(move |field| in_version(field, version)).collect::<Vec<_>>();
    let mut columns: Vec<Vec<u8>> = Vec::new();
    for version in VERSIONS {
        match columns.last_mut() {
            Some(last) if last.last().is_some_and(|before| has(*before) == has(version)) => last.push(version),
            _ => columns.push(vec![version]),
        }
    }
    // A single column says nothing.
    if columns.len() == 1 { Vec::new() } else { columns }
}

fn in_version(field: &Field, version: u8) -> bool {
    field.since.is_none_or(|since| since <= version) && field.until.is_none_or(|until| version <= until)
}

fn layout_table(chapter: &str, layout: &Layout) -> String {
    let mut out = format!("<a id=\"layout-{}\"></a>\n", layout.id);
    let class = layout.class.as_ref().map_or_else(String::new, |class| format!(", in Flink `{class}`"));
    let _ = writeln!(out, "*{}* (`{}`{class})\n", layout.title, layout.id);
    if layout.fields.is_empty() {
        out.push_str("No fields.\n\n");
        return out;
    }
    let columns = columns(layout);
    out.push_str("| Field | Type |");
    for versions in &columns {
        let versions: Vec<String> = versions.iter().map(u8::to_string).collect();
        let _ = write!(out, " {} |", versions.join(", "));
    }
    let _ = writeln!(out, " Meaning |\n|---|---|{}---|", "---|".repeat(columns.len()));
    for field in &layout.fields {
        let _ = write!(out, "| `{}` | {} |", field.name, type_cell(chapter, field));
        for versions in &columns {
            out.push_str(if in_version(field, versions[0]) { " yes |" } else { " |" });
        }
        let bound: Vec<String> = field.requirements.iter().map(|id| format!("[{id}]")).collect();
        let bound = bound.join(" ");
        let _ = writeln!(out, " {}{}{bound} |", meaning_cell(field), if bound.is_empty() { "" } else { " " });
    }
    out.push('\n');
    out
}

fn choice_table(chapter: &str, choice: &Choice) -> String {
    let mut out = format!("<a id=\"layout-{}\"></a>\n", choice.id);
    let selector = match &choice.selector_type {
        Some(ty) => format!("field `{}`, `{ty}`", choice.selector),
        None => format!("selected by `{}`; nothing is read for it", choice.selector),
    };
    let _ = writeln!(out, "*{}* (`{}`): {selector}\n", choice.title, choice.id);
    let has_releases = choice.cases.iter().any(|case| case.since.is_some() || case.read_since.is_some());
    let name = &choice.selector;
    let releases = if has_releases { " Written by | Read by |" } else { "" };
    let _ = writeln!(out, "| `{name}` | What follows |{releases} Meaning |");
    let _ = writeln!(out, "|---|---|{}---|", if has_releases { "---|---|" } else { "" });
    for case in &choice.cases {
        let follows = match &case.layout {
            Some(layout) => link(chapter, layout, &format!("`{layout}`")),
            None => "nothing".to_owned(),
        };
        let when = case.when.as_ref().map_or_else(String::new, |when| format!(", if `{when}`"));
        let _ = write!(out, "| `{}` | {follows}{when} |", case.value);
        if has_releases {
            let written = match (&case.since, &case.until) {
                (Some(since), Some(until)) if since == until => since.clone(),
                (Some(since), Some(until)) => format!("{since} to {until}"),
                (Some(since), None) => format!("{since} and later"),
                (None, Some(until)) => format!("up to {until}"),
                (None, None) => String::new(),
            };
            let read = match (case.readable_since(), &case.read_until) {
                (Some(since), Some(until)) if since == until => since.to_owned(),
                (Some(since), Some(until)) => format!("{since} to {until}"),
                (Some(since), None) => format!("{since} and later"),
                (None, Some(until)) => format!("up to {until}"),
                (None, None) => "all".to_owned(),
            };
            let _ = write!(out, " {written} | {read} |");
        }
        let constant = case.constant.as_ref().map_or_else(String::new, |constant| format!("`{constant}`: "));
        let meaning = case.meaning.as_deref().unwrap_or(&case.title).replace('|', "\\|");
        let _ = writeln!(out, " {constant}{meaning} |");
    }
    out.push('\n');
    out
}

fn requirement_line(one: &Requirement) -> String {
    let versions = match (one.since, one.until) {
        (Some(since), Some(until)) if since == until => format!(", metadata version {since}"),
        (Some(since), Some(until)) => format!(", metadata versions {since} to {until}"),
        (Some(since), None) => format!(", metadata version {since} and later"),
        (None, Some(until)) => format!(", metadata version {until} and earlier"),
        (None, None) => String::new(),
    };
    let why = one.rationale.as_ref().map_or_else(String::new, |why| format!(" *{why}*"));
    format!(
        "- <a id=\"{id}\"></a>**{id}** ({who}{versions}): {text}{why}\n",
        id = one.id,
        who = one.applies.label(),
        text = one.text,
    )
}

/// The index of requirements: a line for each, by chapter.
fn index() -> String {
    let mut out = String::new();
    for chapter in book::CHAPTERS {
        let mut ids: Vec<&Requirement> = requirements::all()
            .iter()
            .filter(|one| book::place(&one.id).is_some_and(|place| place.chapter == chapter.name))
            .collect();
        ids.sort_by_key(|one| &one.id);
        if ids.is_empty() {
            continue;
        }
        let _ = writeln!(out, "## {}\n\n| Requirement | Level | Binds | Text |\n|---|---|---|---|", chapter.title());
        for one in ids {
            let text = one.text.replace('|', "\\|");
            let _ = writeln!(out, "| [{}] | {} | {} | {text} |", one.id, one.level.word(), one.applies.label());
        }
        out.push('\n');
    }
    out
}

/// What an error says of a file.
fn error_classes_table() -> String {
    let mut out = String::from("| Class | Meaning | What a reader does |\n|---|---|---|\n");
    for class in errors::classes() {
        let _ = writeln!(out, "| {} | {} | {} |", class.name, class.meaning, class.reader);
    }
    out
}

/// The codes of errors.
fn errors_table() -> String {
    let mut out = String::from("| Code | Class | Requirement |\n|---|---|---|\n");
    for error in errors::codes() {
        let broken = requirements::all().iter().find(|one| one.errors.contains(&error.code));
        let broken = broken.map_or_else(String::new, |one| format!("[{}]: {}", one.id, one.text.replace('|', "\\|")));
        let _ = writeln!(out, "| `{}` | {} | {broken} |", error.code, error.class);
    }
    out
}

/// The snapshot classes by their names in a file, with the section that has their bodies.
fn classes_table() -> String {
    let mut out = String::from("| Class | Section |\n|---|---|\n");
    for one in serializers::all() {
        let section = if one.known { one.family.as_str() } else { "not specified" };
        let _ = writeln!(out, "| `{}` | {section} |", one.class);
    }
    out
}

/// What each release writes and reads.
fn releases_table() -> String {
    let mut out = String::from(
        "| Release | Tried | Metadata | Keyed stream | Operator stream | Finished marks | Changelog layout | \
         Compressed operator state | Canonical savepoints by | Native savepoints | Kryo |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let versions = |one: &Versions| {
        let (first, last) = (one.read.first().unwrap_or(&one.written), one.read.last().unwrap_or(&one.written));
        let read = if first == last { first.to_string() } else { format!("{first} to {last}") };
        format!("writes {}, reads {read}", one.written)
    };
    let yes = |is: bool| if is { "yes" } else { "" };
    for one in releases::all() {
        let changelog = match one.changelog {
            Changelog::None => "",
            Changelog::V1_14 => "A",
            Changelog::V1_15 => "B",
        };
        let snappy = match one.operator_snappy {
            OperatorSnappy::No => "",
            OperatorSnappy::Broken => "broken",
            OperatorSnappy::Yes => "yes",
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {changelog} | {snappy} | {} | {} | {} |",
            one.name,
            one.tested,
            versions(&one.metadata),
            versions(&one.keyed_stream),
            versions(&one.operator_stream),
            yes(one.finished),
            one.canonical.join(", "),
            yes(one.native),
            one.kryo,
        );
    }
    out
}

/// The ids in square brackets in a text.
pub fn cited(text: &str) -> Vec<&str> {
    let mut ids = Vec::new();
    for (at, _) in text.match_indices('[') {
        let Some((inside, _)) = text.get(at + 1..).and_then(|rest| rest.split_once(']')) else { continue };
        if is_id(inside) {
            ids.push(inside);
        }
    }
    ids
}

/// Whether it has the form of a requirement's id.
pub fn is_id(text: &str) -> bool {
    let Some((topic, number)) = text.rsplit_once('-') else { return false };
    number.len() == 2
        && number.bytes().all(|b| b.is_ascii_digit())
        && topic.starts_with(|c: char| c.is_ascii_uppercase())
        && topic.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
}

/// Link definitions for the ids that a chapter cites.
pub fn references(chapter: &str, text: &str) -> String {
    let mut ids = cited(text);
    ids.sort_unstable();
    ids.dedup();
    let mut out = String::new();
    for id in ids {
        if let Some(place) = book::place(id) {
            let target = if place.chapter == chapter { format!("#{}", place.anchor) } else { place.markdown() };
            let _ = writeln!(out, "[{id}]: {target}");
        }
    }
    out
}
