//! What the pages for people have in common.

use std::fmt::Write as _;

use indicatif::HumanBytes;

/// Names and paths come from the file: what would move the cursor, colour the terminal, or make text look like other text is
/// spelled out. What nobody reads to its end is cut.
pub fn printable(text: &str) -> String {
    const SHOWN: usize = 4096;
    let mut safe = String::with_capacity(text.len().min(SHOWN));
    for (n, c) in text.chars().enumerate() {
        if n == SHOWN {
            let _ = write!(safe, "... ({} bytes)", text.len());
            break;
        }
        if is_unsafe(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Whether a character is not to be passed on: control characters (C0, U+007F, C1), line and paragraph separators, and characters
/// that are not seen, of which some turn the direction of writing around.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// A number of bytes: `4.02 KiB`.
pub fn bytes(size: u64) -> String {
    HumanBytes(size).to_string()
}

/// A number of things: `1 file`, `2 files`, `3 entries`.
pub fn count(n: u64, one: &str) -> String {
    match one.strip_suffix('y') {
        _ if n == 1 => format!("1 {one}"),
        Some(stem) => format!("{n} {stem}ies"),
        None => format!("{n} {one}s"),
    }
}

/// Bytes in hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes that [`hex`] has written, in letters of either case; none for anything else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let digit = |digit: u8| char::from(digit).to_digit(16);
    pairs.iter().map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{count, hex, printable, unhex};

    #[test]
    fn hex_is_read_as_it_is_written() {
        assert_eq!(unhex(&hex(&[0, 0x9F, 0xFF])), Some(vec![0, 0x9F, 0xFF]));
        assert_eq!((unhex("aB"), unhex("")), (Some(vec![0xAB]), Some(vec![])));
        assert!(["a", "0g", "+1", "0\u{e9}"].iter().all(|text| unhex(text).is_none()));
    }

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(printable("a\u{1b}[31m\n\u{e9}\u{1F600}"), "a\\u{1b}[31m\\u{a}\u{e9}\u{1F600}");
        assert_eq!(
            printable("\u{9b}\u{7f}\u{202e}\u{2069}\u{200b}\u{2028}"),
            "\\u{9b}\\u{7f}\\u{202e}\\u{2069}\\u{200b}\\u{2028}"
        );
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(printable(&"\u{e9}".repeat(4096)).chars().count(), 4096);
        assert!(printable(&"\u{e9}".repeat(4097)).ends_with("\u{e9}... (8194 bytes)"));
    }

    #[test]
    fn numbers_and_bytes() {
        assert_eq!([count(1, "entry"), count(2, "entry"), count(0, "file")], ["1 entry", "2 entries", "0 files"]);
        assert_eq!(hex(&[0, 0xAB]), "00ab");
    }
}
