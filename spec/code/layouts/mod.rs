//! Layouts: the fields of every structure, in their order; and choices, where a type byte or the like selects a layout.

mod condition;
mod types;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use condition::{Comparison, Condition, Literal, Operator};
use serde::Deserialize;
pub use types::{Length, Type};

use crate::requirements::files;

/// A structure: fields one after the other, without padding.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Its id, unique among layouts and choices.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Flink's class that it stands for.
    pub class: Option<String>,
    /// What `since` and `until` of the fields count.
    pub scale: Option<Scale>,
    /// The fields.
    #[serde(default, rename = "field")]
    pub fields: Vec<Field>,
    /// The chapter that defines it.
    #[serde(skip)]
    pub chapter: &'static str,
}

/// What `since` and `until` count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Versions of the metadata file.
    Metadata,
}

/// A field of a layout.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name, unique in the layout unless only one of those of a name is ever present.
    pub name: String,
    /// How its bytes are read.
    #[serde(rename = "type")]
    pub ty: Type,
    /// What it means, in a line.
    #[serde(default)]
    pub meaning: String,
    /// First version that has it.
    pub since: Option<u8>,
    /// Last version that has it.
    pub until: Option<u8>,
    /// Present only if.
    pub when: Option<Condition>,
    /// Repeated as often as this earlier field says; negative: not at all.
    pub count: Option<String>,
    /// The only value that it has.
    pub value: Option<String>,
    /// What its absence means.
    pub absent: Option<String>,
    /// Ids that bind it.
    #[serde(default)]
    pub requirements: Vec<String>,
}

/// A place where a value decides what follows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its id, unique among layouts and choices.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// The field that decides; without a type a name of the environment, for which nothing is read.
    pub selector: String,
    /// How the selector is read.
    pub selector_type: Option<Type>,
    /// Its alternatives.
    #[serde(rename = "case")]
    pub cases: Vec<Case>,
    /// The chapter that defines it.
    #[serde(skip)]
    pub chapter: &'static str,
}

/// An alternative of a choice.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The value of the selector.
    pub value: Literal,
    /// Its name for people.
    pub title: String,
    /// Flink's constant.
    pub constant: Option<String>,
    /// What follows; nothing if absent.
    pub layout: Option<String>,
    /// First release that writes it.
    pub since: Option<String>,
    /// Last release that writes it.
    pub until: Option<String>,
    /// First release that reads it, if that is another one.
    pub read_since: Option<String>,
    /// Last release that reads it, if later ones do not.
    pub read_until: Option<String>,
    /// Where one value has two layouts.
    pub when: Option<Condition>,
    /// What it stands for.
    pub meaning: Option<String>,
}

impl Case {
    /// First release that reads it.
    pub fn readable_since(&self) -> Option<&str> {
        self.read_since.as_deref().or(self.since.as_deref())
    }
}

/// A layout or a choice.
#[derive(Debug, Clone, Copy)]
pub enum Structure {
    /// Fields.
    Layout(&'static Layout),
    /// Alternatives.
    Choice(&'static Choice),
}

/// Chapter and text of each file.
pub const FILES: &[(&str, &str)] = files!("layouts": "metadata", "properties", "handles", "keyed", "operator", "raw", "compression", "serializers", "native");

struct Registry {
    layouts: Vec<Layout>,
    choices: Vec<Choice>,
}

static ALL: LazyLock<Registry> = LazyLock::new(|| {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        layout: Vec<Layout>,
        #[serde(default)]
        choice: Vec<Choice>,
    }
    let mut all = Registry { layouts: Vec::new(), choices: Vec::new() };
    for (chapter, text) in FILES {
        let file: File = crate::parse(chapter, text);
        all.layouts.extend(file.layout.into_iter().map(|one| Layout { chapter, ..one }));
        all.choices.extend(file.choice.into_iter().map(|one| Choice { chapter, ..one }));
    }
    all
});

static BY_ID: LazyLock<BTreeMap<&'static str, Structure>> = LazyLock::new(|| {
    let layouts = layouts().iter().map(|one| (one.id.as_str(), Structure::Layout(one)));
    layouts.chain(choices().iter().map(|one| (one.id.as_str(), Structure::Choice(one)))).collect()
});

/// All layouts, in the order of the chapters.
pub fn layouts() -> &'static [Layout] {
    &ALL.layouts
}

/// All choices, in the order of the chapters.
pub fn choices() -> &'static [Choice] {
    &ALL.choices
}

/// The layout or choice of that id.
pub fn get(id: &str) -> Option<Structure> {
    BY_ID.get(id).copied()
}
