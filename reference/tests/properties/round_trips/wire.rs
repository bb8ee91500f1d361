//! Primitives and strings.

use flink_savepoint::wire::{Input, JavaStr, Output, java};
use proptest::prelude::*;

use crate::strategies::bytes::made_of;
use crate::strategies::wire::{bytes, int, long, long_text, text};

fn any_text() -> impl Strategy<Value = JavaStr<'static>> {
    prop_oneof![4 => text(), 1 => long_text()]
}

proptest! {
    #[test]
    fn primitives(byte: u8, flag: bool, short: u16, int in int(), long in long(), bytes in bytes(), text in any_text()) {
        let mut out = Output::new();
        out.u8(byte);
        out.bool(flag);
        out.u16(short);
        out.i32(int);
        out.i64(long);
        out.bytes32(&bytes).unwrap();
        out.utf(&text).unwrap();
        let written = out.into_bytes();
        let rest = Input::new(&written);
        let (rest, read) = java::u8(rest).unwrap();
        prop_assert_eq!(read, byte);
        let (rest, read) = java::bool(rest, true).unwrap();
        prop_assert_eq!(read, flag);
        let (rest, read) = java::u16(rest).unwrap();
        prop_assert_eq!(read, short);
        let (rest, read) = java::i32(rest).unwrap();
        prop_assert_eq!(read, int);
        let (rest, read) = java::i64(rest).unwrap();
        prop_assert_eq!(read, long);
        let (rest, read) = java::bytes32(rest).unwrap();
        prop_assert_eq!(read.bytes(), &*bytes);
        let (rest, read) = java::utf(rest, true).unwrap();
        prop_assert_eq!(read, text);
        prop_assert!(rest.is_empty());
        prop_assert_eq!(rest.offset(), written.len() as u64);
    }

    /// Every prefix of a number or string is an error where the field starts, or at the byte that is wrong.
    #[test]
    fn cut_primitives(long in long(), text in any_text(), cut: prop::sample::Index) {
        let mut out = Output::new();
        out.utf(&text).unwrap();
        let text_end = out.offset();
        out.i64(long);
        let written = out.into_bytes();
        let cut = cut.index(written.len());
        let input = Input::with_offset(&written[..cut], 1_000);
        let failed = java::utf(input, true).and_then(|(rest, _)| java::i64(rest)).unwrap_err();
        let (nom::Err::Error(error) | nom::Err::Failure(error)) = failed else { panic!("complete parsers only") };
        let starts = [1_000, 1_000 + text_end];
        prop_assert!(starts.contains(&error.offset()), "cut at {}: {}", cut, error);
    }

    #[test]
    fn strings(units in prop::collection::vec(any::<u16>(), 0..40)) {
        let text = JavaStr::from_utf16(units.iter().copied());
        prop_assert_eq!(text.utf16().collect::<Vec<_>>(), units.clone());
        let again = JavaStr::from_modified_utf8(text.as_modified_utf8(), true).unwrap();
        prop_assert_eq!(&again, &text);
        prop_assert_eq!(again.canonical(), text.clone());
        prop_assert_eq!(text.to_string(), String::from_utf16_lossy(&units));
        if let Ok(utf8) = String::from_utf16(&units) {
            prop_assert_eq!(JavaStr::from(utf8.as_str()), text);
        }
    }

    /// Whatever bytes are taken as a string give the same bytes back, and a canonical spelling that strict reading accepts.
    #[test]
    fn strings_of_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
        if let Ok(text) = JavaStr::from_modified_utf8(&bytes, false) {
            prop_assert_eq!(text.as_modified_utf8(), &bytes[..]);
            let canonical = text.canonical();
            prop_assert!(text.same_text(&canonical));
            prop_assert!(JavaStr::from_modified_utf8(canonical.as_modified_utf8(), true).is_ok());
            let is_canonical = JavaStr::from_modified_utf8(&bytes, true).is_ok();
            prop_assert_eq!(is_canonical, canonical == text);
        }
    }

    #[test]
    fn strings_of_a_fuzzer_fit(text in made_of::<JavaStr<'static>>(64)) {
        prop_assert!(u16::try_from(text.as_modified_utf8().len()).is_ok());
        prop_assert!(JavaStr::from_modified_utf8(text.as_modified_utf8(), true).is_ok());
    }
}
