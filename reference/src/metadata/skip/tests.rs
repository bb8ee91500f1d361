//! What is skipped ends where reading ends; what reading refuses is not skipped.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::codec::ReadContext;
use super::super::operator::step_subtask;
use super::super::release::MetadataVersion;
use crate::ErrorKind;
use crate::error::TypePosition;
use crate::wire::{Input, done};

const PARALLELISM: u32 = 4;
/// Where the tests' bytes start in their file.
const START: u64 = 1000;

fn context(version: MetadataVersion, strict: bool) -> ReadContext {
    ReadContext { version, changelog_1_14: false, strict, nesting: 2, nesting_limit: 2 }
}

fn contexts() -> impl Iterator<Item = ReadContext> {
    MetadataVersion::ALL.into_iter().flat_map(|version| [false, true].map(|strict| context(version, strict)))
}

/// How many bytes are skipped, if any are. Asserts that reading agrees.
fn skipped(bytes: &[u8], cx: ReadContext) -> Option<usize> {
    let input = Input::with_offset(bytes, START);
    let rest = super::subtask(input, cx, PARALLELISM)?;
    let read = done(step_subtask(input, cx, PARALLELISM), input.end());
    assert_eq!(read.map(|(rest, ())| rest), Ok(rest), "{cx:?}: {bytes:02x?}");
    Some(bytes.len() - rest.len())
}

/// What reading refuses, and where.
fn refused(bytes: &[u8], cx: ReadContext) -> (ErrorKind, u64) {
    assert_eq!(skipped(bytes, cx), None, "{bytes:02x?}");
    let input = Input::with_offset(bytes, START);
    let error = done(step_subtask(input, cx, PARALLELISM), input.end()).unwrap_err();
    (error.kind().clone(), error.offset() - START)
}

const V6: MetadataVersion = MetadataVersion::V6;
const NO_CHANNELS: [u8; 8] = [0; 8];
const NO_OPERATOR_STATE: [u8; 8] = [0; 8];

#[rustfmt::skip]
const CANONICAL: &[&[u8]] = &[
    &[0, 0, 0, 3],              // index
    &NO_OPERATOR_STATE,
    &[7],                       // KeyGroupsSavepointStateHandle
    &[0, 0, 0, 126],            // start key group
    &[0, 0, 0, 2],              // number of key groups
    &[0, 0, 0, 0, 0, 0, 1, 44], // offset of key group 126
    &[0, 0, 0, 0, 0, 0, 0, 0],  // offset of key group 127
    &[6],                       // RelativeFileStateHandle
    &[0, 4], b"4ebc",           // path
    &[0, 0, 0, 0, 0, 0, 3, 0],  // size
    &[0],                       // no raw keyed state
    &NO_CHANNELS,
];

#[rustfmt::skip]
const NATIVE_AND_OPERATOR_STATE: &[&[u8]] = &[
    &[0, 0, 0, 0],              // index
    &[0, 0, 0, 1],              // managed operator state follows
    &[4],                       // OperatorStreamStateHandle
    &[0, 0, 0, 2],              // states
    &[0, 2], b"sp",             // name
    &[1],                       // union
    &[0, 0, 0, 1],              // offsets
    &[0, 0, 0, 0, 0, 0, 0, 9],
    &[0, 1], b"b",              // name
    &[2],                       // broadcast
    &[0, 0, 0, 0],              // no offset
    &[1],                       // ByteStreamStateHandle
    &[0, 1], b"h",              // handle name
    &[0, 0, 0, 3], &[0xFF; 3],  // data
    &[0, 0, 0, 0],              // no raw operator state
    &[12],                      // KeyGroupsStateHandle with an id
    &[0, 0, 0, 0], &[0, 0, 0, 0], // no key group
    &[2],                       // FileStateHandle
    &[0xFF; 8],                 // size unknown
    &[0, 5], b"s3:/p",          // path
    &[0, 1], b"i",              // state handle id
    &[3],                       // KeyGroupsStateHandle, raw keyed state
    &[0, 0, 0, 1], &[0, 0, 0, 1], &[0xFF; 8],
    &[6], &[0, 1], b"r", &[0; 8],
    &NO_CHANNELS,
];

