//! Keyed streams with one thing wrong behind the header: sections, runs, keys, values, timers, chunks.

use flink_savepoint::compression::{IDENTIFIER, masked_crc};

use crate::model::{Entry, FILE, Keyed, Positions, assert_found, framed};

/// What is wrong, the requirement, the golden and its operator, and what changes it and says where it is.
type Case = (&'static str, &'static str, (&'static str, &'static str), fn(&mut Keyed) -> String);

const NUMBER: (&str, &str) = ("2.3.0-rocksdb-file", "by-number");
const TEXT: (&str, &str) = ("2.3.0-rocksdb-file", "by-text-é😀");
const SNAPPY: (&str, &str) = ("2.3.0-rocksdb-snappy", "by-number");
const WIDE: (&str, &str) = ("2.3.0-rocksdb-inline-mp200", "by-number");
const AMBIGUOUS: (&str, &str) = ("2.3.0-rocksdb-rich", "ambiguous");
const TTL: (&str, &str) = ("2.3.0-rocksdb-rich", "ttl");
const VALUE: &str = "счёт";
const EVENT: &str = "_timer_state/event_user-timers";

fn check_all(cases: &[Case]) {
    for (what, id, (vector, uid), change) in cases {
        let mut keyed = Keyed::of(vector, uid);
        let path = change(&mut keyed);
        let (found, _, positions) = keyed.check();
        // The mark is in the first byte of the key, behind its length.
        let by = if *id == "KEYED-RUN-01" && !keyed.compressed { 4 } else { 0 };
        assert_found(what, &found, id, (FILE, &path, Some(offset(&positions, &path) + by)));
    }
}

fn offset(positions: &Positions, path: &str) -> u64 {
    *positions.get(path).unwrap_or_else(|| panic!("no {path} in {positions:?}"))
}

#[test]
fn what_is_taken_apart_is_put_together_again() {
    for (vector, uid) in [NUMBER, TEXT, SNAPPY, WIDE, AMBIGUOUS, TTL] {
        let keyed = Keyed::of(vector, uid);
        assert!(keyed.sections.len() > 1, "{vector}");
        let (found, ..) = keyed.check();
        assert!(found.is_empty(), "{vector} {uid}: {found:#?}");
    }
}

#[test]
fn sections_stand_in_order_and_without_gaps() {
    check_all(&[("sections in another order", "KEYED-GROUP-03", NUMBER, |keyed| {
        keyed.sections.swap(0, 1);
        format!("key_group[{}]", keyed.sections[1].group)
    })]);
    let cases: [(&str, &str, i64, fn(&mut Keyed)); 3] = [
        ("bytes before a section", "KEYED-SECTION-01", -1, |keyed| keyed.sections[2].before = vec![7]),
        ("an offset one too high", "KEYED-OFFSET-03", 1, |keyed| keyed.moved = Some((2, 1))),
        ("an offset that was taken too early", "KEYED-OFFSET-03", -1, |keyed| keyed.moved = Some((2, -1))),
    ];
    for ((what, id, shift, change), golden) in cases.into_iter().flat_map(|case| [(case, NUMBER), (case, SNAPPY)]) {
        let mut keyed = Keyed::of(golden.0, golden.1);
        change(&mut keyed);
        let (found, _, positions) = keyed.check();
        let path = format!("key_group[{}]", keyed.sections[2].group);
        let at = offset(&positions, &path).checked_add_signed(shift).unwrap();
        let path = if id == "KEYED-OFFSET-03" { format!("{path}.offset") } else { "sections".to_owned() };
        assert_found(what, &found, id, (FILE, &path, Some(at)));
    }
    let mut keyed = Keyed::of(NUMBER.0, NUMBER.1);
    keyed.tail = vec![1, 2, 3];
    let (found, _, positions) = keyed.check();
    assert_found("bytes at the end", &found, "KEYED-SECTION-01", (FILE, "sections", Some(positions["end"])));
}

