//! The dictionary of the fuzzers, which is what the registry of the specification says that bytes can be.
//!
//! libFuzzer passes over words of more than 64 bytes; of longer class names there is what stands behind the package.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use flink_savepoint_spec::layouts::{Literal, Type, choices, layouts};
use flink_savepoint_spec::{requirements, serializers};

/// The longest word.
pub const LONGEST: usize = 64;

/// The dictionary in libFuzzer's syntax, by section and word, each word once.
pub fn text() -> String {
    let mut text = "# Words of the format, from spec/registry. Written by a test: UPDATE_DICTIONARY=1 cargo test -p \
                    flink-savepoint-harness --test dictionary\n"
        .to_owned();
    let mut seen = std::collections::BTreeSet::new();
    for (title, words) in [
        ("Fields that have one value only", constants()),
        ("Type bytes and the like", cases()),
        ("Names of options, keys and constants", names()),
        ("Class names", classes()),
    ] {
        let _ = write!(text, "\n# {title}\n");
        for (word, about) in words {
            if !word.is_empty() && word.len() <= LONGEST && seen.insert(word.clone()) {
                let _ = writeln!(text, "{}=\"{}\"", name(&about), escaped(&word));
            }
        }
    }
    text
}

/// What can stand before a word.
fn name(about: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    about.trim_end_matches(')').chars().map(letter).collect()
}

/// Printable characters stand for themselves.
fn escaped(word: &[u8]) -> String {
    let mut text = String::new();
    for &byte in word {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "\\x{byte:02X}");
            }
        }
    }
    text
}

type Words = BTreeMap<Vec<u8>, String>;

fn constants() -> Words {
    let mut words = Words::new();
    for layout in layouts() {
        for field in &layout.fields {
            let Some(value) = &field.value else { continue };
            let hex = || value.split(' ').map(|byte| u8::from_str_radix(byte, 16).ok()).collect::<Option<Vec<u8>>>();
            let word = match field.ty {
                Type::I8 | Type::U8 | Type::I16 | Type::U16 | Type::I32 | Type::I64 | Type::Bool => value
                    .parse()
                    .ok()
                    .filter(|_| !value.contains(' '))
                    .and_then(|number| bytes_of(&field.ty, number))
                    .or_else(hex),
                Type::Utf => Some(utf(value)),
                _ => hex(),
            };
            if let Some(word) = word {
                words.entry(word).or_insert_with(|| format!("{}.{}", layout.id, field.name));
            }
        }
    }
    words
}

fn cases() -> Words {
    let mut words = Words::new();
    for choice in choices() {
        let Some(ty) = &choice.selector_type else { continue };
        for case in &choice.cases {
            let Literal::Number(number) = case.value else { continue };
            if let Some(word) = bytes_of(ty, number) {
                words.entry(word).or_insert_with(|| format!("{}: {}", choice.id, case.title));
            }
        }
    }
    words
}

/// Names in capitals that the registry speaks of.
fn names() -> Words {
    let of_layouts = layouts().iter().flat_map(|layout| {
        layout.fields.iter().map(move |field| (field.meaning.as_str(), format!("{}.{}", layout.id, field.name)))
    });
    let of_requirements = requirements::all().iter().map(|one| (one.text.as_str(), one.id.clone()));
    let mut words = Words::new();
    for (sentence, about) in of_layouts.chain(of_requirements) {
        let code = sentence.split('`').skip(1).step_by(2);
        let is_name = |word: &&str| {
            word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_') && !word.starts_with('_')
        };
        for word in code.filter(is_name) {
            words.entry(utf(word)).or_insert_with(|| about.clone());
        }
    }
    words
}

fn classes() -> Words {
    let mut words = Words::new();
    let of_serializers = serializers::all().iter().map(|one| one.class.as_str());
    let of_java = serializers::java_classes().iter().map(|one| one.name.as_str());
    for class in of_serializers.chain(of_java) {
        let whole = utf(class);
        let word = if whole.len() <= LONGEST { whole } else { class.rsplit('.').next().unwrap_or(class).into() };
        words.entry(word).or_insert_with(|| class.rsplit('.').next().unwrap_or(class).to_owned());
    }
    words
}

/// Text as `writeUTF` writes it; the names of the registry are ASCII.
fn utf(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&length[..], text.as_bytes()].concat()
}

fn bytes_of(ty: &Type, number: i64) -> Option<Vec<u8>> {
    Some(match ty {
        Type::I8 | Type::Bool => vec![i8::try_from(number).ok()?.to_be_bytes()[0]],
        Type::U8 => vec![u8::try_from(number).ok()?],
        Type::I16 => i16::try_from(number).ok()?.to_be_bytes().into(),
        Type::U16 => u16::try_from(number).ok()?.to_be_bytes().into(),
        Type::I32 => i32::try_from(number).ok()?.to_be_bytes().into(),
        Type::I64 => number.to_be_bytes().into(),
        _ => return None,
    })
}
