//! Hash codes of binary data, by which the table runtime assigns keys to key groups.

const SEED: u32 = 42;

/// `BinaryRowData.hashCode`: Murmur3 over the 32-bit words of the whole row, without the length before it.
///
/// Rows have whole words; bytes beyond the last one are taken as in [`string_hash`].
pub fn row_hash(row: &[u8]) -> i32 {
    murmur3(row)
}

/// `StringData.hashCode`, of its UTF-8: Murmur3 as in [`row_hash`], but each byte behind the last whole word counts as a
/// word of its own, with its sign. Binary arrays and raw values have the same.
pub fn string_hash(utf8: &[u8]) -> i32 {
    murmur3(utf8)
}

fn murmur3(bytes: &[u8]) -> i32 {
    let (words, rest) = bytes.as_chunks::<4>();
    let words = words.iter().map(|word| u32::from_le_bytes(*word));
    let rest = rest.iter().map(|byte| i32::from(byte.cast_signed()).cast_unsigned());
    let hash = words.chain(rest).fold(SEED, |hash, word| {
        let mixed = word.wrapping_mul(0xCC9E_2D51).rotate_left(15).wrapping_mul(0x1B87_3593);
        (hash ^ mixed).rotate_left(13).wrapping_mul(5).wrapping_add(0xE654_6B64)
    });
    // Values have less than 2^31 bytes.
    let [.., a, b, c, d] = (bytes.len() as u64).to_be_bytes();
    finish(hash ^ u32::from_be_bytes([a, b, c, d])).cast_signed()
}

fn finish(mut hash: u32) -> u32 {
    hash = (hash ^ hash >> 16).wrapping_mul(0x85EB_CA6B);
    hash = (hash ^ hash >> 13).wrapping_mul(0xC2B2_AE35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let row = |slots: &[[u8; 8]]| row_hash(&[&[[0; 8]], slots].concat().concat());
        assert_eq!(row(&[]), -1_670_924_195);
        assert_eq!(row(&[[42, 0, 0, 0, 0, 0, 0, 0]]), 907_821_237);
        assert_eq!(row(&[[1, 0, 0, 0, 0, 0, 0, 0], *b"abc\0\0\0\0\x83"]), 261_371_745);
        assert_eq!(row(&[[11, 0, 0, 0, 16, 0, 0, 0], *b"hello wo", *b"rld\0\0\0\0\0"]), 161_593_394);
    }

    #[test]
    fn strings() {
        for (text, hash) in [
            ("abc", 1_322_437_556),
            ("hello", -1_008_564_952),
            ("", 142_593_372),
            ("\u{e9}", 2_119_106_806),
            ("h\u{e9}llo w\u{f6}rld", -281_075_962),
        ] {
            assert_eq!(string_hash(text.as_bytes()), hash, "{text}");
        }
    }
}
