//! Key groups: how the subtasks divide them, and which one a key belongs to.

use flink_savepoint::keyed::{
    KeyGroup, MaxParallelism, PrefixWidth, default_max_parallelism, java_hash, key_groups_of_subtask, murmur_hash,
};
use flink_savepoint::metadata::KeyGroupRange;
use flink_savepoint::value::{FlinkString, HashCode, Scalar, TypeDescription, Value};
use proptest::prelude::*;
use proptest::sample::select;

/// Where the width of the prefix changes, the ends, and what is beside them.
const BOUNDARIES: [u32; 13] = [1, 2, 127, 128, 129, 255, 256, 257, 16_384, 32_766, 32_767, 32_768, 1000];

pub(crate) fn max_parallelism() -> impl Strategy<Value = MaxParallelism> {
    let number = prop_oneof![select(&BOUNDARIES[..]), 1..=300_u32, 1..=32_768_u32];
    number.prop_map(|number| MaxParallelism::new(number).unwrap())
}

/// A max parallelism, and a parallelism that it allows.
fn parallelism() -> impl Strategy<Value = (MaxParallelism, u32)> {
    max_parallelism().prop_flat_map(|max| {
        let most = u32::from(max.get());
        let number = prop_oneof![Just(1), Just(most), Just(most.div_ceil(2)), Just(most.max(2) - 1), 1..=most];
        (Just(max), number)
    })
}

/// That the ranges of the subtasks follow one another from the first key group to the last, and that Flink deals each key group to
/// the subtask that has it (`computeOperatorIndexForKeyGroup`).
fn check_division(max: MaxParallelism, parallelism: u32) {
    let (mut next, mut counts) = (0, Vec::new());
    for index in 0..parallelism {
        let range = key_groups_of_subtask(max, parallelism, index).unwrap();
        assert_eq!(range.start(), next, "subtask {index} of {parallelism} follows the one before, of {max:?}");
        for group in range.start()..range.start() + range.count() {
            assert_eq!(group * parallelism / u32::from(max.get()), index, "key group {group} of {max:?}");
        }
        next += range.count();
        counts.push(range.count());
    }
    assert_eq!(next, u32::from(max.get()));
    assert_eq!(key_groups_of_subtask(max, parallelism, parallelism), None);
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(*least >= 1 && most - least <= 1, "{least} to {most} key groups for each of {parallelism} of {max:?}");
}

#[test]
fn every_division_of_few_key_groups() {
    for max in [1, 2, 3, 127, 128, 129, 256] {
        let max = MaxParallelism::new(max).unwrap();
        (1..=u32::from(max.get())).for_each(|parallelism| check_division(max, parallelism));
    }
}

#[test]
fn there_are_1_to_32768_key_groups() {
    assert!((1..=32_768).all(|number| MaxParallelism::new(number).is_some_and(|max| u32::from(max.get()) == number)));
    assert!(
        [0, 32_769, 65_535, 65_536, 65_537, u32::MAX].into_iter().all(|number| MaxParallelism::new(number).is_none())
    );
    let width = |number| MaxParallelism::new(number).unwrap().prefix_width();
    assert!((1..=128).all(|number| width(number) == PrefixWidth::One));
    assert!((129..=32_768).all(|number| width(number) == PrefixWidth::Two));
}

/// The least power of two that is not below one and a half times the parallelism, within 128 and 32768.
#[test]
fn defaults_of_every_parallelism() {
    for parallelism in 0..=u16::MAX {
        let default = default_max_parallelism(parallelism).get();
        let wanted = (u32::from(parallelism) + u32::from(parallelism / 2)).min(32_768);
        assert!(default.is_power_of_two() && (128..=32_768).contains(&default), "{parallelism}: {default}");
        assert!(u32::from(default) >= wanted && (default == 128 || u32::from(default / 2) < wanted), "{parallelism}");
    }
}

/// MurmurHash3 x86 with 32 bits of any bytes, in `i32` arithmetic as Java has it.
fn murmur3(bytes: &[u8], seed: i32) -> i32 {
    let rotated = |n: i32, by: u32| n.wrapping_shl(by) | n.cast_unsigned().wrapping_shr(32 - by).cast_signed();
    let shifted = |n: i32, by: u32| n.cast_unsigned().wrapping_shr(by).cast_signed();
    let mut hash = seed;
    for four in bytes.chunks_exact(4) {
        let word = i32::from_le_bytes(four.try_into().unwrap());
        hash ^= rotated(word.wrapping_mul(-862_048_943), 15).wrapping_mul(461_845_907);
        hash = rotated(hash, 13).wrapping_mul(5).wrapping_add(-430_675_100);
    }
    hash ^= i32::try_from(bytes.len()).unwrap();
    hash = (hash ^ shifted(hash, 16)).wrapping_mul(-2_048_144_789);
    hash = (hash ^ shifted(hash, 13)).wrapping_mul(-1_028_477_387);
    hash ^ shifted(hash, 16)
}