#[rustfmt::skip]
const INCREMENTAL: &[&[u8]] = &[
    &[0, 0, 0, 1],              // index
    &NO_OPERATOR_STATE,
    &[11],                      // IncrementalRemoteKeyedStateHandle with an id
    &[0, 0, 0, 0, 0, 0, 0, 5],  // checkpoint id
    &[0, 2], b"be",             // backend id
    &[0, 0, 0, 0], &[0, 0, 0, 8], // key groups, without offsets
    &[0, 0, 0, 0, 0, 0, 0, 7],  // checkpointed size
    &[0],                       // no meta state
    &[0, 0, 0, 1],              // shared files
    &[0, 3], b"1.s",            // name
    &[6], &[0, 1], b"r", &[0; 8],
    &[0, 0, 0, 1],              // private files
    &[0, 1], b"C",              // name
    &[2], &[0; 8], &[0, 1], b"p",
    &[0, 1], b"i",              // state handle id
    &[5],                       // the same without an id
    &[0; 8], &[0, 0],           // checkpoint id, backend id
    &[0, 0, 0, 9], &[0, 0, 0, 1],
    &[1], &[0, 0], &[0; 4],     // meta state: empty inline state
    &[0; 4], &[0; 4],           // no files
    &NO_CHANNELS,
];

#[rustfmt::skip]
const STATELESS: &[&[u8]] = &[&[0, 0, 0, 2], &NO_OPERATOR_STATE, &[0], &[0], &NO_CHANNELS];

const FORMS: [&[&[u8]]; 4] = [CANONICAL, NATIVE_AND_OPERATOR_STATE, INCREMENTAL, STATELESS];

/// The form as version 2 has it: with duration and legacy states, without channel state.
fn in_v2(form: &[u8], legacy_states: i32) -> Vec<u8> {
    let (index, handles) = form.split_at(4);
    let handles = &handles[..handles.len() - NO_CHANNELS.len()];
    [index, &77_i64.to_be_bytes(), &legacy_states.to_be_bytes(), handles].concat()
}

fn form_in(form: &[u8], version: MetadataVersion) -> Vec<u8> {
    if version.has_channel_state() { form.to_vec() } else { in_v2(form, 0) }
}

#[test]
fn common_forms_are_skipped_in_every_version() {
    for form in FORMS {
        for cx in contexts() {
            let bytes = form_in(&form.concat(), cx.version);
            assert_eq!(skipped(&bytes, cx), Some(bytes.len()), "{cx:?}: {form:02x?}");
            let followed = [&bytes[..], &[0xAB; 3]].concat();
            assert_eq!(skipped(&followed, cx), Some(bytes.len()), "{cx:?}: {form:02x?}");
        }
    }
}

/// Every common form, in every version, strict and not: cut anywhere it is not skipped, and with any one byte changed it is
/// skipped only as far as it is read.
#[test]
fn neighbours_of_common_forms_are_skipped_as_they_are_read() {
    let (mut skips, mut left) = (0, 0);
    for form in FORMS {
        for cx in contexts() {
            let mut bytes = form_in(&form.concat(), cx.version);
            for cut in 0..bytes.len() {
                assert_eq!(skipped(&bytes[..cut], cx), None, "cut at {cut}, {cx:?}");
            }
            for at in 0..bytes.len() {
                let original = bytes[at];
                for byte in 0..=255 {
                    bytes[at] = byte;
                    if skipped(&bytes, cx).is_some() { skips += 1 } else { left += 1 }
                }
                bytes[at] = original;
            }
        }
    }
    assert!(skips > 100_000 && left > 100_000, "{skips} {left}");
}

/// A form with one of its parts replaced.
fn with(form: &[&[u8]], part: usize, bytes: &[u8]) -> Vec<u8> {
    let mut form = form.to_vec();
    form[part] = bytes;
    form.concat()
}

