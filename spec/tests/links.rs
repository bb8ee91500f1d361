//! Every link of the book leads somewhere: to a chapter, and to a heading or an anchor in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use flink_savepoint_spec::book;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Lines outside of code.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// A heading as an anchor, as mdBook makes it.
fn slug(heading: &str) -> String {
    let text = heading.replace(['`', '*'], "");
    let kept = text.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Anchors of a chapter, and those that it has twice.
fn anchors(text: &str) -> (BTreeSet<String>, Vec<String>) {
    let mut all = BTreeSet::new();
    let mut twice = Vec::new();
    let mut seen = BTreeMap::<String, usize>::new();
    for line in lines(text) {
        let mut found = Vec::new();
        if let Some(heading) = line.strip_prefix('#') {
            let slug = slug(heading.trim_start_matches('#'));
            let again = seen.entry(slug.clone()).or_default();
            found.push(if *again == 0 { slug } else { format!("{slug}-{again}") });
            *again += 1;
        }
        for part in line.split("<a id=\"").skip(1) {
            found.extend(part.split_once('"').map(|(id, _)| id.to_owned()));
        }
        for anchor in found {
            if !all.insert(anchor.clone()) {
                twice.push(anchor);
            }
        }
    }
    (all, twice)
}

/// Where the links of a chapter lead.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines(text) {
        // A link, or the definition of one.
        for part in line.split("](").skip(1) {
            found.extend(part.split_once(')').map(|(target, _)| target.to_owned()));
        }
        if let Some((_, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            found.push(target.to_owned());
        }
    }
    found
}

fn problems(chapters: &BTreeMap<String, String>) -> Vec<String> {
    let anchors: BTreeMap<&str, _> = chapters.iter().map(|(name, text)| (name.as_str(), anchors(text))).collect();
    let mut problems = Vec::new();
    for (name, text) in chapters {
        problems.extend(anchors[name.as_str()].1.iter().map(|anchor| format!("{name}.md has #{anchor} twice")));
        for link in links(text).iter().filter(|link| !link.starts_with("https://")) {
            let (file, anchor) = link.split_once('#').map_or((link.as_str(), None), |(f, a)| (f, Some(a)));
            let target = if file.is_empty() { name } else { file.strip_suffix(".md").unwrap_or(file) };
            match (anchors.get(target), anchor) {
                (None, _) => problems.push(format!("{name}.md leads to {link}: no such chapter")),
                (Some((all, _)), Some(anchor)) if !all.contains(anchor) => {
                    problems.push(format!("{name}.md leads to {link}: no such place"));
                }
                _ => {}
            }
        }
    }
    problems
}

#[test]
fn links_resolve() {
    let read = |name| fs::read_to_string(format!("{ROOT}/spec/src/{name}.md")).unwrap();
    let mut chapters: BTreeMap<String, String> =
        book::CHAPTERS.iter().map(|chapter| (chapter.name.to_owned(), read(chapter.name))).collect();
    let found = problems(&chapters);
    assert!(found.is_empty(), "{} problems: {found:#?}", found.len());
    let all: usize = chapters.values().map(|text| links(text).len()).sum();
    assert!(all > 1_500, "{all}");

    chapters.insert(
        "broken".into(),
        "# A b\n## A `b`!\n[x](nowhere.md) [y](#c) [z](metadata.md#nothing) [w](#a-b-1)".into(),
    );
    let expected = [
        "broken.md leads to nowhere.md: no such chapter",
        "broken.md leads to #c: no such place",
        "broken.md leads to metadata.md#nothing: no such place",
    ];
    assert_eq!(problems(&chapters), expected);
}
