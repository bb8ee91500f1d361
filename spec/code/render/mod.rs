//! Tables and lists of the book, made from the registry, and the markers that say where they stand.
//!
//! ```text
//! <!-- layout operator -->
//! ... generated ...
//! <!-- end -->
//! ```

mod deviations;
mod layout;
mod lists;

use std::fmt::Write as _;

use crate::layouts::{self, Structure};
use crate::{book, requirements};

const END: &str = "<!-- end -->";
/// What is generated.
const KINDS: [&str; 12] = [
    "compat-codes",
    "deviations",
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
                    Structure::Layout(layout) => layout::layout_table(chapter, layout),
                    Structure::Choice(choice) => layout::choice_table(chapter, choice),
                });
            }
        }
        "requirements" => {
            for id in &marker.arguments {
                let one = requirements::get(id).ok_or_else(|| format!("no requirement {id}"))?;
                out.push_str(&lists::requirement_line(one));
            }
        }
        "index" => out = lists::index(),
        "releases" => out = lists::releases_table(),
        "classes" => out = lists::classes_table(),
        "error-classes" => out = lists::error_classes_table(),
        "errors" => out = lists::errors_table(),
        "deviations" => out = deviations::tables(),
        _ => return Ok(None),
    }
    Ok(Some(out))
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
