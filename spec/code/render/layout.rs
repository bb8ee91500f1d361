//! Tables of layouts and choices.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use crate::book;
use crate::layouts::{Choice, Field, Layout, Scale, Type};

/// Metadata versions that have a column.
const VERSIONS: RangeInclusive<u8> = 2..=6;

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

pub(super) fn layout_table(chapter: &str, layout: &Layout) -> String {
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

pub(super) fn choice_table(chapter: &str, choice: &Choice) -> String {
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