#[test]
fn offsets_lead_behind_the_header_and_into_the_stream() {
    for (what, target) in [("into the header", 3), ("behind the end", 1 << 40), ("below 0", -1)] {
        let mut keyed = Keyed::of(NUMBER.0, NUMBER.1);
        let (_, _, positions) = keyed.check();
        let group = keyed.sections[2].group;
        let at = i64::try_from(positions[&format!("key_group[{group}]")]).unwrap();
        keyed.moved = Some((2, target - at));
        let (found, ..) = keyed.check();
        let path = format!("state.managed_keyed.offsets[{group}]");
        assert_found(what, &found, "KEYED-OFFSET-01", ("_metadata", &path, None));
    }
    // The max parallelism is that of the metadata.
    let mut keyed = Keyed::of(NUMBER.0, NUMBER.1);
    keyed.max = u32::from(keyed.sections[2].group);
    let (found, ..) = keyed.check();
    let path = format!("state.managed_keyed.offsets[{}]", keyed.sections[2].group);
    assert_found("a key group too high", &found, "KEYED-GROUP-01", ("_metadata", &path, None));
    let mut keyed = Keyed::of(NUMBER.0, NUMBER.1);
    let (_, _, positions) = keyed.check();
    let at = |i: usize| i64::try_from(positions[&format!("key_group[{}]", keyed.sections[i].group)]).unwrap();
    let by = at(1) - at(2);
    let group = keyed.sections[2].group;
    keyed.moved = Some((2, by));
    let (found, ..) = keyed.check();
    let path = format!("state.managed_keyed.offsets[{group}]");
    assert_found("two of one offset", &found, "KEYED-OFFSET-02", ("_metadata", &path, None));
}

#[test]
fn runs_are_marked_at_their_ends() {
    for golden in [NUMBER, SNAPPY] {
        check_all(&[
            ("a mark too early", "KEYED-RUN-01", golden, |keyed: &mut Keyed| {
                let (i, j) = keyed.run();
                keyed.sections[i].entries[j].mark = Some(true);
                keyed.path(i, j)
            }),
            ("a mark that is missing", "KEYED-RUN-01", golden, |keyed| {
                let (i, j) = keyed.two_runs();
                keyed.sections[i].entries[j].mark = Some(false);
                keyed.path(i, j)
            }),
            ("a mark that is missing at the end", "KEYED-RUN-01", golden, |keyed| {
                let last = keyed.sections[1].entries.len() - 1;
                keyed.sections[1].entries[last].mark = Some(false);
                keyed.path(1, last)
            }),
        ]);
    }
    for (what, id, change) in [
        ("a section of nothing", "KEYED-EOKG-01", (|keyed| keyed.sections[1].entries.clear()) as fn(&mut Keyed)),
        ("no end mark", "KEYED-EOKG-02", |keyed| keyed.sections[1].end.clear()),
        ("a state that there is not", "KEYED-STATE-ID-01", |keyed| {
            for entry in &mut keyed.sections[1].entries {
                entry.state += 100;
            }
        }),
        ("a key without a prefix", "KEYED-KEY-01", |keyed| {
            // As long as the mark has a byte to stand in.
            keyed.max = 200;
            keyed.sections[1].entries.truncate(1);
            keyed.sections[1].entries[0].key.truncate(1);
        }),
    ] {
        let golden = if id == "KEYED-KEY-01" { WIDE } else { NUMBER };
        let mut keyed = Keyed::of(golden.0, golden.1);
        change(&mut keyed);
        let (found, ..) = keyed.check();
        assert_eq!(found.len(), 1, "{what}: {found:#?}");
        assert_eq!((found[0].requirement.as_str(), found[0].file.as_str()), (id, FILE), "{what}");
    }
}

