//! Wrong steps in keyed streams.

use flink_savepoint::keyed::{KeyGroup, PrefixWidth};

use super::mutants;
use crate::adapter::reference::framed;

/// Bytes of an identifier at the start of a framed stream.
const IDENTIFIER: usize = 10;

mutants! { Producer by steps:
    "end-mark-left-out" breaks "KEYED-EOKG-02": "Sections have no mark at their end." {
        fn end_mark(&self) -> Vec<u8> {
            Vec::new()
        }
    }

    "end-mark-zero" breaks "KEYED-EOKG-02": "Sections end with 00 00 instead of FF FF." {
        fn end_mark(&self) -> Vec<u8> {
            vec![0, 0]
        }
    }

    "run-not-marked" breaks "KEYED-RUN-01": "The last entry of a run is not marked." {
        fn is_marked(&self, _: usize, _: usize, _: bool) -> bool {
            false
        }
    }

    "section-marked-once" breaks "KEYED-RUN-01": "Only the last entry of a section is marked, and not that of each run." {
        fn is_marked(&self, i: usize, length: usize, in_last_run: bool) -> bool {
            in_last_run && i + 1 == length
        }
    }

    "offset-behind" breaks "KEYED-OFFSET-01": "The offset of a key group is taken when its section has been written." {
        fn section_offset(&self, _: i64, end: i64, _: i64) -> i64 {
            end
        }
    }

    "offset-without-header" breaks "KEYED-OFFSET-01": "Offsets count from the end of the header." {
        fn section_offset(&self, start: i64, _: i64, header: i64) -> i64 {
            start - header
        }
    }

    "offset-minus-one" breaks "KEYED-OFFSET-01": "The offset of a key group without state is -1, as in raw state." {
        fn empty_group(&self, _: i64, _: Option<i64>) -> (Vec<u8>, i64) {
            (Vec::new(), -1)
        }
    }

    "empty-group-marked" breaks "KEYED-EOKG-01": "A key group without state has a section with nothing but its end." {
        fn empty_group(&self, position: i64, _: Option<i64>) -> (Vec<u8>, i64) {
            (vec![0xFF, 0xFF], position)
        }
    }

    "offset-shared" breaks "KEYED-OFFSET-02": "A key group without state has the offset of the one before that has some." {
        fn empty_group(&self, _: i64, before: Option<i64>) -> (Vec<u8>, i64) {
            (Vec::new(), before.unwrap_or(0))
        }
    }

    "sections-backwards" breaks "KEYED-GROUP-03": "Sections are written from the last key group to the first." {
        fn section_order(&self, groups: &mut Vec<KeyGroup>) {
            groups.reverse();
        }
    }

    "prefix-always-one" breaks "KEYGROUP-PREFIX-01": "The prefix of a key has one byte at any max parallelism." {
        fn prefix(&self, group: KeyGroup, _: PrefixWidth) -> Vec<u8> {
            let [_, low] = group.0.to_be_bytes();
            vec![low & 0x7F]
        }
    }

    "prefix-always-two" breaks "KEYGROUP-PREFIX-01": "The prefix of a key has two bytes at any max parallelism." {
        fn prefix(&self, group: KeyGroup, _: PrefixWidth) -> Vec<u8> {
            group.0.to_be_bytes().to_vec()
        }
    }

    "prefix-low-byte-first" breaks "KEYED-GROUP-04": "A prefix of two bytes has its low byte first." {
        fn prefix(&self, group: KeyGroup, width: PrefixWidth) -> Vec<u8> {
            let [high, low] = group.0.to_be_bytes();
            if width == PrefixWidth::One { vec![low] } else { vec![low & 0x7F, high] }
        }
    }

    "prefix-zero" breaks "KEYED-GROUP-04": "The prefix of every key is zero." {
        fn prefix(&self, _: KeyGroup, width: PrefixWidth) -> Vec<u8> {
            if width == PrefixWidth::One { vec![0] } else { vec![0, 0] }
        }
    }

    "state-id-from-one" breaks "KEYED-STATE-ID-01": "State ids count from one." {
        fn state_id(&self, id: u16) -> u16 {
            id + 1
        }
    }

    "state-id-low-byte-first" breaks "KEYED-STATE-ID-01": "State ids have their low byte first." {
        fn state_id(&self, id: u16) -> u16 {
            id.swap_bytes()
        }
    }

    "keyed-trailing" breaks "KEYED-SECTION-01": "A checksum of four bytes stands behind the last section." {
        fn end_of_stream(&self) -> Vec<u8> {
            vec![0xCA, 0xFE, 0xBA, 0xBE]
        }
    }

    "section-not-compressed" breaks "KEYED-COMPRESSED-01": "Sections are not compressed, though the header says so." {
        fn compressed(&self, section: &[u8]) -> Vec<u8> {
            section.to_vec()
        }
    }

    "section-without-identifier" breaks "SNAPPY-IDENTIFIER-01": "A compressed section does not start with the identifier." {
        fn compressed(&self, section: &[u8]) -> Vec<u8> {
            framed(section).split_off(IDENTIFIER)
        }
    }

    "checksum-wrong" breaks "SNAPPY-CHECKSUM-01": "The checksum of a chunk is zero." {
        fn compressed(&self, section: &[u8]) -> Vec<u8> {
            let mut bytes = framed(section);
            bytes.iter_mut().skip(IDENTIFIER + 4).take(4).for_each(|byte| *byte = 0);
            bytes
        }
    }
}
