//! `hashCode` of the usual key types, as Java computes it; what [`MaxParallelism::key_group_of`](super::MaxParallelism::key_group_of)
//! starts from. All arithmetic wraps at 32 bits.

/// `Integer.hashCode`, also that of `Short`, `Byte` and `Character`.
pub fn of_int(value: i32) -> i32 {
    value
}

/// `Long.hashCode`: both halves, exclusive or.
pub fn of_long(value: i64) -> i32 {
    let folded = value.cast_unsigned() ^ value.cast_unsigned() >> 32;
    u32::try_from(folded & u64::from(u32::MAX)).unwrap_or_default().cast_signed()
}

/// `Boolean.hashCode`.
pub fn of_boolean(value: bool) -> i32 {
    if value { 1231 } else { 1237 }
}

/// `Float.hashCode`: the bits; every NaN is the canonical one.
pub fn of_float(value: f32) -> i32 {
    if value.is_nan() { 0x7FC0_0000 } else { value.to_bits().cast_signed() }
}

/// `Double.hashCode`: both halves of the bits, exclusive or; every NaN is the canonical one.
pub fn of_double(value: f64) -> i32 {
    let bits = if value.is_nan() { 0x7FF8_0000_0000_0000 } else { value.to_bits() };
    of_long(bits.cast_signed())
}

/// `String.hashCode`, over the UTF-16 units.
pub fn of_string(units: impl IntoIterator<Item = u16>) -> i32 {
    units.into_iter().fold(0, |hash: i32, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

/// `TupleN.hashCode`, from the hashes of its fields; a null field has 0.
pub fn of_tuple(fields: impl IntoIterator<Item = i32>) -> i32 {
    fields.into_iter().reduce(|hash, field| hash.wrapping_mul(31).wrapping_add(field)).unwrap_or(0)
}

/// `List.hashCode`, from the hashes of its elements; a null element has 0.
pub fn of_list(elements: impl IntoIterator<Item = i32>) -> i32 {
    elements.into_iter().fold(1, |hash: i32, element| hash.wrapping_mul(31).wrapping_add(element))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_that_java_computed() {
        assert_eq!(of_string("hello".encode_utf16()), 99_162_322);
        assert_eq!(of_string([]), 0);
        assert_eq!(of_tuple([of_int(1), of_string("a".encode_utf16())]), 128);
        assert_eq!(of_tuple([of_int(1), of_string("a".encode_utf16()), of_long(2)]), 3970);
        assert_eq!((of_long(-1), of_long(1 << 32), of_long(i64::MIN)), (0, 1, i32::MIN));
        assert_eq!((of_float(1.0), of_float(f32::NAN), of_float(-0.0)), (0x3F80_0000, 0x7FC0_0000, i32::MIN));
        assert_eq!((of_double(1.0), of_double(f64::NAN)), (0x3FF0_0000, 0x7FF8_0000));
        assert_eq!(of_list([1, 2]), (31 + 1) * 31 + 2);
        assert_eq!((of_int(-7), of_int(i32::MAX)), (-7, i32::MAX));
        assert_eq!((of_boolean(true), of_boolean(false)), (1231, 1237));
    }
}
