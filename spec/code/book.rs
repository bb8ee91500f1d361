//! The chapters of the book, and where in them things are defined.

use std::collections::BTreeMap;
use std::sync::LazyLock;

macro_rules! chapters {
    ($($name:literal),+ $(,)?) => {
        &[$(Chapter { name: $name, text: include_str!(concat!("../src/", $name, ".md")) }),+]
    };
}

/// A chapter.
#[derive(Debug)]
pub struct Chapter {
    /// Its file in `spec/src`, without `.md`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl Chapter {
    /// Its title.
    pub fn title(&self) -> &'static str {
        self.text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(self.name)
    }
}

/// All chapters, in the order of the book.
pub const CHAPTERS: &[Chapter] = chapters!(
    "index",
    "conventions",
    "directory",
    "metadata",
    "handles",
    "properties",
    "keyed",
    "key-groups",
    "state-values",
    "timers",
    "operator",
    "raw",
    "compression",
    "serializers",
    "values",
    "redistribution",
    "bad-input",
    "security",
    "native",
    "versioning",
    "compatibility",
    "releases",
    "errata",
    "dump",
    "glossary",
    "requirements",
);

/// Where something is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The chapter.
    pub chapter: &'static str,
    /// The anchor in it.
    pub anchor: String,
}

impl Place {
    /// As a link in the rendered book.
    pub fn html(&self) -> String {
        format!("{}.html#{}", self.chapter, self.anchor)
    }

    /// As a link between chapters.
    pub fn markdown(&self) -> String {
        format!("{}.md#{}", self.chapter, self.anchor)
    }
}

/// Where generated blocks stand: layouts and choices by their ids, requirements by theirs.
static PLACES: LazyLock<BTreeMap<&'static str, Place>> = LazyLock::new(|| {
    let mut places = BTreeMap::new();
    for chapter in CHAPTERS {
        for line in chapter.text.lines() {
            let Some(marker) = crate::render::Marker::parse(line) else { continue };
            match marker.kind {
                "layout" | "choice" => {
                    for id in &marker.arguments {
                        places.insert(*id, Place { chapter: chapter.name, anchor: format!("layout-{id}") });
                    }
                }
                "requirements" => {
                    for id in &marker.arguments {
                        places.insert(*id, Place { chapter: chapter.name, anchor: (*id).to_owned() });
                    }
                }
                _ => {}
            }
        }
    }
    places
});

/// Where a layout, a choice or a requirement is defined.
pub fn place(id: &str) -> Option<&'static Place> {
    PLACES.get(id)
}
