//! The book and what it is made from agree: generated tables, worked examples, requirements, links.
//!
//! `UPDATE_SPEC=1 cargo test --test book` writes the generated parts anew; run it twice where new structures came in.

mod common;

use std::fs;

use flink_savepoint::serializer::{Hints, SerializerSnapshot};
use flink_savepoint_conformance::compat::rules;
use flink_savepoint_spec::book;
use flink_savepoint_spec::render::{self, Marker};

use common::{ROOT, Worked, example, rewritten};

fn on_disk(chapter: &str) -> String {
    fs::read_to_string(format!("{ROOT}/spec/src/{chapter}.md")).unwrap()
}

/// The reasons of `savepoint check --target`.
fn compat_codes() -> String {
    let rows = rules::CODES.iter().map(|(code, text, section)| format!("| `{code}` | [{text}](#{section}) |\n"));
    ["| Code | Reason |\n|---|---|\n".to_owned()].into_iter().chain(rows).collect()
}

/// A chapter with all that is generated in it.
fn rendered(chapter: &str, text: &str) -> Result<String, String> {
    let text = render::fill(text, |marker| match marker.kind {
        "compat-codes" => Ok(Some(compat_codes())),
        "example" => example(marker).map(|one| Some(one.text)),
        "references" => Ok(None),
        _ => render::of_registry(chapter, marker),
    })?;
    render::fill(&text, |marker| Ok((marker.kind == "references").then(|| render::references(chapter, &text))))
}

#[test]
fn what_is_generated_stands_in_the_book() {
    let update = std::env::var_os("UPDATE_SPEC").is_some();
    let mut wrong = Vec::new();
    for chapter in book::CHAPTERS {
        let mut text = on_disk(chapter.name);
        if update && !text.contains("<!-- references -->") {
            text.push_str("\n<!-- references -->\n<!-- end -->\n");
        }
        match rendered(chapter.name, &text) {
            Err(e) => wrong.push(format!("{}: {e}", chapter.name)),
            Ok(new) if update => fs::write(format!("{ROOT}/spec/src/{}.md", chapter.name), new).unwrap(),
            Ok(new) if new != text => {
                let differs = new.lines().zip(text.lines()).find(|(a, b)| a != b);
                wrong.push(format!("{}: {differs:?}", chapter.name));
            }
            Ok(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The bytes of a worked example: what stands before the semicolons, up to what was decompressed.
fn printed(block: &str) -> Vec<u8> {
    let (_, inside) = block.split_once("```hex ").expect("a block of bytes");
    let lines = inside.lines().skip(1).take_while(|line| !line.starts_with("```"));
    let lines = lines.take_while(|line| !line.starts_with("; uncompressed"));
    let bytes = lines.flat_map(|line| line.split(';').next().unwrap_or_default().split_whitespace());
    bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap_or_else(|e| panic!("{byte}: {e}"))).collect()
}

fn examples() -> Vec<(String, Worked, String)> {
    let mut all = Vec::new();
    for chapter in book::CHAPTERS {
        let text = on_disk(chapter.name);
        let mut rest = text.as_str();
        while let Some((_, after)) = rest.split_once("<!-- example ") {
            let (arguments, after) = after.split_once(" -->\n").unwrap();
            let (block, after) = after.split_once("<!-- end -->").unwrap();
            let line = format!("<!-- example {arguments} -->");
            let worked = example(&Marker::parse(&line).unwrap()).unwrap_or_else(|e| panic!("{arguments}: {e}"));
            all.push((arguments.to_owned(), worked, block.to_owned()));
            rest = after;
        }
    }
    all
}

#[test]
fn the_bytes_of_the_examples_are_those_of_golden_files_and_are_written_again() {
    let examples = examples();
    assert!(examples.len() > 50, "{}", examples.len());
    let mut rewritten_bytes = 0;
    for (id, worked, block) in &examples {
        let range = usize::try_from(worked.range.start).unwrap()..usize::try_from(worked.range.end).unwrap();
        let shown = printed(block);
        assert_eq!(worked.bytes[range.clone()], shown, "{id}");
        let Some(file) = &worked.file else {
            let snapshot = SerializerSnapshot::parse(&shown, &Hints::default()).unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!(snapshot.raw(), shown, "{id}");
            continue;
        };
        // Compressed bytes are the choice of whoever compresses.
        if let Some(again) = rewritten(file) {
            assert_eq!(again[range.clone()], shown, "{id}");
            rewritten_bytes += range.len();
        }
    }
    assert!(rewritten_bytes > 5_000, "{rewritten_bytes}");
}

#[test]
fn what_is_wrong_in_the_book_is_found() {
    let text = on_disk("metadata");
    let differs = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let wrong = text.replacen(from, to, 1);
        rendered("metadata", &wrong).map(|right| right != wrong)
    };
    // A byte and a value of an example; a cell of a table; the text of a requirement; a link.
    assert_eq!(
        differs("00 00 00 06                                     ; version = 6", "00 00 00 05 ; version = 6"),
        Ok(true)
    );
    assert_eq!(differs("; version = 6", "; version = 5"), Ok(true));
    assert_eq!(differs("| `checkpoint_id` | `i64` |", "| `checkpoint_id` | `i32` |"), Ok(true));
    assert_eq!(differs("The file MUST start with 49 60 67 2D.", "The file SHOULD start with 49 60 67 2D."), Ok(true));
    assert_eq!(differs("[META-MAGIC-01]: #META-MAGIC-01", "[META-MAGIC-01]: #META"), Ok(true));
    // What nothing can be made of.
    assert!(
        differs("<!-- layout operator -->", "<!-- layout operater -->").unwrap_err().contains("no layout operater")
    );
    assert!(differs("path=operators[0] -->", "path=operators[99] -->").unwrap_err().contains("no structure"));
    assert!(
        differs("<!-- requirements META-MAGIC-01", "<!-- requirements META-MAGIC-00")
            .unwrap_err()
            .contains("no requirement")
    );
    assert!(rendered("metadata", "<!-- layout operator -->\n").unwrap_err().contains("no <!-- end -->"));
    assert_eq!(rendered("metadata", &text), Ok(text));
}