#[test]
fn what_is_unsound_is_left_to_reading() {
    let cx = context(V6, false);
    let canonical = |part, bytes: &[u8]| refused(&with(CANONICAL, part, bytes), cx);
    let operator = |part, bytes: &[u8]| refused(&with(NATIVE_AND_OPERATOR_STATE, part, bytes), cx);
    let unknown = |found, position| ErrorKind::UnknownType { found, position };

    let index = |index| ErrorKind::SubtaskIndex { index, parallelism: PARALLELISM };
    assert_eq!(canonical(0, &[0, 0, 0, 4]), (index(4), 0));
    // Finished, but not one of the four: -(4 + 1).
    assert_eq!(canonical(0, &[0xFF, 0xFF, 0xFF, 0xFB]), (index(4), 0));

    assert_eq!(canonical(2, &[4]), (unknown(4, TypePosition::Keyed), 12));
    let range = |start, count| ErrorKind::KeyGroupRange { start, count };
    assert_eq!(canonical(3, &[0xFF; 4]), (range(-1, 2), 13));
    assert_eq!(canonical(4, &[0xFF; 4]), (range(126, -1), 13));
    // The last key group would be 2147483648.
    assert_eq!(canonical(3, &[0x7F, 0xFF, 0xFF, 0xFF]), (range(i32::MAX, 2), 13));
    let beyond = ErrorKind::LengthBeyondInput { found: 8, available: 40 };
    assert_eq!(canonical(4, &[0, 0, 0, 8]), (beyond, 17));

    assert_eq!(canonical(7, &[0]), (ErrorKind::NullHandle, 37));
    assert_eq!(canonical(7, &[4]), (unknown(4, TypePosition::Stream), 37));
    assert_eq!(refused(&[&CANONICAL[..8], &[&[0, 0]]].concat().concat(), cx), (ErrorKind::EmptyPath, 38));
    // A lone continuation byte.
    assert_eq!(canonical(9, b"4\x80bc"), (ErrorKind::ModifiedUtf8 { at: 1 }, 41));
    let size = (-2_i64).to_be_bytes();
    assert_eq!(canonical(10, &size), (ErrorKind::StateSize { found: -2 }, 44));
    assert_eq!(operator(23, &size), (ErrorKind::StateSize { found: -2 }, 63));
    assert_eq!(canonical(11, &[1]), (unknown(1, TypePosition::Keyed), 52));
    // One input channel, of which nothing follows.
    assert!(matches!(canonical(12, &[0, 0, 0, 1, 0, 0, 0, 0]).0, ErrorKind::LengthBeyondInput { found: 1, .. }));

    assert_eq!(operator(2, &[3]), (unknown(3, TypePosition::Operator), 8));
    assert_eq!(operator(2, &[0]), (ErrorKind::NullHandle, 8));
    assert_eq!(operator(3, &[0xFF; 4]), (ErrorKind::NegativeLength { found: -1 }, 9));
    assert_eq!(operator(6, &[3]), (ErrorKind::Mode { found: 3 }, 17));
    assert_eq!(operator(7, &[0xFF; 4]), (ErrorKind::NegativeLength { found: -1 }, 18));
    assert_eq!(operator(16, &[0xFF, 0xFF, 0xFF, 0xFE]), (ErrorKind::NegativeLength { found: -2 }, 42));

    let v2 = context(MetadataVersion::V2, false);
    assert_eq!(refused(&in_v2(&CANONICAL.concat(), 1), v2), (ErrorKind::LegacyState { count: 1 }, 12));
    let negative = with(CANONICAL, 0, &[0xFF; 4]);
    assert_eq!(refused(&in_v2(&negative, 0), v2), (ErrorKind::SubtaskIndex { index: -1, parallelism: 0 }, 0));
}

/// Forms that reading accepts, or accepts unless it is strict, and that are too rare to be skipped.
#[test]
fn what_is_rare_is_left_to_reading() {
    let read = |bytes: &[u8], strict| {
        let cx = context(V6, strict);
        assert_eq!(skipped(bytes, cx), None, "{bytes:02x?}");
        done(step_subtask(Input::new(bytes), cx, PARALLELISM), 0).map(|(rest, ())| rest.len())
    };
    // A finished subtask: -(3 + 1).
    assert_eq!(read(&[0xFF, 0xFF, 0xFF, 0xFC], true), Ok(0));
    // "4", U+00E9, "c".
    assert_eq!(read(&with(CANONICAL, 9, b"4\xC3\xA9c"), true), Ok(0));
    for (form, part, unusual) in [
        (NATIVE_AND_OPERATOR_STATE, 1, &[0, 0, 0, 2][..]),
        (CANONICAL, 9, b"4\0bc"),
        (CANONICAL, 12, &[0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]),
    ] {
        let bytes = with(form, part, unusual);
        assert_eq!(read(&bytes, false), Ok(0), "{unusual:02x?}");
        assert!(matches!(read(&bytes, true).unwrap_err().kind(), ErrorKind::NotCanonical { .. }), "{unusual:02x?}");
    }
}

fn text(least: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(b' '..=b'~', least..12).prop_map(|text| [&[0, u8::try_from(text.len()).unwrap()], &text[..]].concat())
}

fn size() -> impl Strategy<Value = Vec<u8>> {
    select(vec![-1, 0, 1, i64::MAX]).prop_map(|size| size.to_be_bytes().to_vec())
}

fn counted(elements: &[Vec<u8>]) -> Vec<u8> {
    [&u32::try_from(elements.len()).unwrap().to_be_bytes(), &elements.concat()[..]].concat()
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (size(), text(1)).prop_map(|(size, path)| [&[2], &size[..], &path].concat()),
        (text(1), size()).prop_map(|(path, size)| [&[6], &path[..], &size].concat()),
        (text(0), vec(vec(any::<u8>(), 1), 0..9)).prop_map(|(name, data)| [&[1], &name[..], &counted(&data)].concat()),
    ]
}

