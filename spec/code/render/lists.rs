//! Lists and tables of requirements, errors, classes and releases.

use std::fmt::Write as _;

use crate::releases::{self, Changelog, OperatorSnappy, Versions};
use crate::requirements::{self, Requirement};
use crate::{book, errors, serializers};

pub(super) fn requirement_line(one: &Requirement) -> String {
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
pub(super) fn index() -> String {
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
pub(super) fn error_classes_table() -> String {
    let mut out = String::from("| Class | Meaning | What a reader does |\n|---|---|---|\n");
    for class in errors::classes() {
        let _ = writeln!(out, "| {} | {} | {} |", class.name, class.meaning, class.reader);
    }
    out
}

/// The codes of errors.
pub(super) fn errors_table() -> String {
    let mut out = String::from("| Code | Class | Requirement |\n|---|---|---|\n");
    for error in errors::codes() {
        let broken = requirements::all().iter().find(|one| one.errors.contains(&error.code));
        let broken = broken.map_or_else(String::new, |one| format!("[{}]: {}", one.id, one.text.replace('|', "\\|")));
        let _ = writeln!(out, "| `{}` | {} | {broken} |", error.code, error.class);
    }
    out
}

/// The snapshot classes by their names in a file, with the section that has their bodies.
pub(super) fn classes_table() -> String {
    let mut out = String::from("| Class | Section |\n|---|---|\n");
    for one in serializers::all() {
        let section = if one.known { one.family.as_str() } else { "not specified" };
        let _ = writeln!(out, "| `{}` | {section} |", one.class);
    }
    out
}

/// What each release writes and reads.
pub(super) fn releases_table() -> String {
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