#[test]
fn entries_stand_in_order_and_once() {
    for golden in [NUMBER, SNAPPY] {
        check_all(&[
            ("entries in another order", "KEYED-ORDER-01", golden, |keyed: &mut Keyed| {
                let (i, j) = keyed.run();
                keyed.sections[i].entries.swap(j, j + 1);
                keyed.path(i, j + 1)
            }),
            ("runs in another order", "KEYED-ORDER-01", golden, |keyed| {
                let (i, j) = keyed.two_runs();
                let mut entries = keyed.sections[i].entries.split_off(j + 1);
                entries.append(&mut keyed.sections[i].entries);
                keyed.sections[i].entries = entries;
                let behind = keyed.sections[i].entries.len() - j - 1;
                keyed.path(i, behind)
            }),
            ("a key twice in a row", "KEYED-DUPLICATE-01", golden, |keyed| {
                let again = keyed.sections[1].entries[0].clone();
                keyed.sections[1].entries.insert(1, again);
                keyed.path(1, 1)
            }),
            ("a key twice, far apart", "KEYED-DUPLICATE-01", golden, |keyed| {
                let (i, _) = keyed.two_runs();
                let again = keyed.sections[i].entries[0].clone();
                keyed.sections[i].entries.push(again);
                let last = keyed.sections[i].entries.len() - 1;
                keyed.path(i, last)
            }),
        ]);
    }
    let mut keyed = Keyed::of(NUMBER.0, NUMBER.1);
    let (i, j) = keyed.run();
    keyed.sections[i].entries[j + 1].new_run = true;
    let (found, _, positions) = keyed.check();
    // The mark, before the run that should not be there: the first byte of a key, behind its length.
    let at = positions[&keyed.path(i, j)] + 4;
    assert_found("two runs of a state", &found, "KEYED-ORDER-01", (FILE, "sections", Some(at)));
}

/// Whether the key is a short string of one byte for each character, so that its length in characters, and one, is that in bytes.
fn has_length_behind_key(entry: &Entry) -> bool {
    let key = usize::from(entry.key[1]);
    entry.key.get(1 + key) == Some(&entry.key[1])
}

#[test]
fn keys_belong_where_they_stand_and_have_their_form() {
    check_all(&[
        ("a prefix of another key group", "KEYED-GROUP-04", NUMBER, |keyed| {
            keyed.change(VALUE, |entry| entry.key[0] ^= 0x40)
        }),
        ("a key of another key group", "KEYGROUP-HASH-01", NUMBER, |keyed| {
            keyed.change(VALUE, |entry| entry.key[7] ^= 0x55)
        }),
        ("a timer of a key of another key group", "KEYGROUP-HASH-01", NUMBER, |keyed| {
            keyed.change(EVENT, |entry| entry.key[15] ^= 0x55)
        }),
        ("a prefix of two bytes", "KEYGROUP-PREFIX-01", NUMBER, |keyed| {
            keyed.change(VALUE, |entry| entry.key.insert(0, 0))
        }),
        ("a prefix of one byte", "KEYGROUP-PREFIX-01", WIDE, |keyed| {
            keyed.change(VALUE, |entry| {
                entry.key.remove(0);
            })
        }),
        ("a timer with a prefix of two bytes", "KEYGROUP-PREFIX-01", NUMBER, |keyed| {
            keyed.change(EVENT, |entry| entry.key.insert(0, 0))
        }),
        ("a prefix of two bytes in a map", "KEYGROUP-PREFIX-01", NUMBER, |keyed| {
            keyed.change("map", |entry| entry.key.insert(0, 0))
        }),
        ("lengths that should not be there", "KEYGROUP-VLEN-01", TEXT, |keyed| {
            keyed.change(VALUE, |entry| {
                let length = u8::try_from(entry.key.len() - 2).unwrap();
                entry.key.insert(entry.key.len() - 1, length);
                entry.key.push(1);
            })
        }),
        ("lengths that are missing", "KEYGROUP-VLEN-01", AMBIGUOUS, |keyed| {
            keyed.change_one("value", has_length_behind_key, |entry| {
                let key = usize::from(entry.key[1]);
                entry.key.remove(1 + key);
                entry.key.pop();
            })
        }),
        ("a length that is another", "KEYGROUP-VLEN-02", AMBIGUOUS, |keyed| {
            keyed.change_one("value", has_length_behind_key, |entry| {
                let key = usize::from(entry.key[1]);
                entry.key[1 + key] -= 1;
            })
        }),
        ("a byte behind the namespace", "KEYGROUP-END-01", TEXT, |keyed| {
            keyed.change(VALUE, |entry| entry.key.push(7))
        }),
        ("a byte behind the user key", "KEYGROUP-END-01", NUMBER, |keyed| {
            keyed.change("map", |entry| entry.key.push(7))
        }),
        ("another byte for no namespace", "KEYGROUP-NAMESPACE-01", NUMBER, |keyed| {
            keyed.change(VALUE, |entry| *entry.key.last_mut().unwrap() = 1)
        }),
        ("a key that is cut", "KEYED-KEY-SERIALIZER-01", NUMBER, |keyed| {
            keyed.change(VALUE, |entry| entry.key.truncate(5))
        }),
        ("a key that is no string", "VALUE-STRING-01", TEXT, |keyed| {
            keyed.change(VALUE, |entry| entry.key.splice(1.., [0xFF; 12]).for_each(drop))
        }),
    ]);
}