fn eights() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(any::<i64>().prop_map(|offset| offset.to_be_bytes().to_vec()), 0..4)
}

fn operator_state() -> impl Strategy<Value = Vec<u8>> {
    let state = (text(0), 0..3_u8, eights()).prop_map(|(name, mode, offsets)| {
        let offsets = counted(&offsets);
        [&name[..], &[mode], &offsets].concat()
    });
    let handle = (vec(state, 0..3), stream())
        .prop_map(|(states, stream)| [&[0, 0, 0, 1, 4], &counted(&states)[..], &stream].concat());
    prop_oneof![Just(vec![0; 4]), handle]
}

fn keyed_state() -> impl Strategy<Value = Vec<u8>> {
    let start = select(vec![0, 1, 127, 0x7FFF_FFFC]).prop_map(|start: i32| start.to_be_bytes());
    let key_groups = (select(vec![3, 7, 12]), start, eights(), stream(), text(0)).prop_map(
        |(type_byte, start, offsets, stream, id)| {
            let id = if type_byte == 12 { &id[..] } else { &[] };
            [&[type_byte], &start[..], &counted(&offsets), &stream, id].concat()
        },
    );
    let files = || vec((text(0), stream()).prop_map(|(name, stream)| [name, stream].concat()), 0..3);
    let meta_state = prop_oneof![Just(vec![0]), stream()];
    let incremental = (any::<bool>(), text(0), meta_state, files(), files(), text(0)).prop_map(
        |(v2, backend, meta_state, shared, private, id)| {
            let head = [&[if v2 { 11 } else { 5 }], &[0; 8][..], &backend, &[0; 7], &[9]].concat();
            let (added, id) = if v2 { (&[1; 8][..], &id[..]) } else { (&[][..], &[][..]) };
            [&head, added, &meta_state, &counted(&shared), &counted(&private), id].concat()
        },
    );
    prop_oneof![Just(vec![0]), key_groups, incremental]
}

/// A subtask of a common form, as versions 3 and later have it.
fn subtask() -> impl Strategy<Value = Vec<u8>> {
    (0..4_u8, operator_state(), operator_state(), keyed_state(), keyed_state()).prop_map(
        |(index, managed_operator, raw_operator, managed_keyed, raw_keyed)| {
            let index = [0, 0, 0, index];
            [&index[..], &managed_operator, &raw_operator, &managed_keyed, &raw_keyed, &NO_CHANNELS].concat()
        },
    )
}

/// A change of a few bytes somewhere.
#[derive(Debug, Clone)]
enum Change {
    Byte(Index, u8),
    Bit(Index, u32),
    Int(Index, i32),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Byte(at, byte) => bytes[at.index(length)] = *byte,
            Self::Bit(at, bit) => bytes[at.index(length)] ^= 1_u8.rotate_left(*bit),
            Self::Int(at, int) => {
                let at = at.index(length);
                bytes[at..].iter_mut().zip(int.to_be_bytes()).for_each(|(old, new)| *old = new);
            }
            Self::Insert(at, byte) => bytes.insert(at.index(length), *byte),
            Self::Remove(at) => {
                bytes.remove(at.index(length));
            }
            Self::Cut(at) => bytes.truncate(at.index(length)),
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    let byte = || select(vec![0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 14, 15, 16, 17, 0x7F, 0x80, 0xC0, 0xFE, 0xFF]);
    let int = select(vec![i32::MIN, -2, -1, 0, 1, 2, 3, 4, 0x1000_0000, i32::MAX]);
    prop_oneof![
        (at(), byte()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (at(), 0..8_u32).prop_map(|(at, bit)| Change::Bit(at, bit)),
        (at(), int).prop_map(|(at, int)| Change::Int(at, int)),
        (at(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        at().prop_map(Change::Remove),
        at().prop_map(Change::Cut),
    ]
}

proptest! {
    #[test]
    fn whatever_is_of_a_common_form_is_skipped(form in subtask()) {
        for cx in contexts() {
            let bytes = form_in(&form, cx.version);
            prop_assert_eq!(skipped(&bytes, cx), Some(bytes.len()));
        }
    }

    #[test]
    fn what_is_skipped_ends_where_reading_ends(
        form in subtask(),
        changes in vec(change(), 1..4),
        tail in vec(any::<u8>(), 0..20),
    ) {
        for cx in contexts() {
            let mut bytes = form_in(&form, cx.version);
            bytes.extend(&tail);
            for change in &changes {
                change.apply(&mut bytes);
            }
            // Asserts that reading agrees, if it is skipped.
            skipped(&bytes, cx);
        }
    }
}