/// What Java's `Math.abs` gives, but 0 for the number that has no positive twin.
fn positive(hash: i32) -> i32 {
    if hash == i32::MIN { 0 } else { hash.abs() }
}

fn hash_of(scalar: Scalar, value: &Value<'_>) -> i32 {
    match TypeDescription::Scalar(scalar).hash_code(value) {
        Some(HashCode::Exact(code)) => code,
        other => panic!("{scalar:?} {value:?}: {other:?}"),
    }
}

fn int() -> impl Strategy<Value = i32> {
    prop_oneof![select(&[0, -1, 1, 127, 128, 255, 256, 32_767, 65_535, i32::MIN, i32::MAX][..]), any::<i32>()]
}

fn long() -> impl Strategy<Value = i64> {
    let edges = vec![0, -1, 1, i64::MIN, i64::MAX, 1 << 31, 1 << 32, -(1 << 31), 0xFFFF_FFFF];
    prop_oneof![select(edges), any::<i64>()]
}

/// UTF-16 units, some of them surrogates without their other half.
fn units() -> impl Strategy<Value = Vec<u16>> {
    let unit = prop_oneof![any::<u16>(), select(&[0, 0x7F, 0x80, 0xFF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, u16::MAX][..])];
    proptest::collection::vec(unit, 0..20)
}

proptest! {
    #[test]
    fn subtasks_divide_the_key_groups((max, parallelism) in parallelism()) {
        check_division(max, parallelism);
    }

    /// Also where there are more subtasks than key groups, which Flink does not allow.
    #[test]
    fn neighbours_meet_whatever_the_parallelism(max in max_parallelism(), parallelism in 1..=u32::MAX, at in any::<u32>()) {
        let index = at % parallelism;
        let range = key_groups_of_subtask(max, parallelism, index).unwrap();
        let end = range.start() + range.count();
        let next = key_groups_of_subtask(max, parallelism, index + 1).map(KeyGroupRange::start);
        prop_assert_eq!(next.is_none(), index + 1 == parallelism);
        prop_assert_eq!(next.unwrap_or(max.get().into()), end);
    }

    #[test]
    fn a_key_belongs_to_the_key_group_that_java_computes(code in int(), (max, parallelism) in parallelism()) {
        prop_assert_eq!(murmur_hash(code), positive(murmur3(&code.to_le_bytes(), 0)));
        let KeyGroup(group) = max.key_group_of(code);
        prop_assert!(group < max.get());
        prop_assert_eq!(i32::from(group), murmur_hash(code) % i32::from(max.get()));
        let having = (0..parallelism).filter(|index| {
            let range = key_groups_of_subtask(max, parallelism, *index).unwrap();
            (range.start()..range.start() + range.count()).contains(&group.into())
        });
        let subtask = u32::from(group) * parallelism / u32::from(max.get());
        prop_assert_eq!(having.collect::<Vec<_>>(), [subtask]);
    }

    /// The formulas of Java's own documentation, written out.
    #[test]
    fn hash_codes_are_those_of_java(a in int(), b in long(), text in units(), bits in any::<u64>()) {
        prop_assert_eq!(hash_of(Scalar::Int, &Value::Int(a)), a);
        let of_long = |n: i64| i32::from_be_bytes((n.cast_unsigned() ^ (n.cast_unsigned() >> 32)).to_be_bytes()[4..].try_into().unwrap());
        prop_assert_eq!(hash_of(Scalar::Long, &Value::Long(b)), of_long(b));
        // s[0]*31^(n-1) + s[1]*31^(n-2) + ... + s[n-1]
        let powers = (0..u32::try_from(text.len()).unwrap()).rev().map(|power| 31_i32.wrapping_pow(power));
        let sum = powers.zip(&text).fold(0_i32, |sum, (power, unit)| sum.wrapping_add(power.wrapping_mul((*unit).into())));
        let string = Value::String(FlinkString::from_utf16(text.iter().copied()));
        prop_assert_eq!(hash_of(Scalar::String, &string), sum);
        prop_assert_eq!(java_hash::of_string(text.iter().copied()), sum);
        let double = f64::from_bits(bits);
        let canonical = if double.is_nan() { 0x7FF8_0000_0000_0000 } else { bits.cast_signed() };
        prop_assert_eq!(hash_of(Scalar::Double, &Value::Double(bits)), of_long(canonical));
        // Objects.hash starts from 1, tuples start from their first field.
        prop_assert_eq!(java_hash::of_list([a, sum]), 31_i32.wrapping_mul(31_i32.wrapping_add(a)).wrapping_add(sum));
        prop_assert_eq!(java_hash::of_tuple([a, sum]), 31_i32.wrapping_mul(a).wrapping_add(sum));
    }
}
