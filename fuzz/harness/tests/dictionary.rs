//! The dictionary is what the registry says. `UPDATE_DICTIONARY=1` writes it.

use std::fs;

use flink_savepoint_harness::{dictionary, seeds};

#[test]
fn it_is_up_to_date() {
    let path = seeds::fuzz().join("dictionary.txt");
    let text = dictionary::text();
    if std::env::var_os("UPDATE_DICTIONARY").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == text, "not up to date: UPDATE_DICTIONARY=1 writes it");
    // The magic, type bytes, an option and a class.
    for word in
        ["=\"I`g-\"\n", "=\"\\x0F\"\n", "\\x00\\x10KEYED_STATE_TYPE", "BooleanSerializer$BooleanSerializerSnapshot"]
    {
        assert!(text.contains(word), "{word}");
    }
    assert!(text.lines().filter(|line| line.ends_with('"')).count() > 150);
}
