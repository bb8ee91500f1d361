//! What looking at a part of the state showed, of any size: a stream, or some sections of one.
//!
//! Parts are independent of each other, and joined in the order of the savepoint they say what one look at all of it says: a part
//! lists as many findings of a kind as a report does, says of what is told once that it is, and has what is held against
//! other streams.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agreement::Claim;
use super::finding::{Finding, Severity};
use super::tally::Tally;
use crate::json::Long;

/// What looking at a part of the state showed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub(super) struct Part {
    /// In the order in which they were found.
    items: Vec<Item>,
    #[serde(skip)]
    tally: Tally<usize>,
    #[serde(skip)]
    told: BTreeSet<Once>,
}

/// One thing that was found.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Item {
    /// Something wrong.
    Finding(Finding),
    /// Something wrong that is told once in each stream.
    Once(Once, Finding),
    /// What other streams have to agree with.
    Claim(Claim),
    /// What a stream that is sound has otherwise when it is written again. Only told if other streams agree with it, too.
    Again(Finding),
}

/// What is told once in each stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Once {
    /// Entries that are not in order.
    Order,
    /// Bytes behind the flags of nulls in a state.
    Null(u16),
}

impl Part {
    /// Adds what is wrong with `requirement` in `file`; `finding` is only made if it is listed.
    pub(super) fn add(&mut self, requirement: &str, file: &str, finding: impl FnOnce() -> Finding) {
        match self.tally.add(requirement, file, 0, self.items.len()) {
            None => self.items.push(Item::Finding(finding())),
            Some(last) => self.count(last, 1),
        }
    }

    fn take(&mut self, finding: Finding) {
        match self.tally.add(&finding.requirement, &finding.file, finding.more, self.items.len()) {
            None => self.items.push(Item::Finding(finding)),
            Some(last) => self.count(last, finding.more.saturating_add(1)),
        }
    }

    fn count(&mut self, last: usize, more: u64) {
        if let Some(Item::Finding(last)) = self.items.get_mut(last) {
            last.more = last.more.saturating_add(more);
        }
    }

    /// Adds what is told once.
    pub(super) fn once(&mut self, once: Once, finding: impl FnOnce() -> Finding) {
        if self.told.insert(once) {
            self.items.push(Item::Once(once, finding()));
        }
    }

    /// Adds what others have to agree with.
    pub(super) fn claim(&mut self, claim: Claim) {
        self.items.push(Item::Claim(claim));
    }

    /// Adds what a sound stream has otherwise when it is written again.
    pub(super) fn again(&mut self, finding: Finding) {
        self.items.push(Item::Again(finding));
    }

    /// Adds what a part of the same stream showed. What is told once is told now.
    pub(super) fn join(&mut self, items: impl IntoIterator<Item = Item>) {
        for item in items {
            match item {
                Item::Finding(finding) => self.take(finding),
                Item::Once(once, finding) => {
                    if self.told.insert(once) {
                        self.take(finding);
                    }
                }
                Item::Claim(_) | Item::Again(_) => self.items.push(item),
            }
        }
    }

    /// Whether no MUST was found broken.
    pub(super) fn is_sound(&self) -> bool {
        !self.items.iter().any(|item| match item {
            Item::Finding(finding) | Item::Once(_, finding) => finding.severity == Severity::Error,
            Item::Claim(_) | Item::Again(_) => false,
        })
    }

    /// What was found, in order.
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// The same.
    pub(super) fn into_items(self) -> Vec<Item> {
        self.items
    }
}

/// Sections that are looked at one after the other: what each showed is kept apart, and listed as far as one part would.
#[derive(Debug, Default)]
pub(super) struct Listing {
    sections: Vec<SectionPart>,
    tally: Tally<(usize, usize)>,
    told: BTreeSet<Once>,
}

/// What a section of keyed state showed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionPart {
    /// Its key group.
    pub(super) group: u16,
    /// Where it ends in the stream; none if it cannot be read to its end.
    #[serde(with = "crate::json::optional")]
    #[schemars(with = "Option<Long>")]
    pub(super) end: Option<u64>,
    /// Where the mark is at the end of a run that another of the same state follows.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::json::optional")]
    #[schemars(with = "Option<Long>")]
    pub(super) split_run: Option<u64>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) items: Vec<Item>,
}

impl Listing {
    /// Adds a section that stands behind the others.
    pub(super) fn add(&mut self, section: SectionPart) {
        let SectionPart { group, end, split_run, items } = section;
        let at = self.sections.len();
        let mut listed: Vec<Item> = Vec::new();
        for item in items {
            let is_listed = match &item {
                Item::Once(once, _) => self.told.insert(*once),
                Item::Claim(_) | Item::Again(_) => true,
                Item::Finding(finding) => {
                    let here = (at, listed.len());
                    let last = self.tally.add(&finding.requirement, &finding.file, finding.more, here);
                    if let Some((section, last)) = last {
                        let before = self.sections.get_mut(section).map(|before| &mut before.items);
                        if let Some(Item::Finding(last)) = before.unwrap_or(&mut listed).get_mut(last) {
                            last.more = last.more.saturating_add(finding.more).saturating_add(1);
                        }
                    }
                    last.is_none()
                }
            };
            if is_listed {
                listed.push(item);
            }
        }
        self.sections.push(SectionPart { group, end, split_run, items: listed });
    }

    /// All of them.
    pub(super) fn into_sections(self) -> Vec<SectionPart> {
        self.sections
    }
}