#[test]
fn values_have_the_form_of_their_state() {
    check_all(&[
        ("a value that is cut", "VALUE-STATE-01", NUMBER, |keyed| keyed.change(VALUE, |entry| entry.value.truncate(5))),
        ("a value with a byte too many", "VALUE-END-01", NUMBER, |keyed| {
            keyed.change(VALUE, |entry| entry.value.push(0))
        }),
        ("another separator", "VALUE-LIST-STATE-01", NUMBER, |keyed| {
            keyed.change("list", |entry| entry.value = b"\x02a;\x02b".to_vec())
        }),
        ("a list that ends with a separator", "VALUE-LIST-STATE-01", NUMBER, |keyed| {
            keyed.change("list", |entry| entry.value = b"\x02a,".to_vec())
        }),
        ("an element that is cut", "VALUE-LIST-STATE-01", NUMBER, |keyed| {
            keyed.change("list", |entry| entry.value = b"\x04a".to_vec())
        }),
        ("an empty list", "VALUE-LIST-STATE-03", NUMBER, |keyed| keyed.change("list", |entry| entry.value.clear())),
        ("an element that is null", "VALUE-LIST-STATE-04", NUMBER, |keyed| {
            keyed.change("list", |entry| entry.value = b"\x02a,\x00".to_vec())
        }),
        ("no flag", "VALUE-MAP-STATE-01", NUMBER, |keyed| keyed.change("map", |entry| entry.value.clear())),
        ("another flag", "VALUE-MAP-STATE-01", NUMBER, |keyed| keyed.change("map", |entry| entry.value[0] = 2)),
        ("a user value that is cut", "VALUE-MAP-STATE-01", NUMBER, |keyed| {
            keyed.change("map", |entry| entry.value = b"\x00\x09a".to_vec())
        }),
        ("a null with something behind it", "VALUE-MAP-STATE-02", NUMBER, |keyed| {
            keyed.change("map", |entry| entry.value = vec![1, 0])
        }),
        ("half a timestamp", "VALUE-TTL-01", TTL, |keyed| keyed.change("ttl-value", |entry| entry.value.truncate(4))),
        ("a null with time to live", "VALUE-TTL-03", TTL, |keyed| {
            keyed.change("ttl-map", |entry| entry.value = vec![1])
        }),
    ]);
}

#[test]
fn timers_have_their_form() {
    check_all(&[
        ("a timer with a value", "TIMER-VALUE-01", NUMBER, |keyed| keyed.change(EVENT, |entry| entry.value.push(0))),
        ("a sign that is not flipped", "TIMER-ELEMENT-01", NUMBER, |keyed| {
            keyed.change(EVENT, |entry| entry.key[1] ^= 0x80)
        }),
        ("half a timestamp", "TIMER-ELEMENT-01", NUMBER, |keyed| keyed.change(EVENT, |entry| entry.key.truncate(5))),
        ("a byte too many", "TIMER-ELEMENT-02", NUMBER, |keyed| keyed.change(EVENT, |entry| entry.key.push(0))),
        ("a key that is cut", "TIMER-ELEMENT-02", NUMBER, |keyed| keyed.change(EVENT, |entry| entry.key.truncate(12))),
        ("lengths", "TIMER-ELEMENT-03", NUMBER, |keyed| {
            keyed.change(EVENT, |entry| {
                entry.key.insert(17, 8);
                entry.key.push(1);
            })
        }),
    ]);
}

