//! Tests on bytes that Flink has written.

mod every_type;
mod hostile;
mod streams;
mod values;

/// Bytes of hexadecimal digits; spaces are for people.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}