#[test]
fn the_header_says_whether_sections_are_compressed() {
    for ((vector, uid), flag) in [(NUMBER, 1), (SNAPPY, 0)] {
        let mut keyed = Keyed::of(vector, uid);
        keyed.header[4] = flag;
        let (found, _, positions) = keyed.check();
        let path = format!("key_group[{}]", keyed.sections[0].group);
        let at = offset(&positions, &path);
        assert_found("the other flag", &found, "KEYED-COMPRESSED-01", (FILE, &path, Some(at)));
        assert_eq!(found.len(), keyed.sections.len());
    }
}

#[test]
fn sections_are_framed() {
    // How a section is framed, and how far behind its start what is wrong stands.
    let cases: [(&str, &str, u64, fn(&[u8]) -> Vec<u8>); 9] = [
        ("a chunk that is better stored", "SNAPPY-STORED-02", 10, |content| {
            let mut bytes = IDENTIFIER.to_vec();
            for block in content.chunks(60) {
                // A block of literals: its length, and what they are.
                let length = u8::try_from(block.len()).unwrap();
                bytes.extend([0x00, length + 6, 0, 0]);
                bytes.extend(masked_crc(block).to_le_bytes());
                bytes.extend([length, (length - 1) << 2]);
                bytes.extend_from_slice(block);
            }
            bytes
        }),
        ("another checksum", "SNAPPY-CHECKSUM-01", 10, |content| {
            let mut bytes = framed(content);
            bytes[14] ^= 1;
            bytes
        }),
        ("no identifier", "SNAPPY-IDENTIFIER-01", 0, |content| framed(content)[10..].to_vec()),
        ("a type that is reserved", "SNAPPY-CHUNK-01", 10, |content| {
            [&IDENTIFIER[..], &[0x02, 0, 0, 0], &framed(content)[10..]].concat()
        }),
        ("a chunk that is skipped", "SNAPPY-CHUNK-02", 10, |content| {
            [&IDENTIFIER[..], &[0x80, 0, 0, 0], &framed(content)[10..]].concat()
        }),
        ("a second identifier", "SNAPPY-CHUNK-02", 10, |content| [&IDENTIFIER[..], &framed(content)].concat()),
        ("an empty chunk", "SNAPPY-DATA-01", 10, |content| {
            [&IDENTIFIER[..], &[0x01, 4, 0, 0, 0, 0, 0, 0], &framed(content)[10..]].concat()
        }),
        ("a block of more than it may have", "SNAPPY-BLOCK-01", 10, |content| {
            [&IDENTIFIER[..], &[0x00, 8, 0, 0, 0, 0, 0, 0, 0x81, 0x80, 0x04, 0], &framed(content)[10..]].concat()
        }),
        ("bytes behind the end mark", "SNAPPY-SECTION-02", 10, |content| framed(&[content, &[0, 0]].concat())),
    ];
    for (what, id, by, frame) in cases {
        let mut keyed = Keyed::of(SNAPPY.0, SNAPPY.1);
        keyed.frame = frame;
        let (found, _, positions) = keyed.check();
        let mut path = format!("key_group[{}]", keyed.sections[0].group);
        let at = offset(&positions, &path) + by;
        if id == "SNAPPY-CHUNK-01" || id == "SNAPPY-DATA-01" || id == "SNAPPY-BLOCK-01" {
            path.clear();
        }
        assert_found(what, &found, id, (FILE, &path, Some(at)));
    }
}
